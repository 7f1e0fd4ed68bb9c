--- Wrong arguments of a function: what is said of them, and whom it is put down to.
-- Levels are those of `error` as the function that calls these would give them; 2 by default: its own caller.

local argument = {}

--- Raises that an argument is not what is expected.
-- @tparam string name the argument's
-- @tparam string where the function's
-- @tparam string what in words
-- @tparam[opt=2] number level
function argument.bad(name, where, what, level)
    error(("bad argument '%s' to %s (%s)"):format(name, where, what), (level or 2) + 1)
end

--- Raises unless a value is of a type of Lua.
-- @param value
-- @tparam string kind the type
-- @tparam string name
-- @tparam string where
-- @tparam[opt=2] number level
function argument.check(value, kind, name, where, level)
    if type(value) ~= kind then
        argument.bad(name, where, kind .. " expected, got " .. type(value), (level or 2) + 1)
    end
end

--- The same of an argument that may be left out.
-- @param value
-- @tparam string kind
-- @tparam string name
-- @tparam string where
-- @tparam[opt=2] number level
function argument.check_optional(value, kind, name, where, level)
    if value ~= nil and type(value) ~= kind then
        argument.bad(name, where, kind .. " or nil expected, got " .. type(value), (level or 2) + 1)
    end
end

--- Raises unless a value is a number above 0.
-- @param value
-- @tparam string name
-- @tparam string where
-- @tparam[opt=2] number level
function argument.check_positive(value, name, where, level)
    if type(value) ~= "number" or value ~= value or value <= 0 then
        argument.bad(name, where, "a number above 0 expected", (level or 2) + 1)
    end
end

return argument
