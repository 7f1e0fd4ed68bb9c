--- What OpenResty's LuaJIT is built to take from Lua 5.2, as far as functions can give it to one that is built without,
-- as Debian's: `pairs` and `ipairs` ask the metatable; `table.pack`, `table.unpack`. The operator `#` of tables with
-- `__len` and the empty statement are not in reach from here.
-- Required once by each machine, first.

if rawget(table, "pack") then
    return true -- built with it
end

local select, type, getmetatable, rawget, error = select, type, getmetatable, rawget, error

--- The iteration `f(t)`, unless the metatable of `t` has a function of its own for it.
local function by_metatable(f, name, field)
    return function(t)
        local mt = getmetatable(t)
        if mt == nil and type(t) == "table" then
            return f(t)
        end
        local own = type(mt) == "table" and rawget(mt, field)
        if own then
            local next, state, first = own(t)
            return next, state, first
        elseif type(t) ~= "table" then
            error(("bad argument #1 to '%s' (table expected, got %s)"):format(name, type(t)), 2)
        end
        return f(t)
    end
end

rawset(_G, "pairs", by_metatable(pairs, "pairs", "__pairs"))
rawset(_G, "ipairs", by_metatable(ipairs, "ipairs", "__ipairs"))

function table.pack(...) -- luacheck: ignore 142
    return { n = select("#", ...), ... }
end

table.unpack = unpack -- luacheck: ignore 142

return true
