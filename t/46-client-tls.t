# https: the client against servers of our own, verified and not; proxy_pass to https.
use Test::Nginx::Socket 'no_plan';

no_root_location();
run_tests();

__DATA__

=== TEST 1: chain and name are verified; each refusal has its code
--- config
    location / { return 204; }
--- exec
. t/lib/tls.sh
certs server
serve 'location / { return 200 "$ssl_protocol $ssl_server_name $connection_requests\n"; } location /r { return 302 /; }'
cat >c.lua <<X
local http = require "perilune.http"
local base = "https://localhost:$PORT"
local ok = { tls = { ca = "ca.pem" } }
for i = 1, 2 do io.write(await(await(http.get(base .. "/", ok)):text())) end
print(await(http.get(base .. "/r", ok)).url == base .. "/")
print(select(2, try_await(http.get(base .. "/"))).code)
print((select(2, try_await(http.get("https://127.0.0.1:$PORT/", { tls = { ca = "ca.pem" }, server_name = "other.example" }))).code))
io.write(await(await(http.get(base .. "/", { insecure = true })):text()))
local pool = http.connection_pool { tls = { ca = "ca.pem" } }
io.write(await(await(http.get(base .. "/", { pool = pool })):text()))
X
timeout 20 $TEST_NGINX_BINARY run c.lua; stop
--- exec_out
TLSv1.3 localhost 1
TLSv1.3 localhost 2
true
tls_unknown_ca
tls_wrong_name
TLSv1.3 localhost 1
TLSv1.3 localhost 1



=== TEST 2: proxy_pass to https
--- config
    location / { return 204; }
--- exec
. t/lib/tls.sh
certs server
serve 'location = / { return 200 "back [$ssl_server_name] $connection_requests\n"; }
location /plain/ { proxy_pass https://127.0.0.1:'$PORT'/; }
location /named/ { proxy_ssl_server_name on; proxy_ssl_name localhost; proxy_pass https://127.0.0.1:'$PORT'/; }
location /checked/ { proxy_ssl_verify on; proxy_ssl_trusted_certificate ca.pem; proxy_ssl_name localhost; proxy_http_version 1.1; proxy_set_header Connection ""; proxy_pass https://127.0.0.1:'$PORT'/; }
location /wrong/ { proxy_ssl_verify on; proxy_ssl_trusted_certificate ca.pem; proxy_ssl_name other.example; proxy_pass https://127.0.0.1:'$PORT'/; }'
for u in plain named checked checked; do get /$u/; done; get /wrong/ -o /dev/null -w '%{http_code}\n'
grep -c '\[crit\].*SSL_do_handshake() failed (SSL: certificate is for another name) while SSL handshaking to upstream' logs/error.log; stop
--- exec_out
back [] 1
back [localhost] 1
back [localhost] 1
back [localhost] 2
502
1



=== TEST 3: an end of the connection that TLS does not confirm is no end of a body
--- config
    location / { return 204; }
--- exec
. t/lib/tls.sh
certs server
cat >cut.py <<X
import os, socket, ssl
context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
context.load_cert_chain("server.pem", "server.key")
listener = socket.create_server(("127.0.0.1", 0))
open("cut.new", "w").write(str(listener.getsockname()[1]))
os.rename("cut.new", "cut.port")
while True:
    tls = context.wrap_socket(listener.accept()[0], server_side=True)
    kind = tls.recv(65536).split()[1][1:].decode()
    fields = {"counted": "Content-Length: 4\r\n", "chunked": "Transfer-Encoding: chunked\r\n"}.get(kind, "")
    tls.sendall(("HTTP/1.1 200 OK\r\n%s\r\n" % fields + ("4\r\npart\r\n" if kind == "chunked" else "part")).encode())
    if kind == "confirmed":
        tls.unwrap()
    tls.close()
X
/usr/bin/python3 cut.py & S=$!
while [ ! -e cut.port ]; do sleep 0.02; done
cat >c.lua <<X
local http = require "perilune.http"
for _, kind in ipairs { "confirmed", "counted", "cut", "chunked" } do
    local url = "https://localhost:$(cat cut.port)/" .. kind
    local o = { tls = { ca = "ca.pem" }, http_versions = { "1.1" } }
    local ok, body = try_await(await(http.get(url, o)):text())
    print(kind, ok and body or body.code)
end
X
timeout 20 $TEST_NGINX_BINARY run c.lua; kill $S
--- exec_out
confirmed	part
counted	part
cut	truncated
chunked	truncated
