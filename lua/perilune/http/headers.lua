--- Header fields: case-insensitive, in order, with repeats.
--
-- `h["Content-Type"]` reads (repeats joined with ", ", cookies with "; "), assignment replaces, nil removes.
-- Response headers may also be plain tables `{Name = value}`, `{Name = {v1, v2}}` or `{{name, value}, …}`.

local argument = require "perilune.argument"

local headers = {}
local methods = {}

local function joined(self, name)
    local wanted, found = name:lower(), nil
    for _, field in ipairs(rawget(self, "_fields")) do
        if field[1]:lower() == wanted then
            found = found and found .. (wanted == "cookie" and "; " or ", ") .. field[2] or field[2]
        end
    end
    return found
end

local mt = { __name = "headers" }

mt.__index = function(self, key)
    return methods[key] or joined(self, key)
end

mt.__newindex = function(self, key, value)
    if value == nil then
        self:remove(key)
    else
        self:set(key, value)
    end
end

--- A list of fields.
-- @tparam[opt] headers|table initial another list, `{Name = value}`, `{Name = {v1, v2}}` or `{{name, value}, …}`
-- @treturn headers
function headers.new(initial)
    argument.check_optional(initial, "table", "initial", "http.headers")
    local self = setmetatable({ _fields = {} }, mt)
    for k, v in pairs(headers.plain(initial) or {}) do
        if type(k) == "number" then
            self:add(v[1], v[2])
        else
            self:set(k, v)
        end
    end
    return self
end

--- Appends a field.
-- @tparam string name
-- @tparam string|number value
function methods:add(name, value)
    local fields = rawget(self, "_fields")
    fields[#fields + 1] = { name, value }
    return self
end

--- Removes every field of that name.
-- @treturn number how many there were
function methods:remove(name)
    local wanted, kept, removed = name:lower(), {}, 0
    for _, field in ipairs(rawget(self, "_fields")) do
        if field[1]:lower() == wanted then
            removed = removed + 1
        else
            kept[#kept + 1] = field
        end
    end
    rawset(self, "_fields", kept)
    return removed
end

--- Replaces every field of that name; an array of values gives repeats.
function methods:set(name, value)
    self:remove(name)
    if type(value) == "table" then
        for _, v in ipairs(value) do
            self:add(name, v)
        end
        return self
    end
    return self:add(name, value)
end

--- All values of that name, in order.
-- @treturn table array of strings
function methods:get_all(name)
    local wanted, values = name:lower(), {}
    for _, field in ipairs(rawget(self, "_fields")) do
        if field[1]:lower() == wanted then
            values[#values + 1] = field[2]
        end
    end
    return values
end

--- Iterates over name, value in order.
function methods:each()
    local i, fields = 0, rawget(self, "_fields")
    return function()
        i = i + 1
        if fields[i] then
            return fields[i][1], fields[i][2]
        end
    end
end

--- A metatable for headers that lie elsewhere: a field is looked up in place; the list is made only when a method or an
-- assignment asks.
-- @tparam function find (object, name) → value or nil
-- @tparam function list (object) → array of {name, value}
-- @treturn table
function headers.lazy(find, list)
    local lazy = { __name = "headers" }
    local function materialise(self)
        local all = rawget(self, "_all")
        if not all then
            all = headers.new(list(self))
            rawset(self, "_all", all)
            rawset(self, "_fields", rawget(all, "_fields"))
        end
        return all
    end
    local lazy_methods = {}
    for name, method in pairs(methods) do
        lazy_methods[name] = function(self, ...)
            local all = materialise(self)
            local a, b = method(all, ...)
            rawset(self, "_fields", rawget(all, "_fields"))
            return a, b
        end
    end
    lazy.__index = function(self, key)
        local all = rawget(self, "_all")
        if lazy_methods[key] then
            return lazy_methods[key]
        elseif all then
            return all[key]
        elseif key == "_fields" then -- asked for when these are sent as the headers of a message
            return rawget(materialise(self), "_fields")
        end
        return find(self, key)
    end
    lazy.__newindex = function(self, key, value)
        local all = materialise(self)
        all[key] = value
        rawset(self, "_fields", rawget(all, "_fields"))
    end
    return lazy
end

--- Fields as plain tables: what C reads of them, and `visit`.
-- @param given a list of fields, a plain table, or anything else, which is returned as it is
function headers.plain(given)
    if type(given) == "table" and getmetatable(given) ~= nil then
        return given._fields or given
    end
    return given
end

--- Calls `fn(name, value)` for each field, whichever form they are given in.
-- @tparam headers|table given a list, `{Name = value}`, `{Name = {v1, v2}}` or `{{name, value}, …}`
-- @tparam function fn
function headers.visit(given, fn)
    for key, value in pairs(headers.plain(given)) do
        if type(key) == "number" then
            fn(value[1], value[2])
        elseif type(value) == "table" then
            for _, one in ipairs(value) do
                fn(key, one)
            end
        else
            fn(key, value)
        end
    end
end

return headers
