# WebSockets through proxy_pass: each version of HTTP on either side.
use Test::Nginx::Socket 'no_plan';

no_root_location();
our $Common = <<'_EOC_';
    lua_package_path "$TEST_NGINX_HTML_DIR/?.lua;;";
    map $http_upgrade $connection_upgrade { default upgrade; '' close; }
    http2 on;
    server {
        listen 127.0.0.1:$TEST_NGINX_RAND_PORT_1;
        location / { handler echo; }
        location /refuses { add_header X-Why busy; return 503; }
    }
_EOC_
run_tests();

__DATA__

=== TEST 1: every pair: messages both ways, large ones, sub-protocol, compression, close codes
--- http_config eval: $::Common
--- config
    location /one/ { proxy_pass http://127.0.0.1:$TEST_NGINX_RAND_PORT_1/; proxy_http_version 1.1; proxy_set_header Upgrade $http_upgrade; proxy_set_header Connection $connection_upgrade; }
    location /two/ { proxy_pass http://127.0.0.1:$TEST_NGINX_RAND_PORT_1/; proxy_http_version 2; proxy_set_header Upgrade $http_upgrade; proxy_set_header Connection $connection_upgrade; }
--- user_files
>>> echo.lua
local websocket = require "perilune.websocket"
return websocket.handler(function(ws, req)
    ws:send(ws.protocol .. " " .. req.protocol .. " " .. (req.headers["x-own"] or "") .. " " .. req.uri .. "?" .. req.query_string)
    for m in ws:each() do
        if m == "bye" then return ws:close(4001, "so be it") end
        ws:send(m:upper())
    end
end, { sub_protocols = { "chat" }, compression = true })
>>> c.lua
local websocket = require "perilune.websocket"
local port = os.getenv "PORT"
for _, to in ipairs { "one", "two" } do
    for _, http2 in ipairs { false, true } do
        local ws = await(websocket.connect("ws://127.0.0.1:" .. port .. "/" .. to .. "/x?y=1", {
            http2 = http2, sub_protocols = { "other", "chat" }, headers = { ["X-Own"] = "mine" }, compression = true,
        }))
        io.write(to, " from ", http2 and "two" or "one", ": ", ws:receive(), " ")
        local text = ("abc"):rep(100000)
        ws:send(text)
        io.write(tostring(ws:receive() == text:upper()), " ")
        ws:send "bye"
        print(ws:receive(), select(2, ws:state()))
    end
end
--- exec
cd $TEST_NGINX_HTML_DIR; PORT=$TEST_NGINX_SERVER_PORT timeout 100 $TEST_NGINX_BINARY run c.lua
--- exec_out
one from one: chat HTTP/1.1 mine /x?y=1 true nil	4001	so be it	nil
one from two: chat HTTP/1.1 mine /x?y=1 true nil	4001	so be it	nil
two from one: chat HTTP/2.0 mine /x?y=1 true nil	4001	so be it	nil
two from two: chat HTTP/2.0 mine /x?y=1 true nil	4001	so be it	nil
--- no_error_log
[error]



=== TEST 2: a server that refuses; a location that passes no upgrades on; an answer to another key; a plain CONNECT
--- http_config eval: $::Common
--- config
    connect_method on;
    location /one/ { proxy_pass http://127.0.0.1:$TEST_NGINX_RAND_PORT_1/; proxy_http_version 1.1; proxy_set_header Upgrade $http_upgrade; proxy_set_header Connection $connection_upgrade; }
    location /two/ { proxy_pass http://127.0.0.1:$TEST_NGINX_RAND_PORT_1/; proxy_http_version 2; proxy_set_header Upgrade $http_upgrade; proxy_set_header Connection $connection_upgrade; }
    location /off/ { proxy_pass http://127.0.0.1:$TEST_NGINX_RAND_PORT_1/; proxy_http_version 2; }
    location /off1/ { proxy_pass http://127.0.0.1:$TEST_NGINX_RAND_PORT_1/; proxy_http_version 1.1; }
    location ~ ^/liar/(\d+) { proxy_pass http://127.0.0.1:$1; proxy_http_version 1.1; proxy_set_header Upgrade $http_upgrade; proxy_set_header Connection $connection_upgrade; }
    location / { proxy_pass http://127.0.0.1:$TEST_NGINX_RAND_PORT_1/; proxy_http_version 1.1; }
--- user_files
>>> echo.lua
return function() return { status = 404 } end
>>> c.lua
local http, websocket = require "perilune.http", require "perilune.websocket"
local port, liar = os.getenv "PORT", os.getenv "LIAR"
local base = "ws://127.0.0.1:" .. port
for _, path in ipairs { "/one/refuses", "/two/refuses", "/off/x", "/off1/x", "/liar/" .. liar } do
    local all = {}
    for i, http2 in ipairs { false, true } do
        local ok, err = try_await(websocket.connect(base .. path, { http2 = http2 }))
        all[i] = ok and "connected" or err.code .. " " .. tostring(err.status) .. " " .. tostring(err.headers and err.headers["x-why"])
    end
    print((path:gsub("/liar/.*", "/liar")), table.concat(all, ", "))
end
local ok, err = try_await(http.tunnel("http://127.0.0.1:" .. port, "db:1", { pool = http.connection_pool { force_h2c = true }, force_h2c = true }))
print("CONNECT", ok and "connected" or err.status)
ok, err = try_await(http.tunnel("http://127.0.0.1:" .. port, "db:1"))
print("CONNECT", ok and "connected" or err.status)
--- exec
cd $TEST_NGINX_HTML_DIR
perl $OLDPWD/t/lib/origin.pl port 'HTTP/1.1 101 Switching\r\nUpgrade: websocket\r\nConnection: upgrade\r\nSec-WebSocket-Accept: AAAA\r\n\r\n' 'HTTP/1.1 101 Switching\r\nUpgrade: websocket\r\nConnection: upgrade\r\nSec-WebSocket-Accept: AAAA\r\n\r\n' & P=$!
while [ ! -e port ]; do sleep 0.02; done
LIAR=$(cat port) PORT=$TEST_NGINX_SERVER_PORT timeout 100 $TEST_NGINX_BINARY run c.lua; kill $P
--- exec_out
/one/refuses	handshake 503 nil, handshake 503 nil
/two/refuses	handshake 503 nil, handshake 503 nil
/off/x	handshake 404 nil, handshake 501 nil
/off1/x	handshake 404 nil, handshake 501 nil
/liar	handshake 101 nil, handshake 502 nil
CONNECT	405
CONNECT	405
--- no_error_log
[alert]
