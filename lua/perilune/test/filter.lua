--- Section filters: turn the text of a section into the value that its check uses.
--
-- A value is a string, an array (plain Lua table), a regex object, or a table with `value` and
-- `delay_before` (one piece of a request). To add a filter, add a function to `FILTERS`: it gets
-- the value and the context and returns the new value, or nil and a message.
-- @module perilune.test.filter

local perl = require "perilune.test.perl"
local regex = require "perilune.test.regex"

local M = {}

-- Applies a text function to a string or to each string of an array.
local function each(fn)
    return function(value)
        if type(value) == "table" then
            for i, item in ipairs(value) do
                value[i] = fn(item)
            end
            return value
        end
        return fn(value)
    end
end

local FILTERS = {}

FILTERS.chomp = each(function(text)
    return (text:gsub("\n$", ""))
end)

FILTERS.chop = each(function(text)
    return text:sub(1, -2)
end)

FILTERS.unchomp = each(function(text)
    return text .. "\n"
end)

FILTERS.trim = each(function(text)
    return (text:gsub("^%s*\n", ""):gsub("\n%s*$", "\n"))
end)

FILTERS.norm = each(function(text)
    return (text:gsub("\r\n", "\n"):gsub("\r", "\n"))
end)

FILTERS.uc = each(string.upper)
FILTERS.lc = each(string.lower)

FILTERS.escape = each(function(text)
    return perl.eval('"' .. text:gsub('"', '\\"'):gsub("[$@]", "\\%0") .. '"', {})
end)

FILTERS.quotemeta = each(function(text)
    return (text:gsub("[^%w_]", "\\%0"))
end)

function FILTERS.lines(value)
    local out = {}
    for line in tostring(value):gmatch("[^\n]*\n?") do
        if line ~= "" then
            out[#out + 1] = line
        end
    end
    return out
end

function FILTERS.array(value)
    if type(value) == "table" and not regex.is_regex(value) then
        return value
    end
    return { value }
end

function FILTERS.qr(value)
    return regex.new(value, "")
end

function FILTERS.eval(value, context)
    local out, err = perl.eval(value, context.vars, context.functions)
    if out == nil then
        return nil, "eval: " .. err
    end
    return type(out) == "number" and tostring(out) or out
end

--- The `lua` filter: a chunk or an expression; `re(pattern, flags)` makes a pattern.
function FILTERS.lua(value, context)
    local chunk, err = loadstring("return " .. value, "=section")
    if not chunk then
        chunk, err = loadstring(value, "=section")
    end
    if not chunk then
        return nil, "lua: " .. err
    end
    setfenv(chunk, setmetatable({
        re = function(pattern, flags)
            return assert(regex.new(pattern, flags))
        end,
        vars = context.vars,
    }, { __index = _G }))
    local ok, out = pcall(chunk)
    if not ok then
        return nil, "lua: " .. tostring(out)
    elseif out == nil then
        return nil, "lua: the chunk returned nothing"
    end
    return type(out) == "number" and tostring(out) or out
end

-- Filters that the parser has seen to already.
FILTERS["-norm"] = each(tostring)
FILTERS["-trim"] = each(tostring)

--- Runs the filters of one section.
-- @tparam table section as the parser made it
-- @tparam table context vars and functions for `eval`
-- @return the value, or nil and a message
function M.value(section, context)
    local value = section.text
    for _, name in ipairs(section.filters) do
        local fn = FILTERS[name]
        if not fn then
            return nil, ("section '%s': filter '%s' is not known"):format(section.name, name)
        end
        local err
        value, err = fn(value, context)
        if value == nil then
            return nil, ("section '%s': %s"):format(section.name, tostring(err))
        end
    end
    return value
end

--- Runs the filters of all sections of a block.
-- @treturn ?table values by section name, nil on failure
-- @treturn ?string message
function M.values(block, context)
    local out = {}
    for _, name in ipairs(block.order) do
        local value, err = M.value(block.sections[name], context)
        if value == nil then
            return nil, err
        end
        out[name] = value
    end
    return out
end

return M
