# Streams of HTTP/2 as handlers and clients see them: cancellation, flow control, trailers, priorities, the end of a connection.
# t/lib/h2_peer.py is the client, python3-h2 a second one that minds the rules.
use Test::Nginx::Socket 'no_plan';

no_root_location();
our $Http = <<'_EOC_';
    http2 on;
    lua_package_path "$TEST_NGINX_HTML_DIR/?.lua;;";
_EOC_
our $Config = <<'_EOC_';
    location / { client_max_body_size 0; handler app; }
    location /big { root html; }
_EOC_
our $Exec = <<'_EOC_';
export ROOT=$TEST_NGINX_SERVER_ROOT PYTHONPATH=$PWD/t/lib PYTHONDONTWRITEBYTECODE=1
export EXE=$(readlink /proc/$(cat $ROOT/logs/nginx.pid)/exe)
cd $TEST_NGINX_HTML_DIR
head -c 400000 /dev/zero >big
/usr/bin/python3 main.py $TEST_NGINX_SERVER_PORT
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
        $block->set_value("timeout", 40);
    }
});
run_tests();

__DATA__

=== TEST 1: a stream that the client resets cancels its handler, and no other
--- user_files
>>> app.lua
local deferred, task = require "perilune.deferred", require "perilune.task"
local events, waiting = {}, {}
return function(req)
    if req.path == "/events" then
        return table.concat(events, " ")
    elseif req.path == "/free" then
        for _, d in pairs(waiting) do d:success("freed") end
        return "done"
    end
    task.defer(function() events[#events + 1] = "end " .. req.path end)
    waiting[req.path] = deferred.deferred()
    return await(waiting[req.path])
end
>>> main.py
import sys
from h2_peer import *
p = Peer(int(sys.argv[1]))
p.request(1, "/a").request(3, "/b").add(RST_STREAM, 0, 1, number(8))
for i in range(5, 1000, 2):                             # a handler is told in a turn of its own
    p.request(i, "/events").send()
    if p.read(lambda p: p.ended(i)).bodies.get(i):
        break
print(p.bodies[i])
p.request(1001, "/free").send()
p.read(lambda p: p.ended(1001) and p.ended(3))
print(p.bodies[3], 1 in p.bodies, p.resets)
--- exec_out
b'end /a'
b'freed' False {}



=== TEST 2: a connection that is lost cancels all handlers; an upload that is cut short is an error
--- user_files
>>> app.lua
local events = {}
return function(req)
    if req.path == "/events" then
        table.sort(events)
        return table.concat(events, " ")
    end
    local ok, err = pcall(function() return await(req:text()) end)
    events[#events + 1] = req.path .. ":" .. (ok and "whole" or tostring(err.code or err))
    return ""
end
>>> main.py
import sys
from h2_peer import *
port = int(sys.argv[1])
p = Peer(port)
p.request(1, "/a", "POST", False).add(DATA, 0, 1, b"half").add(RST_STREAM, 0, 1, number(8))
p.request(3, "/b", "POST", False).add(DATA, END_STREAM, 3, b"whole")
p.request(5, "/c", "POST", False, [("content-length", "10")]).add(DATA, END_STREAM, 5, b"short")
p.request(7, "/d", "POST", False).add(DATA, 0, 7, b"half").send()
p.read(lambda p: p.ended(3) and p.ended(5))
print(p.resets)
p.sock.close()
for i in range(600):
    q = Peer(port).request(1, "/events")
    q.send()
    events = q.read(lambda p: p.ended(1)).bodies[1].decode().split()
    if len(events) == 4:
        break
    time.sleep(0.1)
print([e for e in events if e.endswith("whole")], len(events))
--- exec_out
{5: 1}
['/b:whole'] 4



=== TEST 3: a handler that does not read stops its own stream only
--- user_files
>>> app.lua
local deferred = require "perilune.deferred"
local go = deferred.deferred()
return function(req)
    if req.path == "/go" then go:success(true) return "gone" end
    if req.path == "/slow" then await(go) end
    local n = 0
    for piece in req.body:each() do n = n + #piece end
    return tostring(n)
end
>>> main.py
import sys
from h2_peer import *
p = Peer(int(sys.argv[1])).add(SETTINGS, ACK, 0)
p.request(1, "/slow", "POST", False)
for i in range(4):
    p.add(DATA, 0, 1, b"s" * 16384)
p.request(3, "/fast", "POST", False)
for i in range(30):
    p.add(DATA, 0, 3, b"f" * 16384)
    p.send()
    p.read(lambda p: 65536 + p.windows.get(3, 0) >= 16384 * (i + 2))
p.add(DATA, END_STREAM, 3).send()
p.read(lambda p: p.ended(3))
print(p.bodies[3], p.windows.get(1, 0))
p.request(5, "/go").send()
p.read(lambda p: p.windows.get(1, 0) >= 32768)
p.add(DATA, END_STREAM, 1, b"s" * 16384).send()
print(p.read(lambda p: p.ended(1)).bodies[1], p.resets)
--- exec_out
b'491520' 0
b'81920' {}



=== TEST 4: 103, trailers both ways (a field that may not be one is passed over), 100
--- user_files
>>> app.lua
return function(req)
    if req.path == "/hints" then req:inform(103, { Link = "</a.css>; rel=preload" }) end
    await(req:text())
    local sum, who = req:trailers()["X-Sum"], req:trailers()["Authorization"]
    return { headers = { Trailer = "x-out" }, body = "body " .. tostring(sum) .. tostring(who), trailers = { ["X-Out"] = sum or "none" } }
end
>>> main.py
import sys
from h2_peer import *
p = Peer(int(sys.argv[1]))
p.request(1, "/hints").send()
p.read(lambda p: p.ended(1))
print([h.get(":status") for h in p.heads[1]], p.heads[1][0]["link"], p.heads[1][2], p.bodies[1])
p.request(3, "/", "POST", False, [("expect", "100-continue")]).send()
print(p.read(lambda p: 3 in p.heads).heads[3])
p.add(DATA, 0, 3, b"data").add(HEADERS, END_HEADERS | END_STREAM, 3, p.coder.encode([("x-sum", "42"), ("authorization", "x")])).send()
print(p.read(lambda p: p.ended(3)).bodies[3], p.heads[3][2])
--- exec_out
['103', '200', None] </a.css>; rel=preload {'x-out': 'none'} b'body nilnil'
[{':status': '100'}]
b'body 42nil' {'x-out': '42'}



=== TEST 5: priorities: urgent ones first, incremental ones in turns, changes on the way
--- user_files
>>> main.py
import sys
from h2_peer import *
def order(first, second, update=None):
    p = Peer(int(sys.argv[1]), [(4, 0x7fffffff)])
    p.request(1, "/big", extra=[("priority", first)]).request(3, "/big", extra=[("priority", second)])
    p.send()
    p.read(lambda p: 1 in p.heads and 3 in p.heads)     # the connection's window is used up
    if update:
        p.add(PRIORITY_UPDATE, 0, 0, number(3) + update)
    at = len(p.frames)
    p.add(WINDOW_UPDATE, 0, 0, number(1000000)).send()
    p.read(lambda p: p.ended(1) and p.ended(3))
    got = [f[2] for f in p.frames[at:] if f[0] == DATA]
    assert sum(f[3] for f in p.frames if f[0] == DATA) == 800000
    last = lambda n: len(got) - 1 - got[::-1].index(n)
    changes = sum(1 for a, b in zip(got, got[1:]) if a != b)
    return "turns" if changes > 10 else "1 first" if last(1) < last(3) else "3 first"
print(order("u=1", "u=5"), order("u=5", "u=1"), order("u=2, i", "u=2, i"), order("u=3", "u=3"))
print(order("u=1", "u=5", b"u=0"))
print(order("u=4", "u=3;x, nonsense=?1"), order("", "u=2"), order("u=9", "u=2"), order("u=?", "u=4"), order("i=?0, u=2", "u=2,i=?1"))
def early(update):
    """The update comes before the request that it is about."""
    p = Peer(int(sys.argv[1]), [(4, 0x7fffffff)])
    p.add(PRIORITY_UPDATE, 0, 0, update)
    p.request(1, "/big").request(3, "/big").send()
    p.read(lambda p: 1 in p.heads and 3 in p.heads)
    at = len(p.frames)
    p.add(WINDOW_UPDATE, 0, 0, number(1000000)).send()
    p.read(lambda p: p.ended(1) and p.ended(3))
    got = [f[2] for f in p.frames[at:] if f[0] == DATA]
    return "1 first" if got[-1] == 3 else "3 first"
print(early(number(3) + b"u=0"), early(number(3) + b"u=7"))
p = Peer(int(sys.argv[1]))
p.add(PRIORITY_UPDATE, 0, 0, number(0) + b"u=0").send()
print("of no stream:", p.read(lambda p: p.goaway is not None).goaway)
p = Peer(int(sys.argv[1]))
p.add(PRIORITY_UPDATE, 0, 1, number(1) + b"u=0").send()
print("on a stream:", p.read(lambda p: p.goaway is not None).goaway)
--- exec_out
1 first 3 first turns 1 first
3 first
3 first 3 first 3 first 1 first 1 first
3 first 1 first
of no stream: 1
on a stream: 1



=== TEST 6: what is announced; no bodies where there are none
--- user_files
>>> app.lua
return function(req)
    return { status = tonumber(req.path:sub(2)), body = "a body" }
end
>>> main.py
import sys
from h2_peer import *
p = Peer(int(sys.argv[1]))
p.request(1, "/200", "HEAD").request(3, "/204").request(5, "/304").request(7, "/200").send()
p.read(lambda p: all(p.ended(i) for i in (1, 3, 5, 7)))
print(p.bodies, p.heads[1][0]["content-length"], "connection" in p.heads[7][0])
print(sorted(p.settings.items()))
--- exec_out
{7: b'a body'} 6 False
[(3, 128), (4, 65536), (6, 32768), (8, 1), (9, 1)]



=== TEST 7: a server that ends: two GOAWAYs, nothing is lost, then the connection closes
--- user_files
>>> serve.lua
local http, deferred = require "perilune.http", require "perilune.deferred"
local go = deferred.deferred()
local server
server = http.start_server(function(req)
    if req.path == "/slow" then await(go) return "slow" end
    if req.path == "/close" then server:close(20) return "closing" end
    if req.path == "/go" then go:success(true) end
    return "fast"
end, { address = "127.0.0.1", http2 = true })
print(server:port())
io.stdout:flush()
await(server:wait_for_close())
print "closed"
>>> main.py
import os, subprocess
from h2_peer import *
server = subprocess.Popen([os.environ["EXE"], "run", "serve.lua"], stdout=subprocess.PIPE, text=True)
p = Peer(int(server.stdout.readline()))
p.request(1, "/slow").request(3, "/close").send()
p.read(lambda p: p.goaway is not None and p.pings and p.ended(3))
print(p.goaways, p.bodies[3])
p.request(5, "/late").send()
print(p.read(lambda p: p.ended(5)).bodies[5])
p.add(PING, ACK, 0, p.pings[0]).send()
p.read(lambda p: len(p.goaways) == 2)
print(p.goaways[1])
p.request(7, "/refused").send()
try:
    Peer(p.sock.getpeername()[1])
    print("accepts")
except OSError:
    print("accepts no more")
p.add(PING, 0, 0, b"12345678").send()
print(p.read(lambda p: any(f[:2] == (PING, ACK) for f in p.frames)).ended(7))
p.sock.close()
print(server.stdout.readline().strip())
server.wait()
--- exec_out
[(2147483647, 0)] b'closing'
b'fast'
(5, 0)
accepts no more
False
closed



=== TEST 8: a client that minds the rules: many requests, both ways, through small windows
--- user_files
>>> app.lua
return function(req)
    local n = 0
    return { headers = { ["X-Path"] = req.path }, body = function()
        n = n + 1
        if n == 1 then return await(req:text()) end
        if n <= 20 then return ("%05d"):format(n):rep(1000) end
    end }
end
>>> main.py
import sys, socket
import h2.connection, h2.events, h2.config, h2.settings
sock = socket.create_connection(("127.0.0.1", int(sys.argv[1])), 20)
c = h2.connection.H2Connection(h2.config.H2Configuration(client_side=True))
c.initiate_connection()
c.update_settings({h2.settings.SettingCodes.INITIAL_WINDOW_SIZE: 5000})
left = {}
for i in range(20):
    sid = c.get_next_available_stream_id()
    c.send_headers(sid, [(":method", "POST"), (":path", "/%d" % sid), (":scheme", "http"), (":authority", "a")])
    left[sid] = b"x" * (i * 7000)
got, over = {}, set()
while len(over) < 20:
    for sid, data in list(left.items()):
        n = min(len(data), c.local_flow_control_window(sid), c.max_outbound_frame_size)
        if n or not data:
            c.send_data(sid, data[:n], end_stream=n == len(data))
            left[sid] = data[n:]
            if n == len(data):
                del left[sid]
    sock.sendall(c.data_to_send())
    data = sock.recv(65536)
    assert data
    for e in c.receive_data(data):
        if isinstance(e, h2.events.DataReceived):
            got[e.stream_id] = got.get(e.stream_id, 0) + len(e.data)
            c.acknowledge_received_data(e.flow_controlled_length, e.stream_id)
        elif isinstance(e, h2.events.StreamEnded):
            over.add(e.stream_id)
print(all(got[2 * i + 1] == 95000 + i * 7000 for i in range(20)), len(got))
--- exec_out
True 20



=== TEST 9: an answer that is given up has its head, though both come at once
--- config
    location / { content_by_lua_block { ngx.header.x_said = "yes" ngx.send_headers() ngx.exit(ngx.ERROR) } }
--- exec
nghttp -nv http://127.0.0.1:$TEST_NGINX_SERVER_PORT/ | grep -oE ':status: .*|x-said: .*|recv RST_STREAM|error_code=INTERNAL_ERROR'
--- exec_out
:status: 200
x-said: yes
recv RST_STREAM
error_code=INTERNAL_ERROR
