--- Bearer tokens (RFC 6750): who shows no token gets 401, who shows one that is not good, too, with `invalid_token`.
--
-- Options: `check` (function(token, req) → what is to be `req.user`, or a deferred of it; nil or false: refused;
-- required), `realm` ("restricted").

local await = require("perilune.deferred").await
local define = require "perilune.http.middleware.define"
local kinds = require "perilune.http.kinds"

return define("bearer_auth", { check = "function", realm = kinds.field_value }, function(o)
    if not o.check then
        error("middleware.bearer_auth: option 'check' is needed", 0)
    end
    local challenge = ('Bearer realm="%s"'):format((o.realm or "restricted"):gsub('[\\"]', "\\%0"))
    return function(handler)
        return function(req)
            local scheme, token = (req.headers["authorization"] or ""):match("^(%a+) +([%w%-._~+/]+=*)$")
            token = scheme and scheme:lower() == "bearer" and token or nil
            local who = token and await(o.check(token, req))
            if not who then
                local what = token and challenge .. ', error="invalid_token"' or challenge
                return { status = 401, headers = { ["WWW-Authenticate"] = what }, body = "unauthorized\n" }
            end
            rawset(req, "user", who)
            return handler(req)
        end
    end
end)
