--- The shared dictionary in which a part of the kit keeps what it has been told to.
-- @tparam string name of a `lua_shared_dict`
-- @tparam[opt] string who wants it, before the text of the error
-- @treturn dictionary see perilune.shared; an error that names it when there is none
return function(name, who)
    local dict = require("perilune.shared")[name]
    if not dict then
        local how = require("perilune.shared_dict").is_configured() and ""
            or ("; in a script, require('perilune.shared').declare('%s') makes it"):format(name)
        error(("%sno lua_shared_dict is named '%s'%s"):format(who and who .. ": " or "", name, how), 0)
    end
    return dict
end
