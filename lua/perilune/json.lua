--- JSON, by lua-cjson. `json.null` stands for null; an empty Lua table encodes as `{}`, `json.empty_array` as `[]`.
--
-- A lua-cjson that does not know empty arrays refuses the value that stands for them here. Only then is the whole value
-- encoded again with a marker in its place, so that values without empty arrays cost nothing.

local cjson = require "cjson.safe"
local sys = require "perilune.core.sys"

local json = {
    null = cjson.null,
    empty_array = cjson.empty_array or setmetatable({ function() end }, { __name = "empty_array" }),
}

--- A copy of `value` with `marker` for each empty array.
local function marked(value, marker, depth)
    if value == json.empty_array then
        return marker
    elseif type(value) ~= "table" or depth > 1000 then
        return value
    end
    local copy = {}
    for k, v in pairs(value) do
        copy[k] = marked(v, marker, depth + 1)
    end
    return copy
end

local function encode_marked(value, refusal)
    if cjson.empty_array then
        return nil, refusal
    end
    local marker = sys.random_bytes(16):gsub(".", function(c)
        return ("%02x"):format(c:byte())
    end)
    local s, err = cjson.encode(marked(value, marker, 0))
    if s then
        return (s:gsub('"' .. marker .. '"', "[]"))
    end
    return nil, err
end

--- Encodes a value.
-- @treturn string
-- Raises when the value has a type JSON does not know.
function json.encode(value)
    local s, err = cjson.encode(value)
    if not s then
        s, err = encode_marked(value, err)
    end
    if not s then
        error(err, 2)
    end
    return s
end

--- Decodes a text.
-- Raises when it is not JSON.
function json.decode(s)
    local value, err = cjson.decode(s)
    if value == nil and err then
        error(err, 2)
    end
    return value
end

return json
