--- The metatable of `ndk.set_var`: what the set_… directives of nginx's set-misc module do, as functions from a text to
-- a text.

local core = require "perilune.core.ngx"

local function get(_, name)
    name = tostring(name)
    if not core.set_misc(name) then
        error('ndk.set_var: directive "' .. name .. '" not found or does not use ndk_set_var_value', 2)
    end
    return function(text)
        local value = core.set_misc(name, tostring(text))
        if not value then
            error("calling directive " .. name .. " failed with code -1", 2)
        end
        return value
    end
end

local function refuse()
    error("not allowed", 2)
end

return { __index = get, __newindex = refuse }
