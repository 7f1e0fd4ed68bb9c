--- Clocks and dates.

local ffi = require "ffi"
local native = require "ngx.api.native"

local C, to_string = native.C, ffi.string
local room = ffi.new("char[32]")

local time = {}

--- Seconds since 1970 with milliseconds, as of this turn.
function time.now()
    return C.ffi_ngx_now()
end

--- Whole seconds since 1970.
function time.time()
    return math.floor(C.ffi_ngx_now())
end

--- Reads the clocks anew.
function time.update_time()
    C.ffi_ngx_update_time()
end

local function date(is_utc, n)
    C.ffi_ngx_date(is_utc, room)
    return to_string(room, n)
end

--- "yyyy-mm-dd", local time.
function time.today()
    return date(0, 10)
end

--- "yyyy-mm-dd hh:mm:ss", local time.
function time.localtime()
    return date(0, 19)
end

--- "yyyy-mm-dd hh:mm:ss", UTC.
function time.utctime()
    return date(1, 19)
end

local function check(seconds)
    if type(seconds) ~= "number" then
        error("number argument only", 3)
    end
    return seconds
end

--- An HTTP date of seconds since 1970.
function time.http_time(seconds)
    return to_string(room, C.ffi_ngx_http_time(check(seconds), 0, room))
end

--- A date for the `expires` of a cookie.
function time.cookie_time(seconds)
    return to_string(room, C.ffi_ngx_http_time(check(seconds), 1, room))
end

--- Seconds of an HTTP date; nil when it is none.
function time.parse_http_time(s)
    if type(s) ~= "string" then
        error("string argument only", 2)
    end
    local seconds = C.ffi_ngx_parse_http_time(s, #s)
    if seconds < 0 then
        return nil
    end
    return seconds
end

return time
