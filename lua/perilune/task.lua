--- Tasks: functions that run concurrently on the loop and may await.
--
-- A task is a child of the one that started it, and is cancelled with it; `scope` waits for children, `detach` starts
-- one without a parent. Values set by `task.set` are inherited. The scheduler is C (bind/co.h); what a task's
-- deferred is: deferred/core.lua. Locks and scopes: task/{scope,semaphore}.lua.

local argument = require "perilune.argument"
local core = require "perilune.core.task"
local core_deferred = require "perilune.deferred.core"
local failure = require "perilune.failure"
local ffi = require "ffi"
local stage = require "perilune.deferred.stage"
require "perilune.deferred"
local sys = require "perilune.core.sys"
local timers = require "perilune.timers"
local wait = require("perilune.coroutines").wait

ffi.cdef [[
bool ffi_task_begin_yield(void);
bool ffi_task_has_locals(void);
]]

local C = ffi.C
local PENDING, SUCCESS, ERROR = core_deferred.PENDING, core_deferred.SUCCESS, core_deferred.ERROR
local STATE, WORK = 1, 3
local mt, settle, resolve = core_deferred.mt, core_deferred.settle, stage.resolve

local task = {}

--- Gives a task the values that it inherits. False: it was settled before it began, and never does.
local function begin(d, values)
    if d[STATE] ~= PENDING then
        return false
    elseif values then
        core.locals(true).values = values
    end
    return true
end

local function finish(d, fn, ok, value)
    if d[STATE] ~= PENDING then
        return
    elseif not ok then
        d[WORK] = { what = "a task", fn = fn } -- who is named when nobody looks at the error
        settle(d, ERROR, value)
    elseif getmetatable(value) == mt then
        d[WORK] = false
        resolve(d, value)
    else
        settle(d, SUCCESS, value)
    end
end

--- The bodies of tasks, by the number of arguments: with "..." a function is never compiled from its beginning.
local bodies = {
    [0] = function(d, values, fn)
        if begin(d, values) then
            finish(d, fn, xpcall(fn, failure.traced))
        end
    end,
    function(d, values, fn, a)
        if begin(d, values) then
            finish(d, fn, xpcall(fn, failure.traced, a))
        end
    end,
}

local function body_of_many(d, values, fn, ...)
    if begin(d, values) then
        finish(d, fn, xpcall(fn, failure.traced, ...))
    end
end

local function body_for(n)
    return bodies[n] or body_of_many
end

local function values_here()
    return C.ffi_task_has_locals() and core.locals().values or false
end

--- Starts `fn(...)` as a task of its own, a child of the running task.
-- It begins later in this turn. Cancelling the deferred, or the parent, raises the reason where the task waits; so
-- does the end of the interest of all who waited for the deferred.
-- @tparam function fn
-- @treturn deferred of the first value that `fn` returns; a deferred that it returns is waited for
function task.spawn(fn, ...)
    argument.check(fn, "function", "fn", "task.spawn")
    local d = core_deferred.new(false)
    d[WORK] = core.spawn(body_for(select("#", ...)), d, values_here(), fn, ...)
    return d
end

--- The same without a parent: it goes on when the running task is cancelled, or its client leaves.
-- @tparam function fn
-- @treturn deferred
function task.detach(fn, ...)
    argument.check(fn, "function", "fn", "task.detach")
    local d = core_deferred.new(false)
    d[WORK] = core.spawn_detached(body_for(select("#", ...)), d, values_here(), fn, ...)
    return d
end

local function check_seconds(seconds, what)
    if type(seconds) ~= "number" or not (seconds >= 0 and seconds <= 1e9) then
        argument.bad("seconds", "task." .. what, "a number from 0 to 1e9 expected", 3)
    end
end

--- A deferred that succeeds (with true) after `seconds`.
-- @tparam number seconds fractions allowed, a resolution of 1 ms
-- @treturn deferred
function task.sleep(seconds)
    check_seconds(seconds, "sleep")
    return core_deferred.sleep(seconds)
end

--- Suspends the running task for `seconds` without making a deferred: what `ngx.sleep` uses.
-- @tparam number seconds
function task.nap(seconds)
    check_seconds(seconds, "nap")
    if timers.mock() and core.current() then
        core_deferred.await(core_deferred.sleep(seconds))
        return
    elseif not core.sleep(seconds) then
        error("sleep outside of a task", 2)
    end
    wait()
end

--- Lets the other tasks run first.
function task.yield()
    if not C.ffi_task_begin_yield() then
        error("yield outside of a task", 2)
    end
    wait()
end

local function own_table(what)
    local locals = core.locals(true)
    if not locals then
        error("task." .. what .. " outside of a task", 3)
    end
    return locals
end

--- Registers `fn` to be called when the running task ends, however it ends; last registered first.
-- It must not await.
-- @tparam function fn
function task.defer(fn)
    argument.check(fn, "function", "fn", "task.defer")
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

--- Sets a value of the running task. The tasks that it starts from now on have it, too; those that set it anew change
-- their own only.
-- @param key
-- @param value
function task.set(key, value)
    if key == nil then
        argument.bad("key", "task.set", "a value expected")
    end
    local locals, values = own_table("set"), {}
    for k, v in pairs(locals.values or {}) do
        values[k] = v
    end
    values[key] = value
    locals.values = values
end

--- A value that this task, or one that it descends from, has set before starting it.
-- @param key
-- @return value, nil when there is none or no task runs
function task.get(key)
    local values = values_here()
    return values and values[key]
end

--- Names the running task, for the report of `PERILUNE_DEBUG`.
-- @tparam[opt] string name
-- @treturn ?string its name
function task.name(name)
    if name ~= nil then
        own_table("name").name = tostring(name)
    end
    local locals = core.locals()
    return locals and locals.name
end

--- Writes what still waits to the error log: called at the end of a script when PERILUNE_DEBUG is set.
function task._report_leaks()
    for _, t in ipairs(core.tasks()) do
        local name = t[2] and t[2].name
        sys.log("warn", debug.traceback(t[1], ("task %swas still waiting at the end"):format(
            name and "'" .. name .. "' " or "")))
    end
end

--- An opaque name of the running task, or nil.
task.current = core.current

--- A stream, by the name that it has among tasks.
-- @tparam[opt=0] number capacity
-- @treturn stream
function task.channel(capacity)
    return require("perilune.stream").stream(capacity)
end

local scopes, semaphores = require "perilune.task.scope", require "perilune.task.semaphore"

--- Runs `fn(scope)` as a task that ends after everything it has started by `scope:spawn(fn, …)`: the deferred is
-- settled when all of them have ended. The first that fails cancels the others and is the outcome; cancelling the
-- scope cancels all.
-- @tparam function fn
-- @treturn deferred of the first value that fn returns
function task.scope(fn)
    argument.check(fn, "function", "fn", "task.scope")
    return scopes.run(task, fn)
end

--- A semaphore of `n` permits.
-- @tparam number n
-- @treturn semaphore
function task.semaphore(n)
    if type(n) ~= "number" or n % 1 ~= 0 or n < 1 then
        argument.bad("n", "task.semaphore", "a whole number of at least 1 expected")
    end
    return semaphores.new(n)
end

--- A semaphore of one permit.
-- @treturn semaphore
function task.mutex()
    return semaphores.new(1)
end

return task
