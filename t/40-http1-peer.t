# Slow, greedy and vanishing clients: backpressure both ways with bounded memory, cancellation of handlers.
# The clients are scripts; `client` is what they share.
use Test::Nginx::Socket 'no_plan';

no_root_location();
our $Http = <<'_EOC_';
    lua_package_path "$TEST_NGINX_HTML_DIR/?.lua;;";
_EOC_
our $Config = <<'_EOC_';
    location / { client_max_body_size 0; handler app; }
_EOC_
our $Exec = <<'_EOC_';
PID=$(cat $TEST_NGINX_SERVROOT/logs/nginx.pid)
cd $TEST_NGINX_HTML_DIR
cat >client.lua <<'EOF'
local sock, posix = require "perilune.test.sock", require "perilune.test.posix"
local client = { sleep = posix.sleep, close = sock.close, shutdown = sock.shutdown, port = tonumber(arg[1]) }
-- Only what hangs takes so long.
local LONGEST = 60
local status = "/proc/" .. arg[2] .. "/status"
-- A sanitizer keeps what was freed: then memory says nothing.
local is_sanitized = io.open("/proc/" .. arg[2] .. "/maps"):read("*a"):find("libasan", 1, true)
function client.memory(what)
    return is_sanitized and 0 or tonumber(io.open(status):read("*a"):match(what .. ":%s*(%d+)")) / 1024
end
function client.connect() return assert(sock.connect("127.0.0.1", client.port, LONGEST)) end
function client.send(fd, data, seconds)
    local at, stop = 1, posix.now() + (seconds or LONGEST)
    while at <= #data and posix.now() < stop do
        local n = sock.send(fd, data, at, math.min(at + 65535, #data))
        if not n then return at - 1, "error" end
        at = at + n
        if n == 0 then sock.poll(fd, false, true, 0.05) end
    end
    return at - 1
end
-- Until the end, until `wanted` has come, or for so many seconds.
function client.receive(fd, seconds, wanted)
    local all, stop = {}, posix.now() + (seconds or LONGEST)
    while posix.now() < stop do
        sock.poll(fd, true, false, 0.05)
        local data, err = sock.recv(fd)
        if data == "" or data == nil then return table.concat(all), data == "" and "end" or err end
        all[#all + 1] = data or nil
        if wanted and table.concat(all):find(wanted, 1, true) then break end
    end
    return table.concat(all), "open"
end
function client.await(holds)
    local stop = posix.now() + LONGEST
    while not holds() and posix.now() < stop do posix.sleep(0.01) end
end
function client.logged(text)
    client.await(function() return io.open("../logs/error.log"):read("*a"):find(text, 1, true) end)
end
return client
EOF
timeout 120 $(readlink /proc/$PID/exe) run main.lua $TEST_NGINX_SERVER_PORT $PID
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
        $block->set_value("timeout", 150);
    }
});

run_tests();

__DATA__

=== TEST 1: a client that sends 50 MB to a handler that is slow to read: little is taken, all arrives
--- user_files
>>> app.lua
local task = require "perilune.task"
local released = false
return function(req)
    if req.path == "/go" then
        released = true
        return "gone on"
    end
    while not released do task.nap(0.01) end
    local n = 0
    for piece in req.body:each() do
        n = n + #piece
        if n % 7 == 0 then task.nap(0.001) end
    end
    return tostring(n)
end
>>> main.lua
package.path = "./?.lua;" .. package.path
local c = require "client"
local size, before = 50e6, c.memory "VmRSS"
local fd = c.connect()
c.send(fd, ("POST / HTTP/1.1\r\nHost: a\r\nConnection: close\r\nContent-Length: %d\r\n\r\n"):format(size))
local data = ("x"):rep(size)
local first = c.send(fd, data, 0.3)
print("stalled", first < 10e6, c.memory "VmRSS" - before < 4)
local other = c.connect()
c.send(other, "GET /go HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
c.receive(other)
local rest = c.send(fd, data:sub(first + 1))
print("sent", first + rest)
print(c.receive(fd):match("\r\n\r\n(.*)"))
print("memory", c.memory "VmHWM" - before < 24)
--- exec_out
stalled	true	true
sent	50000000
50000000
memory	true



=== TEST 2: the same, chunked
--- user_files
>>> app.lua
local task = require "perilune.task"
local released = false
return function(req)
    if req.path == "/go" then
        released = true
        return "gone on"
    end
    while not released do task.nap(0.01) end
    local n = 0
    for piece in req.body:each() do n = n + #piece end
    return tostring(n)
end
>>> main.lua
package.path = "./?.lua;" .. package.path
local c = require "client"
local before = c.memory "VmRSS"
local fd = c.connect()
c.send(fd, "POST / HTTP/1.1\r\nHost: a\r\nConnection: close\r\nTransfer-Encoding: chunked\r\n\r\n")
local data = ("10000\r\n" .. ("x"):rep(65536) .. "\r\n"):rep(300) .. "0\r\n\r\n"
local first = c.send(fd, data, 0.2)
print("stalled", first < 10e6, c.memory "VmRSS" - before < 4)
local other = c.connect()
c.send(other, "GET /go HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
c.receive(other)
c.send(fd, data:sub(first + 1))
print(c.receive(fd):match("\r\n\r\n(.*)"))
print("memory", c.memory "VmHWM" - before < 24)
--- exec_out
stalled	true	true
19660800
memory	true



=== TEST 3: a client that does not take a large answer: the producer waits; it goes on when the client does
--- user_files
>>> app.lua
local produced = 0
return function(req)
    if req.path == "/count" then return tostring(produced) end
    return { body = function()
        if produced < 50e6 then
            produced = produced + 50000
            return ("y"):rep(50000)
        end
    end }
end
>>> main.lua
package.path = "./?.lua;" .. package.path
local c = require "client"
local before = c.memory "VmRSS"
local fd = c.connect()
c.send(fd, "GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
c.sleep(0.3)
local other = c.connect()
c.send(other, "GET /count HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
print("waits", tonumber(c.receive(other):match("\r\n\r\n(.*)")) < 12e6, c.memory "VmRSS" - before < 8)
local text, how = c.receive(fd)
print(#text:gsub("[^y]", ""), how, text:sub(-7) == "\r\n0\r\n\r\n")
print("memory", c.memory "VmHWM" - before < 24)
--- exec_out
waits	true	true
50000000	end	true
memory	true



=== TEST 4: a large echo runs in bounded memory
--- user_files
>>> app.lua
return function(req) return { body = req.body } end
>>> main.lua
package.path = "./?.lua;" .. package.path
local c = require "client"
local before = c.memory "VmRSS"
local fd, got = c.connect(), 0
c.send(fd, "POST / HTTP/1.1\r\nHost: a\r\nConnection: close\r\nContent-Length: 20000000\r\n\r\n")
local data = ("z"):rep(1e6)
local stalled = false
for i = 1, 20 do
    local at = 0
    while at < #data do
        local n = c.send(fd, data:sub(at + 1), 0.02)
        at = at + n
        if n == 0 then stalled = true end
        local text = c.receive(fd, 0.02)
        got = got + #text:gsub("[^z]", "")
    end
end
got = got + #c.receive(fd):gsub("[^z]", "")
print(got, c.memory "VmHWM" - before < 16)
--- exec_out
20000000	true



=== TEST 5: a client that leaves during a stream: the handler is cancelled, its cleanups run, its stream is closed
--- user_files
>>> app.lua
local stream, task, sys = require "perilune.stream", require "perilune.task", require "perilune.core.sys"
return function(req)
    local s = stream.stream()
    task.defer(function() sys.log("error", "cleanup of the handler") end)
    task.spawn(function()
        task.defer(function() sys.log("error", "cleanup of the child") end)
        while await(s:put("tick")) do task.nap(0.005) end
        sys.log("error", "stream was closed")
    end)
    return { body = s }
end
>>> main.lua
package.path = "./?.lua;" .. package.path
local c = require "client"
local fd = c.connect()
c.send(fd, "GET / HTTP/1.1\r\nHost: a\r\n\r\n")
local text = c.receive(fd, nil, "tick")
print(text:find("tick") ~= nil)
c.close(fd)
--- exec_out
true
--- error_log
cleanup of the handler
cleanup of the child
handler was cancelled: the client is gone
--- no_error_log
handler failed



=== TEST 6: a client that resets while a handler waits: cancelled at once, children, too
--- user_files
>>> app.lua
local task, sys = require "perilune.task", require "perilune.core.sys"
return function(req)
    if req.path == "/first" then return ("x"):rep(1000) end
    sys.log("error", "the second waits")
    task.defer(function() sys.log("error", "cleanup") end)
    local child = task.spawn(function()
        local ok, err = pcall(task.nap, 60)
        sys.log("error", "child: " .. tostring(ok) .. " " .. err.code)
    end)
    local ok, err = pcall(await, child)
    sys.log("error", "handler: " .. tostring(ok) .. " " .. err.code)
    error(err)
end
>>> main.lua
package.path = "./?.lua;" .. package.path
local c = require "client"
local fd = c.connect()
c.send(fd, "GET /first HTTP/1.1\r\nHost: a\r\n\r\nGET /second HTTP/1.1\r\nHost: a\r\n\r\n")
c.logged "the second waits"
c.close(fd) -- with unread input: a reset
print("done")
--- exec_out
done
--- error_log
child: false closed
handler: false closed
cleanup
handler was cancelled: the client is gone



=== TEST 7: a handler that ignores its cancellation and answers all the same harms nobody
--- user_files
>>> app.lua
local task = require "perilune.task"
return function(req)
    if req.path ~= "/second" then return ("x"):rep(1000) end
    pcall(task.nap, 60)
    task.nap(0.02)
    return { body = function() return nil end }
end
>>> main.lua
package.path = "./?.lua;" .. package.path
local c = require "client"
local fd = c.connect()
c.send(fd, "GET /first HTTP/1.1\r\nHost: a\r\n\r\nGET /second HTTP/1.1\r\nHost: a\r\n\r\n")
c.sleep(0.1)
c.close(fd)
c.sleep(0.2)
local again = c.connect()
c.send(again, "GET /x HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
print(#c.receive(again):match("\r\n\r\n(.*)"))
--- exec_out
1000



=== TEST 8: a client that leaves in the middle of a body
--- user_files
>>> app.lua
local sys = require "perilune.core.sys"
return function(req)
    local ok, err = pcall(function() for _ in req.body:each() do end end)
    sys.log("error", "body: " .. tostring(ok) .. " " .. err.code)
    error(err)
end
>>> main.lua
package.path = "./?.lua;" .. package.path
local c = require "client"
local fd = c.connect()
c.send(fd, "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 100\r\n\r\nabc")
c.sleep(0.05)
c.close(fd)
print("done")
--- exec_out
done
--- error_log
body: false truncated



=== TEST 9: a client that takes nothing is cut off after send_timeout, and the handler is cancelled
--- config
    location / { send_timeout 200ms; handler app; }
--- user_files
>>> app.lua
local task, sys = require "perilune.task", require "perilune.core.sys"
return function(req)
    task.defer(function() sys.log("error", "cleanup") end)
    return { body = function() return ("x"):rep(65536) end }
end
>>> main.lua
package.path = "./?.lua;" .. package.path
local c = require "client"
local fd = c.connect()
c.send(fd, "GET / HTTP/1.1\r\nHost: a\r\n\r\n")
c.logged "cleanup"
local text, how = c.receive(fd)
print(#text > 0, how ~= "open")
--- exec_out
true	true
--- error_log
cleanup



=== TEST 10: send_timeout does not hit a client that is slow but takes something
--- config
    location / { send_timeout 3s; handler app; }
--- user_files
>>> app.lua
return function(req) return ("x"):rep(24000000) end
>>> main.lua
package.path = "./?.lua;" .. package.path
local c, sock, posix = require "client", require "perilune.test.sock", require "perilune.test.posix"
-- Takes the answer for more than 3 s. A try in which this client itself did not run for two of them shows nothing.
local function take()
    local fd, n, last, widest = c.connect(), 0, posix.now(), 0
    c.send(fd, "GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
    for i = 1, 40 do
        c.sleep(0.1)
        for _ = 1, 11 do
            sock.poll(fd, true, false, 0.01)
            local data = sock.recv(fd)
            if data then n = n + #data end
        end
        widest, last = math.max(widest, posix.now() - last), posix.now()
    end
    local text, how = c.receive(fd)
    return n + #text > 24000000, how, widest
end
local is_whole, how, widest
for _ = 1, 20 do
    is_whole, how, widest = take()
    if is_whole or widest < 2 then break end
end
print(is_whole, how)
--- exec_out
true	end



=== TEST 11: an error after the head: to HTTP/1.0 a reset shows that the body is not whole
--- user_files
>>> app.lua
local task = require "perilune.task"
return function(req)
    local i = 0
    return { body = function()
        i = i + 1
        if i == 2 then task.nap(0.05) error("broke") end
        return "first"
    end }
end
>>> main.lua
package.path = "./?.lua;" .. package.path
local c = require "client"
local fd = c.connect()
c.send(fd, "GET / HTTP/1.0\r\n\r\n")
local text, how = c.receive(fd)
print(text:match("\r\n\r\n(.*)"), how ~= "end" and how ~= "open")
--- exec_out
first	true
--- error_log
broke



=== TEST 12: a client that sends requests without reading answers is not read from for ever
--- user_files
>>> app.lua
return function(req) return ("x"):rep(10000) end
>>> main.lua
package.path = "./?.lua;" .. package.path
local c = require "client"
local before = c.memory "VmRSS"
local fd = c.connect()
local sent = c.send(fd, ("GET / HTTP/1.1\r\nHost: a\r\n\r\n"):rep(400000), 1)
print(sent < 9e6, c.memory "VmRSS" - before < 8)
--- exec_out
true	true



=== TEST 13: pipelined requests behind one that waits are kept up to a limit
--- user_files
>>> app.lua
local task = require "perilune.task"
return function(req) task.nap(0.5) return "x" end
>>> main.lua
package.path = "./?.lua;" .. package.path
local c = require "client"
local before = c.memory "VmRSS"
local fd = c.connect()
c.send(fd, ("GET / HTTP/1.1\r\nHost: a\r\n\r\n"):rep(400000), 0.4)
print(c.memory "VmRSS" - before < 4)
--- exec_out
true



=== TEST 14: a thousand connections that come and go leave nothing behind
--- user_files
>>> app.lua
local task = require "perilune.task"
return function(req) if req.path == "/wait" then task.nap(0.01) end return "x" end
>>> main.lua
package.path = "./?.lua;" .. package.path
local c = require "client"
local function round(n)
    for i = 1, n do
        local fd = c.connect()
        c.send(fd, "GET /" .. (i % 3 == 0 and "wait" or "") .. " HTTP/1.1\r\nHost: a\r\n" .. (i % 5 == 0 and "Broken" or "\r\n"))
        if i % 2 == 0 then c.receive(fd, 0.01) end
        c.close(fd)
    end
end
local function count()
    local n = 0
    for _ in io.popen("ls /proc/" .. arg[2] .. "/fd"):lines() do n = n + 1 end
    return n
end
local fds_before = count()
round(300)
local before = c.memory "VmRSS"
round(1000)
for _ = 1, 300 do
    if count() <= fds_before then break end
    c.sleep(0.1)
end
print(count() <= fds_before, c.memory "VmRSS" - before < 3)
--- exec_out
true	true



=== TEST 15: large files to a slow client, and one that leaves
--- user_files
>>> app.lua
local http = require "perilune.http"
local dir = debug.getinfo(1, "S").source:match("@(.*/)")
local f = assert(io.open(dir .. "big", "w"))
for i = 1, 400 do f:write(("f"):rep(50000)) end
f:close()
return function(req) return { body = http.file(dir .. "big") } end
>>> main.lua
package.path = "./?.lua;" .. package.path
local c = require "client"
local fd = c.connect()
c.send(fd, "GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
c.sleep(0.2)
local leaver = c.connect()
c.send(leaver, "GET / HTTP/1.1\r\nHost: a\r\n\r\n")
c.sleep(0.05)
c.close(leaver)
local text, how = c.receive(fd)
print(#text:match("\r\n\r\n(.*)"), how)
local fds
c.await(function()
    fds = 0
    for name in io.popen("ls -l /proc/" .. arg[2] .. "/fd"):lines() do if name:find("/big") then fds = fds + 1 end end
    return fds == 0
end)
print("open files", fds)
--- exec_out
20000000	end
open files	0

=== TEST 16: a body filter over a large file goes no faster than its client
--- config
    location / { root $TEST_NGINX_HTML_DIR; body_filter_by_lua_block { ngx.arg[1] = ngx.arg[1]:upper() } }
--- user_files
>>> main.lua
package.path = "./?.lua;" .. package.path
local c = require "client"
local f = assert(io.open("big", "w"))
for i = 1, 400 do f:write(("f"):rep(50000)) end
f:close()
local small = c.connect()
c.send(small, "GET /main.lua HTTP/1.1\r\nHost: a\r\n\r\n")
c.receive(small, 0.1)
local before = c.memory "VmRSS"
local fd = c.connect()
c.send(fd, "GET /big HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
local leaver = c.connect()
c.send(leaver, "GET /big HTTP/1.1\r\nHost: a\r\n\r\n")
c.sleep(0.5)
print(c.memory "VmRSS" - before < 8)
c.close(leaver)
local all = c.receive(fd):match("\r\n\r\n(.*)") -- the dates of the head hold an F on Fridays
local n = select(2, all:gsub("F", "F"))
print(n, all:sub(-5) == "0\r\n\r\n", c.memory "VmRSS" - before < 8)
--- exec_out
true
20000000	true	true

=== TEST 17: a client that leaves behind a body that nobody reads is noticed
--- config
    location / { client_max_body_size 0; handler app; }
--- user_files
>>> app.lua
local task = require "perilune.task"
return function(req)
    if req.path == "/state" then return _G.state or "none" end
    _G.state = "waiting"
    task.defer(function() _G.state = "cancelled" end)
    task.nap(50)
    return "late"
end
>>> main.lua
package.path = "./?.lua;" .. package.path
local c = require "client"
local function state()
    local fd = c.connect()
    c.send(fd, "GET /state HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
    local text = c.receive(fd)
    c.close(fd)
    return text:match("\r\n\r\n(.*)$")
end
local function await_state(wanted)
    for _ = 1, 200 do
        if state() == wanted then return wanted end
        c.sleep(0.1)
    end
    return "in vain"
end
for _, sent in ipairs { 10, 100000 } do
    local fd = c.connect()
    c.send(fd, "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1000000000\r\n\r\n" .. ("x"):rep(sent))
    print(await_state "waiting")
    c.close(fd)
    print(await_state "cancelled")
end
--- exec_out
waiting
cancelled
waiting
cancelled



=== TEST 18: a client that ends its side while a handler waits: gone if it wanted to go on asking, else answered
--- user_files
>>> app.lua
local task = require "perilune.task"
return function(req)
    if req.path == "/state" then return _G.state or "none" end
    if req.path == "/go" then _G.may_go = true return "" end
    if req.path == "/at-once" then return "at once" end
    _G.state, _G.may_go = "waiting", false
    task.defer(function() _G.state = _G.may_go and "answered" or "cancelled" end)
    repeat task.nap(0.002) until _G.may_go
    return "late"
end
>>> main.lua
package.path = "./?.lua;" .. package.path
local c = require "client"
local function ask(path)
    local fd = c.connect()
    c.send(fd, "GET " .. path .. " HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
    local text = c.receive(fd)
    c.close(fd)
    return text:match("\r\n\r\n(.*)$")
end
local function await_state(wanted)
    for _ = 1, 2000 do
        if ask "/state" == wanted then return wanted end
        c.sleep(0.005)
    end
    return "in vain"
end
local function begin(head)
    local fd = c.connect()
    c.send(fd, head)
    print(await_state "waiting")
    c.shutdown(fd, 1)
    return fd
end
local function answer(fd)
    return c.receive(fd):match("\r\n\r\n(.*)$")
end
local fd = begin "GET / HTTP/1.1\r\nHost: a\r\n\r\n"
print(await_state "cancelled", answer(fd))
for _, head in ipairs { "GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n", "GET / HTTP/1.0\r\n\r\n" } do
    fd = begin(head)
    ask "/go"
    print(answer(fd), await_state "answered")
end
fd = c.connect()
c.send(fd, "GET /at-once HTTP/1.1\r\nHost: a\r\n\r\n")
c.shutdown(fd, 1)
print(answer(fd))
--- exec_out
waiting
cancelled	nil
waiting
late	answered
waiting
late	answered
at once



=== TEST 19: a client that ends its side during a large answer: the connection ends behind the answer
--- user_files
>>> app.lua
return function() return ("x"):rep(8000000) end
>>> main.lua
package.path = "./?.lua;" .. package.path
local c = require "client"
for _, extra in ipairs { "", "Content-Length: 3\r\n" } do
    local fd = c.connect()
    c.send(fd, "GET / HTTP/1.1\r\nHost: a\r\n" .. extra .. "\r\n")
    c.shutdown(fd, 1)
    local text, fate = c.receive(fd)
    print(#text:match("\r\n\r\n(.*)$"), fate)
end
--- exec_out
8000000	end
8000000	end
