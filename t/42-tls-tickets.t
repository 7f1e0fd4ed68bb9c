# Session tickets with several workers: one worker reads what another has sealed, also after a reload and the death of a worker.
use Test::Nginx::Socket 'no_plan';

our $Begin = <<'_EOC_';
. t/lib/tls.sh
_EOC_

no_root_location();
run_tests();

__DATA__

=== TEST 1: every worker resumes every session
--- config
    location / { return 200 "ok"; }
--- exec eval
$::Begin . <<'X'
certs server
cat >conf/perilune.conf <<C
user root; daemon off; worker_processes 3; error_log logs/error.log notice; pid logs/m.pid; events {}
http { access_log off; ssl_certificate server.pem; ssl_certificate_key server.key; ssl_protocols TLSv1.2;
server { listen 127.0.0.1:$PORT ssl reuseport; location / { return 200 ok; } } }
C
$B -c conf/perilune.conf & P=$!
wait_for "[ -s logs/m.pid ]"
cat >ask.py <<'Y'
import socket, ssl, sys
context = ssl.create_default_context(cafile="ca.pem")
context.maximum_version = ssl.TLSVersion.TLSv1_2
def ask(session=None):
    with socket.create_connection(("127.0.0.1", int(sys.argv[1]))) as s:
        with context.wrap_socket(s, server_hostname="localhost", session=session) as t:
            t.sendall(b"GET / HTTP/1.0\r\n\r\n")
            assert t.recv(1000).startswith(b"HTTP/1.1 200")
            return t.session, t.session_reused
session, _ = ask()
print("before", sum(ask(session)[1] for _ in range(24)))
sys.stdout.flush()
sys.stdin.readline()
print("after", sum(ask(session)[1] for _ in range(24)))
Y
mkfifo go
wait_for '[ $(workers | wc -l) = 3 ]'
/usr/bin/python3 ask.py $PORT <go >said & A=$!
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
before 24
after 24



=== TEST 2: TLS 1.3: who resumes a session gets a ticket for the next time, at once
--- config
    location / { return 200 "ok"; }
--- exec eval
$::Begin . <<'X'
certs server
serve 'location / { return 200 ok; }'
cat >once.py <<'Y'
import socket, ssl, sys
context = ssl.create_default_context(cafile="ca.pem")
session, said = None, []
for _ in range(4):
    with socket.create_connection(("127.0.0.1", int(sys.argv[1]))) as s:
        with context.wrap_socket(s, server_hostname="localhost", session=session) as t:
            t.settimeout(60)
            before = t.session.id if t.session else None
            t.sendall(b"GET / HTTP/1.0\r\n\r\n")
            assert t.recv(1000).startswith(b"HTTP/1.1 200")
            said.append((t.session_reused, t.session.id != before))
            session = t.session
print(said)
Y
/usr/bin/python3 once.py $PORT
stop
X
--- exec_out
[(False, True), (True, True), (True, True), (True, True)]
