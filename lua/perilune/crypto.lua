--- Cryptography for applications: hashes, HMAC, derived keys, random bytes, sealed texts, signatures.
--
-- All of it is OpenSSL's (net/crypto_*.c). Texts and keys are strings of bytes. Misuse raises; what a stranger has sent
-- and is not right gives nil or false.

local argument = require "perilune.argument"
local core = require "perilune.core.crypto"
local failure = require "perilune.failure"
local sys = require "perilune.core.sys"

local crypto = {}

local HASHES = { md5 = true, sha1 = true, sha256 = true, sha384 = true, sha512 = true }
local SECRET_LEAST, SEAL_KEY, DERIVED_MOST, RANDOM_MOST = 16, 32, 255, 4096

local function check_text(value, name, where)
    if type(value) ~= "string" then
        argument.bad(name, "crypto." .. where, "string expected, got " .. type(value), 3)
    end
end

local function check_number(n, where, least, most)
    if type(n) ~= "number" or not (n >= least and n <= most) then
        argument.bad("n", "crypto." .. where, ("a number from %d to %d expected"):format(least, most), 3)
    end
end

local function check_hash(name, where)
    if not HASHES[name] then
        local what = "md5, sha1, sha256, sha384 or sha512 expected, got " .. tostring(name)
        argument.bad("hash", "crypto." .. where, what, 3)
    end
end

--- The hash of a text.
-- @tparam string hash "sha256", "sha384", "sha512"; for what others prescribe "md5", "sha1", which are broken
-- @tparam string text
-- @treturn string bytes: 32, 48, 64; 16, 20
function crypto.hash(hash, text)
    check_hash(hash, "hash")
    check_text(text, "text", "hash")
    return core.hash(hash, text)
end

--- The HMAC of a text (RFC 2104).
-- @tparam string hash as above
-- @tparam string key
-- @tparam string text
-- @treturn string bytes
function crypto.hmac(hash, key, text)
    check_hash(hash, "hmac")
    check_text(key, "key", "hmac")
    check_text(text, "text", "hmac")
    return core.hmac(hash, key, text)
end

--- A key made of a secret, for one purpose (HKDF with SHA-256, RFC 5869): who knows one such key knows neither the
-- secret nor the others. The secret must be one of random bytes; passwords can be guessed.
-- @tparam string secret at least 16 bytes
-- @tparam string purpose
-- @tparam[opt=32] number n bytes, 1 to 255
-- @treturn string
function crypto.derive(secret, purpose, n)
    check_text(secret, "secret", "derive")
    check_text(purpose, "purpose", "derive")
    if #secret < SECRET_LEAST then
        argument.bad("secret", "crypto.derive", ("at least %d bytes expected"):format(SECRET_LEAST))
    end
    n = n or SEAL_KEY
    check_number(n, "derive", 1, DERIVED_MOST)
    return core.derive("sha256", secret, "", purpose, n)
end

--- Are two texts equal? Takes as long wherever they differ; only their lengths may be learnt.
-- @tparam string a
-- @tparam string b
-- @treturn boolean
function crypto.equals(a, b)
    check_text(a, "a", "equals")
    check_text(b, "b", "equals")
    return core.equals(a, b)
end

--- Random bytes for keys and tokens.
-- @tparam number n 0 to 4096
-- @treturn string
function crypto.random(n)
    check_number(n, "random", 0, RANDOM_MOST)
    return sys.random_bytes(n)
end

--- A random text of base64url, for identifiers that nobody is to guess.
-- @tparam[opt=16] number n random bytes in it
-- @treturn string
function crypto.token(n)
    n = n or 16
    check_number(n, "token", 0, RANDOM_MOST)
    return core.base64url(sys.random_bytes(n))
end

local function check_seal_key(key, where)
    if #key ~= SEAL_KEY then
        argument.bad("key", "crypto." .. where, ("%d bytes expected, got %d"):format(SEAL_KEY, #key), 3)
    end
end

--- Encrypts a text so that nobody can read or change it without the key (AES-256-GCM, a random nonce of 96 bits in
-- front, the tag of 128 bits behind: 28 bytes more). One key is good for 2^32 texts.
-- @tparam string key 32 bytes, such as those of `crypto.derive`
-- @tparam string text
-- @tparam[opt=""] string context what must be told again to open it: whom it is for, where it stands
-- @treturn string bytes
function crypto.seal(key, text, context)
    context = context or ""
    check_text(key, "key", "seal")
    check_text(text, "text", "seal")
    check_text(context, "context", "seal")
    check_seal_key(key, "seal")
    return core.seal(key, text, context)
end

--- The text that was sealed.
-- @treturn string|nil nil when it was not sealed with this key and context, or was changed
function crypto.unseal(key, text, context)
    context = context or ""
    check_text(key, "key", "unseal")
    check_text(text, "text", "unseal")
    check_text(context, "context", "unseal")
    check_seal_key(key, "unseal")
    return core.unseal(key, text, context)
end

--- Bytes as base64url without padding (RFC 4648 section 5), and as hexadecimal digits.
-- @tparam string bytes
-- @treturn string
crypto.base64url, crypto.hex = core.base64url, core.hex

--- The bytes of a text in base64url, padded or not.
-- @tparam string text
-- @treturn string|nil nil when it is malformed
function crypto.unbase64url(text)
    check_text(text, "text", "unbase64url")
    return core.unbase64(text, true)
end

--- The bytes of a text in base64.
-- @tparam string text
-- @treturn string|nil nil when it is malformed
function crypto.unbase64(text)
    check_text(text, "text", "unbase64")
    return core.unbase64(text, false)
end

local function number_of(jwk, name)
    return type(jwk[name]) == "string" and core.unbase64(jwk[name], true) or ""
end

local function of_jwk(jwk)
    if jwk.kty == "RSA" then
        return core.key_rsa(number_of(jwk, "n"), number_of(jwk, "e"))
    elseif jwk.kty == "EC" then
        return core.key_ec(tostring(jwk.crv), number_of(jwk, "x"), number_of(jwk, "y"))
    elseif jwk.kty == "OKP" and jwk.crv == "Ed25519" then
        return core.key_ed25519(number_of(jwk, "x"))
    end
end

--- A key for signatures: RSA of at least 2,048 bits, P-256, P-384, P-521 or Ed25519. It can be garbage collected.
-- @tparam string|table source PEM of a private key, of a public key or of a certificate; or the table of a JSON Web
-- Key (RFC 7517), of which the public half is taken
-- @treturn key; or nil and an error object with code `invalid`
function crypto.key(source)
    local key
    if type(source) == "string" then
        key = core.key_pem(source)
    elseif type(source) == "table" then
        key = of_jwk(source)
    else
        argument.bad("source", "crypto.key", "string or table expected, got " .. type(source))
    end
    if not key then
        return nil, failure.new("invalid", "no key of RSA (2048 bits or more), P-256, P-384, P-521 or Ed25519")
    end
    return key
end

--- What a key is: "RSA", "P-256", "P-384", "P-521" or "Ed25519", and whether it can sign; nil for what is no key.
-- @treturn string|nil
-- @treturn boolean
crypto.key_facts = core.key_facts

--- A signature. Schemes are those of JSON Web Algorithms (RFC 7518): RS256, RS384, RS512, PS256, PS384, PS512 (RSA),
-- ES256, ES384, ES512 (P-256, P-384, P-521; two numbers of fixed size, not DER), EdDSA (Ed25519).
-- @param key of `crypto.key`, private
-- @tparam string scheme
-- @tparam string text
-- @treturn string bytes; raises when the key is public or not for this scheme
function crypto.sign(key, scheme, text)
    if not core.key_facts(key) then
        argument.bad("key", "crypto.sign", "a key of crypto.key expected, got " .. type(key))
    end
    check_text(scheme, "scheme", "sign")
    check_text(text, "text", "sign")
    local signature = core.sign(key, scheme, text)
    if not signature then
        local kind, is_private = core.key_facts(key)
        local what = ("a %s key of %s cannot sign with %s"):format(is_private and "private" or "public", kind, scheme)
        error("crypto.sign: " .. what, 2)
    end
    return signature
end

--- Is it the signature of a text?
-- @param key of `crypto.key`
-- @tparam string scheme as above; one that is not for this kind of key gives false
-- @tparam string text
-- @tparam string signature
-- @treturn boolean
crypto.verify = core.verify

return crypto
