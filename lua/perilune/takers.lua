--- Who waits for the next chunk of a stream of bytes, in turn: a task, the pump, reads for all of them. It is nobody's
-- child, so any of them may be cancelled: what comes goes to those that are left.

local deferred = require "perilune.deferred"
local task = require "perilune.task"

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
    while not ok and #takers > 0 do
        table.remove(takers, 1):error(err)
    end
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
    if not self.pumping then
        self.pumping = task.detach(pump, self, next_chunk, self.pump_number, self.stopped)
        self.stopped = false
    end
    return d
end
