--- Pieces of a body as bytes.

local piece = {}

--- What is no string or number in an array that should be of those, a hole too: behind it texts would be lost.
local function first_other(list)
    local n, most = 0, 0
    for key, each in pairs(list) do
        if type(key) == "number" then
            n, most = n + 1, math.max(key, most)
            if type(each) ~= "string" and type(each) ~= "number" then
                return key, type(each)
            end
        end
    end
    for i = 1, n ~= most and most or 0 do
        if list[i] == nil then
            return i, "nil"
        end
    end
end

--- An array of strings and numbers in one string. An empty table is none.
-- @tparam table list
-- @treturn string nil and why not, for a table that is something else: its text would be lost
function piece.joined(list)
    local key = next(list)
    if key ~= nil and list[1] == nil then
        return nil, ("a table with the key '%s', not an array of strings"):format(tostring(key))
    end
    local i, kind = first_other(list)
    if i then
        return nil, ("an array with a %s at index %s, not one of strings"):format(kind, i)
    end
    return table.concat(list)
end

--- A piece: a string as it is, a number as text, an array of strings joined.
-- @treturn string; raises for anything else
function piece.to_bytes(value)
    local kind = type(value)
    if kind == "string" then
        return value
    elseif kind == "number" then
        return tostring(value)
    elseif kind ~= "table" or getmetatable(value) then
        error("a piece of a body must be a string, not a " .. kind, 0)
    end
    local text, why = piece.joined(value)
    return text or error("a piece of a body is " .. why, 0)
end

return piece
