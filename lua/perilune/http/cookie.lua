--- Cookies of a server (RFC 6265 and its revision): the text of Set-Cookie, and values that are signed or encrypted.
--
-- The cookies of a request are `req.cookies`. Attributes are safe by default: Path=/, HttpOnly, SameSite=Lax. What a
-- browser would drop silently is refused here: a prefix of the name (`__Host-`, `__Secure-`) without what it
-- promises, SameSite=None or Partitioned without Secure, bytes that may not stand in a value, more than 4,096 bytes.

local crypto = require "perilune.crypto"
local is_token = require "perilune.http.token"
local options = require "perilune.options"

local cookie = {}

local ATTRIBUTES = { path = { "string", "false" }, domain = "string", max_age = "number", expires = "seconds",
    secure = "boolean", http_only = "boolean", same_site = { "string", "false" }, partitioned = "boolean" }
local SAME_SITE = { strict = "Strict", lax = "Lax", none = "None" }
local MOST, KEY_LEAST = 4096, 16
local SEAL_PURPOSE, SEAL_KEYS_MOST = "perilune: encrypted cookies", 64

local function misuse(name, what)
    error(("cookie '%s': %s"):format(name, what), 3)
end

local function check_prefix(name, path, o)
    local prefix = name:lower():match("^__(%a+)%-")
    if (prefix == "secure" or prefix == "host") and not o.secure then
        return "its prefix needs 'secure'"
    elseif prefix == "host" and (o.domain or path ~= "/") then
        return "its prefix forbids 'domain' and every path but '/'"
    end
end

local function check_text(name, value, path, o)
    if not is_token(name) then
        return "its name is not a token"
    elseif value:find("[%c%s\",;\\\127-\255]") then
        return "a byte of its value may not stand there; encode or sign it"
    elseif #name + #value > MOST then
        return "its name and value are longer than 4096 bytes"
    elseif (path .. (o.domain or "")):find("[%c;\127-\255]") then
        return "a byte of its path or domain may not stand there"
    elseif path ~= "" and path:sub(1, 1) ~= "/" then
        return "its path does not begin with '/'"
    elseif o.domain == "" then
        return "its domain is empty"
    end
end

local function check_attributes(same_site, o)
    if o.same_site and not same_site then
        return "'same_site' is none of strict, lax, none"
    elseif same_site == "None" and not o.secure then
        return "same_site 'none' needs 'secure'"
    elseif o.partitioned and not o.secure then
        return "'partitioned' needs 'secure'"
    elseif o.max_age and o.max_age % 1 ~= 0 then
        return "'max_age' is not a whole number of seconds"
    end
end

--- The value of a Set-Cookie field.
-- Attributes: `path` ("/"; false: none), `domain` (none: this host only), `max_age` (seconds; 0 or less deletes the
-- cookie; none: until the browser ends), `expires` (seconds since 1970), `secure` (false), `http_only` (true),
-- `same_site` ("strict", "lax", the default, "none", or false for none at all), `partitioned` (false).
-- @tparam string name
-- @tparam string value
-- @tparam[opt] table attributes
-- @treturn string; raises when a browser would drop the cookie
function cookie.format(name, value, attributes)
    local o = options.check(attributes, ATTRIBUTES, "cookie.format", 2)
    local path = o.path == nil and "/" or o.path or ""
    local same_site = o.same_site == nil and "Lax" or SAME_SITE[tostring(o.same_site):lower()]
    local wrong = check_text(name, value, path, o) or check_prefix(name, path, o) or check_attributes(same_site, o)
    if wrong then
        misuse(name, wrong)
    end
    local out = { name .. "=" .. value }
    local function add(is_there, text)
        if is_there then
            out[#out + 1] = text
        end
    end
    add(path ~= "", "Path=" .. path)
    add(o.domain, "Domain=" .. (o.domain or ""))
    add(o.max_age, "Max-Age=" .. (o.max_age or ""))
    add(o.expires, o.expires and os.date("!Expires=%a, %d %b %Y %H:%M:%S GMT", o.expires))
    add(o.secure, "Secure")
    add(o.http_only ~= false, "HttpOnly")
    add(same_site, "SameSite=" .. (same_site or ""))
    add(o.partitioned, "Partitioned")
    return table.concat(out, "; ")
end

--- Raises, in the name of who was given them, for attributes that no cookie could have, over https neither.
-- @tparam table|nil attributes
-- @tparam string who
-- @tparam[opt] string name of the cookie
function cookie.check_attributes(attributes, who, name)
    local ok, err = pcall(cookie.format, name or "name", "", options.together({ secure = true }, attributes))
    if not ok then
        error(("%s: option 'attributes': %s"):format(who, err:match("cookie[ .].*$")), 0)
    end
end

local function check_keys(keys)
    keys = type(keys) == "string" and { keys } or keys
    for _, key in ipairs(keys) do
        if type(key) ~= "string" or #key < KEY_LEAST then
            error(("cookie: a key must be a string of at least %d bytes"):format(KEY_LEAST), 3)
        end
    end
    if #keys == 0 then
        error("cookie: no key", 3)
    end
    return keys
end

--- Raises, in the name of who was given them, for keys that nothing could be signed with.
-- @tparam string|table keys
-- @tparam[opt] string who
function cookie.check_keys(keys, who)
    local ok, err = pcall(check_keys, keys)
    if not ok then
        error((who and who .. ": " or "") .. err:gsub("^.-cookie: ", ""), 0)
    end
end

local function code(key, name, text)
    return crypto.base64url(crypto.hmac("sha256", key, name .. "=" .. text))
end

--- A value that only who has a key can make: any bytes, readable by everybody, bound to the name of the cookie.
-- @tparam string name
-- @tparam string value
-- @tparam string|table keys one, or an array of which the first signs
-- @treturn string
function cookie.sign(name, value, keys)
    keys = check_keys(keys)
    local text = crypto.base64url(value)
    return text .. "." .. code(keys[1], name, text)
end

--- What was signed; nil when it was not signed for this name by any of the keys. To change keys, put the new one in
-- front, and take the old one away when its cookies have expired.
-- @tparam string name
-- @tparam string|nil signed
-- @tparam string|table keys
-- @treturn string|nil
function cookie.unsign(name, signed, keys)
    keys = check_keys(keys)
    local text, given = (signed or ""):match("^([%w_-]*)%.([%w_-]+)$")
    if not text then
        return nil
    end
    for _, key in ipairs(keys) do
        if crypto.equals(code(key, name, text), given) then
            return crypto.unbase64url(text)
        end
    end
    return nil
end

--- Keys that were derived: secret → key of `crypto.seal`.
local seal_keys, seal_keys_n = {}, 0

local function seal_key(secret)
    local key = seal_keys[secret]
    if not key then
        if seal_keys_n == SEAL_KEYS_MOST then
            seal_keys, seal_keys_n = {}, 0
        end
        key = crypto.derive(secret, SEAL_PURPOSE)
        seal_keys[secret], seal_keys_n = key, seal_keys_n + 1
    end
    return key
end

--- A value that only who has a key can read or make (AES-256-GCM), bound to the name of the cookie. One key is good for
-- 2^32 values. A secret that signs may encrypt as well: each use has a key of its own, derived from it.
-- @tparam string name
-- @tparam string value any bytes
-- @tparam string|table keys one, or an array of which the first encrypts
-- @treturn string 38 bytes and a third of the value longer than it
function cookie.encrypt(name, value, keys)
    keys = check_keys(keys)
    return crypto.base64url(crypto.seal(seal_key(keys[1]), value, name))
end

--- What was encrypted; nil when it was not, for this name, with any of the keys.
-- @tparam string name
-- @tparam string|nil encrypted
-- @tparam string|table keys
-- @treturn string|nil
-- @treturn number|nil which of the keys it was: above 1, and a new value should be sent
function cookie.decrypt(name, encrypted, keys)
    keys = check_keys(keys)
    local sealed = encrypted and crypto.unbase64url(encrypted)
    for i = 1, sealed and #keys or 0 do
        local value = crypto.unseal(seal_key(keys[i]), sealed, name)
        if value then
            return value, i
        end
    end
    return nil
end

return cookie
