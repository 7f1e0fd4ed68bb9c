--- How a URL is reached: directly, by TLS, through a proxy, from which address, with which resolver.
--
-- A way is what perilune.core.client makes connections by; its key says which requests may share them.

local core = require "perilune.core.client"
local dns = require "perilune.dns"
local proxy = require "perilune.http.proxy"
local tls = require "perilune.http.tls"

local way = {}

--- Objects by a number that no other ever has, as their addresses do when the first one has been collected.
local numbers, last = setmetatable({}, { __mode = "k" }), 0

local function number_of(object)
    local n = numbers[object]
    if not n then
        last = last + 1
        n, numbers[object] = last, last
    end
    return n
end

--- A part of a key that shows no secret.
local function fingerprint(text)
    return core.digest("sha256", text):sub(1, 16)
end

local function add(key, name, value)
    if value ~= nil and value ~= false then
        key[#key + 1] = name .. "=" .. tostring(value)
    end
end

local function add_tls(key, name, w)
    if w.tls then
        add(key, name, number_of(w.tls))
        add(key, name .. "-name", w.server_name ~= w.host and w.server_name)
        add(key, name .. "-insecure", w.insecure)
    end
end

local function from_where(o, key, w)
    w.local_address, w.family = o.local_address, o.family
    w.resolver = o.resolver and dns._core(o.resolver)
    add(key, "from", o.local_address)
    add(key, "family", o.family)
    add(key, "resolver", o.resolver and number_of(w.resolver))
end

local function secure_target(o, u, key, w)
    w.tls, w.insecure, w.server_name = tls.of(o.tls), o.insecure, o.server_name or u.host
    w.alpn = tls.offered(o)
    add_tls(key, "tls", w)
    add(key, "alpn", w.alpn)
end

--- HTTP/2 without a word before, where nothing could agree on it.
local function in_cleartext(o, key, w)
    w.knows_h2 = o.force_h2c
    add(key, "h2c", o.force_h2c)
end

--- What matters at the end of every way that leads to the target itself.
local function to_target(o, u, key, w)
    from_where(o, key, w)
    if u.scheme == "https" then
        secure_target(o, u, key, w)
    else
        in_cleartext(o, key, w)
    end
    return table.concat(key, " "), w
end

local function secure_proxy(o, p)
    if not p.is_tls then
        return {}
    end
    return { tls = tls.of(o.proxy_tls), insecure = o.proxy_insecure, server_name = p.host, host = p.host }
end

--- To the proxy itself, which passes requests on.
local function forward(o, p)
    local key, w = { p.shown }, secure_proxy(o, p)
    w.host, w.port = p.host, p.port
    from_where(o, key, w)
    add_tls(key, "tls", w)
    return table.concat(key, " "), w, p
end

--- Through the proxy to the target.
local function tunnel(o, u, p)
    local w = { host = u.host, port = u.port }
    local key = { u.origin, "through", p.shown }
    local via = secure_proxy(o, p)
    add_tls(key, "proxy-tls", via)
    via.kind, via.host, via.port, via.gets_address = p.kind, p.host, p.port, p.gets_address
    via.user, via.password = p.user, p.password
    if p.kind == "connect" then
        local fields, err = proxy.connect_fields(p)
        if not fields then
            return nil, nil, nil, err
        end
        via.fields = fields
    end
    if p.info or p.headers then
        add(key, "as", fingerprint((p.info or "") .. "\0" .. (via.fields or "")))
    end
    w.via = via
    return to_target(o, u, key, w)
end

local function direct(o, u)
    local w = { host = u.host, port = u.port, unix_path = o.unix_path }
    local key = { u.origin }
    add(key, "unix", o.unix_path)
    return to_target(o, u, key, w)
end

--- The way to a URL.
-- @tparam table o options of the request
-- @tparam table u of `url.parse`
-- @treturn string|nil the key; nil: `u` itself is key and way
-- @treturn table|nil the way
-- @treturn table|nil a proxy of perilune.http.proxy that gets requests in absolute-form
-- @treturn table|nil an error object: there is no way
function way.of(o, u)
    local p, err
    if o.proxy and not o.unix_path then
        p, err = proxy.of(o, u)
    end
    if err then
        return nil, nil, nil, err
    elseif p then
        if p.is_forward then
            return forward(o, p)
        end
        return tunnel(o, u, p)
    elseif u.scheme == "http" and not (o.unix_path or o.local_address or o.resolver or o.family
        or o.force_h2c) then
        return nil
    end
    return direct(o, u)
end

return way
