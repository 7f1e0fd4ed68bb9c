# Bytes that a server sends on a kept connection before it is asked belong to no request: whoever takes the connection in the very
# turn in which they come must not get them as its answer. The worker is stopped meanwhile, so that both come at once.
use Test::Nginx::Socket 'no_plan';

no_root_location();
our $Config = <<'_EOC_';
    location = /pid { return 200 $pid; }
    location = /proxy { proxy_pass http://origin; proxy_http_version 1.1; proxy_set_header Connection ""; }
    location = /socket {
        content_by_lua_block {
            local s = ngx.socket.tcp()
            assert(s:connect("127.0.0.1", tonumber(ngx.var.origin_port)))
            s:send("GET / HTTP/1.1\r\nHost: a\r\n\r\n")
            local line, body = s:receive("*l"), nil
            repeat local l = s:receive("*l") until l == ""
            ngx.print(s:receive(5))
            s:setkeepalive(10000, 4)
        }
    }
_EOC_
our $Http = <<'_EOC_';
    upstream origin { server 127.0.0.1:$TEST_NGINX_RAND_PORT_1; keepalive 4; }
    map $host $origin_port { default $TEST_NGINX_RAND_PORT_1; }
_EOC_
our $Files = <<'_EOC_';
>>> main.py
import os, signal, socket, sys, threading, time
port, origin_port, path = int(sys.argv[1]), int(sys.argv[2]), sys.argv[3].encode()
listener = socket.socket()
listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
listener.bind(("127.0.0.1", origin_port))
listener.listen(16)
accepted = []

def answer(word): return b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n" + word
def serve(c):
    data = b""
    while True:
        try: more = c.recv(65536)
        except OSError: return
        if not more: return
        data += more
        while b"\r\n\r\n" in data:
            data = data.split(b"\r\n\r\n", 1)[1]
            c.sendall(answer(b"RIGHT"))
def accept():
    while True:
        c = listener.accept()[0]
        accepted.append(c)
        threading.Thread(target=serve, args=(c,), daemon=True).start()
threading.Thread(target=accept, daemon=True).start()

def ask(c, path): c.sendall(b"GET " + path + b" HTTP/1.1\r\nHost: a\r\n\r\n")
def take(c):
    data = b""
    while not data.endswith((b"RIGHT", b"WRONG", b"0\r\n\r\n")):
        more = c.recv(4096)
        if not more: return b"end"
        data += more
    return b"RIGHT" if b"RIGHT" in data else b"WRONG" if b"WRONG" in data else data

c = socket.create_connection(("127.0.0.1", port))
c.sendall(b"GET /pid HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
pid = int(c.makefile("rb").read().split(b"\r\n\r\n")[1])
seen = []
for i in range(5):
    c = socket.create_connection(("127.0.0.1", port), timeout=60)
    ask(c, path)
    seen.append(take(c))
    time.sleep(0.05)
    os.kill(pid, signal.SIGSTOP)
    time.sleep(0.05)
    accepted[-1].sendall(answer(b"WRONG"))
    time.sleep(0.05)
    ask(c, path)
    time.sleep(0.05)
    os.kill(pid, signal.SIGCONT)
    seen.append(take(c))
    c.close()
    time.sleep(0.05)
print(len(seen), sorted(set(seen)))
_EOC_
add_block_preprocessor(sub {
    my $block = shift;
    if (!defined $block->config) {
        $block->set_value("config", $Config);
    }
    if (!defined $block->http_config) {
        $block->set_value("http_config", $Http);
    }
    if (!defined $block->user_files) {
        $block->set_value("user_files", $Files);
    }
    if (!defined $block->exec_out) {
        $block->set_value("exec_out", "10 [b'RIGHT']\n");
    }
});
run_tests();

__DATA__

=== TEST 1: proxy_pass
--- exec
timeout 100 python3 $TEST_NGINX_HTML_DIR/main.py $TEST_NGINX_SERVER_PORT $TEST_NGINX_RAND_PORT_1 /proxy



=== TEST 2: a socket of Lua
--- exec
timeout 100 python3 $TEST_NGINX_HTML_DIR/main.py $TEST_NGINX_SERVER_PORT $TEST_NGINX_RAND_PORT_1 /socket
