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
timeout 100 $TEST_NGINX_BINARY run c.lua; stop
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
back [] 1
back [] 2
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
timeout 100 $TEST_NGINX_BINARY run c.lua; kill $S
--- exec_out
confirmed	part
counted	part
cut	truncated
chunked	truncated



=== TEST 4: what proxy_ssl_* name is read with the configuration: mistakes are told, workers need no right to read
--- config
    location / { return 204; }
--- exec
. t/lib/tls.sh
certs server client other; chmod 600 client.key
try() { printf 'events {} http { server { listen 127.0.0.1:1; location / { %s } } }' "$1" >conf/x.conf; $B -t -c conf/x.conf 2>&1 | grep -o 'emerg.*\|successful' | sed "s,$D/,,g; s/ in conf.*//" | head -1; }
P='proxy_pass https://127.0.0.1:1;'
try "$P proxy_ssl_certificate none.pem; proxy_ssl_certificate_key client.key;"
try "$P proxy_ssl_certificate client.pem;"
try "$P proxy_ssl_certificate client.pem; proxy_ssl_certificate_key other.key;"
try "$P proxy_ssl_trusted_certificate client.key;"
try "$P proxy_ssl_crl none.pem;"
try "$P proxy_ssl_ciphers NONE;"
try 'set $s https; proxy_pass $s://127.0.0.1:1; proxy_ssl_ciphers NONE;'
try 'grpc_pass grpcs://127.0.0.1:1; grpc_ssl_certificate client.pem;'
try 'proxy_pass http://127.0.0.1:1; proxy_ssl_certificate none.pem;'
echo 'events {} stream { server { listen 127.0.0.1:1; proxy_ssl on; proxy_pass 127.0.0.1:2; proxy_ssl_ciphers NONE; } }' >conf/x.conf
$B -t -c conf/x.conf 2>&1 | grep -o 'emerg.*' | sed "s,$D/,,g; s/ in conf.*//"
cat >conf/perilune.conf <<X
user nobody; error_log logs/error.log info; pid logs/m.pid; events {}
http { access_log off; proxy_ssl_certificate client.pem; proxy_ssl_certificate_key client.key;
  server { listen 127.0.0.1:$PORT ssl; ssl_certificate server.pem; ssl_certificate_key server.key;
    ssl_verify_client optional; ssl_client_certificate ca.pem; location /back { return 200 "\$ssl_client_s_dn\n"; }
    location / { proxy_pass https://127.0.0.1:$PORT/back; }
    location /if { proxy_set_header X y; if (\$arg_a) { proxy_pass https://127.0.0.1:$PORT; } }
    location /own { proxy_ssl_certificate other.pem; proxy_ssl_certificate_key other.key; proxy_pass https://127.0.0.1:$PORT/back; } } }
X
chmod 600 other.key; $B -c conf/perilune.conf; wait_for '[ -s logs/m.pid ]'
curl() { command curl -s --max-time 100 --cacert ca.pem "https://localhost:$PORT$1"; }
curl /; curl /own; quit
--- exec_out
emerg] TLS towards this server: cannot read "none.pem": not found
emerg] no "proxy_ssl_certificate_key" is defined for certificate "client.pem"
emerg] TLS towards this server: the key does not belong to the certificate: key values mismatch
emerg] TLS towards this server: no trusted certificates could be read: no start line (Expecting: CERTIFICATE) in "client.key"
emerg] TLS towards this server: cannot read "none.pem": not found
emerg] TLS towards this server: list of ciphers "NONE" cannot be used: no cipher match
emerg] TLS towards this server: list of ciphers "NONE" cannot be used: no cipher match
emerg] no "grpc_ssl_certificate_key" is defined for certificate "client.pem"
successful
emerg] TLS towards this server: list of ciphers "NONE" cannot be used: no cipher match
CN=client
CN=other



=== TEST 5: our certificate is named by variables, as text, or none; kept in a cache; how deep the server's may lie
--- config
    location / { return 204; }
--- exec
. t/lib/tls.sh
certs server client other two below1 below2
U="https://127.0.0.1:$PORT"
serve 'ssl_verify_client optional; ssl_client_certificate ca.pem; location /back { return 200 "$ssl_client_s_dn\n"; }
location / { proxy_ssl_certificate $arg_c; proxy_ssl_certificate_key $arg_k; proxy_pass '"$U"'/back; }
location /kept { proxy_ssl_certificate $arg_c.pem; proxy_ssl_certificate_key $arg_c.key; proxy_ssl_certificate_cache max=2; proxy_pass '"$U"'/back; }
location /text { proxy_ssl_certificate data:$pem; proxy_ssl_certificate_key data:$key; proxy_pass '"$U"'/back; }' "
map x \$pem { default '$(cat two.pem)'; } map x \$key { default '$(cat two.key)'; }
server { listen 127.0.0.2:$PORT ssl; ssl_certificate below1.pem; ssl_certificate_key below1.key; location / { return 200 'one\n'; } }
server { listen 127.0.0.3:$PORT ssl; ssl_certificate below2.pem; ssl_certificate_key below2.key; location / { return 200 'two\n'; } }
server { listen 127.0.0.1:$TEST_NGINX_RAND_PORT_2; proxy_ssl_verify on; proxy_ssl_trusted_certificate ca.pem; proxy_ssl_name localhost;
  location /1 { proxy_pass https://127.0.0.2:$PORT; location /10 { proxy_ssl_verify_depth 0; proxy_pass https://127.0.0.2:$PORT; } }
  location /2 { proxy_pass https://127.0.0.3:$PORT; location /22 { proxy_ssl_verify_depth 2; proxy_pass https://127.0.0.3:$PORT; } } }"
status() { get "$1" -o body -w '%{http_code}\n'; }
for c in client two; do get "/?c=$c.pem&k=$c.key"; done
get '/'; get /text; status '/?c=client.pem&k=two.key'
get '/kept?c=client'; cp two.key client.key; get '/kept?c=client'; get '/kept?c=other'; get '/kept?c=two'; status '/kept?c=client'
for n in 1 10 2 22; do curl -s http://127.0.0.1:$TEST_NGINX_RAND_PORT_2/$n -o body -w "$n %{http_code}\n"; done
grep -c 'cannot load certificate: the key does not belong' logs/error.log; stop
--- exec_out
CN=client
CN=two

CN=two
502
CN=client
CN=client
CN=other
CN=two
502
1 200
10 502
2 502
22 200
2

=== TEST 6: http.proxy to https where no directive of proxy_pass stands; the same below one of proxy_ssl_
--- config
    location / { return 204; }
--- exec
. t/lib/tls.sh
certs server
cat >conf/app.lua <<X
local http = require "perilune.http"
return function(req) return http.proxy(req, "https://127.0.0.1:$PORT/back") end
X
serve 'location /back { return 200 "back [$ssl_server_name]\n"; }
location / { handler app; } location /name { proxy_ssl_server_name on; proxy_ssl_name localhost; handler app; }' "lua_package_path '$PWD/conf/?.lua;;';"
get /; get /; get /name; get /; stop
--- exec_out
back []
back []
back [localhost]
back []
