--- A piece of a body as bytes: a string as it is, a number as text, an array of strings joined.
-- @param piece
-- @treturn string; raises for anything else
return function(piece)
    local kind = type(piece)
    if kind == "string" then
        return piece
    elseif kind == "number" then
        return tostring(piece)
    elseif kind == "table" and not getmetatable(piece) then
        return table.concat(piece)
    end
    error("a piece of a body must be a string, not a " .. kind, 0)
end
