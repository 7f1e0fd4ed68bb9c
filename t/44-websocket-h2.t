# WebSockets over HTTP/2 (RFC 8441): an extended CONNECT, its stream as the connection. The client is t/lib/h2_peer.py.
use Test::Nginx::Socket 'no_plan';

no_root_location();
our $Exec = <<'_EOC_';
timeout 100 env PYTHONPATH=t/lib PYTHONDONTWRITEBYTECODE=1 /usr/bin/python3 $TEST_NGINX_HTML_DIR/main.py $TEST_NGINX_SERVER_PORT
_EOC_
run_tests();

__DATA__

=== TEST 1: the same handler; two WebSockets and a request beside each other on one connection; the end of each
--- http_config
    lua_package_path "$TEST_NGINX_HTML_DIR/?.lua;;";
--- config
    http2 on;
    location / { handler app; }
    location = /plain { return 200 "plain\n"; }
--- user_files
>>> app.lua
local websocket = require "perilune.websocket"
return websocket.handler(function(ws)
    for message in ws:each() do
        if message == "bye" then ws:close(4000, "so be it") return end
        ws:send(ws.protocol .. " " .. message)
    end
    require("perilune.core.sys").log("warn", "ended " .. select(2, ws:state()))
end, { sub_protocols = { "v1" }, max_frame_payload = 1e6 })
>>> main.py
import sys
from h2_peer import *

def ws(opcode, payload):
    n = len(payload)
    head = bytes((128 + opcode, 128 + n)) if n < 126 else bytes((128 + opcode, 254)) + struct.pack(">H", n)
    return head + b"\0\0\0\0" + payload

p = Peer(int(sys.argv[1]))
connect = [(":protocol", "websocket"), ("sec-websocket-version", "13"), ("sec-websocket-protocol", "v1")]
for stream in (1, 3):
    p.request(stream, "/ws", "CONNECT", end=False, extra=connect)
    p.add(DATA, 0, stream, ws(1, b"hello"))
p.request(5, "/plain")
p.request(7, "/ws", "CONNECT", end=False, extra=[(":protocol", "websocket"), ("sec-websocket-version", "8")])
p.send()
p.read(lambda p: len(p.bodies.get(1, b"")) >= 10 and len(p.bodies.get(3, b"")) >= 10 and p.ended(5) and p.ended(7))
print(p.settings.get(8), dict(p.heads[1][0])[":status"], dict(p.heads[1][0]).get("sec-websocket-protocol"), dict(p.heads[7][0])[":status"])
print(bytes(p.bodies[1]), bytes(p.bodies[3]), bytes(p.bodies[5]))
p.add(DATA, 0, 1, ws(2, b"x" * 10000)).add(DATA, 0, 1, ws(1, b"bye")).send()
p.read(lambda p: len(p.bodies[1]) > 10020)
print(bytes(p.bodies[1][-12:]))
p.add(DATA, END_STREAM, 1, ws(8, b"\x0f\xa0")).send()
p.read(lambda p: p.ended(1))
p.add(RST_STREAM, 0, 3, number(8)).send()
p.request(9, "/plain").send()
p.read(lambda p: p.ended(9))
print(p.ended(1), bytes(p.bodies[9]), p.goaway)
--- exec eval: $::Exec
--- exec_out
1 200 v1 426
b'\x81\x08v1 hello' b'\x81\x08v1 hello' b'plain\n'
b'\x88\n\x0f\xa0so be it'
True b'plain\n' None
--- error_log
ended 1006



=== TEST 2: our own client: many on one connection beside requests; ends both ways; what the server refuses
--- http_config
    lua_package_path "$TEST_NGINX_HTML_DIR/?.lua;;";
--- config
    http2 on;
    location / { handler app; }
    location = /plain { return 200 "plain\n"; }
    location = /refused { return 403; }
--- user_files
>>> app.lua
local websocket = require "perilune.websocket"
return websocket.handler(function(ws)
    for message, is_binary in ws:each() do
        if message == "bye" then ws:close(4001, "as you wish") return end
        ws:send(message, is_binary)
    end
end, { sub_protocols = { "v2" }, compression = true, max_message_size = 1e7, max_frame_payload = 1e7 })
>>> main.lua
local http, websocket = require "perilune.http", require "perilune.websocket"
local host = "127.0.0.1:" .. arg[1]
local pool = http.connection_pool { force_h2c = true }
local all = {}
for i = 1, 10 do
    all[i] = await(websocket.connect("ws://" .. host .. "/x", { http2 = true, pool = pool, compression = i % 2 == 0,
        sub_protocols = { "v1", "v2" }, max_message_size = 1e7, max_frame_payload = 1e7 }))
end
for _, ws in ipairs(all) do
    for _, text in ipairs { "hello", "", ("x"):rep(70000), ("ab"):rep(500000) } do
        ws:send(text)
        assert(ws:receive() == text)
    end
end
print(all[1].protocol, await(all[1]:ping("p")), await(await(http.get("http://" .. host .. "/plain", { pool = pool })):text()))
all[1]:send("bye")
print(all[1]:receive(), all[1]:state())
print(await(all[2]:close(4002, "enough")), all[2]:state())
print(all[3]:send("still") and all[3]:receive())
for _, s in pairs(pool:stats()) do print(s.connections, s.opened) end
local _, err = try_await(websocket.connect("ws://" .. host .. "/refused", { http2 = true, pool = pool }))
print(err.code, err.status)
for i = 3, 10 do all[i]:close() end
--- exec
P=$(readlink /proc/$(cat $TEST_NGINX_SERVROOT/logs/nginx.pid)/exe)
timeout 100 $P run $TEST_NGINX_HTML_DIR/main.lua $TEST_NGINX_SERVER_PORT 2>&1
--- exec_out
v2	p	plain

nil	closed	4001	as you wish	nil
true	closed	4002	nil	nil
still
1	1
handshake	403

=== TEST 3: what comes behind a CONNECT is no body: reading it does not wait
--- config
    http2 on;
    location / { content_by_lua_block {
        ngx.req.read_body()
        ngx.say(ngx.var.request_method, " ", tostring(ngx.req.get_body_data()))
    } }
--- user_files
>>> main.py
import sys, h2_peer
p = h2_peer.Peer(int(sys.argv[1]))
p.request(1, "/", "CONNECT", end=False, extra=[(":protocol", "other")])
p.send()
p.read(lambda p: 1 in p.over)
print(dict(p.heads[1][0])[":status"] if 1 in p.heads else "waits", bytes(p.bodies.get(1, b"")))
--- exec eval: $::Exec
--- exec_out
400 b'CONNECT nil\n'

=== TEST 4: a router's route of GET, by HTTP/1.1 and by HTTP/2; a route of CONNECT goes before it
--- config
    location / { return 200; }
--- user_files
>>> main.lua
local http, websocket = require "perilune.http", require "perilune.websocket"
local told = function(ws, req) ws:send(req.method .. " " .. req.params.room) end
local routes = http.router()
routes:any("/*rest", function(req) return { status = 404, body = "any" } end)
routes:get("/rooms/:room", websocket.handler(told))
routes:host(":tenant.example.org", function(of_host) of_host:get("/:room", websocket.handler(function(ws, req) ws:send(req.params.tenant .. " " .. req.params.room) end)) end)
routes:route("CONNECT", "/own", websocket.handler(function(ws) ws:send("its own") end))
routes:get("/own", function() return "no WebSocket" end)
routes:get("/plain", function() return "no WebSocket" end)
routes:post("/other", websocket.handler(told))
local server = http.start_server(routes, { address = "127.0.0.1", http2 = true })
local function ask(path, http2, host)
    local ok, ws = try_await(websocket.connect("ws://127.0.0.1:" .. server:port() .. path, { http2 = http2, headers = { Host = host } }))
    print(path, http2, ok and ws:receive() or ws.status)
end
ask("/rooms/a", false) ask("/rooms/a", true)
ask("/b", false, "t.example.org") ask("/b", true, "t.example.org")
ask("/own", false) ask("/own", true)
ask("/other", false) ask("/other", true)
ask("/plain", false) ask("/plain", true) -- a 200 would say that it begins
print(await(http.get("http://127.0.0.1:" .. server:port() .. "/rooms/a", {throw_exceptions=false})).status)
await(server:close(0))
--- exec
P=$(readlink /proc/$(cat $TEST_NGINX_SERVROOT/logs/nginx.pid)/exe)
timeout 100 $P run $TEST_NGINX_HTML_DIR/main.lua 2>&1
--- exec_out
/rooms/a	false	GET a
/rooms/a	true	CONNECT a
/b	false	t b
/b	true	t b
/own	false	200
/own	true	its own
/other	false	404
/other	true	404
/plain	false	200
/plain	true	400
426

=== TEST 5: csrf lets through a WebSocket, which looks at its origin itself, however it is asked for
--- config
    location / { return 200; }
--- user_files
>>> main.lua
local http, websocket = require "perilune.http", require "perilune.websocket"
local mw = http.middleware
local routes = http.router { middleware = { mw.csrf { keys = "a key of 16 bytes or more" } } }
routes:get("/ws", websocket.handler(function(ws, req) ws:send(req.method) end))
routes:post("/form", function() return "changed" end)
local server = http.start_server(routes, { address = "127.0.0.1", http2 = true })
local url = "//127.0.0.1:" .. server:port()
for _, http2 in ipairs { false, true } do
    local ok, ws = try_await(websocket.connect("ws:" .. url .. "/ws", { http2 = http2 }))
    print(ok and ws:receive() or ws.status)
    ok, ws = try_await(websocket.connect("ws:" .. url .. "/ws", { http2 = http2, origin = "http://elsewhere.example" }))
    print(ok and ws:receive() or ws.status)
    print(await(http.post("http:" .. url .. "/form", { force_h2c = http2, throw_exceptions = false })).status)
end
await(server:close(0))
--- exec
P=$(readlink /proc/$(cat $TEST_NGINX_SERVROOT/logs/nginx.pid)/exe)
timeout 100 $P run $TEST_NGINX_HTML_DIR/main.lua 2>&1
--- exec_out
GET
403
403
CONNECT
403
403



=== TEST 6: what is asked meanwhile, by auth_request or from Lua, is no answer to the CONNECT
--- http_config
    http2 on;
    lua_package_path "$TEST_NGINX_HTML_DIR/?.lua;;";
--- config
    location = /auth { internal; return 204; }
    location = /captured { internal; return 200 "x"; }
    location = /asked { auth_request /auth; handler app; }
    location = /captures {
        access_by_lua_block { ngx.log(ngx.WARN, "captured: ", ngx.location.capture("/captured").status) }
        handler app;
    }
    location = /plain { auth_request /auth; return 200 "no WebSocket"; }
--- user_files
>>> app.lua
return require("perilune.websocket").handler(function(ws) ws:send("hello") end)
>>> main.lua
local websocket = require "perilune.websocket"
for _, path in ipairs { "/asked", "/captures", "/plain" } do
    for _, http2 in ipairs { false, true } do
        local ok, ws = try_await(websocket.connect("ws://127.0.0.1:" .. arg[1] .. path, { http2 = http2 }))
        print(path, http2, ok and ws:receive() or ws.status)
    end
end
--- exec
P=$(readlink /proc/$(cat $TEST_NGINX_SERVROOT/logs/nginx.pid)/exe)
timeout 100 $P run $TEST_NGINX_HTML_DIR/main.lua $TEST_NGINX_SERVER_PORT 2>&1
grep -o 'captured: [0-9]*' $TEST_NGINX_SERVROOT/logs/error.log
--- exec_out
/asked	false	hello
/asked	true	hello
/captures	false	hello
/captures	true	hello
/plain	false	200
/plain	true	400
captured: 200
captured: 200



=== TEST 7: limit_except of GET leaves the CONNECT by which HTTP/2 asks for a WebSocket alone, others not
--- http_config
    http2 on;
    lua_package_path "$TEST_NGINX_HTML_DIR/?.lua;;";
--- config
    location = /get { limit_except GET { deny all; } handler app; }
    location = /post { limit_except POST { deny all; } handler app; }
    location = /connect { limit_except CONNECT { deny all; } handler app; }
--- user_files
>>> app.lua
return require("perilune.websocket").handler(function(ws) ws:send("hello") end)
>>> main.lua
local websocket = require "perilune.websocket"
for _, path in ipairs { "/get", "/post", "/connect" } do
    for _, http2 in ipairs { false, true } do
        local ok, ws = try_await(websocket.connect("ws://127.0.0.1:" .. arg[1] .. path, { http2 = http2 }))
        print(path, http2, ok and ws:receive() or ws.status)
    end
end
--- exec
P=$(readlink /proc/$(cat $TEST_NGINX_SERVROOT/logs/nginx.pid)/exe)
timeout 30 $P run $TEST_NGINX_HTML_DIR/main.lua $TEST_NGINX_SERVER_PORT 2>&1
--- exec_out
/get	false	hello
/get	true	hello
/post	false	403
/post	true	403
/connect	false	403
/connect	true	hello
