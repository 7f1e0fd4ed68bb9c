--- JSON (RFC 8259). `json.null` stands for null; an empty Lua table encodes as `{}`, `json.empty_array` as `[]`.
--
-- Encoding is our own (bind/lib_json.c); decoding is lua-cjson's.

local cjson = require("cjson.safe").new() -- its own settings: others may change those of the module
local core = require "perilune.core.json"

cjson.decode_invalid_numbers(false)

local json = { null = cjson.null, empty_array = core.empty_array }

--- Encodes a value: a table whose keys are 1, 2, 3, … is an array, any other an object.
-- Strings that are not UTF-8 get U+FFFD for what is wrong in them; integers up to 2^53 are exact, other
-- numbers have 14 significant digits.
-- @treturn string
-- Raises when the value holds a function, a thread, NaN or infinity, is nested deeper than 1,000, or an array with
-- more than half of its places empty.
function json.encode(value)
    local s, err = core.encode(value)
    if not s then
        error("json.encode: " .. err, 2)
    end
    return s
end

--- Decodes a text. null becomes `json.null`.
-- Raises when it is not JSON.
function json.decode(s)
    if type(s) ~= "string" and type(s) ~= "number" then
        local is_stream = type(s) == "table" and s.take ~= nil
        error(("bad argument 's' to json.decode (a string expected, got %s)"):format(is_stream
            and "a stream; a body has text() and json()" or "a " .. type(s)), 2)
    end
    local value, err = cjson.decode(s)
    if value == nil and err then
        error(err, 2)
    end
    return value
end

return json
