# A server that ends tells HTTP/2 clients so, and gives them `lingering_timeout` for what crossed the word. Frames that it answers in the very
# turn in which that time is over do not put it off.
use Test::Nginx::Socket 'no_plan';

no_root_location();
run_tests();

__DATA__

=== TEST 1: PINGs all around the end of the last call
--- config
    location / { return 204; }
--- user_files
>>> main.py
import os, signal, socket, struct, sys, time
port, pid = sys.argv[1], int(sys.argv[2])
def frame(kind, flags, stream, payload=b""):
    return struct.pack(">I", len(payload))[1:] + bytes([kind, flags]) + struct.pack(">I", stream) + payload
s = socket.create_connection(("127.0.0.1", int(port)))
s.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
s.sendall(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + frame(4, 0, 0) + frame(4, 1, 0))
s.sendall(frame(1, 5, 1, bytes([0x82, 0x84, 0x86, 0x41, 0x09]) + b"localhost"))
time.sleep(0.3)
s.setblocking(False)
os.kill(pid, signal.SIGQUIT)
started, data, end = time.time(), b"", None
while time.time() < started + 60 and end is None:
    late = time.time() - started
    try:
        if 0.45 < late < 0.6:
            s.sendall(frame(6, 0, 0, b"12345678"))
            time.sleep(0.0005)
        more = s.recv(65536)
        if not more: end = late
    except BlockingIOError: time.sleep(0.0005)
    except OSError: end = late
print("ended" if end else "still there")
--- exec
cd $TEST_NGINX_HTML_DIR
mkdir -p logs
cat >end.conf <<EOF
error_log logs/end.log; pid end.pid; daemon off; master_process off;
events { io_uring $MODE; }
http { access_log off; server { http2 on; lingering_timeout 500ms; listen 127.0.0.1:$TEST_NGINX_RAND_PORT_1; location / { return 200 "x"; } } }
EOF
for mode in on off; do
    sed "s/io_uring *;/io_uring $mode;/" end.conf >$mode.conf
    $TEST_NGINX_BINARY -p . -c $mode.conf & pid=$!
    for i in $(seq 1200); do [ -s end.pid ] && break; sleep 0.05; done
    timeout 100 python3 main.py $TEST_NGINX_RAND_PORT_1 $pid
    kill $pid 2>/dev/null; wait $pid; rm -f end.pid
done
--- exec_out
ended
ended
--- timeout: 60
