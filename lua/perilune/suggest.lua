--- "Did you mean": the nearest of some names.

local function distance(a, b)
    local row = {}
    for j = 0, #b do
        row[j] = j
    end
    for i = 1, #a do
        local diagonal = row[0]
        row[0] = i
        for j = 1, #b do
            local above = row[j]
            local cost = a:byte(i) == b:byte(j) and 0 or 1
            row[j] = math.min(row[j] + 1, row[j - 1] + 1, diagonal + cost)
            diagonal = above
        end
    end
    return row[#b]
end

--- A text such as `; did you mean 'port'?`, empty when nothing is near.
-- @tparam string name
-- @tparam table names array of known names
-- @treturn string
return function(name, names)
    local best, nearest = math.huge, nil
    for _, known in ipairs(names) do
        local d = distance(tostring(name), known)
        if d < best or d == best and nearest and known < nearest then
            best, nearest = d, known
        end
    end
    return nearest and best <= math.max(2, #nearest / 3) and ("; did you mean '%s'?"):format(nearest) or ""
end
