--- In which contexts functions may be called, and how those that wait do so.

local core = require "perilune.core.ngx"
local coroutines = require "perilune.coroutines"
local native = require "ngx.api.native"
local task = require "perilune.core.task"

local C, running = native.C, coroutine.running
local yield, WAIT, KILL = coroutines.yield, task.WAIT, core.KILL
local ipairs, pairs, type, assert, error = ipairs, pairs, type, assert, error

local context = {}

--- The phases, in the order of enum lua_context (src/app/lua/lua_visit.h), whose numbers C tells.
local order = {
    "init", "init_worker", "set", "rewrite", "access", "content", "header_filter", "body_filter", "log", "timer",
    "exit_worker", "handler", "server_rewrite", "ssl_client_hello", "ssl_certificate", "preread", "session",
    "precontent", "balancer", "ssl_session_fetch", "ssl_session_store", "proxy_ssl_certificate",
    "proxy_ssl_verify",
}

--- What ngx.get_phase and messages call those of another name: a native handler and a session of `stream` do what
--- content_by_lua does.
local told = { handler = "content", session = "content", ssl_certificate = "ssl_cert",
    proxy_ssl_certificate = "proxy_ssl_cert" }
local called = { timer = "ngx.timer", handler = "content_by_lua*", session = "content_by_lua*" }

--- Names by number: as ngx.get_phase tells them, and as messages do.
context.phases, context.numbers = {}, {}
local names = {}
for number, phase in ipairs(order) do
    context.numbers[phase] = number
    context.phases[number] = told[phase] or phase
    names[number] = called[phase] or phase .. "_by_lua*"
end

--- Bits by what ngx.get_phase tells, as OpenResty's own library knows them; `preread` is that of `stream`.
context.bits = {
    set = 0x1, rewrite = 0x2, access = 0x4, content = 0x8, log = 0x10, header_filter = 0x20, body_filter = 0x40,
    timer = 0x80, init_worker = 0x100, balancer = 0x200, ssl_cert = 0x400, ssl_session_store = 0x800,
    ssl_session_fetch = 0x1000, exit_worker = 0x2000, ssl_client_hello = 0x4000, server_rewrite = 0x8000,
    proxy_ssl_verify = 0x10000, precontent = 0x20000, proxy_ssl_cert = 0x40000, preread = 0x20,
}

--- A set of phases, given by name or as sets: `set[number]` is true when the phase is in it.
function context.set(...)
    local set = {}
    for _, member in ipairs { ... } do
        if type(member) == "table" then
            for number in pairs(member) do
                set[number] = true
            end
        else
            set[assert(context.numbers[member], member)] = true
        end
    end
    return set
end

local set_of = context.set
--- Those that answer a request and may wait.
context.answering = set_of("server_rewrite", "rewrite", "access", "precontent", "content", "handler")
--- Those of the handshake with a server that a request is passed on to.
context.proxy_handshake = set_of("proxy_ssl_certificate", "proxy_ssl_verify")
--- Those of a request.
context.request = set_of(context.answering, context.proxy_handshake, "set", "header_filter", "body_filter", "log",
    "balancer")
--- Those of sessions of `stream`.
context.session = set_of("preread", "session")
--- Those that may write to the client.
context.writing = set_of(context.answering, context.session)
--- Those of a handshake.
context.handshake = set_of("ssl_client_hello", "ssl_certificate", "ssl_session_fetch", "ssl_session_store",
    context.proxy_handshake)
--- Those that may wait.
context.waiting = set_of(context.writing, context.handshake, "timer")

--- Why what is possible in the phases of `set` is refused in the running one, or nil.
function context.refusal(set)
    local now = C.ffi_ngx_context()
    if set[now] then
        return nil
    end
    return now <= 1 and "no request found" or "API disabled in the context of " .. names[now]
end

--- Raises that at `level`.
function context.check(set, level)
    local refusal = context.refusal(set)
    if refusal then
        error(refusal, (level or 2) + 1)
    end
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
