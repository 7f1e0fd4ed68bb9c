# perilune.crypto: vectors, sealed texts, keys and signatures, misuse.
use Test::Nginx::Socket 'no_plan';

run_tests();

__DATA__

=== TEST 1: hashes, HMAC, derived keys, comparison, encodings
--- user_files
>>> a.lua
local crypto = require "perilune.crypto"
local hex = crypto.hex
print(hex(crypto.hash("sha256", "abc")))
print(#crypto.hash("md5", ""), #crypto.hash("sha1", ""), #crypto.hash("sha384", ""), #crypto.hash("sha512", ""))
print(hex(crypto.hmac("sha256", "Jefe", "what do ya want for nothing?")))
local secret = ("s"):rep(16)
print(#crypto.derive(secret, "one"), #crypto.derive(secret, "one", 48), crypto.derive(secret, "one") == crypto.derive(secret, "one"),
    crypto.derive(secret, "one") == crypto.derive(secret, "two"), crypto.derive(secret, "one", 48):sub(1, 32) == crypto.derive(secret, "one"))
print(crypto.equals("", ""), crypto.equals("a", "a"), crypto.equals("a", "b"), crypto.equals("a", "ab"))
print(crypto.base64url("\251\255\254"), crypto.unbase64url("-__-") == crypto.unbase64("+//+"), crypto.unbase64url("+"), crypto.unbase64("a"))
print(#crypto.random(20), #crypto.token(), #crypto.token(32), crypto.token() == crypto.token())
--- exec
timeout 100 $TEST_NGINX_BINARY run $TEST_NGINX_HTML_DIR/a.lua 2>&1
--- exec_out
ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad
16	20	48	64
5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843
32	48	true	false	true
true	true	false	false
-__-	true	nil	nil
20	22	43	false

=== TEST 2: sealed texts
--- user_files
>>> a.lua
local crypto = require "perilune.crypto"
local key, other = crypto.derive(("k"):rep(16), "a"), crypto.derive(("k"):rep(16), "b")
local sealed = crypto.seal(key, "a text", "for you")
print(#sealed, sealed ~= crypto.seal(key, "a text", "for you"), sealed:find("a text", 1, true))
print(crypto.unseal(key, sealed, "for you"), crypto.unseal(key, sealed), crypto.unseal(other, sealed, "for you"))
print(crypto.unseal(key, sealed:sub(1, -2), "for you"), crypto.unseal(key, "", "for you"), crypto.unseal(key, crypto.seal(key, "")) == "")
local large = ("x"):rep(1000000)
print(crypto.unseal(key, crypto.seal(key, large)) == large)
--- exec
timeout 100 $TEST_NGINX_BINARY run $TEST_NGINX_HTML_DIR/a.lua 2>&1
--- exec_out
34	true	nil
a text	nil	nil
nil	nil	true
true

=== TEST 3: signatures of RFC 7515 (ES256) and RFC 8037 (Ed25519); keys that openssl makes
--- user_files
>>> a.lua
local crypto = require "perilune.crypto"
local function verify(jwk, scheme, jws)
    local text, signature = jws:match("^(.*)%.(.*)$")
    local key = assert(crypto.key(jwk))
    print((crypto.key_facts(key)), select(2, crypto.key_facts(key)), crypto.verify(key, scheme, text, crypto.unbase64url(signature)),
        crypto.verify(key, scheme, text .. "x", crypto.unbase64url(signature)), crypto.verify(key, "RS256", text, crypto.unbase64url(signature)))
end
verify({ kty = "EC", crv = "P-256", x = "f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU", y = "x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0" }, "ES256",
    "eyJhbGciOiJFUzI1NiJ9.eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ"
    .. ".DtEhU3ljbEg8L38VWAfUAqOyKAM6-Xx-F4GawxaepmXFCgfTjDxw5djxLa8ISlSApmWQxfKTUJqPP3-Kg6NU1Q")
verify({ kty = "OKP", crv = "Ed25519", x = "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo" }, "EdDSA",
    "eyJhbGciOiJFZERTQSJ9.RXhhbXBsZSBvZiBFZDI1NTE5IHNpZ25pbmc"
    .. ".hgyY0il_MGCjP0JzlnLWG1PPOt7-09PGcvMg3AIbQR6dWbhijcNR4ki4iylGjg5BhVsPt9g7sVvpAr_MuM0KAg")
for _, case in ipairs { { "rsa", "PS512" }, { "ec", "ES384" } } do
    local key = assert(crypto.key(assert(io.open(arg[1] .. "/" .. case[1] .. ".pem")):read("*a")))
    local public = assert(crypto.key(assert(io.open(arg[1] .. "/" .. case[1] .. ".pub")):read("*a")))
    local signature = crypto.sign(key, case[2], "text")
    print((crypto.key_facts(key)), select(2, crypto.key_facts(key)), select(2, crypto.key_facts(public)), #signature,
        crypto.verify(public, case[2], "text", signature), crypto.verify(key, case[2], "text", signature))
    print((select(2, pcall(crypto.sign, public, case[2], "text"))))
    print((select(2, pcall(crypto.sign, key, "EdDSA", "text"))))
end
--- exec
cd $TEST_NGINX_HTML_DIR
openssl genpkey -algorithm RSA -pkeyopt rsa_keygen_bits:2048 -out rsa.pem 2>/dev/null
openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-384 -out ec.pem
openssl pkey -in rsa.pem -pubout -out rsa.pub; openssl pkey -in ec.pem -pubout -out ec.pub
timeout 100 $TEST_NGINX_BINARY run a.lua . 2>&1
--- exec_out
P-256	false	true	false	false
Ed25519	false	true	false	false
RSA	true	false	256	true	true
crypto.sign: a public key of RSA cannot sign with PS512
crypto.sign: a private key of RSA cannot sign with EdDSA
P-384	true	false	96	true	true
crypto.sign: a public key of P-384 cannot sign with ES384
crypto.sign: a private key of P-384 cannot sign with EdDSA

=== TEST 4: misuse, and keys that are none
--- user_files
>>> a.lua
local crypto = require "perilune.crypto"
local function try(...) print((tostring(select(2, pcall(...))):gsub("^.-%.lua:%d+: ", ""))) end
try(crypto.hash, "sha3", "x")
try(crypto.hash, "md5", 1)
try(crypto.hmac, "md5", nil, "")
try(crypto.derive, "short", "x")
try(crypto.derive, ("k"):rep(16), "x", 256)
try(crypto.seal, "short", "x")
try(crypto.unseal, ("k"):rep(32), {})
try(crypto.key, 1)
try(crypto.sign, {}, "RS256", "x")
try(crypto.random, 5000)
for _, source in ipairs { "", "-----BEGIN PUBLIC KEY-----\nAA==\n-----END PUBLIC KEY-----\n", {}, { kty = "RSA", n = "AQAB", e = "AQAB" }, { kty = "EC", crv = "P-256", x = "AA" },
    { kty = "EC", crv = {}, x = {}, y = 1 }, { kty = "oct", k = "AA" }, { kty = "OKP", crv = "Ed25519", x = "!" } } do
    local key, err = crypto.key(source)
    io.write(tostring(key), " ", err.code, "; ")
end
print(#{ crypto.key_facts("x") })
--- exec
timeout 100 $TEST_NGINX_BINARY run $TEST_NGINX_HTML_DIR/a.lua 2>&1
--- exec_out
bad argument 'hash' to crypto.hash (md5, sha1, sha256, sha384 or sha512 expected, got sha3)
bad argument 'text' to crypto.hash (string expected, got number)
bad argument 'key' to crypto.hmac (string expected, got nil)
bad argument 'secret' to crypto.derive (at least 16 bytes expected)
bad argument 'n' to crypto.derive (a number from 1 to 255 expected)
bad argument 'key' to crypto.seal (32 bytes expected, got 5)
bad argument 'text' to crypto.unseal (string expected, got table)
bad argument 'source' to crypto.key (string or table expected, got number)
bad argument 'key' to crypto.sign (a key of crypto.key expected, got table)
bad argument 'n' to crypto.random (a number from 0 to 4096 expected)
nil invalid; nil invalid; nil invalid; nil invalid; nil invalid; nil invalid; nil invalid; nil invalid; 0



=== TEST 5: a provider of OpenSSL that Lua loads is there beside the library's own algorithms, and not in their place
--- user_files
>>> a.lua
local ffi = require "ffi"
ffi.cdef [[
    void *OSSL_PROVIDER_load(void *context, const char *name);
    int OSSL_PROVIDER_available(void *context, const char *name);
    int OSSL_PROVIDER_unload(void *provider);
]]
local null = ffi.C.OSSL_PROVIDER_load(nil, "null")
print(null ~= nil, ffi.C.OSSL_PROVIDER_available(nil, "default"))
local crypto = require "perilune.crypto"
print(#crypto.hash("sha256", "abc"), #crypto.token())
ffi.C.OSSL_PROVIDER_unload(null)
--- exec
timeout 100 $TEST_NGINX_BINARY run $TEST_NGINX_HTML_DIR/a.lua 2>&1
--- exec_out
true	1
32	22
