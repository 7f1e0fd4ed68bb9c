# The middleware that is shipped: what each adds, refuses and leaves alone; answers and cookies of handlers.
use Test::Nginx::Socket 'no_plan';

no_root_location();
our $Http = <<'_EOC_';
    lua_package_path "$TEST_NGINX_HTML_DIR/?.lua;;";
    lua_shared_dict limits 1m;
_EOC_
add_block_preprocessor(sub {
    my $block = shift;
    if (!defined $block->http_config) {
        $block->set_value("http_config", $Http);
    }
    if (!defined $block->config) {
        $block->set_value("config", "    location / { handler app; }\n");
    }
});

run_tests();

__DATA__

=== TEST 1: by the directive, with defaults; over HTTP
--- config
    location / {
        handler app;
        middleware perilune.http.middleware.error_pages perilune.http.middleware.security_headers perilune.http.middleware.timing;
    }
--- user_files
>>> app.lua
return function(req)
    if req.path == "/raise" then error("secret") end
    return req.path == "/none" and { status = 404, body = "no <such> thing\n" } or "x"
end
--- pipelined_requests eval
["GET /", "GET /none", "GET /raise"]
--- more_headers
Accept: text/html, application/json;q=0.9
--- error_code eval
[200, 404, 500]
--- response_headers eval
["X-Content-Type-Options: nosniff", "Content-Type: text/html; charset=utf-8", "Content-Type: text/html; charset=utf-8"]
--- response_body_like eval
["^x\$", "no &lt;such&gt; thing", "<h1>500 Internal Server Error</h1><p></p>"]
--- error_log
secret

=== TEST 2: rate limit: a window that slides, shared by the dictionary; what is left
--- user_files
>>> app.lua
local mw = require("perilune.http").middleware
return mw.rate_limit { dict = "limits", most = 2, window = 3600, key = function(req) return req.query.who end } (function() return "x" end)
--- pipelined_requests eval
["GET /?who=a", "GET /?who=a", "GET /?who=a", "GET /?who=b", "GET /"]
--- error_code eval
[200, 200, 429, 200, 200]
--- response_headers eval
["RateLimit-Remaining: 1", "RateLimit-Remaining: 0", "RateLimit-Limit: 2", "RateLimit-Remaining: 1", "RateLimit-Limit:"]

=== TEST 3: rate limit: the window before counts as far as it still reaches
--- config
    location / { handler app; }
--- user_files
>>> app.lua
local time, test, mw = require "perilune.time", require "perilune.test", require("perilune.http").middleware
local limited = mw.rate_limit { dict = "limits", most = 10, window = 100, name = "t3" } (function() return "x" end)
local function ask() return await(test.request(limited)).status end
return function()
    local clock, out = time.mock_clock(1000000), {}
    await(time.with_clock(clock, function()
        local function count()
            local n = 0
            for _ = 1, 20 do
                n = n + (ask() == 200 and 1 or 0)
            end
            out[#out + 1] = n
        end
        count()
        for _, seconds in ipairs { 99, 1, 50, 100, 500 } do
            clock:advance(seconds)
            count()
        end
    end))
    return table.concat(out, " ") .. "\n"
end
--- request
GET /
--- response_body
10 0 0 5 7 10

=== TEST 4: concurrency: a queue, then shedding; places come back also from handlers that fail
--- user_files
>>> a.lua
local mw, test, task = require("perilune.http").middleware, require "perilune.test", require "perilune.task"
local deferred = require "perilune.deferred"
local gate, inside, most = deferred.deferred(), 0, 0
local app = mw.concurrency { most = 2, queue = 2, wait = 0.2, retry_after = 7 } (function(req)
    inside = inside + 1
    most = math.max(most, inside)
    await(gate)
    inside = inside - 1
    if req.path == "/fail" then error("no", 0) end
    return "ok"
end)
local answers = {}
for i, path in ipairs { "/fail", "/fail", "/", "/", "/", "/" } do
    answers[i] = test.request(app, { path = path })
end
await(task.sleep(0.01))
print(await(answers[5]).status, await(answers[5]).headers["retry-after"], await(answers[6]).status)
gate:success(true)
print((try_await(answers[1])), (try_await(answers[2])), await(answers[3]).body, await(answers[4]).body, most)
gate = deferred.deferred()
answers = { test.request(app), test.request(app) }
await(task.sleep(0.01))
answers[1]:cancel()
try_await(answers[1])
local waiting = test.request(app)
gate:success(true)
print(await(waiting).status, await(answers[2]).status)
gate = deferred.deferred()
answers = { test.request(app), test.request(app), test.request(app) }
print("waited too long", await(answers[3]).status)
gate:success(true)
--- exec
timeout 100 $TEST_NGINX_BINARY run $TEST_NGINX_HTML_DIR/a.lua 2>&1
--- exec_out
503	7	503
false	false	ok	ok	2
200	200
waited too long	503

=== TEST 5: timeout: the handler is cancelled, also when a body follows it is not cut
--- user_files
>>> a.lua
local http, test, task, time = require "perilune.http", require "perilune.test", require "perilune.task", require "perilune.time"
local ended = {}
local app = http.middleware.timeout { seconds = 5 } (function(req)
    if req.path == "/fail" then error("own error", 0) end
    if req.path == "/quick" then
        local s = require("perilune.stream").stream(1)
        task.spawn(function()
            await(task.sleep(20))
            s:put "late body"
            s:close()
        end)
        return { body = s }
    end
    task.defer(function() ended[#ended + 1] = "ended" end)
    await(task.sleep(60))
end)
local clock = time.mock_clock(0)
time.with_clock(clock, function()
    local slow, quick = test.request(app), test.request(app, { path = "/quick" })
    task.yield()
    clock:advance(4)
    print(#ended)
    clock:advance(60)
    print(await(slow).status, ended[1], await(quick).body)
    print(try_await(test.request(app, { path = "/fail" })))
end)
--- exec
timeout 100 $TEST_NGINX_BINARY run $TEST_NGINX_HTML_DIR/a.lua
--- exec_out
0
503	ended	late body
false	error: own error

=== TEST 6: body limit: told or not, also for what reads the form or the stream
--- user_files
>>> a.lua
local mw, test = require("perilune.http").middleware, require "perilune.test"
local app = mw.body_limit { bytes = 5 } (function(req)
    if req.path == "/form" then return tostring(await(req:form()).a) end
    if req.path == "/stream" then local n = 0 for piece in req.body:each() do n = n + #piece end return tostring(n) end
    return await(req:text())
end)
for _, path in ipairs { "/", "/form", "/stream" } do
    local out = {}
    for _, body in ipairs { "a=345", "a=3456", { "a=3", "45" }, { "a=3", "456" } } do
        local res = await(test.request(app, { method = "POST", path = path, body = body }))
        out[#out + 1] = res.status .. " " .. res.body:gsub("\n", "")
    end
    print(table.concat(out, ", "))
end
--- exec
timeout 100 $TEST_NGINX_BINARY run $TEST_NGINX_HTML_DIR/a.lua 2>&1
--- exec_out
200 a=345, 413 the body is too long, 200 a=345, 413 the body is too long
200 345, 413 the body is too long, 200 345, 413 the body is too long
200 5, 413 the body is too long, 200 5, 413 the body is too long

=== TEST 7: basic and bearer authentication
--- user_files
>>> app.lua
local http = require "perilune.http"
local mw = http.middleware
local function who(req) return req.user .. "\n" end
return http.router()
    :get("/users", who, { middleware = { mw.basic_auth { users = { me = "a:b" }, realm = 'x"y' } } })
    :get("/check", who, { middleware = { mw.basic_auth { check = function(user, password) return password == "a:b" and "the " .. user end } } })
    :get("/token", who, { middleware = { mw.bearer_auth { check = function(token) return token == "bWU6YTpi" and "it" end } } })
--- pipelined_requests eval
["GET /users", "GET /check", "GET /token"]
--- more_headers eval
["Authorization: Basic bWU6YTpi", "Authorization: basic  bWU6YTpi", "Authorization: Bearer bWU6YTpi"]
--- response_body eval
["me\n", "the me\n", "it\n"]

=== TEST 8: authentication that is refused
--- user_files
>>> a.lua
local mw, test = require("perilune.http").middleware, require "perilune.test"
local function who(req) return req.user end
local basic = mw.basic_auth { users = { me = "a:b" }, realm = 'x"y' } (who)
local bearer = mw.bearer_auth { check = function(token) return token == "good" and "it" end } (who)
for _, case in ipairs { { basic }, { basic, "Basic bWU6YTpj" }, { basic, "Basic bm90OmE6Yg==" }, { basic, "Basic !" }, { basic, "Bearer bWU6YTpi" },
    { basic, "Basic bWU=" }, { bearer }, { bearer, "Bearer bad" }, { bearer, "Bearer good bad" }, { bearer, "Basic good" } } do
    local res = await(test.request(case[1], { headers = { Authorization = case[2] } }))
    print(res.status, res.headers["www-authenticate"])
end
print((select(2, pcall(mw.basic_auth, {}))))
print((select(2, pcall(mw.bearer_auth, { chek = who }))))
--- exec
timeout 100 $TEST_NGINX_BINARY run $TEST_NGINX_HTML_DIR/a.lua 2>&1
--- exec_out
401	Basic realm="x\"y", charset="UTF-8"
401	Basic realm="x\"y", charset="UTF-8"
401	Basic realm="x\"y", charset="UTF-8"
401	Basic realm="x\"y", charset="UTF-8"
401	Basic realm="x\"y", charset="UTF-8"
401	Basic realm="x\"y", charset="UTF-8"
401	Bearer realm="restricted"
401	Bearer realm="restricted", error="invalid_token"
401	Bearer realm="restricted"
401	Bearer realm="restricted"
middleware.basic_auth: one of the options 'check' and 'users' is needed
middleware.bearer_auth: unknown option 'chek'; did you mean 'check'?

=== TEST 9: cross-origin requests: preflights, credentials, origins that are not allowed
--- user_files
>>> a.lua
local mw, test = require("perilune.http").middleware, require "perilune.test"
local function ask(opts, origin, asked)
    local res = await(test.request(mw.cors(opts)(function() return { headers = { Vary = "Accept" }, body = "x" } end), {
        method = asked and "OPTIONS", headers = { Origin = origin, ["Access-Control-Request-Method"] = asked,
            ["Access-Control-Request-Headers"] = asked and "X-A, X-B" } }))
    local out = { tostring(res.status), res.body }
    for name, value in res.headers:each() do
        out[#out + 1] = name:gsub("Access%-Control%-", "") .. "=" .. value
    end
    print(table.concat(out, " "))
end
ask({ origins = "*" }, nil)
ask({ origins = "*" }, "https://a")
ask({ origins = { "https://a" }, credentials = true }, "https://a")
ask({ origins = { "https://a" }, expose = { "X-N" } }, "https://A")
ask({ origins = { "https://a" } }, "https://b")
ask({ origins = { "https://a" } }, nil)
ask({ origins = { "https://a" }, max_age = 60, methods = { "PUT" }, headers = { "X-C" } }, "https://a", "PUT")
ask({ origins = function(o) return o == "https://a" end }, "https://a", "GET")
ask({ origins = { "https://a" } }, "https://b", "PUT")
print((select(2, pcall(mw.cors, {}))))
print((select(2, pcall(mw.cors, { origins = { 5 } }))))
print((select(2, pcall(mw.cookies, { keys = "short" }))))
print((select(2, pcall(mw.cookies, { keys = {} }))))
print((select(2, pcall(mw.session, { keys = { ("k"):rep(16), 5 } }))))
print((select(2, pcall(mw.cors, { origins = "*", credentials = true }))))
--- exec
timeout 100 $TEST_NGINX_BINARY run $TEST_NGINX_HTML_DIR/a.lua 2>&1
--- exec_out
200 x Vary=Accept
200 x Vary=Accept Allow-Origin=*
200 x Vary=Accept, Origin Allow-Origin=https://a Allow-Credentials=true
200 x Vary=Accept, Origin Allow-Origin=https://A Expose-Headers=X-N
200 x Vary=Accept, Origin
200 x Vary=Accept, Origin
204  Vary=Origin, Access-Control-Request-Method, Access-Control-Request-Headers Allow-Origin=https://a Allow-Methods=PUT Allow-Headers=X-C Max-Age=60
204  Vary=Origin, Access-Control-Request-Method, Access-Control-Request-Headers Allow-Origin=https://a Allow-Methods=GET, HEAD, POST, PUT, PATCH, DELETE Allow-Headers=X-A, X-B
204  Vary=Origin, Access-Control-Request-Method, Access-Control-Request-Headers
middleware.cors: option 'origins' must be "*", an array or a function
middleware.cors: option 'origins': element 1 must be a scheme and host, such as https://app.example, not 5
middleware.cookies: a key must be a string of at least 16 bytes
middleware.cookies: no key
middleware.session: a key must be a string of at least 16 bytes
middleware.cors: option 'credentials' needs 'origins' that are named

=== TEST 10: cookies: set, deleted, signed, keys that change
--- user_files
>>> a.lua
local http, test = require "perilune.http", require "perilune.test"
local old, new = ("o"):rep(16), ("n"):rep(16)
local sign, unsign = http.cookie.sign, http.cookie.unsign
local app = http.middleware.cookies { keys = { new, old }, attributes = { secure = true } } (function(req)
    return { body = tostring(req.cookies.a) .. tostring(req.cookies.b), cookies = { a = "\0\255", gone = false,
        c = { value = "x", path = "/c", same_site = "strict", http_only = false } } }
end)
local res = await(test.request(app, { headers = { Cookie = "a=" .. sign("a", "was old", old) .. "; b=" .. sign("a", "moved", new) } }))
print(res.body)
for _, text in ipairs(res.headers:get_all("set-cookie")) do
    print((text:gsub("%.[%w_-]+;", ".SIGNATURE;")))
end
print(unsign("a", res.headers:get_all("set-cookie")[1]:match("a=([^;]+)"), { old, new }) == "\0\255")
local signed = sign("a", "v", new)
print(unsign("a", signed, old), unsign("b", signed, new), unsign("a", signed .. "x", new), unsign("a", "v", new), unsign("a", nil, new))
print(unsign("a", (signed:gsub("^.", "X")), new), unsign("a", signed, { old, new }), (select(2, pcall(sign, "a", "v", "short"))))
--- exec
timeout 100 $TEST_NGINX_BINARY run $TEST_NGINX_HTML_DIR/a.lua 2>&1
--- exec_out
was oldnil
a=AP8.SIGNATURE; Path=/; Secure; HttpOnly; SameSite=Lax
c=eA.SIGNATURE; Path=/c; Secure; SameSite=Strict
gone=; Path=/; Max-Age=0; Secure; HttpOnly; SameSite=Lax
true
nil	nil	nil	nil	nil
nil	v	cookie: a key must be a string of at least 16 bytes

=== TEST 15: cookies: encrypted, keys that change, names that stay plain
--- user_files
>>> a.lua
local http, test = require "perilune.http", require "perilune.test"
local old, new = ("o"):rep(16), ("n"):rep(16)
local encrypt, decrypt = http.cookie.encrypt, http.cookie.decrypt
local app = http.middleware.cookies { keys = { new, old }, encrypt = true, plain = { "theme" } } (function(req)
    return { body = tostring(req.cookies.a) .. tostring(req.cookies.b) .. tostring(req.cookies.theme), cookies = { a = "\0\255secret", theme = "dark", gone = false } }
end)
local res = await(test.request(app, { headers = { Cookie = "a=" .. encrypt("a", "was old", old) .. "; theme=light; b=" .. encrypt("a", "moved", new) } }))
print(res.body)
local fields = res.headers:get_all("set-cookie")
print(fields[2], fields[3])
local value = fields[1]:match("^a=([%w_-]+); Path=/; HttpOnly; SameSite=Lax$")
print(#value, (decrypt("a", value, { old, new })) == "\0\255secret", select(2, decrypt("a", value, { old, new })))
local sealed = encrypt("a", "v", new)
print(encrypt("a", "v", new) ~= sealed, decrypt("a", sealed, old), decrypt("b", sealed, new), decrypt("a", nil, new), decrypt("a", "!", new), decrypt("a", "", new))
for i = 1, #sealed do
    local changed = sealed:sub(1, i - 1) .. (sealed:sub(i, i) == "A" and "B" or "A") .. sealed:sub(i + 1)
    assert(decrypt("a", changed, new) == nil, i)
end
print(http.cookie.unsign("a", sealed, new), decrypt("a", http.cookie.sign("a", "v", new), new))
print((select(2, pcall(http.middleware.cookies, { encrypt = true }))), (select(2, pcall(encrypt, "a", "v", "short"))))
--- exec
timeout 100 $TEST_NGINX_BINARY run $TEST_NGINX_HTML_DIR/a.lua 2>&1
--- exec_out
was oldnillight
gone=; Path=/; Max-Age=0; HttpOnly; SameSite=Lax	theme=dark; Path=/; HttpOnly; SameSite=Lax
48	true	2
true	nil	nil	nil	nil	nil
nil	nil
middleware.cookies: option 'encrypt' needs 'keys'	cookie: a key must be a string of at least 16 bytes

=== TEST 11: cookies that a browser would drop
--- user_files
>>> a.lua
local format = require("perilune.http").cookie.format
local function try(...) print((select(2, pcall(format, ...)))) end
try("__Host-a", "v", { secure = true, max_age = 5, expires = 784111777, partitioned = true, same_site = "none" })
try("a", "v", { path = false, same_site = false, http_only = false, domain = "example.org" })
try("__Host-a", "v")
try("__Host-a", "v", { secure = true, domain = "a.b" })
try("__host-a", "v", { secure = true, path = "/x" })
try("__Secure-a", "v")
try("a", "v", { same_site = "none" })
try("a", "v", { same_site = "odd" })
try("a", "v", { partitioned = true })
try("a", "v", { max_age = 1.5 })
try("a b", "v")
for _, value in ipairs { "a;b", "a,b", "a b", 'a"', "a\\", "a\n", "\200" } do
    io.write(tostring(pcall(format, "a", value)), " ")
end
print(#format("a", ("x"):rep(4095)) > 4096, pcall(format, "a", ("x"):rep(4096)))
try("a", "v", { path = "/;x" })
try("a", "v", { path = "x" })
try("a", "v", { domain = "" })
try("a", "v", { htp_only = true })
--- exec
timeout 100 $TEST_NGINX_BINARY run $TEST_NGINX_HTML_DIR/a.lua 2>&1
--- exec_out
__Host-a=v; Path=/; Max-Age=5; Expires=Sun, 06 Nov 1994 08:49:37 GMT; Secure; HttpOnly; SameSite=None; Partitioned
a=v; Domain=example.org
cookie '__Host-a': its prefix needs 'secure'
cookie '__Host-a': its prefix forbids 'domain' and every path but '/'
cookie '__host-a': its prefix forbids 'domain' and every path but '/'
cookie '__Secure-a': its prefix needs 'secure'
cookie 'a': same_site 'none' needs 'secure'
cookie 'a': 'same_site' is none of strict, lax, none
cookie 'a': 'partitioned' needs 'secure'
cookie 'a': 'max_age' is not a whole number of seconds
cookie 'a b': its name is not a token
false false false false false false false true	false	cookie 'a': its name and value are longer than 4096 bytes
cookie 'a': a byte of its path or domain may not stand there
cookie 'a': its path does not begin with '/'
cookie 'a': its domain is empty
cookie.format: unknown option 'htp_only'; did you mean 'http_only'?

=== TEST 12: proxy headers: only what trusted hops tell
--- user_files
>>> a.lua
local mw, test = require("perilune.http").middleware, require "perilune.test"
local app = mw.proxy_headers { trusted = { "10.0.0.0/8", "::1", "2001:db8::/32", "unix:" }, most = 3 } (function(req)
    return req.remote_addr .. " " .. req.scheme .. " " .. req.host
end)
local function ask(from, list, proto, host)
    print(await(test.request(app, { remote_addr = from, headers = { ["X-Forwarded-For"] = list,
        ["X-Forwarded-Proto"] = proto, ["X-Forwarded-Host"] = host } })).body)
end
ask("10.1.1.1", "6.6.6.6, 1.2.3.4, 10.2.2.2", "HTTPS", "Shop.example:8443")
ask("11.1.1.1", "6.6.6.6", "https", "evil")
ask("::1", "[2001:db9::1]:443", nil, nil)
ask("unix:", "6.6.6.6, 2001:db9::2, 2001:db8::7", nil, nil)
ask("10.1.1.1", "10.3.3.3, 10.2.2.2", "ftp", "a/b")
ask("10.1.1.1", "1.2.3.4, unknown", nil, nil)
ask("10.1.1.1", "1.2.3.4, 10.4.4.4, 10.3.3.3, 10.2.2.2", nil, nil)
ask("10.1.1.1", nil, "http, https", "a, b")
print((select(2, pcall(mw.proxy_headers, { trusted = { "10.0.0.0/33" } }))))
print((select(2, pcall(mw.proxy_headers, { trusted = { "2001:db8::/129" } }))))
print((select(2, pcall(mw.proxy_headers, { trusted = { "10.0.0.0/8", true } }))))
--- exec
timeout 100 $TEST_NGINX_BINARY run $TEST_NGINX_HTML_DIR/a.lua 2>&1
--- exec_out
1.2.3.4 https shop.example
11.1.1.1 http localhost
2001:db9::1 http localhost
2001:db9::2 http localhost
10.3.3.3 http localhost
10.1.1.1 http localhost
10.4.4.4 http localhost
10.1.1.1 https b
middleware.proxy_headers: '10.0.0.0/33' is neither an address nor a network
middleware.proxy_headers: '2001:db8::/129' is neither an address nor a network
middleware.proxy_headers: 'true' is neither an address nor a network

=== TEST 13: params, request id, timing, method override, security headers, error pages
--- user_files
>>> a.lua
local http, test, failure = require "perilune.http", require "perilune.test", require "perilune.failure"
local mw = http.middleware
local function show(app, spec)
    local res = await(test.request(app, spec))
    local out = { tostring(res.status), (res.body:gsub("\n", "|"):gsub("at .*", "at …")) }
    for name, value in res.headers:each() do
        out[#out + 1] = name .. "=" .. value:gsub("%d+%.%d+", "N")
    end
    print(table.concat(out, " "))
end
local function names(req)
    local out = {}
    for k, v in pairs(req.params) do out[#out + 1] = k .. "=" .. tostring(v) end
    table.sort(out)
    return table.concat(out, ",")
end
local r = http.router():any("/:id", names, { middleware = { mw.params { max_size = 20, max_depth = 1 } } })
show(r, { path = "/7?id=8&q=9&r=1", method = "POST", json = { q = 10, id = 11 } })
show(r, { path = "/7?x", method = "POST", json = { { 1 } } })
show(r, { path = "/7", method = "POST", body = "a=1&a=2", headers = { ["Content-Type"] = "application/x-www-form-urlencoded" } })
show(r, { path = "/7", method = "POST", body = "a=" .. ("1"):rep(30), headers = { ["Content-Type"] = "application/x-www-form-urlencoded" } })
show(r, { path = "/7", method = "POST", body = "a=1", headers = { ["Content-Type"] = "text/plain" } })
local id = mw.request_id { trust = true } (function(req) return req.id end)
show(id, { id = "own", headers = { ["X-Request-Id"] = "given-1" } })
show(id, { id = "own", headers = { ["X-Request-Id"] = "no good" } })
show(mw.request_id {} (function(req) return req.id end), { id = "own", headers = { ["X-Request-Id"] = "given-1" } })
show(mw.timing { name = "all" } (function(req) req:mark "db" return "x" end))
for _, case in ipairs { { "POST", "put" }, { "GET", "PUT" }, { "POST", "CONNECT" } } do
    show(mw.method_override {} (function(req) return req.method end), { method = case[1], headers = { ["X-HTTP-Method-Override"] = case[2] } })
end
show(mw.security_headers { frame_options = false, opener_policy = false, referrer_policy = false, transport_security = 60, subdomains = true,
    content_security_policy = "default-src 'self'" } (function() return { headers = { ["content-security-policy"] = "own" } } end), { scheme = "https" })
local page = mw.error_pages { page = function(p) return p.status .. p.title .. tostring(p.detail) end } (function(req)
    local err = failure.new("odd", "told")
    err.status = 409
    if req.path == "/raise" then error(err, 0) end
    if req.path == "/large" then return await(req:json { max_size = 1 }) end
    for _, code in ipairs { "status", "handshake", "too_large", "truncated" } do
        local theirs = failure.new(code, "told by another server")
        theirs.status = code:find("^[sh]") and 404 or nil
        if req.path == "/" .. code then error(theirs, 0) end
    end
    if req.path == "/own" then return { status = 400, headers = { ["Content-Type"] = "text/css" }, body = "own" } end
    return { status = 404, headers = { ["X-A"] = "1" }, body = "none\n" }
end)
show(page, { path = "/raise" })
show(page, { path = "/raise", headers = { Accept = "text/html" } })
show(page, { path = "/raise", headers = { Accept = "text/html;q=0.5, application/*" } })
show(page, { path = "/large", method = "POST", json = { 1 } })
for _, code in ipairs { "status", "handshake", "too_large", "truncated" } do show(page, { path = "/" .. code }) end
show(page, { path = "/own" })
show(page, { headers = { Accept = "*/*;q=0.1, text/*" } })
--- exec
cd $TEST_NGINX_HTML_DIR; timeout 100 $TEST_NGINX_BINARY run a.lua 2>err; echo exit $?; grep -c "\[error\].*: told by another server" err
--- exec_out
200 id=7,q=10,r=1
400 the JSON of the request body is nested deeper than 1|
200 a=2,id=7
413 the form is too long|
200 id=7
200 given-1 X-Request-Id=given-1
200 own X-Request-Id=own
200 own X-Request-Id=own
200 x Server-Timing=db;dur=N, all;dur=N
200 PUT
200 GET
200 POST
200  content-security-policy=own X-Content-Type-Options=nosniff Strict-Transport-Security=max-age=60; includeSubDomains
409 {"status":409,"title":"Conflict","detail":"told"} Vary=Accept Content-Type=application/problem+json
409 409Conflicttold Vary=Accept Content-Type=text/html; charset=utf-8
409 {"status":409,"title":"Conflict","detail":"told"} Vary=Accept Content-Type=application/problem+json
413 {"status":413,"title":"Content Too Large","detail":"the request body is too long"} Vary=Accept Content-Type=application/problem+json
500 {"status":500,"title":"Internal Server Error"} Vary=Accept Content-Type=application/problem+json
500 {"status":500,"title":"Internal Server Error"} Vary=Accept Content-Type=application/problem+json
500 {"status":500,"title":"Internal Server Error"} Vary=Accept Content-Type=application/problem+json
500 {"status":500,"title":"Internal Server Error"} Vary=Accept Content-Type=application/problem+json
400 own Content-Type=text/css
404 404Not Foundnone X-A=1 Vary=Accept Content-Type=text/html; charset=utf-8
exit 0
4

=== TEST 14: an unknown name, and middleware that cannot be made
--- user_files
>>> a.lua
local mw = require("perilune.http").middleware
print((select(2, pcall(function() return mw.timout end)):gsub("^.-: ", "")))
print((select(2, pcall(mw.timeout, { second = 1 }))))
print((select(2, pcall(mw.concurrency, {}))))
print((select(2, pcall(mw.rate_limit, { dict = "none", most = 1 }))))
--- exec
timeout 100 $TEST_NGINX_BINARY run $TEST_NGINX_HTML_DIR/a.lua 2>&1
--- exec_out
no middleware is named 'timout'; did you mean 'timeout'?
middleware.timeout: unknown option 'second'; did you mean 'seconds'?
middleware.concurrency: option 'most' is needed
middleware.rate_limit: no lua_shared_dict is named 'none'; in a script, require('perilune.shared').declare('none') makes it

=== TEST 16: cookies: any value comes back signed and encrypted; no change of what was sent gives anything else
--- user_files
>>> a.lua
local cookie = require("perilune.http").cookie
local client = require "perilune.http.cookies"
math.randomseed(tonumber(arg[1]) or 3)
local function bytes(most)
    local out = {}
    for i = 1, math.random(0, most) do out[i] = string.char(math.random(0, 255)) end
    return table.concat(out)
end
local keys = { ("a"):rep(16), ("b"):rep(20) }
for _ = 1, 3000 do
    local value, name = bytes(100), ("n"):rep(math.random(5))
    for _, way in ipairs { { cookie.sign, cookie.unsign }, { cookie.encrypt, cookie.decrypt } } do
        local sent = way[1](name, value, keys[math.random(2)])
        local field = cookie.format(name, sent, { secure = true })
        local parsed = assert(client.parse(field), field)
        assert(parsed.name == name and parsed.value == sent)
        assert((way[2](name, sent, keys)) == value)
        local at, changed = math.random(#sent), nil
        local kind = math.random(4)
        if kind == 1 then
            changed = sent:sub(1, at - 1) .. string.char(math.random(0, 255)) .. sent:sub(at + 1)
        elseif kind == 2 then
            changed = sent:sub(1, at - 1)
        elseif kind == 3 then
            changed = sent:sub(1, at) .. sent:sub(at)
        else
            changed = bytes(60)
        end
        local got = way[2](name, changed, keys)
        assert(got == nil or got == value, changed) -- the last digit of base64 has bits that do not count
    end
    local ok, text = pcall(cookie.format, name, value, { path = "/" .. bytes(5), domain = bytes(5), same_site = "none", secure = true })
    assert(ok == false or not text:find("[%c\127-\255]") and select(2, text:gsub(";", "")) == 5, text)
    client.parse(bytes(60))
end
print "fine"
--- exec
timeout 100 $TEST_NGINX_BINARY run $TEST_NGINX_HTML_DIR/a.lua 2>&1
--- exec_out
fine



=== TEST 17: timing and access_log tell of time that a handler takes without waiting
--- user_files
>>> a.lua
local http, test, sys = require "perilune.http", require "perilune.test", require "perilune.core.sys"
local mw, duration = http.middleware, nil
local log = mw.access_log { format = function(e) duration = e.duration end }
local function busy(req)
    local until_then = sys.monotonic() + 0.02
    repeat until sys.monotonic() >= until_then
    req:mark "first"
    return "x"
end
local res = await(test.request(mw.around(busy, { log, mw.timing() })))
local first, total = res.headers["server-timing"]:match("^first;dur=([%d.]+), total;dur=([%d.]+)$")
print(tonumber(first) >= 20, tonumber(total) >= tonumber(first), duration >= 0.02, #tostring(duration) < 12)
--- exec
timeout 100 $TEST_NGINX_BINARY run $TEST_NGINX_HTML_DIR/a.lua 2>&1
--- exec_out
true	true	true	true
