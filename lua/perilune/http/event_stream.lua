--- What `as = "sse"` makes of a response: events, and the connection made anew when it is lost (the HTML standard,
-- sections 9.2.3 and 9.2.6).
--
-- `reconnect = true`, or `{ delay = 3, max_delay = 60, count = … }`: the wait before the first attempt, until the
-- server says otherwise in a `retry` field; the wait doubles with each attempt that fails; after `count` of them in a
-- row the stream fails. 204 is the server's way to end it; 429 and 5xx are a failed attempt, any other status is an
-- error, and so is another Content-Type than text/event-stream.

local deferred = require "perilune.deferred"
local failure = require "perilune.failure"
local headers = require "perilune.http.headers"
local lines = require "perilune.http.lines"
local options = require "perilune.options"
local response = require "perilune.http.response"
local stream = require "perilune.stream"
local task = require "perilune.task"

local event_stream = {}
local Reader = {}
Reader.__index = Reader

local BOM = "\239\187\191"

--- What a line costs beside its text, where the size of an event is bounded.
local OVERHEAD = 16

--- The longest wait that a server may ask for.
local LONGEST_RETRY = 86400
local LOST = {
    refused = true, reset = true, closed = true, truncated = true, unreachable = true, no_address = true,
    connect_timeout = true, resolve_timeout = true, request_timeout = true, read_timeout = true, name_server = true,
    proxy_unreachable = true, proxy_timeout = true, proxy_closed = true,
}

--- The options of `reconnect`: name → kind.
event_stream.OPTIONS = { delay = "seconds", max_delay = "seconds", count = "count" }

--- One line of an event stream.
local function take_line(event, text, most)
    local name, value = text:match("^([^:]*):? ?(.*)$")
    if name == "data" then
        event.lines = event.lines or {}
        event.lines[#event.lines + 1] = value
        event.size = (event.size or 0) + #value + OVERHEAD
        if event.size > most then
            error(failure.new("too_large", "an event that is larger than the limit"), 0)
        end
    elseif name == "event" then
        event.event = value
    elseif name == "id" and not value:find("%z") then
        event.id = value
    elseif name == "retry" and value:find("^%d+$") then
        event.retry = math.min(tonumber(value) / 1000, LONGEST_RETRY)
    end
end

--- Begins to read a response from its start.
function Reader:begin(res)
    local event, is_first, most = {}, true, self.options.max_body_size or response.MOST
    self.source = res.body
    self.cut = lines.cutter(function(text)
        if is_first and text:sub(1, 3) == BOM then
            text = text:sub(4)
        end
        is_first = false
        if text ~= "" then
            take_line(event, text, most)
            self.retry = event.retry or self.retry
            return
        end
        self.last_id = event.id or self.last_id
        if event.lines then
            self.failed = 0
            self.ready[#self.ready + 1] = { event = event.event ~= "" and event.event or "message",
                data = table.concat(event.lines, "\n"), id = self.last_id, retry = event.retry }
        end
        event = {}
    end)
end

--- The request for what follows the last event.
function Reader:ask()
    local o = self.options
    local list = {}
    headers.visit(o.headers or {}, function(name, value)
        if tostring(name):lower() ~= "last-event-id" then
            list[#list + 1] = { name, value }
        end
    end)
    if not headers.new(headers.plain(list)).accept then
        list[#list + 1] = { "Accept", "text/event-stream" }
    end
    if self.last_id and self.last_id ~= "" then
        list[#list + 1] = { "Last-Event-ID", self.last_id }
    end
    local again = options.together(o, { headers = list, throw_exceptions = false })
    again.as, again.reconnect, again.unexceptional_status = nil, nil, nil
    return require("perilune.http.client").request(again)
end

local function wait_before(self)
    local policy = self.policy
    local full = math.min((self.retry or policy.delay) * 2 ^ self.failed, math.max(policy.max_delay, self.retry or 0))
    return full * (self.failed > 0 and 1 - math.random() / 2 or 1)
end

--- The error object of a response that is no event stream (the HTML standard, section 9.2.3); nil for one that is.
local function refusal(res)
    local kind = res.headers["content-type"] or ""
    if kind:match("^%s*([^;%s]*)"):lower() == "text/event-stream" then
        return nil
    end
    local err = failure.new("content_type", ("no event stream but %s from %s"):format(
        kind ~= "" and kind or "no Content-Type", res.url))
    err.response = res
    return err
end

--- What a response to another attempt means: true: go on reading; false: the end; nil: a failed attempt.
local function judge(res)
    if res.status == 200 then
        local err = refusal(res)
        if err then
            error(err, 0)
        end
        return true
    end
    res:close()
    if res.status == 204 then
        return false
    elseif res.status ~= 429 and res.status < 500 then
        local err = failure.new("status", ("%d from %s"):format(res.status, res.url))
        err.status, err.response = res.status, res
        error(err, 0)
    end
end

--- As try_await; closing the stream ends the wait.
function Reader:wait_for(d)
    self.waiting = d
    local ok, result = try_await(d)
    self.waiting = nil
    return ok, result
end

--- Makes the connection anew; waits. False: the server has ended it.
function Reader:reconnect(why)
    while true do
        if self.policy.count and self.failed >= self.policy.count then
            error(why or failure.new("closed", "the server ends each response"), 0)
        end
        self:wait_for(task.sleep(wait_before(self)))
        self.failed = self.failed + 1
        local ok, res = false, nil
        if not self.is_closed then
            ok, res = self:wait_for(self:ask())
        end
        if self.is_closed then
            return false
        elseif ok then
            local goes_on = judge(res)
            if goes_on then
                self:begin(res)
            end
            if goes_on ~= nil then
                return goes_on
            end
            why = failure.new("status", ("%d from %s"):format(res.status, res.url))
        elseif LOST[res.code] then
            why = res
        else
            error(res, 0)
        end
    end
end

--- The next event; waits. nil: the end. What a piece breaks the rules with comes after its events.
function Reader:take()
    while #self.ready == 0 do
        if self.broken then
            self.source:close()
            error(self.broken, 0)
        end
        local ok, piece = try_await(self.source:take())
        if ok and piece then
            local is_fine, err = pcall(self.cut, piece)
            self.broken = not is_fine and err
        elseif not self.policy or self.is_closed then
            if not ok then
                error(piece, 0)
            end
            return nil -- an event that is not complete at the end is dropped
        elseif not ok and not LOST[piece.code] then
            error(piece, 0)
        elseif not self:reconnect(not ok and piece or nil) then
            return nil
        end
    end
    return table.remove(self.ready, 1)
end

local function policy_of(option)
    if not option then
        return nil
    end
    local given = type(option) == "table" and option or {}
    return { delay = given.delay or 3, max_delay = given.max_delay or 60, count = given.count }
end

--- Makes the body of a response a stream of events and ends the call.
function event_stream.open(call, res, finish)
    local is_over = res.status == 204 -- there are no events, and there will be none
    local err = not is_over and refusal(res)
    if err then
        finish(call, err)
        return
    end
    local self = setmetatable({ options = call.options, ready = {}, failed = 0,
        policy = not is_over and policy_of(call.options.reconnect) }, Reader)
    self:begin(res)
    local out = stream._pulling(function()
        if #self.ready > 0 then
            return deferred.success_deferred(table.remove(self.ready, 1))
        end
        return task.spawn(self.take, self)
    end)
    out:on_closed(function()
        self.is_closed = true
        self.source:close()
        if self.waiting then
            self.waiting:cancel()
        end
    end)
    rawset(res, "body", out)
    finish(call, nil, res)
end

return event_stream
