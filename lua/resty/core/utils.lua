--- `resty.core.utils`.

local ffi = require "ffi"
local base = require "resty.core.base"
local native = require "ngx.api.native"

local utils = { version = base.version }

--- `s` with each byte that is the first of `find` replaced by that of `replace`; `s` itself when `find` is not in it.
-- @tparam string s
-- @tparam string find one byte
-- @tparam string replace one byte
-- @treturn string
function utils.str_replace_char(s, find, replace)
    if not s:find(find, 1, true) then
        return s
    end
    local room = base.get_string_buf(#s)
    native.C.ffi_codec_replace(s, #s, find:byte(), replace:byte(), room)
    return ffi.string(room, #s)
end

return utils
