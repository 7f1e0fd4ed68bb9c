--- Hedged requests: a second attempt beside the first when that is slow, and whichever answers first counts.
--
-- `hedge = seconds`, or `{ delay = seconds, count = 1 }`: so long is waited for a response before another attempt is
-- begun, at most `count` of them. What has not won is cancelled. Only for methods that are safe to send twice and for
-- bodies that can be; any other request is sent once.

local body_source = require "perilune.http.body_source"
local core_task = require "perilune.core.task"
local deadline = require "perilune.http.deadline"
local deferred_core = require "perilune.deferred.core"
local options = require "perilune.options"

local hedge = {}

--- The options: name → kind.
hedge.OPTIONS = { delay = "seconds", count = "count" }

local IDEMPOTENT = { GET = true, HEAD = true, PUT = true, DELETE = true, OPTIONS = true, TRACE = true }

local function can_be_sent_twice(o)
    if not IDEMPOTENT[o.method and o.method:upper() or "GET"] or o.as == "file" then
        return false
    end
    local ok, source = pcall(body_source.of_options, o)
    return ok and body_source.is_replayable(source)
end

local function stop(self, winner)
    if self.timer then
        self.timer:stop()
    end
    for attempt in pairs(self.attempts) do
        self.attempts[attempt] = nil
        if attempt ~= winner then
            attempt:cancel()
        end
    end
end

--- The result is not wanted any more, or was settled by somebody else.
local function abandon(self)
    stop(self)
end

local begin

local function arm(self)
    self.timer = self.left > 0 and self.delay < deadline.left(self.deadline) and core_task.timer(self.delay, function()
        self.timer = nil
        self.left = self.left - 1
        begin(self)
    end) or nil
end

--- An error counts when nobody else is still at it.
function begin(self)
    local attempt = self.send(deadline.within(self.options, self.deadline))
    self.attempts[attempt] = true
    arm(self)
    attempt:on_realized(function(res)
        if self.attempts[attempt] then
            stop(self, attempt)
            self.d:success(res)
        end
    end, function(err)
        local was_on = self.attempts[attempt]
        self.attempts[attempt] = nil
        if was_on and next(self.attempts) == nil then
            stop(self)
            self.d:error(err)
        end
    end)
end

--- Sends a request with its hedge.
-- @tparam table o options of the request
-- @tparam function send from options to a deferred
-- @treturn deferred of a response
function hedge.send(o, send)
    local given = type(o.hedge) == "table" and o.hedge or { delay = o.hedge }
    local own = options.together(o)
    own.hedge = nil
    if not can_be_sent_twice(o) then
        return send(own)
    end
    local self = { options = own, send = send, attempts = {}, delay = given.delay or 0.1, left = given.count or 1,
        deadline = deadline.of(o), abandon = abandon }
    self.d = deferred_core.new(self)
    begin(self)
    return self.d
end

return hedge
