--- Option tables: checked against the options that are known, and put together.

local suggest = require "perilune.suggest"

local options = {}

--- No options at all.
options.NONE = {}

local TEXTS = { seconds = "number of seconds", bytes = "number of bytes", count = "whole number from 0" }

local function describe(what)
    if type(what) ~= "table" then
        return TEXTS[what] or what
    end
    local texts = {}
    for i, one in ipairs(what) do
        texts[i] = TEXTS[one] or one
    end
    return table.concat(texts, " or ")
end

local function is_kind(value, what)
    if type(what) == "table" then
        for _, one in ipairs(what) do
            if is_kind(value, one) then
                return true
            end
        end
        return false
    elseif what == "port" then
        return type(value) == "number" and value % 1 == 0 and value >= 0 and value <= 65535
    elseif what == "seconds" or what == "bytes" or what == "count" then
        return type(value) == "number" and value == value and value >= 0 and value <= 1e12
            and (what == "seconds" or value % 1 == 0)
    end
    return type(value) == what
end

local function unknown(name, known, where, level)
    local names = {}
    for k in pairs(known) do
        names[#names + 1] = k
    end
    error(("%s: unknown option '%s'%s"):format(where, tostring(name), suggest(name, names)), level)
end

--- Raises when `given` has an option that is not known or is of another kind.
-- Kinds: names of Lua types, "port", "seconds" and "bytes" and "count" (not negative), "any"; an array means any of
-- them.
-- @tparam table|nil given
-- @tparam table known name → kind
-- @tparam string where what the text begins with
-- @tparam number level whom the error is put down to, as of `error`; -1: nobody
-- @treturn table `given`, or an empty table
function options.check(given, known, where, level)
    level = level + 1
    if given == nil then
        return {}
    elseif type(given) ~= "table" then
        error(("%s: options must be a table, not a %s"):format(where, type(given)), level)
    end
    for name, value in pairs(given) do
        local what = known[name]
        if not what then
            unknown(name, known, where, level > 0 and level + 1 or 0)
        elseif what ~= "any" and what ~= type(value) and not is_kind(value, what) then
            error(("%s: option '%s' must be a %s, not %s"):format(where, name, describe(what),
                type(value) == "number" and tostring(value) or "a " .. type(value)), level)
        end
    end
    return given
end

--- Tables in one: of equal names the later one counts. Any of them may be nil.
-- @treturn table a new one
function options.together(...)
    local all = {}
    for i = 1, select("#", ...) do
        for name, value in pairs(select(i, ...) or {}) do
            all[name] = value
        end
    end
    return all
end

return options
