--- Channels of server-sent events: one publishes, all clients get it, and who was away gets what was missed.
--
-- The last events are kept in a ring. Each has an id, the channel's mark and a number; a client that comes back says
-- the last one it has seen (Last-Event-ID) and gets those after it. If that is not kept any more, it first gets an
-- event `gap`, so that its page can load everything anew. A client that is too slow to take what is published is
-- closed: it comes back by itself and is served from the ring, and memory stays bounded. A channel lives in one
-- worker.

local options = require "perilune.options"
local sse = require "perilune.http.sse"
local sys = require "perilune.core.sys"

local sse_channel = {}
local Channel = {}
local mt = { __index = Channel, __name = "sse channel" }

local OPTIONS = { keep = "count", queue = "count", heartbeat = "seconds", retry = "seconds", most = "count" }

local function mark()
    return (sys.random_bytes(4):gsub(".", function(c)
        return ("%02x"):format(c:byte())
    end))
end

--- A channel.
-- Options: `keep` (events for those who come back; 100), `queue` (events that may wait for one client; 64), `most`
-- (clients; 10000), `heartbeat` and `retry` as for `http.sse`.
-- @tparam[opt] table opts
-- @treturn channel
function sse_channel.new(opts)
    local o = options.check(opts, OPTIONS, "http.sse_channel", 2)
    return setmetatable({ mark = mark(), number = 0, kept = {}, sinks = {}, count = 0, keep = o.keep or 100,
        most = o.most or 10000, queue = o.queue or 64, heartbeat = o.heartbeat, retry = o.retry }, mt)
end

--- Publishes an event.
-- @tparam table|string event `{event=, data=}`; its id is given by the channel
-- @treturn string the id
function Channel:publish(event)
    local id = ("%s-%d"):format(self.mark, self.number + 1)
    local text = sse.format { id = id, event = type(event) == "table" and event.event or nil,
        data = type(event) == "table" and event.data or type(event) ~= "table" and event or nil }
    self.number = self.number + 1
    self.kept[self.number] = text
    self.kept[self.number - self.keep] = nil
    for sink in pairs(self.sinks) do
        if not sink:_push(text) then
            sink:close()
        end
    end
    return id
end

--- Sends what came after the last event that the client has seen.
local function replay(self, sink)
    local last = sink.last_event_id
    if not last then
        return
    end
    local of, number = last:match("^(%x+)%-(%d+)$")
    local from, oldest = tonumber(number), math.max(1, self.number - self.keep + 1)
    if of ~= self.mark or from > self.number or from + 1 < oldest then
        sink:_push(sse.format { event = "gap", data = last:gsub("%c", "") })
        from = oldest - 1
    end
    for i = from + 1, self.number do
        sink:_push(self.kept[i])
    end
end

--- The response for a client: what it has missed, then what is published, until it leaves. 503 when there are `most`.
-- @tparam table req
-- @treturn table response
function Channel:subscribe(req)
    if self.count >= self.most then
        return { status = 503, headers = { ["Retry-After"] = "5" }, body = "too many listeners\n" }
    end
    local sink = sse.open(req, { queue = self.queue + self.keep + 2, heartbeat = self.heartbeat, retry = self.retry })
    self.sinks[sink], self.count = true, self.count + 1
    sink:on_close(function()
        self.sinks[sink], self.count = nil, self.count - 1
    end)
    replay(self, sink)
    return sink:response()
end

--- How many clients listen.
-- @treturn number
function Channel:listeners()
    return self.count
end

--- Ends the responses of all clients.
function Channel:close()
    for sink in pairs(self.sinks) do
        sink:close()
    end
end

return sse_channel
