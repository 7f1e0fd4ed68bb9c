--- Cookies of the answer: `cookies = { name = value }` in a response becomes Set-Cookie fields. A value is a string, or
-- a table `{value=, …}` with the attributes of `cookie.format`, or false, which deletes the cookie.
--
-- Options: `keys` (a key or an array of them: values are signed, and `req.cookies` holds only what was signed with one
-- of them), `encrypt` (boolean, false: they are encrypted instead), `plain` (array of names of cookies that are left as
-- they are, such as those that scripts of the page read), `attributes` (those of cookies that do not say otherwise).

local answer = require "perilune.http.answer"
local cookie = require "perilune.http.cookie"
local define = require "perilune.http.middleware.define"
local kinds = require "perilune.http.kinds"
local options = require "perilune.options"

--- The table as it is given, over the defaults, without `value`.
local function attributes_of(given, defaults)
    local all = options.together(defaults, given)
    all.value = nil
    return all
end

local function set_of(names)
    local set = {}
    for _, name in ipairs(names or {}) do
        set[name] = true
    end
    return set
end

local function format(name, given, o, is_plain)
    local given_table = type(given) == "table" and given or {}
    local attributes = attributes_of(given_table, o.attributes or {})
    local value = type(given) == "table" and given.value or given
    if not value then
        attributes.max_age, value = 0, ""
    elseif o.keys and not is_plain then
        value = (o.encrypt and cookie.encrypt or cookie.sign)(name, value, o.keys)
    end
    return cookie.format(name, value, attributes)
end

--- The cookies that are ours, their values as they were before they were signed or encrypted.
local function opened(cookies, o, is_plain)
    local open, known = o.encrypt and cookie.decrypt or cookie.unsign, {}
    for name, value in pairs(cookies) do
        known[name] = is_plain[name] and value or open(name, value, o.keys)
    end
    return known
end

return define("cookies", { keys = { "string", "table" }, encrypt = "boolean", plain = { each = kinds.token },
    attributes = "table" }, function(o)
    if o.encrypt and not o.keys then
        error("middleware.cookies: option 'encrypt' needs 'keys'", 0)
    elseif o.keys then
        cookie.check_keys(o.keys, "middleware.cookies")
    end
    cookie.check_attributes(o.attributes, "middleware.cookies")
    local is_plain = set_of(o.plain)
    return function(handler)
        return function(req)
            if o.keys then
                rawset(req, "cookies", opened(req.cookies or {}, o, is_plain))
            end
            local res = answer.of(handler(req))
            local names = {}
            for name in pairs(res.cookies or {}) do
                names[#names + 1] = name
            end
            table.sort(names)
            for _, name in ipairs(names) do
                res.headers:add("Set-Cookie", format(name, res.cookies[name], o, is_plain[name]))
            end
            res.cookies = nil
            return res
        end
    end
end)
