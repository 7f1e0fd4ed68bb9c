--- Tokens: what nobody has signed is refused; what is signed with our key is accepted or refused for its claims. The
-- first line is a token, or the header and the claims are the second and the third line. A set of keys is read from
-- the fourth.

local crypto = require "perilune.crypto"
local failure = require "perilune.failure"
local json = require "perilune.json"
local jwt = require "perilune.jwt"

local KEY = ("k"):rep(32)
local REASONS = { malformed = true, algorithm = true, key = true, signature = true, expired = true, early = true,
    missing = true, issuer = true, audience = true }

local function verify(token)
    local ok, claims = try_await(jwt.verify(token, { key = KEY, issuer = "me", audience = { "you", "all" } }))
    if ok then
        assert(type(claims) == "table" and type(claims.exp) == "number" and claims.iss == "me")
    else
        assert(failure.is(claims, "invalid") and claims.status == 401 and REASONS[claims.reason], claims)
    end
    return ok
end

return function(input)
    local lines = {}
    for line in (input .. "\n"):gmatch("(.-)\n") do
        lines[#lines + 1] = line
    end
    assert(not verify(lines[1]), "a token was accepted that nobody has signed")
    if lines[3] then
        local text = crypto.base64url(lines[2]) .. "." .. crypto.base64url(lines[3])
        verify(text .. "." .. crypto.base64url(crypto.hmac("sha256", KEY, text)))
    end
    local ok, jwk = pcall(json.decode, lines[4] or "")
    if ok and type(jwk) == "table" then
        crypto.key(jwk)
    end
end
