# CSRF, tracing context, access log, conditional requests, idempotency keys, three-argument handlers; each also around
# a handler that waits.
use Test::Nginx::Socket 'no_plan';

no_root_location();
our $Http = <<'_EOC_';
    lua_package_path "$TEST_NGINX_HTML_DIR/?.lua;;";
    lua_shared_dict answers 1m;
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

=== TEST 1: csrf: where requests come from, tokens in fields and forms, bound to a cookie
--- user_files
>>> a.lua
local http, test, task = require "perilune.http", require "perilune.test", require "perilune.task"
local mw = http.middleware
local csrf = mw.csrf { keys = ("k"):rep(16), origins = { "https://App.example" } }
local app = http.middleware.around(function(req)
    await(task.yield())
    return req.method == "GET" and req:csrf_token() or "done"
end, { mw.params(), csrf })
local function ask(method, headers, body)
    headers.Host = headers.Host or "shop.example"
    local res = await(test.request(app, { method = method, headers = headers, body = body, scheme = "https" }))
    return res
end
local res = ask("GET", {})
local token, cookie = res.body, res.headers["set-cookie"]
print(#token, (cookie:gsub("=[%w_.-]+;", "=VALUE;", 1)))
cookie = cookie:match("^[^;]*")
local second = ask("GET", { Cookie = cookie })
print(second.body ~= token, second.headers["set-cookie"], second.headers["cache-control"])
local function try(headers, body)
    headers.Cookie = headers.Cookie == nil and cookie or headers.Cookie or nil
    local r = ask("POST", headers, body)
    print(r.status, (r.body:gsub("\n", "")))
end
try({ ["X-CSRF-Token"] = token })
try({ ["X-CSRF-Token"] = second.body })
try({ ["Content-Type"] = "application/x-www-form-urlencoded" }, "a=1&_csrf=" .. token)
try({ ["Content-Type"] = "application/x-www-form-urlencoded" }, "a=1&_csrf=" .. token:reverse())
try({})
try({ ["X-CSRF-Token"] = token, Cookie = false })
try({ ["X-CSRF-Token"] = token, Cookie = cookie .. "x" })
try({ ["X-CSRF-Token"] = "AAAA" })
try({ ["X-CSRF-Token"] = token, Origin = "https://shop.example", ["Sec-Fetch-Site"] = "same-origin" })
try({ ["X-CSRF-Token"] = token, ["Sec-Fetch-Site"] = "cross-site" })
try({ ["X-CSRF-Token"] = token, ["Sec-Fetch-Site"] = "same-site" })
try({ ["X-CSRF-Token"] = token, ["Sec-Fetch-Site"] = "cross-site", Origin = "https://app.example" })
try({ ["X-CSRF-Token"] = token, Origin = "https://evil.example" })
try({ ["X-CSRF-Token"] = token, Origin = "null" })
try({ ["X-CSRF-Token"] = token, Referer = "https://evil.example/shop.example" })
try({ ["X-CSRF-Token"] = token, Referer = "https://shop.example/page?x" })
print(await(test.request(mw.csrf { keys = ("k"):rep(16), token = false } (function() return "no token" end), { method = "POST" })).body)
print((select(2, pcall(mw.csrf, {}))))
print((select(2, pcall(mw.csrf, { keys = "short" }))))
--- exec
timeout 100 $TEST_NGINX_BINARY run $TEST_NGINX_HTML_DIR/a.lua 2>&1
--- exec_out
86	csrf=VALUE; Path=/; Secure; HttpOnly; SameSite=Lax
true	nil	private
200	done
200	done
200	done
403	the token of the form is missing or not right
403	the token of the form is missing or not right
403	the token of the form is missing or not right
403	the token of the form is missing or not right
403	the token of the form is missing or not right
200	done
403	the request comes from another site
403	the request comes from another site
200	done
403	the request comes from another site
403	the request comes from another site
403	the request comes from another site
200	done
no token
middleware.csrf: one of the options 'keys' and 'session' is needed
middleware.csrf: a key must be a string of at least 16 bytes

=== TEST 2: csrf: kept in the session
--- user_files
>>> a.lua
local http, test = require "perilune.http", require "perilune.test"
local mw = http.middleware
local app = mw.around(function(req) return req.method == "GET" and await(req:csrf_token()) or "done" end,
    { mw.session { keys = ("k"):rep(16) }, mw.csrf { session = true } })
local first = await(test.request(app))
local cookie = first.headers["set-cookie"]:match("^[^;]*")
local function post(token, with)
    return await(test.request(app, { method = "DELETE", headers = { Cookie = with, ["X-CSRF-Token"] = token } })).status
end
print(post(first.body, cookie), post(first.body, nil), post(nil, cookie), post(await(test.request(app)).body, cookie))
print(await(test.request(app, { method = "POST" })).headers["set-cookie"])
--- exec
timeout 100 $TEST_NGINX_BINARY run $TEST_NGINX_HTML_DIR/a.lua 2>&1
--- exec_out
200	403	403	403
nil

=== TEST 3: tracing context: fields that are right, and those that begin a new trace
--- user_files
>>> a.lua
local mw, test = require("perilune.http").middleware, require "perilune.test"
local app = mw.trace_context { respond = true } (function(req)
    local t = req.trace
    local h = t:headers()
    assert(h.traceparent:find("^00%-" .. t.id .. "%-" .. t.span .. "%-0[01]$") and #t.id == 32 and #t.span == 16)
    return ("%s %s %s %s"):format(t.parent and t.id or "new", tostring(t.parent), tostring(t.is_sampled), tostring(h.tracestate))
end)
local function ask(parent, state, a)
    local res = await(test.request(a or app, { headers = { traceparent = parent, tracestate = state } }))
    print(res.body, #(res.headers["traceresponse"] or ""))
end
local id, span = "4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7"
ask("00-" .. id .. "-" .. span .. "-01", "rojo=00f067aa0ba902b7,congo=t61rcWkgMzE, a@b=x y")
ask("00-" .. id .. "-" .. span .. "-00", "bad")
ask("cc-" .. id .. "-" .. span .. "-03-what-comes-later")
for _, bad in ipairs { "", "00-" .. id .. "-" .. span .. "-01-x", "ff-" .. id .. "-" .. span .. "-01", "00-" .. id:upper() .. "-" .. span .. "-01",
    "00-" .. ("0"):rep(32) .. "-" .. span .. "-01", "00-" .. id .. "-" .. ("0"):rep(16) .. "-01", "00-" .. id .. "0-" .. span .. "-01", "00-" .. id .. "-" .. span .. "-1" } do
    ask(bad, "a=b")
end
ask("00-" .. id .. "-" .. span .. "-01", ("a=b,"):rep(33))
ask("00-" .. id .. "-" .. span .. "-01", "A=b")
ask("00-" .. id .. "-" .. span .. "-01", nil, mw.trace_context { trust = false, sample = 0 } (function(req) return tostring(req.trace.id ~= id) .. tostring(req.trace.is_sampled) end))
--- exec
timeout 100 $TEST_NGINX_BINARY run $TEST_NGINX_HTML_DIR/a.lua 2>&1
--- exec_out
4bf92f3577b34da6a3ce929d0e0e4736 00f067aa0ba902b7 true rojo=00f067aa0ba902b7,congo=t61rcWkgMzE, a@b=x y	55
4bf92f3577b34da6a3ce929d0e0e4736 00f067aa0ba902b7 false nil	55
4bf92f3577b34da6a3ce929d0e0e4736 00f067aa0ba902b7 true nil	55
new nil true nil	55
new nil true nil	55
new nil true nil	55
new nil true nil	55
new nil true nil	55
new nil true nil	55
new nil true nil	55
new nil true nil	55
4bf92f3577b34da6a3ce929d0e0e4736 00f067aa0ba902b7 true nil	55
4bf92f3577b34da6a3ce929d0e0e4736 00f067aa0ba902b7 true nil	55
truefalse	0

=== TEST 4: access log: lines that cannot be broken apart, errors, entries of one's own
--- user_files
>>> a.lua
local http, test, time, failure, task = require "perilune.http", require "perilune.test", require "perilune.time", require "perilune.failure", require "perilune.task"
local mw = http.middleware
local function app(opts)
    opts.write = print
    return mw.around(function(req)
        await(task.sleep(2))
        if req.path == "/raise" then error("no", 0) end
        if req.path == "/refuse" then error(failure.refusal(409, "busy", "no"), 0) end
        return { status = 201, body = "12345" }
    end, { mw.access_log(opts), mw.trace_context {}, mw.basic_auth { users = { ["ad\"a"] = "x" } } })
end
local auth = "Basic " .. "YWQiYTp4"
local clock = time.mock_clock(1000000000)
time.with_clock(clock, function()
    local function ask(a, path, headers)
        headers = headers or {}
        headers.Authorization = headers.Authorization == nil and auth or nil
        local d = test.request(a, { path = path, headers = headers })
        task.yield()
        clock:advance(2)
        return try_await(d)
    end
    local combined = app {}
    ask(combined, "/a?b=\"c\"", { ["User-Agent"] = "x\"y\nz\\", Referer = "http://r/" })
    ask(combined, "/", { Authorization = false })
    print(ask(combined, "/raise"))
    ask(combined, "/refuse")
    ask(app { format = function(e) return ("%s %s %g %s %d"):format(e.user, e.status, e.duration, e.id, #e.trace) end }, "/x")
    local one = app { format = "json", skip = function(req, res) return req.path == "/health" or res.status == 409 end }
    ask(one, "/health")
    ask(one, "/refuse")
    local decoded
    local json_app = mw.access_log { format = "json", write = function(line) decoded = require("perilune.json").decode(line) end } (function() return "abc" end)
    await(test.request(json_app, { path = "/\"" }))
    print(decoded.target, decoded.status, decoded.bytes, decoded.time)
end)
print((select(2, pcall(mw.access_log, { format = "odd" }))))
--- exec
timeout 100 $TEST_NGINX_BINARY run $TEST_NGINX_HTML_DIR/a.lua 2>&1
--- exec_out
127.0.0.1 - ad\x22a [09/Sep/2001:01:46:40 +0000] "GET /a?b=\x22c\x22 HTTP/1.1" 201 5 "http://r/" "x\x22y\x0Az\x5C"
127.0.0.1 - - [09/Sep/2001:01:46:42 +0000] "GET / HTTP/1.1" 401 13 "-" "-"
127.0.0.1 - ad\x22a [09/Sep/2001:01:46:44 +0000] "GET /raise HTTP/1.1" 500 0 "-" "-"
false	error: no
127.0.0.1 - ad\x22a [09/Sep/2001:01:46:46 +0000] "GET /refuse HTTP/1.1" 409 0 "-" "-"
ad"a 201 2 00000000000000000000000000000000 32
/"	200	3	1000000014
middleware.access_log: option 'format' must be "combined", "json" or a function

=== TEST 5: conditional requests: tags, dates, precedence, methods; streams are closed
--- user_files
>>> a.lua
local http, test, stream, task = require "perilune.http", require "perilune.test", require "perilune.stream", require "perilune.task"
local mw = http.middleware
local closed = 0
local app = mw.conditional() (function(req)
    if req.path == "/stream" then
        local s = stream.stream(1)
        s:on_closed(function() closed = closed + 1 end)
        return { headers = { ETag = '"s"', ["Content-Type"] = "text/plain" }, body = s }
    end
    await(task.yield())
    local headers = { ["Content-Type"] = "text/plain" }
    if req.path ~= "/own" then headers.ETag = req.path == "/weak" and 'W/"v1"' or '"v1"' end
    if req.path == "/dated" then headers["Last-Modified"] = "Sun, 06 Nov 1994 08:49:37 GMT" end
    return { headers = headers, status = req.path == "/missing" and 404 or 200, body = "text" }
end)
local function ask(path, headers, method)
    local res = await(test.request(app, { path = path, headers = headers, method = method }))
    print(res.status, res.body, res.headers.etag, res.headers["content-type"])
end
ask("/", { ["If-None-Match"] = '"v1"' })
ask("/", { ["If-None-Match"] = '"x, y" , W/"v1"' })
ask("/", { ["If-None-Match"] = "*" })
ask("/", { ["If-None-Match"] = '"v2"' })
ask("/", { ["If-None-Match"] = '"v1"' }, "HEAD")
ask("/", { ["If-None-Match"] = '"v1"' }, "POST")
ask("/missing", { ["If-None-Match"] = '"v1"' })
ask("/", { ["If-Match"] = '"v1"' })
ask("/", { ["If-Match"] = '"v2"' })
ask("/weak", { ["If-Match"] = 'W/"v1"' })
ask("/dated", { ["If-Modified-Since"] = "Sun, 06 Nov 1994 08:49:37 GMT" })
ask("/dated", { ["If-Modified-Since"] = "Sun, 06 Nov 1994 08:49:36 GMT" })
ask("/dated", { ["If-Modified-Since"] = "rubbish" })
ask("/dated", { ["If-Modified-Since"] = "Sun, 06 Nov 1994 08:49:37 GMT", ["If-None-Match"] = '"v2"' })
ask("/dated", { ["If-Unmodified-Since"] = "Sun, 06 Nov 1994 08:49:36 GMT" })
ask("/dated", { ["If-Unmodified-Since"] = "Sun, 06 Nov 1994 08:49:36 GMT", ["If-Match"] = '"v1"' })
ask("/stream", { ["If-None-Match"] = '"s"' })
print(closed)
local own = await(test.request(app, { path = "/own" })).headers.etag
ask("/own", { ["If-None-Match"] = own })
print(http.conditions({ method = "PUT", headers = { ["if-none-match"] = "*" } }, '"x"'), http.conditions({ method = "PUT", headers = { ["if-none-match"] = "*" } }), http.conditions({ method = "PUT", headers = { ["if-match"] = "*" } }, nil),
    http.conditions({ method = "PUT", headers = { ["if-match"] = '"x"' } }, '"x"'))
--- exec
timeout 100 $TEST_NGINX_BINARY run $TEST_NGINX_HTML_DIR/a.lua 2>&1
--- exec_out
304		"v1"	nil
304		"v1"	nil
304		"v1"	nil
200	text	"v1"	text/plain
304		"v1"	nil
200	text	"v1"	text/plain
404	text	"v1"	text/plain
200	text	"v1"	text/plain
412		"v1"	nil
412		W/"v1"	nil
304		"v1"	nil
200	text	"v1"	text/plain
200	text	"v1"	text/plain
200	text	"v1"	text/plain
412		"v1"	nil
200	text	"v1"	text/plain
304		"s"	nil
1
304		W/"mC2ePrmW9VnmM_TRlN7z"	nil
412	nil	412	nil

=== TEST 6: idempotency keys: replayed, under way, used for something else, tried again after a failure
--- user_files
>>> app.lua
local http, test, shared, deferred, stream = require "perilune.http", require "perilune.test", require "perilune.shared", require "perilune.deferred", require "perilune.stream"
local mw = http.middleware
local ran, gate = 0, nil
local app = mw.idempotency { dict = "answers", scope = function(req) return req.query.who end } (function(req)
    ran = ran + 1
    if gate then await(gate) end
    if req.path == "/raise" then error("no", 0) end
    if req.path == "/500" then return { status = 500 } end
    if req.path == "/stream" then return { body = stream.to_source { "s" } } end
    return { status = 201, headers = { ["X-N"] = ran, ["Set-Cookie"] = { "a=1", "b=2" } }, body = { "number ", tostring(ran) } }
end)
local function ask(path, key, body, method)
    return test.request(app, { path = path or "/", method = method or "POST", headers = { ["Idempotency-Key"] = key }, body = body or "x" })
end
return function()
    local out = {}
    local function say(d)
        local ok, res = try_await(d)
        out[#out + 1] = ok and ("%d %s %s %s %d"):format(res.status, (res.body:gsub("\n", "")), tostring(res.headers["x-n"]), tostring(res.headers["idempotent-replayed"]), #res.headers:get_all("set-cookie")) or tostring(res)
    end
    shared.answers:flush_all()
    say(ask(nil, '"k-1"'))
    say(ask(nil, '"k-1"'))
    say(ask(nil, "k-1"))
    say(ask(nil, "k-1", "other"))
    say(ask("/other", "k-1"))
    say(ask("/?who=me", "k-1"))
    say(ask(nil, nil))
    say(ask(nil, "k-1", nil, "PUT"))
    for _, bad in ipairs { "", "a b", "\"x", ("k"):rep(256), "\200" } do say(ask(nil, bad)) end
    gate = deferred.deferred()
    local first = ask(nil, "k-2")
    require("perilune.task").yield()
    say(ask(nil, "k-2"))
    gate:success(true)
    say(first)
    gate = nil
    say(ask(nil, "k-2"))
    for _, path in ipairs { "/raise", "/500", "/stream" } do
        say(ask(path, path))
        say(ask(path, path))
    end
    out[#out + 1] = tostring(ran)
    local required = mw.idempotency { dict = "answers", required = true, max_size = 3 } (function() return "x" end)
    say(test.request(required, { method = "POST" }))
    say(test.request(required, { method = "POST", body = "long", headers = { ["Idempotency-Key"] = "z" } }))
    say(test.request(required, { method = "POST", body = { "lo", "ng" }, headers = { ["Idempotency-Key"] = "z" } }))
    say(test.request(required, { method = "POST", body = "x", headers = { ["Idempotency-Key"] = '"a b"' } }))
    for _, bad in ipairs { {}, { dict = "none" }, { dict = "answers", store = {} }, { redis = {} }, { store = { begin = print } } } do
        out[#out + 1] = select(2, pcall(mw.idempotency, bad))
    end
    return table.concat(out, "\n") .. "\n"
end
--- request
GET /
--- response_body
201 number 1 1 nil 2
201 number 1 1 true 2
201 number 1 1 true 2
422 the idempotency key was used for another request nil nil 0
422 the idempotency key was used for another request nil nil 0
201 number 2 2 nil 2
201 number 3 3 nil 2
201 number 4 4 nil 2
400 the field Idempotency-Key is missing or malformed nil nil 0
400 the field Idempotency-Key is missing or malformed nil nil 0
400 the field Idempotency-Key is missing or malformed nil nil 0
400 the field Idempotency-Key is missing or malformed nil nil 0
400 the field Idempotency-Key is missing or malformed nil nil 0
409 a request with this idempotency key is under way nil nil 0
201 number 5 5 nil 2
201 number 5 5 true 2
error: no
error: no
500  nil nil 0
500  nil nil 0
200 s nil nil 0
200 s nil nil 0
11
400 the field Idempotency-Key is missing or malformed nil nil 0
413 the body is too long nil nil 0
413 the body is too long nil nil 0
200 x nil nil 0
middleware.idempotency: one of the options 'dict', 'redis' and 'store' is needed
middleware.idempotency: no lua_shared_dict is named 'none'
middleware.idempotency: one of the options 'dict', 'redis' and 'store' is needed
middleware.idempotency: option 'redis' must be a client of perilune.redis
middleware.idempotency: option 'store' has no method 'finish'

=== TEST 7: handlers with three arguments
--- user_files
>>> app.lua
local http, task = require "perilune.http", require "perilune.task"
return http.middleware.error_pages() (http.wrap_async(function(req, respond, raise)
    if req.path == "/now" then return respond("now") end
    if req.path == "/bad" then return raise(require("perilune.failure").refusal(418, "tea", "no coffee")) end
    task.spawn(function()
        await(task.yield())
        respond { status = 201, body = "later" }
        respond "twice"
    end)
end))
--- pipelined_requests eval
["GET /now", "GET /later", "GET /bad"]
--- error_code eval
[200, 201, 418]
--- response_body_like eval
["^now\$", "^later\$", "no coffee"]
