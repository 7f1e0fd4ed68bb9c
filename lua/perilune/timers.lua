--- Timers of deferreds, streams and tasks, on the clock that is in force.
--
-- `timers.start(seconds, target)` calls `target:on_timer(id)` once, outside of any task. The clock is the loop's; a
-- test may put a mock clock in its place (perilune.time), which then drives every wait of this module's callers.
-- Ids of the loop's timers are positive, those of a mock clock negative.

local core_sys = require "perilune.core.sys"
local core_timer = require "perilune.core.timer"
local ffi = require "ffi"

ffi.cdef "double ffi_task_clock(void);"

local C = ffi.C
local start, stop, left = core_timer.start, core_timer.stop, core_timer.left

local timers = {}

--- id → target of the loop's running timers
local targets = {}

--- the mock clock in force, or false
local mock = false

core_timer.on_fire(function(id)
    local target = targets[id]
    targets[id] = false
    target:on_timer(id)
end)

--- Starts a timer.
-- @tparam number seconds
-- @tparam table target has a method `on_timer(id)`
-- @tparam[opt=false] boolean is_background the process does not wait for it
-- @treturn number id
function timers.start(seconds, target, is_background)
    if mock then
        return mock:_start(seconds, target)
    end
    local id = start(seconds, is_background or false)
    targets[id] = target
    return id
end

--- Stops a timer that has not fired.
-- @tparam number id
function timers.stop(id)
    if id > 0 then
        targets[id] = false
        stop(id)
    elseif mock then
        mock:_stop(id)
    end
end

--- Seconds until a running timer fires.
-- @tparam number id
-- @treturn number
function timers.left(id)
    if id > 0 then
        return left(id)
    end
    return mock and mock:_left(id) or 0
end

--- Seconds of a clock that never steps, the mock one if it is in force.
-- @treturn number
function timers.now()
    if mock then
        return mock:now()
    end
    return C.ffi_task_clock()
end

--- The same, read now and not once a turn: how long something takes that does not wait, too.
-- @treturn number
function timers.read()
    return mock and mock:now() or core_sys.monotonic()
end

--- The mock clock in force, or false.
function timers.mock()
    return mock
end

--- Puts a mock clock in force, or the loop's again (false).
-- @return what was in force before
function timers.set_mock(clock_object)
    local before = mock
    mock = clock_object
    return before
end

local Callback = {}
Callback.__index = Callback

function Callback:on_timer()
    self[1](self[2])
end

--- A target that calls `fn(argument)`.
-- @treturn table
function timers.callback(fn, argument)
    return setmetatable({ fn, argument }, Callback)
end

return timers
