--- Fields that tell a browser to be careful. A field that the handler has set stays as it is; an option that is false
-- leaves its field out.
--
-- Options: `content_type_options` ("nosniff"), `frame_options` ("SAMEORIGIN"), `referrer_policy`
-- ("strict-origin-when-cross-origin"), `opener_policy` ("same-origin"), `content_security_policy` (none by default),
-- `permissions_policy` (none), `transport_security` (seconds that the host is to be asked by https only; none; sent
-- over https only), `subdomains` (boolean: the same for the hosts below).

local answer = require "perilune.http.answer"
local define = require "perilune.http.middleware.define"
local kinds = require "perilune.http.kinds"

local FIELDS = {
    { "content_type_options", "X-Content-Type-Options", "nosniff" },
    { "frame_options", "X-Frame-Options", "SAMEORIGIN" },
    { "referrer_policy", "Referrer-Policy", "strict-origin-when-cross-origin" },
    { "opener_policy", "Cross-Origin-Opener-Policy", "same-origin" },
    { "content_security_policy", "Content-Security-Policy" },
    { "permissions_policy", "Permissions-Policy" },
}

local known = { transport_security = "seconds", subdomains = "boolean" }
for _, field in ipairs(FIELDS) do
    known[field[1]] = { kinds.field_value, "false" }
end

return define("security_headers", known, function(o)
    local fields = {}
    for _, field in ipairs(FIELDS) do
        local value = o[field[1]]
        if value == nil then
            value = field[3]
        end
        if value then
            fields[#fields + 1] = { field[2], value }
        end
    end
    local transport = o.transport_security and ("max-age=%d%s"):format(o.transport_security,
        o.subdomains and "; includeSubDomains" or "")
    return function(handler)
        return function(req)
            local res = answer.of(handler(req))
            for _, field in ipairs(fields) do
                answer.default(res, field[1], field[2])
            end
            if transport and req.scheme == "https" then
                answer.default(res, "Strict-Transport-Security", transport)
            end
            return res
        end
    end
end)
