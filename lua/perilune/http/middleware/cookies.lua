--- Cookies of the answer: `cookies = { name = value }` in a response becomes Set-Cookie fields. A value is a string, or
-- a table `{value=, …}` with the attributes of `cookie.format`, or false, which deletes the cookie.
--
-- Options: `keys` (a key or an array of them: values are signed, and `req.cookies` holds only what was signed with one
-- of them), `attributes` (those of cookies that do not say otherwise).

local answer = require "perilune.http.answer"
local cookie = require "perilune.http.cookie"
local define = require "perilune.http.middleware.define"
local options = require "perilune.options"

--- The table as it is given, over the defaults, without `value`.
local function attributes_of(given, defaults)
    local all = options.together(defaults, given)
    all.value = nil
    return all
end

local function format(name, given, o)
    local given_table = type(given) == "table" and given or {}
    local attributes = attributes_of(given_table, o.attributes or {})
    local value = type(given) == "table" and given.value or given
    if not value then
        attributes.max_age, value = 0, ""
    elseif o.keys then
        value = cookie.sign(name, value, o.keys)
    end
    return cookie.format(name, value, attributes)
end

local function unsigned(cookies, keys)
    local known = {}
    for name, value in pairs(cookies) do
        known[name] = cookie.unsign(name, value, keys)
    end
    return known
end

return define("cookies", { keys = { "string", "table" }, attributes = "table" }, function(o)
    return function(handler)
        return function(req)
            if o.keys then
                rawset(req, "cookies", unsigned(req.cookies or {}, o.keys))
            end
            local res = answer.of(handler(req))
            local names = {}
            for name in pairs(res.cookies or {}) do
                names[#names + 1] = name
            end
            table.sort(names)
            for _, name in ipairs(names) do
                res.headers:add("Set-Cookie", format(name, res.cookies[name], o))
            end
            res.cookies = nil
            return res
        end
    end
end)
