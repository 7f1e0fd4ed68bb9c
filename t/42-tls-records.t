# Records of TLS that no library sends: in any cut, empty, malformed, of messages of TLS itself without end; and the end, which may come
# in one piece with what is before it. t/lib/tls_records.py is the client; `games` is what the cases share.
use Test::Nginx::Socket 'no_plan';

our $Begin = <<'_EOC_';
export PYTHONPATH=$PWD/t/lib PYTHONDONTWRITEBYTECODE=1; . t/lib/tls.sh
certs server
cat >games.py <<'EOF'
import os, re, time
from h2_peer import memory
from tls_records import *
port = int(os.environ["PORT"])
GET, SLOW = b"GET /hello HTTP/1.1\r\nHost: a\r\n\r\n", b"GET /slow HTTP/1.1\r\nHost: a\r\n\r\n"
POST = b"POST /read HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\nabc"
def ask(path="hello"):
    s = Records(port)
    s.send(s.record(DATA, GET.replace(b"hello", path.encode()).replace(b"\r\n\r\n", b"\r\nConnection: close\r\n\r\n")))
    return s.get()[0].split(b"\r\n")[-1].decode()
def lines():
    return [l for l in open("logs/error.log") if "[info]" in l and ", client: " in l]
def new_line(before):
    """The next line about a client; waits for it."""
    until = time.time() + 60
    while len(lines()) <= before and time.time() < until:
        time.sleep(0.01)
    return lines()[before].split("*")[1].split(" ", 1)[1].split(", client")[0]
EOF
play() {
    export PORT
    serve "location = /hello { return 200 hello; }
        location = /pid { return 200 \$pid; }
        location = /slow { content_by_lua_block { ngx.sleep(0.2) ngx.print('hello') } }
        location = /read { content_by_lua_block { ngx.req.read_body() ngx.print('hello') } }" \
        'keepalive_timeout 60; client_body_timeout 60;'
    /usr/bin/python3 game.py 2>&1
    stop
}
_EOC_

timeout(200);
no_root_location();
run_tests();

__DATA__

=== TEST 1: a request in any cut is a request
--- config
    location / { return 200 "ok"; }
--- exec eval
$::Begin . <<'X'
cat >game.py <<'EOF'
from games import *
for version in 2, 3:
    cuts = {
        "a piece for each byte": lambda s: [s.send(bytes([b])) for b in s.record(DATA, GET)],
        "a record for each byte": lambda s: s.send(*[s.record(DATA, bytes([b])) for b in GET]),
        "empty records first": lambda s: s.send(*[s.record(DATA) for i in range(20)], s.record(DATA, GET)),
    }
    if version == 3:
        cuts["padding"] = lambda s: s.send(*[s.record(DATA, bytes([b]), 16000) for b in GET])
        cuts["new keys"] = lambda s: s.send(s.new_keys(0), s.record(DATA, GET[:9]), s.new_keys(1), s.record(DATA, GET[9:]))
        cuts["new keys, often"] = lambda s: s.send(*[s.new_keys(1) for i in range(60)], s.record(DATA, GET))
    for name, say in cuts.items():
        s = Records(port, version)
        say(s)
        got, how = s.get(b"hello")
        print(version, name, got[-5:], how)
EOF
play
X
--- exec_out
2 a piece for each byte b'hello' None
2 a record for each byte b'hello' None
2 empty records first b'hello' None
3 a piece for each byte b'hello' None
3 a record for each byte b'hello' None
3 empty records first b'hello' None
3 padding b'hello' None
3 new keys b'hello' None
3 new keys, often b'hello' None



=== TEST 2: what breaks the rules ends the connection, with a line in the log
--- config
    location / { return 200 "ok"; }
--- exec eval
$::Begin . <<'X'
cat >game.py <<'EOF'
from games import *
games = {
    "too many empty records": lambda s: [s.record(DATA) for i in range(40)],
    "alerts that mean nothing": lambda s: [s.record(ALERT, b"\1\x5a") for i in range(40)],
    "another message than an alert": lambda s: [s.record(99, b"x")],
    "a code that is not right": lambda s: [s.record(DATA, GET)[:-1] + b"\0"],
    "a record that is too long": lambda s: [b"\x17\x03\x03\x7f\xff" + b"x" * 100],
}
of_1_3 = {
    "the hello of another handshake": lambda s: [s.record(HANDSHAKE, b"\1\0\0\x20" + b"x" * 32)],
    "part of a message, then data": lambda s: [s.record(HANDSHAKE, b"\x14\0"), s.record(DATA, GET)],
    "a ticket": lambda s: [s.record(HANDSHAKE, b"\4\0\0\x20" + b"x" * 32)],
    "a message of 16 MB": lambda s: [s.record(HANDSHAKE, b"\x18\xff\xff\xff" + b"x" * 16000)],
    "new keys of a wrong kind": lambda s: [s.new_keys(2)],
    "data too long when it is decrypted": lambda s: [s.record(DATA, b"G" * 16385)],
    "a change of ciphers": lambda s: [b"\x14\x03\x03\0\1\1"],
    "a record in the clear": lambda s: [b"\x17\x03\x03\0\5hello"],
}
for version in 2, 3:
    for name, say in {**games, **(of_1_3 if version == 3 else {})}.items():
        before, s = len(lines()), Records(port, version)
        s.send(*say(s))
        got, line = s.get()[0], new_line(before)
        print(version, name + ":", got, re.sub(r"(malformed TLS): [^)]*", r"\1", line))
print(ask())
EOF
play
X
--- exec_out
2 too many empty records: b'' SSL_read() failed (SSL: malformed TLS) while waiting for request
2 alerts that mean nothing: b'' SSL_read() failed (SSL: malformed TLS) while waiting for request
2 another message than an alert: b'' SSL_read() failed (SSL: malformed TLS) while waiting for request
2 a code that is not right: b'' SSL_read() failed (SSL: malformed TLS) while waiting for request
2 a record that is too long: b'' SSL_read() failed (SSL: malformed TLS) while waiting for request
3 too many empty records: b'' SSL_read() failed (SSL: malformed TLS) while waiting for request
3 alerts that mean nothing: b'' SSL_read() failed (SSL: malformed TLS) while waiting for request
3 another message than an alert: b'' SSL_read() failed (SSL: malformed TLS) while waiting for request
3 a code that is not right: b'' SSL_read() failed (SSL: malformed TLS) while waiting for request
3 a record that is too long: b'' SSL_read() failed (SSL: malformed TLS) while waiting for request
3 the hello of another handshake: b'' SSL_read() failed (SSL: malformed TLS) while waiting for request
3 part of a message, then data: b'' SSL_read() failed (SSL: malformed TLS) while waiting for request
3 a ticket: b'' SSL_read() failed (SSL: malformed TLS) while waiting for request
3 a message of 16 MB: b'' SSL_read() failed (SSL: malformed TLS) while waiting for request
3 new keys of a wrong kind: b'' SSL_read() failed (SSL: malformed TLS) while waiting for request
3 data too long when it is decrypted: b'' SSL_read() failed (SSL: malformed TLS) while waiting for request
3 a change of ciphers: b'' SSL_read() failed (SSL: malformed TLS) while waiting for request
3 a record in the clear: b'' SSL_read() failed (SSL: malformed TLS) while waiting for request
hello



=== TEST 3: new keys and refused handshakes without end, from one that does not read: memory is bounded, and it is cut off
--- config
    location / { return 200 "ok"; }
--- exec eval
$::Begin . <<'X'
cat >game.py <<'EOF'
from games import *
worker = ask("pid")
for version, name, make in (3, "new keys", lambda s: s.new_keys()), (2, "handshakes", lambda s: s.record(HANDSHAKE, b"\1\0\0\0")):
    s, before, used = Records(port, version), len(lines()), memory(worker, "VmHWM")
    for i in range(10):
        if not s.send(*[make(s) for i in range(2000)]):
            break
    line, until = new_line(before), time.time() + 60
    while s.send(b"x") and time.time() < until: # the system may have taken all before the server looked at it
        time.sleep(0.01)
    print(name, "go on:", s.send(b"x"), line, memory(worker, "VmHWM") - used < 2)
print(ask())
EOF
play
X
--- exec_out
new keys go on: False SSL_read() failed (SSL: too many messages of TLS itself) while waiting for request True
handshakes go on: False SSL_read() failed (SSL: too many messages of TLS itself) while waiting for request True
hello



=== TEST 4: the end of the client's side, in one piece with a request or with half of one
--- config
    location / { return 200 "ok"; }
--- exec eval
$::Begin . <<'X'
cat >game.py <<'EOF'
from games import *
for version in 2, 3:
    for name, piece in ("a request", GET), ("a slow request", SLOW), ("half a body", POST), ("half a head", GET[:9]):
        s = Records(port, version)
        s.send(s.record(DATA, piece) + s.record(ALERT, CLOSE))
        got, how = s.get()
        print(version, name, got[:12].decode(), b"hello" in got, how)
    before, s = len(lines()), Records(port, version)
    s.send(s.record(DATA, POST))
    s.sock.shutdown(socket.SHUT_WR)
    s.get()
    print(version, "the end of the transport within a body:", new_line(before))
print(ask())
EOF
play
X
--- exec_out
2 a request HTTP/1.1 200 True close_notify
2 a slow request HTTP/1.1 200 True close_notify
2 half a body HTTP/1.1 400 False close_notify
2 half a head  False close_notify
2 the end of the transport within a body: connection ended without close_notify of TLS while reading client request body
3 a request HTTP/1.1 200 True close_notify
3 a slow request HTTP/1.1 200 True close_notify
3 half a body HTTP/1.1 400 False close_notify
3 half a head  False close_notify
3 the end of the transport within a body: connection ended without close_notify of TLS while reading client request body
hello
