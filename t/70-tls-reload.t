# A certificate that is exchanged by a reload, while clients connect all the time.
use Test::Nginx::Socket 'no_plan';

our $Begin = <<'_EOC_';
. t/lib/tls.sh
_EOC_

no_root_location();
run_tests();

__DATA__

=== TEST 1: new handshakes see the new one, old connections and sessions go on, no request fails
--- config
    location / { return 200 "ok"; }
--- exec eval
$::Begin . <<'X'
certs server two
cp two.pem c.pem; cp two.key c.key
cat >conf/perilune.conf <<C
user root; daemon off; worker_processes 2; error_log logs/error.log notice; pid logs/m.pid; events {}
http { access_log off; ssl_certificate c.pem; ssl_certificate_key c.key;
server { listen 127.0.0.1:$PORT ssl; location / { return 200 ok; } } }
C
$B -c conf/perilune.conf & P=$!
wait_for "[ -s logs/m.pid ]"
cat >main.py <<'Y'
import os, signal, shutil, socket, ssl, sys, threading, time
LONGEST = 100
port, master = int(sys.argv[1]), int(open("logs/m.pid").read())
failed, counts, names = [], {}, {}
stop = threading.Event()
def context():
    c = ssl.create_default_context(cafile="ca.pem")
    c.check_hostname = False
    return c
def connect(c, session=None):
    return c.wrap_socket(socket.create_connection(("127.0.0.1", port), LONGEST), server_hostname="x", session=session)
def ask(t, close):
    t.sendall(b"GET / HTTP/1.1\r\nHost: x\r\n" + (b"Connection: close\r\n" if close else b"") + b"\r\n")
    data = b""
    while not data.endswith(b"ok"):
        piece = t.recv(1000)
        if not piece:
            raise EOFError("cut short: %r" % data)
        data += piece
def ask_again(t):
    """A worker that ends closes idle connections, maybe at this moment; but it does not cut answers short."""
    try:
        ask(t, False)
    except (EOFError, OSError) as e:
        if not isinstance(e, ssl.SSLError) and "cut short" in str(e) and "b''" not in str(e):
            raise
def name(t):
    return dict(x[0] for x in t.getpeercert()["subject"])["commonName"]
def load(close):
    c, session = context(), None
    while not stop.is_set():
        try:
            with connect(c, session) as t:
                ask(t, close)
                if not close:
                    ask_again(t)
                who = name(t)
                session = t.session if counts.get(who, 0) % 2 else None
                counts[who] = counts.get(who, 0) + 1
        except Exception as e:
            failed.append(repr(e))
def wait(condition):
    until = time.time() + LONGEST
    while not condition() and time.time() < until:
        time.sleep(0.005)
def workers():
    return set(open("/proc/%d/task/%d/children" % (master, master)).read().split())
threads = [threading.Thread(target=load, args=(i % 2 == 0,)) for i in range(4)]
for t in threads:
    t.start()
wait(lambda: counts.get("two", 0) >= 20)
for at, source in enumerate(["server", "two", "server"]):
    for kind in "pem", "key":
        shutil.copy(source + "." + kind, "new")
        os.rename("new", "c." + kind)
    before, old = dict(counts), workers()
    os.kill(master, signal.SIGHUP)
    wait(lambda: not old & workers())     # workers that are about to end may still accept
    with connect(context()) as t:
        ask(t, True)
        print(source, name(t) == source)
    wait(lambda: counts.get(source, 0) >= before.get(source, 0) + 20)
stop.set()
for t in threads:
    t.join()
print("failed", failed[:3], sum(counts.values()) > 60)
Y
/usr/bin/python3 main.py $PORT
kill $P; wait $P
grep -c 'emerg\|alert\|crit' logs/error.log; true
X
--- exec_out
server True
two True
server True
failed [] True
0
