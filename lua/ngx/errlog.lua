--- The error log: its newest lines, its levels, lines written as they are.
--
-- Lines are kept when `lua_capture_error_log` says so, in each worker its own.

local ffi = require "ffi"
local native = require "ngx.api.native"

ffi.cdef [[
int ffi_errlog_set_filter(int level);
int ffi_errlog_take(struct ffi_str *out, int *level, double *seconds);
int ffi_errlog_write(int level, const char *text, size_t n);
]]

local C = native.C
local NOT_SET = 'directive "lua_capture_error_log" is not set'
local line, level_out, seconds_out = ffi.new("struct ffi_str"), ffi.new("int[1]"), ffi.new("double[1]")

local errlog = { version = "0.1" }

--- Keeps lines up to this level only.
-- @tparam number level ngx.ERR and its kin
-- @treturn ?boolean true
-- @treturn ?string error
function errlog.set_filter_level(level)
    if not level then
        return nil, 'missing "level" argument'
    end
    local rc = C.ffi_errlog_set_filter(level)
    if rc == 0 then
        return true
    end
    return nil, rc == -1 and NOT_SET or "bad log level: " .. level
end

--- Takes the oldest lines that are kept.
-- @tparam[opt=10] number most
-- @tparam[opt] table out to fill
-- @treturn ?table level, seconds since 1970, text; level, … of each line, up to the first nil
-- @treturn ?string error
function errlog.get_logs(most, out)
    local n = 0
    out = out or {}
    for _ = 1, most or 10 do
        local rc = C.ffi_errlog_take(line, level_out, seconds_out)
        if rc < 0 then
            return nil, NOT_SET
        elseif rc == 0 then
            break
        end
        out[n + 1], out[n + 2], out[n + 3] = level_out[0], seconds_out[0], ffi.string(line.p, line.n)
        n = n + 3
    end
    out[n + 1] = nil
    return out
end

--- The level of `error_log` where this runs.
-- @treturn number
function errlog.get_sys_filter_level()
    return C.ffi_errlog_system_level()
end

--- Writes a line without the place that ngx.log adds.
-- @tparam number level
-- @tparam string text
function errlog.raw_log(level, text)
    if type(level) ~= "number" then
        error("bad argument #1 to 'raw_log' (must be a number)", 2)
    elseif type(text) ~= "string" then
        error("bad argument #2 to 'raw_log' (must be a string)", 2)
    elseif C.ffi_errlog_write(level, text, #text) ~= 0 then
        error("bad log level", 2)
    end
end

return errlog
