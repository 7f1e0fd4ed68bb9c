--- ngx.thread: light threads, tasks that belong to the request of whoever spawned them.
--
-- The function of a thread runs in a coroutine of its own, which is the thread's name in Lua. A task resumes
-- it and hands its waits on, so that a thread can be killed by not resuming it any more.

local core = require "perilune.core.ngx"
local coroutines = require "perilune.coroutines"
local context = require "ngx.api.context"
local tasks = require "perilune.core.task"
local native = require "ngx.api.native"

local yield, resume = coroutines.yield, coroutines.resume
local status, states = coroutines.status, coroutines.states
local create, running = coroutine.create, coroutine.running
local WAIT, KILL = tasks.WAIT, core.KILL
local getinfo, getlocal, error = debug.getinfo, debug.getlocal, error
local undo, pending = context.undo, context.pending

local thread = {}

--- coroutine → record. A record must not name its own coroutine: it would keep its key, and with it itself, for ever.
local records = setmetatable({}, { __mode = "k" })

--- coroutine → the one that spawned it, whose stack may name it: held weakly for the same reason
local parents = setmetatable({}, { __mode = "kv" })

--- What `wait` gives for a failed thread: in OpenResty these are the values on the stack that the error has left, so of
-- error("text") first the text without the place, then all of it.
local function failure(co, message)
    local top = getinfo(co, 0, "f")
    if top and top.func == error then
        local _, given = getlocal(co, 0, 1)
        if type(given) == "string" and given ~= message then
            return given, message
        end
    end
    return message
end

local function keep(record, ok, ...)
    record.ok, record.n, record.results = ok, select("#", ...), { ... }
end

local function finish(record, co, ok, ...)
    if ok or record.is_killed then
        keep(record, ok, ...)
    else
        keep(record, ok, failure(co, ...))
    end
    record.is_over = true
    states[co] = not record.is_taken and "zombie" or nil
    if record.waiter then
        tasks.wake(record.waiter, record.wait)
    end
    if record.is_killed and undo[co] then
        undo[co]()
        undo[co] = nil
    end
    if not ok and not record.is_killed then
        local message = ...
        native.log_line(4, "lua user thread aborted: runtime error: "
            .. coroutines.traceback(co, type(message) == "string" and message or tostring(message)))
    end
end

local step

local function go_on(record, co, err)
    states[co] = nil
    if err == KILL or record.is_killed then
        record.is_killed = true
        return finish(record, co, false, "killed")
    end
    return step(record, co, resume(co, err))
end

step = function(record, co, ok, ...)
    if status(co) == "dead" then
        return finish(record, co, ok, ...)
    end
    states[co] = states[co] or "running"
    if ... == WAIT then
        return go_on(record, co, yield(WAIT))
    end
    return go_on(record, co, yield())
end

local function run(record, co, ...)
    return step(record, co, resume(co, ...))
end

--- Starts `fn(...)`; it runs at once until it waits, then come those that were ready before, then the caller.
-- @treturn thread
function thread.spawn(fn, ...)
    if type(fn) ~= "function" then
        error("bad argument #1 to 'spawn' (function expected, got " .. (fn == nil and "nil" or type(fn)) .. ")", 2)
    end
    context.check(context.waiting)
    local co = create(fn)
    local record = {}
    records[co], parents[co] = record, running()
    record.task = core.thread_spawn(run, record, co, ...)
    context.wait()
    return co
end

local function take(record, co)
    local results = record.results
    record.is_taken, states[co] = true, nil
    return record.ok, unpack(results, 1, record.n)
end

local function check_children(...)
    if select("#", ...) == 0 then
        error("at least one coroutine should be specified", 3)
    end
    for i = 1, select("#", ...) do
        local co = select(i, ...)
        if type(co) ~= "thread" then
            error("bad argument #" .. i .. " to 'wait' (lua thread expected)", 3)
        end
        local record = records[co]
        if not record then
            error("attempt to wait on a coroutine that is not a user thread", 3)
        end
        if parents[co] ~= running() then
            error("only the parent coroutine can wait on the thread", 3)
        end
    end
end

--- The first of them that is over or taken, or nil.
local function find_over(...)
    for i = 1, select("#", ...) do
        local record = records[select(i, ...)]
        if record.is_over or record.is_taken then
            return record, (select(i, ...))
        end
    end
end

--- Waits until one of the threads ends: true and what it returned, or false and its error.
function thread.wait(...)
    context.check(context.waiting)
    check_children(...)
    local record, co = find_over(...)
    while not record do
        local task, number = tasks.begin_wait()
        for i = 1, select("#", ...) do
            local r = records[select(i, ...)]
            r.waiter, r.wait = task, number
        end
        context.wait()
        record, co = find_over(...)
    end
    if record.is_taken then
        return nil, "already waited or killed"
    end
    return take(record, co)
end

--- Ends a thread.
-- @treturn ?number 1
-- @treturn ?string error
function thread.kill(co)
    context.check(context.waiting)
    if type(co) ~= "thread" then
        error("bad argument #1 to 'kill' (lua thread expected)", 2)
    end
    local record = records[co]
    if not record then
        return nil, "not user thread"
    elseif parents[co] ~= running() then
        return nil, "killer not parent"
    elseif record.is_taken then
        return nil, "already waited or killed"
    elseif record.is_over then
        return nil, "already terminated"
    end
    if pending[co] then
        return nil, "pending subrequests"
    end
    record.is_killed, record.is_taken = true, true
    core.thread_cancel(record.task)
    return 1
end

return thread
