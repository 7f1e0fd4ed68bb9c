# WebSocket clients: against our own server, against python3-websockets, and against servers that answer wrongly.
use Test::Nginx::Socket 'no_plan';

no_root_location();
our $Http = <<'_EOC_';
    lua_package_path "$TEST_NGINX_HTML_DIR/?.lua;;";
_EOC_
our $Config = <<'_EOC_';
    http2 on;
    location / { handler app; }
_EOC_
our $Run = <<'_EOC_';
P=$(readlink /proc/$(cat $TEST_NGINX_SERVROOT/logs/nginx.pid)/exe)
timeout 100 $P run $TEST_NGINX_HTML_DIR/main.lua $TEST_NGINX_SERVER_PORT $TEST_NGINX_HTML_DIR 2>&1
_EOC_
add_block_preprocessor(sub {
    my $block = shift;
    $block->set_value("http_config", $Http);
    if (!defined $block->config) {
        $block->set_value("config", $Config);
    }
    if (!defined $block->exec) {
        $block->set_value("exec", $Run);
    }
});

run_tests();

__DATA__

=== TEST 1: messages, sub-protocols, compression, the end
--- user_files
>>> app.lua
local websocket = require "perilune.websocket"
return websocket.handler(function(ws)
    for message, is_binary in ws:each() do
        if message == "bye" then ws:close(4001, "as you wish") return end
        ws:send(message, is_binary)
    end
end, { sub_protocols = { "v2" }, compression = true, max_message_size = 1e7, max_frame_payload = 1e7 })
>>> main.lua
local websocket = require "perilune.websocket"
local base = "ws://127.0.0.1:" .. arg[1]
for _, opts in ipairs { {}, { compression = true }, { compression = true, window_bits = 10, no_context_takeover = true } } do
    opts.sub_protocols, opts.max_frame_payload, opts.max_message_size = { "v1", "v2" }, 1e7, 1e7
    local ws = await(websocket.connect(base .. "/x?y=1", opts))
    for _, text in ipairs { "hello", "", ("x"):rep(70000), ("ab"):rep(500000) } do
        ws:send(text)
        local got, is_binary = ws:receive()
        assert(got == text and not is_binary)
    end
    ws:send("\0\255", true)
    assert(select(2, ws:receive()) == true)
    print(ws.protocol, await(ws:ping("p")))
    ws:send("bye")
    print(ws:receive(), ws:state())
end
local s = await(websocket.connect(base)):stream()
s:put("one") s:put("two")
print(await(s:map(string.upper):take()))
s:close()
--- exec_out
v2	p
nil	closed	4001	as you wish	nil
v2	p
nil	closed	4001	as you wish	nil
v2	p
nil	closed	4001	as you wish	nil
ONE



=== TEST 2: fields of a handshake in each form that fields may have, both ways
--- user_files
>>> app.lua
local http, websocket = require "perilune.http", require "perilune.websocket"
local forms = { http.headers { ["X-R"] = "r" }, { { "X-R", "r" }, { "X-R", "s" } }, { ["X-R"] = { "r", "s" } } }
return function(req)
    local ws = await(websocket.upgrade(req, { headers = forms[tonumber(req.path:sub(2))] }))
    ws:send(table.concat(req.headers:get_all("x-a"), "+"))
    ws:close()
end
>>> main.lua
local http, websocket, tcp = require "perilune.http", require "perilune.websocket", require "perilune.tcp"
local forms = { http.headers { ["X-A"] = "a" }, { { "X-A", "a" }, { "X-A", "b" } }, { ["X-A"] = { "a", "b" } } }
for i, fields in ipairs(forms) do
    local ws = await(websocket.connect("ws://127.0.0.1:" .. arg[1] .. "/" .. i, { headers = fields }))
    print(ws:receive())
    local s = await(tcp.connect { host = "127.0.0.1", port = tonumber(arg[1]) })
    s:put("GET /" .. i .. " HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        .. "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n")
    local head, values = "", {}
    repeat head = head .. await(s:take()) until head:find("\r\n\r\n", 1, true)
    for value in head:gmatch("X%-R: (%w+)") do values[#values + 1] = value end
    print(head:match("^HTTP/1.1 %d+"), table.concat(values, "+"))
    s:abort()
end
--- exec_out
a	false
HTTP/1.1 101	r
a+b	false
HTTP/1.1 101	r+s
a+b	false
HTTP/1.1 101	r+s

=== TEST 3: what is refused
--- config
    location / { return 200; }
    location /denied { return 403 "no"; }
--- user_files
>>> main.lua
local websocket, tcp = require "perilune.websocket", require "perilune.tcp"
local function try(url, opts)
    local ok, err = try_await(websocket.connect(url, opts))
    print(ok, err.code, err.status, err.message)
end
try("ftp://a") try("ws://127.0.0.1:" .. arg[1] .. "/denied") try("ws://127.0.0.1:" .. arg[1] .. "/")
try("ws://127.0.0.1:" .. arg[1], { headers = { ["A\r\nB"] = "c" } })
try("ws://127.0.0.1:" .. arg[1], { origin = "http://a\r\nB: c" })
try("ws://127.0.0.1:" .. arg[1], { bearer = "a\r\nB: c" })
print((select(2, pcall(websocket.connect, "ws://a", { sub_protocols = { "a\r\nB: c" } })):match("websocket%.connect.*")))
print((select(2, pcall(websocket.connect, "ws://a", { sub_protocol = {} })):match("websocket%.connect.*")))
local GOOD = "HTTP/1.1 101 x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
local answers = {
    GOOD .. "\r\n", GOOD .. "Sec-WebSocket-Accept: wrong\r\n\r\n", "HTTP/1.0 101 x\r\n\r\n", "nonsense\r\n\r\n", GOOD,
    "HTTP/1.1 101 x\r\nUpgrade: websocket\r\n\r\n", GOOD .. "bad field\r\n\r\n",
    GOOD .. "Sec-WebSocket-Accept: ACCEPT\r\nSec-WebSocket-Protocol: other\r\n\r\n",
    GOOD .. "Sec-WebSocket-Accept: ACCEPT\r\nSec-WebSocket-Extensions: permessage-deflate\r\n\r\n",
}
local at = 0
local server = tcp.start_server(function(s)
    at = at + 1
    local head = ""
    repeat head = head .. await(s:take()) until head:find("\r\n\r\n", 1, true)
    local key = head:match("Sec%-WebSocket%-Key: (%S+)")
    s:put((answers[at]:gsub("ACCEPT", function()
        local p = io.popen("printf %s '" .. key .. "258EAFA5-E914-47DA-95CA-C5AB0DC85B11' | openssl dgst -sha1 -binary | base64")
        return p:read("*l")
    end)))
end, { address = "127.0.0.1" })
for _ = 1, #answers do try("ws://127.0.0.1:" .. server:port()) end
await(server:close(0))
try("ws://127.0.0.1:1")
local silent = tcp.start_server(function(s) await(s:take()) await(require "perilune.task".sleep(5)) end, { address = "127.0.0.1" })
try("ws://127.0.0.1:" .. silent:port(), { handshake_timeout = 0.2 })
await(silent:close(0))
--- exec_out_like eval
"^false\tinvalid\tnil\tnot a URL[^\n]*
false\thandshake\t403\tthe server answered 403
false\thandshake\t200\tthe server answered 200
false\tinvalid\tnil\ta header field that cannot be sent: A\r\nB
false\tinvalid\tnil\ta header field that cannot be sent: Origin
false\tinvalid\tnil\ta header field that cannot be sent: Authorization
websocket.connect: option 'sub_protocols': no token \\(RFC 9110\\) at place 1
websocket.connect: unknown option 'sub_protocol'; did you mean 'sub_protocols'\\?
false\thandshake\t101\tthe answer's Sec-WebSocket-Accept is wrong
false\thandshake\t101\tthe answer's Sec-WebSocket-Accept is wrong
false\tprotocol\tnil\tno answer of HTTP/1.1
false\tprotocol\tnil\tno answer of HTTP/1.1
false\ttruncated\tnil\tthe answer to the handshake was cut short
false\thandshake\t101\tthe answer is no upgrade to a WebSocket
false\tprotocol\tnil\tmalformed field in the answer to the handshake
false\thandshake\t101\tthe server chose a sub-protocol that was not offered
false\thandshake\t101\tthe server chose extensions that were not offered
false\trefused\tnil\t[^\n]*
false\ttimeout\tnil\t[^\n]*
\$"



=== TEST 4: against an implementation of others
--- config
    location / { return 200; }
--- user_files
>>> server.py
import asyncio, sys, websockets

async def echo(ws):
    async for message in ws:
        await ws.send(message)

async def main():
    async with websockets.serve(echo, "127.0.0.1", 0, max_size=None) as server:
        print(server.sockets[0].getsockname()[1], flush=True)
        await asyncio.sleep(20)

asyncio.run(main())
>>> main.lua
local websocket = require "perilune.websocket"
local p = io.popen("exec timeout 100 /usr/bin/python3 " .. arg[2] .. "/server.py & echo $!; wait", "r")
local pid, port = p:read("*l"), p:read("*l")
for _, compression in ipairs { false, true } do
    local ws = await(websocket.connect("ws://127.0.0.1:" .. port, { compression = compression, max_frame_payload = 1e7, max_message_size = 1e7 }))
    for _, text in ipairs { "hello", "", ("x"):rep(126), ("y"):rep(70000), ("\195\169z"):rep(100000) } do
        ws:send(text)
        assert(ws:receive() == text)
    end
    print(compression, await(ws:close(1000, "done")), ws:state())
end
os.execute("kill " .. pid)
--- exec_out
false	true	closed	1000	done	nil
true	true	closed	1000	done	nil



=== TEST 5: cancelling a connect, and the task that waits for one, closes the connection
--- config
    location / { return 200; }
--- user_files
>>> main.lua
local websocket, tcp, task = require "perilune.websocket", require "perilune.tcp", require "perilune.task"
local ended = 0
local server = tcp.start_server(function(s)
    task.defer(function() ended = ended + 1 end)
    while await(s:take()) do end
end, { address = "127.0.0.1" })
local d = websocket.connect("ws://127.0.0.1:" .. server:port())
while server:count() == 0 do task.nap(0.01) end
task.nap(0.05)
d:cancel()
while ended < 1 do task.nap(0.01) end
print("ended", ended, d:is_realized())
await(server:close(1))
--- exec_out_like: ^ended\t1\ttrue

=== TEST 6: redirects of the handshake: when asked for, within limits, without secrets for others
--- user_files
>>> app.lua
local websocket = require "perilune.websocket"
return function(req)
    local to = req.headers["x-to"]
    if req.path == "/go" then return { status = 307, headers = { Location = to } } end
    if req.path == "/loop" then return { status = 302, headers = { Location = "/loop" } } end
    local saw = req.headers.authorization or "-"
    return websocket.upgrade(req):chain(function(ws) ws:send(req.path .. " " .. saw) ws:close() end)
end
>>> main.lua
local websocket = require "perilune.websocket"
local base = "ws://127.0.0.1:" .. arg[1]
local function try(path, to, opts)
    opts = opts or { follow_redirects = true }
    opts.headers = { Authorization = "secret", ["X-To"] = to }
    local ok, ws = try_await(websocket.connect(base .. path, opts))
    print(ok and (ws:receive()) or ws.code, not ok and ws.status or "")
end
try("/go", "/there", {})
try("/go", "/there")
try("/go", base .. "/there")
try("/go", "ws://localhost:" .. arg[1] .. "/there")
try("/go", "http://127.0.0.1:" .. arg[1] .. "/there")
try("/go", "ftp://x/")
try("/loop")
try("/loop", nil, { follow_redirects = true, max_redirects = 0 })
--- exec_out
handshake	307
/there secret	
/there secret	
/there -	
/there secret	
invalid_redirect	
too_many_redirects	
too_many_redirects	



=== TEST 7: cookies: sent with the handshake, taken from its answer, refused or not; over HTTP/2, too; given by hand they stay so
--- user_files
>>> app.lua
local websocket = require "perilune.websocket"
return function(req)
    local saw = req.headers.cookie or "-"
    if req.path == "/login" then
        return { status = 403, headers = { { "Set-Cookie", "session=1; Path=/" }, { "Set-Cookie", "lang=en; Path=/ws" } } }
    end
    return websocket.upgrade(req, { headers = { ["Set-Cookie"] = "seen=yes; Path=/" } }):chain(function(ws)
        ws:send(saw)
        ws:close()
    end)
end
>>> main.lua
local http, websocket = require "perilune.http", require "perilune.websocket"
local base = "ws://127.0.0.1:" .. arg[1]
for _, http2 in ipairs { false, true } do
    local store = http.cookie_store()
    local function try(path, fields)
        local ok, ws = try_await(websocket.connect(base .. path, { cookie_store = store, http2 = http2, headers = fields }))
        print(ok and ws:receive() or ws.status)
    end
    try("/ws")
    try("/login")
    try("/ws")
    try("/other")
    try("/ws", { cookie = "own=1" })
end
--- exec_out
-
403
lang=en; seen=yes; session=1
seen=yes; session=1
own=1
-
403
lang=en; seen=yes; session=1
seen=yes; session=1
own=1



=== TEST 8: who asks: Host, credentials of options and URL, cookies; they stay behind when a redirect leads to another origin
--- user_files
>>> app.lua
local websocket = require "perilune.websocket"
return function(req)
    local h = req.headers
    local saw = ("%s %s %s"):format(h.host, h.authorization or "-", h.cookie or "-")
    if req.path == "/away" then
        return { status = 302, headers = { Location = "http://localhost:" .. req.server_port .. "/" } }
    end
    return websocket.upgrade(req, { headers = { ["X-Seen"] = "yes" } }):chain(function(ws)
        ws:send(saw)
        ws:close()
    end)
end
>>> main.lua
local websocket = require "perilune.websocket"
local where = "127.0.0.1:" .. arg[1]
local function try(url, opts)
    local ok, ws = try_await(websocket.connect(url, opts))
    local saw = ok and ws:receive() or tostring(ws)
    print((saw:gsub(arg[1], "PORT")), ok and ws.headers["x-seen"])
end
for _, http2 in ipairs { false, true } do
    try("ws://" .. where .. "/", { http2 = http2, headers = { host = "other.example" } })
    try("ws://us%65r:pass@" .. where .. "/", { http2 = http2 })
    try("ws://" .. where .. "/", { http2 = http2, basic_auth = { "user", "pass" }, cookies = { b = 2, a = "1" } })
    try("ws://" .. where .. "/", { http2 = http2, bearer = "token", headers = { Cookie = "own=1" } })
    try("ws://" .. where .. "/away", { http2 = http2, follow_redirects = true, bearer = "token", cookies = { a = 1 },
        headers = { host = "other.example" } })
    try("ws://" .. where .. "/", { http2 = http2, headers = { ["sec-websocket-protocol"] = "x" } })
end
try("ws://" .. where .. "/#part")
print((select(2, pcall(function() local _ = websocket.connect() end)):gsub("^.*main%.lua:%d+: ", "")))
--- exec_out
other.example - -	yes
127.0.0.1:PORT Basic dXNlcjpwYXNz -	yes
127.0.0.1:PORT Basic dXNlcjpwYXNz a=1; b=2	yes
127.0.0.1:PORT Bearer token own=1	yes
localhost:PORT - -	yes
invalid: a header field that the handshake itself sends: sec-websocket-protocol	false
other.example - -	yes
127.0.0.1:PORT Basic dXNlcjpwYXNz -	yes
127.0.0.1:PORT Basic dXNlcjpwYXNz a=1; b=2	yes
127.0.0.1:PORT Bearer token own=1	yes
localhost:PORT - -	yes
invalid: a header field that the handshake itself sends: sec-websocket-protocol	false
invalid: the URL of a WebSocket has no fragment: ws://127.0.0.1:PORT/#part	false
websocket.connect: the URL must be a string, not a nil
