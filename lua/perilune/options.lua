--- Option tables: checked against the options that are known, and put together.

local suggest = require "perilune.suggest"

local options = {}

--- No options at all.
options.NONE = {}

local function number_check(least, most, is_whole)
    return function(value)
        return type(value) == "number" and value >= least and value <= most and (not is_whole or value % 1 == 0)
    end
end

--- Kinds beside Lua's types: what they are, for messages, and whether a value is one.
local KINDS = {
    port = { text = "port", is = number_check(0, 65535, true) },
    seconds = { text = "number of seconds", is = number_check(0, 1e12) },
    bytes = { text = "number of bytes", is = number_check(0, 1e12, true) },
    count = { text = "whole number from 0", is = number_check(0, 1e12, true) },
    small = { text = "whole number from 0 to 2147483647", is = number_check(0, 2147483647, true) },
    some_seconds = { text = "number of seconds above 0", is = number_check(5e-324, 1e12) },
    some = { text = "whole number from 1", is = number_check(1, 1e12, true) },
    ["false"] = { text = "false", is = function(value)
        return value == false
    end },
}

--- The kind of whole numbers in a range.
-- @tparam number least
-- @tparam number most
function options.whole(least, most)
    return { text = ("whole number from %d to %d"):format(least, most), is = number_check(least, most, true) }
end

local function describe(what)
    if type(what) ~= "table" then
        return KINDS[what] and KINDS[what].text or what
    elseif what.each then
        return "list"
    elseif what.text then
        return what.text
    end
    local texts = {}
    for i, one in ipairs(what) do
        texts[i] = describe(one)
    end
    return table.concat(texts, " or ")
end

local wrong

--- The element of an array that is wrong, as of `wrong`.
local function wrong_element(list, what)
    if type(list) ~= "table" or list[1] == nil and next(list) ~= nil then
        return what, list
    end
    for i, value in ipairs(list) do
        local kind, found = wrong(value, what.each)
        if kind then
            return kind, found, i
        end
    end
end

--- @return nil when `value` is of the kind; otherwise the kind that is wanted, what is there instead, and of which
-- element of an array this is said
function wrong(value, what)
    local kind = type(what) == "table" and what or KINDS[what]
    if what == type(value) or what == "any" or kind and kind.is and kind.is(value) then
        return nil
    elseif not kind or kind.is then
        return what, value
    elseif kind.each then
        return wrong_element(value, kind)
    end
    for _, one in ipairs(kind) do
        local wanted, found, element = wrong(value, one)
        if not wanted or element then
            return wanted, found, element
        end
    end
    return what, value
end

--- As many names are told when none is near.
local MOST_TOLD = 8

local function listed(names)
    if #names == 0 or #names > MOST_TOLD then
        return ""
    end
    table.sort(names)
    return ("; there is '%s'"):format(table.concat(names, "', '"))
end

local function unknown(name, known, where, level)
    local names = {}
    for k in pairs(known) do
        names[#names + 1] = k
    end
    local near = suggest(name, names)
    error(("%s: unknown option '%s'%s"):format(where, tostring(name), near ~= "" and near or listed(names)), level)
end

--- The kind for which it is the text of a wrong string that counts; nil: there is none among these.
local function kind_of_text(what)
    if type(what) ~= "table" then
        return nil
    end
    for _, one in ipairs(what) do
        local found = kind_of_text(one)
        if found then
            return found
        end
    end
    return what.text ~= nil and not what.is_table and what or nil
end

--- A value as messages tell it.
local function told(value, what)
    local kind = type(value) == "string" and kind_of_text(what)
    if type(value) == "number" or type(value) == "boolean" then
        return tostring(value)
    elseif kind then
        return "'" .. (kind.shown and kind.shown(value) or value):gsub("[%c\127-\255]", function(c)
            return ("\\x%02X"):format(c:byte())
        end) .. "'"
    end
    return "a " .. type(value)
end

--- Raises when `given` has an option that is not known or is of another kind.
-- Kinds: names of Lua types, "port", "seconds" and "bytes" and "count" (not negative), "some_seconds" and "some" (more
-- than 0), "false", "any"; `{ text =, is = }` for one of one's own, what it is and a function that says whether a value
-- is one, with `is_table` when a text never is: the error does not show one then, which may be a secret; with `shown`
-- a function from a text to what of it is shown;
-- `{ each = kind }` for an array of them; an array of kinds means any of these.
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
        end
        local kind, found, element
        if what ~= type(value) then
            kind, found, element = wrong(value, what)
        end
        if kind then
            error(("%s: option '%s'%s must be a %s, not %s"):format(where, name,
                element and (": element %d"):format(element) or "", describe(kind), told(found, kind)), level)
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
