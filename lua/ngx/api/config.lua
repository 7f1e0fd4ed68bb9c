--- ngx.config: facts about the server. Needs no request, and is the same in any thread.

local ffi = require "ffi"
local native = require "ngx.api.native"

local PREFIX = 3

local out = ffi.new("struct ffi_str")
native.C.ffi_ngx_text(PREFIX, out)
local prefix = out.p ~= nil and ffi.string(out.p, out.n) or ""

return {
    debug = false,
    nginx_version = 1031002,
    ngx_lua_version = 10030,
    --- The directory that relative paths are below.
    prefix = function()
        return prefix
    end,
    --- What nginx would be configured with to offer as much.
    nginx_configure = function()
        return " " .. ffi.string(native.C.ffi_ngx_configure())
    end,
}
