--- Deferreds: one value, later.
--
-- A deferred is settled once, with a value or an error. `await(d)` suspends the running task until then.
-- Listeners are called
-- on a later turn of the loop, never from inside the call that settles.

local core = require "perilune.core.task"
local coroutines = require "perilune.coroutines"
local failure = require "perilune.failure"

local begin_wait, wake, ask_turn = core.begin_wait, core.wake, core.ask_turn
local yield, WAIT = coroutines.yield, core.WAIT

local PENDING, SUCCESS, ERROR = 0, 1, 2

local deferred = {}
local Deferred = {}
local mt = { __index = Deferred, __name = "deferred" }

--- calls queued for the next turn: function, argument, argument, …
local queue, queued = {}, 0

core.on_turn(function()
    local calls, n = queue, queued
    queue, queued = {}, 0
    for i = 1, n, 3 do
        local ok, err = xpcall(calls[i], debug.traceback, calls[i + 1], calls[i + 2])
        if not ok then
            require("perilune.core.sys").log("error", "deferred listener failed: " .. tostring(err))
        end
    end
end)

local function later(fn, a, b)
    queue[queued + 1], queue[queued + 2], queue[queued + 3] = fn, a, b
    queued = queued + 3
    ask_turn()
end

--- A pending deferred.
-- @tparam[opt] function on_cancel called with the reason when `cancel` is used while it is pending; stops the
-- work behind it
-- @treturn deferred
function deferred.deferred(on_cancel)
    return setmetatable({ state = PENDING, on_cancel = on_cancel }, mt)
end

--- A deferred that already has the value.
function deferred.success_deferred(value)
    return setmetatable({ state = SUCCESS, value = value }, mt)
end

--- A deferred that has already failed with `err`.
function deferred.error_deferred(err)
    return setmetatable({ state = ERROR, value = err }, mt)
end

--- Is `x` a deferred?
-- @treturn boolean
function deferred.is_deferred(x)
    return getmetatable(x) == mt
end

local function settle(d, state, value)
    if d.state ~= PENDING then
        return false
    end
    d.state, d.value, d.on_cancel = state, value, nil
    local waiters, listeners = d.waiters, d.listeners
    if waiters then
        d.waiters = nil
        for i = 1, #waiters, 2 do
            wake(waiters[i], waiters[i + 1])
        end
    end
    if listeners then
        d.listeners = nil
        for i = 1, #listeners, 2 do
            later(listeners[state == SUCCESS and i or i + 1] or function() end, value)
        end
    end
    return true
end

--- Settles with a value. False when it was settled already.
-- @treturn boolean
function Deferred:success(value)
    return settle(self, SUCCESS, value)
end

--- Settles with an error. False when it was settled already.
-- @treturn boolean
function Deferred:error(err)
    return settle(self, ERROR, err)
end

--- A sleep that somebody listens to needs a timer of its own; a task that awaits it uses the task's.
local function arm(d)
    local timer = core.timer(math.max(d.deadline - core.clock(), 0), function()
        settle(d, SUCCESS, true)
    end)
    d.deadline = nil
    d.on_cancel = function()
        timer:stop()
    end
end

--- Calls `on_success(value)` or `on_error(err)` on a later turn once settled; either may be nil.
-- @treturn deferred itself
function Deferred:on_realized(on_success, on_error)
    if self.state == PENDING then
        if self.deadline then
            arm(self)
        end
        local l = self.listeners or {}
        l[#l + 1], l[#l + 2] = on_success or false, on_error or false
        self.listeners = l
    else
        local fn = self.state == SUCCESS and on_success or self.state == ERROR and on_error
        if fn then
            later(fn, self.value)
        end
    end
    return self
end

--- A deferred that succeeds with true `seconds` from now.
function deferred._sleep(seconds)
    return setmetatable({ state = PENDING, deadline = core.clock() + seconds }, mt)
end

--- Has it been settled?
-- @treturn boolean
function Deferred:is_realized()
    if self.deadline and self.state == PENDING and core.clock() >= self.deadline then
        settle(self, SUCCESS, true)
    end
    return self.state ~= PENDING
end

--- Gives up waiting: the work behind it is stopped and the deferred fails with code `cancelled`.
-- @param[opt] reason an error object, or a text
-- @treturn boolean false when it was settled already
function Deferred:cancel(reason)
    local on_cancel = self.on_cancel
    if type(reason) ~= "table" then
        reason = failure.new("cancelled", reason or "cancelled")
    end
    if self.state ~= PENDING then
        return false
    end
    if on_cancel then
        on_cancel(reason)
    end
    settle(self, ERROR, reason)
    return true
end

--- Fails with code `timeout` after `seconds`, cancelling the work behind `self`; with `value` given, succeeds
-- with that.
-- @tparam number seconds
-- @treturn deferred itself
function Deferred:timeout(seconds, ...)
    local n, value = select("#", ...), (...)
    local timer = core.timer(seconds, function()
        local on_cancel = self.on_cancel
        local err = failure.new("timeout", ("no answer within %g s"):format(seconds))
        if self.state == PENDING and on_cancel then
            on_cancel(err)
        end
        if n > 0 then
            settle(self, SUCCESS, value)
        else
            settle(self, ERROR, err)
        end
    end)
    local function stop()
        timer:stop()
    end
    return self:on_realized(stop, stop)
end

--- A deferred of `fn(value)`; deferreds that `fn` returns are waited for, errors skip it.
-- @treturn deferred
function Deferred:chain(fn)
    local out = deferred.deferred(function(reason)
        self:cancel(reason)
    end)
    local function fail(err)
        out:error(err)
    end
    self:on_realized(function(value)
        local ok, result = pcall(fn, value)
        if not ok then
            fail(result)
        elseif deferred.is_deferred(result) then
            result:on_realized(function(v)
                out:success(v)
            end, fail)
        else
            out:success(result)
        end
    end, fail)
    return out
end

--- A task that was cancelled waits no more. What only it wanted and nobody else can have (a taken value) is given up.
local function forget(d, task)
    local w = d.waiters
    if d.state ~= PENDING or not w then
        return
    end
    for i = #w - 1, 1, -2 do
        if w[i] == task then
            table.remove(w, i + 1)
            table.remove(w, i)
            break
        end
    end
    if #w == 0 and d.is_personal and not d.listeners then
        d:cancel(failure.new("cancelled", "nobody waits any more"))
    end
end

local function wait(d)
    local task, number
    if d.deadline then
        task, number = core.sleep(math.max(d.deadline - core.clock(), 0))
    else
        task, number = begin_wait()
    end
    if not task then
        error("await outside of a task", 3)
    end
    local w = d.waiters or {}
    w[#w + 1], w[#w + 2] = task, number
    d.waiters = w
    local err = yield(WAIT)
    if err ~= nil then
        forget(d, task)
    elseif d.deadline then
        settle(d, SUCCESS, true)
    end
    return err
end

--- Waits for a deferred: its value, or its error raised. Other values are returned as they are.
-- @param d a deferred, or any value
function deferred.await(d)
    if getmetatable(d) ~= mt then
        return d
    end
    if d.state == PENDING then
        local err = wait(d)
        if err ~= nil then
            error(err, 0)
        end
    end
    if d.state == SUCCESS then
        return d.value
    end
    error(d.value, 0)
end

--- Waits without raising: true and the value, or false and the error.
function deferred.try_await(d)
    if getmetatable(d) ~= mt then
        return true, d
    end
    if d.state == PENDING then
        local err = wait(d)
        if err ~= nil then
            error(err, 0)
        end
    end
    return d.state == SUCCESS, d.value
end

Deferred.await = deferred.await
Deferred.try_await = deferred.try_await

--- A pending deferred of something that only one can have: it is given up when the task that awaits it is cancelled.
function deferred._personal()
    return setmetatable({ state = PENDING, is_personal = true }, mt)
end

--- Runs `fn(a, b)` on a later turn.
deferred._later = later

return deferred
