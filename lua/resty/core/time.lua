--- `resty.core.time`: a clock that never steps.

local ffi = require "ffi"

local floor, tonumber = math.floor, tonumber

ffi.cdef [[
    struct perilune_instant { long seconds, nanoseconds; };
    int clock_gettime(int clock, struct perilune_instant *now);
]]

local MONOTONIC = 1
local C, now = ffi.C, ffi.new("struct perilune_instant")

local time = { version = require("resty.core.base").version }

--- Milliseconds of a clock that never steps.
function time.monotonic_msec()
    C.clock_gettime(MONOTONIC, now)
    return tonumber(now.seconds) * 1000 + floor(tonumber(now.nanoseconds) / 1000000)
end

--- Seconds of it.
function time.monotonic_time()
    C.clock_gettime(MONOTONIC, now)
    return tonumber(now.seconds) + tonumber(now.nanoseconds) / 1000000000
end

return time
