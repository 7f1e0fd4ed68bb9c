--- Bearer tokens that are signed (perilune.jwt): who shows none, or one that is not good, gets 401 (RFC 6750). A
-- handler finds what the token says as `req.claims`, and its `sub` as `req.user`. When the keys cannot be fetched: 503.
--
-- Options: those of `jwt.verify`, of which `jwks` may also be a URL; `realm` ("restricted"), `optional` (boolean,
-- false: requests without a token go on without claims).

local answer = require "perilune.http.answer"
local await = require("perilune.deferred").await
local define = require "perilune.http.middleware.define"
local failure = require "perilune.failure"
local kinds = require "perilune.http.kinds"
local jwt = require "perilune.jwt"
local options = require "perilune.options"

--- Options of `jwt.verify`; raises, in the middleware's name, for what could verify nothing.
local function checked(given)
    local o = options.together(given)
    o.realm, o.optional = nil, nil
    if type(o.jwks) == "string" then
        o.jwks = jwt.jwks(o.jwks)
    end
    jwt._check(o, "middleware.jwt")
    return o
end

local function token_of(req)
    local scheme, token = (req.headers["authorization"] or ""):match("^(%a+) +([%w%-._~+/]+=*)$")
    return scheme and scheme:lower() == "bearer" and token or nil
end

local function refusal(challenge, err)
    if err and err.reason then
        local why = err.message:gsub('["\\]', "")
        challenge = ('%s, error="invalid_token", error_description="%s"'):format(challenge, why)
    end
    return { status = 401, headers = { ["WWW-Authenticate"] = challenge }, body = "unauthorized\n" }
end

return define("jwt", options.together(jwt._OPTIONS, { jwks = { "table", kinds.url }, realm = kinds.field_value,
    optional = "boolean" }), function(given)
    local o = checked(given)
    local challenge = ('Bearer realm="%s"'):format((given.realm or "restricted"):gsub('[\\"]', "\\%0"))
    return function(handler)
        return function(req)
            local token = token_of(req)
            if not token and given.optional and req.headers["authorization"] == nil then
                return handler(req)
            elseif not token then
                return refusal(challenge)
            end
            local ok, claims = pcall(await, jwt.verify(token, o))
            if not ok and failure.is(claims) and claims.reason then
                return refusal(challenge, claims)
            elseif not ok then
                return answer.unavailable("tokens cannot be verified", claims, 5)
            end
            rawset(req, "claims", claims)
            rawset(req, "user", claims.sub)
            return handler(req)
        end
    end
end)
