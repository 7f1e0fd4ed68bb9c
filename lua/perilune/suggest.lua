--- "Did you mean": the nearest of some names.

--- Longer names are near to none: they are data, and dear to compare.
local LONGEST = 64

--- Insertions, deletions, replacements and swaps of neighbours that turn one name into the other.
local function distance(a, b)
    local higher, above = {}, {}
    for j = 0, #b do
        above[j] = j
    end
    for i = 1, #a do
        local row = { [0] = i }
        for j = 1, #b do
            local cost = a:byte(i) == b:byte(j) and 0 or 1
            row[j] = math.min(above[j] + 1, row[j - 1] + 1, above[j - 1] + cost)
            if i > 1 and j > 1 and a:byte(i) == b:byte(j - 1) and a:byte(i - 1) == b:byte(j) then
                row[j] = math.min(row[j], higher[j - 2] + 1)
            end
        end
        higher, above = above, row
    end
    return above[#b]
end

--- Names that hold the wanted one, such as `read_timeout` for `timeout`, as a list for people.
local function longer(name, names)
    local found = {}
    for _, known in ipairs(names) do
        if #name >= 4 and known:find(name, 1, true) then
            found[#found + 1] = "'" .. known .. "'"
        end
    end
    table.sort(found)
    return found[1] and #found <= 5 and "; there is " .. table.concat(found, ", ") or ""
end

--- A text such as `; did you mean 'port'?`, empty when nothing is near.
-- @tparam string name
-- @tparam table names array of known names
-- @tparam[opt] number most changes within which a name is near; by default two, or a third of its letters
-- @treturn string
return function(name, names, most)
    local best, nearest = math.huge, nil
    name = tostring(name)
    for _, known in ipairs(#name <= LONGEST and names or {}) do
        local near = most or math.max(2, #known / 3)
        local d = #known <= LONGEST and math.abs(#known - #name) <= near and distance(name, known) or math.huge
        if d <= near and (d < best or d == best and known < nearest) then
            best, nearest = d, known
        end
    end
    if nearest then
        return ("; did you mean '%s'?"):format(nearest)
    end
    return most and "" or longer(name, names)
end
