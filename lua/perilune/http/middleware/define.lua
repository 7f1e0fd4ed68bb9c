--- What a file of middleware returns: called with options it gives a function from handler to handler; as it is, the
-- directive `middleware` takes it, with its defaults.

local options = require "perilune.options"

--- @tparam string name for messages
-- @tparam table known option → kind, as of `options.check`
-- @tparam function make function(options) → function(handler) → handler
-- @treturn table
return function(name, known, make)
    local where = "middleware." .. name
    return setmetatable({
        middleware = function(handler)
            return make({})(handler)
        end,
    }, {
        __name = where,
        __call = function(_, opts)
            if type(opts) == "function" then
                error(("%s is to be called with its options, `%s()` for none"):format(where, where), 0)
            end
            local ok, made = pcall(make, options.check(opts, known, where, 2))
            if not ok then
                local is_misuse = type(made) == "string" and made:find(where, 1, true) == 1
                error(made, is_misuse and 2 or 0)
            end
            return made
        end,
    })
end
