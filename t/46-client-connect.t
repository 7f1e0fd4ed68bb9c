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
end, { port = 0, address = "127.0.0.1", http2 = true, http2_connect = true })
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
timeout 20 $TEST_NGINX_BINARY run $TEST_NGINX_SERVROOT/c.lua
--- exec_out
200	nil
HELLO
bye	nil
4002800	3
status	403	no
mine	/chat?x=1 text	nil
GET invalid
1



=== TEST 2: given up before the answer and after; a server that goes; without http2_connect 405
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
end, { port = 0, address = "127.0.0.1", http2 = true, http2_connect = true })
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
timeout 20 $TEST_NGINX_BINARY run $TEST_NGINX_SERVROOT/c.lua
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
timeout 20 $TEST_NGINX_BINARY run $TEST_NGINX_SERVROOT/c.lua
--- exec_out
CONNECT db.example:5432 HTTP/1.1|Host: db.example:5432|Proxy-Authorization: Basic eA==||
early
BYTES	nil
CONNECT no.example:1 HTTP/1.1|Host: no.example:1||
status	407	Basic
no_protocol
