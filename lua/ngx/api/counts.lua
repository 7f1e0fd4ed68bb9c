--- nginx's variables `ngx_stat_*` for libraries that declare and read them by FFI: whoever declares one wants the sums
-- kept, so `ffi.cdef` is watched for their names.

local ffi = require "ffi"

ffi.cdef "void ffi_nginx_stat_follow(void);"

local declare = ffi.cdef

function ffi.cdef(text, ...)
    if type(text) == "string" and text:find("ngx_stat_", 1, true) then
        ffi.C.ffi_nginx_stat_follow()
    end
    return declare(text, ...)
end

return true
