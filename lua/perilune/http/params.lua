--- Parameters as text: query strings and forms, with nested tables and arrays.
--
-- `{ a = 1, b = { 2, 3 }, c = { d = 4 } }` is `a=1&b=2&b=3&c[d]=4`. Arrays are written in one of three styles:
-- `default` (`b=2&b=3`), `array` (`b[]=2&b[]=3`), `indexed` (`b[0]=2&b[1]=3`). Names come in byte order, so that the
-- text is the same each time.

local url = require "perilune.http.url"

local params = {}

local styles = {
    default = function(name)
        return name
    end,
    array = function(name)
        return name .. "[]"
    end,
    indexed = function(name, i)
        return ("%s[%d]"):format(name, i - 1)
    end,
}

--- The styles by name.
params.styles = styles

local function is_before(a, b)
    return tostring(a) < tostring(b)
end

local function sorted_keys(t)
    local keys = {}
    for k in pairs(t) do
        keys[#keys + 1] = k
    end
    table.sort(keys, is_before)
    return keys
end

--- Deeper than anybody means it, far from where the stack ends: a table that holds itself.
local DEEPEST = 100

local add

local function add_table(out, name, value, style, depth)
    if depth > DEEPEST then
        error("parameters are nested deeper than " .. DEEPEST, 0)
    end
    if #value > 0 or next(value) == nil then
        for i, v in ipairs(value) do
            add(out, style(name, i), v, style, depth + 1)
        end
        return
    end
    for _, k in ipairs(sorted_keys(value)) do
        add(out, ("%s[%s]"):format(name, tostring(k)), value[k], style, depth + 1)
    end
end

function add(out, name, value, style, depth)
    if type(value) == "table" then
        add_table(out, name, value, style, depth)
    else
        out[#out + 1] = url.escape_form(name) .. "=" .. url.escape_form(value)
    end
end

--- Encodes parameters. Raises a text for what are none.
-- @tparam table t name → value, or an array of {name, value}, which keeps its order
-- @tparam[opt="default"] string style of arrays
-- @treturn string
function params.encode(t, style)
    local out = {}
    style = styles[style or "default"] or error("unknown style of parameters '" .. tostring(style) .. "'", 2)
    if #t > 0 then
        for _, pair in ipairs(t) do
            if type(pair) ~= "table" or pair[1] == nil or pair[2] == nil then
                error("an array of parameters holds { name, value }", 0)
            end
            add(out, tostring(pair[1]), pair[2], style, 1)
        end
    else
        for _, name in ipairs(sorted_keys(t)) do
            add(out, tostring(name), t[name], style, 1)
        end
    end
    return table.concat(out, "&")
end

return params
