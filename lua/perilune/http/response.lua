--- What a client gets: status, headers, and a body that may still be on its way.
--
-- `status` (number), `headers` (as those of a request), `body` (a stream of strings), `url` (the final one), `method`,
-- `protocol`, `request_time` (seconds until the head), `trace_redirects` (the URLs before the final one). A body that
-- is not wanted is left alone or closed: what is left of it is dropped, or its connection.

local core = require "perilune.core.client"
local deferred = require "perilune.deferred"
local failure = require "perilune.failure"
local headers = require "perilune.http.headers"
local stream = require "perilune.stream"
local unseen = require "perilune.unseen"
local task = require "perilune.task"
local timers = require "perilune.timers"

local response = {}
local methods = {}

local header_mt = headers.lazy(function(self, name)
    return core.field(rawget(self, 1), name)
end, function(self)
    return core.fields(rawget(self, 1))
end)

--- Header fields of a head that is kept as text.
-- @tparam string text the head as received
-- @treturn headers
function response.headers_of(text)
    return setmetatable({ text }, header_mt)
end

--- A piece of the body has come, "" at its end.
local function tell_watchers(call, data)
    if call.activity then
        call.activity:bytes("<", data)
    end
    if call.collect then
        call.collect(data ~= "" and data or nil)
    end
end

--- Settles `d` with the next piece, now or when the connection has brought more.
local function settle(self, d)
    if d:is_realized() then
        return
    end
    local data, err = core.read(self._id)
    if data then
        tell_watchers(self._call, data)
    end
    if data == "" then
        self._guard, self._trailers = nil, err
        d:success(nil)
        self._body:close()
    elseif data then
        d:success(data)
    elseif err then
        self._guard = nil
        d:error(err)
        self._body:close(err)
        unseen.seen(self._body) -- whoever asked for the piece is told
    else
        self._call.on_body = function()
            settle(self, d)
        end
        core.wait(self._id)
    end
end

local function pull(self)
    local before, d = self._asked, deferred._personal()
    if before and not before:is_realized() then
        local function go_on()
            settle(self, d)
        end
        before:on_realized(go_on, go_on)
    else
        settle(self, d)
    end
    self._asked = d
    return d
end

local function open_body(self)
    local text = rawget(self, "_text")
    local s
    if text then
        s = stream.stream(1)
        if text ~= "" then
            s:put(text)
        end
        s:close()
    else
        s = stream._pulling(function()
            return pull(self)
        end)
        s:on_closed(function()
            self:close()
        end)
    end
    rawset(self, "_body", s)
    return s
end

local getters = {
    body = open_body,
    headers = function(self)
        return response.headers_of(self._head)
    end,
    protocol = function(self)
        return self._head:match("^HTTP/%d%.?%d?")
    end,
}

local mt = { __name = "response" }

mt.__index = function(self, key)
    local getter = getters[key]
    if not getter then
        return methods[key]
    end
    local value = getter(self)
    rawset(self, key, value)
    return value
end

--- Makes a response.
-- @tparam table call of the client: url, method, started…
-- @tparam number status
-- @tparam string head the head as received
-- @tparam[opt] string body when it is complete
-- @tparam[opt] string trailers as received, then
-- @treturn response
function response.new(call, status, head, body, trailers)
    local res = { status = status, _head = head, _text = body, _most = call.options.max_body_size, url = call.url_text,
        method = call.method, request_time = timers.now() - call.started }
    if trailers then
        res._trailers = trailers
    end
    if not body then
        res._id, res._call, res._guard = call.id, call, core.guard(call.id)
    end
    return setmetatable(res, mt)
end

--- How many bytes of a body are collected, unless the option `max_body_size` says otherwise.
response.MOST = 64 * 1048576

local function too_large()
    return failure.new("too_large", "larger than the limit")
end

local function collect(self)
    local pieces, size, most = {}, 0, self._most or response.MOST
    for piece in self.body:each() do
        size = size + #piece
        if size > most then
            self:close()
            error(too_large(), 0)
        end
        pieces[#pieces + 1] = piece
    end
    return table.concat(pieces)
end

--- A deferred of the whole body as a string. A body that is cut short fails with `truncated`, one that is longer than
-- the option `max_body_size` with `too_large`.
-- @treturn deferred
function methods:text()
    local text = self._text
    if text and #text > (self._most or #text) then
        return deferred.error_deferred(too_large())
    elseif text then
        return deferred.success_deferred(text)
    end
    local d = rawget(self, "_whole")
    if not d then
        d = task.spawn(collect, self)
        rawset(self, "_whole", d)
    end
    return d
end

local function decode_json(text)
    local ok, value = pcall(require("perilune.json").decode, text)
    if not ok then
        error(failure.new("invalid", "the response body is not JSON", value), 0)
    end
    return value
end

--- A deferred of the decoded JSON body; fails with `invalid` when it is none.
-- @treturn deferred
function methods:json()
    return self:text():chain(decode_json)
end

--- The fields behind the body; none before the body was read to its end.
-- @treturn headers
function methods:trailers()
    return response.headers_of(rawget(self, "_trailers") or "")
end

--- The body is not wanted any more; who waits for a piece of it fails with `closed`.
function methods:close()
    local asked = rawget(self, "_asked")
    if self._id then
        self._guard = nil
        core.forget(self._id)
    end
    if asked and not asked:is_realized() then
        asked:error(failure.new("closed", "the response was closed"))
    end
end

--- Decodes a whole body: what `as = "json"` does.
response.decode_json = decode_json

return response
