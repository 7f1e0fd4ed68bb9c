--- ngx.var, ngx.ctx, ngx.arg and the fields of `ngx` that are the request's: status, headers_sent, is_subrequest.

local ffi = require "ffi"
local context = require "ngx.api.context"
local core = require "perilune.core.ngx"
local native = require "ngx.api.native"
local subrequest = require "perilune.core.subrequest"

local C, to_string = native.C, ffi.string
local type, tostring = type, tostring
local registry = debug.getregistry()
local out, number = ffi.new("struct ffi_str"), ffi.new("double[1]")

local STATUS, HEADERS_SENT, CTX_REF = 0, 1, 6

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

setmetatable(variables.arg, {
    __index = function(_, key)
        return core.get_arg(key)
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
    native.number(STATUS)
    return subrequest.is_running()
end

--- The table of a handshake is that of its connection.
local function handshake_ctx()
    local ref = C.ffi_ngx_handshake_ctx()
    if ref < 0 then
        local ctx = {}
        core.set_ctx(ctx)
        return ctx
    end
    return registry[ref]
end

--- The table of a request; `fresh`, or a new one, becomes it when there is none yet. It shows what the handshake of its
-- connection has left in its own, which it cannot change.
function variables.ctx(fresh)
    local rc = C.ffi_ngx_number(CTX_REF, number)
    if rc == 0 and number[0] >= 0 then
        return registry[number[0]]
    elseif rc ~= 0 and context.handshake[C.ffi_ngx_context()] then
        return handshake_ctx()
    elseif rc ~= 0 then
        native.no_request(4)
    end
    local inherited = C.ffi_ngx_handshake_ctx()
    local ctx = fresh or {}
    if inherited >= 0 then
        setmetatable(ctx, { __index = registry[inherited] })
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
    if not context.handshake[C.ffi_ngx_context()] then
        native.number(CTX_REF, 4)
    end
    core.set_ctx(value)
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
