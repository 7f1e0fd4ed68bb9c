# Sessions that the server keeps: shared by workers, or by Lua wherever it likes. Clients have no tickets here.
use Test::Nginx::Socket 'no_plan';

our $Begin = <<'_EOC_';
. t/lib/tls.sh
cat >ask.py <<'Y'
import socket, ssl, sys
def client(version):
    context = ssl.create_default_context(cafile="ca.pem")
    context.minimum_version = context.maximum_version = version
    return context
def ask(context, session=None):
    with socket.create_connection(("127.0.0.1", int(sys.argv[1]))) as s:
        with context.wrap_socket(s, server_hostname="localhost", session=session) as t:
            t.sendall(b"GET / HTTP/1.0\r\n\r\n")
            assert t.recv(1000).startswith(b"HTTP/1.1 200")
            return t.session, t.session_reused
BOTH = ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3
Y
_EOC_

no_root_location();
run_tests();

__DATA__

=== TEST 1: every worker resumes every session, also after a reload and the death of a worker
--- config
    location / { return 200 "ok"; }
--- exec eval
$::Begin . <<'X'
certs server
cat >conf/perilune.conf <<C
user root; daemon off; worker_processes 3; error_log logs/error.log notice; pid logs/m.pid; events {}
http { access_log off; ssl_certificate server.pem; ssl_certificate_key server.key;
ssl_session_tickets off; ssl_session_cache shared:sessions:64k;
server { listen 127.0.0.1:$PORT ssl reuseport; location / { return 200 ok; } } }
C
$B -c conf/perilune.conf & P=$!
wait_for "[ -s logs/m.pid ]"
cat >main.py <<'Y'
from ask import *
clients = [client(v) for v in BOTH]
kept = [ask(c)[0] for c in clients]
def count():
    return [sum(ask(c, s)[1] for _ in range(24)) for c, s in zip(clients, kept)]
print("before", count())
sys.stdout.flush()
sys.stdin.readline()
print("after", count())
# the least recently used give way: 64 KB do not hold three hundred
for _ in range(300):
    last, _ = ask(clients[0])
print("first", ask(clients[0], kept[0])[1], "last", ask(clients[0], last)[1])
Y
mkfifo go
wait_for '[ $(workers | wc -l) = 3 ]'
/usr/bin/python3 main.py $PORT <go >said & A=$!
exec 7>go
wait_for "grep -q before said"
old=$(workers)
kill -9 $(echo $old | cut -d' ' -f1)
kill -HUP $P
for w in $old; do wait_for "is_gone $w"; done
echo >&7
wait $A
cat said
kill $P; wait $P
X
--- exec_out
before [24, 24]
after [24, 24]
first False last True



=== TEST 2: off, none and builtin; a session is resumed by servers of equal scope only
--- config
    location / { return 200 "ok"; }
--- exec eval
$::Begin . <<'X'
certs server two client
cat >main.py <<'Y'
from ask import *
for version in BOTH:
    c = client(version)
    session, _ = ask(c)
    print(ask(c, session)[1])
Y
for cache in off none builtin:10 'builtin shared:x:32k'; do
    serve "ssl_session_tickets off; ssl_session_cache $cache; location / { return 200; }"
    echo "$cache:" $(/usr/bin/python3 main.py $PORT)
    stop
done
serve 'ssl_session_tickets off; ssl_session_cache shared:x:32k; location / { return 200; }' \
    "server { listen 127.0.0.1:$PORT ssl; server_name two.example; ssl_session_tickets off; ssl_session_cache shared:x:32k;
     ssl_certificate two.pem; ssl_certificate_key two.key; location / { return 200; } }"
for name in localhost two.example; do
    openssl s_client -connect 127.0.0.1:$PORT -servername localhost -tls1_2 -sess_out s.pem </dev/null >/dev/null 2>&1
    openssl s_client -connect 127.0.0.1:$PORT -servername $name -tls1_2 -sess_in s.pem </dev/null 2>&1 | grep -o '^Reused\|^New'
done
stop
for bad in shared shared:x shared:x:1k shared::32k builtin:0 else; do
    echo "events {} http { server { ssl_session_cache $bad; } }" >bad.conf
    $B -t -c bad.conf 2>&1 | grep -o 'invalid session cache "[^"]*"\|zone ".*small' | head -1
done
X
--- exec_out
off: False False
none: False False
builtin:10: True True
builtin shared:x:32k: True True
Reused
New
invalid session cache "shared:"
invalid session cache "shared:x"
zone "x" is too small
invalid session cache "shared:"
invalid session cache "builtin:0"
invalid session cache "else"



=== TEST 3: Lua stores and fetches, and waits in both; what it does not find leads to a full handshake
--- config
    location / { return 200 "ok"; }
--- exec eval
$::Begin . <<'X'
certs server
L='ssl_session_tickets off; lua_shared_dict kept 1m;
ssl_session_store_by_lua_block {
    local session = require "ngx.ssl.session"
    local id, bytes = session.get_session_id(), session.get_serialized_session()
    assert(#id == 64 and id == id:upper() and not pcall(session.set_serialized_session, bytes))
    ngx.sleep(0.01)
    assert(require("ngx.ssl").server_name() or true)
    ngx.shared.kept:set(id, bytes)
    ngx.log(ngx.WARN, "stored in ", ngx.get_phase()) }
ssl_session_fetch_by_lua_block {
    local session = require "ngx.ssl.session"
    local id = session.get_session_id()
    assert(select(2, session.get_serialized_session()) == "bad session in lua context")
    ngx.sleep(0.01)
    local mode = ngx.shared.kept:get("mode")
    if mode == "fail" then error("oh no") end
    if mode == "exit" then return ngx.exit(ngx.ERROR) end
    local bytes = ngx.shared.kept:get(id)
    if mode == "bad" then
        local ok, err = session.set_serialized_session("nonsense")
        return ngx.log(ngx.WARN, "refused: ", ok, " ", err)
    end
    if bytes then assert(session.set_serialized_session(bytes)) end
    ngx.log(ngx.WARN, "fetched in ", ngx.get_phase(), " ", bytes and "found" or "nothing") }'
serve 'ssl_certificate_by_lua_block { ngx.log(ngx.WARN, "certificate") }
  location / { content_by_lua_block { ngx.shared.kept:set("mode", ngx.var.arg_mode) ngx.print("ok") } }' "$L"
cat >main.py <<'Y'
from ask import *
import time
def stored(n):
    until = time.time() + 100
    while open("logs/error.log").read().count("stored in ssl_session_store") < n and time.time() < until:
        time.sleep(0.01)
for n, version in enumerate(BOTH):
    c = client(version)
    session, first = ask(c)
    stored(n + 1)
    print(first, ask(c, session)[1], ask(c, session)[1])
Y
/usr/bin/python3 main.py $PORT
grep -o 'fetched in [a-z_]* [a-z]*, context: [a-z_]*\*, client: 127' logs/error.log | sort | uniq -c | sed 's/^ *//'
openssl s_client -connect 127.0.0.1:$PORT -tls1_2 -sess_out s.pem </dev/null >/dev/null 2>&1
for mode in fail exit bad; do
    get /?mode=$mode
    openssl s_client -connect 127.0.0.1:$PORT -tls1_2 -sess_in s.pem </dev/null 2>&1 | grep -o '^Reused\|^New'
done
logged 'oh no'; logged 'refused: nil failed to de-serialize session'
[ $(get '/?mode=none') = ok ] && echo fine
stop
X
--- exec_out
False True True
False True True
4 fetched in ssl_session_fetch found, context: ssl_session_fetch_by_lua*, client: 127
okNew
okNew
okNew
fine



=== TEST 4: clients that leave while Lua looks for their session, or while it stores it
--- config
    location / { return 200 "ok"; }
--- exec eval
$::Begin . <<'X'
certs server
serve 'location / { return 200; }' 'client_header_timeout 2s; ssl_session_tickets off; ssl_protocols TLSv1.2;
ssl_session_store_by_lua_block {
    local bytes = require("ngx.ssl.session").get_serialized_session()
    ngx.sleep(0.3)
    assert(bytes == require("ngx.ssl.session").get_serialized_session())
    ngx.log(ngx.WARN, "stored ", tostring(require("ngx.ssl").server_name())) }
ssl_session_fetch_by_lua_block { ngx.sleep(300) }'
openssl s_client -tls1_2 -connect 127.0.0.1:$PORT -sess_out s.pem </dev/null >/dev/null 2>&1
logged 'stored nil'
openssl s_client -tls1_2 -connect 127.0.0.1:$PORT -sess_in s.pem </dev/null >/dev/null 2>&1
logged 'client timed out while SSL handshaking'
stop; grep -c 'alert\|emerg' logs/error.log; true
X
--- exec_out
0
