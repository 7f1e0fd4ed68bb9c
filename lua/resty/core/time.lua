--- `resty.core.time`: a clock that never steps.

local sys = require "perilune.core.sys"

local time = { version = require("resty.core.base").version }

--- Milliseconds of a clock that never steps.
function time.monotonic_msec()
    return math.floor(sys.monotonic() * 1000)
end

--- Seconds of it.
function time.monotonic_time()
    return sys.monotonic()
end

return time
