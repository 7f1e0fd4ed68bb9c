--- `handler` of a server in `stream`: a connection is served by `function(stream, info)`, as by that of
-- `perilune.tcp.start_server`.
--
-- When the function returns, or the deferred that it returns succeeds, what was put is sent and the connection is
-- closed; when it fails, the connection is reset and the log says why.

local byte_stream = require "perilune.byte_stream"
local core = require "perilune.core.session"
local deferred = require "perilune.deferred"
local handler = require "perilune.http.handler"
local secure = require "perilune.core.secure"

local session = {}

local function serve(fn)
    local own = core.stream()
    if not own then
        return
    end
    local info, is_tls = core.info()
    if is_tls then
        info.tls = secure.info(own)
    end
    local stream = byte_stream.new(own, { read_timeout = info.read_timeout })
    info.read_timeout = nil
    local result = fn(stream, info)
    if deferred.is_deferred(result) then
        await(result)
    end
    if not stream.is_detached then
        await(stream:close())
    end
end

--- What C calls for each session.
-- @tparam string name `module[.function]`
-- @treturn function
function session.load(name)
    local fn = handler.callable(name, "handler")
    return function()
        return serve(fn)
    end
end

return session
