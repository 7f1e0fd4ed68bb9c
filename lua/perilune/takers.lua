--- Who waits for the next chunk of a stream of bytes, in turn: a task, the pump, reads for all of them. It is the child
-- of the task that was the first to take, and any of them may be cancelled: what comes goes to those that are left.

local deferred = require "perilune.deferred"
local failure = require "perilune.failure"
local task = require "perilune.task"

local start_pump

--- Serves takers in their order until there are none; `before` is a pump that was stopped and may not have left yet.
local function pump(self, next_chunk, number, before)
    if before then
        before:try_await()
    end
    local takers = self.takers
    local ok, err = pcall(function()
        while #takers > 0 and self.pump_number == number do
            local data = next_chunk(self)
            local d = table.remove(takers, 1)
            while d and not d:success(data) do
                d = table.remove(takers, 1)
            end
        end
    end)
    if self.pump_number ~= number then
        return -- stopped: who takes now has another one
    end
    self.pumping = nil
    if failure.is(err, "cancelled") and #takers > 0 then
        start_pump(self, next_chunk) -- with the task that took first; others still wait
        return
    end
    while not ok and #takers > 0 do
        table.remove(takers, 1):error(err)
    end
end

function start_pump(self, next_chunk)
    self.pumping = task.spawn(pump, self, next_chunk, self.pump_number, self.stopped)
    self.stopped = false
end

--- Nobody waits any more.
local function stop_pump(self)
    local stopped = self.pumping
    self.pumping, self.stopped, self.pump_number = nil, stopped, self.pump_number + 1
    stopped:cancel()
end

--- A deferred of the next chunk, behind those that wait already.
-- @tparam stream self of perilune.byte_stream
-- @tparam function next_chunk of it, for the running task
-- @treturn deferred
return function(self, next_chunk)
    local d
    d = deferred.deferred(function()
        for i, other in ipairs(self.takers) do
            if other == d then
                table.remove(self.takers, i)
                break
            end
        end
        if #self.takers == 0 and self.pumping then
            stop_pump(self)
        end
    end)
    local takers = self.takers or {}
    self.takers = takers
    takers[#takers + 1] = d
    if not self.pumping or self.pumping:is_realized() then
        start_pump(self, next_chunk)
    end
    return d
end
