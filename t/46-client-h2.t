# HTTP/2 as a client against servers that answer wrongly, or not (t/lib/h2_origin.py).
use Test::Nginx::Socket 'no_plan';

no_root_location();
our $Config = "    location / { return 204; }\n";
our $Exec = <<'_EOC_';
P=$(readlink /proc/$(cat $TEST_NGINX_SERVROOT/logs/nginx.pid)/exe)
export PYTHONPATH=$PWD/t/lib PYTHONDONTWRITEBYTECODE=1 ORIGIN=$PWD/t/lib/h2_origin.py
cd $TEST_NGINX_HTML_DIR
cp $PYTHONPATH/h2_origin.lua peer.lua
timeout 100 $P run main.lua 2>err; echo exit $?; cat err; kill $(cat pid* 2>/dev/null) 2>/dev/null; true
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

=== TEST 1: requests of every kind share one connection; lengths, trailers both ways, HEAD, 204, 304
--- user_files
>>> main.lua
package.path = "./?.lua;" .. package.path
local http, peer = require "perilune.http", require "peer"
local base, count = peer.origin()
local pool = peer.pool()
local function get(path, o) o = o or {} o.pool = pool return await(http.request(require("perilune.options").together({ url = base .. path, throw_exceptions = false }, o))) end
local function text(path, o) return (await(get(path, o):text()):gsub("127.0.0.1:%d+", "HOST")) end
local res = get("/ok")
print(res.status, res.protocol, await(res:text()))
print(text("/echo"))
print(text("/echo", { method = "POST" }))
print(text("/echo", { method = "POST", body = "hello" }))
print(text("/echo", { method = "PUT", body = ("x"):rep(300000) }))
local n = 0
print(text("/echo", { method = "POST", trailers = { ["X-Sum"] = "9" }, body = function() n = n + 1 return n < 4 and ("y"):rep(50000) or nil end }))
print(text("/echo", { method = "POST", body = http.file("main.lua", 0, 5) }))
print(text("/echo", { headers = { Host = "other.example", Connection = "close", ["Keep-Alive"] = "1" } }))
print(get("/head", { method = "HEAD" }).headers["content-length"], #text("/head", { method = "HEAD" }))
print(get("/nothing/204").status, get("/nothing/304").status, #text("/nothing/200"))
local informed = {}
res = get("/inform", { on_informational = function(status, headers) informed[#informed + 1] = status .. headers.link end })
print(table.concat(informed, " "), await(res:text()), res:trailers()["x-sum"], get("/ok"):trailers()["x-sum"])
res = get("/inform", { as = "string" })
print(res.body, res:trailers()["X-Sum"], res:trailers()["Set-Cookie"]) -- which is none
print(count("request 1 "), count("request 2 "))
--- exec_out
200	HTTP/2	ok 1
GET http HOST 0 - - 
POST http HOST 0 0 - 
POST http HOST 5 5 - hello
PUT http HOST 300000 300000 - xxxxxxxxxxxxxxxxxxxx
POST http HOST 150000 - 9 yyyyyyyyyyyyyyyyyyyy
POST http HOST 5 5 - packa
GET http other.example 0 - - 
5	0
204	304	0
103a 103b	body	7	nil
body	7	nil
16	0
exit 0



=== TEST 2: what is malformed ends its own request with a code, and the connection goes on
--- user_files
>>> main.lua
package.path = "./?.lua;" .. package.path
local http, peer = require "perilune.http", require "peer"
local base, count = peer.origin()
local pool = peer.pool()
local function text(path) return peer.text(http.get(base .. path, { pool = pool })) end
for _, name in ipairs { "connection", "transfer", "capital", "nostatus", "zero", "twice", "path", "late", "newline", "switch", "informed", "huge" } do
    print(name, text("/bad/" .. name))
end
print(text("/short"), text("/long"), text("/many"))
print(text("/reset"), text("/reset-midway"), text("/refuse"))
print(text("/ok"), count("request 2 "))
--- exec_out
connection	protocol
transfer	protocol
capital	protocol
nostatus	protocol
zero	protocol
twice	protocol
path	protocol
late	protocol
newline	protocol
switch	protocol
informed	protocol
huge	too_large
truncated	protocol	protocol
reset	reset	reset
ok	0
exit 0



=== TEST 3: a connection that breaks the rules, is cut or said goodbye to settles each of its requests; others follow on a new one
--- user_files
>>> main.lua
package.path = "./?.lua;" .. package.path
local http, peer = require "perilune.http", require "peer"
local base, count = peer.origin()
local pool = peer.pool()
local function get(path) return http.get(base .. path, { pool = pool }) end
for _, path in ipairs { "/frame", "/push", "/cut", "/close", "/goaway-error" } do
    assert(peer.text(get("/ok")) == "ok")
    local held = http.post(base .. "/hold", { pool = pool, body = "x" })
    local d = get(path)
    print(path, peer.text(d), peer.code(held))
end
local _, err = try_await(get("/goaway-error"))
print(err.message:match("error 11, calm down"))
print(peer.text(get("/ok")))
--- exec_out
/frame	protocol	protocol
/push	protocol	protocol
/cut	truncated	closed
/close	closed	closed
/goaway-error	closed	closed
error 11, calm down
ok
exit 0



=== TEST 4: what the server has not looked at is sent again: refused streams, streams beyond a GOAWAY, connections found dead
--- user_files
>>> main.lua
package.path = "./?.lua;" .. package.path
local http, peer = require "perilune.http", require "peer"
local base, count = peer.origin()
local pool = peer.pool()
local function get(path, o) o = o or {} o.pool, o.url = pool, base .. path return http.request(o) end
assert(peer.text(get("/ok")) == "ok")
print(await(await(get("/refuse-once")):text()), count("POST"))
print(await(await(get("/refuse-once/post", { method = "POST", body = "x" })):text()), count("POST /refuse"))
local held = get("/hold")
local post = get("/goaway", { method = "POST", body = "x" })
print(await(await(held):text()), await(await(post):text()), count("POST /goaway"))
print(await(await(get("/close-once")):text()), peer.code(get("/close-once/post", { method = "POST", body = "x" })))
local sent = 0
print(peer.code(get("/refuse-once/stream", { method = "POST", body = function() sent = sent + 1 return sent == 1 and "x" or nil end })))
print(count("/refuse\n"), peer.code(get("/refuse")), count("/refuse\n"))
for _, s in pairs(pool:stats()) do print(s.retried, s.queue, s.dialling) end
--- exec_out
ok 1	0
ok 1	2
held 1	ok 2	2
ok 3	closed
reset
0	reset	4
7	0	0
exit 0



=== TEST 5: a server whose connections serve few requests each refuses most of what is on its way; all of it is answered in the end
--- user_files
>>> main.lua
package.path = "./?.lua;" .. package.path
local http, peer = require "perilune.http", require "peer"
local base, count = peer.origin("share=3")
local pool = peer.pool { connections_per_host = 1 }
local all = {}
for i = 1, 40 do all[i] = http.post(base .. "/ok/" .. i, { pool = pool, body = "x" }) end
local ok = 0
for i = 1, 40 do
    local code = peer.text(all[i])
    if code:find("^ok") then ok = ok + 1 else print(i, code) end
end
print(ok, count("request 14 %d+ POST") > 0, count("request 15 "))
--- exec_out
40	true	0
exit 0



=== TEST 6: as many streams as the server allows, then the queue; more connections only then, and as many as the pool allows
--- user_files
>>> main.lua
package.path = "./?.lua;" .. package.path
local http, peer = require "perilune.http", require "peer"
local base, count = peer.origin("streams=3")
local pool = peer.pool { connections_per_host = 2 }
local all = {}
for i = 1, 8 do all[i] = http.get(base .. "/hold", { pool = pool }) end
peer.until_seen(count, "/hold", 6)
local function stats() for _, s in pairs(pool:stats()) do print(s.connections, s.idle, s.queue, s.requests, s.opened) end end
stats()
all[1]:cancel() all[2]:cancel()
print(peer.until_seen(count, "GET /hold", 8), peer.until_seen(count, "reset /hold 8", 2))
stats()
for i = 3, 8 do all[i]:cancel() end
peer.until_seen(count, "reset /hold 8", 8)
stats()
print(peer.text(http.get(base .. "/settings/1", { pool = pool })), peer.text(http.get(base .. "/ok", { pool = pool })))
local full = peer.pool { connections_per_host = 1, max_queue_size = 1, pool_timeout = 0.1 }
local one = {}
for i = 1, 3 do one[i] = http.get(base .. "/hold", { pool = full }) peer.until_seen(count, "GET /hold", 8 + i) end
local waits, refused = http.get(base .. "/ok", { pool = full }), http.get(base .. "/ok", { pool = full })
print(peer.code(refused), peer.code(waits))
for i = 1, 3 do one[i]:cancel() end
--- exec_out
2	0	2	8	2
8	2
2	0	0	8	2
2	2	0	8	2
ok	ok
pool_full	pool_timeout
exit 0



=== TEST 7: an end that comes alone, behind a head without a body or a body that was read, frees its stream though nobody asks
--- user_files
>>> main.lua
package.path = "./?.lua;" .. package.path
local http, peer = require "perilune.http", require "peer"
local base = peer.origin()
local pool = peer.pool { connections_per_host = 1 }
local function show() for _, s in pairs(pool:stats()) do print(s.connections, s.idle) end end
local head = await(http.head(base .. "/late-end", { pool = pool }))
local read = await(http.get(base .. "/late-end", { pool = pool }))
print(head.headers["content-length"], await(read.body:take()))
show()
print(peer.text(http.get(base .. "/end-late", { pool = pool })))
show()
print(await(read.body:take()), await(head:text()))
--- exec_out
4	body
1	0
ok
1	1
nil	
exit 0



=== TEST 8: frames that cost the server nothing, without end, are an error and the end of the connection, and take no memory
--- user_files
>>> main.lua
package.path = "./?.lua;" .. package.path
local http, peer = require "perilune.http", require "peer"
local base = peer.origin()
local pool = peer.pool()
local function peak() return tonumber(io.open("/proc/self/status"):read("*a"):match("VmHWM:%s+(%d+)")) end
local function text(path) return peer.text(http.get(base .. path, { pool = pool })) end
print(text("/ok"))
local before = peak()
for _, name in ipairs { "settings", "ping", "data", "padding", "goaway", "continuation", "fields", "windows" } do
    print(name, text("/flood/" .. name), text("/ok"))
end
for _, name in ipairs { "informed", "beyond", "resets" } do -- on streams that are over; a next request may be on the same connection
    print(name, text("/flood/" .. name), text("/ok") and text("/ok"))
end
local grown = peak() - before
print(grown < 16384 or grown)
--- exec_out
ok
settings	protocol	ok
ping	protocol	ok
data	protocol	ok
padding	protocol	ok
goaway	protocol	ok
continuation	protocol	ok
fields	protocol	ok
windows	protocol	ok
informed	protocol	ok
beyond	protocol	ok
resets	reset	ok
true
exit 0
