--- Semaphores for light threads of one process.

local context = require "ngx.api.context"
local core = require "perilune.core.ngx"
local tasks = require "perilune.core.task"

local semaphore = {}
local methods = {}
local mt = { __index = methods, __name = "ngx.semaphore" }

--- A semaphore with `n` resources.
-- @tparam[opt=0] number n
function semaphore.new(n)
    n = tonumber(n) or 0
    if n < 0 then
        error("no negative number", 2)
    end
    return setmetatable({ resources = n, waiters = {}, first = 1, last = 0 }, mt)
end

--- Gives `n` resources (1): to those who wait, in their order, and what is left to whoever comes next. One who waits
-- no more, because it was killed, gets none.
function methods:post(n)
    n = n or 1
    if type(n) ~= "number" or n < 1 then
        error("no negative number", 2)
    end
    while n > 0 and self.first <= self.last do
        local waiter = self.waiters[self.first]
        self.waiters[self.first] = nil
        self.first = self.first + 1
        if not waiter.is_gone and tasks.wake(waiter.task, waiter.number) then
            waiter.has_resource, n = true, n - 1
        end
    end
    self.resources = self.resources + n
    return true
end

local function enqueue(self, waiter)
    self.last = self.last + 1
    self.waiters[self.last] = waiter
end

--- Forgets those in front that are gone.
local function tidy(self)
    while self.first <= self.last and self.waiters[self.first].is_gone do
        self.waiters[self.first] = nil
        self.first = self.first + 1
    end
end

--- Takes a resource, waiting for at most `timeout` seconds.
-- @treturn ?boolean true
-- @treturn ?string "timeout"
function methods:wait(timeout)
    timeout = tonumber(timeout)
    if not timeout or timeout < 0 then
        error("no negative number", 2)
    end
    if self.resources > 0 then
        self.resources = self.resources - 1
        return true
    end
    context.check(context.waiting)
    if timeout == 0 then
        return nil, "timeout"
    end
    local waiter = {}
    waiter.task, waiter.number = tasks.sleep(timeout)
    enqueue(self, waiter)
    context.wait()
    core.stop_sleep()
    if waiter.has_resource then
        return true
    end
    waiter.is_gone = true
    tidy(self)
    return nil, "timeout"
end

--- Resources there are; negative: how many wait.
function methods:count()
    local waiting = 0
    for i = self.first, self.last do
        if not self.waiters[i].is_gone then
            waiting = waiting + 1
        end
    end
    return self.resources > 0 and self.resources or 0 - waiting
end

return semaphore
