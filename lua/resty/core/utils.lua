--- `resty.core.utils`.

local ffi = require "ffi"
local base = require "resty.core.base"

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
    local room, from, to = base.get_string_buf(#s), find:byte(), replace:byte()
    ffi.copy(room, s, #s)
    for i = 0, #s - 1 do
        if room[i] == from then
            room[i] = to
        end
    end
    return ffi.string(room, #s)
end

return utils
