# HTTP/2 over TLS: who gets it, what handlers see, that the rules of HTTP/2 hold there, too. Servers and certificates are made by
# `exec` (t/lib/tls.sh); curl, openssl s_client and t/lib/h2_peer.py are the clients.
use Test::Nginx::Socket 'no_plan';

our $Begin = <<'_EOC_';
export PYTHONPATH=$PWD/t/lib PYTHONDONTWRITEBYTECODE=1; . t/lib/tls.sh
certs server
_EOC_

no_root_location();
run_tests();

__DATA__

=== TEST 1: ALPN: h2 where it is on and the client has it
--- config
    location / { return 200 "ok"; }
--- exec eval
$::Begin . <<'X'
serve 'http2 on; location / { return 200 "$http2 $server_protocol $scheme $ssl_alpn_protocol\n"; }'
get /; get / --http1.1; get / --no-alpn
cat >alpn.py <<'Y'
import socket, ssl, sys
context = ssl.create_default_context(cafile="ca.pem")
context.set_alpn_protocols(sys.argv[2:])
with socket.create_connection(("127.0.0.1", int(sys.argv[1]))) as s:
    with context.wrap_socket(s, server_hostname="localhost") as t:
        print("ALPN protocol:", t.selected_alpn_protocol())
Y
/usr/bin/python3 alpn.py $PORT h3 h2; /usr/bin/python3 alpn.py $PORT http/1.1 h2
stop
serve 'location / { return 200 "[$http2] $server_protocol\n"; }'
get /; stop
serve 'listen 127.0.0.1:'$PORT' ssl http2; location / { return 200 "[$http2] $server_protocol\n"; }' 2>/dev/null; stop 2>/dev/null
true
X
--- exec_out
h2 HTTP/2.0 https h2
 HTTP/1.1 https http/1.1
 HTTP/1.1 https 
ALPN protocol: h2
ALPN protocol: h2
[] HTTP/1.1

=== TEST 2: bodies both ways through the record layer, files, many at a time
--- config
    location / { return 200 "ok"; }
--- exec eval
$::Begin . <<'X'
head -c 3000000 /dev/urandom >big
serve 'http2 on; root .; location = /echo { client_max_body_size 0; client_body_buffer_size 4m;
       content_by_lua_block { ngx.req.read_body() ngx.print(ngx.req.get_body_data()) } }'
get /echo --data-binary @big | cmp - big && echo same
get /big | cmp - big && echo same
get "/big?[1-20]" -Z -o "out.#1" && for i in $(seq 20); do cmp out.$i big || echo differs; done
stop
X
--- exec_out
same
same

=== TEST 3: a flood ends with GOAWAY behind TLS as well; others are served
--- config
    location / { return 200 "ok"; }
--- exec eval
$::Begin . <<'X'
serve 'http2 on; location / { return 200 "ok\n"; }'
cat >flood.py <<'P'
import ssl, sys
from h2_peer import *
ctx = ssl.create_default_context(cafile="ca.pem")
ctx.set_alpn_protocols(["h2"])
p = Peer(int(sys.argv[1]), tls=lambda s: ctx.wrap_socket(s, server_hostname="localhost"))
p.request(1, "/").send()
print(p.read(lambda p: p.ended(1)).bodies)
for i in range(300):
    p.add(PING, 0, 0, b"12345678")
p.send()
print(p.read(lambda p: p.goaway is not None).goaway)
P
/usr/bin/python3 flood.py $PORT
get /; logged 'too many PING frames'; stop
X
--- exec_out
{1: b'ok\n'}
11
ok

=== TEST 4: an idle connection and a drain end with GOAWAY and close_notify
--- config
    location / { return 200 "ok"; }
--- exec eval
$::Begin . <<'X'
serve 'http2 on; keepalive_timeout 300ms; lingering_timeout 1s; location / { return 200 "ok\n"; }'
cat >idle.py <<'P'
import ssl, sys
from h2_peer import *
ctx = ssl.create_default_context(cafile="ca.pem")
ctx.set_alpn_protocols(["h2"])
p = Peer(int(sys.argv[1]), tls=lambda s: ctx.wrap_socket(s, server_hostname="localhost", suppress_ragged_eofs=False))
p.request(1, "/").send()
p.read(lambda p: p.closed)
print(p.bodies, p.goaways, p.closed)
P
/usr/bin/python3 idle.py $PORT
stop
X
--- exec_out
{1: b'ok\n'} [(1, 0)] True
