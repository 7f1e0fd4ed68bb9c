--- The TLS contexts of the client.
--
-- The options `tls` and `proxy_tls` are a context of `perilune.tls.client_context`, or its options; without them the
-- authorities of the system are trusted.

local tls = require "perilune.tls"

local client_tls = {}

--- The names of ALPN (RFC 7301) for the versions of HTTP that may be spoken.
local ALPN = { ["2"] = "h2", ["1.1"] = "http/1.1" }
local BOTH = { "2", "1.1" }

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

--- The protocols that ALPN offers: of the options `http_versions` and `http_version`; both versions by default.
-- @tparam table o options of the request
-- @treturn string "h2,http/1.1"
function client_tls.offered(o)
    local names = {}
    if o.http_version then
        return ALPN["1.1"]
    end
    for i, version in ipairs(o.http_versions or BOTH) do
        names[i] = ALPN[version]
    end
    return table.concat(names, ",")
end

return client_tls
