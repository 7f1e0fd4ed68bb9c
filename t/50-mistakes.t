# What somebody who begins gets wrong, and what is said to that: values that are no responses, middleware that was not
# called, names that are not there.
use Test::Nginx::Socket 'no_plan';

no_root_location();
run_tests();

__DATA__

=== TEST 1: values that are no responses are told in the log and are 500, not empty pages
--- config
    location / { return 200; }
--- user_files
>>> a.lua
local http, task = require "perilune.http", require "perilune.task"
local answers = { ["/value"] = { message = "hi" }, ["/array"] = { "a", "b" }, ["/empty"] = {}, ["/body"] = { body = { a = 1 } }, ["/pieces"] = { body = { "a", 1, "b" } },
    ["/none"] = { body = {} }, ["/deep"] = { body = { {} } }, ["/status"] = { status = 201 }, ["/fields"] = { headers = { A = "b" } }, ["/cookies"] = { cookies = { a = "b" } }, ["/number"] = 42, ["/true"] = { body = true } }
local routes = http.router()
routes:get("/*rest", function(req)
    await(task.yield())
    return answers[req.path]
end)
for _, app in ipairs { routes, http.middleware.timing()(routes.handler) } do
    local server = http.start_server(app, { address = "127.0.0.1" })
    for _, path in ipairs { "/value", "/array", "/empty", "/body", "/pieces", "/none", "/deep", "/status", "/fields", "/cookies", "/number", "/true", "/nothing" } do
        local res = await(http.get("http://127.0.0.1:" .. server:port() .. path, { throw_exceptions = false }))
        print(path, res.status, res.status < 300 and await(res:text()) or "")
    end
    await(server:close(0))
end
--- exec
timeout 100 $TEST_NGINX_BINARY run $TEST_NGINX_HTML_DIR/a.lua 2>$TEST_NGINX_SERVROOT/err
sed -n 's/.*the handler returned a bad response: //p; s/.*\(handler returned a bad response: [a-z]* *[a-z]* *[a-z]*\).*/\1/p' $TEST_NGINX_SERVROOT/err | sed 's/, client.*//' | LC_ALL=C sort | uniq -c | sed 's/^ *//'
--- exec_out
/value	500	
/array	500	
/empty	200	
/body	500	
/pieces	200	a1b
/none	200	
/deep	500	
/status	201	
/fields	200	
/cookies	200	
/number	500	
/true	500	
/nothing	204	
/value	500	
/array	500	
/empty	200	
/body	500	
/pieces	200	a1b
/none	200	
/deep	500	
/status	201	
/fields	200	
/cookies	200	
/number	500	
/true	500	
/nothing	204	
1 a number
2 a table with the key '1', but without status, headers and body; http.json(value) makes a response of a value
2 a table with the key 'message', but without status, headers and body; http.json(value) makes a response of a value
2 handler returned a bad response: body of an
1 handler returned a bad response: number
2 its body is a table with the key 'a', not an array of strings; http.json(value) makes a response of a value
2 its body is an array with a table at index 1, not one of strings; http.json(value) makes a response of a value

=== TEST 2: middleware and servers that were given something else
--- config
    location / { return 200; }
--- user_files
>>> a.lua
local http = require "perilune.http"
for _, wrong in ipairs {
    function() http.router { middleware = { http.middleware.params } } end,
    function() http.router { middleware = { http.middleware.timing(), 5 } } end,
    function() http.middleware.around(print, { {} }) end,
    function() http.start_server({}, {}) end,
    function() http.start_server(http.router(), { prot = 1 }) end,
    function() local _ = http.middleware.ratelimit end,
    function() http.router().get("/", print) end,
    function() http.router():get("/a") end,
    function() http.router():group("/a") end,
    function() http.router():host("a.example") end,
    function() http.sse() end,
    function() http.form("x") end,
    function() http.get("http://127.0.0.1/", { timeout = 1 }) end,
} do
    print((tostring(select(2, pcall(wrong))):gsub("^.-%.lua:%d+: ", "")))
end
--- exec
timeout 100 $TEST_NGINX_BINARY run $TEST_NGINX_HTML_DIR/a.lua 2>&1
$TEST_NGINX_BINARY routes nofile.lua 2>&1 || true
--- exec_out
middleware 1: middleware.params is to be called with its options, `middleware.params()` for none
middleware 2 is not a function (a number)
middleware 1 is not a function (a table)
bad argument 'handler' to http.start_server (function expected, got table)
http.start_server: unknown option 'prot'; did you mean 'port'?
no middleware is named 'ratelimit'; did you mean 'rate_limit'?
http.router: its functions are methods, to be called as router:get(path, handler)
http.router: the handler of '/a' must be a function, not a nil
http.router: group is called with a function that adds the routes, not a nil
http.router: host is called with a function that adds the routes, not a nil
bad argument 'req' to http.sse (a request expected, got nil)
bad argument 'req' to http.form (a request expected, got string)
http.request: unknown option 'timeout'; there is 'connection_timeout', 'pool_timeout', 'read_timeout', 'request_timeout', 'total_timeout'
perilune: cannot open nofile.lua: No such file or directory

=== TEST 3: names that are not there, and awaits that are: the log says what was meant
--- config
    location / { return 200; }
--- user_files
>>> a.lua
local deferred, http = require "perilune.deferred", require "perilune.http"
local stream, task = require "perilune.stream", require "perilune.task"
local s, d, user = stream.stream(), deferred.deferred(), { name = "Ada" }
local function work() return deferred.success_deferred { name = "Eve" } end
for _, wrong in ipairs {
    function() s:colse() end,
    function() d:chian(print) end,
    function() await(awiat(d)) end,
    function() return http.roter() end,
    function() return task.sleeep(1) .. "" end,
    function() return user.nmae.first end,
    function() local x = work() return x + 1 end,
    function() local x = work() return "I am " .. x.name end,
    function() return work():jso() end,
    function() local form = await(work()) return form.photo:save("x") end,
    function() return s:nothing_like_that() .. "" end,
    function() local t = {} return t.x.y end,
    function() local n = 1 await(work()) return n.x end,
    function() return (nil)() end,
} do
    local _, err = task.spawn(wrong):try_await()
    print((err.message:gsub("^.-%.lua:%d+: ", "")))
end
local server = http.start_server(function(req)
    if req.path == "/method" then return req:jsno() end
    if req.path == "/field" then return req.parms.id end
    if req.path == "/await" then local form = req:text() return "form: " .. form end
    if req.path == "/why" then return nil, "no such user" end
    return { boddy = "x", code = 404, header = {}, status = 200, own = true }
end, { address = "127.0.0.1" })
for _, path in ipairs { "/method", "/field", "/await", "/why", "/spelling", "/spelling" } do
    io.write(await(http.get("http://127.0.0.1:" .. server:port() .. path, { throw_exceptions = false })).status, " ")
end
await(server:close(0))
s:colse()
--- exec
timeout 100 $TEST_NGINX_BINARY run $TEST_NGINX_HTML_DIR/a.lua 2>$TEST_NGINX_SERVROOT/err; echo
grep -o "attempt.*\|no such user\|a field '.*?" $TEST_NGINX_SERVROOT/err | sed 's/, client.*//' | LC_ALL=C sort
--- exec_out
attempt to call method 'colse' (a nil value); did you mean 'close'?
attempt to call method 'chian' (a nil value); did you mean 'chain'?
attempt to call global 'awiat' (a nil value); did you mean 'await'?
attempt to call field 'roter' (a nil value); did you mean 'router'?
attempt to call field 'sleeep' (a nil value); did you mean 'sleep'?
attempt to index field 'nmae' (a nil value); did you mean 'name'?
attempt to perform arithmetic on local 'x' (a table value); 'x' is a deferred: its value is await(x)
attempt to concatenate field 'name' (a nil value); 'x' is a deferred: its value is await(x)
attempt to call method 'jso' (a nil value); was an await forgotten?
attempt to index field 'photo' (a nil value)
attempt to call method 'nothing_like_that' (a nil value)
attempt to index field 'x' (a nil value)
attempt to index local 'n' (a number value)
attempt to call a nil value
500 500 500 500 200 200 
a field 'boddy', which means nothing; did you mean 'body'?
a field 'code', which means nothing; did you mean 'status'?
a field 'header', which means nothing; did you mean 'headers'?
attempt to call method 'colse' (a nil value); did you mean 'close'?
attempt to call method 'jsno' (a nil value); did you mean 'json'?
attempt to concatenate local 'form' (a table value); 'form' is a deferred: its value is await(form)
attempt to index field 'parms' (a nil value); did you mean 'params'?
no such user



=== TEST 4: names are compared, data are not
--- config
    location / { return 200; }
--- user_files
>>> a.lua
local task = require "perilune.task"
local kept, user = {}, { name = "Ada" }
for i = 1, 2000 do kept[("x"):rep(5000) .. i] = i end
local function lose() return kept and user.nmae.first end
local _, err = task.spawn(lose):try_await()
print(err.message:match("attempt.*"))
--- exec
timeout 100 $TEST_NGINX_BINARY run $TEST_NGINX_HTML_DIR/a.lua 2>&1 | cut -c 1-200
--- exec_out
attempt to index field 'nmae' (a nil value); did you mean 'name'?



=== TEST 5: a task that fills a body and fails ends the stream: the client sees that it is incomplete
--- config
    location / { return 200; }
--- user_files
>>> a.lua
local http, stream, task = require "perilune.http", require "perilune.stream", require "perilune.task"
local server = http.start_server(function(req)
    local events = stream.stream(1)
    task.spawn(function()
        await(events:put("one"))
        if req.path == "/bad" then error("broken") end
        events:close()
    end):catch(function(err)
        events:close(err)
    end)
    return { body = events }
end, { address = "127.0.0.1" })
for _, path in ipairs { "/good", "/bad" } do
    local ok, text = http.get("http://127.0.0.1:" .. server:port() .. path):chain(function(res)
        return res:text()
    end):try_await()
    print(ok and text or text.code)
end
await(server:close(0))
--- exec
timeout 100 $TEST_NGINX_BINARY run $TEST_NGINX_HTML_DIR/a.lua 2>$TEST_NGINX_SERVROOT/err
grep -c "handler failed: .*broken" $TEST_NGINX_SERVROOT/err
--- exec_out
one
truncated
1

=== TEST 6: a handler that fails as Lua's functions do has failed behind middleware, too, and in a test without a server
--- config
    location / { return 200; }
--- user_files
>>> a.lua
local http, test = require "perilune.http", require "perilune.test"
local mw, shared = http.middleware, require "perilune.shared"
shared.declare "limits"
local function fail() return nil, "no such user" end
local all = { none = false, request_id = mw.request_id {}, timeout = mw.timeout {}, concurrency = mw.concurrency { most = 1 },
    rate_limit = mw.rate_limit { dict = "limits", most = 9 }, params = mw.params {}, error_pages = mw.error_pages {} }
for _, name in ipairs { "none", "request_id", "timeout", "concurrency", "rate_limit", "params", "error_pages" } do
    local app = http.router { middleware = { all[name] or nil } }:get("/", fail)
    local server = http.start_server(app, { address = "127.0.0.1" })
    local url = "http://127.0.0.1:" .. server:port()
    local ok, res = test.request(app, {}):try_await()
    print(name, await(http.get(url, { throw_exceptions = false })).status, ok and res.status or res)
    await(server:close(0))
end
--- exec
timeout 100 $TEST_NGINX_BINARY run $TEST_NGINX_HTML_DIR/a.lua 2>$TEST_NGINX_SERVROOT/err
grep -c "no such user" $TEST_NGINX_SERVROOT/err
--- exec_out
none	500	error: no such user
request_id	500	error: no such user
timeout	500	error: no such user
concurrency	500	error: no such user
rate_limit	500	error: no such user
params	500	error: no such user
error_pages	500	500
8

=== TEST 7: what is no function is refused where it is handed over, not when it would be called
--- config
    location / { return 200; }
--- user_files
>>> a.lua
local deferred = require "perilune.deferred"
local d = deferred.success_deferred(1)
local function say(...) print((select(2, pcall(...)))) end
say(deferred.deferred, 3)
say(deferred.listener, 4)
say(deferred.listener, nil, {})
say(d.on_realized, d, "f")
say(d.on_realized, d, nil, true)
say(d.add_listener, d, {})
say(d.add_listener, d)
say(coroutine.wrap, 3)
say(coroutine.status, 3)
say(deferred.recur, 1, 2, 3, 4, 5)
say(deferred.loop, print, 1, 2, 3, 4, 5)
deferred.deferred()
deferred.deferred(print)
d:on_realized(nil, print):on_realized(print)
--- exec
timeout 100 $TEST_NGINX_BINARY run $TEST_NGINX_HTML_DIR/a.lua 2>&1 | sed "s|^[^ ]*a.lua:[0-9]*: ||"
--- exec_out
bad argument 'on_cancel' to deferred (function or nil expected, got number)
bad argument 'on_success' to listener (function or nil expected, got number)
bad argument 'on_error' to listener (function or nil expected, got table)
bad argument 'on_success' to on_realized (function or nil expected, got string)
bad argument 'on_error' to on_realized (function or nil expected, got boolean)
bad argument 'listener' to add_listener (listener expected, got table)
bad argument 'listener' to add_listener (listener expected, got nil)
bad argument #1 to 'wrap' (function expected, got number)
bad argument #1 to 'status' (coroutine expected)
bad arguments to recur (at most four expected)
bad arguments to loop (a function and at most four expected)
1

=== TEST 8: an error that is a table of the program's own is told by its code and message
--- config
    location / { return 200; }
--- user_files
>>> a.lua
local deferred = require "perilune.deferred"
local http, task = require "perilune.http", require "perilune.task"
deferred.error_deferred({ code = "lost", message = "nobody looks" })
deferred.error_deferred({ message = "only words" })
deferred.error_deferred({ code = 7 })
deferred.error_deferred({ other = 1 })
local server = http.start_server(function() error({ code = "late", message = "in a handler" }) end, { address = "127.0.0.1" })
await(http.get("http://127.0.0.1:" .. server:port() .. "/", { throw_exceptions = false }))
await(server:close(0))
for _ = 1, 3 do collectgarbage() end
await(task.sleep(0.01))
--- exec
timeout 100 $TEST_NGINX_BINARY run $TEST_NGINX_HTML_DIR/a.lua 2>&1 | grep -o "nobody waits.*\|handler failed.*" | sed "s/.*): //; s/0x[0-9a-f]*/0x/; s/,* client:.*//" | sort
--- exec_out
7
handler failed: unknown reason (error object is a table value, code: late, message: in a handler)
lost: nobody looks
only words
table: 0x

=== TEST 9: a wrong argument is told by its name, at the place of the call
--- config
    location / { return 200; }
--- user_files
>>> a.lua
local bus, crypto, dns = require "perilune.bus", require "perilune.crypto", require "perilune.dns"
local http, jwt, stream = require "perilune.http", require "perilune.jwt", require "perilune.stream"
local task, time, tls = require "perilune.task", require "perilune.time", require "perilune.tls"
local websocket, resolver = require "perilune.websocket", dns.resolver()
for _, wrong in ipairs {
    function() bus.active() end,
    function() bus.downstream() end,
    function() crypto.seal(5, "text") end,
    function() crypto.seal("short", "text") end,
    function() crypto.unseal(("k"):rep(32)) end,
    function() crypto.sign("key", "RS256", "text") end,
    function() crypto.token("many") end,
    function() crypto.token(5000) end,
    function() dns.lookup() end,
    function() dns.lookup("a.example", { family = "ipv5" }) end,
    function() dns.resolve() end,
    function() dns.resolve("a.example", "XYZ") end,
    function() dns.reverse({}) end,
    function() dns.reverse("a.example") end,
    function() resolver:lookup(5) end,
    function() resolver:resolve("a.example") end,
    function() resolver:reverse() end,
    function() http.conditions() end,
    function() http.headers("A: b") end,
    function() http.multipart("x") end,
    function() jwt.jwks() end,
    function() jwt.jwks("https://a.example/keys", { tll = 5 }) end,
    function() stream.dot(5) end,
    function() task.set() end,
    function() time.hz("a") end,
    function() time.format_duration() end,
    function() tls.make_revocations() end,
    function() websocket.handler() end,
} do
    print((tostring(select(2, pcall(wrong))):gsub("^[^:]-([^/:]*%.lua):%d+: ", "%1: ")))
end
--- exec
timeout 100 $TEST_NGINX_BINARY run $TEST_NGINX_HTML_DIR/a.lua 2>&1
--- exec_out
a.lua: bad argument 'topic' to active (a value expected)
a.lua: bad argument 'topic' to downstream (a value expected)
a.lua: bad argument 'key' to crypto.seal (string expected, got number)
a.lua: bad argument 'key' to crypto.seal (32 bytes expected, got 5)
a.lua: bad argument 'text' to crypto.unseal (string expected, got nil)
a.lua: bad argument 'key' to crypto.sign (a key of crypto.key expected, got string)
a.lua: bad argument 'n' to crypto.token (a number from 0 to 4096 expected)
a.lua: bad argument 'n' to crypto.token (a number from 0 to 4096 expected)
a.lua: bad argument 'name' to dns.lookup (string expected, got nil)
a.lua: dns.lookup: option 'family' must be one of ipv4_only, ipv4_preferred, ipv6_only, ipv6_preferred
a.lua: bad argument 'name' to dns.resolve (string expected, got nil)
a.lua: bad argument 'type' to dns.resolve (no type 'XYZ' is known)
a.lua: bad argument 'address' to dns.reverse (an IP address expected, got table)
a.lua: bad argument 'address' to dns.reverse (an IP address expected)
a.lua: bad argument 'name' to resolver:lookup (string expected, got number)
a.lua: bad argument 'type' to resolver:resolve (a type such as "A" expected, got nil)
a.lua: bad argument 'address' to resolver:reverse (an IP address expected, got nil)
a.lua: bad argument 'req' to http.conditions (a request expected, got nil)
a.lua: bad argument 'initial' to http.headers (table or nil expected, got string)
a.lua: bad argument 'req' to http.multipart (a request expected, got string)
a.lua: bad argument 'url' to jwt.jwks (string expected, got nil)
a.lua: jwt.jwks: unknown option 'tll'; did you mean 'ttl'?
a.lua: bad argument 's' to stream.dot (a stream expected, got number)
a.lua: bad argument 'key' to task.set (a value expected)
a.lua: bad argument 'n' to time.hz (a number of at least 0 expected)
a.lua: bad argument 'seconds' to time.format_duration (a number expected, got nil)
a.lua: tls.make_revocations: 'issuer' must have 'certificate' and 'key'
a.lua: bad argument 'fn' to websocket.handler (a function, or a table with 'message', expected, got nil)

=== TEST 10: what is said to arguments of other kinds, and to a value that was not awaited, helps
--- config
    location / { return 200; }
--- user_files
>>> a.lua
local dns, http, json = require "perilune.dns", require "perilune.http", require "perilune.json"
local stream, websocket = require "perilune.stream", require "perilune.websocket"
local function told(...) print((select(2, pcall(...)))) end
local function handler() return { status = 200 } end
told(function() websocket.handler() end)
told(function() dns.resolve("a.example") end)
told(function() json.decode() end)
told(function() local value = json.decode(stream.stream()) return value end)
told(function() http.start_server(handler, { host = "127.0.0.1" }) end)
told(function() http.start_server(handler, { prot = 1 }) end)
print(json.decode(5), json.decode("[5]")[1])
local routes = http.router()
routes:post("/unnamed", function(req) return "got " .. req:text() end)
routes:post("/named", function(req) local n = 1 + req:text() return n end)
routes:post("/number", function() return 201 end)
local server = http.start_server(routes, { address = "127.0.0.1" })
for _, path in ipairs { "/unnamed", "/named", "/number" } do
    await(http.post("http://127.0.0.1:" .. server:port() .. path, { body = "x", throw_exceptions = false }))
end
await(server:close(0))
--- exec
cd $TEST_NGINX_HTML_DIR; timeout 100 $TEST_NGINX_BINARY run a.lua 2>$TEST_NGINX_SERVROOT/err
grep -o "attempt.*\|a bad response.*" $TEST_NGINX_SERVROOT/err | sed 's/, client.*//'
--- exec_out
a.lua:5: bad argument 'fn' to websocket.handler (a function, or a table with 'message', expected, got nil)
a.lua:6: bad argument 'type' to dns.resolve (a type such as "A" expected, got nil)
a.lua:7: bad argument 's' to json.decode (a string expected, got a nil)
a.lua:8: bad argument 's' to json.decode (a string expected, got a stream; a body has text() and json())
a.lua:9: http.start_server: unknown option 'host'
a.lua:10: http.start_server: unknown option 'prot'; did you mean 'port'?
5	5
attempt to concatenate a table value; was an await forgotten?
attempt to perform arithmetic on a table value; was an await forgotten?
a bad response: number; it may return a table, a string, nil or a deferred of one

=== TEST 11: wrong arguments are put down to the line of the call, also in a coroutine, and tell what may be left out
--- config
    location / { return 200; }
--- user_files
>>> a.lua
local bus, http, stream = require "perilune.bus", require "perilune.http", require "perilune.stream"
local tcp, task = require "perilune.tcp", require "perilune.task"
local function told(...) print((select(2, pcall(...)))) end
local s = stream.stream()
told(function() s:map(5) end)
told(function() s:connect_via("f", s) end)
told(function() s:on_closed() end)
told(function() s:batch(0) end)
told(function() s:batch(1, 0 / 0) end)
told(function() stream.buffered("many") end)
told(function() stream.dropping(0) end)
told(function() s:sliding() end)
told(function() s:buffer(-1) end)
told(function() s:throttle(0) end)
told(function() stream.periodically(1) end)
told(function() http.file(5) end)
told(function() http.file("a", "b") end)
told(function() http.get(5) end)
told(function() tcp.start_server() end)
told(function() bus.new(5) end)
await(task.spawn(function() told(function() task.detach() end) end))
told(function() s:put(nil) end)
--- exec
cd $TEST_NGINX_HTML_DIR; timeout 100 $TEST_NGINX_BINARY run a.lua
--- exec_out
a.lua:5: bad argument 'fn' to map (function expected, got number)
a.lua:6: bad argument 'fn' to connect_via (function expected, got string)
a.lua:7: bad argument 'fn' to on_closed (function expected, got nil)
a.lua:8: bad argument 'max' to batch (a number above 0 expected)
a.lua:9: bad argument 'latency' to batch (a number above 0 expected)
a.lua:10: bad argument 'limit' to buffered (a number above 0 expected)
a.lua:11: bad argument 'limit' to dropping (a number above 0 expected)
a.lua:12: bad argument 'limit' to sliding (a number above 0 expected)
a.lua:13: bad argument 'limit' to buffer (a number above 0 expected)
a.lua:14: bad argument 'rate' to throttle (a number above 0 expected)
a.lua:15: bad argument 'fn' to periodically (function expected, got nil)
a.lua:16: bad argument 'path' to http.file (string expected, got number)
a.lua:17: bad argument 'offset' to http.file (number or nil expected, got string)
a.lua:18: bad argument 'url' to http.get (string expected, got number)
a.lua:19: bad argument 'handler' to tcp.start_server (function expected, got nil)
a.lua:20: bad argument 'make_stream' to bus.new (function or nil expected, got number)
a.lua:21: bad argument 'fn' to task.detach (function expected, got nil)
a.lua:22: bad argument 'value' to put (nil cannot be a value of a stream)

=== TEST 12: a response that was not awaited, a request in place of one, options that are not near to any
--- config
    location / { return 200; }
--- user_files
>>> a.lua
local deferred, http, tls = require "perilune.deferred", require "perilune.http", require "perilune.tls"
local function told(...) print((tostring(select(2, pcall(...))):gsub("^[^:]-([^/:]*%.lua):%d+: ", "%1: "))) end
local pending = deferred.deferred()
told(function() return pending.body end)
told(function() return pending.status end)
told(function() return pending.headers.Server end)
print(pending.anything, pending.is_realized ~= nil)
told(function() http.middleware.concurrency { max = 5 } end)
told(function() http.middleware.concurrency { mots = 5 } end)
told(function() http.middleware.concurrency {} end)
told(function() http.start_server(print, { tls = {} }) end)
told(function() http.start_server(print, { tls = { certificate = "a.pem" } }) end)
told(function() http.start_server(print, { tls = true }) end)
told(function() tls.server_context { certificate = "a.pem" } end)
local server = http.start_server(function(req)
    if req.path == "/request" then return req end
    local res = http.get("http://127.0.0.1:" .. req.server_port .. "/request", { throw_exceptions = false })
    return res.body
end, { address = "127.0.0.1" })
for _, path in ipairs { "/request", "/deferred" } do
    print(await(http.post("http://127.0.0.1:" .. server:port() .. path, { body = "x", throw_exceptions = false })).status)
end
await(server:close(0))
--- exec
timeout 100 $TEST_NGINX_BINARY run $TEST_NGINX_HTML_DIR/a.lua 2>$TEST_NGINX_SERVROOT/err
grep -o "a bad response.*\|a deferred has.*" $TEST_NGINX_SERVROOT/err | sort -u
--- exec_out
a.lua: a deferred has no field 'body'; was an await forgotten?
a.lua: a deferred has no field 'status'; was an await forgotten?
a.lua: a deferred has no field 'headers'; was an await forgotten?
nil	true
a.lua: middleware.concurrency: unknown option 'max'; there is 'most', 'queue', 'retry_after', 'wait'
a.lua: middleware.concurrency: unknown option 'mots'; did you mean 'most'?
a.lua: middleware.concurrency: option 'most' is needed
a.lua: tls.server_context: a certificate is needed: 'certificate', 'certificate_pem' or 'self_signed'
a.lua: tls.server_context: a key is needed: 'key' or 'key_pem'
a.lua: option 'tls' must be a context for servers, not a boolean
a.lua: tls.server_context: a key is needed: 'key' or 'key_pem'
500
500
a bad response: a request, as if it were its own answer
a deferred has no field 'body'; was an await forgotten?
