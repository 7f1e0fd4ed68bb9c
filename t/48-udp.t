# perilune.udp: sockets as streams of messages.
use Test::Nginx::Socket 'no_plan';

no_root_location();
our $Exec = <<'_EOC_';
P=$(readlink /proc/$(cat $TEST_NGINX_SERVROOT/logs/nginx.pid)/exe)
timeout 100 $P run $TEST_NGINX_HTML_DIR/main.lua 2>&1; echo exit $?
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

=== TEST 1: messages go both ways, with the sender's address; the bound address can be read
--- user_files
>>> main.lua
local udp = require "perilune.udp"
local a, b = udp.socket { address = "127.0.0.1" }, udp.socket { address = "127.0.0.1", port = 0 }
local host, port = b:address()
print(host, port == b:port(), port > 0)
print(await(a:put { host = host, port = port, message = "ping" }))
local m = await(b:take())
print(m.host, m.port == a:port(), m.message)
await(b:put { host = m.host, port = m.port, message = "pong\0binary" })
m = await(a:take())
print(#m.message, m.message == "pong\0binary")
print(await(a:put { host = host, port = port, message = "" }), #await(b:take()).message)
a:close() b:close()
print(await(a:put { host = host, port = port, message = "x" }), await(a:take()), a:port())
--- exec_out
127.0.0.1	true	true
true
127.0.0.1	true	ping
11	true
true	0
false	nil	nil
exit 0



=== TEST 2: a connected socket hears from its peer only, and that nobody listens
--- user_files
>>> main.lua
local task, udp = require "perilune.task", require "perilune.udp"
local server, stranger = udp.socket { address = "127.0.0.1" }, udp.socket { address = "127.0.0.1" }
local c = await(udp.connect { host = "localhost", family = "ipv4_only", port = server:port() })
await(stranger:put { host = "127.0.0.1", port = c:port(), message = "not for you" })
await(c:put "hello")
local m = await(server:take())
print(m.message, m.port == c:port())
await(server:put { host = m.host, port = m.port, message = "hello yourself" })
print(await(c:take()).message)
server:close()
await(c:put "anybody?")
local ok, err = pcall(await, c:take())
print(ok, err.code)
c:close() stranger:close()
--- exec_out
hello	true
hello yourself
false	refused
exit 0



=== TEST 3: what is too large is an error for who sends, and for who receives with a limit
--- user_files
>>> main.lua
local udp = require "perilune.udp"
local a = udp.socket { address = "127.0.0.1" }
local b = udp.socket { address = "127.0.0.1", max_size = 10, recv_buffer = 262144 }
local to = { host = "127.0.0.1", port = b:port() }
local function put(n) to.message = ("x"):rep(n) return a:put(to) end
local ok, err = try_await(put(65508))
print(ok, err.code)
await(put(11)) await(put(10))
ok, err = try_await(b:take())
print(ok, err.code, (err.message:gsub("%d+", "N")))
print(#await(b:take()).message)
local big = udp.socket { address = "127.0.0.1" }
print(await(a:put { host = "127.0.0.1", port = big:port(), message = ("y"):rep(60000) }), #await(big:take()).message)
a:close() b:close() big:close()
--- exec_out
false	too_large
false	too_large	message from N.N.N.N:N is longer than max_size
10
true	60000
exit 0



=== TEST 4: a batch keeps its order; an error in the middle is its own message's
--- user_files
>>> main.lua
local udp = require "perilune.udp"
local a, b = udp.socket { address = "127.0.0.1" }, udp.socket { address = "127.0.0.1", recv_buffer = 1048576 }
local puts = {}
for i = 1, 100 do
    local text = i == 50 and ("x"):rep(70000) or tostring(i)
    puts[i] = a:put { host = "127.0.0.1", port = b:port(), message = text }
end
local failed = {}
for i = 1, 100 do
    local ok, err = try_await(puts[i])
    if not ok then failed[#failed + 1] = i .. ":" .. err.code end
end
print(table.concat(failed, " "))
local n, last, in_order = 0, 0, true
for m in b:each() do
    n = n + 1
    in_order = in_order and tonumber(m.message) > last
    last = tonumber(m.message)
    if n == 99 then break end
end
print(n, last, in_order)
a:close() b:close()
--- exec_out
50:too_large
99	100	true
exit 0



=== TEST 5: a take that is given up takes nothing; takers of a closed socket get nil
--- user_files
>>> main.lua
local task, udp = require "perilune.task", require "perilune.udp"
local a, b = udp.socket { address = "127.0.0.1" }, udp.socket { address = "127.0.0.1" }
local first = b:take()
first:cancel()
local second = b:take()
await(a:put { host = "127.0.0.1", port = b:port(), message = "kept" })
print(await(second).message, try_await(first))
local late = b:take()
b:close()
print(await(late))
a:abort()
--- exec_out_like
^kept	false	cancelled: .*
nil
exit 0



=== TEST 6: IPv6
--- user_files
>>> main.lua
local udp = require "perilune.udp"
local a, b = udp.socket { address = "::1" }, udp.socket { address = "::1" }
await(a:put { host = "::1", port = b:port(), message = "six" })
local m = await(b:take())
print(m.host, m.message)
local c = await(udp.connect { host = "localhost", family = "ipv6_only", port = b:port() })
await(c:put "connected")
print(await(b:take()).message)
a:close() b:close() c:close()
--- exec_out
::1	six
connected
exit 0



=== TEST 7: an address in use, reuseport, options that are not known, misuse
--- user_files
>>> main.lua
local udp = require "perilune.udp"
local a = udp.socket { address = "127.0.0.1", reuseport = true }
local ok, err = pcall(udp.socket, { address = "127.0.0.1", port = a:port() })
print(ok, err.code, (err.message:gsub(":" .. a:port(), ":PORT")))
local b = udp.socket { address = "127.0.0.1", port = a:port(), reuseport = true }
print(b:port() == a:port())
a:close() b:close()
print(pcall(udp.socket, { adress = "127.0.0.1" }))
print(pcall(udp.socket, { port = 70000 }))
print(pcall(udp.socket, { address = "not-an-address" }))
local c = udp.socket {}
print(pcall(c.put, c, "no address"))
print(pcall(c.put, c, { message = 7 }))
for _, port in ipairs { -1, 65536, 1.5 } do
    print(pcall(c.put, c, { host = "127.0.0.1", port = port, message = "elsewhere" }))
end
c:close()
print(pcall(udp.connect, { host = "127.0.0.1", port = 1, local_address = "name" }))
print(pcall(udp.connect, { host = "127.0.0.1", port = 1, address = "127.0.0.1" }))
print(pcall(udp.socket, { multicast = { ttl = 256 } }))
--- exec_out_like
^false	address_in_use	127.0.0.1:PORT: address already in use
true
false	.*udp.socket: unknown option 'adress'; did you mean 'address'\?
false	.*udp.socket: option 'port' must be a port, not 70000
false	udp.socket: option 'address' must be an IP address, not 'not-an-address'
false	.*put needs host and port on a socket that is not connected
false	.*bad argument 'message' to put .*
false	.*\(host must be a string and port a number from 0 to 65535\)
false	.*\(host must be a string and port a number from 0 to 65535\)
false	.*\(host must be a string and port a number from 0 to 65535\)
false	.*udp.connect: option 'local_address' must be an IP address, not 'name'
false	.*udp.connect: unknown option 'address'.*
false	.*udp.socket: multicast: option 'ttl' must be at most 255, not 256
exit 0



=== TEST 8: multicast on the loopback interface: joined, not joined, left; an unknown interface
--- user_files
>>> main.lua
local task, udp = require "perilune.task", require "perilune.udp"
local group = "239.255.7.7"
local member = udp.socket { address = "0.0.0.0", reuseaddr = true, multicast = { groups = { group },
    interface = "127.0.0.1" } }
local sender = udp.socket { address = "127.0.0.1", multicast = { interface = "127.0.0.1", ttl = 1 } }
await(sender:put { host = group, port = member:port(), message = "to the group" })
local m = await(member:take())
print(m.host, m.message)
member:leave(group, "127.0.0.1")
await(sender:put { host = group, port = member:port(), message = "after leaving" })
await(sender:put { host = "127.0.0.1", port = member:port(), message = "directly" })
print(await(member:take()).message)
print(select(2, pcall(member.join, member, group, "nosuch0")).code)
member:close() sender:close()
--- exec_out
127.0.0.1	to the group
directly
not_found
exit 0



=== TEST 9: broadcast has to be allowed
--- user_files
>>> main.lua
local udp = require "perilune.udp"
local a, b = udp.socket {}, udp.socket { broadcast = true }
local ok, err = try_await(a:put { host = "255.255.255.255", port = 9, message = "x" })
print(ok, err.code)
ok, err = try_await(b:put { host = "127.255.255.255", port = 9, message = "x" })
print(ok or err.code)
a:close() b:close()
--- exec_out_like
^false	denied
(true|unreachable)
exit 0



=== TEST 10: a host that is a name is resolved; a name that is none fails the put
--- user_files
>>> main.lua
local dns, udp = require "perilune.dns", require "perilune.udp"
local a, b = udp.socket { address = "::1" }, udp.socket { address = "::1" }
print(await(a:put { host = "localhost", port = b:port(), message = "by name" }), await(b:take()).message)
local ok, err = try_await(a:put { host = "no such name", port = 1, message = "x" })
print(ok, err.code)
a:close() b:close()
--- exec_out
true	by name
false	invalid
exit 0



=== TEST 11: a socket that nobody holds is closed by the collector; a script ends when none is used
--- user_files
>>> main.lua
local udp = require "perilune.udp"
local function fds()
    local n = 0
    local p = io.popen("ls /proc/" .. require("perilune.core.sys").pid() .. "/fd")
    for _ in p:lines() do n = n + 1 end
    p:close()
    return n
end
local before = fds()
for _ = 1, 50 do udp.socket { address = "127.0.0.1" } end
collectgarbage() collectgarbage()
print(fds() <= before + 2) -- code that was compiled in the loop may hold on to what it met first
local kept = udp.socket { address = "127.0.0.1" }
--- exec_out
true
exit 0



=== TEST 12: a message without bytes is one, in order among others, by IPv4 and IPv6
--- user_files
>>> main.lua
local udp = require "perilune.udp"
for _, host in ipairs { "127.0.0.1", "::1" } do
    local a = udp.socket { address = host }
    local b = await(udp.connect { host = host, port = a:port() })
    for _, text in ipairs { "", "x", "", "yz" } do
        b:put(text)
    end
    local from = {}
    for i = 1, 4 do
        local m = await(a:take())
        from[i] = ("%d:%s"):format(#m.message, m.host)
    end
    print(table.concat(from, " "))
    await(a:put { host = host, port = b:port(), message = "" })
    print(#await(b:take()).message)
    a:close() b:close()
end
--- exec_out
0:127.0.0.1 1:127.0.0.1 0:127.0.0.1 2:127.0.0.1
0
0:::1 1:::1 0:::1 2:::1
0
exit 0



=== TEST 13: multicast over IPv6, by an interface that has a link's address (loopback has no group); nothing leaves the machine
--- user_files
>>> main.lua
local task, udp = require "perilune.task", require "perilune.udp"
local IF
for line in io.lines "/proc/net/if_inet6" do
    local scope, name = line:match "^%x+ %x+ %x+ (%x+) %x+ +(%S+)"
    IF = IF or scope == "20" and name
end
if not IF then
    return print "no link"
end
local group = "ff11::7:7"
local member = udp.socket { address = "::", reuseaddr = true, multicast = { groups = { group }, interface = IF } }
local sender = udp.socket { address = "::", multicast = { interface = IF, ttl = 0 } }
await(sender:put { host = group, port = member:port(), message = "to the group" })
local m = await(member:take())
print(m.host, m.message)
member:leave(group, IF)
await(sender:put { host = group, port = member:port(), message = "after leaving" })
await(sender:put { host = "::1", port = member:port(), message = "directly" })
print(await(member:take()).message)
print(select(2, pcall(member.join, member, group, "nosuch0")).code)
local deaf = udp.socket { address = "::", multicast = { interface = IF, loop = false } }
member:join(group, IF)
await(deaf:put { host = group, port = member:port(), message = "not looped" })
await(sender:put { host = group, port = member:port(), message = "looped" })
print(await(member:take()).message)
member:close() sender:close() deaf:close()
--- exec_out_like
^(?:no link|fe80::\S+	to the group
directly
not_found
looped)
exit 0



=== TEST 14: a socket as a stream with operators; a message that cannot be sent is not the end
--- user_files
>>> main.lua
local udp = require "perilune.udp"
local a, b = udp.socket { address = "127.0.0.1" }, udp.socket { address = "127.0.0.1" }
local sums = b:stream():map(function(m) return tonumber(m.message) end):reductions(function(x, y) return x + y end, 0)
local to = a:stream()
for _, text in ipairs { "1", "20", ("0"):rep(70000), "300" } do
    await(to:put { host = "127.0.0.1", port = b:port(), message = text })
end
print(await(sums:take()), await(sums:take()), await(sums:take()), await(sums:take()))
to:close()
print(await(to:take()), await(to:put {}))
b:close()
print(await(sums:take()))
--- exec_out_like
^\S+ \S+ \[warn\] .*udp message not sent: too_large.*
0	1	21	321
nil	false
nil
exit 0
