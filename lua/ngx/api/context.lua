--- In which contexts functions may be called, and how those that wait do so.

local core = require "perilune.core.ngx"
local coroutines = require "perilune.coroutines"
local native = require "ngx.api.native"
local task = require "perilune.core.task"

local C, running = native.C, coroutine.running
local yield, WAIT, KILL = coroutines.yield, task.WAIT, core.KILL

local context = {}

--- Phase names by enum lua_context, as ngx.get_phase tells them.
context.phases = {
    [1] = "init",
    [2] = "init_worker",
    [3] = "set",
    [4] = "rewrite",
    [5] = "access",
    [6] = "content",
    [7] = "header_filter",
    [8] = "body_filter",
    [9] = "log",
    [10] = "timer",
    [11] = "exit_worker",
    [12] = "content",
    [13] = "server_rewrite",
    [14] = "ssl_client_hello",
    [15] = "ssl_cert",
    [16] = "preread",
    [17] = "content",
    [18] = "precontent",
    [19] = "balancer",
    [20] = "ssl_session_fetch",
    [21] = "ssl_session_store",
}

local names = {}
for i, phase in pairs(context.phases) do
    names[i] = i == 10 and "ngx.timer" or phase .. "_by_lua*"
end
names[15] = "ssl_certificate_by_lua*"

--- Sets of phases: `set[number]` is true when the phase is in it.
context.waiting = { [4] = true, [5] = true, [6] = true, [10] = true, [12] = true, [13] = true,
    [14] = true, [15] = true, [16] = true, [17] = true, [18] = true, [20] = true, [21] = true }
context.answering = { [4] = true, [5] = true, [6] = true, [12] = true, [13] = true, [18] = true }
--- Those of sessions of `stream`.
context.session = { [16] = true, [17] = true }
context.writing = { [4] = true, [5] = true, [6] = true, [12] = true, [13] = true, [16] = true, [17] = true,
    [18] = true }
context.request = {
    [3] = true, [4] = true, [5] = true, [6] = true, [7] = true, [8] = true, [9] = true, [12] = true,
    [13] = true, [18] = true, [19] = true,
}

--- Raises "API disabled in the context of …" at `level` when the running phase is not in `set`.
function context.check(set, level)
    local now = C.ffi_ngx_context()
    if set[now] then
        return
    end
    level = (level or 2) + 1
    if now <= 1 then
        error("no request found", level)
    end
    error("API disabled in the context of " .. names[now], level)
end

--- The same for what works on the request: where there is none, the context is not named.
function context.check_request(set, level)
    local now = C.ffi_ngx_context()
    if not context.request[now] then
        native.no_request((level or 2) + 1)
    end
    return context.check(set, level)
end

--- coroutine → whether it waits for subrequests: then it cannot be killed
context.pending = setmetatable({}, { __mode = "k" })

--- coroutine → what undoes its wait when it is killed
context.undo = setmetatable({}, { __mode = "k" })
local undo = context.undo

--- Waits; `clean_up` runs when the thread is killed meanwhile.
local function wait_undoably(clean_up)
    local co = running()
    undo[co] = clean_up
    local err = yield(WAIT)
    undo[co] = nil
    if err == KILL then
        clean_up()
    end
    return err
end

--- Waits for whatever wait has been numbered. Ends the task here when it was killed; raises when it was cancelled.
-- @tparam[opt] function clean_up called when it is killed
function context.wait(clean_up)
    local err
    if clean_up then
        err = wait_undoably(clean_up)
    else
        err = yield(WAIT)
    end
    if err == nil then
        return
    end
    if err == KILL then
        context.leave()
    end
    error(err, 0)
end

--- Ends the running task.
function context.leave()
    core.leave()
    yield(WAIT)
end

return context
