# What is passed on is never ambiguous: framing, targets, names and fields that a client, a variable or Lua made odd.
use Test::Nginx::Socket 'no_plan';

no_root_location();
run_tests();

__DATA__

=== TEST 1: framing, hosts and fields: each request is refused, or reaches the server in one plain form
--- config
    location /r/ { proxy_pass http://127.0.0.1:$TEST_NGINX_RAND_PORT_1/; proxy_http_version 1.1; proxy_set_header Connection ""; proxy_set_header X-Real-IP $remote_addr; proxy_set_header Host $host; }
    location /s/ { proxy_pass http://127.0.0.1:$TEST_NGINX_RAND_PORT_1/; proxy_http_version 1.1; proxy_set_header Connection ""; proxy_request_buffering off; }
    location /d/ { proxy_pass http://127.0.0.1:$TEST_NGINX_RAND_PORT_1/; proxy_set_header Host d; }
    location ~ ^/v/([^/]*)$ { proxy_pass http://127.0.0.1:$TEST_NGINX_RAND_PORT_1/$1; proxy_http_version 1.1; proxy_set_header Host d; }
    location ~ ^/f/(?<x>[^/]*)$ { rewrite ^ /f break; proxy_pass http://127.0.0.1:$TEST_NGINX_RAND_PORT_1; proxy_set_header X-A $x; proxy_set_header Host $x; }
    location /lua/ {
        access_by_lua_block { ngx.req.set_header("X-User", "bob") ngx.req.set_header("x_user", "own") ngx.req.set_uri_args("a=b\r\nX: y z") }
        proxy_pass http://127.0.0.1:$TEST_NGINX_RAND_PORT_1; proxy_http_version 1.1; proxy_set_header Host d;
    }
--- user_files
>>> c.lua
local task, tcp = require "perilune.task", require "perilune.tcp"
local FRONT, ORIGIN = tonumber(os.getenv "FRONT"), tonumber(os.getenv "ORIGIN")
local seen
-- Answers what is whole by its own reckoning, and notes it.
local origin = tcp.start_server(function(s)
    local text = ""
    for chunk in s:each() do
        text = text .. chunk
        local head, body = text:match "^(.-\r\n)\r\n(.*)$"
        local n = head and tonumber(head:match "Content%-Length: (%d+)" or 0)
        if head and (head:find "chunked" and body:find "0\r\n\r\n$" or not head:find "chunked" and #body >= n) then
            seen = text
            s:put "HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
            return
        end
    end
end, { address = "127.0.0.1", port = ORIGIN })
for line in io.lines "cases" do
    local name, text = line:match "^(.-) | (.*)$"
    text = text:gsub("\\r", "\r"):gsub("\\n", "\n"):gsub("\\t", "\t"):gsub("\\0", "\0")
    seen = nil
    local s = await(tcp.connect { host = "127.0.0.1", port = FRONT })
    s:put(text)
    local got = await(s:take()) or "closed"
    s:abort()
    print(name, got:match "^HTTP/1.1 (%d+)" or got)
    if seen then
        print("", (seen:gsub("\r\n", "|"):gsub("\r", "CR"):gsub("\n", "LF"):gsub("%z", "NUL")))
    end
end
origin:close(0):await()
>>> cases
plain | GET /r/ HTTP/1.1\r\nHost: a\r\n\r\n
length and chunked | POST /r/ HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\nX
length twice | POST /r/ HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\nContent-Length: 2\r\n\r\nhi
two lengths | POST /r/ HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\nhi!
list of lengths | POST /r/ HTTP/1.1\r\nHost: a\r\nContent-Length: 2, 2\r\n\r\nhi
signed length | POST /r/ HTTP/1.1\r\nHost: a\r\nContent-Length: +2\r\n\r\nhi
folded | GET /r/ HTTP/1.1\r\nHost: a\r\nX-A: b\r\n c\r\n\r\n
other coding | POST /r/ HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: xchunked\r\n\r\n0\r\n\r\n
chunked not last | POST /r/ HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked, identity\r\n\r\n0\r\n\r\n
chunked twice | POST /r/ HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n
tab before chunked | POST /r/ HTTP/1.1\r\nHost: a\r\nTransfer-Encoding:\tchunked\r\n\r\n2\r\nhi\r\n0\r\n\r\n
blank before colon | POST /r/ HTTP/1.1\r\nHost: a\r\nTransfer-Encoding : chunked\r\n\r\n0\r\n\r\n
chunked in 1.0 | POST /r/ HTTP/1.0\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n
chunk extensions | POST /r/ HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n2;x="y"\r\nhi\r\n0;z\r\n\r\n
streamed extensions | POST /s/ HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n2;x="y"\r\nhi\r\n0;z\r\n\r\n
LF in an extension | POST /r/ HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n2;a\nhi\r\n0\r\n\r\n
LF in chunks | POST /s/ HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n2\nhi\n0\n\n
0x in a chunk | POST /r/ HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n0x2\r\nhi\r\n0\r\n\r\n
trailers | POST /r/ HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\nTrailer: X-T\r\n\r\n2\r\nhi\r\n0\r\nX-T: 1\r\nContent-Length: 9\r\nHost: evil\r\n\r\n
streamed trailers | POST /s/ HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhi\r\n0\r\nX-T: 1\r\nContent-Length: 9\r\n\r\n
another host in the target | GET http://good.example/r/ HTTP/1.1\r\nHost: evil.example\r\n\r\n
two hosts | GET /r/ HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n
blank in the host | GET /r/ HTTP/1.1\r\nHost: a b\r\n\r\n
userinfo in the host | GET /r/ HTTP/1.1\r\nHost: u@a\r\n\r\n
underscores | GET /r/ HTTP/1.1\r\nHost: a\r\nX_Real_IP: 6.6.6.6\r\nContent_Length: 5\r\nX-Other: x\r\n\r\n
Connection names ours | GET /r/ HTTP/1.1\r\nHost: a\r\nConnection: close, X-Real-IP, Host, X-B\r\nX-Real-IP: 6.6.6.6\r\nX-B: 1\r\nX-C: 2\r\n\r\n
Connection names the length | POST /r/ HTTP/1.1\r\nHost: a\r\nConnection: Content-Length\r\nContent-Length: 2\r\n\r\nhi
Connection names chunked | POST /s/ HTTP/1.1\r\nHost: a\r\nConnection: Transfer-Encoding\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhi\r\n0\r\n\r\n
fields of the connection | GET /d/ HTTP/1.1\r\nHost: a\r\nKeep-Alive: x\r\nTE: trailers\r\nProxy-Connection: y\r\nUpgrade: h2c\r\nHTTP2-Settings: AAA\r\n\r\n
body in a GET | GET /d/ HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhi\r\n0\r\n\r\n
NUL in a value | GET /r/ HTTP/1.1\r\nHost: a\r\nX: a\0b\r\n\r\n
CR in a value | GET /r/ HTTP/1.1\r\nHost: a\r\nX: a\rb: c\r\n\r\n
LF for CRLF | GET /r/ HTTP/1.1\nHost: a\n\n
CRLF in the path | GET /r/%0d%0aX:%20y HTTP/1.1\r\nHost: a\r\n\r\n
CRLF by a variable | GET /v/%0d%0aX:%20y HTTP/1.1\r\nHost: a\r\n\r\n
a blank by a variable | GET /v/a%20b%20HTTP HTTP/1.1\r\nHost: a\r\n\r\n
CRLF in a field by a variable | GET /f/%0d%0aX:%20y HTTP/1.1\r\nHost: a\r\n\r\n
blank in Host by a variable | GET /f/a%20b HTTP/1.1\r\nHost: a\r\n\r\n
Lua | GET /lua/ HTTP/1.1\r\nHost: a\r\nConnection: X-User\r\nX_Other: 1\r\n\r\n
--- exec
cd $TEST_NGINX_HTML_DIR; FRONT=$TEST_NGINX_SERVER_PORT ORIGIN=$TEST_NGINX_RAND_PORT_1 timeout 100 $TEST_NGINX_BINARY run c.lua | sed "s/127.0.0.1:$TEST_NGINX_RAND_PORT_1/ORIGIN/"
--- exec_out
plain	200
	GET / HTTP/1.1|Host: a|X-Real-IP: 127.0.0.1||
length and chunked	400
length twice	400
two lengths	400
list of lengths	400
signed length	400
folded	400
other coding	501
chunked not last	400
chunked twice	400
tab before chunked	200
	POST / HTTP/1.1|Host: a|Content-Length: 2|X-Real-IP: 127.0.0.1||hi
blank before colon	400
chunked in 1.0	400
chunk extensions	200
	POST / HTTP/1.1|Host: a|Content-Length: 2|X-Real-IP: 127.0.0.1||hi
streamed extensions	200
	POST / HTTP/1.1|Host: ORIGIN|Transfer-Encoding: chunked||2|hi|0||
LF in an extension	400
LF in chunks	400
0x in a chunk	400
trailers	200
	POST / HTTP/1.1|Host: a|Content-Length: 2|X-Real-IP: 127.0.0.1||hi
streamed trailers	200
	POST / HTTP/1.1|Host: ORIGIN|Transfer-Encoding: chunked||2|hi|0||
another host in the target	200
	GET / HTTP/1.1|Host: good.example|X-Real-IP: 127.0.0.1||
two hosts	400
blank in the host	400
userinfo in the host	400
underscores	200
	GET / HTTP/1.1|Host: a|X-Real-IP: 127.0.0.1|X-Other: x||
Connection names ours	200
	GET / HTTP/1.1|Host: a|X-Real-IP: 127.0.0.1|X-C: 2||
Connection names the length	200
	POST / HTTP/1.1|Host: a|Content-Length: 2|X-Real-IP: 127.0.0.1||hi
Connection names chunked	200
	POST / HTTP/1.1|Host: ORIGIN|Transfer-Encoding: chunked||2|hi|0||
fields of the connection	200
	GET / HTTP/1.0|Host: d|Connection: close||
body in a GET	200
	GET / HTTP/1.0|Host: d|Content-Length: 2|Connection: close||hi
NUL in a value	400
CR in a value	400
LF for CRLF	400
CRLF in the path	200
	GET /%0D%0AX:%20y HTTP/1.1|Host: a|X-Real-IP: 127.0.0.1||
CRLF by a variable	200
	GET /%0D%0AX:%20y HTTP/1.1|Host: d|Connection: close||
a blank by a variable	200
	GET /a%20b%20HTTP HTTP/1.1|Host: d|Connection: close||
CRLF in a field by a variable	200
	GET /f HTTP/1.0|Host: ORIGIN|Connection: close||
blank in Host by a variable	200
	GET /f HTTP/1.0|Host: ORIGIN|Connection: close|X-A: a b||
Lua	200
	GET /lua/?a=b%0D%0AX:%20y%20z HTTP/1.1|Host: d|Connection: close|X-User: bob|x_user: own||



=== TEST 2: underscores_in_headers on passes such fields on
--- config
    underscores_in_headers on;
    location /r/ { proxy_pass http://127.0.0.1:$TEST_NGINX_SERVER_PORT/seen; }
    location /seen { echo "$http_x_own"; }
--- request
GET /r/
--- more_headers
X_Own: mine
--- response_body
mine



=== TEST 3: without it they stay here
--- config
    location /r/ { header_filter_by_lua_block { ngx.header["X-Seen"] = ngx.var.http_x_own } proxy_pass http://127.0.0.1:$TEST_NGINX_SERVER_PORT/seen; }
    location /seen { echo "[$http_x_own]"; }
--- request
GET /r/
--- more_headers
X_Own: mine
--- response_body
[]
--- response_headers
!X-Seen



=== TEST 4: from HTTP/2 to HTTP/1.1: what would be read otherwise there is refused, or goes on in one plain form
--- config
    http2 on;
    location /r/ { proxy_pass http://127.0.0.1:$TEST_NGINX_RAND_PORT_1/; proxy_http_version 1.1; proxy_set_header Connection ""; proxy_set_header Host $host; }
    location /s/ { proxy_pass http://127.0.0.1:$TEST_NGINX_RAND_PORT_1/; proxy_http_version 1.1; proxy_set_header Connection ""; proxy_request_buffering off; }
--- user_files
>>> c.py
import os, socket, sys, threading
sys.path.insert(0, os.environ["LIB"])
from h2_peer import *
FRONT, ORIGIN = int(os.environ["FRONT"]), int(os.environ["ORIGIN"])
seen, server = [], socket.create_server(("127.0.0.1", ORIGIN))

def is_whole(head, body):
    if b"transfer-encoding" in head.lower():
        return body.endswith(b"0\r\n\r\n")
    length = [l for l in head.lower().split(b"\r\n") if l.startswith(b"content-length: ")]
    return len(body) >= (int(length[0][16:]) if length else 0)

# One request a connection; what comes behind it would be seen, too.
def origin():
    while True:
        s, text = server.accept()[0], b""
        s.settimeout(60)
        while True:
            more = s.recv(65536)
            text += more
            head, end, body = text.partition(b"\r\n\r\n")
            if not more or end and is_whole(head, body):
                break
        seen.append(text.decode("latin1"))
        s.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
        s.close()
threading.Thread(target=origin, daemon=True).start()

def ask(name, fields, body=None, changes=None, trailers=None):
    pseudo = {":method": "POST" if body is not None else "GET", ":scheme": "http", ":path": "/r/", ":authority": "a"}
    pseudo.update(changes or {})
    head = [(k, v) for k, v in pseudo.items() if v is not None] + fields
    p = Peer(FRONT)
    p.add(HEADERS, END_HEADERS | (END_STREAM if body is None else 0), 1, p.coder.encode(head))
    if body is not None:
        p.add(DATA, 0 if trailers else END_STREAM, 1, body)
    if trailers:
        p.add(HEADERS, END_HEADERS | END_STREAM, 1, p.coder.encode(trailers))
    p.send()
    p.read(lambda p: p.ended(1) or p.goaway is not None)
    heads = p.heads.get(1)
    print(name, heads[-1][":status"] if heads else "reset %d" % p.resets[1] if 1 in p.resets else "goaway %s" % p.goaway)
    for text in seen:
        print("\t" + text.replace("127.0.0.1:%d" % ORIGIN, "ORIGIN").replace("\r\n", "|").replace("\r", "CR").replace("\n", "LF"))
    del seen[:]
    p.sock.close()

S = {":path": "/s/"}
ask("plain", [("x-a", "b")])
ask("body", [], b"hi")
ask("streamed body", [], b"hi", S)
ask("length", [("content-length", "2")], b"hi")
ask("length too short", [("content-length", "1")], b"hi")
ask("length too long", [("content-length", "9")], b"hi")
ask("length of nothing", [("content-length", "5")])
ask("two lengths", [("content-length", "2"), ("content-length", "3")], b"hi")
ask("list of lengths", [("content-length", "2, 2")], b"hi")
ask("signed length", [("content-length", "+2")], b"hi")
ask("transfer-encoding", [("transfer-encoding", "chunked")], b"0\r\n\r\nGET /smuggled HTTP/1.1\r\nHost: a\r\n\r\n")
ask("streamed transfer-encoding", [("transfer-encoding", "chunked")], b"0\r\n\r\n", S)
ask("name in capitals", [("Transfer-Encoding", "chunked")], b"0\r\n\r\n")
ask("name with a blank", [("transfer-encoding ", "chunked")], b"0\r\n\r\n")
ask("name with a colon", [("x: y\r\ntransfer-encoding", "chunked")], b"0\r\n\r\n")
ask("name with an underscore", [("transfer_encoding", "chunked"), ("x_a", "b")], b"hi")
ask("empty name", [("", "x")])
ask("line in a value", [("x-a", "b\r\nTransfer-Encoding: chunked")], b"0\r\n\r\n")
ask("LF in a value", [("x-a", "b\nX-B: c")])
ask("NUL in a value", [("x-a", "b\0c")])
ask("blanks around a value", [("x-a", " b ")])
ask("connection", [("connection", "x-real-ip, close")])
ask("keep-alive", [("keep-alive", "timeout=5")])
ask("proxy-connection", [("proxy-connection", "keep-alive")])
ask("upgrade", [("upgrade", "h2c"), ("http2-settings", "AAA")])
ask("te", [("te", "gzip")])
ask("te trailers", [("te", "trailers")])
ask("expect", [("expect", "100-continue")], b"hi")
ask("cookies", [("cookie", "a=1"), ("x-b", "2"), ("cookie", "c=3")])
ask("host as well", [("host", "a")])
ask("another host", [("host", "evil")])
ask("two hosts", [("host", "a"), ("host", "evil")])
ask("host alone", [("host", "a")], None, {":authority": None})
ask("neither", [], None, {":authority": None})
ask("user in authority", [], None, {":authority": "u@a"})
ask("line in authority", [], None, {":authority": "a\r\nX-B: c"})
ask("blank in authority", [], None, {":authority": "a b"})
ask("line in method", [], None, {":method": "GET / HTTP/1.1\r\nHost: a\r\nX:"})
ask("blank in method", [], None, {":method": "GET /s"})
ask("line in path", [], None, {":path": "/r/ HTTP/1.1\r\nHost: evil\r\n\r\n"})
ask("blank in path", [], None, {":path": "/r/ x"})
ask("absolute path", [], None, {":path": "http://evil/r/"})
ask("empty path", [], None, {":path": ""})
ask("fragment", [], None, {":path": "/r/#x"})
ask("odd scheme", [], None, {":scheme": "http://evil/r/?"})
ask("no scheme", [], None, {":scheme": None})
ask("two paths", [(":path", "/s/")])
ask("pseudo-field behind", [("x-a", "b"), (":authority", "evil")])
ask("unknown pseudo-field", [(":x", "y")])
ask("trailers", [], b"hi", None, [("x-t", "1")])
ask("streamed trailers", [], b"hi", S, [("x-t", "1")])
ask("length in trailers", [], b"hi", None, [("content-length", "9")])
ask("transfer-encoding in trailers", [], b"hi", S, [("transfer-encoding", "chunked")])
ask("pseudo-field in trailers", [], b"hi", S, [(":path", "/x")])
--- exec
cd $TEST_NGINX_HTML_DIR; LIB=$OLDPWD/t/lib FRONT=$TEST_NGINX_SERVER_PORT ORIGIN=$TEST_NGINX_RAND_PORT_1 timeout 100 /usr/bin/python3 c.py
--- exec_out
plain 200
	GET / HTTP/1.1|Host: a|x-a: b||
body 200
	POST / HTTP/1.1|Host: a|Content-Length: 2||hi
streamed body 200
	POST / HTTP/1.1|Host: ORIGIN|Transfer-Encoding: chunked||2|hi|0||
length 200
	POST / HTTP/1.1|Host: a|Content-Length: 2||hi
length too short reset 1
length too long reset 1
length of nothing reset 1
two lengths reset 1
list of lengths reset 1
signed length reset 1
transfer-encoding reset 1
streamed transfer-encoding reset 1
name in capitals reset 1
name with a blank reset 1
name with a colon reset 1
name with an underscore 200
	POST / HTTP/1.1|Host: a|Content-Length: 2||hi
empty name reset 1
line in a value reset 1
LF in a value reset 1
NUL in a value reset 1
blanks around a value reset 1
connection reset 1
keep-alive reset 1
proxy-connection reset 1
upgrade reset 1
te reset 1
te trailers 200
	GET / HTTP/1.1|Host: a||
expect 200
	POST / HTTP/1.1|Host: a|Content-Length: 2||hi
cookies 200
	GET / HTTP/1.1|Host: a|x-b: 2|Cookie: a=1; c=3||
host as well 200
	GET / HTTP/1.1|Host: a||
another host 400
two hosts reset 1
host alone 200
	GET / HTTP/1.1|Host: a||
neither reset 1
user in authority 400
line in authority reset 1
blank in authority reset 1
line in method reset 1
blank in method reset 1
line in path reset 1
blank in path reset 1
absolute path reset 1
empty path reset 1
fragment 400
odd scheme reset 1
no scheme reset 1
two paths reset 1
pseudo-field behind reset 1
unknown pseudo-field reset 1
trailers 200
	POST / HTTP/1.1|Host: a|Content-Length: 2||hi
streamed trailers 200
	POST / HTTP/1.1|Host: ORIGIN|Transfer-Encoding: chunked||2|hi|0||
length in trailers reset 1
transfer-encoding in trailers reset 1
pseudo-field in trailers reset 1
