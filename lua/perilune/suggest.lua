--- "Did you mean": the nearest of some names.

local ffi = require "ffi"

ffi.cdef [[ unsigned nearest_distance(const char *a, size_t a_n, const char *b, size_t b_n); ]]

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
-- @tparam[opt] number most changes within which a name is near; by default two, or a third of its letters, but fewer
-- than half of what was written
-- @treturn string
return function(name, names, most)
    local best, nearest = math.huge, nil
    name = tostring(name)
    for _, known in ipairs(names) do
        local near = most or math.max(2, #known / 3)
        local d = math.abs(#known - #name) <= near and ffi.C.nearest_distance(name, #name, known, #known) or math.huge
        if d <= near and (most or d < #name / 2) and (d < best or d == best and known < nearest) then
            best, nearest = d, known
        end
    end
    if nearest then
        return ("; did you mean '%s'?"):format(nearest)
    end
    return most and "" or longer(name, names)
end
