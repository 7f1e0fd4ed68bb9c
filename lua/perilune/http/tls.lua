--- How the client reaches `https` URLs: which context, which name.
--
-- The option `tls` is a context of `perilune.tls.client_context`, or its options; without it the authorities of the
-- system are trusted. `insecure` takes any certificate. `server_name` is sent and verified instead of the URL's host.
-- `http_versions` is an array of "2" and "1.1", what is offered by ALPN, best first; both by default.

local failure = require "perilune.failure"
local proxy = require "perilune.http.proxy"
local tls = require "perilune.tls"

local client_tls = {}

--- The names of ALPN (RFC 7301) for the versions of HTTP that may be spoken.
local ALPN = { ["2"] = "h2", ["1.1"] = "http/1.1" }

local default
local made = setmetatable({}, { __mode = "k" })

--- The context that an option names.
-- @param option a context, a table of options, or nil
-- @treturn context
function client_tls.of(option)
    if option == nil then
        default = default or tls.client_context()
        return default
    elseif type(option) ~= "table" then
        return option
    end
    made[option] = made[option] or tls.client_context(option)
    return made[option]
end

--- The protocols that are offered: of the options `http_versions` and `http_version`; or nil and an error object.
local function offered(o)
    local names = {}
    if o.http_version then
        return ALPN["1.1"]
    end
    for i, version in ipairs(o.http_versions or { "2", "1.1" }) do
        names[i] = ALPN[tostring(version)]
        if not names[i] then
            return nil, failure.new("invalid", ("http_versions: '%s' is none of 2, 1.1"):format(tostring(version)))
        end
    end
    return table.concat(names, ",")
end

--- The key and the way to a URL; or nil, nil and an error object.
-- @tparam table o options of the request
-- @tparam table u of `url.parse`
function client_tls.way(o, u)
    if o.proxy then
        local _, _, err = proxy.way(o, u)
        if err then
            return nil, nil, err
        end
    end
    local alpn, err = offered(o)
    if not alpn then
        return nil, nil, err
    end
    local context = client_tls.of(o.tls)
    local key = ("%s %s %s %s %s %s"):format(u.origin, tostring(context), o.server_name or "", tostring(o.insecure),
        o.unix_path or "", alpn)
    return key, { host = u.host, port = u.port, unix_path = o.unix_path, tls = context, alpn = alpn,
        insecure = o.insecure, server_name = o.server_name or u.host }
end

return client_tls
