# HTTP/2 over TLS: what ALPN agrees on, what is offered, WebSockets where the server has no HTTP/2, grpc_pass over TLS.
use Test::Nginx::Socket 'no_plan';

no_root_location();
run_tests();

__DATA__

=== TEST 1: both versions are offered; a server without HTTP/2 gets HTTP/1.1; http_versions chooses
--- config
    location / { return 204; }
--- exec
export TEST_NGINX_SERVER_ROOT=$TEST_NGINX_SERVER_ROOT TEST_NGINX_RAND_PORT_1=$TEST_NGINX_RAND_PORT_1
export TEST_NGINX_BINARY=$TEST_NGINX_BINARY; . t/lib/tls.sh
certs server
cat >app.lua <<'X'
return require("perilune.websocket").handler(function(ws) for m in ws:each() do ws:send("got " .. m) end end)
X
cat >c.lua <<X
local http, websocket = require "perilune.http", require "perilune.websocket"
local tls = { ca = "ca.pem" }
local function protocol(o)
    o.pool = http.connection_pool { tls = tls, http_versions = o.http_versions }
    local all = {}
    for i = 1, 20 do all[i] = http.get("https://localhost:$PORT/", o) end
    for i = 1, 20 do await(await(all[i]):text()) end
    local _, s = next(o.pool:stats())
    return await(all[1]).protocol, s.opened
end
print(protocol {})
print(protocol { http_versions = { "1.1" } })
local _, spoken = pcall(protocol, { http_versions = { "2" } })
print(spoken.code or spoken)
print(protocol { http_version = "1.0" })
local ws = await(websocket.connect("wss://localhost:$PORT/ws", { tls = tls, http2 = true }))
ws:send("it")
print(ws:receive())
print(pcall(http.get, "https://localhost/", { http_versions = { "3" } }))
ws:close()
X
L='lua_package_path "./?.lua;;"; '
serve 'http2 on; location / { return 200 "ok"; } location /ws { handler app; }' "$L"
timeout 20 $TEST_NGINX_BINARY run c.lua 2>&1; stop
rm -f logs/m.pid
serve 'location / { return 200 "ok"; } location /ws { handler app; }' "$L"
timeout 20 $TEST_NGINX_BINARY run c.lua 2>err; stop
--- exec_out
HTTP/2	1
HTTP/1.1	8
HTTP/2
HTTP/1.1	8
got it	false
false	http.request: option 'http_versions' holds '2' and '1.1', not '3'
HTTP/1.1	8
HTTP/1.1	8
tls_no_application_protocol
HTTP/1.1	8
got it	false
false	http.request: option 'http_versions' holds '2' and '1.1', not '3'



=== TEST 2: grpc_pass and proxy_http_version 2 over TLS
--- config
    location / { return 204; }
--- exec
export TEST_NGINX_SERVER_ROOT=$TEST_NGINX_SERVER_ROOT TEST_NGINX_RAND_PORT_1=$TEST_NGINX_RAND_PORT_1
export TEST_NGINX_BINARY=$TEST_NGINX_BINARY; . t/lib/tls.sh
certs server
serve 'http2 on; location / { return 200 "back $server_protocol $connection_requests\n"; }
location /grpc/ { rewrite ^/grpc/(.*) /$1 break; grpc_ssl_verify on; grpc_ssl_trusted_certificate ca.pem; grpc_ssl_name localhost; grpc_pass grpcs://127.0.0.1:'$PORT'; }
location /proxy/ { proxy_http_version 2; proxy_pass https://127.0.0.1:'$PORT'/; }'
for u in grpc grpc proxy proxy; do get /$u/x --http1.1; done; stop
--- exec_out
back HTTP/2.0 1
back HTTP/2.0 2
back HTTP/2.0 1
back HTTP/2.0 2

=== TEST 3: a server that knows nothing of ALPN is asked nothing over HTTP/1.1 where HTTP/2 is wanted
--- config
    location / { return 204; }
--- exec
export TEST_NGINX_SERVER_ROOT=$TEST_NGINX_SERVER_ROOT TEST_NGINX_RAND_PORT_1=$TEST_NGINX_RAND_PORT_1
export TEST_NGINX_BINARY=$TEST_NGINX_BINARY; . t/lib/tls.sh
certs server
openssl s_server -accept 127.0.0.1:$TEST_NGINX_RAND_PORT_2 -cert server.pem -key server.key -www >/dev/null 2>&1 & S=$!
until openssl s_client -connect 127.0.0.1:$TEST_NGINX_RAND_PORT_2 </dev/null >/dev/null 2>&1; do sleep 0.05; done
serve 'location /one/ { proxy_pass https://127.0.0.1:'$TEST_NGINX_RAND_PORT_2'/; }
location /grpc/ { rewrite ^/grpc/(.*) /$1 break; grpc_pass grpcs://127.0.0.1:'$TEST_NGINX_RAND_PORT_2'; }
location /proxy/ { proxy_http_version 2; proxy_pass https://127.0.0.1:'$TEST_NGINX_RAND_PORT_2'/; }'
for u in one grpc proxy; do get /$u/ --http1.1 -o /dev/null -w '%{http_code}\n'; done; stop; kill $S
--- exec_out
200
502
502
