--- JSON, by lua-cjson. `json.null` stands for null; an empty Lua table encodes as `{}`, `json.empty_array` as `[]`.

local cjson = require "cjson.safe"

local json = { null = cjson.null, empty_array = cjson.empty_array }

--- Encodes a value.
-- @treturn string
-- Raises when the value has a type JSON does not know.
function json.encode(value)
    local s, err = cjson.encode(value)
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
