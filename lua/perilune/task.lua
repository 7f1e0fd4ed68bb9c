--- Tasks: functions that run concurrently on the loop and may await.

local core = require "perilune.core.task"
local coroutines = require "perilune.coroutines"
local deferred = require "perilune.deferred"
local failure = require "perilune.failure"
local sys = require "perilune.core.sys"

local yield, WAIT = coroutines.yield, core.WAIT

local task = {}

local function run(d, fn, ...)
    local ok, value = xpcall(fn, failure.traced, ...)
    if ok then
        d:success(value)
        return
    end
    local is_unseen = d.listeners == nil and d.waiters == nil
    d:error(value)
    if is_unseen then
        -- the end of a task that was cancelled, or whose client has left, is no fault
        local is_usual = failure.is(value, "cancelled") or failure.is(value, "closed")
        sys.log(is_usual and "info" or "error", "task failed and nobody waits for it: " .. failure.describe(value))
    end
end

--- Starts `fn(...)` as a task of its own, a child of the running task.
-- It begins later in this turn. Cancelling the deferred, or the parent, raises the reason where the task waits.
-- @tparam function fn
-- @treturn deferred of the first value that `fn` returns
function task.spawn(fn, ...)
    if type(fn) ~= "function" then
        error("bad argument 'fn' to task.spawn (function expected, got " .. type(fn) .. ")", 2)
    end
    local d = deferred.deferred()
    local handle = core.spawn(run, d, fn, ...)
    d.on_cancel = function(reason)
        core.cancel(handle, reason)
    end
    return d
end

--- A deferred that succeeds (with true) after `seconds`.
-- @tparam number seconds fractions allowed, a resolution of 1 ms
-- @treturn deferred
function task.sleep(seconds)
    if type(seconds) ~= "number" or seconds ~= seconds or seconds < 0 or seconds > 1e9 then
        error("bad argument 'seconds' to task.sleep (a number from 0 to 1e9 expected)", 2)
    end
    return deferred._sleep(seconds)
end

--- Suspends the running task for `seconds` without making a deferred: what `ngx.sleep` uses.
-- @tparam number seconds
function task.nap(seconds)
    if not core.sleep(seconds) then
        error("sleep outside of a task", 2)
    end
    local err = yield(WAIT)
    if err ~= nil then
        error(err, 0)
    end
end

--- Lets the other tasks run first.
function task.yield()
    local current, number = core.begin_wait()
    if not current then
        error("yield outside of a task", 2)
    end
    core.wake(current, number)
    local err = yield(WAIT)
    if err ~= nil then
        error(err, 0)
    end
end

--- Registers `fn` to be called when the running task ends, however it ends; last registered first.
-- It must not await.
-- @tparam function fn
function task.defer(fn)
    if type(fn) ~= "function" then
        error("bad argument 'fn' to task.defer (function expected, got " .. type(fn) .. ")", 2)
    end
    local locals = core.locals(true)
    if not locals then
        error("defer outside of a task", 2)
    end
    locals[#locals + 1] = fn
end

--- Called by the scheduler at the end of a task that has registered cleanups.
function task._run_defers(locals)
    for i = #locals, 1, -1 do
        local ok, err = xpcall(locals[i], debug.traceback)
        if not ok then
            sys.log("error", "a function of task.defer failed: " .. tostring(err))
        end
    end
end

--- An opaque name of the running task, or nil.
task.current = core.current

return task
