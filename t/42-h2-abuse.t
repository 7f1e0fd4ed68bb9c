# What an HTTP/2 client must not do too often: the connection ends with ENHANCE_YOUR_CALM and one line in the log, memory
# stays bounded, others are served. t/lib/h2_peer.py is the client; `bad` is what the cases share.
use Test::Nginx::Socket 'no_plan';

no_root_location();
our $Http = <<'_EOC_';
    http2 on;
_EOC_
our $Config = <<'_EOC_';
    location = /hello { return 200 "hello"; }
    location = /wait { content_by_lua_block { ngx.sleep(30) } }
    location = /big {
        content_by_lua_block {
            local piece = ("x"):rep(10000)
            for i = 1, 1000 do
                ngx.print(piece)
                ngx.flush(true)
            end
        }
    }
    location = /read { client_max_body_size 0; content_by_lua_block { ngx.req.read_body() ngx.say("read") } }
_EOC_
our $Exec = <<'_EOC_';
export ROOT=$TEST_NGINX_SERVER_ROOT PYTHONPATH=$PWD/t/lib PYTHONDONTWRITEBYTECODE=1
cd $TEST_NGINX_HTML_DIR
cat >bad.py <<'EOF'
import os, sys
from h2_peer import *
port, root = int(sys.argv[1]), os.environ["ROOT"]
pid = open(root + "/logs/nginx.pid").read().strip()
before = memory(pid)
def ask(port, path="/hello"):
    p = Peer(port).request(1, path)
    p.send()
    return p.read(lambda p: p.ended(1)).bodies.get(1, b"").decode()
def bounded(most):
    used = memory(pid, "VmHWM") - before
    print("memory", "bounded" if used < most else used)
def report(peer, most=8):
    """How it ended, what the log says about it, whether the memory is bounded and others are served."""
    peer.read(lambda p: p.closed and p.goaway is not None)
    lines = [l for l in open(root + "/logs/error.log") if "HTTP/2 connection ends" in l]
    print("goaway", peer.goaway, "lines", len(lines), lines[0].split(" error ")[1].split(",")[0] if lines else "")
    bounded(most)
    print(ask(port))
EOF
/usr/bin/python3 main.py $TEST_NGINX_SERVER_PORT
_EOC_
add_block_preprocessor(sub {
    my $block = shift;
    if (!defined $block->http_config) {
        $block->set_value("http_config", $Http);
    }
    if (!defined $block->config) {
        $block->set_value("config", $Config);
    }
    if (!defined $block->exec) {
        $block->set_value("exec", $Exec);
    }
    if (!defined $block->timeout) {
        $block->set_value("timeout", 40);
    }
});
run_tests();

__DATA__

=== TEST 1: rapid reset
--- user_files
>>> main.py
from bad import *
p = Peer(port)
for i in range(5000):
    p.request(2 * i + 1, "/wait").add(RST_STREAM, 0, 2 * i + 1, number(8))
p.send()
report(p)
--- exec_out
goaway 11 lines 1 11: too many reset streams
memory bounded
hello



=== TEST 2: streams that the server is made to reset
--- user_files
>>> main.py
from bad import *
p = Peer(port)
for i in range(3000):
    p.request(2 * i + 1, "/wait", extra=[("content-length", "5")])
p.send()
report(p)
--- exec_out
goaway 11 lines 1 11: too many reset streams
memory bounded
hello



=== TEST 3: more streams than allowed, again and again
--- user_files
>>> main.py
from bad import *
p = Peer(port)
for i in range(20000):
    p.request(2 * i + 1, "/wait")
p.send()
p.read(lambda p: p.goaway is not None)
print(min(p.resets), set(p.resets.values()))
report(p)
--- exec_out
257 {7}
goaway 11 lines 1 11: too many reset streams
memory bounded
hello



=== TEST 4: a head in very many pieces
--- user_files
>>> main.py
from bad import *
p = Peer(port)
p.add(HEADERS, 0, 1, p.head("/hello"))
for i in range(20000):
    p.add(CONTINUATION, 0, 1, p.coder.encode([("x", "y" * 100)]))
p.send()
report(p)
--- exec_out
goaway 11 lines 1 11: too many CONTINUATION frames
memory bounded
hello



=== TEST 5: one byte for 4 KB of fields, over and over
--- user_files
>>> main.py
from bad import *
p = Peer(port)
first = p.head("/hello") + p.coder.encode([("x-bomb", "b" * 3900)])
again = p.coder.encode([("x-bomb", "b" * 3900)])
p.add(HEADERS, END_HEADERS | END_STREAM, 1, (first + again * 16000)[:16384])
p.send()
report(p)
print(len(again))
--- exec_out
goaway 11 lines 1 11: too many header fields
memory bounded
hello
1



=== TEST 6: SETTINGS
--- user_files
>>> main.py
from bad import *
p = Peer(port)
for i in range(100000):
    p.add(SETTINGS, 0, 0, b"\0\4" + number(i + 1))
p.send(drains=False)
report(p)
--- exec_out
goaway 11 lines 1 11: too many SETTINGS frames
memory bounded
hello



=== TEST 7: PING, from one that does not read
--- user_files
>>> main.py
from bad import *
p = Peer(port)
for i in range(100000):
    p.add(PING, 0, 0, b"12345678")
p.send(drains=False)
report(p)
--- exec_out
goaway 11 lines 1 11: too many PING frames
memory bounded
hello



=== TEST 8: DATA without data, padded and bare
--- user_files
>>> main.py
from bad import *
p = Peer(port).request(1, "/read", "POST", False)
for i in range(10000):
    p.add(DATA, 0, 1, b"").add(DATA, 8, 1, b"\x03\0\0\0")
p.send()
report(p)
--- exec_out
goaway 11 lines 1 11: too many empty DATA frames
memory bounded
hello



=== TEST 9: PRIORITY, PRIORITY_UPDATE, unknown frames
--- user_files
>>> main.py
from bad import *
for make in ((PRIORITY, 0, 5, number(3) + b"\1"), (PRIORITY_UPDATE, 0, 0, number(7) + b"u=1"), (99, 0, 0, b"?")):
    p = Peer(port)
    for i in range(10000):
        p.add(*make)
    p.send()
    print(p.read(lambda p: p.goaway).goaway)
--- exec_out
11
11
11



=== TEST 10: windows opened by one byte at a time
--- user_files
>>> main.py
from bad import *
p = Peer(port, [(4, 0)]).request(1, "/big")
for i in range(20000):
    p.add(WINDOW_UPDATE, 0, 1, number(1))
p.send()
report(p)
--- exec_out
goaway 11 lines 1 11: too many WINDOW_UPDATE frames
memory bounded
hello



=== TEST 11: a window that overflows ends the stream, or the connection
--- user_files
>>> main.py
from bad import *
p = Peer(port).request(1, "/wait").add(WINDOW_UPDATE, 0, 1, number(0x7fffffff))
p.send()
print(p.read(lambda p: p.ended(1)).resets)
p.add(WINDOW_UPDATE, 0, 0, number(0x7fffffff)).send()
print(p.read(lambda p: p.goaway).goaway)
for size in 0x7fffffff - 101, 0x7fffffff - 99, 0x7fffffff:          # of new streams; this one has 100 more
    p = Peer(port).request(1, "/wait").add(WINDOW_UPDATE, 0, 1, number(100)).add(SETTINGS, 0, 0, b"\0\4" + number(size))
    cut = len(p.out) - 3
    rest, p.out = p.out[cut:], p.out[:cut]
    p.send()
    p.out += rest
    p.request(3, "/hello").send()
    p.read(lambda p: p.goaway or p.ended(3))
    print(p.resets, p.goaway, p.bodies.get(3))
--- exec_out
{1: 3}
3
{} None b'hello'
{} 3 None
{} 3 None



=== TEST 12: 100 large answers, and nobody opens the window: bounded, then given up
--- config
    send_timeout 1s;
    location = /hello { return 200 "hello"; }
    location = /big { content_by_lua_block { for i = 1, 1000 do ngx.print(("x"):rep(10000)) ngx.flush(true) end } }
--- user_files
>>> main.py
from bad import *
p = Peer(port, [(4, 0)])
for i in range(100):
    p.request(2 * i + 1, "/big")
p.send()
p.read(lambda p: len(p.resets) == 100)
print(set(p.resets.values()), sum(map(len, p.bodies.values())))
bounded(24)
p.request(1001, "/hello").add(WINDOW_UPDATE, 0, 1001, number(5)).send()
print(p.read(lambda p: p.ended(1001)).bodies[1001])
--- exec_out
{8} 0
memory bounded
b'hello'



=== TEST 13: 100 large answers for one that reads nothing at all, then something
--- user_files
>>> main.py
from bad import *
p = Peer(port, [(4, 0x7fffffff)])
p.add(WINDOW_UPDATE, 0, 0, number(0x7fff0000 - 65535))
for i in range(100):
    p.request(2 * i + 1, "/big")
p.send(drains=False)
print(ask(port))
bounded(24)
got = lambda p: sum(map(len, p.bodies.values())) > 30e6
print(got(p.read(got)), p.goaway)
bounded(24)
--- exec_out
hello
memory bounded
True None
memory bounded



=== TEST 14: uploads that nobody reads: no more is taken than the windows say
--- user_files
>>> main.py
from bad import *
p = Peer(port).add(SETTINGS, ACK, 0)
for i in range(120):
    p.request(2 * i + 1, "/wait", "POST", False)
p.send()
sent = 0
for i in range(480):
    p.read(lambda p: p.given - sent >= 15000, 3)
    if p.given - sent < 15000:
        break
    p.add(DATA, 0, 2 * (i // 4) + 1, b"d" * 15000)
    sent += 15000
    p.send()
print("stopped", 1e6 < sent < 2.2e6, p.goaway, len(p.resets))
bounded(12)
print(ask(port))
--- exec_out
stopped True None 0
memory bounded
hello



=== TEST 15: limits are what the configuration says
--- http_config
    http2 on;
    http2_flood_limit pings=3 settings=0;
    http2_max_concurrent_streams 2;
--- user_files
>>> main.py
from bad import *
p = Peer(port)
for i in range(1000):
    p.add(SETTINGS, 0, 0)
p.request(1, "/wait").request(3, "/wait").request(5, "/hello").send()
print(p.read(lambda p: p.ended(5)).resets, p.goaway)
for i in range(4):
    p.add(PING, 0, 0, b"12345678")
p.send()
report(p)
--- exec_out
{5: 7} None
goaway 11 lines 1 11: too many PING frames
memory bounded
hello



=== TEST 16: 1,000 answers of 1 MB that nobody takes yet share the one string they come from
--- config
    location = /hello { return 200 "hello"; }
    location = /print { content_by_lua_block { one_mb = one_mb or ("x"):rep(1e6) ngx.print(one_mb) } }
    location = /return { handler app; }
--- http_config
    http2 on;
    lua_package_path "$TEST_NGINX_HTML_DIR/?.lua;;";
--- user_files
>>> app.lua
local body = ("y"):rep(1e6)
return function(req) return req.query == "table" and { body = body } or body end
>>> main.py
from bad import *
paths = ["/print", "/return", "/return?table"]
peers = [Peer(port, [(4, 0x7fffffff)]) for i in range(8)]
for p in peers:
    for i in range(125):
        p.request(2 * i + 1, paths[i % 3])
    p.send(drains=False)
print(ask(port))
bounded(32)
p = peers[0].add(WINDOW_UPDATE, 0, 0, number(0x7fff0000))
p.send()
p.read(lambda p: len(p.over) == 125)
print({len(b) for b in p.bodies.values()}, {b[:1] + b[-1:] for b in p.bodies.values()} == {b"xx", b"yy"}, p.goaway)
bounded(32)
--- exec_out
hello
memory bounded
{1000000} True None
memory bounded
--- no_error_log
[error]



=== TEST 17: print without flush waits for a client that does not read, over HTTP/2 and HTTP/1.1
--- config
    send_timeout 5s;
    location = /hello { return 200 "hello"; }
    location = /loop { content_by_lua_block {
        local n = tonumber(ngx.var.arg_n or 1000)
        for i = 1, n do
            local ok, err = ngx.say(("x"):rep(9999))
            if not ok then ngx.log(ngx.WARN, "say: ", err) return end
            if i == n then ngx.print("end") end
        end
    } }
--- user_files
>>> main.py
from bad import *
p = Peer(port, [(4, 0)])
for i in range(100):
    p.request(2 * i + 1, "/loop")
p.send()
plain = [socket.create_connection(("127.0.0.1", port)) for i in range(40)]
for s in plain:
    s.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 65536)
    s.send(b"GET /loop HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
p.read(lambda p: len(p.resets) == 100)                # by then all have waited as long as they may
print(set(p.resets.values()))
bounded(40)
print(ask(port))
s = Peer(port, [(4, 0x7fffffff)]).request(1, "/loop?n=100")
s.add(WINDOW_UPDATE, 0, 0, number(0x7fff0000)).send()
body = s.read(lambda p: p.ended(1)).bodies[1]
print(len(body), body[-4:])
--- exec_out
{8}
memory bounded
hello
1000003 b'\nend'
--- error_log
say: nginx output filter error



=== TEST 18: every kind of frame that makes the server reset a stream whose request it has begun
--- config
    location = /hello { return 200 "hello"; }
    location = /wait { content_by_lua_block { ngx.sleep(30) } }
--- user_files
>>> main.py
from bad import *
kinds = {
    "a window by nothing": lambda i: (WINDOW_UPDATE, 0, i, number(0)),
    "a window by too much": lambda i: (WINDOW_UPDATE, 0, i, number(0x7fffffff)),
    "DATA after the end": lambda i: (DATA, 0, i, b"late"),
    "a head after the end": lambda i: (HEADERS, END_HEADERS | END_STREAM, i, b"\x82"),
    "PRIORITY on itself": lambda i: (PRIORITY, 0, i, number(i) + b"\1"),
    "PRIORITY of a wrong size": lambda i: (PRIORITY, 0, i, b"\1"),
    "RST_STREAM of a wrong size": lambda i: (RST_STREAM, 0, i, b"\1"),
}
for name, make in kinds.items():
    p = Peer(port)
    for i in range(1, 6000, 2):
        p.request(i, "/wait").add(*make(i))
    p.send()
    p.read(lambda p: p.closed and p.goaway is not None)
    taken = p.goaways[-1][0] // 2 if p.goaways else -1
    print(name, "ends with", p.goaway, "within the limit", taken <= 520 or taken)
bounded(10)
print(ask(port))
--- exec_out
a window by nothing ends with 1 within the limit True
a window by too much ends with 11 within the limit True
DATA after the end ends with 5 within the limit True
a head after the end ends with 5 within the limit True
PRIORITY on itself ends with 1 within the limit True
PRIORITY of a wrong size ends with 6 within the limit True
RST_STREAM of a wrong size ends with 6 within the limit True
memory bounded
hello



=== TEST 19: one kind of frame or field block, over and over: how each ends; what goes on costs nothing
--- user_files
>>> main.py
from bad import *
def frames(n, *args):
    return lambda p: [p.add(*args) for i in range(n)]
def settings(n, *pairs):
    return frames(n, SETTINGS, 0, 0, b"".join(struct.pack(">HI", *pair) for pair in pairs))
def heads(n, block, flags=END_HEADERS | END_STREAM):
    return lambda p: [p.add(HEADERS, flags, 2 * i + 1, block) for i in range(n)]
def after_answer(n, kind, payload):
    def say(p):
        p.request(1, "/hello").send()
        p.read(lambda p: p.ended(1))
        frames(n, kind, 0, 1, payload)(p)
    return say
def in_head(n, block):
    return lambda p: (p.add(HEADERS, END_STREAM, 1, b""), frames(n, CONTINUATION, 0, 1, block)(p))
def streams_and_windows(p):
    for i in range(100):
        p.request(2 * i + 1, "/wait")
    for i in range(2000):
        settings(1, (4, 0))(p), settings(1, (4, 60000))(p)
def bomb_in_trailers(p):
    p.request(1, "/read", "POST", False)
    field, again = (p.coder.encode([("x-t", "b" * 3900)]) for i in range(2))
    p.add(HEADERS, END_HEADERS | END_STREAM, 1, (field + again * 16000)[:16384])
def trailers_without_end(p):
    p.request(1, "/read", "POST", False)
    for i in range(3000):
        p.add(HEADERS, END_HEADERS, 1, p.coder.encode([("x-t", "b")]))
def crumbs(p):
    field = lambda name, value: b"\0" + bytes([len(name)]) + name + bytes([len(value)]) + value
    block = p.head("/hello") + field(b"cookie", b"a") * 15000
    p.add(HEADERS, END_STREAM, 1, block[:16384])
    for at in range(16384, len(block), 16384):
        p.add(CONTINUATION, END_HEADERS if at + 16384 >= len(block) else 0, 1, block[at:at + 16384])
plain = b"\x82\x84\x86\x01\x01a"
cases = {
    "updates of the table's size, a block each": heads(3000, b"\x20" * 16000),
    "the same in one block": in_head(3000, b"\x20" * 16000),
    "windows of 100 streams set to 0 and back": streams_and_windows,
    "the size of the table set to 0 and back": settings(20000, (1, 0), (1, 4096)),
    "SETTINGS of 2,700 entries": settings(20, *[(4, 5)] * 2700),
    "SETTINGS ACK that nobody waits for": frames(20000, SETTINGS, ACK, 0),
    "PING ACK that nobody waits for": frames(20000, PING, ACK, 0, b"12345678"),
    "GOAWAY": frames(20000, GOAWAY, 0, 0, number(0) * 2),
    "WINDOW_UPDATE of a stream that is over": after_answer(20000, WINDOW_UPDATE, number(1)),
    "RST_STREAM of a stream that is over": after_answer(20000, RST_STREAM, number(8)),
    "DATA of a stream that is over": after_answer(20000, DATA, b"x"),
    "CONTINUATION with nothing": in_head(20000, b""),
    "trailers that grow": bomb_in_trailers,
    "15,000 crumbs of a cookie": crumbs,
    "heads that depend on themselves": lambda p: [p.add(HEADERS, 0x25, 2 * i + 1, number(2 * i + 1) + b"\1" + plain) for i in range(3000)],
    "PUSH_PROMISE": frames(1, 5, END_HEADERS, 1, number(2) + plain),
    "a frame of 8 MB": lambda p: p.out.extend(b"\x7f\xff\xff\0\1\0\0\0\1" + b"x" * 100000),
    "a block that cannot be decoded": heads(1, b"\xff" * 20),
}
for name, say in cases.items():
    p = Peer(port)
    say(p)
    p.send()
    p.read(lambda p: p.closed or p.goaway is not None)
    print(name + ":", p.goaway)
p = Peer(port)
trailers_without_end(p)
p.send()
p.read(lambda p: p.resets or p.goaway)
print("trailers that do not end the stream:", p.resets, p.goaway)
bounded(12)
print(ask(port))
print(sum(1 for l in open(root + "/logs/error.log") if "HTTP/2 connection ends" in l), sum(1 for l in open(root + "/logs/error.log") if "[alert]" in l or "error 9: COMPRESSION_ERROR" in l))
--- exec_out
updates of the table's size, a block each: 11
the same in one block: 11
windows of 100 streams set to 0 and back: 11
the size of the table set to 0 and back: 11
SETTINGS of 2,700 entries: 11
SETTINGS ACK that nobody waits for: 1
PING ACK that nobody waits for: 11
GOAWAY: 11
WINDOW_UPDATE of a stream that is over: 11
RST_STREAM of a stream that is over: 11
DATA of a stream that is over: 5
CONTINUATION with nothing: 11
trailers that grow: 11
15,000 crumbs of a cookie: 11
heads that depend on themselves: 1
PUSH_PROMISE: 1
a frame of 8 MB: 6
a block that cannot be decoded: 9
trailers that do not end the stream: {1: 1} None
memory bounded
hello
18 1



=== TEST 20: what never becomes whole is not waited for longer than client_header_timeout
--- http_config
    http2 on;
    client_header_timeout 300ms;
--- config
    keepalive_timeout 300ms;
    location = /hello { return 200 "hello"; }
--- user_files
>>> main.py
from bad import *
head = lambda p: p.head("/hello")
for name, say in {
    "a block without its end": lambda p: p.add(HEADERS, 0, 1, head(p)),
    "half the head of a frame": lambda p: p.out.extend(b"\0\x10\0\1"),
    "half a frame": lambda p: p.out.extend(frame(HEADERS, END_HEADERS, 1, head(p) + b"x" * 100)[:30]),
    "half a preface": lambda p: p.out.__delitem__(slice(10, None)),
    "a preface": lambda p: None,
}.items():
    p = Peer(port)
    say(p)
    p.send()
    print(name, p.read(lambda p: p.closed).closed)
print(ask(port))
--- exec_out
a block without its end True
half the head of a frame True
half a frame True
half a preface True
a preface True
hello



=== TEST 21: the log tells who has ended a stream: the client, or we, because it broke the rules
--- config
    error_log logs/info.log info;
    location = /hello { return 200 "hello"; }
    location = /wait { content_by_lua_block { ngx.sleep(30) } }
--- user_files
>>> main.py
from bad import *
for what in (WINDOW_UPDATE, 0, 1, number(0x7fffffff)), (RST_STREAM, 0, 1, number(8)), (DATA, END_STREAM, 1, b"longer"):
    p = Peer(port)
    if what[0] == DATA:
        p.request(1, "/wait", "POST", False, [("content-length", "2")])
    else:
        p.request(1, "/wait")
    p.add(*what).request(3, "/hello").send()
    p.read(lambda p: p.ended(3))
for line in open(root + "/logs/info.log"):
    if "while the request was handled" in line:
        print(line.split(": *")[-1].split(" ", 1)[-1].split(", client")[0])
--- exec_out
client broke the rules of HTTP/2 while the request was handled: FLOW_CONTROL_ERROR
client reset the stream while the request was handled
client broke the rules of HTTP/2 while the request was handled: PROTOCOL_ERROR



=== TEST 22: what idles costs little, however often, and when it has gone it costs next to nothing
--- worker_connections: 1000
--- user_files
>>> main.py
from bad import *
def open_one():
    p = Peer(port).request(1, "/hello", extra=[("user-agent", "x" * 70)])
    p.send()
    return p.read(lambda p: p.ended(1))
def opened():
    return len(os.listdir("/proc/%s/fd" % pid))
idle = opened()
for p in [open_one() for _ in range(20)]:
    p.sock.close()
wait_for(lambda: opened() <= idle)
before = memory(pid)
for _ in range(3):
    peers = [open_one() for _ in range(600)]
    used = (memory(pid) - before) * 1024 / 600
    print("idle", "little" if used < 13 else used)
    for p in peers:
        p.sock.close()
    wait_for(lambda: opened() <= idle and memory(pid) - before < 5)
    used = memory(pid) - before
    print("gone", "nothing" if used < 5 else used)
--- exec_out
idle little
gone nothing
idle little
gone nothing
idle little
gone nothing



=== TEST 23: an answer whose head is too large to be sent is told in the log; others go on
--- config
    location = /hello { return 200 "hello"; }
    location = /long { content_by_lua_block { ngx.header.x = ("x"):rep(17e6) ngx.say("long") } }
    location = /flushed { content_by_lua_block { ngx.header.x = ("x"):rep(17e6) ngx.say("long") ngx.flush(true) ngx.sleep(1) } }
--- user_files
>>> main.py
from bad import *
p = Peer(port).request(1, "/long").request(3, "/flushed").request(5, "/hello")
p.send()
p.read(lambda p: p.ended(1) and p.ended(3) and p.ended(5))
print(sorted(p.resets.items()), p.heads.keys(), p.bodies, p.goaway)
print(ask(port))
for line in open(root + "/logs/error.log"):
    if "too large" in line or "broke the rules" in line:
        print(line.split(": *")[-1].split(" ", 1)[-1].split(", client")[0], line.split("request: ")[1].split(",")[0])
--- exec_out
[(1, 2), (3, 2)] dict_keys([5]) {5: b'hello'} None
hello
the response has header fields too large for HTTP/2 "GET /long HTTP/2.0"
the response has header fields too large for HTTP/2 "GET /flushed HTTP/2.0"
