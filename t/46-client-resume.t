# Responses that go on after they were lost: event streams, downloads; and requests with a hedge.
use Test::Nginx::Socket 'no_plan';

no_root_location();
our $Exec = <<'_EOC_';
P=$(readlink /proc/$(cat $TEST_NGINX_SERVROOT/logs/nginx.pid)/exe)
cd $TEST_NGINX_HTML_DIR
timeout 100 $P run main.lua 2>err; echo exit $?
_EOC_
add_block_preprocessor(sub {
    my $block = shift;
    if (!defined $block->config) {
        $block->set_value("config", $Config);
    }
    if (!defined $block->exec) {
        $block->set_value("exec", $Exec);
    }
    if (!defined $block->timeout) {
        $block->set_value("timeout", 40);
    }
});

run_tests();

__DATA__

=== TEST 1: an event stream is asked for again with the last id, until 204
--- user_files
>>> main.lua
local http = require "perilune.http"
local n, step = 0, {}
local function cut(text) return { headers = { ["Content-Type"] = "text/event-stream" }, body = coroutine.wrap(function() coroutine.yield(text) error("cut") end) } end
step[1] = function() return { headers = { ["Content-Type"] = "text/event-stream" }, body = "\239\187\191retry: 20\n\ndata: one\nid: 1\n\n" } end
step[2] = function() return cut "data: two\rid: 2\r\rdata: lost" end
step[3] = function() return { status = 503 } end
step[4] = function() return { status = 429 } end
step[5] = function() return { headers = { ["Content-Type"] = "text/event-stream" }, body = "event: x\r\ndata: three\r\nid\r\n\r\ndata\n\n" } end
step[6] = function() return { status = 204 } end
local server = http.start_server(function(req)
    if req.path == "/cut" then return cut "data: only\n\n" elseif req.path == "/404" then n = n + 1 return n == 1 and cut "" or { status = 404 } end
    n = n + 1
    print(n, req.headers["last-event-id"] or "-", req.headers.accept, req.headers["x-own"])
    return step[n]()
end, { port = 0, address = "127.0.0.1" })
local base = "http://127.0.0.1:" .. server:port()
local res = await(http.get(base, { as = "sse", reconnect = { delay = 0.01, max_delay = 0.02 }, headers = { ["X-Own"] = "o", ["Last-Event-ID"] = "0" } }))
for e in res.body:each() do print(e.event, e.data, e.id) end
print(select(2, pcall(function() for e in await(http.get(base .. "/cut", { as = "sse" })).body:each() do print(e.data) end end)).code)
n = 0
print(select(2, pcall(function() for e in await(http.get(base .. "/404", { as = "sse", reconnect = { delay = 0 } })).body:each() do print(e.data) end end)).status)
local events = await(http.get(base .. "/cut", { as = "sse", reconnect = { delay = 60 } })).body
print(await(events:take()).data)
local waiting = events:take()
require("perilune.task").sleep(0.05):await()
events:close()
print(try_await(waiting))
await(server:close(0))
local d = select(2, pcall(function() for e in await(http.get(base, { as = "sse", retry = false, reconnect = true })).body:each() do end end))
print(d.code)
--- exec_out
1	0	text/event-stream	o
message	one	1
2	1	text/event-stream	o
message	two	2
3	2	text/event-stream	o
4	2	text/event-stream	o
5	2	text/event-stream	o
x	three	
message		
6	-	text/event-stream	o
only
truncated
404
only
true	nil
refused
exit 0



=== TEST 2: count limits the attempts in a row
--- user_files
>>> main.lua
local http = require "perilune.http"
local n = 0
local server = http.start_server(function(req)
    n = n + 1
    return { headers = { ["Content-Type"] = "text/event-stream" }, body = n < 3 and "data: x\n\n" or "" }
end, { port = 0, address = "127.0.0.1" })
local res = await(http.get("http://127.0.0.1:" .. server:port(), { as = "sse", reconnect = { delay = 0.001, count = 2 } }))
print(select(2, pcall(function() for e in res.body:each() do print(e.data) end end)).code, n)
await(server:close(0))
--- exec_out
x
x
closed	4
exit 0



=== TEST 3: downloads: cut short and gone on with; a later run; another version; complete already; the wrong part
--- user_files
>>> main.lua
local http = require "perilune.http"
local text, etag, breaks, wrong = ("0123456789"):rep(10000), '"1"', 2, false
local server = http.start_server(function(req)
    local from = tonumber((req.headers.range or ""):match("bytes=(%d+)-"))
    if from and req.headers["if-range"] ~= etag then from = nil end
    print(req.headers.range and "part" or "whole", req.headers["if-range"] or "-", req.headers["accept-encoding"])
    if from and from >= #text then return { status = 416, headers = { ["Content-Range"] = "bytes */" .. #text } } end
    local body = text:sub((from or 0) + 1)
    local headers = { ETag = etag, ["Content-Length"] = #body, ["Content-Range"] = from and ("bytes %d-%d/%d"):format(wrong and from + 1 or from, #text - 1, #text) or nil }
    if breaks > 0 then
        breaks = breaks - 1
        return { status = from and 206 or 200, headers = headers, body = coroutine.wrap(function() coroutine.yield(body:sub(1, 30000)) require("perilune.task").sleep(0.02):await() error("cut") end) }
    end
    return { status = from and 206 or 200, headers = headers, body = body }
end, { port = 0, address = "127.0.0.1" })
local base = "http://127.0.0.1:" .. server:port()
local function read(path) local f = io.open(path, "rb") local s = f and f:read("*a") if f then f:close() end return s end
local last
local function get(o)
    o.as, o.save_to, o.resume, o.on_progress = "file", "out", true, function(at, total) last = at .. "/" .. total end
    local ok, res = try_await(http.get(base, o))
    local now = read "out"
    print(ok and res.size or res.code, last, now == text, #now, read "out.validator")
end
get { retry = { count = 3, backoff = 0.001 } }
os.remove "out"
breaks = 1
get {}
get {}
get {}
breaks, last = 1, nil
os.remove "out"
get {}
etag, text = '"2"', text:reverse()
get {}
breaks = 1
os.remove "out"
get {}
wrong = true
get {}
etag = nil
get {}
await(server:close(0))
--- exec_out
whole	-	identity
part	"1"	identity
part	"1"	identity
100000	100000/100000	true	100000	nil
whole	-	identity
truncated	30000/100000	false	30000	"1"
part	"1"	identity
100000	100000/100000	true	100000	nil
whole	-	identity
100000	100000/100000	true	100000	nil
whole	-	identity
truncated	30000/100000	false	30000	"1"
part	"1"	identity
100000	100000/100000	true	100000	nil
whole	-	identity
truncated	30000/100000	false	30000	"2"
part	"2"	identity
protocol	30000/100000	false	30000	"2"
part	"2"	identity
100000	100000/100000	true	100000	nil
exit 0



=== TEST 4: a part whose whole has the right size is complete: 416 is success, any other is an error
--- user_files
>>> main.lua
local http = require "perilune.http"
local size = 10
local server = http.start_server(function(req)
    return { status = 416, headers = { ["Content-Range"] = "bytes */" .. size } }
end, { port = 0, address = "127.0.0.1" })
local function get()
    local f = io.open("out", "w") f:write("0123456789") f:close()
    f = io.open("out.validator", "w") f:write('"1"') f:close()
    local ok, res = try_await(http.get("http://127.0.0.1:" .. server:port(), { as = "file", save_to = "out", resume = true }))
    print(ok and res.size or res.status, io.open "out.validator" ~= nil)
end
get()
size = 11
get()
await(server:close(0))
--- exec_out
10	false
416	true
exit 0



=== TEST 5: hedges: the slow one is left, the first answer counts, errors wait for the other
--- user_files
>>> main.lua
local http, deferred, task = require "perilune.http", require "perilune.deferred", require "perilune.task"
local n, hold = 0, deferred.deferred()
local server = http.start_server(function(req)
    n = n + 1
    local me = n
    if req.path == "/slow-first" and me == 1 then await(hold) end
    return req.method .. " " .. me
end, { port = 0, address = "127.0.0.1" })
local base = "http://127.0.0.1:" .. server:port()
local pool = http.connection_pool()
local res = await(http.get(base .. "/slow-first", { hedge = 0.02, as = "string", pool = pool }))
print(res.body, n, pool:stats()[base].connections) -- that of the slow one is closed
hold:success()
n = 0
print(await(http.get(base .. "/", { hedge = 5, as = "string" })).body, n)
n = 1
print(await(http.post(base .. "/slow-first", { hedge = 0.001, as = "string", body = "x" })).body, n)
print(select(2, try_await(http.get("http://127.0.0.1:1/", { hedge = 0.001 }))).code)
n = 0
local d = http.get(base .. "/slow-first", { hedge = { delay = 30, count = 2 } })
d:cancel()
print(select(2, try_await(d)).code)
print(select(2, pcall(function() local _ = http.get(base, { hedge = { dealy = 1 } }) end)):match("unknown.*"))
await(server:close(0))
--- exec_out
GET 2	2	1
GET 1	1
POST 2	2
refused
cancelled
unknown option 'dealy'; did you mean 'delay'?
exit 0



=== TEST 6: what log_activity tells of a request, and what it does not; what a request was
--- user_files
>>> main.lua
local http, failure = require "perilune.http", require "perilune.failure"
local server = http.start_server(function(req)
    req.body:collect():await()
    if req.path == "/go" then return { status = 302, headers = { { "Date", "now" }, { "Location", "/large" }, { "Set-Cookie", "sid=secret; Path=/" } } } end
    return { headers = { Date = "now", Server = "s" }, body = { "a\1\n", ("x"):rep(2000) } }
end, { port = 0, address = "127.0.0.1" })
local port = server:port()
local function log(line) print((line:gsub(port, "PORT"):gsub("^%d+ ", ""):gsub("x+%.%.%.", "xx..."))) end
local res = await(http.post("http://127.0.0.1:" .. port .. "/go", { body = "hello", basic_auth = "u:secret", cookies = { a = "secret", b = "secret" },
    headers = { { "X-Own", "shown" }, { "X-Api-Key", "secret" } }, accept_encoding = false, cookie_store = http.cookie_store(), log_activity = log }))
await(res:text())
try_await(http.get("http://127.0.0.1:1/", { log_activity = log, bearer = "secret", accept_encoding = false }))
local d = http.get("http://127.0.0.1:" .. port .. "/", { log_activity = log, accept_encoding = false })
d:cancel()
try_await(d)
print(select(2, pcall(function() local _ = http.get("http://a/", { log_activity = "loud" }) end)):match("option.*"))
await(http.get("http://127.0.0.1:" .. port .. "/", { log_activity = true, bearer = "secret" }))
res = await(http.put("http://127.0.0.1:" .. port .. "/p", { body = "text", save_request = true, debug_body = true }))
print(res.request.method, res.request.body, (res.request.url:gsub(port, "PORT")))
await(server:close(0))
--- exec_out
> POST /go
> Host: 127.0.0.1:PORT
> X-Own: shown
> X-Api-Key: ***
> User-Agent: perilune
> Authorization: Basic ***
> Cookie: a=***; b=***
> 5 bytes: hello
< HTTP/1.1 302 Found
< Server: perilune/0.1.0
< Date: now
< Content-Length: 0
< Location: /large
< Connection: keep-alive
< Set-Cookie: sid=***; Path=/
> GET /large
> Host: 127.0.0.1:PORT
> X-Own: shown
> X-Api-Key: ***
> User-Agent: perilune
> Authorization: Basic ***
> Cookie: sid=***
< HTTP/1.1 200 OK
< Server: s
< Date: now
< Content-Type: text/plain
< Content-Length: 2003
< Connection: keep-alive
< 2003 bytes: a\x01\nxx...
> GET /
> Host: 127.0.0.1:1
> User-Agent: perilune
> Authorization: Bearer ***
* refused: 127.0.0.1:1: connection refused
> GET /
> Host: 127.0.0.1:PORT
> User-Agent: perilune
* cancelled
option 'log_activity' must be a level, not 'loud'
PUT	text	http://127.0.0.1:PORT/p
exit 0



=== TEST 7: closing a body, of whatever form, gives its connection back
--- user_files
>>> main.lua
local http = require "perilune.http"
local server = http.start_server(function(req)
    local n = 0
    return { headers = { ["Content-Type"] = "text/event-stream" }, body = function() n = n + 1 return n < 1e6 and "data: " .. ("x"):rep(1000) .. "\n\n" or nil end }
end, { port = 0, address = "127.0.0.1" })
local base = "http://127.0.0.1:" .. server:port()
local pool = http.connection_pool { connections_per_host = 1, pool_timeout = 5 }
collectgarbage "stop"
for _, as in ipairs { "stream", "lines", "sse" } do
    local res = await(http.get(base, { as = as, pool = pool }))
    print(as, await(res.body:take()) ~= nil)
    res.body:close()
end
print(await(http.get(base, { pool = pool })).status)
await(server:close(0))
--- exec_out
stream	true
lines	true
sse	true
200
exit 0



=== TEST 8: large bodies come in constant memory: as a stream over HTTP/1.1 and HTTP/2, to a file, through a reader that lags
--- config
    http2 on;
    location / { root html; }
--- user_files
>>> main.lua
local http, task = require "perilune.http", require "perilune.task"
local base, size = arg[1], 256 * 2 ^ 20
-- What is freed is kept under a sanitizer.
local is_honest = not io.open("/proc/self/maps"):read("*a"):find("libasan", 1, true)
local function peak()
    return tonumber(io.open("/proc/self/status"):read("*a"):match "VmHWM:%s*(%d+)")
end
local function drain(body, pause)
    local n, since = 0, 0
    for piece in body:each() do
        n, since = n + #piece, since + #piece
        if pause and since > 2 ^ 24 then task.sleep(pause):await() since = 0 end
    end
    return n
end
drain(await(http.get(base .. "/small")).body)
local before = peak()
local function tell(name, n)
    local grown = peak() - before
    print(name, n == size, (grown <= 8192 or not is_honest) and "small" or grown)
end
local h2 = { pool = http.connection_pool { force_h2c = true }, force_h2c = true }
tell("HTTP/1.1", drain(await(http.get(base .. "/big")).body))
tell("HTTP/2", drain(await(http.get(base .. "/big", h2)).body))
tell("lagging", drain(await(http.get(base .. "/big")).body, 0.02))
tell("lagging, HTTP/2", drain(await(http.get(base .. "/big", h2)).body, 0.02))
tell("file", await(http.get(base .. "/big", { as = "file", save_to = "copy" })).size)
--- exec
P=$(readlink /proc/$(cat $TEST_NGINX_SERVROOT/logs/nginx.pid)/exe)
cd $TEST_NGINX_HTML_DIR
echo small >small; truncate -s 256M big
timeout 100 $P run main.lua http://127.0.0.1:$TEST_NGINX_SERVER_PORT 2>&1; rm -f copy big
--- exec_out
HTTP/1.1	true	small
HTTP/2	true	small
lagging	true	small
lagging, HTTP/2	true	small
file	true	small
--- timeout: 120



=== TEST 9: a download that is cut behind its last byte is complete
--- user_files
>>> main.lua
local http, task, tcp = require "perilune.http", require "perilune.task", require "perilune.tcp"
local asked, rest = 0
local server = tcp.start_server(function(conn)
    local head = ""
    while not head:find "\r\n\r\n" do head = head .. await(conn:take()) end
    asked = asked + 1
    local range = head:match "Range: (%S+)"
    print("asked", range, head:match "If%-Range: (%S+)")
    if range then
        conn:put(rest)
    else
        conn:put 'HTTP/1.1 200 OK\r\nETag: "1"\r\nTransfer-Encoding: chunked\r\n\r\na\r\n0123456789\r\n'
        await(task.sleep(0.05))
    end
    conn:close()
end, { port = 0, address = "127.0.0.1" })
local function get(o)
    os.remove "out"
    o.as, o.save_to, o.resume, o.retry = "file", "out", true, { count = 2, backoff = 0.01 }
    local ok, res = try_await(http.get("http://127.0.0.1:" .. server:port(), o))
    local f = io.open "out.validator"
    print(ok, ok and res.size or res.code, io.open("out"):read "*a", f == nil)
end
rest = "HTTP/1.1 416 No\r\nContent-Range: bytes */10\r\nContent-Length: 0\r\n\r\n"
get { throw_exceptions = false }
rest = "HTTP/1.1 416 No\r\nContent-Range: bytes */11\r\nContent-Length: 0\r\n\r\n"
get {}
rest = "HTTP/1.1 416 No\r\nContent-Length: 0\r\n\r\n"
get { throw_exceptions = false }
await(server:close())
--- exec_out
asked	nil	nil
asked	bytes=10-	"1"
true	10	0123456789	true
asked	nil	nil
asked	bytes=10-	"1"
false	status	0123456789	false
asked	nil	nil
asked	bytes=10-	"1"
false	status	0123456789	false
exit 0



=== TEST 10: only text/event-stream is one; 204 at once is its end; odd ids, retries and line ends; events are bounded
--- user_files
>>> main.lua
local http = require "perilune.http"
local n, says = 0, nil
local server = http.start_server(function(req)
    n = n + 1
    local s = says[math.min(n, #says)]
    return { status = s.status, headers = { ["Content-Type"] = s.type or "text/event-stream" }, body = s[1] }
end, { port = 0, address = "127.0.0.1" })
local function show(name, opts, ...)
    n, says = 0, { ... }
    opts.as = "sse"
    local ok, res = try_await(http.get("http://127.0.0.1:" .. server:port(), opts))
    local out = {}
    if ok then
        local fine, err = pcall(function() for e in res.body:each() do out[#out + 1] = e.event .. "|" .. e.data:gsub("\n", "+") .. "|" .. (e.id or "-") if n > 5 then res.body:close() end end end)
        out[#out + 1] = fine and "end" or err.code
    else
        out[1] = res.code .. ": " .. res.message:gsub("%d%d%d%d+", "PORT") .. " " .. tostring(res.response and await(res.response:text()))
    end
    print(name, table.concat(out, " "), n)
end
local again = { reconnect = { delay = 0.001, count = 3 } }
show("html", {}, { "data: x\n\n", type = "text/html" })
show("none", {}, { "data: x\n\n", type = "" })
show("charset", {}, { "data: x\n\n", type = "Text/Event-Stream;charset=utf-8" })
show("html then", again, { "data: x\n\n" }, { "data: x\n\n", type = "text/html" })
show("204", again, { status = 204 })
show("205 then", again, { "data: x\n\n" }, { status = 205 })
show("lines", {}, { "data: a\r\ndata: b\rdata: c\n\r\ndata: d\r\r:x\n data: no\ndata\ndata:  e\nevent:e\nevent: lost\n\nevent: lost\n\n" })
show("ids", {}, { "id: 1\ndata: a\n\nid: 2\0\ndata: b\n\nid: 3\n\ndata: c\n\nid\ndata: d\n\n" })
show("retry", again, { "retry: 5x\nretry: -5\nretry: 1\ndata: a\n\n" }, { status = 204 })
show("many lines", { max_body_size = 1000 }, { "data: a\n\n" .. ("data: a\n"):rep(100) .. "\n" })
show("long line", {}, { "data: " .. ("a"):rep(2097152) .. "\n\n" })
await(server:close(0))
--- exec_out
html	content_type: no event stream but text/html from http://127.0.0.1:PORT/ data: x

	1
none	content_type: no event stream but no Content-Type from http://127.0.0.1:PORT/ data: x

	1
charset	message|x|- end	1
html then	message|x|- content_type	2
204	end	1
205 then	message|x|- status	2
lines	message|a+b+c|- message|d|- lost|+ e|- end	1
ids	message|a|1 message|b|1 message|c|3 message|d| end	1
retry	message|a|- end	2
many lines	message|a|- too_large	1
long line	too_large	1
exit 0



=== TEST 11: a hedged request that is cancelled, settled by somebody else, or times out stops all of its attempts
--- user_files
>>> main.lua
local http, task, failure = require "perilune.http", require "perilune.task", require "perilune.failure"
local open = 0
local server = http.start_server(function()
    open = open + 1
    task.defer(function() open = open - 1 end)
    task.sleep(60):await()
end, { port = 0, address = "127.0.0.1", http2 = true })
local base = "http://127.0.0.1:" .. server:port()
local ends = {
    cancel = function(d) d:cancel() end, error = function(d) d:error(failure.new("mine", "x")) end, success = function(d) d:success("mine") end,
    timeout = function(d) d:timeout(0.001) end, value = function(d) d:timeout(0.001, "late") end,
}
for _, name in ipairs { "cancel", "error", "success", "timeout", "value" } do
    for _, h2 in ipairs { false, true } do
        local d = http.get(base, { hedge = { delay = 0.01, count = 2 }, pool = http.connection_pool { force_h2c = h2 } })
        local until_then = os.time() + 5
        while open < 3 and os.time() < until_then do task.sleep(0.005):await() end
        local before = open
        ends[name](d)
        local ok, v = try_await(d)
        while open > 0 and os.time() < until_then do task.sleep(0.005):await() end
        print(name, before, open, ok and v or v.code)
    end
end
await(server:close(0))
--- exec_out
cancel	3	0	cancelled
cancel	3	0	cancelled
error	3	0	mine
error	3	0	mine
success	3	0	mine
success	3	0	mine
timeout	3	0	timeout
timeout	3	0	timeout
value	3	0	late
value	3	0	late
exit 0
