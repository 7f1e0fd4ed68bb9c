--- What waits or ends the handler: sleep, flush, exit, exec, redirect.

local core = require "perilune.core.ngx"
local arguments = require "ngx.api.arguments"
local context = require "ngx.api.context"
local native = require "ngx.api.native"
local tasks = require "perilune.core.task"

local DEBUG = 8

local control = { exit = core.exit, redirect = core.redirect, eof = core.eof, send_headers = core.send_headers }

--- Waits for `n` seconds, telling so on the debug level.
local function sleep_logged(n)
    local var = ngx.var
    local ok, uri = pcall(function()
        return var.uri .. "?" .. (var.args or "")
    end)
    native.log_line(DEBUG, "lua ready to sleep for " .. math.floor(n * 1000) .. " ms")
    tasks.sleep(n)
    context.wait()
    native.log_line(DEBUG, 'lua sleep timer expired: "' .. (ok and uri or "?") .. '"')
end

--- Suspends the running light thread for `seconds` (0: lets the others run).
function control.sleep(seconds, ...)
    if select("#", ...) > 0 then
        error("attempt to pass " .. 1 + select("#", ...) .. " arguments, but accepted 1", 2)
    end
    local n = tonumber(seconds)
    if not n then
        error("bad argument #1 to 'sleep' (number expected, got "
            .. (seconds == nil and "no value" or type(seconds)) .. ")", 2)
    end
    if n < 0 then
        error('invalid sleep duration "' .. n * 1000 .. '"', 2)
    end
    context.check(context.waiting)
    if core.is_logged(DEBUG) then
        return sleep_logged(n)
    end
    tasks.sleep(n)
    context.wait()
end

--- Sends what has been written; with `wait`, returns once the kernel has it.
-- @treturn ?number 1
-- @treturn ?string error
function control.flush(...)
    context.check(context.writing)
    if context.session[native.C.ffi_ngx_context()] then
        return require("ngx.api.session").flush()
    end
    local ok, err = core.flush(...)
    if ok == false then
        context.wait()
        return core.after_flush()
    elseif err then
        return ok, err
    end
    return ok
end

--- Internal redirect to a path or a "@name"; `args`: more query, a string or a table.
function control.exec(uri, args)
    if type(args) == "table" then
        args = arguments.encode_args(args)
    end
    return core.exec(uri, args)
end

--- Name of the running phase.
function control.get_phase()
    local name = context.phases[native.C.ffi_ngx_context()]
    if not name then
        error("no request found", 2)
    end
    return name
end

--- The running phase as a number, one bit for each; nil where no request, session or timer runs.
function control.get_raw_phase()
    return context.bits[control.get_phase()]
end

control._phase_ctx = control.get_raw_phase

return control
