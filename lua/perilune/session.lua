--- `handler` of a server in `stream`: a connection is served by `function(stream, info)`, as by that of
-- `perilune.tcp.start_server`.
--
-- When the function returns, or the deferred that it returns succeeds, what was put is sent and the connection is
-- closed; when it fails, the connection is reset and the log says why.

local byte_stream = require "perilune.byte_stream"
local bytes = require "perilune.core.stream"
local core = require "perilune.core.session"
local deferred = require "perilune.deferred"
local failure = require "perilune.failure"
local handler = require "perilune.http.handler"
local secure = require "perilune.core.secure"
local sys = require "perilune.core.sys"

local session = {}

--- A client that is gone, or has gone silent, is no fault of ours.
local function fail(own, err)
    if failure.is(err, "closed") or failure.is(err, "reset") or failure.is(err, "timeout") then
        sys.log("info", "handler ended: " .. tostring(err))
        bytes.close(own, true)
        return
    end
    error(failure.describe(err), 0)
end

--- What becomes of a connection whose handler has returned, or failed.
local function finish(stream, is_done, result)
    if is_done and deferred.is_deferred(result) then
        is_done, result = result:try_await()
    end
    if not is_done then
        fail(stream.core, result)
    elseif not stream.is_detached then
        await(stream:close())
    end
end

--- Kinds of streams by their `read_timeout`, 0: none.
local kinds = {}

local function kind_of(read_timeout)
    local kind = kinds[read_timeout]
    if not kind then
        kind = byte_stream.kind { read_timeout = read_timeout }
        kinds[read_timeout] = kind
    end
    return kind
end

local function info_of(own, is_tls, ends)
    local info = ends or byte_stream.info(own)
    if is_tls then
        info.tls = secure.info(own)
    end
    return info
end

local function serve(fn, has_info)
    local own = core.stream()
    if not own then
        return
    end
    local is_tls, read_timeout, ends = core.info()
    local stream = byte_stream.begin(byte_stream.new(own, kind_of(read_timeout)))
    return finish(stream, xpcall(fn, failure.traced, stream, has_info and info_of(own, is_tls, ends)))
end

--- What C calls for each session.
-- @tparam string name `module[.function]`
-- @treturn function
function session.load(name)
    local fn = handler.callable(name, "handler")
    local has_info = byte_stream.takes_info(fn)
    return function()
        return serve(fn, has_info)
    end
end

return session
