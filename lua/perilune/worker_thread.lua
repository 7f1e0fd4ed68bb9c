--- Lua functions in threads, for what would block the loop: long computations, files, C libraries that wait.
--
-- Each runs in a Lua machine of its own; arguments and results are copied.

local argument = require "perilune.argument"
local core = require "perilune.core.worker_thread"
local deferred = require "perilune.deferred"
local failure = require "perilune.failure"
local task = require "perilune.task"
local wait = require("perilune.coroutines").wait

local worker_thread = {}
local Pool = {}
local mt = { __index = Pool, __name = "worker_thread.pool" }

--- Deferreds of those who wait for a machine, in their order.
local waiting = { first = 1, last = 0 }

core.on_free(function()
    while waiting.first <= waiting.last do
        local d = waiting[waiting.first]
        waiting[waiting.first] = nil
        waiting.first = waiting.first + 1
        if d:success(true) then
            return
        end
    end
end)

local function wait_for_machine()
    local d = deferred.deferred(function() end)
    waiting.last = waiting.last + 1
    waiting[waiting.last] = d
    d:await()
end

local function result_of(ok, first)
    if not ok then
        error(failure.new("error", first), 0)
    end
    return first
end

local function run(pool, module, name, ...)
    local job, code, text = core.start(pool, module, name, ...)
    while not job and code == "busy" do
        wait_for_machine()
        job, code, text = core.start(pool, module, name, ...)
    end
    if not job then
        error(failure.new(code, code == "not_found" and ("there is no thread_pool '%s'"):format(pool) or text), 0)
    end
    local ok, first = core.take(job)
    while ok == core.WAIT do
        wait()
        ok, first = core.take(job)
    end
    return result_of(ok, first)
end

--- The pool that `thread_pool` has declared under that name.
-- @tparam string name "default" is always there
-- @treturn pool with `run`
function worker_thread.pool(name)
    argument.check(name, "string", "name", "worker_thread.pool")
    return setmetatable({ name = name }, mt)
end

--- As worker_thread.run, in a thread of this pool.
function Pool:run(module, name, ...)
    argument.check(module, "string", "module", "worker_thread.run")
    argument.check(name, "string", "name", "worker_thread.run")
    return task.spawn(run, self.name, module, name, ...)
end

--- Runs function `name` of module `module` in a thread. Giving up does not end the function; a call that waits for a
-- thread then never begins.
-- @tparam string module is loaded in the thread's machine, and stays there
-- @tparam string name
-- @param ... arguments, copied: nil, booleans, numbers, strings and tables of these
-- @treturn deferred of its first result; fails with `error` (its error, as text), `unsupported` (an argument or result
-- that cannot be copied), `not_found` (no such pool), `no_resources`
function worker_thread.run(module, name, ...)
    argument.check(module, "string", "module", "worker_thread.run")
    argument.check(name, "string", "name", "worker_thread.run")
    return task.spawn(run, "default", module, name, ...)
end

return worker_thread
