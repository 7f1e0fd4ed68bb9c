# HTTP/2 over TLS: what ALPN agrees on, what is offered, WebSockets where the server has no HTTP/2, grpc_pass over TLS.
use Test::Nginx::Socket 'no_plan';

no_root_location();
run_tests();

__DATA__

=== TEST 1: both versions are offered; a server without HTTP/2 gets HTTP/1.1; http_versions chooses
--- config
    location / { return 204; }
--- exec
. t/lib/tls.sh
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
timeout 100 $TEST_NGINX_BINARY run c.lua 2>&1; stop
rm -f logs/m.pid
serve 'location / { return 200 "ok"; } location /ws { handler app; }' "$L"
timeout 100 $TEST_NGINX_BINARY run c.lua 2>err; stop
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
. t/lib/tls.sh
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
. t/lib/tls.sh
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



=== TEST 4: HTTP_1_1_REQUIRED, of a stream and of the connection: sent again over HTTP/1.1, which the origin gets from then on
--- config
    location / { return 204; }
--- exec
. t/lib/tls.sh
certs server
cat >origin.py <<'X'
import socket, ssl, sys, threading
import h2.config, h2.connection, h2.events
tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
tls.load_cert_chain("server.pem", "server.key")
tls.set_alpn_protocols(["h2", "http/1.1"])
listener = socket.create_server(("127.0.0.1", 0))

def h2_answer(sock):
    c = h2.connection.H2Connection(h2.config.H2Configuration(client_side=False))
    c.initiate_connection()
    sock.sendall(c.data_to_send())
    while True:
        data = sock.recv(65536)
        if not data: return
        for e in c.receive_data(data):
            if not isinstance(e, h2.events.RequestReceived): continue
            path = dict(e.headers)[b":path"]
            print("h2", path.decode(), flush=True)
            if path == b"/goaway":
                c.close_connection(error_code=13, last_stream_id=0)
                sock.sendall(c.data_to_send())
                return
            if path == b"/fine":
                c.send_headers(e.stream_id, [(":status", "200")], end_stream=True)
            else:
                c.reset_stream(e.stream_id, error_code=13)
        sock.sendall(c.data_to_send())

def serve(raw):
    try:
        sock = tls.wrap_socket(raw, server_side=True)
        if sock.selected_alpn_protocol() == "h2": return h2_answer(sock)
        text = b""
        while True:
            while b"\r\n\r\n" not in text:
                more = sock.recv(65536)
                if not more: return
                text += more
            head, text = text.split(b"\r\n\r\n", 1)
            print("http/1.1", head.split(b" ")[1].decode(), flush=True)
            sock.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nold")
    except OSError: pass

open("port.new", "w").write(str(listener.getsockname()[1]))
import os
os.rename("port.new", "port")
while True: threading.Thread(target=serve, args=(listener.accept()[0],), daemon=True).start()
X
/usr/bin/python3 origin.py >seen 2>&1 & O=$!
wait_for '[ -s port ]'
cat >c.lua <<'X'
local http = require "perilune.http"
local base = "https://localhost:" .. io.open("port"):read("*a")
local function ask(pool, path, o)
    o = o or {}
    o.pool, o.as = pool, "string"
    local ok, res = try_await(http.post(base .. path, o))
    print(path, ok and res.protocol .. " " .. res.body or res.code)
end
for _, path in ipairs { "/reset", "/goaway" } do
    local pool = http.connection_pool { tls = { ca = "ca.pem" } }
    ask(pool, "/fine")
    ask(pool, path, { body = "text" })
    ask(pool, "/fine")
    local s = select(2, next(pool:stats()))
    print(s.opened, s.retried)
end
-- somebody who wants nothing but HTTP/2 is told
ask(http.connection_pool { tls = { ca = "ca.pem" }, http_versions = { "2" } }, "/reset")
-- a body that is produced cannot be produced again
local n = 0
ask(http.connection_pool { tls = { ca = "ca.pem" } }, "/reset", { body = function() n = n + 1 return n < 3 and "x" or nil end })
X
timeout 100 $TEST_NGINX_BINARY run c.lua; kill $O; cat seen
--- exec_out
/fine	HTTP/2 
/reset	HTTP/1.1 old
/fine	HTTP/1.1 old
2	1
/fine	HTTP/2 
/goaway	HTTP/1.1 old
/fine	HTTP/1.1 old
2	1
/reset	http_1_1_required
/reset	http_1_1_required
h2 /fine
h2 /reset
http/1.1 /reset
http/1.1 /fine
h2 /fine
h2 /goaway
http/1.1 /goaway
http/1.1 /fine
h2 /reset
h2 /reset
