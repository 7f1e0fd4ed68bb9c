--- The TLS contexts of the client.
--
-- The options `tls` and `proxy_tls` are a context of `perilune.tls.client_context`, or its options; without them the
-- authorities of the system are trusted.

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

return client_tls
