# CONNECT and extended CONNECT as tunnels of bytes: http.tunnel asks, http.accept_tunnel answers.
use Test::Nginx::Socket 'no_plan';

no_root_location();
run_tests();

__DATA__

=== TEST 1: over HTTP/2: both ways, ends of one side, refusals, an extended one, beside other requests on one connection
--- config
    location / { return 204; }
--- exec
cat >$TEST_NGINX_SERVROOT/c.lua <<'X'
local http, task, tcp = require "perilune.http", require "perilune.task", require "perilune.tcp"
local echo = tcp.start_server(function(s)
    for chunk in s:each() do await(s:put(chunk:upper())) end
    s:put "bye"
end, { address = "127.0.0.1" })
local server = http.start_server(function(req)
    local to, protocol = http.tunnel_target(req)
    if not to then
        return { body = req.method .. " " .. tostring(select(2, pcall(http.accept_tunnel, req)).code) }
    elseif to == "no.example:1" then
        return { status = 403, headers = { ["X-Why"] = "no" }, body = "never" }
    end
    local client = http.accept_tunnel(req, { headers = { ["X-Protocol"] = tostring(protocol) } })
    if protocol then
        client:put(to .. " " .. await(client:take()))
        return client:close()
    end
    local host, port = to:match "^(.*):(%d+)$"
    local origin = await(tcp.connect { host = host, port = tonumber(port) })
    local function copy(from, into)
        for chunk in from:each() do await(into:put(chunk)) end
        into:shutdown()
    end
    local up = task.spawn(copy, client, origin)
    copy(origin, client)
    await(up)
end, { port = 0, address = "127.0.0.1", http2 = true, connect_method = true })
local base, to = "http://127.0.0.1:" .. server:port(), "127.0.0.1:" .. echo:port()
local o = { pool = http.connection_pool { force_h2c = true }, force_h2c = true }

local s = await(http.tunnel(base, to, o))
print(s.status, s.headers["x-protocol"])
s:put "hello"
print(await(s:take()))
s:shutdown()
print(await(s:take()), await(s:take()))

-- more than all windows and watermarks hold
local big, sent, got = await(http.tunnel(base, to, o)), 0, 0
local writer = task.spawn(function()
    for i = 1, 400 do await(big:put(("x"):rep(10007))) sent = sent + 10007 end
    big:shutdown()
end)
for chunk in big:each() do got = got + #chunk end
await(writer)
print(sent, got - sent)

local err = select(2, try_await(http.tunnel(base, "no.example:1", o)))
print(err.code, err.status, err.headers["x-why"])
o.protocol = "mine"
local w = await(http.tunnel(base .. "/chat?x=1", nil, o))
w:put "text"
print(w.headers["x-protocol"], await(w:take()), await(w:take()))
print(await(http.get(base .. "/", { pool = o.pool, force_h2c = true, as = "string" })).body)
for _, figures in pairs(o.pool:stats()) do print(figures.opened) end
server:close(0):await()
echo:close(0):await()
X
timeout 100 $TEST_NGINX_BINARY run $TEST_NGINX_SERVROOT/c.lua
--- exec_out
200	nil
HELLO
bye	nil
4002800	3
status	403	no
mine	/chat?x=1 text	nil
GET invalid
1



=== TEST 2: given up before the answer and after; a server that goes; without connect_method 405
--- config
    location / { return 204; }
--- exec
cat >$TEST_NGINX_SERVROOT/c.lua <<'X'
local http, deferred = require "perilune.http", require "perilune.deferred"
local asked, seen = deferred.deferred(), deferred.deferred()
local server = http.start_server(function(req)
    local to = http.tunnel_target(req)
    if to == "wait:1" then
        asked:success(true)
        await(deferred.deferred())
    end
    local s = http.accept_tunnel(req)
    seen:success(pcall(function() for _ in s:each() do end end))
end, { port = 0, address = "127.0.0.1", http2 = true, connect_method = true })
local base = "http://127.0.0.1:" .. server:port()
local o = { pool = http.connection_pool { force_h2c = true }, force_h2c = true }
local d = http.tunnel(base, "wait:1", o)
await(asked)
print(d:cancel(), (select(2, try_await(d))).code)
local s = await(http.tunnel(base, "a:1", o))
s:abort()
print("the other side ends well:", await(seen))
local left = await(http.tunnel(base, "a:1", o))
server:close(0):await()
print((try_await(left:take())))
print(select(2, try_await(http.tunnel(base, "a:1", o))).code)
print(pcall(http.tunnel, base, "no port"))
print(pcall(http.tunnel, base, "a:1", { body = "x" }))
print(select(2, try_await(http.tunnel("ftp://x/", "a:1"))).code)

local plain = http.start_server(function() return "" end, { port = 0, address = "127.0.0.1", http2 = true })
print(select(2, try_await(http.tunnel("http://127.0.0.1:" .. plain:port(), "a:1", o))).status)
plain:close(0):await()
X
timeout 100 $TEST_NGINX_BINARY run $TEST_NGINX_SERVROOT/c.lua
--- exec_out
true	cancelled
the other side ends well:	false
false
refused
false	http.tunnel: bad argument 'target' ("host:port" expected)
false	http.tunnel: unknown option 'body'
invalid
405



=== TEST 3: over HTTP/1.1: a proxy's CONNECT, what it refuses, and no extended one
--- config
    location / { return 204; }
--- exec
cat >$TEST_NGINX_SERVROOT/c.lua <<'X'
local http, tcp = require "perilune.http", require "perilune.tcp"
local proxy = tcp.start_server(function(s)
    local head = ""
    for chunk in s:each() do
        head = head .. chunk
        if head:find("\r\n\r\n", 1, true) then break end
    end
    print((head:gsub("\r\n", "|"):gsub("User%-Agent[^|]*|", "")))
    if head:find "no.example" then
        return s:put "HTTP/1.1 407 No\r\nContent-Length: 2\r\nProxy-Authenticate: Basic\r\n\r\nno"
    end
    s:put "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nearly"
    s:put(await(s:take()):upper())
end, { address = "127.0.0.1" })
local base = "http://127.0.0.1:" .. proxy:port()
local s = await(http.tunnel(base, "db.example:5432", { headers = { ["Proxy-Authorization"] = "Basic eA==" } }))
print(await(s:take()))
s:put "bytes"
print(await(s:take()), await(s:take()))
local err = select(2, try_await(http.tunnel(base, "no.example:1")))
print(err.code, err.status, err.headers["proxy-authenticate"])
print(select(2, try_await(http.tunnel(base, nil, { protocol = "mine" }))).code)
proxy:close(0):await()
X
timeout 100 $TEST_NGINX_BINARY run $TEST_NGINX_SERVROOT/c.lua
--- exec_out
CONNECT db.example:5432 HTTP/1.1|Host: db.example:5432|Proxy-Authorization: Basic eA==||
early
BYTES	nil
CONNECT no.example:1 HTTP/1.1|Host: no.example:1||
status	407	Basic
no_protocol



=== TEST 4: over HTTP/1.1 to our own server: accepted, with bytes sent behind the head, refused, with a body, 200 without a tunnel, over TLS
--- config
    location / { return 204; }
--- exec
cat >$TEST_NGINX_SERVROOT/c.lua <<'X'
local http, task, tcp = require "perilune.http", require "perilune.task", require "perilune.tcp"
local function handler(req)
    local to = http.tunnel_target(req)
    if to == "no.example:1" then
        return { status = 403, body = "no" }
    elseif to == "plain.example:1" then
        return { body = { "not a ", "tunnel" } }
    elseif not to then
        return { body = "a request: " .. req.path }
    end
    local client = http.accept_tunnel(req, { headers = { ["X-To"] = to, ["Content-Length"] = "3" } })
    for chunk in client:each() do await(client:put(chunk:upper())) end
    client:put "bye"
    client:shutdown()
end
local server = http.start_server(handler, { port = 0, address = "127.0.0.1", connect_method = true })
local base = "http://127.0.0.1:" .. server:port()

local s = await(http.tunnel(base, "db.example:5432"))
print(s.status, s.headers["x-to"], s.headers["content-length"])
s:put "hello"
print(await(s:take()))
s:shutdown()
print(await(s:take()), await(s:take()))

local big, sent, got = await(http.tunnel(base, "db.example:5432")), 0, 0
local writer = task.spawn(function()
    for i = 1, 400 do await(big:put(("x"):rep(10007))) sent = sent + 10007 end
    big:shutdown()
end)
for chunk in big:each() do got = got + #chunk end
await(writer)
print(sent, got - sent)

local err = select(2, try_await(http.tunnel(base, "no.example:1")))
print(err.code, err.status)
local function all_of(stream)
    local pieces = {}
    for chunk in stream:each() do pieces[#pieces + 1] = chunk end
    return table.concat(pieces)
end
local plain = await(http.tunnel(base, "plain.example:1"))
print(plain.status, all_of(plain))

local function raw(port, text)
    local c = await(tcp.connect { host = "127.0.0.1", port = port })
    c:put(text)
    c:shutdown()
    print((all_of(c):gsub("Date: [^\r]*\r\n", ""):gsub("Server: [^\r]*\r\n", ""):gsub("<html>.*", ""):gsub("\r\n", "|")))
end
raw(server:port(), "CONNECT a:1 HTTP/1.1\r\nHost: other\r\n\r\nearly")
-- what stands behind a CONNECT was meant for the tunnel: it is never a request
raw(server:port(), "CONNECT no.example:1 HTTP/1.1\r\nHost: no.example:1\r\n\r\nGET /smuggled HTTP/1.1\r\nHost: a\r\n\r\n")
raw(server:port(), "CONNECT a:1 HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nearly")
raw(server:port(), "CONNECT a:1 HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n")
raw(server:port(), "CONNECT /path HTTP/1.1\r\nHost: a\r\n\r\n")
local off = http.start_server(handler, { port = 0, address = "127.0.0.1" })
raw(off:port(), "CONNECT a:1 HTTP/1.1\r\nHost: a\r\n\r\nGET /smuggled HTTP/1.1\r\nHost: a\r\n\r\n")

local secure = http.start_server(handler, { port = 0, address = "127.0.0.1", connect_method = true, tls = { self_signed = {} } })
local t = await(http.tunnel("https://127.0.0.1:" .. secure:port(), "db.example:5432", { insecure = true }))
t:put "secret"
print(await(t:take()))
t:close()
for _, one in ipairs { server, off, secure } do one:close(0):await() end
X
timeout 100 $TEST_NGINX_BINARY run $TEST_NGINX_SERVROOT/c.lua
--- exec_out
200	db.example:5432	nil
HELLO
bye	nil
4002800	3
status	403
200	not a tunnel
HTTP/1.1 200 OK|X-To: a:1||EARLYbye
HTTP/1.1 403 Forbidden|Content-Type: text/plain|Content-Length: 2|Connection: close||no
HTTP/1.1 400 Bad Request|Content-Type: text/html|Content-Length: 172|Connection: close||
HTTP/1.1 400 Bad Request|Content-Type: text/html|Content-Length: 172|Connection: close||
HTTP/1.1 400 Bad Request|Content-Type: text/html|Content-Length: 172|Connection: close||
HTTP/1.1 405 Method Not Allowed|Content-Type: text/html|Content-Length: 172|Connection: close||
SECRET



=== TEST 5: a reload and a quit let accepted tunnels end, and so raw sockets
--- config
    location / { return 200 "ok"; }
--- exec
. t/lib/process.sh
cat >echo.lua <<'X'
local http = require "perilune.http"
return function(req)
    local s = http.accept_tunnel(req)
    for chunk in s:each() do await(s:put(chunk)) end
    s:close()
end
X
cat >talk.pl <<'X'
use strict; use IO::Socket::INET;
my ($port, $request, $command) = @ARGV;
my $s = IO::Socket::INET->new(PeerAddr => "127.0.0.1:$port") or die;
sub text_to { my ($end, $text) = (shift, ''); while ($text !~ /$end/) { sysread $s, $text, 4096, length $text or return "cut\n" } $text =~ s/.*\r\n\r\n//s; $text }
syswrite $s, "$request HTTP/1.1\r\nHost: a\r\n\r\nbefore\n";
print text_to("before\n");
system($command);
syswrite $s, "after\n"; print text_to("after\n"); shutdown $s, 1;
print sysread($s, my $rest, 10) ? "more\n" : "end\n";
X
cat >signal.sh <<'X'
: >logs/error.log; $1 -s $2
for i in $(seq 3000); do grep -q 'gracefully shutting down' logs/error.log && break; sleep 0.02; done
sleep 0.2
X
conf 'worker_processes 1;' 'connect_method on; location / { handler echo; }
location /raw { content_by_lua_block {
    local sock = ngx.req.socket(true)
    sock:send "HTTP/1.1 200 OK\r\n\r\n"
    while true do
        local line = sock:receive()
        if not line then return end
        sock:send(line .. "\n")
    end
} }' "lua_package_path '$D/?.lua;;';"
$B || exit 1
W=$(workers); perl talk.pl $PORT "CONNECT a:1" "sh signal.sh '$B' reload"; wait_for "is_gone $W" && echo worker over
W=$(workers); perl talk.pl $PORT "GET /raw" "sh signal.sh '$B' reload"; wait_for "is_gone $W" && echo worker over
M=$(master); perl talk.pl $PORT "CONNECT a:1" "sh signal.sh '$B' quit"; wait_for "is_gone $M" && echo all over
--- exec_out
before
after
end
worker over
before
after
end
worker over
before
after
end
all over
