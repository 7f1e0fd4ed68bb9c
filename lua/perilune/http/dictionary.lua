--- The shared dictionary that an option names.

--- @tparam string name of a `lua_shared_dict`; another one is an error
-- @treturn dictionary
return function(name)
    return require("perilune.shared")[name] or error(("no lua_shared_dict is named '%s'"):format(name), 0)
end
