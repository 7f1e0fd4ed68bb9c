--- JSON Web Tokens (RFC 7519) with the signatures of RFC 7518 and RFC 8037, verified as RFC 8725 advises.
--
-- A key decides which algorithms it can be used with: a secret HS256 and its kin, a key of `crypto.key` those of its
-- kind. What the token says of itself never widens that, so a public key is never taken for a secret, and `none` is no
-- algorithm. Keys of others come as a set from a URL: jwt/jwks.lua.

local crypto = require "perilune.crypto"
local deferred = require "perilune.deferred"
local failure = require "perilune.failure"
local json = require "perilune.json"
local options = require "perilune.options"
local time = require "perilune.time"

local jwt = {}

local HASHES = { HS256 = "sha256", HS384 = "sha384", HS512 = "sha512" }
local SECRET_LEAST = { HS256 = 32, HS384 = 48, HS512 = 64 }
local FAMILIES = { secret = { "HS256", "HS384", "HS512" },
    RSA = { "RS256", "RS384", "RS512", "PS256", "PS384", "PS512" },
    ["P-256"] = { "ES256" }, ["P-384"] = { "ES384" }, ["P-521"] = { "ES512" }, Ed25519 = { "EdDSA" } }
local KNOWN = {}
for _, family in pairs(FAMILIES) do
    for _, name in ipairs(family) do
        KNOWN[name] = true
    end
end
local TOKEN_MOST = 16384

local SIGN = { algorithm = "string", key = "any", kid = "string", ttl = "seconds", header = "table" }
local TEXTS = { each = "string" }
local VERIFY = { key = "any", keys = "table", jwks = "table", algorithms = "table", issuer = { "string", TEXTS },
    audience = { "string", TEXTS }, leeway = "seconds", required = TEXTS, typ = "string" }

--- The options of `jwt.verify` and their kinds.
jwt._OPTIONS = VERIFY

--- What a token is refused for.
local function refused(reason, message)
    local err = failure.refusal(401, "invalid", message)
    err.reason = reason
    return err
end

local function refuse(reason, message)
    error(refused(reason, message), 0)
end

local function has(list, value)
    for _, v in ipairs(list) do
        if v == value then
            return true
        end
    end
    return false
end

--- A key in the form that is worked with: a secret, or a key of `crypto.key`; and its kind.
local function key_of(key, where)
    if type(key) == "string" and key:find("^%-%-%-%-%-BEGIN ") then
        local made, err = crypto.key(key)
        if not made then
            error(("%s: %s"):format(where, err.message), 0)
        end
        return made, (crypto.key_facts(made))
    elseif type(key) == "string" then
        return key, "secret"
    end
    return key, crypto.key_facts(key) or error(where .. ": the key is neither a secret nor a key of crypto.key", 0)
end

local function check_secret(kind, key, algorithm, where)
    if kind == "secret" and #key < SECRET_LEAST[algorithm] then
        error(("%s: %s needs a secret of at least %d bytes"):format(where, algorithm, SECRET_LEAST[algorithm]), 0)
    end
end

local function encode(value)
    return crypto.base64url(json.encode(value))
end

local function sign(claims, o)
    local key, kind = key_of(o.key, "jwt.sign")
    local algorithm = o.algorithm or FAMILIES[kind][1]
    if not has(FAMILIES[kind], algorithm) then
        error(("jwt.sign: %s is not for a key that is %s"):format(algorithm, kind), 0)
    end
    check_secret(kind, key, algorithm, "jwt.sign")
    if o.ttl then
        local now = math.floor(time.now())
        claims = options.together(claims, { iat = now, exp = now + o.ttl })
    end
    local header = options.together({ typ = "JWT" }, o.header, { alg = algorithm, kid = o.kid })
    local text = encode(header) .. "." .. encode(claims)
    local hash = HASHES[algorithm]
    local signature = hash and crypto.hmac(hash, key, text) or crypto.sign(key, algorithm, text)
    return text .. "." .. crypto.base64url(signature)
end

--- Makes a token.
-- Options: `key` (a secret; PEM of a private key or what `crypto.key` made of it; required), `algorithm` (by default
-- the first one of the key's kind: HS256, RS256, ES256, …), `kid` (the key's name), `ttl` (seconds: sets `iat` and
-- `exp`), `header` (more members of the header).
-- @tparam table claims
-- @tparam table opts
-- @treturn string
function jwt.sign(claims, opts)
    opts = options.check(opts, SIGN, "jwt.sign", 2)
    local ok, token = pcall(sign, claims, opts)
    if not ok then
        error(token, 2)
    end
    return token
end

-- ---------------------------------------------------------------------------------------------------------------------

local function decode_object(text, what)
    local bytes = crypto.unbase64url(text)
    local ok, value = pcall(json.decode, bytes or "")
    if not ok or type(value) ~= "table" then
        refuse("malformed", ("the %s of the token is no JSON object"):format(what))
    end
    return value
end

--- The parts of a token: header, claims, what is signed, and the signature; raises for what is none.
local function take_apart(token)
    if type(token) ~= "string" then
        refuse("malformed", "this is no signed token")
    elseif #token > TOKEN_MOST then
        refuse("malformed", "the token is too long")
    end
    local text, head, body, signature = token:match("^(([%w_-]+)%.([%w_-]+))%.([%w_-]+)$")
    if not text then
        refuse("malformed", "this is no signed token")
    end
    local header = decode_object(head, "header")
    if type(header.alg) ~= "string" or header.crit ~= nil or (header.kid ~= nil and type(header.kid) ~= "string") then
        refuse("malformed", "the header of the token asks for what is not known here")
    end
    return header, decode_object(body, "body"), text, crypto.unbase64url(signature) or ""
end

--- Is it signed with this key, in an algorithm that the key and the options allow?
local function is_signed(key, kind, algorithms, header, text, signature)
    local algorithm = header.alg
    if not has(FAMILIES[kind], algorithm) or algorithms and not has(algorithms, algorithm) then
        refuse("algorithm", "the token is not signed as its key demands")
    elseif not algorithms and algorithm ~= FAMILIES[kind][1] then
        refuse("algorithm", ("tokens are to be signed with %s"):format(FAMILIES[kind][1]))
    end
    check_secret(kind, key, algorithm, "jwt.verify")
    local hash = HASHES[algorithm]
    if hash then
        return crypto.equals(crypto.hmac(hash, key, text), signature)
    end
    return crypto.verify(key, algorithm, text, signature)
end

--- Is the token of the kind that is asked for (RFC 8725 section 3.11)? `application/` may be left out.
local function is_of_type(typ, wanted)
    local function short(name)
        return (name:lower():gsub("^application/", ""))
    end
    return type(typ) == "string" and short(typ) == short(wanted)
end

local function as_list(value)
    return type(value) == "table" and value or { value }
end

local function check_times(claims, leeway)
    local now = time.now()
    for _, name in ipairs { "exp", "nbf", "iat" } do
        if claims[name] ~= nil and type(claims[name]) ~= "number" then
            refuse("malformed", ("'%s' is no number"):format(name))
        end
    end
    if claims.exp and now >= claims.exp + leeway then
        refuse("expired", "the token has expired")
    elseif claims.nbf and now < claims.nbf - leeway then
        refuse("early", "the token is not valid yet")
    end
end

local function check_claims(claims, o)
    check_times(claims, o.leeway or 0)
    for _, name in ipairs(o.required or { "exp" }) do
        if claims[name] == nil then
            refuse("missing", ("the token has no '%s'"):format(name))
        end
    end
    if o.issuer and not has(as_list(o.issuer), claims.iss) then
        refuse("issuer", "the token is of another issuer")
    end
    if o.audience then
        for _, wanted in ipairs(as_list(o.audience)) do
            if has(as_list(claims.aud), wanted) then
                return
            end
        end
        refuse("audience", "the token is for others")
    end
end

--- The key for a token, `key` or the one of its name among `keys` or in the set, and the algorithms that are allowed.
local function find_key(o, header)
    if o.key ~= nil then
        return o.key, o.algorithms
    elseif o.keys then
        return header.kid and o.keys[header.kid], o.algorithms
    end
    local entry = deferred.await(o.jwks:find(header.kid, header.alg))
    return entry and entry.key, o.algorithms or entry and entry.alg and { entry.alg }
end

local function verify(token, o)
    local header, claims, text, signature = take_apart(token)
    local key, algorithms = find_key(o, header)
    if not key then
        refuse("key", "the token is signed with a key that is not known")
    end
    local own, kind = key_of(key, "jwt.verify")
    if not is_signed(own, kind, algorithms, header, text, signature) then
        refuse("signature", "the signature of the token is not right")
    end
    if o.typ and not is_of_type(header.typ, o.typ) then
        refuse("type", "the token is of another type")
    end
    check_claims(claims, o)
    return claims
end

--- Raises a text for options that no token can be verified with.
local function check_options(o, where)
    options.check(o, VERIFY, where, -1)
    for _, name in ipairs(o.algorithms or {}) do
        if not KNOWN[name] then -- and would never be met
            error(("%s: option 'algorithms': '%s' is not known"):format(where, tostring(name)), 0)
        end
    end
    if (o.key ~= nil and 1 or 0) + (o.keys and 1 or 0) + (o.jwks and 1 or 0) ~= 1 then
        error(where .. ": one of the options 'key', 'keys' and 'jwks' is needed", 0)
    elseif o.jwks and type(o.jwks.find) ~= "function" then
        error(where .. ": option 'jwks' must be a set of jwt.jwks", 0)
    end
end

--- Raises a text for options of `jwt.verify` that no token can be verified with, keys among them.
-- @tparam table o
-- @tparam string where what the text begins with
function jwt._check(o, where)
    check_options(o, where)
    for _, key in pairs(o.keys or { o.key }) do
        local own, kind = key_of(key, where)
        local has_any = false
        for _, algorithm in ipairs(o.algorithms or { FAMILIES[kind][1] }) do
            if has(FAMILIES[kind], algorithm) then
                has_any = true
                check_secret(kind, own, algorithm, where)
            end
        end
        if not has_any then
            error(("%s: none of 'algorithms' is for a key that is %s"):format(where, kind), 0)
        end
    end
end

--- Verifies a token.
-- Options: one of `key` (a secret, PEM, or a key of `crypto.key`), `keys` (the token's `kid` → key) and `jwks` (of
-- `jwt.jwks`); `algorithms` (array; by default the first one of the key's kind: HS256, RS256, ES256, …), `issuer` and
-- `audience` (text, or an array of which one must be there), `leeway` (seconds that clocks may differ; 0), `required`
-- (array of claims that must be there; `{"exp"}`), `typ` (what the header must say of that name).
-- @tparam string token
-- @tparam table opts
-- @treturn deferred of the claims; fails with code `invalid`, `status` 401 and a `reason`: "malformed", "algorithm",
-- "key", "signature", "type", "expired", "early", "missing", "issuer", "audience"; or with what fetching keys
-- fails with
function jwt.verify(token, opts)
    opts = opts or {}
    local ok, result = pcall(check_options, opts, "jwt.verify")
    if ok and opts.jwks then
        return require("perilune.task").spawn(verify, token, opts)
    elseif ok then
        ok, result = pcall(verify, token, opts)
    end
    if ok then
        return deferred.success_deferred(result)
    elseif failure.is(result) then
        return deferred.error_deferred(result)
    end
    error(result, 2)
end

--- A set of keys at a URL (RFC 7517), as issuers publish it: fetched when first needed and kept.
jwt.jwks = function(url, opts)
    local set = require("perilune.jwt.jwks").new(url, opts) -- a call behind `return` would leave no place for errors
    return set
end

return jwt
