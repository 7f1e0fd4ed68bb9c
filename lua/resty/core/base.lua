--- What libraries use of `resty.core.base`: rooms for C functions, tables of a size, constants.

local ffi = require "ffi"
local native = require "ngx.api.native"
local init = require("ngx.api.context").numbers.init

local base = {
    version = require("resty.core").version,
    new_tab = require "table.new",
    clear_tab = require "table.clear",
    FFI_OK = 0,
    FFI_ERROR = -1,
    FFI_AGAIN = -2,
    FFI_BUSY = -3,
    FFI_DONE = -4,
    FFI_DECLINED = -5,
    FFI_ABORT = -6,
    FFI_NO_REQ_CTX = -100,
    FFI_BAD_CONTEXT = -101,
}

local REQUEST = ffi.cast("ngx_http_request_t *", 1)
--- Where a table that hands out references keeps the first free one.
local FREE_REF = 0

local room_size, room = 4096, nil
local size, message

--- Room for `n` bytes; shared by all callers unless it is large or `is_own`.
function base.get_string_buf(n, is_own)
    if is_own or n > room_size then
        return ffi.new("unsigned char[?]", n)
    end
    room = room or ffi.new("unsigned char[?]", room_size)
    return room
end

--- Bytes of the shared room.
function base.get_string_buf_size()
    return room_size
end

--- Sets the size of the shared room.
function base.set_string_buf_size(n)
    if n > 0 then
        room, room_size = nil, math.ceil(n)
    end
end

--- A `size_t *`, shared.
function base.get_size_ptr()
    size = size or ffi.new("size_t[1]")
    return size
end

--- A `char **`, shared.
function base.get_errmsg_ptr()
    message = message or ffi.new("char *[1]")
    return message
end

--- Keeps `key` in `refs` and tells under which number; -1 for nil.
function base.ref_in_table(refs, key)
    if key == nil then
        return -1
    end
    local ref = refs[FREE_REF]
    if ref and ref ~= 0 then
        refs[FREE_REF] = refs[ref]
    else
        ref = #refs + 1
    end
    refs[ref] = key
    return ref
end

--- Raises unless "http" is among the arguments.
function base.allows_subsystem(...)
    for i = 1, select("#", ...) do
        if select(i, ...) == ngx.config.subsystem then
            return
        end
    end
    error("unsupported subsystem: " .. ngx.config.subsystem, 2)
end

--- What stands for the running request, session, handshake or timer: whatever has an ngx.ctx of its own; nil outside of
-- them and in init_by_lua. C functions take it and know the request without it; there is nothing behind it.
function base.get_request()
    local context = native.C.ffi_ngx_context()
    return context ~= 0 and context ~= init and REQUEST or nil
end

return base
