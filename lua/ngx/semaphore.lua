--- Semaphores for light threads of one process.

local context = require "ngx.api.context"
local core = require "perilune.core.ngx"
local native = require "ngx.api.native"
local tasks = require "perilune.core.task"

local semaphore = {}
local methods = {}
local mt = { __index = methods, __name = "ngx.semaphore" }
local DEBUG = 8

--- A line of the debug level, in OpenResty's words.
local function note(text, ...)
    if core.is_logged(DEBUG) then
        local subsystem = native.C.ffi_ngx_is_session() ~= 0 and "stream" or "http"
        native.log_line(DEBUG, subsystem .. " lua semaphore " .. text:format(...))
    end
end

--- A semaphore with `n` resources.
-- @tparam[opt=0] number n
function semaphore.new(n)
    n = tonumber(n) or 0
    if n < 0 then
        error("no negative number", 2)
    end
    local self = setmetatable({ resources = n, waiters = {}, first = 1, last = 0 }, mt)
    note("new: %p, resources: %d", self, n)
    return self
end

local function enqueue(self, waiter)
    self.last = self.last + 1
    self.waiters[self.last] = waiter
end

local function leave_front(self)
    self.waiters[self.first] = nil
    self.first = self.first + 1
end

--- Forgets those in front that are gone.
local function tidy(self)
    while self.first <= self.last and self.waiters[self.first].is_gone do
        leave_front(self)
    end
end

--- Gives what there is to those who wait, in their order.
local function deliver(self)
    self.is_delivering = false
    while self.resources > 0 and self.first <= self.last do
        local waiter = self.waiters[self.first]
        leave_front(self)
        if not waiter.is_gone and tasks.wake(waiter.task, waiter.number) then
            waiter.has_resource, self.resources = true, self.resources - 1
        end
    end
end

--- Gives `n` resources. Those who wait get them once everything that is ready has run: until then they stand in front
-- of whoever comes later.
local function give(self, n)
    self.resources = self.resources + n
    if self.first <= self.last and not self.is_delivering then
        self.is_delivering = true
        tasks.timer(0, function()
            deliver(self)
        end)
    end
end

--- Gives `n` resources (1): to those who wait, in their order, and what is left to whoever comes next. One who waits
-- no more, because it was killed, gets none.
function methods:post(n)
    n = n or 1
    if type(n) ~= "number" or n < 1 then
        error("no negative number", 2)
    end
    note("post: %p, n: %d, resources: %d", self, n, self.resources)
    give(self, n)
    return true
end

--- Whoever waits has been killed: what it was given goes to the others.
local function give_back(self, waiter)
    note "cleanup"
    waiter.is_gone = true
    if waiter.has_resource then
        give(self, 1)
    end
    tidy(self)
end

--- Takes a resource, waiting for at most `timeout` seconds.
-- @treturn ?boolean true
-- @treturn ?string "timeout", or that the running phase is none in which this is possible
function methods:wait(timeout)
    timeout = tonumber(timeout)
    if not timeout or timeout < 0 then
        error("no negative number", 2)
    end
    local refusal = context.refusal(context.waiting)
    if refusal then
        return nil, refusal
    end
    note("wait: %p, timeout: %d, resources: %d", self, timeout * 1000, self.resources)
    if self.resources > 0 and self.first > self.last then
        self.resources = self.resources - 1
        return true
    end
    if timeout == 0 then
        return nil, "timeout"
    end
    local waiter = {}
    waiter.task, waiter.number = tasks.sleep(timeout)
    enqueue(self, waiter)
    note "wait yielding"
    context.wait(function()
        give_back(self, waiter)
    end)
    core.stop_sleep()
    if waiter.has_resource then
        return true
    end
    waiter.is_gone = true
    tidy(self)
    return nil, "timeout"
end

--- Resources there are, less those who wait.
function methods:count()
    local waiting = 0
    for i = self.first, self.last do
        if not self.waiters[i].is_gone then
            waiting = waiting + 1
        end
    end
    return self.resources - waiting
end

return semaphore
