--- Time: calling functions later, and a clock that tests can move.
--
-- Times are seconds. Everything in this library that waits for time (sleep, timeout, throttle, batch, periodically,
-- connections with a timeout, pools) uses the clock in force: the loop's, or between the calls of `with_clock` a mock
-- one, which stands still until it is moved by `advance`.

local argument = require "perilune.argument"
local core = require "perilune.core.task"
local failure = require "perilune.failure"
local ffi = require "ffi"
local queue = require "perilune.deferred.queue"
local task = require "perilune.task"
local timers = require "perilune.timers"

ffi.cdef "double ffi_task_wall_clock(void);"

local C = ffi.C

local time = {}

--- Units in seconds: `3 * time.minutes`.
time.microseconds, time.milliseconds, time.seconds = 1e-6, 1e-3, 1
time.minutes, time.hours, time.days = 60, 3600, 86400

local function check(seconds, name, what, least)
    if type(seconds) ~= "number" or seconds ~= seconds or seconds < least then
        argument.bad(name, "time." .. what, ("a number of at least %g expected"):format(least), 3)
    end
end

--- Frequency → period: `time.hz(50)` is 0.02.
function time.hz(n)
    check(n, "n", "hz", 0)
    return 1 / n
end

--- Seconds of a clock that never steps.
-- @treturn number
time.monotonic = timers.now

--- Seconds since 1970 UTC.
-- @treturn number
function time.now()
    local mock = timers.mock()
    return mock and mock:now() or C.ffi_task_wall_clock()
end

--- "1d 1h 1m 1s"; below a second "0s".
-- @tparam number seconds
-- @treturn string
function time.format_duration(seconds)
    if type(seconds) ~= "number" then
        argument.bad("seconds", "time.format_duration", "a number expected, got " .. type(seconds))
    end
    local left, parts = math.floor(seconds), {}
    for _, unit in ipairs { { "d", 86400 }, { "h", 3600 }, { "m", 60 }, { "s", 1 } } do
        local n = math.floor(left / unit[2])
        left = left - n * unit[2]
        if n > 0 then
            parts[#parts + 1] = n .. unit[1]
        end
    end
    return #parts > 0 and table.concat(parts, " ") or "0s"
end

local function wait_and_call(seconds, fn)
    task.nap(seconds)
    return fn()
end

--- Calls `fn()` after `seconds`, in a task of its own. Cancelling the deferred, or settling it, before keeps it from
-- running.
-- @tparam number seconds
-- @tparam function fn may await
-- @treturn deferred of what fn returns
function time.after(seconds, fn)
    check(seconds, "seconds", "after", 0)
    argument.check(fn, "function", "fn", "time.after")
    local d
    d = task.detach(wait_and_call, seconds, function()
        if not d:is_realized() then
            return fn()
        end
    end)
    return d
end

--- Calls `fn()` at a moment, or at once when it is past.
-- @tparam number epoch seconds since 1970 UTC
-- @treturn deferred as of `after`
function time.at(epoch, fn)
    check(epoch, "epoch", "at", 0)
    argument.check(fn, "function", "fn", "time.at")
    return time.after(math.max(epoch - time.now(), 0), fn)
end

local function repeat_calls(period, delay, fn)
    local due = timers.now() + delay
    while true do
        local left = due - timers.now()
        if left > 0 then
            task.nap(left)
        end
        fn()
        local missed = math.floor((timers.now() - due) / period + 1e-9)
        due = due + (math.max(missed, 0) + 1) * period
    end
end

--- Calls `fn()` every `period`, in a task of its own. Calls never overlap; moments that fall into a longer one are
-- left out.
-- @tparam number period seconds
-- @tparam function fn may await
-- @tparam[opt=0] number delay seconds before the first call
-- @treturn deferred that never succeeds: `cancel` it to stop; it fails with the error of fn
function time.every(period, fn, delay)
    check(period, "period", "every", 0.001)
    argument.check(fn, "function", "fn", "time.every")
    check(delay or 0, "delay", "every", 0)
    return task.detach(repeat_calls, period, delay or 0, fn)
end

-- ---------------------------------------------------------------------------------------------------------------------
-- A clock for tests

local Mock = {}
Mock.__index = Mock

--- A clock that stands at `start` until it is moved.
-- @tparam[opt=0] number start
-- @treturn clock
function time.mock_clock(start)
    return setmetatable({ time = start or 0, n = 0, timers = {} }, Mock)
end

--- What it shows.
-- @treturn number seconds
function Mock:now()
    return self.time
end

function Mock:_start(seconds, target)
    self.n = self.n + 1
    self.timers[-self.n] = { at = self.time + seconds, target = target, number = self.n }
    return -self.n
end

function Mock:_stop(id)
    self.timers[id] = nil
end

function Mock:_left(id)
    local t = self.timers[id]
    return t and t.at - self.time or 0
end

--- The timer that is due first, at `last` or before.
local function earliest(self, last)
    local found, found_id
    for id, t in pairs(self.timers) do
        local is_before = t.at <= last
            and (not found or t.at < found.at or t.at == found.at and t.number < found.number)
        if is_before then
            found, found_id = t, id
        end
    end
    return found, found_id
end

--- Lets everything happen that needs no time.
local function settle_down()
    if not core.current() then
        return
    end
    repeat
        task.yield()
    until core.is_quiet() and queue.is_empty()
    task.yield()
end

--- Moves the clock on, through every timer in order; in a task, what a timer has set off runs before the next one.
-- @tparam number seconds
function Mock:advance(seconds)
    if type(seconds) ~= "number" or seconds ~= seconds or seconds < 0 then
        argument.bad("seconds", "advance", "a number from 0 expected")
    end
    local last = self.time + seconds
    settle_down()
    while true do
        local t, id = earliest(self, last)
        if not t then
            break
        end
        self.time = math.max(self.time, t.at)
        self.timers[id] = nil
        t.target:on_timer(id)
        settle_down()
    end
    self.time = last
    settle_down()
end

--- Calls `fn(clock)` with that clock in force in the whole process, also while fn awaits; then the former one is
-- back.
-- @tparam clock clock
-- @tparam function fn
-- @return what fn returns
function time.with_clock(clock, fn)
    local before = timers.set_mock(clock)
    local results = { xpcall(fn, failure.traced, clock) }
    timers.set_mock(before)
    if not results[1] then
        error(results[2], 0)
    end
    return unpack(results, 2, table.maxn(results))
end

time.sleep = task.sleep

return time
