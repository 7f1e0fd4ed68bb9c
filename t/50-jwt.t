# perilune.jwt and the middleware jwt: vectors, what is refused and why, keys of issuers, any token at all.
use Test::Nginx::Socket 'no_plan';

run_tests();

__DATA__

=== TEST 1: the tokens of RFC 7515 (HS256, ES256); made and verified with each kind of key
--- user_files
>>> a.lua
local jwt, crypto, time = require "perilune.jwt", require "perilune.crypto", require "perilune.time"
local clock = time.mock_clock(1300819379)
time.with_clock(clock, function()
    local secret = crypto.unbase64url("AyM1SysPpbyDfgZld3umj1qzKObwVMkoqQ-EstJQLr_T-1qS0gZH75aKtMN3Yj0iPS4hcgUuTwjAzZr1Z9CAow")
    local body = "eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ"
    local hs = "eyJ0eXAiOiJKV1QiLA0KICJhbGciOiJIUzI1NiJ9." .. body .. ".dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"
    local es = "eyJhbGciOiJFUzI1NiJ9." .. body .. ".DtEhU3ljbEg8L38VWAfUAqOyKAM6-Xx-F4GawxaepmXFCgfTjDxw5djxLa8ISlSApmWQxfKTUJqPP3-Kg6NU1Q"
    local key = assert(crypto.key { kty = "EC", crv = "P-256", x = "f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU", y = "x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0" })
    print(await(jwt.verify(hs, { key = secret })).iss, await(jwt.verify(es, { key = key, issuer = { "ann", "joe" } })).iss)
    clock:advance(1)
    print((select(2, try_await(jwt.verify(hs, { key = secret })))).reason, await(jwt.verify(hs, { key = secret, leeway = 1 })).iss)
    for _, kind in ipairs { "rsa", "ec", "ed" } do
        local private = io.open(arg[1] .. "/" .. kind .. ".pem"):read("*a")
        local public = io.open(arg[1] .. "/" .. kind .. ".pub"):read("*a")
        local token = jwt.sign({ sub = "7", aud = { "a", "b" } }, { key = private, ttl = 60, kid = "k1" })
        local claims = await(jwt.verify(token, { keys = { k1 = public }, audience = { "x", "b" } }))
        print(claims.sub, claims.exp - claims.iat, crypto.unbase64url(token:match("^[^.]*")):match('"alg":"(%w+)"'))
    end
    local rsa = io.open(arg[1] .. "/rsa.pem"):read("*a")
    local ps = jwt.sign({ sub = "x" }, { key = rsa, algorithm = "PS384", ttl = 1 })
    print(select(2, try_await(jwt.verify(ps, { key = rsa }))), await(jwt.verify(ps, { key = rsa, algorithms = { "RS256", "PS384" } })).sub)
    print(await(jwt.verify(jwt.sign({ sub = "x" }, { key = ("k"):rep(64), algorithm = "HS512" }), { key = ("k"):rep(64), algorithms = { "HS512" }, required = {} })).sub)
end)
--- exec
cd $TEST_NGINX_HTML_DIR
openssl genpkey -algorithm RSA -pkeyopt rsa_keygen_bits:2048 -out rsa.pem 2>/dev/null
openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-521 -out ec.pem
openssl genpkey -algorithm ED25519 -out ed.pem
for k in rsa ec ed; do openssl pkey -in $k.pem -pubout -out $k.pub; done
timeout 100 $TEST_NGINX_BINARY run a.lua . 2>&1
--- exec_out
joe	joe
expired	joe
7	60	RS256
7	60	ES512
7	60	EdDSA
invalid: tokens are to be signed with RS256	x
x

=== TEST 2: what is refused: none, keys taken for secrets, changed parts, times, issuers, audiences
--- user_files
>>> a.lua
local jwt, crypto, json, time = require "perilune.jwt", require "perilune.crypto", require "perilune.json", require "perilune.time"
local secret, public = ("s"):rep(32), io.open(arg[1] .. "/rsa.pub"):read("*a")
local function b(value) return crypto.base64url(type(value) == "string" and value or json.encode(value)) end
local function hs(header, claims, key) local text = b(header) .. "." .. b(claims) return text .. "." .. b(crypto.hmac("sha256", key or secret, text)) end
local function try(token, opts)
    opts = opts or { key = secret }
    local ok, err = try_await(jwt.verify(token, opts))
    print(ok and "taken" or err.reason, ok and "" or err.status)
end
local good = { exp = time.now() + 60 }
try(hs({ alg = "HS256" }, good))
try(b { alg = "none" } .. "." .. b(good) .. ".")
try(b { alg = "none" } .. "." .. b(good) .. ".AA")
try(hs({ alg = "HS256", typ = "JWT" }, good), { key = secret, typ = "at+jwt" })
try(hs({ alg = "HS256" }, good), { key = secret, typ = "at+jwt" })
try(hs({ alg = "HS256", typ = "application/AT+jwt" }, good), { key = secret, typ = "at+jwt" })
try(hs({ alg = "HS256" }, good, public), { key = public })
try(hs({ alg = "HS256" }, good, public), { key = public, algorithms = { "HS256" } })
try(hs({ alg = "RS256" }, good))
try(hs({ alg = "HS256" }, good, ("x"):rep(32)))
try(hs({ alg = "HS256" }, good) .. "A")
try((hs({ alg = "HS256" }, good):gsub("%.", "..", 1)))
try(hs({ alg = "HS256", crit = { "exp" } }, good))
try(hs({ alg = { "HS256" } }, good))
try(hs("[]x", good))
try(hs({ alg = "HS256" }, "7"))
try(hs({ alg = "HS256" }, {}))
try(hs({ alg = "HS256" }, { exp = "9999999999" }))
try(hs({ alg = "HS256" }, { exp = time.now() + 9, nbf = time.now() + 5 }))
try(hs({ alg = "HS256" }, { exp = time.now() + 9, nbf = time.now() + 5 }), { key = secret, leeway = 10 })
try(hs({ alg = "HS256" }, good), { key = secret, issuer = "me" })
try(hs({ alg = "HS256" }, { exp = good.exp, iss = "me", aud = "you" }), { key = secret, issuer = "me", audience = "me" })
try(hs({ alg = "HS256" }, { exp = good.exp, iss = "me", aud = { "you", "me" } }), { key = secret, issuer = "me", audience = "me", required = { "exp", "sub" } })
try(hs({ alg = "HS256", kid = "b" }, good), { keys = { a = secret } })
try(hs({ alg = "HS256" }, good), { keys = { a = secret } })
try(("x"):rep(20000))
try ""
for _, opts in ipairs { {}, { key = "short" }, { key = secret, keys = {} }, { key = 7 }, { key = "-----BEGIN rubbish" }, { key = secret, audiense = "x" },
    { key = secret, algorithms = { "none" } }, { key = secret, algorithms = { "HS256", "HS265" } } } do
    print((tostring(select(2, pcall(jwt.verify, hs({ alg = "HS256" }, good), opts))):gsub("^.-%.lua:%d+: ", "")))
end
for _, opts in ipairs { {}, { key = "short" }, { key = public }, { key = secret, algorithm = "RS256" }, { key = secret, algorithm = "none" } } do
    print((tostring(select(2, pcall(jwt.sign, {}, opts))):gsub("^.-%.lua:%d+: ", "")))
end
--- exec
cd $TEST_NGINX_HTML_DIR
openssl genpkey -algorithm RSA -pkeyopt rsa_keygen_bits:2048 2>/dev/null | openssl pkey -pubout -out rsa.pub
timeout 100 $TEST_NGINX_BINARY run a.lua . 2>&1
--- exec_out
taken	
malformed	401
algorithm	401
type	401
type	401
taken	
algorithm	401
algorithm	401
algorithm	401
signature	401
signature	401
malformed	401
malformed	401
malformed	401
malformed	401
malformed	401
missing	401
malformed	401
early	401
taken	
issuer	401
audience	401
missing	401
key	401
key	401
malformed	401
malformed	401
jwt.verify: one of the options 'key', 'keys' and 'jwks' is needed
jwt.verify: HS256 needs a secret of at least 32 bytes
jwt.verify: one of the options 'key', 'keys' and 'jwks' is needed
jwt.verify: the key is neither a secret nor a key of crypto.key
jwt.verify: no key of RSA (2048 bits or more), P-256, P-384, P-521 or Ed25519
jwt.verify: unknown option 'audiense'; did you mean 'audience'?
jwt.verify: option 'algorithms': 'none' is not known
jwt.verify: option 'algorithms': 'HS265' is not known
jwt.sign: the key is neither a secret nor a key of crypto.key
jwt.sign: HS256 needs a secret of at least 32 bytes
crypto.sign: a public key of RSA cannot sign with RS256
jwt.sign: RS256 is not for a key that is secret
jwt.sign: none is not for a key that is secret

=== TEST 3: the middleware, with the keys of an issuer: fetched once, changed, gone
--- user_files
>>> a.lua
local http, jwt, crypto, json, test, task = require "perilune.http", require "perilune.jwt", require "perilune.crypto", require "perilune.json", require "perilune.test", require "perilune.task"
local set, fetched, is_broken = {}, 0, false
local issuer = http.start_server(function()
    fetched = fetched + 1
    await(task.yield())
    return is_broken and { status = 500 } or http.json(set)
end, { port = 0, address = "127.0.0.1" })
local private = io.open(arg[1] .. "/ed.pem"):read("*a")
local der = io.popen("openssl pkey -in " .. arg[1] .. "/ed.pem -pubout -outform DER | tail -c 32"):read("*a")
local jwk = { kty = "OKP", crv = "Ed25519", x = crypto.base64url(der), kid = "one", use = "sig", alg = "EdDSA" }
set = { keys = { { kty = "oct", k = "AAAA" }, "rubbish", { kty = "OKP", crv = "Ed25519", x = jwk.x, kid = "two", use = "enc" }, jwk } }
local url = ("http://127.0.0.1:%d/keys"):format(issuer:port())
local function make(opts)
    opts.jwks = jwt.jwks(url, { cooldown = opts.realm and 60 or 0 })
    return http.middleware.jwt(opts) (function(req) return tostring(req.user) .. " " .. tostring(req.claims and req.claims.role) end)
end
local function ask(app, token)
    local res = await(test.request(app, { headers = { Authorization = token } }))
    print(res.status, (res.body:gsub("\n", "")), res.headers["www-authenticate"] or res.headers["retry-after"], fetched)
end
local function token(kid, claims) return "Bearer " .. jwt.sign(claims or { sub = "ada", role = "admin" }, { key = private, kid = kid, ttl = 60 }) end
local app = make { audience = nil }
local both = { test.request(app, { headers = { Authorization = token "one" } }), test.request(app, { headers = { Authorization = token "one" } }) }
print(await(both[1]).body, await(both[2]).body, fetched)
ask(app, token "one")
ask(app, nil)
ask(app, "Basic xx")
ask(app, token "two")
jwk.kid = "two"
ask(app, token "two")
ask(app, token "one")
is_broken = true
ask(app, token "three")
ask(app, token "two")
ask(make { realm = "x", optional = true }, token "two")
local slow = make { realm = "x", optional = true }
ask(slow, nil)
is_broken = false
ask(slow, token "two")
ask(slow, token "none such")
ask(slow, token "none such either")
ask(http.middleware.jwt { key = ("s"):rep(32) } (function() end), token "one")
for _ = 1, 3 do collectgarbage() await(require("perilune.task").yield()) end -- what was made above has told the log nothing
for _, bad in ipairs { {}, { key = ("s"):rep(32), realms = "" }, { key = "short" }, { keys = { a = 5 } }, { jwks = {} },
    { key = ("s"):rep(40), algorithms = { "HS256", "HS512" } }, { jwks = url, algorithms = { "HS265" } }, { jwks = url, key = ("s"):rep(32) } } do
    print((select(2, pcall(http.middleware.jwt, bad))))
end
await(issuer:close(0))
--- exec
cd $TEST_NGINX_HTML_DIR
openssl genpkey -algorithm ED25519 -out ed.pem
timeout 100 $TEST_NGINX_BINARY run a.lua . 2>err; grep -c "\[error\].*keys of http://127" err; grep -c "nobody waits" err || true
--- exec_out
ada admin	ada admin	1
200	ada admin	nil	1
401	unauthorized	Bearer realm="restricted"	1
401	unauthorized	Bearer realm="restricted"	1
401	unauthorized	Bearer realm="restricted", error="invalid_token", error_description="the token is signed with a key that is not known"	2
200	ada admin	nil	3
401	unauthorized	Bearer realm="restricted", error="invalid_token", error_description="the token is signed with a key that is not known"	4
401	unauthorized	Bearer realm="restricted", error="invalid_token", error_description="the token is signed with a key that is not known"	5
200	ada admin	nil	5
503	try again	5	6
200	nil nil	nil	6
200	ada admin	nil	7
401	unauthorized	Bearer realm="x", error="invalid_token", error_description="the token is signed with a key that is not known"	7
401	unauthorized	Bearer realm="x", error="invalid_token", error_description="the token is signed with a key that is not known"	7
401	unauthorized	Bearer realm="restricted", error="invalid_token", error_description="the token is not signed as its key demands"	7
middleware.jwt: one of the options 'key', 'keys' and 'jwks' is needed
middleware.jwt: unknown option 'realms'; did you mean 'realm'?
middleware.jwt: HS256 needs a secret of at least 32 bytes
middleware.jwt: the key is neither a secret nor a key of crypto.key
middleware.jwt: option 'jwks' must be a set of jwt.jwks
middleware.jwt: HS512 needs a secret of at least 64 bytes
middleware.jwt: option 'algorithms': 'HS265' is not known
middleware.jwt: one of the options 'key', 'keys' and 'jwks' is needed
2
0

=== TEST 4: any bytes for a token: refused, never raised, never taken
--- user_files
>>> a.lua
local jwt, failure = require "perilune.jwt", require "perilune.failure"
math.randomseed(tonumber(arg[1]) or 5)
local key = ("s"):rep(32)
local good = jwt.sign({ sub = "x" }, { key = key, ttl = 60 })
for _ = 1, 20000 do
    local at = math.random(#good)
    local kind, changed = math.random(4), nil
    if kind == 1 then
        changed = good:sub(1, at - 1) .. string.char(math.random(0, 255)) .. good:sub(at + 1)
    elseif kind == 2 then
        changed = good:sub(1, at)
    elseif kind == 3 then
        changed = good:sub(1, at) .. "." .. good:sub(at)
    else
        local out = {}
        for i = 1, math.random(60) do out[i] = (".abcAZ019-_="):sub(math.random(12)):sub(1, 1) end
        changed = table.concat(out)
    end
    local ok, err = try_await(jwt.verify(changed, { key = key }))
    -- the last digit of the signature has bits that do not count
    assert(ok and changed:sub(1, -2) == good:sub(1, -2) or not ok and failure.is(err, "invalid") and err.reason, changed)
end
print "fine"
--- exec
timeout 100 $TEST_NGINX_BINARY run $TEST_NGINX_HTML_DIR/a.lua 2>&1
--- exec_out
fine
