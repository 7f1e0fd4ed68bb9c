--- The shared dictionary in which a part of the kit keeps what it has been told to.
-- @tparam string name of a `lua_shared_dict`
-- @tparam[opt] string who wants it, before the text of the error
-- @treturn dictionary see perilune.shared; an error that names it when there is none
return function(name, who)
    return require("perilune.shared")[name]
        or error(("%sno lua_shared_dict is named '%s'"):format(who and who .. ": " or "", name), 0)
end
