--- Perl-compatible regular expressions by PCRE2, bound with FFI.
--
-- `_like` sections of the test format are Perl patterns. Patterns are compiled once and kept.
-- The library is looked for in the program first, then as a shared library.
-- @module perilune.test.regex

local ffi = require "ffi"
local bit = require "bit"

ffi.cdef [[
void *pcre2_compile_8(const char *pattern, size_t length, uint32_t options, int *code,
                      size_t *offset, void *context);
void *pcre2_match_data_create_from_pattern_8(void *code, void *context);
int pcre2_match_8(void *code, const char *subject, size_t length, size_t start,
                  uint32_t options, void *data, void *context);
size_t *pcre2_get_ovector_pointer_8(void *data);
void pcre2_code_free_8(void *code);
void pcre2_match_data_free_8(void *data);
int pcre2_get_error_message_8(int code, char *buf, size_t size);
]]

local FLAGS = { i = 0x00000008, m = 0x00000400, s = 0x00000020, x = 0x00000080 }

local lib

local function library()
    if lib then
        return lib
    end
    local found = pcall(function()
        return ffi.C.pcre2_compile_8
    end)
    if found then
        lib = ffi.C
        return lib
    end
    for _, name in ipairs { "pcre2-8", "libpcre2-8.so.0" } do
        local ok, loaded = pcall(ffi.load, name)
        if ok then
            lib = loaded
            return lib
        end
    end
    error("libpcre2-8 is needed for patterns and was not found")
end

local methods = {}
local Regex = { __name = "perilune.test.regex", __index = methods }

function Regex:__tostring()
    return "(?^" .. self.flags .. ":" .. self.pattern .. ")"
end

local M = {}

local function message(code)
    local buf = ffi.new("char[256]")
    library().pcre2_get_error_message_8(code, buf, 256)
    return ffi.string(buf)
end

local function compile(pattern, flags)
    local options = 0
    for flag in flags:gmatch(".") do
        options = bit.bor(options, FLAGS[flag] or 0)
    end
    local code, offset = ffi.new("int[1]"), ffi.new("size_t[1]")
    local re = library().pcre2_compile_8(pattern, #pattern, options, code, offset, nil)
    if re == nil then
        return nil, ("bad pattern /%s/ at byte %d: %s"):format(pattern, tonumber(offset[0]),
            message(code[0]))
    end
    return ffi.gc(re, library().pcre2_code_free_8)
end

local cache = {}

--- Compiles a pattern.
-- @tparam string pattern
-- @tparam ?string flags any of `imsx`; others (`o`, `g`, `u`) have no effect here
-- @return an object with `find`, or nil and a message
function M.new(pattern, flags)
    flags = flags or ""
    local key = flags .. "/" .. pattern
    if cache[key] then
        return cache[key]
    end
    local re, err = compile(pattern, flags)
    if not re then
        return nil, err
    end
    local data = ffi.gc(library().pcre2_match_data_create_from_pattern_8(re, nil), library().pcre2_match_data_free_8)
    cache[key] = setmetatable({ pattern = pattern, flags = flags, re = re, data = data }, Regex)
    return cache[key]
end

--- Finds the first match.
-- @tparam string subject
-- @treturn ?number first byte of the match (1-based), nil when there is none
-- @treturn ?number last byte
function methods:find(subject)
    local rc = library().pcre2_match_8(self.re, subject, #subject, 0, 0, self.data, nil)
    if rc < 0 then
        return nil
    end
    local at = library().pcre2_get_ovector_pointer_8(self.data)
    return tonumber(at[0]) + 1, tonumber(at[1])
end

function M.is_regex(value)
    return getmetatable(value) == Regex
end

return M
