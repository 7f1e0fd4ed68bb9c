--- Server-sent events (the HTML standard, section 9.2): a response that stays open and tells what happens.
--
--     local sink = http.sse(req)
--     task.spawn(function()
--         while await(sink:send { event = "tick", data = "now" }) do await(task.sleep(1)) end
--     end)
--     return sink:response()
--
-- A sink puts text into a stream that is the body of the response; while that is empty and the client keeps up, it
-- writes to the response itself, which wakes nobody. When the client leaves, the stream is closed at
-- once: `send` gives false and `on_close` is called. A slow client stops its producer, who awaits `send`. For events
-- that go to many clients, and for those that come back with Last-Event-ID: sse_channel.lua.

local core = require "perilune.core.http"
local deferred = require "perilune.deferred"
local lines = require "perilune.http.lines"
local options = require "perilune.options"
local request = require "perilune.http.request"
local stream = require "perilune.stream"
local time = require "perilune.time"

local find = string.find

local sse = {}
local Sink = {}
local mt = { __index = Sink, __name = "sse sink" }

local TRUE = deferred.success_deferred(true)

local OPTIONS = { heartbeat = "seconds", retry = "seconds", queue = "count", headers = "table" }
local EVENT = { id = { "string", "number" }, event = "string", data = { "string", "number" }, retry = "seconds" }

local function line(name, value)
    value = tostring(value)
    if lines.has_end(value) or find(value, "\0", 1, true) then
        error(("sse: '%s' holds a line end"):format(name), 0)
    end
    return name .. ": " .. value .. "\n"
end

local function data_lines(data)
    data = tostring(data)
    if not lines.has_end(data) then
        return "data: " .. data .. "\n"
    end
    local out, text = {}, data:gsub("\r\n?", "\n")
    for one in (text .. "\n"):gmatch("(.-)\n") do
        out[#out + 1] = "data: " .. one .. "\n"
    end
    return table.concat(out)
end

--- An event as it goes over the wire.
-- @tparam table|string event `{id=, event=, data=, retry=}` (retry in seconds); a string is its data
-- @treturn string; raises when a field holds what it may not
function sse.format(event)
    if type(event) ~= "table" then
        event = { data = event }
    end
    options.check(event, EVENT, "sse event", 2)
    return (event.id and line("id", event.id) or "") .. (event.event and line("event", event.event) or "")
        .. (event.retry and ("retry: %d\n"):format(event.retry * 1000) or "")
        .. (event.data ~= nil and data_lines(event.data) or "") .. "\n"
end

local function start_heartbeat(self, seconds)
    self.is_quiet = true
    local beats = time.every(seconds, function()
        if self.is_quiet then
            self.body:try_put(":\n\n", 0)
        end
        self.is_quiet = true
    end, seconds)
    self.body:on_closed(function()
        beats:cancel()
    end)
end

--- Opens the stream of events that a handler answers with.
-- Options: `heartbeat` (seconds without an event after which a comment is sent, so that proxies keep the connection;
-- 15, 0: none), `retry` (seconds after which the client is to come back; its own choice by default), `queue` (events
-- that may wait for a slow client; 16), `headers` (more fields of the response).
-- @tparam table req
-- @tparam[opt] table opts
-- @treturn sink; `sink.last_event_id` is what the client has seen last, or nil
function sse.open(req, opts)
    request.expect(req, "http.sse")
    local o = options.check(opts, OPTIONS, "http.sse", 2)
    local last = req.headers["last-event-id"]
    local self = setmetatable({ body = stream.stream(o.queue or 16), fields = o.headers or {},
        last_event_id = last ~= "" and last or nil, pending = {} }, mt)
    self.body:on_closed(function()
        for d in pairs(self.pending) do
            d:success(false)
        end
    end)
    self.body.on_sent_by = function(sender)
        self.req = sender
    end
    if o.retry then
        self.body:put(("retry: %d\n\n"):format(o.retry * 1000))
    end
    local heartbeat = o.heartbeat or 15
    if heartbeat > 0 then
        start_heartbeat(self, heartbeat)
    end
    return self
end

--- The response that the handler returns.
-- @treturn table
function Sink:response()
    local fields = { ["Content-Type"] = "text/event-stream", ["Cache-Control"] = "no-cache",
        ["X-Accel-Buffering"] = "no" }
    for k, v in pairs(self.fields) do
        fields[k] = v
    end
    return { status = 200, headers = fields, body = self.body }
end

--- Writes to the response, past the stream, when whoever sends the body waits for more and the client keeps up. The
-- first event that it does not keep up with is written, the next one goes through the stream, whose sender then waits.
-- False: it has to go through the stream.
local function write_now(self, text)
    local takers = self.body.takers
    self.is_quiet = false
    if not self.req or self.is_behind or not takers or takers.n == 0 then
        self.is_behind = false
        return false
    end
    local keeps_up = core.write(self.req, text)
    self.is_behind = keeps_up == false
    return keeps_up ~= nil
end

--- Sends an event.
-- @tparam table|string event as of `sse.format`
-- @treturn deferred of true once there is room for it, of false when the client has left
function Sink:send(event)
    local text = sse.format(event)
    if write_now(self, text) then
        return TRUE
    end
    local d = self.body:put(text)
    if not d:is_realized() then
        local function forget()
            self.pending[d] = nil
        end
        self.pending[d] = true
        d:on_realized(forget, forget)
    end
    return d
end

--- Sends an event if there is room for it now.
-- @treturn deferred of true, or of false
function Sink:try_send(event)
    local text = sse.format(event)
    return write_now(self, text) and TRUE or self.body:try_put(text, 0, false)
end

--- Text of `sse.format`, if there is room for it now: for channels, which format once for all.
-- @treturn boolean
function Sink:_push(text)
    return write_now(self, text) or self.body:try_put(text, 0, false):success_value(false)
end

--- Ends the response, after what there was room for; a `send` that still waits gives false. The client will come back;
-- it stays away when it is answered 204.
function Sink:close()
    self.body:close()
end

--- Has the client left, or the response ended?
-- @treturn boolean
function Sink:is_closed()
    return self.body:is_closed()
end

--- Calls `fn()` when the client has left, or the response ended.
function Sink:on_close(fn)
    self.body:on_closed(fn)
end

return sse
