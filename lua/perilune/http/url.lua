--- URLs as a client needs them: taken apart, made safe for the wire, resolved against each other (RFC 3986).

local dns = require "perilune.core.dns"
local failure = require "perilune.failure"

local url = {}

local PORTS = { http = 80, https = 443 }
local CACHE_MOST = 512

local cache, cached = {}, 0

local USER = "//[^/?#:%[]*:"

--- A password with a sign that ends an authority, which should be escaped, may go on up to the last `@`. No pattern
-- over all of it: the text may be a server's, and long.
local function without_unescaped(text)
    local last = text:find("@[^@]*$")
    local _, colon = text:find("^[^/?#:%[]*:")
    if not colon then
        _, colon = text:find(USER)
    end
    while last and colon do
        local is_port = text:find("^%d*[/?#]", colon + 1)
        if not is_port and text:find("^[^/?#@]*[/?#]", colon + 1) and colon < last then
            return text:sub(1, colon) .. "***" .. text:sub(last)
        end
        _, colon = text:find(USER, colon + 1)
    end
    return text
end

--- A URL, or what was meant for one, as errors and logs may show it: without its password.
-- @tparam string text
-- @treturn string
function url.masked(text)
    text = text:gsub("^([^/?#:]*:)[^/?#]*@", "%1***@"):gsub("(//[^/?#:]*:)[^/?#]*@", "%1***@")
    return without_unescaped(text)
end

local function invalid(text, why)
    return nil, failure.new("invalid", ("%s: %s"):format(why, url.masked(text)))
end

local function escape_byte(c)
    return ("%%%02X"):format(c:byte())
end

--- Escapes everything that is not an unreserved character.
-- @tparam string s
-- @treturn string
function url.escape(s)
    return (tostring(s):gsub("[^%w%-%._~]", escape_byte))
end

--- Escapes as forms do: a space is `+`.
function url.escape_form(s)
    return (tostring(s):gsub("[^%w%-%._~ ]", escape_byte):gsub(" ", "+"))
end

--- Undoes `%XX`.
function url.unescape(s)
    return (s:gsub("%%(%x%x)", function(hex)
        return string.char(tonumber(hex, 16))
    end))
end

--- The user info of a URL as credentials: `user:password`, escapes undone.
-- @tparam string userinfo
-- @treturn string
function url.credentials(userinfo)
    local user, password = userinfo:match("^([^:]*):?(.*)$")
    return url.unescape(user) .. ":" .. url.unescape(password)
end

--- Bytes that may not stand in a path or a query are escaped; escapes that are there stay.
local function safe(text)
    if text:find("[^%w%-%._~:/%?%[%]@!%$&'%(%)%*%+,;=%%]") then
        text = text:gsub("[^%w%-%._~:/%?%[%]@!%$&'%(%)%*%+,;=%%]", escape_byte)
    end
    return text
end

--- A path with a query, as it is asked for.
local function safe_target(rest)
    rest = safe((rest:gsub("#.*$", "")))
    local first = rest:sub(1, 1)
    if first == "?" or first == "" then
        return "/" .. rest
    end
    return rest
end

local function split_authority(authority)
    if authority:find("[%c\\]") then
        return nil -- some take a backslash for a slash: where the host ends is no matter of opinion
    end
    local userinfo, where = authority:match("^(.*)@(.*)$")
    where = where or authority
    local host, port = where:match("^%[([%x:%.]+)%]:?(%d*)$")
    if not host then
        host, port = where:match("^([^:%[%]]+):?(%d*)$")
    end
    if host and host:find("[\128-\255]") then
        host = dns.to_ascii(host)
        if host and host:find("[^%w%-%._]") then
            return nil -- a wide form of a sign
        end
    end
    if not host or host:find("[%c%s/\\?#<>\"]") then
        return nil
    end
    return host:lower(), port ~= "" and tonumber(port) or nil, userinfo
end

--- Completes the parts: the value of the Host field, the key of the origin.
-- @tparam table u scheme, host, port, target
-- @treturn table u
function url.finish(u)
    local shown = u.host:find(":", 1, true) and "[" .. u.host .. "]" or u.host
    u.port = u.port or PORTS[u.scheme]
    u.authority = u.port == PORTS[u.scheme] and shown or shown .. ":" .. u.port
    u.origin = ("%s://%s:%d"):format(u.scheme, shown, u.port)
    u.key = u.origin
    u.url = u.scheme .. "://" .. u.authority .. u.target
    return u
end

local function unknown_scheme(text, scheme)
    return invalid(text, ("unknown scheme '%s'"):format(scheme))
end

local function take_apart(text)
    local scheme, authority, rest = text:match("^(%a[%w%+%-%.]*)://([^/?#]*)(.*)$")
    if not scheme then
        return invalid(text, "not an absolute URL")
    end
    scheme = scheme:lower()
    if not PORTS[scheme] then
        return unknown_scheme(text, scheme)
    end
    local host, port, userinfo = split_authority(authority)
    if not host or (port and (port < 1 or port > 65535)) then
        return invalid(text, "malformed host or port")
    end
    return url.finish({ scheme = scheme, host = host, port = port, userinfo = userinfo, target = safe_target(rest) })
end

--- Takes an `http` or `https` URL apart. The result is shared and must not be changed.
-- @tparam string text
-- @treturn table `scheme host port authority target userinfo origin key url`; or nil and an error object
function url.parse(text)
    local known = cache[text]
    if known then
        return known
    end
    local u, err = take_apart(text)
    if not u then
        return nil, err
    end
    if cached == CACHE_MOST then
        cache, cached = {}, 0
    end
    cache[text], cached = u, cached + 1
    return u
end

--- A URL that is given in parts, each as it would stand there; a path of `*` is that of OPTIONS.
-- @tparam table parts `scheme` ("http"), `host`, `port`, `path` ("/"), `query_string`
-- @treturn table as of `url.parse`; or nil and an error object
function url.of_parts(parts)
    local scheme = (parts.scheme or "http"):lower()
    local host, port = split_authority(parts.host:find(":.*:") and not parts.host:find("^%[")
        and "[" .. parts.host .. "]" or parts.host)
    local path = parts.path or "/"
    if not PORTS[scheme] then
        return unknown_scheme(parts.host, scheme)
    elseif not host or port or parts.host:find("@", 1, true) or parts.port == 0 then
        return invalid(parts.host, "malformed host or port")
    elseif path ~= "*" and path:sub(1, 1) ~= "/" then
        return invalid(path, "a path begins with a slash")
    end
    local target = path == "*" and path or safe_target(path)
    if parts.query_string then
        target = target .. "?" .. safe(parts.query_string)
    end
    return url.finish({ scheme = scheme, host = host, port = parts.port, target = target })
end

local function remove_dots(path)
    local out = {}
    for segment in path:gmatch("/([^/]*)") do
        if segment == ".." then
            out[#out] = nil
        elseif segment ~= "." then
            out[#out + 1] = segment
        end
    end
    if path:find("/%.%.?$") then
        out[#out + 1] = ""
    end
    return "/" .. table.concat(out, "/")
end

--- Resolves a reference against a base (RFC 3986 section 5.2).
-- @tparam table base of `url.parse`
-- @tparam string reference
-- @treturn string an absolute URL
function url.resolve(base, reference)
    if reference:find("^%a[%w%+%-%.]*:") then
        return reference
    elseif reference:sub(1, 2) == "//" then
        return base.scheme .. ":" .. reference
    end
    local origin = base.scheme .. "://" .. base.authority
    local base_path = base.target:match("^[^?]*")
    local first = reference:sub(1, 1)
    if first == "/" then
        local path, query = reference:match("^([^?#]*)(.*)$")
        return origin .. remove_dots(path) .. query
    elseif first == "?" then
        return origin .. base_path .. reference
    elseif first == "" or first == "#" then
        return origin .. base.target
    end
    local path, query = reference:match("^([^?#]*)(.*)$")
    return origin .. remove_dots(base_path:gsub("[^/]*$", "") .. path) .. query
end

return url
