--- The request that a handler gets.
--
-- Fields are read when first used and kept. After the exchange is over, a field that was not read before raises
-- `closed`.
--
-- `method` (string), `uri` (raw path), `path` (decoded, normalised), `query_string` (raw, or nil), `query`
-- (decoded, last of a
-- repeated name wins), `target` (as received), `host`, `protocol` ("HTTP/1.1"), `scheme`, `headers`, `body`
-- (stream of strings),
-- `content_length` (bytes or nil), `remote_addr`, `remote_port`, `server_name`, `server_port`, `keep_alive`,
-- `id` (32 hex digits),
-- `time` (seconds since 1970), `cookies`, `params` (a table that routers and middleware fill).

local argument = require "perilune.argument"
local body = require "perilune.http.body"
local core = require "perilune.core.http"
local deferred = require "perilune.deferred"
local failure = require "perilune.failure"
local headers = require "perilune.http.headers"
local options = require "perilune.options"

local request = {}
local methods = {}

--- Decodes a query or form text.
-- @tparam string s `a=1&b=2`
-- @tparam[opt] number most pairs at most (default 1000)
-- @treturn table name → value; a name without `=` is true
request.parse_args = core.parse_args

local lazy = headers.lazy(core.header, core.header_fields)

--- Fields that are made in Lua; the others are made by core.http.
local getters = {
    headers = function(self)
        return setmetatable({ self[1] }, lazy)
    end,
    body = body.of_request,
    params = function()
        return {}
    end,
}

local function too_long()
    return failure.refusal(413, "too_large", "the request body is too long")
end

--- From now on the body is what its Content-Encoding (gzip, deflate, br, zstd) stands for, for whoever reads it; that
-- field and Content-Length are gone. Without such a field nothing happens. Raises `unsupported` (`status` 415) for a
-- coding that is not known, `busy` when the body is being read already; reading fails with `too_large` beyond a limit.
-- @tparam[opt] table opts `max_size` (bytes that come out), `max_ratio` (times as much as went in); those of
-- client_body_decode_max_size and client_body_decode_max_ratio
-- @treturn req
function methods:decode(opts)
    local o = options.check(opts, { max_size = "bytes", max_ratio = "count" }, "req:decode", 2)
    local ok, err = core.decode_body(self, o.max_size, o.max_ratio)
    if not ok then
        error(err, 0)
    end
    self.headers, self.content_length = nil, nil -- to be read anew
    return self
end

--- Undoes codings where that is asked for; false when the body is known to be too long.
local function prepare(self, o)
    if o.decode then
        self:decode { max_size = o.max_size, max_ratio = o.max_ratio }
    end
    return not (o.max_size and (self.content_length or 0) > o.max_size)
end

--- A deferred of the whole body as a string; fails with `too_large` when it is too long.
-- @tparam[opt] table opts `max_size` (bytes; none but that of the server), `decode` (boolean: as `decode` does, with
-- `max_size` and `max_ratio`)
-- @treturn deferred
function methods:text(opts)
    local o = options.check(opts, { max_size = "bytes", decode = "boolean", max_ratio = "count" }, "req:text", 2)
    if not prepare(self, o) then
        return deferred.error_deferred(too_long())
    end
    local whole = body.read_all(self)
    return o.max_size and whole:chain(function(s)
        return #s <= o.max_size and s or deferred.error_deferred(too_long())
    end) or whole
end

--- A deferred of the decoded form (application/x-www-form-urlencoded).
-- @treturn deferred
function methods:form()
    return self:text():chain(request.parse_args)
end

--- How deeply arrays and objects are nested in a JSON text, at most.
local function depth_of(text)
    local depth, deepest = 0, 0
    for c in text:gsub('\\.', ""):gsub('"[^"]*"', ""):gmatch("[%[%]{}]") do
        depth = depth + ((c == "[" or c == "{") and 1 or -1)
        deepest = math.max(deepest, depth)
    end
    return deepest
end

--- A deferred of the decoded JSON body. Fails with `invalid` (`status` 400) when it is none or nested too deeply, with
-- `too_large` (413) when it is too long.
-- @tparam[opt] table opts `max_size`, `decode`, `max_ratio` as of `text`; `max_depth` (levels of nesting; 1000)
-- @treturn deferred
function methods:json(opts)
    local o = options.check(opts, { max_size = "bytes", max_depth = "count", decode = "boolean", max_ratio = "count" },
        "req:json", 2)
    local text = self:text { max_size = o.max_size, decode = o.decode, max_ratio = o.max_ratio }
    return text:chain(function(s)
        if o.max_depth and depth_of(s) > o.max_depth then
            local what = "the JSON of the request body is nested deeper than " .. o.max_depth
            error(failure.refusal(400, "invalid", what), 0)
        end
        local ok, value = pcall(require("perilune.json").decode, s)
        if not ok then
            error(failure.refusal(400, "invalid", "the request body is not JSON: " .. tostring(value), value), 0)
        end
        return value
    end)
end

--- Sends a 1xx response before the final one, such as 103 Early Hints.
-- @tparam number status 102 to 199
-- @tparam[opt] table fields
function methods:inform(status, fields)
    return core.inform(self, status, headers.plain(fields))
end

--- A new, empty file in client_body_temp_path, which only this user may read. It is removed when the exchange is over,
-- response sent, unless it was moved away.
-- @treturn string path
function methods:temp_file()
    local path, err = core.temp_file(self)
    return path or error(err, 0)
end

--- Trailer fields of the request; complete once the body has been read.
-- @treturn headers
function methods:trailers()
    return headers.new(core.trailers(self))
end

--- Raises for what is no request, at the caller of the caller.
function request.expect(req, where)
    if type(req) ~= "table" or deferred.is_deferred(req) or not req.headers then
        argument.bad("req", where, "a request expected, got " .. type(req), 3)
    end
end

--- What a request has that is made in Lua, by its name.
request.getters = getters

--- The methods, for requests that stand elsewhere (perilune.test).
request.methods = methods

for name, method in pairs(methods) do
    getters[name] = { method }
end

local mt = debug.getregistry()["perilune.request"]
mt.__name = "request"
mt.__index = core.request_index(getters)

return request
