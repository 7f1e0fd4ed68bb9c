# HTTP/2 towards servers: proxy_http_version 2 and grpc_pass (t/lib/h2_origin.py behind our own server).
use Test::Nginx::Socket 'no_plan';

no_root_location();
our $Config = "    location / { return 204; }\n";
our $Exec = <<'_EOC_';
P=$(readlink /proc/$(cat $TEST_NGINX_SERVROOT/logs/nginx.pid)/exe)
export PYTHONPATH=$PWD/t/lib PYTHONDONTWRITEBYTECODE=1 ORIGIN=$PWD/t/lib/h2_origin.py
cd $TEST_NGINX_HTML_DIR
cp $PYTHONPATH/h2_origin.lua peer.lua
export P FRONT=$TEST_NGINX_RAND_PORT_1
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

=== TEST 1: proxy_http_version 2: many requests on one connection, what is passed on, cancelling, failures
--- user_files
>>> main.lua
package.path = "./?.lua;" .. package.path
local http, peer = require "perilune.http", require "peer"
local base, count = peer.origin()
local front = peer.front("location / { proxy_http_version 2; proxy_pass " .. base .. "; }")
local wide = peer.pool()
local function get(path, o) return http.get(front .. path, require("perilune.options").together({ pool = wide, throw_exceptions = false }, o or {})) end
local held = {}
for i = 1, 20 do held[i] = get("/hold") end
peer.until_seen(count, "/hold", 20)
print(await(await(get("/echo", { headers = { ["Keep-Alive"] = "3", Connection = "x-hop", ["X-Hop"] = "1", TE = "trailers" } })):text()) == "GET http " .. base:sub(8) .. " 0 - - ")
print((await(await(http.post(front .. "/echo", { body = ("x"):rep(50000) })):text()):match("50000 50000")))
for i = 1, 20 do held[i]:cancel() end
peer.until_seen(count, "reset /hold 8", 20)
local res = await(get("/inform"))
print(await(res:text()), res.protocol)
print(await(get("/reset")).status, await(get("/bad/connection")).status, await(get("/nothing/404")).status)
print(peer.text(get("/reset-midway")), peer.text(get("/short")), await(await(get("/refuse-once")):text()))
print(count("request 1 ") > 20, count("request 2 "))
--- exec_out
true
50000 50000
body	HTTP/2
502	502	404
reset	reset	ok 1
true	0
exit 0



=== TEST 2: grpc_pass: calls of one answer, failed ones, streams both ways; TE and trailers go through
--- user_files
>>> main.lua
package.path = "./?.lua;" .. package.path
local http, peer, task, stream = require "perilune.http", require "peer", require "perilune.task", require "perilune.stream"
local base, count = peer.origin()
local host = base:sub(8)
local front = peer.front("location / { grpc_pass grpc://" .. host .. "; } location /named/ { grpc_set_header X-A b; grpc_pass back; }"
    .. " location /var/ { set $b " .. host .. "; grpc_pass $b; } location /dead/ { grpc_pass 127.0.0.1:1; }", "upstream back { server " .. host .. "; }")
local pool = peer.pool()
local function call(path, o) return await(http.request(require("perilune.options").together({ url = front .. path, pool = pool, method = "POST",
    headers = { TE = "trailers", ["Content-Type"] = "application/grpc" }, throw_exceptions = false }, o or {}))) end
local res = call("/grpc/unary", { body = "abc" })
print(res.status, await(res:text()), res:trailers()["grpc-status"], res:trailers()["grpc-message"])
res = call("/grpc/fail", { body = "abc" })
print(res.status, res.headers["grpc-status"], await(res:text()))
local messages = stream.stream(1)
res = call("/grpc/stream", { body = messages })
for i = 1, 3 do
    messages:put("m" .. i)
    print(await(res.body:take()))
end
messages:close()
print(await(res.body:take()), res:trailers()["grpc-status"], count("te trailers application/grpc"))
print((await(call("/named/echo", { body = "x" }):text()):match("^POST http back 1")), call("/var/echo", { body = "x" }).status, call("/dead/", { body = "x" }).status)
messages = stream.stream(1)
res = call("/grpc/stream", { body = messages })
res:close()
print(peer.until_seen(count, "reset /grpc/stream 8"), count("end"))
--- exec_out
200	cba	0	fine
200	5	
echo m1
echo m2
echo m3
nil	0	1
POST http back 1	200	502
1	0
exit 0
