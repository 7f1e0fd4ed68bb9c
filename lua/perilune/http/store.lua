--- Where a middleware keeps what it has to: the store of the one option that says so, or one of the application's own.
-- @tparam table o the options, of which `store` is one
-- @tparam string who the middleware, before the text of errors
-- @tparam table kinds array of `{option, module}`; the module makes a store of the option's value
-- @tparam table methods names of the methods that a store of one's own must have
-- @treturn table store; raises for none, for several, and for one that is none
return function(o, who, kinds, methods)
    local names, found, n = {}, nil, o.store and 1 or 0
    for i, kind in ipairs(kinds) do
        names[i] = "'" .. kind[1] .. "'"
        if o[kind[1]] then
            found, n = kind, n + 1
        end
    end
    if n ~= 1 then
        error(("%s: one of the options %s and 'store' is needed"):format(who, table.concat(names, ", ")), 0)
    elseif found then
        local ok, store = pcall(require(found[2]), o[found[1]])
        return ok and store or error(who .. ": " .. store, 0)
    end
    for _, name in ipairs(methods) do
        if type(o.store[name]) ~= "function" then
            error(("%s: option 'store' has no method '%s'"):format(who, name), 0)
        end
    end
    return o.store
end
