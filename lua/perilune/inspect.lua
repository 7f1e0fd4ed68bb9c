--- Lua values as text for people: what the interactive interpreter prints.
-- @module perilune.inspect

local M = {}

local MOST_ITEMS, MOST_DEPTH, WIDTH = 200, 6, 76

local RESERVED = {}
for word in ([[and break do else elseif end false for function goto if in local nil not or repeat
    return then true until while]]):gmatch("%a+") do
    RESERVED[word] = true
end

local ESCAPES = {
    ["\n"] = "\\n", ["\r"] = "\\r", ["\t"] = "\\t", ['"'] = '\\"', ["\\"] = "\\\\",
}

local function quote(s)
    return '"' .. s:gsub('[%c"\\\127]', function(c)
        return ESCAPES[c] or ("\\%03d"):format(c:byte())
    end) .. '"'
end

local ORDER = { number = 1, string = 2, boolean = 3 }

local function before(a, b)
    local ta, tb = type(a), type(b)
    if ta ~= tb then
        return (ORDER[ta] or 9) < (ORDER[tb] or 9)
    end
    if ta == "number" or ta == "string" then
        return a < b
    end
    return tostring(a) < tostring(b)
end

local render

local function render_key(key, state)
    if type(key) == "string" and key:match("^[%a_][%w_]*$") and not RESERVED[key] then
        return key
    end
    return "[" .. render(key, state) .. "]"
end

-- The texts of the items of a table: the array part first, then the other keys in order.
local function items_of(t, state)
    local out, length, keys = {}, #t, {}
    for i = 1, math.min(length, MOST_ITEMS) do
        out[i] = render(t[i], state)
    end
    for key in next, t do
        if not (type(key) == "number" and key >= 1 and key <= length and key % 1 == 0) then
            keys[#keys + 1] = key
        end
    end
    table.sort(keys, before)
    for _, key in ipairs(keys) do
        if #out >= MOST_ITEMS then
            out[#out + 1] = "…"
            break
        end
        out[#out + 1] = render_key(key, state) .. " = " .. render(rawget(t, key), state)
    end
    if length > MOST_ITEMS then
        out[#out + 1] = "…"
    end
    return out
end

local function join(items, depth)
    local width = 0
    for _, item in ipairs(items) do
        width = width + #item + 2
        if item:find("\n", 1, true) then
            width = WIDTH + 1
        end
    end
    if width <= WIDTH - 2 * depth then
        return "{ " .. table.concat(items, ", ") .. " }"
    end
    local indent = ("  "):rep(depth)
    return "{\n" .. indent .. "  " .. table.concat(items, ",\n" .. indent .. "  ") .. "\n"
        .. indent .. "}"
end

local function render_table(t, state)
    local mt = debug.getmetatable(t)
    if type(mt) == "table" and rawget(mt, "__tostring") then
        local ok, text = pcall(tostring, t)
        return ok and text or "<table whose __tostring fails>"
    end
    if state.open[t] then
        return "<cycle>"
    end
    if next(t) == nil then
        return "{}"
    end
    if state.depth >= MOST_DEPTH then
        return "{…}"
    end
    local depth = state.depth
    state.open[t], state.depth = true, depth + 1
    local items = items_of(t, state)
    state.open[t], state.depth = nil, depth
    local name = type(mt) == "table" and rawget(mt, "__name")
    return (name and "<" .. tostring(name) .. "> " or "") .. join(items, depth)
end

render = function(value, state)
    if type(value) == "string" then
        return quote(value)
    elseif type(value) == "table" then
        return render_table(value, state)
    end
    local ok, text = pcall(tostring, value)
    return ok and text or "<" .. type(value) .. ">"
end

--- The text of a value. Tables show their items, keys in order, several lines when they are long; cycles, deep
-- nesting and long lists are cut. A `__tostring` is used where there is one.
-- @param value anything
-- @treturn string
function M.inspect(value)
    return render(value, { open = {}, depth = 0 })
end

return M
