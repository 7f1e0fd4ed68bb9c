--- Patterns of routes: `/users/:id/files/*path` taken apart, and put together again with values.
--
-- A pattern begins with `/`. What stands between two slashes is a static segment, or `:name`, which takes one segment
-- that is not empty, or, as the last one, `*name`, which takes what is left, slashes included. `:` and `*` elsewhere
-- in a segment are refused, so that nobody expects more of them than they do.

local url = require "perilune.http.url"

local pattern = {}

local NAME = "^[%a_][%w_]*$"

local function refuse(text, why)
    error(("bad pattern '%s': %s"):format(text, why), 0)
end

local function read_segment(text, segment, is_last)
    local sign, name = segment:match("^([:*])(.*)$")
    if not sign then
        if segment:find("[:*]") then
            refuse(text, "':' and '*' stand at the beginning of a segment only")
        end
        return { static = segment }
    elseif not name:find(NAME) then
        refuse(text, ("'%s' is not a name"):format(name))
    elseif sign == "*" and not is_last then
        refuse(text, "'*' stands in the last segment only")
    end
    return { name = name, is_rest = sign == "*" }
end

--- Takes a pattern apart.
-- @tparam string text
-- @treturn table array of `{static=}` or `{name=, is_rest=}`; raises a text when it is malformed
function pattern.parse(text)
    if text:sub(1, 1) ~= "/" then
        refuse(text, "it must begin with '/'")
    end
    local parts, seen, at = {}, {}, 2
    repeat
        local slash = text:find("/", at, true)
        local part = read_segment(text, text:sub(at, (slash or 0) - 1), not slash)
        if part.name then
            if seen[part.name] then
                refuse(text, ("'%s' stands twice in it"):format(part.name))
            end
            seen[part.name] = true
        end
        parts[#parts + 1] = part
        at = slash and slash + 1
    until not slash
    return parts
end

local tables = {}

--- The function that makes a table of values by name out of an array: a constructor that has the names in it costs half
-- of what adding them to an empty table does. One for all patterns of the same names.
-- @tparam table names array
-- @treturn function function(values) → table
function pattern.table_of(names)
    local fields = {}
    for i, name in ipairs(names) do
        fields[i] = ("[%q] = values[%d]"):format(name, i)
    end
    local text = "local values = ... return { " .. table.concat(fields, ", ") .. " }"
    tables[text] = tables[text] or assert(loadstring(text, "=params"))
    return tables[text]
end

local function join(prefix, text)
    if prefix == "" then
        return text
    end
    return prefix .. (text == "/" and "" or text)
end

--- A pattern below a prefix; `/` there is the prefix itself.
-- @tparam string prefix "", or a pattern without a slash at its end
-- @tparam string text
-- @treturn string
pattern.join = join

--- Does a value satisfy a constraint: a Lua pattern that the whole of it must match, or a function?
-- @tparam string|function|nil constraint
-- @tparam string value
-- @treturn boolean
function pattern.allows(constraint, value)
    if constraint == nil then
        return true
    elseif type(constraint) == "function" then
        return constraint(value) and true or false
    end
    local first, last = value:find(constraint)
    return first == 1 and last == #value
end

local function fill(route, part, values)
    local value = values[part.name]
    if value == nil then
        error(("url_for: route '%s' needs '%s'"):format(route.name, part.name), 0)
    end
    value = tostring(value)
    if not pattern.allows(route.where[part.name], value) or (value == "" and not part.is_rest) then
        error(("url_for: '%s' cannot be '%s' of route '%s'"):format(value, part.name, route.name), 0)
    end
    if not part.is_rest then
        return url.escape(value)
    end
    return (url.escape(value):gsub("%%2F", "/"))
end

--- The path of a route with values in the places of its names; raises a text when one is missing or not allowed.
-- @tparam table route `name parts where`
-- @tparam table values
-- @treturn string path, escaped
function pattern.fill(route, values)
    local out = {}
    for i, part in ipairs(route.parts) do
        out[i] = part.static and url.escape(part.static) or fill(route, part, values)
    end
    return "/" .. table.concat(out, "/")
end

return pattern
