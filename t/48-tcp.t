# perilune.tcp: servers, clients, what goes wrong, and its codes.
use Test::Nginx::Socket 'no_plan';

no_root_location();
our $Exec = <<'_EOC_';
P=$(readlink /proc/$(cat $TEST_NGINX_SERVROOT/logs/nginx.pid)/exe)
cd $TEST_NGINX_HTML_DIR; timeout 100 $P run main.lua 2>err; echo exit $?; cat err
_EOC_
add_block_preprocessor(sub {
    my $block = shift;
    if (!defined $block->config) {
        $block->set_value("config", "    location / { return 204; }\n");
    }
    if (!defined $block->exec) {
        $block->set_value("exec", $Exec);
    }
    if (!defined $block->timeout) {
        $block->set_value("timeout", 20);
    }
});

run_tests();

__DATA__

=== TEST 1: bytes both ways, addresses, half-close on both sides
--- user_files
>>> main.lua
local tcp = require "perilune.tcp"
local seen
local server = tcp.start_server(function(stream, info)
    seen = info
    local all = {}
    for chunk in stream:each() do all[#all + 1] = chunk end
    await(stream:put { "you said ", { table.concat(all), 7 } })
end, { address = "127.0.0.1" })
local c = await(tcp.connect { host = "localhost", family = "ipv4_only", port = server:port() })
print(c:peer().host, c:peer().port == server:port(), c:local_address().host)
print(await(c:put "hello "), await(c:put { "w", "orld" }))
await(c:shutdown())
print(await(c:take()), await(c:take()), await(c:take()))
print(seen.peer.host, seen.local_address.port == server:port())
print(c:is_open(), await(c:close()), c:is_open(), await(c:put "x"), await(c:take()))
print(await(server:close()), server:port(), server:count())
--- exec_out
127.0.0.1	true	127.0.0.1
true	true
you said hello world7	nil	nil
127.0.0.1	true
true	true	false	false	nil
true	nil	0
exit 0



=== TEST 2: a Unix socket; an inherited listening socket
--- user_files
>>> main.lua
local tcp = require "perilune.tcp"
local function echo(stream, info)
    for chunk in stream:each() do stream:put(chunk) end
end
local server = tcp.start_server(echo, { path = "./sock" })
local c = await(tcp.connect { path = "./sock" })
c:put "through a file"
print(await(c:take()), c:peer().host, server:port())
c:close()
await(server:close())
local first = tcp.start_server(echo, { address = "127.0.0.1" })
local port = first:port()
local fd
for n = 3, 64 do
    local target = io.popen("readlink /proc/" .. require("perilune.core.sys").pid() .. "/fd/" .. n)
    local text = target:read "*a"
    target:close()
    if text:find "socket" then fd = n end
end
local second = tcp.start_server(echo, { listen_fd = fd })
await(first:close())
c = await(tcp.connect { host = "127.0.0.1", port = port })
c:put "second"
print(await(c:take()), second:port() == port)
c:close()
await(second:close())
print(select(2, pcall(tcp.start_server, echo, { listen_fd = 0 })).code)
--- exec_out
through a file	unix:./sock	nil
second	true
invalid
exit 0



=== TEST 3: how connecting fails: code, stage and the addresses in the message
--- user_files
>>> main.lua
local tcp, dns = require "perilune.tcp", require "perilune.dns"
local task = require "perilune.task"
local silent = require("perilune.udp").socket { address = "127.0.0.1" }
local resolver = dns.resolver { name_servers = "127.0.0.1:" .. silent:port(), hosts = false, search = "" }
local dead = dns.resolver { name_servers = "127.0.0.1:1", hosts = false, search = "", tries = 1 }
local function outcome(opts)
    local ok, err = try_await(tcp.connect(opts))
    assert(not ok)
    print(err.code, err.stage, (err.message:gsub("%d%d%d%d%d", "PORT")))
end
outcome { host = "127.0.0.1", port = 1 }
outcome { host = "::1", port = 1 }
outcome { host = "localhost", port = 1 }
outcome { path = "./nothing" }
outcome { host = "not a name", port = 1 }
outcome { host = "a.test", port = 1, resolver = resolver, timeout = 0.05 }
outcome { host = "a.test", port = 1, resolver = dead, family = "ipv4_only" }
outcome { host = "127.0.0.1", port = 1, local_address = "::1" }
outcome { host = "127.0.0.1", port = 1, local_address = "203.0.113.77" }
silent:close()
--- exec_out
refused	connect	127.0.0.1:1: connection refused
refused	connect	[::1]:1: connection refused
refused	connect	localhost:1: [::1]:1: connection refused, 127.0.0.1:1: connection refused
not_found	connect	unix:./nothing: not found
invalid	resolve	not a name:1: invalid argument
timeout	resolve	a.test:1: no answer from name servers in time
name_server	resolve	a.test:1: name servers do not answer as they should
unreachable	connect	127.0.0.1:1: host or network unreachable
no_address	connect	127.0.0.1:1: cannot assign requested address
exit 0



=== TEST 4: nobody accepts: the connect times out, for one address and for all; cancelling releases it
--- user_files
>>> main.lua
local tcp, task = require "perilune.tcp", require "perilune.task"
-- one connection fills the queue of a server that takes none
local server = tcp.start_server(function() end, { address = "127.0.0.1", backlog = 1, max_connections = 0 })
local fill = {}
for i = 1, 8 do fill[i] = tcp.connect { host = "127.0.0.1", port = server:port(), timeout = 14 } end
await(task.sleep(0.05))
local ok, err = try_await(tcp.connect { host = "127.0.0.1", port = server:port(), timeout = 0.05 })
print(ok, err.code, err.stage)
ok, err = try_await(tcp.connect { host = "127.0.0.1", port = server:port(), connect_timeout = 0.05 })
print(ok, err.code, err.stage)
local d = tcp.connect { host = "127.0.0.1", port = server:port() }
print(d:cancel(), select(2, try_await(d)).code)
local waiting = task.spawn(function() return await(tcp.connect { host = "127.0.0.1", port = server:port() }) end)
await(task.sleep(0.01))
waiting:cancel()
print(select(2, try_await(waiting)).code)
for i = 1, 8 do
    local fine, s = true, fill[i]
    if s:is_realized() then s = await(s) s:abort() else s:cancel() try_await(s) end
end
await(server:close(0))
--- exec_out
false	timeout	connect
false	timeout	connect
true	cancelled
cancelled
exit 0



=== TEST 5: a reset is an error for whoever reads and writes; abort sends one
--- user_files
>>> main.lua
local tcp, task = require "perilune.tcp", require "perilune.task"
local said = {}
local server = tcp.start_server(function(stream)
    said[1] = await(stream:take())
    said[2] = select(2, try_await(stream:take()))
    said[3] = select(2, try_await(stream:put "x"))
end, { address = "127.0.0.1" })
local c = await(tcp.connect { host = "127.0.0.1", port = server:port() })
await(c:put "begin")
while not said[1] do await(task.sleep(0.005)) end
c:abort()
await(server:close())
print(said[1], said[2].code, said[3].code)
print(select(2, try_await(c:take())).code, select(2, try_await(c:put "x")).code)
-- the handler fails: the client sees a reset, not an end
server = tcp.start_server(function(stream) stream:put "half" await(stream:take()) error "broken" end,
    { address = "127.0.0.1" })
c = await(tcp.connect { host = "127.0.0.1", port = server:port() })
print(await(c:take()))
await(c:put "go on")
print(select(2, try_await(c:take())).code)
c:abort()
await(server:close())
--- exec_out_like
^begin	reset	reset
closed	closed
half
reset
exit 0
.*tcp handler failed: .*broken.*



=== TEST 6: timeouts: nothing to read, nothing taken, nothing at all
--- user_files
>>> main.lua
local tcp, task = require "perilune.tcp", require "perilune.task"
local server = tcp.start_server(function(stream) await(task.sleep(10)) end, { address = "127.0.0.1" })
local to = { host = "127.0.0.1", port = server:port() }
local function connect(opts)
    for k, v in pairs(to) do opts[k] = v end
    return await(tcp.connect(opts))
end
local c = connect { read_timeout = 0.02 }
local ok, err = try_await(c:take())
print(ok, err.code, c:is_open())
c:abort()
c = connect { write_timeout = 0.05 }
local d
repeat d = c:put(("x"):rep(65536)) until not d:is_realized()
ok, err = try_await(d)
print(ok, err.code)
c:abort()
c = connect { idle_timeout = 0.03 }
ok, err = try_await(c:take())
print(ok, err.code, c:is_open())
-- a half-open peer: what we sent last is not taken in time
for _, time in ipairs { 0.05, 0 } do
    c = connect { shutdown_timeout = time, timeout = 0, connect_timeout = 0, read_timeout = 0, write_timeout = 0, idle_timeout = 0 }
    repeat d = c:put(("x"):rep(65536)) until not d:is_realized()
    print(await(c:close()), c:is_open())
end
await(server:close(0))
--- exec_out
false	timeout	true
false	timeout
false	timeout	false
true	false
true	false
exit 0



=== TEST 7: a slow reader holds the writer up; memory stays bounded; nothing is lost
--- user_files
>>> main.lua
local tcp, task = require "perilune.tcp", require "perilune.task"
local most, total = 0, 0
local server = tcp.start_server(function(stream)
    local chunk = ("y"):rep(10000)
    for _ = 1, 2000 do
        await(stream:put(chunk))
        most = math.max(most, stream:queued())
    end
end, { address = "127.0.0.1", high_watermark = 50000 })
local c = await(tcp.connect { host = "127.0.0.1", port = server:port() })
local n = 0
for chunk in c:each() do
    total = total + #chunk
    n = n + 1
    if n % 16 == 0 then task.yield() end
end
print(total, most > 0 and most <= 60000)
c:close()
await(server:close())
--- exec_out
20000000	true
exit 0



=== TEST 8: connections beyond max_connections wait; one blocked handler blocks no other; close cancels handlers
--- user_files
>>> main.lua
local tcp, task = require "perilune.tcp", require "perilune.task"
local now, most, cleaned = 0, 0, 0
local server = tcp.start_server(function(stream)
    now = now + 1
    most = math.max(most, now)
    task.defer(function() now = now - 1 cleaned = cleaned + 1 end)
    if await(stream:take()) == "stay" then await(task.sleep(100)) end
    await(stream:put "bye")
end, { address = "127.0.0.1", max_connections = 2 })
local to = { host = "127.0.0.1", port = server:port() }
local stays = await(tcp.connect(to))
await(stays:put "stay")
local all = {}
for i = 1, 6 do
    all[i] = task.spawn(function()
        local c = await(tcp.connect(to))
        await(c:put "go")
        local answer = await(c:take())
        c:close()
        return answer
    end)
end
for i = 1, 6 do io.write(await(all[i]), " ") end
print(most, server:count())
await(server:close(0.02))
print(cleaned, now, select(2, try_await(stays:take())).code)
stays:close()
--- exec_out
bye bye bye bye bye bye 2	1
7	0	reset
exit 0



=== TEST 9: what the client sends after our last word does not lose that word
--- user_files
>>> main.lua
local tcp, task = require "perilune.tcp", require "perilune.task"
local go = require("perilune.deferred").deferred()
local server = tcp.start_server(function(stream)
    await(stream:take())
    await(go)
    stream:put "last word"
end, { address = "127.0.0.1" })
local c = await(tcp.connect { host = "127.0.0.1", port = server:port() })
await(c:put "first")
while server:count() == 0 do await(task.sleep(0.005)) end
await(task.sleep(0.01))
await(c:put "more that nobody reads")
go:success(true)
await(task.sleep(0.05))
print(await(c:take()), await(c:take()))
c:close()
await(server:close())
--- exec_out
last word	nil
exit 0



=== TEST 10: the PROXY protocol in and out, versions 1 and 2; garbage and silence end the connection
--- user_files
>>> main.lua
local tcp, task = require "perilune.tcp", require "perilune.task"
local server = tcp.start_server(function(stream, info)
    stream:put { info.peer.host, ":", info.peer.port, " to ", info.local_address.host, ":", info.local_address.port,
        info.proxy and " by " .. info.proxy.host or "", " ", await(stream:take()) }
end, { address = "127.0.0.1", proxy_protocol = true, handshake_timeout = 0.1 })
local to = { host = "127.0.0.1", port = server:port() }
local function ask(said, text)
    local c = await(tcp.connect { host = to.host, port = to.port, proxy_protocol = said })
    if text then await(c:put(text)) end
    local ok, answer = try_await(c:take())
    c:abort()
    return ok and answer or answer.code
end
local peer = { host = "10.1.1.1", port = 1111 }
local here = { host = "10.2.2.2", port = 443 }
print(ask({ version = 1, peer = peer, local_address = here }, "one"))
print(ask({ version = 2, peer = peer, local_address = here }, "two"))
print(ask({ peer = { host = "2001:db8::1", port = 5 }, local_address = { host = "::1", port = 6 } }, "six"))
print((ask({ version = 1 }, "unknown"):gsub("%d%d%d+", "N")))
print((ask({ version = 2 }, "unknown"):gsub("%d%d%d+", "N")))
print(ask(nil, "GET / HTTP/1.1\r\n\r\n"))
print(ask(nil, "PROXY TCP4 1.2.3.4 nonsense 1 2\r\n"))
print(ask(nil, nil))
await(server:close(1))
--- exec_out_like
^10.1.1.1:1111 to 10.2.2.2:443 by 127.0.0.1 one
10.1.1.1:1111 to 10.2.2.2:443 by 127.0.0.1 two
2001:db8::1:5 to ::1:6 by 127.0.0.1 six
N.0.0.1:N to N.0.0.1:N by N.0.0.1 unknown
N.0.0.1:N to N.0.0.1:N by N.0.0.1 unknown
reset
reset
reset
exit 0



=== TEST 11: detach gives the connection away; takes in order, given up, of several tasks
--- user_files
>>> main.lua
local tcp, task = require "perilune.tcp", require "perilune.task"
local bytes = require "perilune.core.stream"
local kept
local server = tcp.start_server(function(stream) kept = stream:detach() end, { address = "127.0.0.1" })
local c = await(tcp.connect { host = "127.0.0.1", port = server:port() })
while not kept do await(task.sleep(0.005)) end
bytes.write(kept, "still open")
print(await(c:take()), server:count())
local a, b, d = c:take(), c:take(), c:take()
b:cancel()
bytes.write(kept, "1")
print(await(a))
bytes.write(kept, "2")
print(await(d))
bytes.close(kept, false)
print(await(c:take()))
c:close()
await(server:close())
--- exec_out
still open	0
1
2
nil
exit 0



=== TEST 12: out of descriptors
--- user_files
>>> main.lua
local tcp, udp = require "perilune.tcp", require "perilune.udp"
local ffi = require "ffi"
ffi.cdef "struct rl { unsigned long cur, max; }; int getrlimit(int, struct rl *); int setrlimit(int, const struct rl *);"
local server = tcp.start_server(function(stream) await(stream:take()) end, { address = "127.0.0.1" })
local to = { host = "127.0.0.1", port = server:port() }
local old, few = ffi.new "struct rl", ffi.new "struct rl"
ffi.C.getrlimit(7, old)
few.cur, few.max = 3, old.max
ffi.C.setrlimit(7, few)
local ok, err = try_await(tcp.connect(to))
print(ok, err.code, err.stage)
print(select(2, pcall(tcp.start_server, print, { address = "127.0.0.1" })).code)
print(select(2, pcall(udp.socket)).code)
ffi.C.setrlimit(7, old)
local c = await(tcp.connect(to))
c:close()
print(await(server:close(1)))
--- exec_out
false	no_resources	connect
no_resources
no_resources
true
exit 0



=== TEST 13: options that are wrong; an address in use
--- user_files
>>> main.lua
local tcp = require "perilune.tcp"
local server = tcp.start_server(print, { address = "127.0.0.1" })
local used = select(2, pcall(tcp.start_server, print, { address = "127.0.0.1", port = server:port() }))
print(used.code, (used.message:gsub(":" .. server:port(), ":PORT")))
server:close()
print(select(2, pcall(tcp.start_server, print, { nodely = true })))
print(select(2, pcall(tcp.start_server, "x")))
print(select(2, pcall(tcp.start_server, print, { address = "example.com" })))
print(select(2, pcall(tcp.start_server, print, { idle_timeout = -1 })))
print(select(2, pcall(tcp.connect, { host = "a" })))
print(select(2, pcall(tcp.connect, { host = "a", port = 1, family = "any" })))
print(select(2, pcall(tcp.connect, { host = "a", port = 1, resolver = {} })))
--- exec_out_like
^address_in_use	127.0.0.1:PORT: address already in use
.*tcp.start_server: unknown option 'nodely'; did you mean 'nodelay'\?
.*bad argument 'handler' to tcp.start_server \(function expected, got string\)
.*option 'address' must be an IP address, not 'example.com'
.*option 'idle_timeout' must be a number of seconds, not -1
.*options 'host' and 'port', or 'path', are needed
.*option 'family' must be one of .*
.*a resolver of perilune.dns expected.*
exit 0



=== TEST 14: reading waits inside a coroutine of the user, in a pcall that is cancelled, and not below a C function
--- user_files
>>> main.lua
local tcp, task = require "perilune.tcp", require "perilune.task"
local seen = {}
local server = tcp.start_server(function(stream)
    local chunks = coroutine.wrap(function()
        for chunk in stream:each() do coroutine.yield(chunk) end
    end)
    seen[#seen + 1] = chunks()
    seen[#seen + 1] = chunks()
    local ok, err = pcall(table.sort, { 1, 2 }, function() return stream:each()(stream) end)
    seen[#seen + 1] = tostring(ok) .. (tostring(err):match "C%-call boundary" or tostring(err))
    task.defer(function() seen[#seen + 1] = "deferred" end)
    ok, err = pcall(chunks)
    seen[#seen + 1] = tostring(ok) .. err.code .. " " .. err.message
    error(err, 0)
end, { address = "127.0.0.1" })
local c = await(tcp.connect { host = "127.0.0.1", port = server:port() })
for i = 1, 2 do
    await(c:put("chunk " .. i))
    repeat task.yield() until #seen >= i
end
repeat task.yield() until #seen == 3
await(server:close(0))
print(table.concat(seen, ", "))
print((select(2, try_await(c:take())).code))
--- exec_out
chunk 1, chunk 2, falseC-call boundary, falseclosed the server is closed, deferred
reset
exit 0



=== TEST 15: handlers that return a deferred; info is true after the end; one that takes none costs less
--- user_files
>>> main.lua
local tcp, deferred = require "perilune.tcp", require "perilune.deferred"
local kept, settled = {}, deferred.deferred()
local server = tcp.start_server(function(stream, info)
    kept[#kept + 1] = info
    stream:put "later"
    return settled
end, { address = "127.0.0.1" })
local a = await(tcp.connect { host = "127.0.0.1", port = server:port() })
local from = a:local_address()
print(await(a:take()), server:count())
settled:success(true)
print(await(a:take()))
a:abort()
await(server:close())
print(kept[1].peer.host, kept[1].peer.port == from.port, kept[1].local_address.host, kept[1].tls)

local failing = tcp.start_server(function(stream)
    return deferred.error_deferred(require("perilune.failure").new("closed", "enough"))
end, { address = "127.0.0.1" })
local b = await(tcp.connect { host = "127.0.0.1", port = failing:port() })
print((select(2, try_await(b:take())).code))
await(failing:close())

local function bytes_each(handler)
    local n, started = 300, 0
    local s = tcp.start_server(handler, { address = "127.0.0.1", backlog = 512 })
    local ends = {}
    collectgarbage() collectgarbage()
    local before = collectgarbage "count"
    for i = 1, n do
        ends[i] = await(tcp.connect { host = "127.0.0.1", port = s:port() })
        await(ends[i]:put "x")
        ends[i]:take():await()
    end
    collectgarbage() collectgarbage()
    local each = (collectgarbage "count" - before) * 1024 / n
    for i = 1, n do ends[i]:abort() end
    await(s:close())
    return each
end
local without = bytes_each(function(stream) for chunk in stream:each() do stream:put(chunk) end end)
print(without < 1000 + 1400 and "small" or without)
--- exec_out
later	1
nil
127.0.0.1	true	127.0.0.1	nil
reset
small
exit 0



=== TEST 16: options and data that are wrong in themselves, or beside each other
--- user_files
>>> main.lua
local tcp = require "perilune.tcp"
local function refused(f, ...)
    local ok, err = pcall(f, ...)
    print(not ok and (err.code and tostring(err) or err:gsub("^main.lua:%d+: ", "", 1)))
end
local function server(opts) refused(tcp.start_server, print, opts) end
local function client(opts)
    opts.host, opts.port = "127.0.0.1", 1
    refused(tcp.connect, opts)
end
server { path = "" }
server { path = ("x"):rep(108) }
server { keepalive = { idl = 1 } }
server { high_watermark = 10, low_watermark = 11 }
server { low_watermark = 65537 }
client { keepalive = { idle = -1 } }
client { local_port = 5 }
client { proxy_protocol = { peer = { host = "name", port = 1 }, local_address = { host = "127.0.0.1", port = 1 } } }
client { proxy_protocol = { peer = { host = "::1", port = 1 }, local_address = { host = "127.0.0.1", port = 1 } } }
client { proxy_protocol = { peer = { host = "::1", port = 70000 } } }
refused(tcp.connect, { path = "" })
refused(function() await(tcp.connect { path = "./sock\0et" }) end)
local echo = tcp.start_server(function(stream)
    for chunk in stream:each() do stream:put(chunk) end
end, { address = "127.0.0.1" })
local c = await(tcp.connect { host = "127.0.0.1", port = echo:port() })
local cycle = {}
cycle[1] = cycle
for _, data in ipairs { true, print, { a = 1 }, { { false } }, cycle } do refused(c.put, c, data) end
refused(c.put, c)
c:put { "all of ", { 1, { "piece" } }, {}, "" }
print(await(c:take()))
c:close()
await(echo:close())
--- exec_out
tcp.start_server: option 'path' must not be empty
invalid: path: invalid argument
tcp.start_server: keepalive: unknown option 'idl'; did you mean 'idle'?
tcp.start_server: option 'low_watermark' must not be above 'high_watermark' (10)
tcp.start_server: option 'low_watermark' must not be above 'high_watermark' (65536)
tcp.connect: keepalive: option 'idle' must be a number of seconds, not -1
tcp.connect: option 'local_port' needs 'local_address'
tcp.connect: proxy_protocol: peer and local_address must be {host=, port=} with addresses of one family
tcp.connect: proxy_protocol: peer and local_address must be {host=, port=} with addresses of one family
tcp.connect: proxy_protocol: peer: option 'port' must be a port, not 70000
tcp.connect: options 'host' and 'port', or 'path', are needed
invalid: unix:./sock: not a path of a socket
bad argument 'data' to put (string, number or array table expected, got boolean)
bad argument 'data' to put (string, number, boolean, nil, or array table expected, got function)
bad argument 'data' to put (non-array table found)
bad argument 'data' to put (bad data type boolean found)
bad argument 'data' to put (string, number, boolean, nil, or array table expected, got table nested too deeply)
bad argument 'data' to put (string, number or array table expected, got nil)
all of 1piece
exit 0



=== TEST 17: a server takes its socket's file away; who is silent for too long is no error of ours
--- user_files
>>> main.lua
local tcp = require "perilune.tcp"
local function is_there() return (os.rename("./sock", "./sock")) or false end
local server = tcp.start_server(function(stream)
    for chunk in stream:each() do stream:put(chunk) end
end, { path = "./sock", read_timeout = 0.01 })
local c = await(tcp.connect { path = "./sock" })
print(is_there(), try_await(c:take()))
c:close()
await(server:close())
print(is_there())
local failing = tcp.start_server(function() error(require("perilune.failure").new("timeout", "the database"), 0) end,
    { path = "./sock" })
print(try_await(await(tcp.connect { path = "./sock" }):take()))
await(failing:close())
--- exec_out_like
^true	true	nil
false
true	nil
exit 0
[^\n]*\[error\][^\n]*tcp handler failed: timeout: the database(?!(.*\n)*.*\[error\])



=== TEST 18: a take that is cancelled, at once or late or with its task, takes nothing from those that follow or wait
--- user_files
>>> main.lua
local tcp, task = require "perilune.tcp", require "perilune.task"
local peers = {}
local server = tcp.start_server(function(stream)
    peers[#peers + 1] = stream
    stream:put "begun"
    await(stream:take())
end, { address = "127.0.0.1" })
local c = await(tcp.connect { host = "127.0.0.1", port = server:port() })
print(await(c:take()))
c:take():cancel()
local at_once = c:take()
peers[1]:put "1"
print(at_once:try_await())
local given_up = c:take()
task.yield()
given_up:cancel()
local late = c:take()
peers[1]:put "2"
print(late:try_await())
local first = task.spawn(function() return await(c:take()) end)
task.yield()
local second, third = c:take(), c:take()
first:cancel()
peers[1]:put "3"
print(first:try_await())
print(second:try_await())
for _ = 1, 3 do
    third:cancel()
    third = c:take()
end
peers[1]:put "4"
print(third:try_await())
c:abort()
await(server:close(0))
--- exec_out
begun
true	1
true	2
false	cancelled: cancelled
true	3
true	4
exit 0



=== TEST 19: a put that is cancelled while it waits for room neither holds nor fails those that follow
--- user_files
>>> main.lua
local tcp, task, deferred = require "perilune.tcp", require "perilune.task", require "perilune.deferred"
local may_read, all_read, n = deferred.deferred(), deferred.deferred(), 0
local server = tcp.start_server(function(stream)
    await(may_read)
    for chunk in stream:each() do n = n + #chunk end
    all_read:success(n)
end, { address = "127.0.0.1" })
local c = await(tcp.connect { host = "127.0.0.1", port = server:port() })
local big = ("x"):rep(16000000)
local function put() return await(c:put(big)) end
for turns = 2, 1, -1 do -- while it waits, and before it has begun to
    local putter = task.spawn(put)
    for _ = 1, turns do task.yield() end
    print(c:queued() > 0)
    putter:cancel()
    print(putter:try_await())
end
c:put(big):cancel()
local beside = c:put("a piece beside those that wait")
for _ = 1, 4 do task.yield() end
local put_again, shut = c:put(big), c:shutdown()
c:shutdown():cancel()
may_read:success(true)
print(await(beside), await(put_again), await(shut), await(all_read))
c:close()
await(server:close())
--- exec_out
true
false	cancelled: cancelled
true
false	cancelled: cancelled
true	true	true	64000030
exit 0



=== TEST 20: a close sends what was put though the task that asked for it is cancelled, or nobody waits for it
--- user_files
>>> main.lua
local tcp, task, deferred = require "perilune.tcp", require "perilune.task", require "perilune.deferred"
local may_read, counts = deferred.deferred(), {}
local server = tcp.start_server(function(stream)
    await(may_read)
    local n = 0
    for chunk in stream:each() do n = n + #chunk end
    counts[#counts + 1] = n
end, { address = "127.0.0.1" })
local big, streams = ("x"):rep(8000000), {}
for turns = 1, 3 do -- before closing has begun, and while it goes on
    local c = await(tcp.connect { host = "127.0.0.1", port = server:port() })
    streams[turns] = c
    local closer = task.spawn(function()
        c:put(big)
        await(c:close())
    end)
    for _ = 1, turns do task.yield() end
    closer:cancel()
    print(closer:try_await())
    c:close():cancel()
end
may_read:success(true)
for _, c in ipairs(streams) do await(c:close()) end
await(server:close())
print(unpack(counts))
--- exec_out
false	cancelled: cancelled
false	cancelled: cancelled
false	cancelled: cancelled
8000000	8000000	8000000
exit 0



=== TEST 21: a connection as a stream with operators: into itself, mapped, in frames; a source and a sink as it is
--- user_files
>>> main.lua
local frame, stream, tcp = require "perilune.frame", require "perilune.stream", require "perilune.tcp"
local function try(handler, talk)
    local server = tcp.start_server(handler, { address = "127.0.0.1" })
    local c = await(tcp.connect { host = "127.0.0.1", port = server:port() })
    talk(c)
    c:close()
    await(server:close())
end
local function say(c)
    for _, word in ipairs { "one", "two", "three" } do
        await(c:put(word))
        io.write(await(c:take()), " ")
    end
    await(c:shutdown())
    print(await(c:take()))
end
try(function(s)
    local both = s:stream()
    return both:drain_into(both)
end, say)
try(function(s)
    local both = s:stream()
    return both:map(string.upper):drain_into(both)
end, say)
try(function(s) return stream.to_source(s):drain_into(stream.to_sink(s)) end, say)
try(function(s)
    local lines = frame.lines(s):stream()
    return lines:filter(function(line) return #line > 1 end):map(string.reverse):drain_into(lines)
end, function(c)
    local lines = frame.lines(c):stream()
    print(await(lines:put_all { "abc", "d", "ef" }), await(lines:take()), await(lines:take()))
    lines:close()
end)
try(function(s) return s:stream():consume(print) end, function(c)
    local both = c:stream()
    await(both:put("x"))
    both:close()
    print(await(both:take()), await(both:put("y")))
end)
try(function(s) await(s:take()) end, function(c)
    local both = c:stream()
    await(both:put(print))
    print(await(both:put("x")))
end)
--- exec_out_like
^one two three nil
ONE TWO THREE nil
one two three nil
true	cba	fe
(?:x
nil	false|nil	false
x)
false
exit 0
.*bad argument 'data' to put[\s\S]*



=== TEST 22: a server that is closed ends a handler that has returned a deferred, and that is no error
--- user_files
>>> main.lua
local deferred, task, tcp = require "perilune.deferred", require "perilune.task", require "perilune.tcp"
local server = tcp.start_server(function()
    return deferred.deferred(function(reason) print("stopped", reason.code) end)
end, { address = "127.0.0.1" })
local c = await(tcp.connect { host = "127.0.0.1", port = server:port() })
while server:count() == 0 do task.nap(0.005) end
print(await(server:close(0.01):timeout(60, "late")), server:count())
print(select(2, try_await(c:take())).code)
--- exec_out
stopped	closed
true	0
reset
exit 0



=== TEST 23: a connection as a stream: puts that wait when it breaks are answered false, and it is forgotten
--- user_files
>>> main.lua
local deferred, task, tcp = require "perilune.deferred", require "perilune.task", require "perilune.tcp"
local over, n = deferred.deferred(), 0
local server = tcp.start_server(function(s)
    local both, chunk = s:stream(), ("x"):rep(100000)
    while await(both:put(chunk)) do n = n + 1 end
    over:success(both:is_closed())
end, { address = "127.0.0.1" })
local c = await(tcp.connect { host = "127.0.0.1", port = server:port() })
local before
repeat -- until the server waits
    before = n
    await(task.sleep(0.3))
until n > 0 and n == before
c:abort()
print(await(over))
print(await(server:close(1000)))
--- exec_out
true
true
exit 0
