# Server-sent events: their text, heartbeats, slow and leaving clients, channels that serve who comes back.
use Test::Nginx::Socket 'no_plan';

no_root_location();
our $Http = <<'_EOC_';
    lua_package_path "$TEST_NGINX_HTML_DIR/?.lua;;";
_EOC_
add_block_preprocessor(sub {
    my $block = shift;
    if (!defined $block->http_config) {
        $block->set_value("http_config", $Http);
    }
    if (!defined $block->config) {
        $block->set_value("config", "    location / { handler app; }\n");
    }
});

run_tests();

__DATA__

=== TEST 1: over the wire
--- user_files
>>> app.lua
local http, task = require "perilune.http", require "perilune.task"
return function(req)
    local sink = http.sse(req, { retry = 2.5, headers = { ["X-One"] = "1" } })
    task.spawn(function()
        for i = 1, 40 do
            await(sink:send { id = i, event = "tick", data = "a\r\nb" })
        end
        await(sink:send(tostring(sink.last_event_id)))
        sink:close()
    end)
    return sink:response()
end
--- request
GET /
--- more_headers
Last-Event-ID: x 7
--- response_headers
Content-Type: text/event-stream
Cache-Control: no-cache
X-Accel-Buffering: no
X-One: 1
--- response_body eval
my $all = "retry: 2500\n\n";
for my $i (1 .. 40) {
    $all .= "id: $i\nevent: tick\ndata: a\ndata: b\n\n";
}
$all . "data: x 7\n\n"

=== TEST 2: events as text, and what is refused
--- user_files
>>> a.lua
local sse = require "perilune.http.sse"
for _, event in ipairs { "x", { data = "" }, { data = "a\n" }, { data = "a\r\rb" }, { id = 5 }, { event = "e", data = 1, retry = 1 } } do
    io.write((sse.format(event):gsub("\n", "|")), "\n")
end
for _, event in ipairs { { id = "a\nb" }, { event = "a\rb" }, { id = "\0" }, { dat = "x" }, { retry = -1 } } do
    print((select(2, pcall(sse.format, event))))
end
--- exec
$TEST_NGINX_BINARY run $TEST_NGINX_HTML_DIR/a.lua
--- exec_out
data: x||
data: ||
data: a|data: ||
data: a|data: |data: b||
id: 5||
event: e|retry: 1000|data: 1||
sse: 'id' holds a line end
sse: 'event' holds a line end
sse: 'id' holds a line end
sse event: unknown option 'dat'; did you mean 'data'?
sse event: option 'retry' must be a number of seconds, not -1

=== TEST 3: a comment after each time without an event, none where there were some
--- user_files
>>> a.lua
local http, test, time, task = require "perilune.http", require "perilune.test", require "perilune.time", require "perilune.task"
local clock = time.mock_clock(0)
time.with_clock(clock, function()
    local sink
    local answer = test.request(function(req)
        sink = http.sse(req, { heartbeat = 10 })
        return sink:response()
    end)
    task.yield()
    clock:advance(9)
    sink:send "a"
    clock:advance(2)
    sink:send "b"
    clock:advance(10)
    clock:advance(10)
    sink:close()
    clock:advance(30)
    print((await(answer).body:gsub("\n", "|")))
end)
--- exec
$TEST_NGINX_BINARY run $TEST_NGINX_HTML_DIR/a.lua 2>&1
--- exec_out
data: a||data: b||:||

=== TEST 4: a client that leaves ends the sink at once; a slow one stops the producer
--- user_files
>>> a.lua
local http, task, sock = require "perilune.http", require "perilune.task", require "perilune.test.sock"
local deferred = require "perilune.deferred"
local left, sent, last = deferred.deferred(), 0, nil
local server = http.start_server(function(req)
    local sink = http.sse(req, { queue = 2 })
    sink:on_close(function() left:success(true) end)
    task.detach(function()
        repeat
            last = await(sink:send(("x"):rep(100000)))
            sent = sent + 1
        until not last
    end)
    return sink:response()
end, { address = "127.0.0.1" })
local fd = assert(sock.connect("127.0.0.1", server:port(), 5))
local text = "GET / HTTP/1.1\r\nHost: a\r\n\r\n"
sock.send(fd, text, 1, #text)
local before
repeat
    before = sent
    await(task.sleep(0.3))
until sent == before and sent > 0
print("stopped", sent < 500)
sock.close(fd)
print("left", await(left:timeout(60)))
await(task.sleep(0.01))
print("told", last)
await(server:close(0))
--- exec
timeout 100 $TEST_NGINX_BINARY run $TEST_NGINX_HTML_DIR/a.lua 2>&1
--- exec_out
stopped	true
left	true
told	false

=== TEST 5: channels: everybody gets what is published, who comes back gets what was missed, or is told of a gap
--- user_files
>>> a.lua
local http, test, task = require "perilune.http", require "perilune.test", require "perilune.task"
local channel = http.sse_channel { keep = 3, most = 2, heartbeat = 0 }
local function subscribe(last)
    local answer = test.request(function(req) return channel:subscribe(req) end, { headers = { ["Last-Event-ID"] = last } })
    task.yield()
    task.yield()
    return answer
end
local function show(name, answer)
    print(name, (await(answer).body:gsub(channel.mark, "M"):gsub("\n", "|")))
end
local mark = channel.mark
channel:publish "1"
channel:publish { event = "e", data = "2" }
local new, back = subscribe(nil), subscribe(mark .. "-1")
print(channel:listeners(), await(subscribe(nil)).status)
print((channel:publish("3"):gsub(mark, "M")))
channel:close()
show("new", new) show("back", back)
print(channel:listeners())
channel:publish "4"
for _, last in ipairs { mark .. "-4", mark .. "-1", mark .. "-0", mark .. "-5", "other-1" } do
    local answer = subscribe(last)
    channel:close()
    show(last:gsub(mark, "M"), answer)
end
--- exec
timeout 100 $TEST_NGINX_BINARY run $TEST_NGINX_HTML_DIR/a.lua 2>&1
--- exec_out
2	503
M-3
new	id: M-3|data: 3||
back	id: M-2|event: e|data: 2||id: M-3|data: 3||
0
M-4	
M-1	id: M-2|event: e|data: 2||id: M-3|data: 3||id: M-4|data: 4||
M-0	event: gap|data: M-0||id: M-2|event: e|data: 2||id: M-3|data: 3||id: M-4|data: 4||
M-5	event: gap|data: M-5||id: M-2|event: e|data: 2||id: M-3|data: 3||id: M-4|data: 4||
other-1	event: gap|data: other-1||id: M-2|event: e|data: 2||id: M-3|data: 3||id: M-4|data: 4||

=== TEST 6: a listener that takes nothing is closed when its room is used up, the others go on
--- user_files
>>> a.lua
local http = require "perilune.http"
local make_request = require("perilune.test.app").make_request
local channel = http.sse_channel { keep = 1, queue = 2, heartbeat = 0 }
local slow = channel:subscribe(make_request()).body
local quick = channel:subscribe(make_request()).body
local got = 0
for i = 1, 20 do
    channel:publish(tostring(i))
    got = got + (await(quick:take()) and 1 or 0)
end
print(got, slow:is_closed(), channel:listeners())
channel:close()
--- exec
timeout 100 $TEST_NGINX_BINARY run $TEST_NGINX_HTML_DIR/a.lua 2>&1
--- exec_out
20	true	1

=== TEST 7: events keep their order, whether they wait in the queue or go straight to the connection
--- config
    http2 on;
    location / { handler app; }
--- http_config
    lua_package_path "$TEST_NGINX_HTML_DIR/?.lua;;";
--- user_files
>>> app.lua
local http, task = require "perilune.http", require "perilune.task"
local N = 30000
return function(req)
    local sink = http.sse(req, { heartbeat = 0 })
    task.spawn(function()
        local i = 0
        while i < N do
            i = i + 1
            local sent = sink:send(("%d %s"):format(i, ("x"):rep(i % 400)))
            if i % 3 == 0 then
                await(sent)
            elseif i % 1000 == 1 then
                await(task.yield())
            end
        end
        await(sink:send "end")
        await(task.yield())
        sink:close()
        assert(await(sink:send "late") == false, "sent behind the end")
    end)
    return sink:response()
end
--- exec
U=http://127.0.0.1:$TEST_NGINX_SERVER_PORT/
for v in "--http1.1" "--http2-prior-knowledge" "--http1.1 --limit-rate 20M"; do
    curl -sN --max-time 60 $v $U | awk '/^data: [0-9]/ { if ($2 != n + 1) bad++; n = $2 } /^data: end/ { print n, bad + 0, "end" } /late/ { print }'
done
--- exec_out
30000 0 end
30000 0 end
30000 0 end
--- no_error_log
[error]
--- timeout: 90

=== TEST 8: bytes are cut into lines, however they arrive
--- user_files
>>> a.lua
local lines = require "perilune.http.lines"
for _, pieces in ipairs {
    { "a\nb\r\nc\rd" }, { "a\r", "\nb" }, { "a\r", "b" }, { "\n\n\r\r\r\n" }, { "x", "y\n", "\r" }, { "" }, { "a\r\r" },
    { "\n", "\r", "\n" }, { "abc", "def" }, { "a\rb\nc\rd\ne" }, { "a\n\rb" },
    { "a", "", "\r", "", "\n", "", "b" }, { "", "\r" }, { "a\nb", "c", "d\r", "e", "f\n", "g" },
} do
    local found = {}
    local cut = lines.cutter(function(line)
        found[#found + 1] = line
    end)
    for _, piece in ipairs(pieces) do
        cut(piece)
    end
    cut(nil)
    print(table.concat(found, "|"), #found)
end
local cut = lines.cutter(function(line) print(#line) end) -- soon, however small the pieces are
for _ = 1, 500000 do cut "x" end
cut "\n"
local text, found = ("0123456\n8\n"):rep(10000), {}
cut = lines.cutter(function(line) found[#found + 1] = line end)
for i = 1, #text do cut(text:sub(i, i)) end
print(#table.concat(found, "\n") + 1, #found / 2500)
local ok, err = pcall(function() for _ = 1, 1048577 do cut "x" end end)
print(ok or err.code)
--- exec
$TEST_NGINX_BINARY run $TEST_NGINX_HTML_DIR/a.lua
--- exec_out
a|b|c|d	4
a|b	2
a|b	2
||||	5
xy|	2
	0
a|	2
|	2
abcdef	1
a|b|c|d|e	5
a||b	3
a|b	2
	1
a|bcd|ef|g	4
500000
100000	8
too_large
