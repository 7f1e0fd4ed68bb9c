# WebSocket servers, frame by frame (RFC 6455): what is answered, what ends a connection and with which code. The client is
# t/lib/ws_peer.lua, which uses nothing of the server's.
use Test::Nginx::Socket 'no_plan';

no_root_location();
our $Http = <<'_EOC_';
    lua_package_path "$TEST_NGINX_HTML_DIR/?.lua;;";
_EOC_
our $Config = <<'_EOC_';
    location / { handler app; }
_EOC_
our $Exec = <<'_EOC_';
P=$(readlink /proc/$(cat $TEST_NGINX_SERVROOT/logs/nginx.pid)/exe)
timeout 100 $P run t/lib/ws_peer.lua $TEST_NGINX_SERVER_PORT $TEST_NGINX_HTML_DIR/main.lua
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
        $block->set_value("timeout", 30);
    }
});

run_tests();

__DATA__

=== TEST 1: the handshake's answer (section 1.3), and an echo that came with the request
--- user_files
>>> app.lua
local websocket = require "perilune.websocket"
return websocket.handler(function(ws)
    for message, is_binary in ws:each() do ws:send(message, is_binary) end
end)
>>> main.lua
local peer = ...
local c = peer.connect { more = peer.frame(1, "early") }
print((c.head:gsub("\r", ""):gsub("Server: [^\n]*\n", ""):gsub("Date: [^\n]*\n", "")))
print(c:receive())
c:send(2, "\0\255")
print(select("#", c:receive()))
c:send(8, "\3\232bye")
print(c:tell())
--- exec_out
HTTP/1.1 101 Switching Protocols
Connection: upgrade
Upgrade: websocket
Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=


1	early	129
3
close 1000 eof



=== TEST 2: what is no upgrade, and what is a bad one
--- user_files
>>> app.lua
local websocket = require "perilune.websocket"
return websocket.handler(function(ws) ws:close() end, { sub_protocols = { "a" } })
>>> main.lua
local peer = ...
for _, opts in ipairs { { key = "short" }, { version = "8" }, { key = "" }, { headers = "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n" },
    { headers = "Origin: http://elsewhere\r\n" }, { headers = "Origin: http://localhost\r\n" },
    { headers = "Origin: http://localhost:80\r\n" }, { headers = "Origin: https://localhost:80\r\n" },
    { headers = "Content-Length: 2\r\n", more = "ab" }, { headers = "Transfer-Encoding: chunked\r\n", more = "0\r\n\r\n" } } do
    local c = peer.connect(opts)
    print(c.head:match("^HTTP/1.1 (%d+)"), c.head:match("(Sec%-WebSocket%-Version: %d+)"), c.head:match("Upgrade: %w+"),
        c.head:match("Connection: [^\r]+"))
    c:close()
end
--- request
GET /
--- error_code: 426
--- response_headers
Upgrade: websocket
--- exec_out
400	nil	nil	Connection: keep-alive
426	Sec-WebSocket-Version: 13	Upgrade: websocket	Connection: upgrade, keep-alive
400	nil	nil	Connection: keep-alive
400	nil	nil	Connection: keep-alive
403	nil	nil	Connection: keep-alive
101	nil	Upgrade: websocket	Connection: upgrade
101	nil	Upgrade: websocket	Connection: upgrade
403	nil	nil	Connection: keep-alive
400	nil	nil	Connection: keep-alive
400	nil	nil	Connection: keep-alive



=== TEST 3: fragments, control frames between them, empty messages (5.4, 5.5)
--- user_files
>>> app.lua
local websocket = require "perilune.websocket"
return websocket.handler(function(ws)
    for message, is_binary in ws:each() do ws:send(message, is_binary) end
end)
>>> main.lua
local peer = ...
local c = peer.connect()
c:send(1, "one ", { fin = false }):send(0, "two ", { fin = false }):send(9, "p"):send(0, "three")
c:send(1, ""):send(2, "", { fin = false }):send(0, "")
c:send(10, "unasked"):send(9, ("x"):rep(125))
c:send(1, "letter \206", { fin = false }):send(0, "\186")
c:send(8, "")
print(c:tell())
--- exec_out
pong p text one two three text  binary  pong 125 bytes text letter κ close none eof



=== TEST 4: what ends a connection, with its code; whole and byte by byte
--- user_files
>>> app.lua
local websocket = require "perilune.websocket"
return websocket.handler(function(ws)
    for message in ws:each() do ws:send(message) end
end, { max_message_size = 1000, max_frame_payload = 800 })
>>> main.lua
local peer = ...
local f = peer.frame
local cases = {
    { "no mask", f(1, "a", { mask = false }) },
    { "RSV1", f(1, "a", { rsv = 4 }) }, { "RSV2", f(1, "a", { rsv = 2 }) }, { "RSV3", f(1, "a", { rsv = 1 }) },
    { "opcode 3", f(3, "a") }, { "opcode 7", f(7, "") }, { "opcode 11", f(11, "a") }, { "opcode 15", f(15, "") },
    { "ping of 126", f(9, ("x"):rep(126)) }, { "fragmented ping", f(9, "", { fin = false }) },
    { "fragmented close", f(8, "", { fin = false }) },
    { "continuation first", f(0, "a") }, { "continuation after a whole message", f(1, "a") .. f(0, "b") },
    { "text inside a message", f(1, "a", { fin = false }) .. f(1, "b") },
    { "close of one byte", f(8, "\3") }, { "close 999", f(8, "\3\231") }, { "close 1004", f(8, "\3\236") },
    { "close 1005", f(8, "\3\237") }, { "close 1006", f(8, "\3\238") }, { "close 1016", f(8, "\3\248") },
    { "close 2999", f(8, "\11\183") }, { "close 5000", f(8, "\19\136") },
    { "close with a bad reason", f(8, "\3\232\255") },
    { "close 3000", f(8, "\11\184") }, { "close 4999", f(8, "\19\135") },
    { "bad text", f(1, "a\255") }, { "text that ends in a letter", f(1, "\206") },
    { "overlong", f(1, "\192\175") }, { "surrogate", f(1, "\237\160\128") },
    { "bad text in the first fragment", f(1, "\255", { fin = false }) },
    { "frame too large", f(1, ("x"):rep(801)) }, { "message too large", f(1, ("x"):rep(600), { fin = false }) .. f(0, ("x"):rep(600)) },
    { "length in a longer form", "\129\254\0\1\1\2\3\4a" },
    { "64 bits", "\129\255\128\0\0\0\0\0\0\1\1\2\3\4" },
}
for _, case in ipairs(cases) do
    local said = {}
    for _, step in ipairs { #case[2], 1 } do
        local c = peer.connect()
        said[#said + 1] = c:raw(case[2], step):tell()
        c:close()
    end
    print(case[1], said[1] == said[2] and said[1] or said[1] .. " / " .. said[2])
end
--- exec_out
no mask	close 1002 eof
RSV1	close 1002 eof
RSV2	close 1002 eof
RSV3	close 1002 eof
opcode 3	close 1002 eof
opcode 7	close 1002 eof
opcode 11	close 1002 eof
opcode 15	close 1002 eof
ping of 126	close 1002 eof
fragmented ping	close 1002 eof
fragmented close	close 1002 eof
continuation first	close 1002 eof
continuation after a whole message	text a close 1002 eof
text inside a message	close 1002 eof
close of one byte	close 1002 eof
close 999	close 1002 eof
close 1004	close 1002 eof
close 1005	close 1002 eof
close 1006	close 1002 eof
close 1016	close 1002 eof
close 2999	close 1002 eof
close 5000	close 1002 eof
close with a bad reason	close 1007 eof
close 3000	close 3000 eof
close 4999	close 4999 eof
bad text	close 1007 eof
text that ends in a letter	close 1007 eof
overlong	close 1007 eof
surrogate	close 1007 eof
bad text in the first fragment	close 1007 eof
frame too large	close 1009 eof
message too large	close 1009 eof
length in a longer form	close 1002 eof
64 bits	close 1002 eof



=== TEST 5: sub-protocols, headers, what both sides know of the end
--- user_files
>>> app.lua
local websocket = require "perilune.websocket"
return function(req)
    local ws = await(websocket.upgrade(req, { sub_protocols = { "v2", "v1" }, headers = { ["X-Room"] = "blue" } }))
    await(ws:put(tostring(ws.protocol) .. " " .. req.path .. " " .. tostring(req.query_string)))
    ws:receive()
    local ended = ws:close(4000, "enough")
    local answered = await(ended)
    require("perilune.core.sys").log("warn", table.concat({ tostring(answered), ws:state() }, "|"))
end
>>> main.lua
local peer = ...
local c = peer.connect { path = "/chat?a=1", headers = "Sec-WebSocket-Protocol: v1, v2\r\n" }
print(c.head:match("Sec%-WebSocket%-Protocol: (%w+)"), c.head:match("X%-Room: (%w+)"))
print(c:receive())
c:send(1, "go")
local opcode, payload = c:receive()
print(opcode, payload:sub(3))
c:send(8, "\15\161done")
print(c:tell())
--- exec_out
v1	blue
1	v1 /chat a=1	129
8	enough
eof
--- error_log
true|closed|4001|done



=== TEST 6: pings are answered by their own pongs; a silent peer is asked, then left
--- user_files
>>> app.lua
local websocket = require "perilune.websocket"
local sys = require "perilune.core.sys"
return websocket.handler(function(ws)
    local a, b = ws:ping("a"), ws:ping("b")
    sys.log("warn", "second " .. await(b))
    sys.log("warn", "first " .. await(a))
    local ok, err = try_await(ws:ping("never"))
    sys.log("warn", "third " .. tostring(ok) .. " " .. err.code .. " " .. select(4, ws:state()))
end, { heartbeat_interval = 2, heartbeat_timeout = 1, heartbeat_payload = "still there?" })
>>> main.lua
local peer = ...
local c = peer.connect()
print(c:receive()) print(c:receive())
c:send(10, "b") c:send(10, "a")
print(c:tell())
--- exec_out_like: ^9\ta\t137\n9\tb\t137\nping never ping still there\? .*\n$
--- error_log
second b
first a
third false closed timeout



=== TEST 7: a slow peer suspends the sender, and memory is bounded
--- user_files
>>> app.lua
local websocket = require "perilune.websocket"
local sent = 0
return function(req)
    if req.path == "/sent" then return tostring(sent) end
    return websocket.handler(function(ws)
        while sent < 2000 and ws:send(("x"):rep(50000), true) do sent = sent + 1 end
    end)(req)
end
>>> main.lua
local peer = ...
local c = peer.connect()
local sock, posix = require "perilune.test.sock", require "perilune.test.posix"
local function ask()
    local fd = sock.connect("127.0.0.1", peer.port, 5)
    sock.send(fd, "GET /sent HTTP/1.0\r\n\r\n", 1, 22)
    local all = ""
    repeat
        sock.poll(fd, true, false, 1)
        local data = sock.recv(fd)
        all = all .. (data or "")
    until data == "" or data == nil
    sock.close(fd)
    return tonumber(all:match("\r\n\r\n(%d+)"))
end
local before
repeat before = ask() posix.sleep(0.2) until ask() == before
print("stalled", before > 0 and before < 1000)
local n = 0
repeat
    local opcode, payload = c:receive()
    if opcode == 2 then n = n + #payload end
until opcode ~= 2
print(n)
--- exec_out
stalled	true
100000000



=== TEST 8: a reader that does not read slows its peer down; the close behind is seen
--- user_files
>>> app.lua
local websocket, task = require "perilune.websocket", require "perilune.task"
local go = false
return function(req)
    if req.path == "/go" then go = true return "go" end
    return websocket.handler(function(ws)
        while not go do task.nap(0.01) end
        local n = 0
        for message in ws:each() do n = n + #message end
        require("perilune.core.sys").log("warn", "read " .. n .. " " .. ws:state())
    end)(req)
end
>>> main.lua
local peer = ...
local sock, posix = require "perilune.test.sock", require "perilune.test.posix"
local c = peer.connect()
local frame = peer.frame(2, ("y"):rep(60000), { mask = "\0\0\0\0" })
local all = frame:rep(500) .. peer.frame(8, "\3\232")
local at, stop = 1, posix.now() + 1
while at <= #all and posix.now() < stop do
    local n = sock.send(c.fd, all, at, math.min(at + 65535, #all))
    at = at + n
    if n == 0 then sock.poll(c.fd, false, true, 0.1) end
end
print("stalled", at < 15e6)
local fd = sock.connect("127.0.0.1", peer.port, 5)
sock.send(fd, "GET /go HTTP/1.0\r\n\r\n", 1, 20)
c:raw(all:sub(at))
print(c:tell())
--- exec_out
stalled	true
close 1000 eof
--- error_log
read 30000000 closed



=== TEST 9: a handler that fails closes with 1011; the log says why, the client does not learn it
--- user_files
>>> app.lua
local websocket = require "perilune.websocket"
return websocket.handler(function(ws) ws:receive() error("secret trouble") end)
>>> main.lua
local peer = ...
local c = peer.connect()
c:send(1, "x")
local opcode, payload = c:receive()
print(opcode, payload:byte(1) * 256 + payload:byte(2), payload:sub(3))
--- exec_out
8	1011	
--- error_log
secret trouble



=== TEST 10: a connection that nobody holds is closed as going away
--- user_files
>>> app.lua
local websocket = require "perilune.websocket"
return function(req)
    if req.path == "/collect" then collectgarbage() collectgarbage() return "ok" end
    await(websocket.upgrade(req))
end
>>> main.lua
local peer = ...
local sock = require "perilune.test.sock"
local c = peer.connect()
local fd = sock.connect("127.0.0.1", peer.port, 5)
sock.send(fd, "GET /collect HTTP/1.0\r\n\r\n", 1, 25)
local opcode, payload = c:receive()
print(opcode, payload:byte(1) * 256 + payload:byte(2))
c:send(8, payload)
print(c:tell())
--- exec_out
8	1001
eof



=== TEST 11: pieces of a large message
--- user_files
>>> app.lua
local websocket = require "perilune.websocket"
return websocket.handler(function(ws)
    local n, pieces = 0, 0
    while true do
        local piece, is_last, is_binary = ws:receive_piece()
        if not piece then return end
        n, pieces = n + #piece, pieces + 1
        if is_last then
            ws:send(("%d %s %s"):format(n, tostring(pieces > 3), tostring(is_binary)))
            n, pieces = 0, 0
        end
    end
end, { pieces = true, max_frame_payload = 1e9, max_message_size = 1e9 })
>>> main.lua
local peer = ...
local c = peer.connect()
c:send(2, ("z"):rep(3000000), { mask = "\0\0\0\0" })
print(c:receive())
c:send(1, "small", { fin = false }):send(0, "er"):send(0, "") -- the last frame has no message
print(c:tell())
--- exec_out
1	3000000 true true	129
text 7 false false close 1002 eof



=== TEST 12: options that are wrong
--- user_files
>>> app.lua
local websocket = require "perilune.websocket"
local said = {}
for _, opts in ipairs { { compresion = true }, { window_bits = 8 }, { origin = 5 }, { pieces = "yes" } } do
    local ok, err = pcall(websocket.handler, function() end, opts)
    said[#said + 1] = tostring(ok) .. " " .. err:match("websocket%.handler.*")
end
return function() return table.concat(said, "\n") .. "\n" end
--- request
GET /
--- response_body
false websocket.handler: unknown option 'compresion'; did you mean 'compression'?
false websocket.handler: option 'window_bits' must be a whole number from 9 to 15, not 8
false websocket.handler: option 'origin' must be a string or table or function, not 5
false websocket.handler: option 'pieces' must be a boolean, not a string
--- exec
true



=== TEST 13: a group: everyone but one, the slow one is passed over, the closed ones are gone
--- user_files
>>> app.lua
local websocket, task = require "perilune.websocket", require "perilune.task"
local room = websocket.group { limit = 100000 }
return function(req)
    if req.path == "/size" then return tostring(room:size()) end
    if req.path == "/flood" then
        local missed = 0
        for _ = 1, 400 do
            local _, m = room:broadcast(("x"):rep(50000))
            missed = missed + m
            task.nap(0.001)
        end
        return tostring(missed > 0)
    end
    return websocket.handler(function(ws)
        room:join(ws):join(ws)
        for message in ws:each() do
            room:broadcast(message, { except = ws })
        end
    end)(req)
end
>>> main.lua
local peer = ...
local sock = require "perilune.test.sock"
local function get(path)
    local fd, all = sock.connect("127.0.0.1", peer.port, 5), ""
    local text = ("GET %s HTTP/1.0\r\n\r\n"):format(path)
    sock.send(fd, text, 1, #text)
    repeat
        sock.poll(fd, true, false, 1)
        local data = sock.recv(fd)
        all = all .. (data or "")
    until data == "" or data == nil
    sock.close(fd)
    return all:match("\r\n\r\n(.*)")
end
local a, b, c = peer.connect(), peer.connect(), peer.connect()
while get "/size" ~= "3" do end
a:send(1, "from a")
print(b:receive()) print(c:receive())
b:send(1, "from b")
print(a:receive()) print(c:receive())
c:send(8, "\3\232")
print(c:tell())
while get "/size" ~= "2" do end
print("missed", get "/flood")
--- exec_out
1	from a	129
1	from a	129
1	from b	129
1	from b	129
close 1000 eof
missed	true



=== TEST 14: messages sent in pieces: characters between two of them, pings in between, nothing else; a group passes over
--- user_files
>>> app.lua
local websocket = require "perilune.websocket"
local room = websocket.group()
local function why(ok, err) return ok and "sent" or err:match("app%.lua:%d+: (.*)") end
return websocket.handler(function(ws)
    room:join(ws)
    ws:send_piece("a\195")
    ws:ping("p")
    local said = { why(pcall(function() local _ = ws:send("no") end)), ("%d sent, %d missed"):format(room:broadcast("no")) }
    pcall(function() local _ = ws:send_piece("\169\226", true) end) -- refused, so it is as if it had not been
    ws:send_piece("", false)
    ws:send_piece("\169", true)
    ws:send_piece("\255", false, true)
    ws:send_piece("\0", true, false) -- what the first one said counts
    said[3] = why(pcall(function() local _ = ws:send_piece("\195", true) end))
    said[4] = why(pcall(function() local _ = ws:send_piece(nil, true) end))
    ws:send(table.concat(said, "\n"))
end)
>>> main.lua
local peer = ...
local c = peer.connect()
for _ = 1, 8 do
    local opcode, payload, first = c:receive()
    print(opcode, (payload:gsub("[^\n -~]", function(b) return ("<%d>"):format(b:byte()) end)), first)
end
c:send(8, "\3\232")
print(c:tell())
--- exec_out
1	a<195>	1
9	p	137
0		0
0	<169>	128
2	<255>	2
0	<0>	128
1	the message that is sent in pieces has not ended
0 sent, 1 missed
a text message must be UTF-8; anything else is sent as a binary one
a message must be a string, not nil	129
8	<3><232>	136
eof



=== TEST 15: misuse is put down to the line that does it
--- user_files
>>> app.lua
local websocket = require "perilune.websocket"
local room = websocket.group()
local said = {}
local function try(fn)
    local ok, err = pcall(fn)
    said[#said + 1] = ok and "ok" or tostring(err):match("app%.lua:%d+: (.*)") or "elsewhere: " .. tostring(err)
end
try(function() local _ = websocket.handler(function() end, { sub_protocols = { "a", "b c" } }) end)
try(function() local _ = websocket.handler(function() end, { heartbeat_payload = ("x"):rep(126) }) end)
try(function() local _ = room:join({}) end)
try(function() local _ = room:leave("x") end)
try(function() local _ = room:broadcast("x", { bin = true }) end)
try(function() local _ = room:broadcast("x", { except = {} }) end)
try(function() local _ = room:broadcast({}) end)
try(function() local _ = room:broadcast("\255") end)
return websocket.handler(function(ws)
    try(function() local _ = ws:send("\255") end)
    try(function() local _ = ws:put({}) end)
    try(function() local _ = ws:ping(("x"):rep(126)) end)
    try(function() local _ = ws:close(1005) end)
    try(function() local _ = ws:close(1000, ("x"):rep(124)) end)
    ws:send("\255", true)
    for _, line in ipairs(said) do ws:send(line) end
end)
>>> main.lua
local peer = ...
local c = peer.connect()
print(select(2, c:receive()) == "\255")
for _ = 1, 13 do print((select(2, c:receive()))) end
c:send(8, "\3\232")
print(c:tell())
--- exec_out
true
websocket.handler: option 'sub_protocols': no token (RFC 9110) at place 2
websocket.handler: option 'heartbeat_payload' must have at most 125 bytes
group:join: a WebSocket is needed, not a table
group:leave: a WebSocket is needed, not a string
group:broadcast: unknown option 'bin'; there is 'binary', 'except'
group:broadcast: a WebSocket is needed, not a table
a message must be a string, not table
a text message must be UTF-8; anything else is sent as a binary one
a text message must be UTF-8; anything else is sent as a binary one
a message must be a string, not table
the payload of a ping has at most 125 bytes
the code of a close must be one that may be sent: 1000-1003, 1007-1014, 3000-4999
the reason of a close has at most 123 bytes of UTF-8
close 1000 eof



=== TEST 16: a value that is no message ends a connection that is used as a stream, and the log tells
--- user_files
>>> app.lua
local websocket = require "perilune.websocket"
return websocket.handler(function(ws)
    local s = ws:stream()
    await(s:put("one"))
    await(s:put({}))
    while await(s:put("two")) do end
end)
>>> main.lua
local peer = ...
local c = peer.connect()
print(select(2, c:receive()), (c:receive()))
c:send(8, "\3\243")
print(c:tell())
--- exec_out
one	8
eof
--- error_log
a message must be a string, not table



=== TEST 17: a connection that was used as a stream and has ended is forgotten, though nobody closed the stream
--- user_files
>>> app.lua
local task, websocket = require "perilune.task", require "perilune.websocket"
local all = setmetatable({}, { __mode = "k" })
local function count()
    local n = 0
    collectgarbage()
    for _ in pairs(all) do n = n + 1 end
    return n
end
return websocket.handler(function(ws)
    all[ws] = true
    local s = ws:stream()
    for message in s:each() do
        while message == "alone?" and count() > 1 do task.nap(0.001) end
        await(s:put(message))
    end
end)
>>> main.lua
local peer = ...
for _, message in ipairs { "a", "b", "alone?" } do
    local c = peer.connect()
    c:send(1, message)
    print((select(2, c:receive())))
    c:send(8, "\3\232")
    print(c:tell())
end
--- exec_out
a
close 1000 eof
b
close 1000 eof
alone?
close 1000 eof



=== TEST 18: operators on a connection go on when there is no task: echoed by itself, mapped, consumed
--- user_files
>>> app.lua
local websocket = require "perilune.websocket"
return function(req)
    local s = await(websocket.upgrade(req, { typed = req.path == "/typed" })):stream()
    if req.path ~= "/upper" then
        s:connect(s)
    else
        s:map(string.upper):buffer(100):consume(function(text) s:put(text) end)
    end
end
>>> main.lua
local peer = ...
for _, path in ipairs { "/echo", "/typed", "/upper" } do
    local c = peer.connect { path = path }
    for _, message in ipairs { "a", "b", "c" } do
        c:send(1, message)
        print((select(2, c:receive())))
    end
    c:send(8, "\3\232")
    print(c:tell())
end
--- exec_out
a
b
c
close 1000 eof
a
b
c
close 1000 eof
A
B
C
close 1000 eof
