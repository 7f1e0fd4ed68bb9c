# Servers made in code: http.start_server in scripts that are also their own clients.
use Test::Nginx::Socket 'no_plan';

no_root_location();
our $Config = "    location / { return 204; }\n";
our $Exec = <<'_EOC_';
P=$(readlink /proc/$(cat $TEST_NGINX_SERVROOT/logs/nginx.pid)/exe)
cd $TEST_NGINX_HTML_DIR
cat >client.lua <<'EOF'
local ffi = require "ffi"
local sock, task = require "perilune.test.sock", require "perilune.task"
ffi.cdef "int socket(int, int, int); int connect(int, const void *, unsigned);"
local client = { close = sock.close }
function client.connect(port) return assert(sock.connect("127.0.0.1", port, 5)) end
function client.connect_unix(path)
    local fd = ffi.C.socket(1, 0x801, 0)
    local a = ffi.new("struct { uint16_t family; char path[108]; }", 1, path)
    return ffi.C.connect(fd, a, 110) == 0 and fd
end
function client.send(fd, text) return sock.send(fd, text, 1, #text) end
function client.receive(fd, seconds)
    local all, how = {}, "open"
    for _ = 1, (seconds or 60) * 500 do
        local data = sock.recv(fd)
        if data == "" then how = "end" break end
        if data == nil then how = "error" break end
        if data then all[#all + 1] = data else task.nap(0.002) end
    end
    return table.concat(all), how
end
function client.answer(port, path)
    local fd = client.connect(port)
    client.send(fd, "GET " .. (path or "/") .. " HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
    local text = client.receive(fd)
    client.close(fd)
    return text
end
function client.get(port, path) return (client.answer(port, path):match("\r\n\r\n(.*)")) end
return client
EOF
timeout 100 $P run main.lua 2>err; echo exit $?; cat err
_EOC_
add_block_preprocessor(sub {
    my $block = shift;
    if (!defined $block->config) {
        $block->set_value("config", $Config);
    }
    if (!defined $block->exec) {
        $block->set_value("exec", $Exec);
    }
    if (!defined $block->timeout) {
        $block->set_value("timeout", 100);
    }
});

run_tests();

__DATA__

=== TEST 1: port 0 is a free port; requests are answered; the script ends when the server is closed
--- user_files
>>> main.lua
package.path = "./?.lua;" .. package.path
local http, task, c = require "perilune.http", require "perilune.task", require "client"
local server = http.start_server(function(req) return req.path .. " on " .. req.server_port end, { port = 0, address = "127.0.0.1" })
print(server:port() > 0, c.get(server:port(), "/x") == "/x on " .. server:port())
print(await(server:close()), server:port(), await(server:wait_for_close()))
print(pcall(c.connect, 1) == false)
--- exec_out
true	true
true	nil	true
true
exit 0



=== TEST 2: a server keeps the script alive until it is closed
--- user_files
>>> main.lua
package.path = "./?.lua;" .. package.path
local http, task, c = require "perilune.http", require "perilune.task", require "client"
local server
server = http.start_server(function(req)
    task.spawn(function() task.nap(0.02) server:close() end)
    return "bye"
end, { address = "127.0.0.1" })
local answer
task.spawn(function() task.nap(0.05) answer = task.spawn(c.get, server:port()) end)
server:wait_for_close():on_realized(function()
    task.spawn(function() print("closed after", await(answer)) end)
end)
print("end of the main chunk")
--- exec_out
end of the main chunk
closed after	bye
exit 0



=== TEST 3: several servers
--- user_files
>>> main.lua
package.path = "./?.lua;" .. package.path
local http, task, c = require "perilune.http", require "perilune.task", require "client"
local servers = {}
for i = 1, 3 do servers[i] = http.start_server(function() return "server " .. i end, { address = "127.0.0.1" }) end
for i = 3, 1, -1 do print(c.get(servers[i]:port())) end
await(servers[2]:close())
print(c.get(servers[1]:port()), c.get(servers[3]:port()), (pcall(c.get, servers[2]:port() or 1)))
await(servers[1]:close(0))
await(servers[3]:close())
--- exec_out
server 3
server 2
server 1
server 1	server 3	false
exit 0



=== TEST 4: a Unix socket; its file is gone afterwards
--- user_files
>>> main.lua
package.path = "./?.lua;" .. package.path
local http, task, c = require "perilune.http", require "perilune.task", require "client"
local path = "./sock with space;{}"
local server = http.start_server(function(req) return tostring(req.remote_addr) .. req.path end, { path = path })
print(server:port())
local fd = c.connect_unix(path)
c.send(fd, "GET /u HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
print(c.receive(fd):match("\r\n\r\n(.*)"))
c.close(fd)
await(server:close())
print(io.open(path))
--- exec_out
0
unix:/u
nil	./sock with space;{}: No such file or directory	2
exit 0



=== TEST 5: listen_fd: an inherited socket
--- user_files
>>> main.lua
package.path = "./?.lua;" .. package.path
local http, task, c = require "perilune.http", require "perilune.task", require "client"
local ffi = require "ffi"
ffi.cdef "int bind(int, const void *, unsigned); int listen(int, int); int fcntl(int, int, ...); int getsockname(int, void *, unsigned *);"
local fd = ffi.C.socket(2, 1, 0)
local a = ffi.new("struct { uint16_t family; uint8_t port[2]; uint8_t host[4]; char zero[8]; }", 2, { 0, 0 }, { 127, 0, 0, 1 })
assert(ffi.C.bind(fd, a, 16) == 0 and ffi.C.listen(fd, 5) == 0)
local server = http.start_server(function() return "inherited" end, { listen_fd = fd })
print(c.get(server:port()))
print(c.get(server:port()))
await(server:close())
for _, bad in ipairs { 999, 0 } do
    local ok, err = pcall(http.start_server, print, { listen_fd = bad })
    print(ok, err)
end
for _, name in ipairs { "listen_fd", "backlog" } do
    print(pcall(http.start_server, print, { [name] = 1e12 }))
    print(pcall(require("perilune.tcp").start_server, print, { [name] = 1e12 }))
end
local ok, err = pcall(http.start_server, print, { path = "/" .. ("x"):rep(120) })
print(ok, (err.message:gsub("x+", "x")))
--- exec_out
inherited
inherited
false	invalid: listen_fd: invalid argument
false	invalid: listen_fd: invalid argument
false	http.start_server: option 'listen_fd' must be a whole number from 0 to 2147483647, not 1000000000000
false	tcp.start_server: option 'listen_fd' must be a whole number from 0 to 2147483647, not 1000000000000
false	http.start_server: option 'backlog' must be a whole number from 0 to 2147483647, not 1000000000000
false	tcp.start_server: option 'backlog' must be a whole number from 0 to 2147483647, not 1000000000000
false	too long a path in "unix:/x" of the "listen" directive: invalid argument
exit 0



=== TEST 6: close: idle connections go at once, busy ones are answered, no new ones come in
--- user_files
>>> main.lua
package.path = "./?.lua;" .. package.path
local http, task, c = require "perilune.http", require "perilune.task", require "client"
local go, at_work = require("perilune.deferred").deferred(), false
local server = http.start_server(function(req)
    if req.path == "/slow" then at_work = true await(go) end
    return req.path
end, { address = "127.0.0.1", keepalive_min_timeout = 0 })
local port = server:port()
local idle, busy = c.connect(port), c.connect(port)
c.send(idle, "GET /idle HTTP/1.1\r\nHost: a\r\n\r\n")
print((c.receive(idle, 0.1):match("\r\n\r\n(.*)")))
c.send(busy, "GET /slow HTTP/1.1\r\nHost: a\r\n\r\n")
repeat task.nap(0.002) until at_work
local closed = server:close()
print(c.receive(idle))
print((pcall(c.connect, port)))
print(closed:is_realized())
go:success(true)
local text, how = c.receive(busy)
print(text:match("\r\n\r\n(.*)"), text:match("Connection: (%w+)"), how)
print(await(closed))
--- exec_out
/idle
	end
false
false
/slow	close	end
true
exit 0



=== TEST 7: close with a timeout: what is not done by then is cut off, its handler cancelled
--- user_files
>>> main.lua
package.path = "./?.lua;" .. package.path
local http, task, c = require "perilune.http", require "perilune.task", require "client"
local go, at_work, is_over = require("perilune.deferred").deferred(), false, false
local server = http.start_server(function(req)
    task.defer(function() print("cleanup") is_over = true end)
    at_work = true
    print(select(2, pcall(task.nap, 60)).code)
    await(go)
    print("handler goes on", pcall(function() return req.host end))
end, { address = "127.0.0.1" })
local fd = c.connect(server:port())
c.send(fd, "GET / HTTP/1.1\r\nHost: a\r\n\r\n")
repeat task.nap(0.002) until at_work
print(await(server:close(0.05)))
print(c.receive(fd))
go:success(true)
repeat task.nap(0.002) until is_over
--- exec_out
closed
true
	error
handler goes on	true	a
cleanup
exit 0



=== TEST 8: close(0) cuts everything off now; closing twice is one closing
--- user_files
>>> main.lua
package.path = "./?.lua;" .. package.path
local http, task, c = require "perilune.http", require "perilune.task", require "client"
local pieces = 0
local server = http.start_server(function(req)
    return { body = function() task.nap(0.01) pieces = pieces + 1 return "x" end }
end, { address = "127.0.0.1" })
local fd = c.connect(server:port())
c.send(fd, "GET / HTTP/1.1\r\nHost: a\r\n\r\n")
repeat task.nap(0.002) until pieces > 2
local a, b = server:close(), server:close(0)
print(a == b, await(a), await(server:close()), server:port())
local text, how = c.receive(fd)
print(how)
task.nap(0.05)
--- exec_out
true	true	true	nil
error
exit 0



=== TEST 9: a graceful close while a client leaves and its handler still runs
--- user_files
>>> main.lua
package.path = "./?.lua;" .. package.path
local http, task, c = require "perilune.http", require "perilune.task", require "client"
local at_work = false
local server = http.start_server(function(req)
    if req.path == "/first" then return ("x"):rep(1000) end
    at_work = true
    pcall(task.nap, 60)
    task.nap(0.1)
    error("late failure")
end, { address = "127.0.0.1" })
local fd = c.connect(server:port())
c.send(fd, "GET /first HTTP/1.1\r\nHost: a\r\n\r\nGET /second HTTP/1.1\r\nHost: a\r\n\r\n")
repeat task.nap(0.002) until at_work
local closed = server:close()
c.close(fd)
print(await(closed))
task.nap(0.2)
print("fine")
--- exec_out
true
fine
exit 0



=== TEST 10: options: an unknown one is an error that names the nearest
--- user_files
>>> main.lua
package.path = "./?.lua;" .. package.path
local http, task, c = require "perilune.http", require "perilune.task", require "client"
for _, o in ipairs { { prt = 80 }, { keepalive_timout = 5 }, { zzzzzzzzz = 1 }, { port = "80" }, { path = 5 },
    { keepalive_timeout = "5" }, { client_max_body_size = true }, { tcp_nodelay = 1 }, { keepalive_timeout = -1 }, { port = 70000 }, { 1 } } do
    print((select(2, pcall(http.start_server, print, o)):gsub("^.-main.lua:%d+: ", "")))
end
print((select(2, pcall(http.start_server, "x")):gsub("^.-main.lua:%d+: ", "")))
--- exec_out
http.start_server: unknown option 'prt'; did you mean 'port'?
http.start_server: unknown option 'keepalive_timout'; did you mean 'keepalive_timeout'?
http.start_server: unknown option 'zzzzzzzzz'
http.start_server: option 'port' must be a port, not a string
http.start_server: option 'path' must be a string, not 5
http.start_server: option 'keepalive_timeout' must be a number of seconds, not a string
http.start_server: option 'client_max_body_size' must be a whole number from 0, not true
http.start_server: option 'tcp_nodelay' must be a boolean, not 1
http.start_server: option 'keepalive_timeout' must be a number of seconds, not -1
http.start_server: option 'port' must be a port, not 70000
http.start_server: unknown option '1'
bad argument 'handler' to http.start_server (function expected, got string)
exit 0



=== TEST 11: an address that is in use, or is not ours, or not allowed
--- user_files
>>> main.lua
package.path = "./?.lua;" .. package.path
local http, task, c = require "perilune.http", require "perilune.task", require "client"
local server = http.start_server(function() return "x" end, { address = "127.0.0.1" })
local function try(o)
    local ok, err = pcall(http.start_server, function() end, o)
    print(ok, type(err) == "table" and err.code or err, (tostring(err.message):gsub(":" .. server:port(), ":PORT")))
end
try { address = "127.0.0.1", port = server:port() }
try { path = "/none/such/socket" }
print(c.get(server:port()))
await(server:close(0))
--- exec_out
false	address_in_use	127.0.0.1:PORT: address already in use
false	not_found	unix:/none/such/socket: not found
x
exit 0



=== TEST 12: limits and timeouts of the options hold
--- user_files
>>> main.lua
package.path = "./?.lua;" .. package.path
local http, task, c = require "perilune.http", require "perilune.task", require "client"
local server = http.start_server(function(req) return await(req:text()) end, { address = "127.0.0.1",
    client_max_body_size = 5, client_header_timeout = 0.1, keepalive_requests = 2, max_header_size = 1024,
    client_body_timeout = 0.1, keepalive_timeout = 0.1 })
local function try(text, seconds)
    local fd = c.connect(server:port())
    c.send(fd, text)
    local answer, how = c.receive(fd, seconds)
    c.close(fd)
    local out = {}
    for status in answer:gmatch("HTTP/1.1 (%d+)") do out[#out + 1] = status end
    print(table.concat(out, " "), how)
end
try("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 6\r\n\r\n")
try("GET / HTTP/1.1\r\n")
try("GET / HTTP/1.1\r\nHost: a\r\nX: " .. ("x"):rep(2000) .. "\r\n\r\n")
try("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nabc")
try(("GET / HTTP/1.1\r\nHost: a\r\n\r\n"):rep(3))
try("GET / HTTP/1.1\r\nHost: a\r\n\r\n")
await(server:close())
--- exec_out_like
^413\tend
408\tend
431\tend
408\tend
200 200\tend
200\tend
exit 0



=== TEST 13: an error of a handler is a 500 with an id; the log line is on standard error
--- user_files
>>> main.lua
package.path = "./?.lua;" .. package.path
local http, task, c = require "perilune.http", require "perilune.task", require "client"
local server = http.start_server(function(req) error("in code") end, { address = "127.0.0.1" })
local text = c.answer(server:port())
local body = text:match("\r\n\r\n(.*)")
print(text:match("^HTTP/1.1 (%d+)"), body:match("request %x+") ~= nil, body:find("in code"))
await(server:close())
--- exec_out_like: ^500\ttrue\tnil\nexit 0\n.*\[error\].*main.lua:3: in code



=== TEST 14: access_log writes a line for each request
--- user_files
>>> main.lua
package.path = "./?.lua;" .. package.path
local http, task, c = require "perilune.http", require "perilune.task", require "client"
local server = http.start_server(function(req) return "x" end, { address = "127.0.0.1", access_log = "./access log" })
c.get(server:port(), "/logged")
await(server:close())
local f = io.open("./access log")
print(f and f:read("*a"):match('"GET /logged HTTP/1.1" 200'))
--- exec_out
"GET /logged HTTP/1.1" 200
exit 0



=== TEST 15: IPv6
--- user_files
>>> main.lua
package.path = "./?.lua;" .. package.path
local http, task, c = require "perilune.http", require "perilune.task", require "client"
local ok, server = pcall(http.start_server, function(req) return "six" end, { address = "::1" })
print(ok and server:port() > 0 or server.code == "unreachable" or server.code)
if ok then await(server:close()) end
--- exec_out
true
exit 0



=== TEST 16: a script with a server ends on SIGTERM
--- user_files
>>> main.lua
package.path = "./?.lua;" .. package.path
local http, task, c = require "perilune.http", require "perilune.task", require "client"
local ffi = require "ffi"
ffi.cdef "int kill(int, int); int getpid(void);"
local at_work = false
local server = http.start_server(function(req) at_work = true task.nap(60) end, { address = "127.0.0.1" })
local fd = c.connect(server:port())
c.send(fd, "GET / HTTP/1.1\r\nHost: a\r\n\r\n")
repeat task.nap(0.002) until at_work
ffi.C.kill(ffi.C.getpid(), 15)
print(pcall(task.nap, 10))
--- exec_out_like lua
[[^false\tcancelled: .*exit 143\n]]



=== TEST 17: a server that nobody closes does not harm the end of the script
--- user_files
>>> main.lua
package.path = "./?.lua;" .. package.path
local http, task, c = require "perilune.http", require "perilune.task", require "client"
http.start_server(function(req) return "x" end, { address = "127.0.0.1" })
error("script fails")
--- exec_out_like lua
[[^exit 1\n.*script fails]]



=== TEST 18: a client that leaves ends the producer of its answer without the cost of a traceback; a fault has one
--- user_files
>>> main.lua
package.path = "./?.lua;" .. package.path
local http, task, deferred, failure = require "perilune.http", require "perilune.task", require "perilune.deferred", require "perilune.failure"
local ended = deferred.deferred()
local server = http.start_server(function(req)
    local n = 0
    return { body = function()
        n = n + 1
        if n == 1 then return "x" end
        local ok, err = pcall(await, task.sleep(60))
        ended:success(failure.traced(err))
        error(err, 0)
    end }
end, { address = "127.0.0.1", port = 0 })
local res = await(http.get("http://127.0.0.1:" .. server:port()))
await(res.body:take())
res:close()
local err = await(ended)
print(err.code, err.traceback)
print(failure.describe(err))
print(failure.traced(failure.new("closed", "the database is gone")).traceback:match("^stack traceback"))
await(server:close(0))
--- exec_out
closed	false
closed: connection closed
stack traceback
exit 0



=== TEST 19: texts that no file or address can have, and times that are none, are the caller's mistakes
--- user_files
>>> main.lua
local http = require "perilune.http"
local function handler() return "x" end
local function try(opts)
    local ok, err = pcall(function()
        http.start_server(handler, opts)
    end)
    print(ok, err)
end
for _, name in ipairs { "address", "path", "access_log", "client_body_temp_path" } do
    try { [name] = "a\0b" }
    try { [name] = "" }
end
print(io.open("a"))
local server = http.start_server(handler, { address = "127.0.0.1" })
for _, timeout in ipairs { "x", -1, 0 / 0, 1 / 0 } do
    print(select(2, pcall(function()
        server:close(timeout)
    end)))
end
print(server:port() > 0)
await(server:close(0))
--- exec_out
false	main.lua:5: http.start_server: option 'address' must not hold a NUL
false	main.lua:5: http.start_server: option 'address' must not be empty
false	main.lua:5: http.start_server: option 'path' must not hold a NUL
false	main.lua:5: http.start_server: option 'path' must not be empty
false	main.lua:5: http.start_server: option 'access_log' must not hold a NUL
false	main.lua:5: http.start_server: option 'access_log' must not be empty
false	main.lua:5: http.start_server: option 'client_body_temp_path' must not hold a NUL
false	main.lua:5: http.start_server: option 'client_body_temp_path' must not be empty
nil	a: No such file or directory	2
main.lua:17: bad argument 'timeout' to server:close (seconds from 0 to 1e9 expected)
main.lua:17: bad argument 'timeout' to server:close (seconds from 0 to 1e9 expected)
main.lua:17: bad argument 'timeout' to server:close (seconds from 0 to 1e9 expected)
main.lua:17: bad argument 'timeout' to server:close (seconds from 0 to 1e9 expected)
true
exit 0



=== TEST 20: close: WebSockets are told that the server goes away, and it waits for them; 0 does not wait
--- user_files
>>> main.lua
local http, task, websocket = require "perilune.http", require "perilune.task", require "perilune.websocket"
local function talk(timeout)
    local handler = websocket.handler(function(ws)
        for message in ws:each() do ws:send(message) end
        await(task.sleep(0.05))
    end)
    local server = http.start_server(handler, { address = "127.0.0.1" })
    local other = http.start_server(handler, { address = "127.0.0.1" })
    local ws = await(websocket.connect("ws://127.0.0.1:" .. server:port() .. "/"))
    local unharmed = await(websocket.connect("ws://127.0.0.1:" .. other:port() .. "/"))
    ws:send("hello")
    print((ws:receive()))
    local done = server:close(timeout)
    print(ws:receive(), (select(2, ws:state())))
    print(await(done))
    unharmed:send("still here")
    print((unharmed:receive()))
    unharmed:close()
    await(other:close())
end
talk(10)
talk(0)

local server = http.start_server(websocket.handler(function(ws) ws:receive() end), { address = "127.0.0.1" })
local silent = await(require("perilune.tcp").connect { host = "127.0.0.1", port = server:port() })
silent:put("GET / HTTP/1.1\r\nHost: a\r\nConnection: upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n"
    .. "Sec-WebSocket-Key: MDEyMzQ1Njc4OWFiY2RlZg==\r\n\r\n")
print(await(silent:take()):match("^[^\r]+"))
local started = require("perilune.time").now()
await(server:close(0.2)) -- its client answers no close frame
local took = require("perilune.time").now() - started
print(took > 0.15, took < 4.5)
--- exec_out
hello
nil	1001
true
still here
hello
nil	1001
true
still here
HTTP/1.1 101 Switching Protocols
true	true
exit 0



=== TEST 21: close: a WebSocket that is accepted meanwhile is told so, too
--- user_files
>>> main.lua
local deferred, http = require "perilune.deferred", require "perilune.http"
local websocket = require "perilune.websocket"
local begun, gate = deferred.deferred(), deferred.deferred()
local talk = websocket.handler(function(ws) ws:receive() end)
local server = http.start_server(function(req)
    begun:success(true)
    await(gate)
    return talk(req)
end, { address = "127.0.0.1" })
local client = websocket.connect("ws://127.0.0.1:" .. server:port() .. "/")
await(begun)
local done = server:close(1000)
gate:success(true)
local ws = await(client)
print(ws:receive(), (select(2, ws:state())))
print(await(done))
--- exec_out
nil	1001
true
exit 0
