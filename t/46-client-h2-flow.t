# HTTP/2 as a client: flow control, cancelling at every stage, Expect, silence, CONNECT, TLS (t/lib/h2_origin.py).
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

=== TEST 1: a reader that is slow stops its own stream at its window, the others go on; all of it comes when it reads
--- user_files
>>> main.lua
package.path = "./?.lua;" .. package.path
local http, peer = require "perilune.http", require "peer"
local base, count = peer.origin()
local pool = peer.pool { http2 = { stream_window = 100000, connection_window = 150000 } }
local slow = await(http.get(base .. "/pour/1000000", { pool = pool }))
peer.until_seen(count, "stopped /pour/1000000", 1)
print(#await(await(http.get(base .. "/pour/300000", { pool = pool })):text()), count("poured /pour/1000000"))
local also = await(http.get(base .. "/pour/1000001", { pool = pool }))
peer.until_seen(count, "stopped /pour/1000001", 1)
print(#await(await(http.get(base .. "/pour/300001", { pool = pool })):text()))
print(#await(slow:text()), #await(also:text()), count("setting 4 100000"))
--- exec_out
300000	0
300001
1000000	1000001	1
exit 0



=== TEST 2: the server's small window stops the producer of a request's body, and nobody else
--- user_files
>>> main.lua
package.path = "./?.lua;" .. package.path
local http, peer = require "perilune.http", require "peer"
local base, count = peer.origin("window=1000")
local pool = peer.pool()
local made = 0
local stopped = http.post(base .. "/echo", { pool = pool, body = function() made = made + 1 return made < 1000 and ("x"):rep(1000) or nil end })
print(peer.text(http.get(base .. "/ok", { pool = pool })), peer.text(http.get(base .. "/ok", { pool = pool })))
print(made < 200)
stopped:cancel()
peer.until_seen(count, "reset /echo 8")
print(peer.text(http.get(base .. "/ok", { pool = pool })), count("end"))
--- exec_out
ok	ok
true
ok	0
exit 0



=== TEST 3: cancelling at every stage resets the stream, and the connection goes on
--- user_files
>>> main.lua
package.path = "./?.lua;" .. package.path
local http, peer, task = require "perilune.http", require "peer", require "perilune.task"
local base, count = peer.origin()
local pool = peer.pool()
http.get(base .. "/ok", { pool = pool }):cancel() -- while it connects
assert(peer.text(http.get(base .. "/ok", { pool = pool })) == "ok")
http.get(base .. "/hold/unsent", { pool = pool }):cancel() -- before it is flushed
local d = http.get(base .. "/hold/sent", { pool = pool })
peer.until_seen(count, "/hold/sent")
d:cancel()
peer.until_seen(count, "reset /hold/sent 8")
local res = await(http.get(base .. "/begin", { pool = pool }))
print(await(res.body:take()))
res:close()
peer.until_seen(count, "reset /begin 8")
d = http.post(base .. "/never-head", { pool = pool, body = function() await(task.sleep(0.001)) return "x" end })
peer.until_seen(count, "/never%-head")
d:cancel()
peer.until_seen(count, "reset /never%-head 8")
d = http.get(base .. "/begin/string", { pool = pool, as = "string" })
peer.until_seen(count, "/begin/string")
d:cancel()
peer.until_seen(count, "reset /begin/string 8")
res = await(http.get(base .. "/pour/5000000", { pool = pool }))
peer.until_seen(count, "stopped /pour/5000000") -- its window is full
res:close()
peer.until_seen(count, "reset /pour/5000000 8")
res = await(http.get(base .. "/begin/collected", { pool = pool }))
res = nil
collectgarbage() collectgarbage()
peer.until_seen(count, "reset /begin/collected 8")
print(peer.code(http.get(base .. "/hold/late", { pool = pool, request_timeout = 0.05 })), peer.until_seen(count, "reset /hold/late 8"))
print(peer.text(http.get(base .. "/begin/late", { pool = pool, read_timeout = 0.05 })), peer.until_seen(count, "reset /begin/late 8"))
print(peer.text(http.get(base .. "/ok", { pool = pool })), count("end"))
local function stats() return select(2, next(pool:stats())) end
while stats().idle == 0 do await(task.sleep(0.001)) end
print(stats().connections, stats().idle, stats().queue)
--- exec_out
begun
request_timeout	1
read_timeout	1
ok	0
1	1	0
exit 0



=== TEST 4: Expect: the body waits for 100 Continue, or is not sent when the answer is there
--- user_files
>>> main.lua
package.path = "./?.lua;" .. package.path
local http, peer = require "perilune.http", require "peer"
local base, count = peer.origin()
local pool = peer.pool()
local informed
local res = await(http.post(base .. "/expect", { pool = pool, body = "hello", expect_continue = true, on_informational = function(s) informed = s end }))
print(informed, (await(res:text()):match("5 5 %- hello")))
res = await(http.post(base .. "/unwanted", { pool = pool, body = ("x"):rep(100000), expect_continue = true, throw_exceptions = false }))
print(res.status, peer.text(http.get(base .. "/ok", { pool = pool })), count("end"))
--- exec_out
100	5 5 - hello
413	ok	0
exit 0



=== TEST 5: a server that is silent is asked by PING; without an answer its requests fail
--- user_files
>>> main.lua
package.path = "./?.lua;" .. package.path
local http, peer = require "perilune.http", require "peer"
local base, count = peer.origin()
local pool = peer.pool { http2 = { ping_interval = 0.02, ping_timeout = 10 } }
local d = http.get(base .. "/hold", { pool = pool })
peer.until_seen(count, "ping", 3)
d:cancel()
local mute = peer.origin("mute=1")
pool = peer.pool { http2 = { ping_interval = 0.02, ping_timeout = 0.05 } }
print(peer.code(http.get(mute .. "/hold", { pool = pool })))
-- nobody reads what has come when the connection ends: the script still waits for what it waits for
print(await(http.get(mute .. "/do/head,data:ab", { pool = pool, as = "stream" })).status)
await(require("perilune.task").sleep(0.2))
print("later")
print(pcall(http.connection_pool, { http2 = { ping = 1 } }))
--- exec_out
timeout
200
later
false	http.connection_pool: http2: unknown option 'ping'; there is 'ping_interval', 'ping_timeout'
exit 0



=== TEST 6: trailers of requests, whatever their body is
--- user_files
>>> main.lua
local http = require "perilune.http"
local server = http.start_server(function(req)
    local text = await(req:text())
    return req.method .. " " .. #text .. " " .. tostring(req:trailers()["x-sum"]) .. " " .. tostring(req.headers["content-length"])
end, { port = 0, address = "127.0.0.1", http2 = true })
local url, pool = "http://127.0.0.1:" .. server:port(), http.connection_pool { force_h2c = true }
local function ask(name, method, body)
    local options = { pool = pool, method = method, url = url, body = body, trailers = { ["X-Sum"] = name }, as = "string", total_timeout = 60 }
    print(await(http.request(options)).body)
end
ask("none", "GET")
ask("empty", "POST", "")
ask("bytes", "POST", "abc")
ask("pieces", "POST", { "a", "bc" })
ask("large", "POST", ("x"):rep(300000))
ask("file", "POST", http.file("main.lua", 0, 20))
local left = 3
ask("produced", "POST", function() left = left - 1 return left > 0 and "x" or nil end)
await(server:close(0))
--- exec_out
GET 0 none nil
POST 0 empty 0
POST 3 bytes 3
POST 3 pieces 3
POST 300000 large 300000
POST 20 file 20
POST 2 produced nil
exit 0
