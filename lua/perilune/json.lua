--- JSON (RFC 8259). `json.null` stands for null; an empty Lua table encodes as `{}`, `json.empty_array` as `[]`.
--
-- Encoding is our own, in two ways: LuaJIT's serializer walks the value and bind/ffi_json.c makes JSON of what it
-- writes, all of it compiled with the code around; what one of the two does not take goes to bind/lib_json.c, which walks
-- by Lua's C interface and says what is wrong. Decoding is lua-cjson's.

local buffer = require "string.buffer"
local ffi = require "ffi"
local cjson = require("cjson.safe").new() -- its own settings: others may change those of the module
local core = require "perilune.core.json"

ffi.cdef [[
const char *ffi_json_rewrite(const char *p, uint32_t n, void *room, uint32_t *n_out);
]]

local C = ffi.C
local LARGE = 1048576
local serialize = buffer.new().encode
local serial, size = buffer.new(), ffi.new("uint32_t[1]")

cjson.decode_invalid_numbers(false)

local json = { null = cjson.null, empty_array = core.empty_array }

--- The text of a value by the short way; nil: it has to be encoded by the other.
local function rewrite(value)
    serial:reset()
    if not pcall(serialize, serial, value) then
        return nil
    end
    local p, n = serial:ref()
    local text = C.ffi_json_rewrite(p, n, core.room, size)
    if n > LARGE then
        serial:free()
    end
    return text ~= nil and ffi.string(text, size[0]) or nil
end

-- What the serializer writes is LuaJIT's own business.
local SAMPLE = { "a", true, false, json.null, 1, 0.5, {}, { key = { -1, ("x"):rep(9000) } } }
if rewrite(SAMPLE) ~= core.encode(SAMPLE) then
    rewrite = function() end
end

--- Encodes a value: a table whose keys are 1, 2, 3, … is an array, any other an object.
-- Strings that are not UTF-8 get U+FFFD for what is wrong in them; integers up to 2^53 are exact, other
-- numbers have 14 significant digits.
-- @treturn string
-- Raises when the value holds a function, a thread, NaN or infinity, is nested deeper than 1,000, or an array with
-- more than half of its places empty.
function json.encode(value)
    local s = rewrite(value)
    if s then
        return s
    end
    local text, err = core.encode(value)
    if not text then
        error("json.encode: " .. err, 2)
    end
    return text
end

--- Decodes a text. null becomes `json.null`.
-- Raises when it is not JSON.
function json.decode(s)
    local value, err = cjson.decode(s)
    if value == nil and err then
        error(err, 2)
    end
    return value
end

return json
