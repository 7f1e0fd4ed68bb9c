--- Tables of fields and arguments: what comes once is a value, what comes again an array.

local type = type

--- Puts a value behind those that `out` has by that name.
-- @tparam table out
-- @tparam string name
-- @param value no table
return function(out, name, value)
    local before = out[name]
    if before == nil then
        out[name] = value
    elseif type(before) == "table" then
        before[#before + 1] = value
    else
        out[name] = { before, value }
    end
end
