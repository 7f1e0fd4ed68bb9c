--- ngx.config: facts about the server. Needs no request, and is the same in any thread.

local ffi = require "ffi"
local native = require "ngx.api.native"

local PREFIX, CONFIGURE = 3, 4

--- A text of the server itself.
local function text(which)
    local out = ffi.new("struct ffi_str")
    native.C.ffi_ngx_text(which, out)
    return out.p ~= nil and ffi.string(out.p, out.n) or ""
end

--- The same for all that runs in this process: threads read it while they start.
local prefix = text(PREFIX)

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
        return " " .. text(CONFIGURE)
    end,
}
