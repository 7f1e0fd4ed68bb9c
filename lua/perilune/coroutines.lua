--- Makes the standard `coroutine` functions aware of waiting.
--
-- A task that waits yields a token that only the scheduler understands. When the wait happens inside a coroutine
-- made by the user, that token passes through `resume` and `wrap` up to the task and the answer passes down again, so
-- that a generator which awaits inside never confuses whoever resumes it.

local core = require "perilune.core.task"

local WAIT = core.WAIT
local raw_resume, raw_yield, raw_create = coroutine.resume, coroutine.yield, coroutine.create
local raw_status, running = coroutine.status, coroutine.running

--- coroutine → what coroutine.status tells of it instead of "suspended" while a wait passes through it
local states = setmetatable({}, { __mode = "k" })

-- Each coroutine that resumes another takes from the C stack, which LuaJIT does not guard: beyond it the process ends.
local MOST_NESTED = 10000
local nested = 0

local function enter()
    if nested >= MOST_NESTED then
        return false
    end
    nested = nested + 1
    return true
end

local pass

--- Hands results of `co`, which was entered, to its resumer, unless it waits: then waits in its place and resumes it
-- with the outcome.
local function relay(co, ...)
    nested = nested - 1
    local ok, first = ...
    if ok and first == WAIT and raw_status(co) == "suspended" then
        return pass(co)
    end
    return ...
end

local function go_on(co, self, ...)
    states[co], states[self] = nil, nil
    nested = nested + 1
    return relay(co, raw_resume(co, ...))
end

pass = function(co)
    local self = running()
    states[co], states[self] = states[co] or "running", "normal"
    return go_on(co, self, raw_yield(WAIT))
end

--- As the standard function; a coroutine that awaits is "running", who resumed it "normal".
function coroutine.status(co) -- luacheck: ignore 122
    if type(co) ~= "thread" then
        error("bad argument #1 to 'status' (coroutine expected)", 2)
    end
    return states[co] or raw_status(co)
end

--- As the standard function; an await inside `co` suspends the whole task.
function coroutine.resume(co, ...) -- luacheck: ignore 122
    if type(co) ~= "thread" then
        error("bad argument #1 to 'resume' (coroutine expected)", 2)
    end
    local status = states[co] or raw_status(co)
    if status ~= "suspended" then
        return false, "cannot resume " .. status .. " coroutine"
    elseif not enter() then
        return false, "C stack overflow"
    end
    return relay(co, raw_resume(co, ...))
end

--- The first argument is the coroutine, for failed_inside.
local function unwrap(_, ok, ...)
    if ok then
        return ...
    end
    error((...), running() and 0 or 2)
end

--- An await inside suspends the whole task. In a task an error keeps its text: the standard function, which this is
-- elsewhere, puts the place where it was called in front.
function coroutine.wrap(f) -- luacheck: ignore 122
    if type(f) ~= "function" then
        error(("bad argument #1 to 'wrap' (function expected, got %s)"):format(type(f)), 2)
    end
    local co = raw_create(f)
    return function(...)
        if not enter() then
            error("C stack overflow", 2)
        end
        return unwrap(co, relay(co, raw_resume(co, ...)))
    end
end

--- The coroutine that `co`, which has failed, had resumed through `wrap`, when the error came from there: the call of
-- unwrap is still to be seen in it.
local function failed_inside(co)
    local info = debug.getinfo(co, 1, "f")
    if info and info.func == unwrap then
        return select(2, debug.getlocal(co, 1, 1))
    end
end

--- The traceback of a coroutine that has failed: of each that the error came through, the innermost first.
-- @tparam string message the text of the error
local function traceback(co, message)
    local chain, lines = {}, { message, "stack traceback:" }
    while co do
        table.insert(chain, 1, co)
        co = failed_inside(co)
    end
    for i, each in ipairs(chain) do
        local text = debug.traceback(each, ""):gsub("^\nstack traceback:", "")
        lines[#lines + 1] = ("coroutine %d:%s"):format(i - 1, text)
    end
    return table.concat(lines, "\n")
end

--- Suspends the running task until what has been begun wakes it; raises when the task was cancelled.
local function wait()
    local err = raw_yield(WAIT)
    if err ~= nil then
        error(err, 0)
    end
end

return {
    wait = wait, yield = raw_yield, resume = raw_resume, status = raw_status, states = states, traceback = traceback,
}
