--- ngx.timer: functions that run later, outside of any request.

local core = require "perilune.core.ngx"
local context = require "ngx.api.context"
local native = require "ngx.api.native"
local tasks = require "perilune.core.task"

local C = native.C

local timer = {}
local pending, n_pending = {}, 0

local function traced(e)
    return debug.traceback(tostring(e), 2)
end

local function run(fn, premature, args)
    local ok, err = xpcall(fn, traced, premature, unpack(args, 1, args.n))
    if not ok then
        native.log_line(4, "lua entry thread aborted: runtime error: " .. err)
    end
end

--- Those that run because the process ends are all run, however many they are.
local function start(entry, premature)
    if not premature and C.ffi_ngx_running_timers() >= C.ffi_ngx_most_running_timers() then
        local info = debug.getinfo(entry.fn, "S")
        native.log_line(2, "lua failed to run timer with function defined at " .. info.source .. ":" .. info.linedefined
            .. (entry.is_of_stream and ": stream lua: " or ": ") .. C.ffi_ngx_most_running_timers()
            .. " lua_max_running_timers are not enough")
        return
    end
    core.spawn_timer(entry.subject, entry.is_of_stream, run, entry.fn, premature, entry.args)
end

local function tell_expired(entry)
    native.log_line(8, (entry.is_of_stream and "stream " or "") .. "lua ngx.timer expired")
end

--- When the process ends nobody waits for timers any more: what is due at once is run at once.
local function add(entry)
    if C.ffi_ngx_is_exiting() ~= 0 then
        tell_expired(entry)
        return start(entry, false)
    end
    entry.timer = tasks.timer(entry.delay, function()
        pending[entry], n_pending = nil, n_pending - 1
        tell_expired(entry)
        if entry.is_repeated and C.ffi_ngx_is_exiting() == 0 then
            add(entry)
        end
        start(entry, false)
    end)
    pending[entry], n_pending = true, n_pending + 1
end

local function check(name, n, delay, fn)
    if n < 2 then
        error("expecting at least 2 arguments but got " .. n, 3)
    end
    if type(delay) ~= "number" then
        error("bad argument #1 to '" .. name .. "' (number expected, got " .. type(delay) .. ")", 3)
    end
    if name == "every" and delay == 0 then
        error("delay cannot be zero", 3)
    end
    local info = type(fn) == "function" and debug.getinfo(fn, "S")
    if not info or info.what == "C" then
        error("bad argument #2 to '" .. name .. "' (Lua function expected)", 3)
    end
    local now = C.ffi_ngx_context()
    if now == context.numbers.init then
        error("no request", 3)
    elseif now == context.numbers.exit_worker then
        error("API disabled in the context of exit_worker_by_lua*", 3)
    end
end

local function create(delay, is_repeated, fn, n, ...)
    if C.ffi_ngx_is_exiting() ~= 0 and delay > 0 then
        return nil, "process exiting"
    end
    if n_pending >= C.ffi_ngx_most_pending_timers() then
        return nil, "too many pending timers"
    end
    add {
        delay = delay > 0 and delay or 0,
        is_repeated = is_repeated,
        fn = fn,
        args = { n = n, ... },
        subject = core.timer_subject(),
        is_of_stream = C.ffi_ngx_is_session() ~= 0,
    }
    return 1
end

--- Calls `fn(premature, ...)` once after `delay` seconds.
-- @treturn ?number 1
-- @treturn ?string error
function timer.at(delay, fn, ...)
    check("at", select("#", delay, fn, ...), delay, fn)
    return create(delay, false, fn, select("#", ...), ...)
end

--- Calls `fn(premature, ...)` every `delay` seconds.
function timer.every(delay, fn, ...)
    check("every", select("#", delay, fn, ...), delay, fn)
    return create(delay, true, fn, select("#", ...), ...)
end

--- Timers that wait.
function timer.pending_count()
    return n_pending
end

--- Timers whose function runs.
function timer.running_count()
    return C.ffi_ngx_running_timers()
end

--- The process is ending: every pending function runs at once, with premature = true.
local function drain()
    local all = pending
    if next(all) then
        native.log_line(8, "lua abort pending timers")
        native.log_line(8, "lua found " .. n_pending .. " pending timers")
    end
    pending, n_pending = {}, 0
    for entry in pairs(all) do
        entry.timer:stop()
        tell_expired(entry)
        start(entry, true)
    end
end

return { api = timer, drain = drain }
