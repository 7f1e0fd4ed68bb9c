--- How the client reaches `https` URLs: which context, which name.
--
-- The option `tls` is a context of `perilune.tls.client_context`, or its options; without it the authorities of the
-- system are trusted. `insecure` takes any certificate. `server_name` is sent and verified instead of the URL's host.

local proxy = require "perilune.http.proxy"
local tls = require "perilune.tls"

local client_tls = {}

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
    local context = client_tls.of(o.tls)
    local key = ("%s %s %s %s %s"):format(u.origin, tostring(context), o.server_name or "", tostring(o.insecure),
        o.unix_path or "")
    return key, { host = u.host, port = u.port, unix_path = o.unix_path, tls = context, alpn = "http/1.1",
        insecure = o.insecure, server_name = o.server_name or u.host }
end

return client_tls
