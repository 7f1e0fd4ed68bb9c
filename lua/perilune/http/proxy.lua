--- Proxies of the client: which one a request goes through, and what that is told.
--
-- The option `proxy` is a URL, `true` for the environment, or `false`. Schemes: `http` and `https` (TLS with the proxy
-- itself), `socks4` and `socks5` (we look names up), `socks4a` and `socks5h` (the proxy does). An `https` URL, and with
-- `proxy_tunnel` an `http` one, too, is reached by CONNECT; otherwise an HTTP proxy gets requests in absolute-form (RFC
-- 9112 section 3.2.2).

local core = require "perilune.core.client"
local failure = require "perilune.failure"
local headers = require "perilune.http.headers"
local is_token = require "perilune.http.token"
local no_proxy = require "perilune.http.no_proxy"
local url = require "perilune.http.url"

local proxy = {}

local SOCKS_PORT, FIELD_MOST = 1080, 255
local KINDS = {
    http = { kind = "connect" },
    https = { kind = "connect", is_tls = true },
    socks4 = { kind = "socks4", port = SOCKS_PORT, gets_address = true },
    socks4a = { kind = "socks4", port = SOCKS_PORT },
    socks5 = { kind = "socks5", port = SOCKS_PORT, gets_address = true },
    socks5h = { kind = "socks5", port = SOCKS_PORT },
}

local function invalid(text, ...)
    return nil, failure.new("invalid", text:format(...))
end

local function split_credentials(info)
    local user, password = info:match("^([^:]*):?(.*)$")
    return url.unescape(user), url.unescape(password)
end

local function check_socks(p)
    if p.kind == "socks4" and p.password ~= "" then
        return invalid("proxy: SOCKS4 knows no passwords")
    elseif #p.user > FIELD_MOST or #p.password > FIELD_MOST then
        return invalid("proxy: user and password of SOCKS are at most %d bytes", FIELD_MOST)
    end
    return p
end

--- Takes the URL of a proxy apart. Errors do not show it: it may hold a password.
-- @tparam string text
-- @treturn table as of `proxy.of`; or nil and an error object
function proxy.parse(text)
    local scheme, rest = text:match("^(%a[%w]*)(://.*)$")
    if not scheme then
        return invalid("proxy: a URL is wanted, such as http://proxy.example:3128")
    end
    local of = KINDS[scheme:lower()]
    if not of then
        return invalid("proxy: unknown scheme '%s'", scheme)
    end
    local u = url.parse((of.is_tls and "https" or "http") .. rest)
    if not u then
        return invalid("proxy: malformed host or port")
    end
    local has_port = rest:match("^://[^/?#]*:%d+/?$") or rest:match("^://[^/?#]*:%d+[/?#]")
    local p = { kind = of.kind, is_tls = of.is_tls, gets_address = of.gets_address, host = u.host,
        port = of.port and not has_port and of.port or u.port, info = u.userinfo }
    local host = p.host:find(":", 1, true) and "[" .. p.host .. "]" or p.host
    p.shown = ("%s://%s:%d"):format(scheme:lower(), host, p.port)
    if of.kind ~= "connect" then
        p.user, p.password = split_credentials(u.userinfo or "")
        return check_socks(p)
    end
    return p
end

local function environment(name)
    local value = os.getenv(name)
    return value and value ~= "" and value or nil
end

--- The proxy that the environment names for a URL. `HTTP_PROXY` is not read: in a CGI program a client sets it.
local function of_environment(u)
    local exempt = environment("no_proxy") or environment("NO_PROXY")
    if exempt and no_proxy.matches(u.host, u.port, exempt) then
        return nil
    end
    local own = u.scheme == "https" and (environment("https_proxy") or environment("HTTPS_PROXY"))
        or u.scheme == "http" and environment("http_proxy")
    return own or environment("all_proxy") or environment("ALL_PROXY")
end

--- The proxy that a URL is reached through: nil when directly, else a table; or nil and an error object.
-- @tparam table o options of the request: `proxy`, `no_proxy`, `proxy_tunnel`
-- @tparam table u of `url.parse`
-- @treturn table `kind host port is_tls gets_address user password info shown`, and `is_forward`: it gets requests in
-- absolute-form
function proxy.of(o, u)
    local named = o.proxy
    if not named or o.no_proxy and no_proxy.matches(u.host, u.port, o.no_proxy) then
        return nil
    elseif named == true then
        named = of_environment(u)
        if not named then
            return nil
        elseif not named:find("://", 1, true) then
            named = "http://" .. named -- as it is often written there
        end
    end
    local p, err = proxy.parse(named)
    if not p then
        return nil, err
    end
    p.is_forward = p.kind == "connect" and u.scheme == "http" and not o.proxy_tunnel
    p.headers = o.proxy_headers
    return p
end

--- What an HTTP proxy is told beside the request, as a flat array.
local function fields_for(p, all)
    if p.info then
        all[#all + 1] = "Proxy-Authorization"
        all[#all + 1] = "Basic " .. core.base64(url.credentials(p.info))
    end
    if p.headers then
        headers.visit(p.headers, function(name, value)
            all[#all + 1], all[#all + 2] = name, tostring(value)
        end)
    end
    return all
end

--- The header lines of CONNECT, beside Host.
-- @tparam table p of `proxy.of`
-- @treturn string; or nil and an error object when a field cannot be sent
function proxy.connect_fields(p)
    local all = fields_for(p, { "User-Agent", "perilune" })
    local lines = {}
    for i = 1, #all, 2 do
        if not is_token(all[i]) or all[i + 1]:find("[%z\1-\8\10-\31\127]") then
            return invalid("proxy_headers: a field that cannot be sent: %s", tostring(all[i]))
        end
        lines[#lines + 1] = all[i] .. ": " .. all[i + 1] .. "\r\n"
    end
    return table.concat(lines)
end

--- The target and the fields of a request in absolute-form.
-- @tparam table p of `proxy.of`
-- @tparam table u of `url.parse`
-- @tparam table fields flat array
-- @treturn string
-- @treturn table flat array
function proxy.absolute(p, u, fields)
    local all = {}
    for i = 1, #fields do
        all[i] = fields[i]
    end
    return u.url, fields_for(p, all)
end

return proxy
