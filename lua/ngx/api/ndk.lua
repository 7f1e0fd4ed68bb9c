--- The metatable of `ndk.set_var`: what the set_… directives of nginx's set-misc module do, as functions from a text to
-- a text.

local ffi = require "ffi"
local native = require "ngx.api.native"

ffi.cdef [[
int ffi_set_misc_is_there(const char *name, size_t n);
int ffi_set_misc_make(const char *name, size_t n, const char *text, size_t text_n, struct ffi_str *out);
]]

local C = native.C
local type, tostring = type, tostring
local made = ffi.new("struct ffi_str")

--- directive → its function
local functions = {}

local function get(_, name)
    name = tostring(name)
    if functions[name] then
        return functions[name]
    elseif C.ffi_set_misc_is_there(name, #name) == 0 then
        error('ndk.set_var: directive "' .. name .. '" not found or does not use ndk_set_var_value', 2)
    end
    functions[name] = function(text)
        text = type(text) == "string" and text or tostring(text)
        if C.ffi_set_misc_make(name, #name, text, #text, made) ~= 0 then
            error("calling directive " .. name .. " failed with code -1", 2)
        end
        return ffi.string(made.p, made.n)
    end
    return functions[name]
end

local function refuse()
    error("not allowed", 2)
end

return { __index = get, __newindex = refuse }
