--- ngx.var, ngx.ctx, ngx.arg and the fields of `ngx` that are the request's: status, headers_sent, is_subrequest.

local ffi = require "ffi"
local context = require "ngx.api.context"
local core = require "perilune.core.ngx"
local native = require "ngx.api.native"

local C, to_string = native.C, ffi.string
local type, tostring = type, tostring
local tables = core.ctx_tables()
local numbers = context.numbers
local out = ffi.new("struct ffi_str")

local STATUS, HEADERS_SENT, CTX_REF, IS_SUBREQUEST = 0, 1, 6, 7

--- Libraries carry a request's table by its number over a change of location.
debug.getregistry().ngx_lua_ctx_tables = tables
ffi.cdef [[
int ngx_http_lua_ffi_get_ctx_ref(ngx_http_request_t *r, int *in_ssl_phase, int *ssl_ctx_ref);
int ngx_stream_lua_ffi_get_ctx_ref(ngx_stream_lua_request_t *r, int *in_ssl_phase, int *ssl_ctx_ref);
]]

local variables = { var = {}, arg = {}, getters = {}, setters = {} }

setmetatable(variables.var, {
    __index = function(_, key)
        local rc
        if type(key) == "number" then
            rc = C.ffi_ngx_var_capture(key, out)
        elseif type(key) == "string" then
            rc = C.ffi_ngx_var_get(key, #key, out)
        else
            error("bad variable name", 2)
        end
        if rc == 0 then
            return to_string(out.p, out.n)
        elseif rc == native.NO_REQUEST then
            native.no_request(2)
        end
        return nil
    end,
    __newindex = function(_, key, value)
        if type(key) ~= "string" then
            error("bad variable name", 2)
        end
        if value ~= nil and type(value) ~= "string" then
            value = tostring(value)
        end
        local rc = C.ffi_ngx_var_set(key, #key, value, value and #value or 0)
        if rc == native.NO_REQUEST then
            native.no_request(2)
        elseif rc == native.READ_ONLY then
            error('variable "' .. key .. '" not changeable', 2)
        elseif rc == native.NONE then
            error('variable "' .. key .. '" not found for writing; maybe it is a built-in variable that is not '
                .. 'changeable or you forgot to use "set $' .. key .. " '';\" in the config file to define it first", 2)
        end
    end,
})

local with_arguments = context.set("set", "body_filter")

setmetatable(variables.arg, {
    __index = function(_, key)
        context.check(with_arguments)
        if key == 2 and C.ffi_ngx_context() == numbers.body_filter then
            return C.ffi_ngx_is_last_piece() ~= 0
        elseif C.ffi_ngx_arg(tonumber(key) or 0, out) == 0 then
            return to_string(out.p, out.n)
        end
        return nil
    end,
    __newindex = function(_, key, value)
        core.set_arg(key, value)
    end,
})

function variables.getters.status()
    return (native.number(STATUS))
end

function variables.setters.status(value)
    local status = tonumber(value)
    if type(value) ~= "number" and not status then
        error("bad argument #3 to '__newindex' (number expected, got " .. type(value) .. ")", 3)
    end
    if C.ffi_ngx_set_status(status) == native.NO_REQUEST then
        native.no_request(3)
    end
end

function variables.getters.headers_sent()
    return native.number(HEADERS_SENT) ~= 0
end

function variables.getters.is_subrequest()
    return native.number(IS_SUBREQUEST) ~= 0
end

--- The table of a handshake is that of its connection.
local function handshake_ctx(value)
    local inherited = C.ffi_ngx_handshake_ctx()
    if value or inherited < 0 then
        value = value or {}
        core.set_ctx(value)
        return value
    end
    return tables[inherited]
end

local ref = ffi.new("double[1]")

--- ngx.ctx of init_worker_by_lua, of exit_worker_by_lua.
local plain = {}

--- The table where there is no request; `value` takes its place. Raises where there is none.
local function ctx_without_request(value)
    local now = C.ffi_ngx_context()
    if now == numbers.timer then
        return core.timer_ctx(value)
    elseif context.handshake[now] then
        return handshake_ctx(value)
    elseif now ~= numbers.init_worker and now ~= numbers.exit_worker then
        native.no_request(3)
    end
    plain[now] = value or plain[now] or {}
    return plain[now]
end

--- The table of a request; `fresh`, or a new one, becomes it when there is none yet. It shows what the handshake of its
-- connection has left in its own, which it cannot change.
function variables.ctx(fresh)
    if C.ffi_ngx_number(CTX_REF, ref) ~= 0 then
        return ctx_without_request()
    elseif ref[0] >= 0 then
        return tables[ref[0]]
    end
    local inherited = C.ffi_ngx_handshake_ctx()
    local ctx = fresh or {}
    if inherited >= 0 then
        setmetatable(ctx, { __index = tables[inherited] })
    end
    core.set_ctx(ctx)
    return ctx
end

function variables.getters.ctx()
    return variables.ctx()
end

function variables.setters.ctx(value)
    if type(value) ~= "table" then
        error("ctx should be a table while getting a " .. type(value), 3)
    end
    if C.ffi_ngx_number(CTX_REF, ref) ~= 0 then
        ctx_without_request(value)
    elseif ref[0] >= 0 then
        tables[ref[0]] = value
    else
        core.set_ctx(value)
    end
end

--- Makes `ngx` answer for them.
function variables.attach(ngx)
    local getters, setters = variables.getters, variables.setters
    setmetatable(ngx, {
        __index = function(_, key)
            local get = getters[key]
            if get then
                return get()
            end
            return nil
        end,
        __newindex = function(self, key, value)
            local set = setters[key]
            if set then
                set(value)
            elseif getters[key] then
                error("attempt to write to ngx." .. key, 2)
            else
                rawset(self, key, value)
            end
        end,
    })
end

return variables
