# Streams: what put, take and close do, rule by rule.
use Test::Nginx::Socket 'no_plan';

no_root_location();
our $Exec = <<'_EOC_';
P=$(readlink /proc/$(cat $TEST_NGINX_SERVROOT/logs/nginx.pid)/exe)
cd $TEST_NGINX_HTML_DIR
timeout 100 $P run a.lua 2>err; echo exit $?; sed -e 's/^.*\[\([a-z]*\)\] [0-9#]*: /[\1] /' err
_EOC_
add_block_preprocessor(sub {
    my $block = shift;
    if (!defined $block->config) {
        $block->set_value("config", "");
    }
    if (!defined $block->exec) {
        $block->set_value("exec", $Exec);
    }
    if (!defined $block->timeout) {
        $block->set_value("timeout", 110);
    }
});

run_tests();

__DATA__

=== TEST 1: unbuffered: a put settles when a take gets the message; strictly in order
--- user_files
>>> a.lua
local stream, task = require "perilune.stream", require "perilune.task"
local s = stream.stream()
local p1, p2 = s:put(1), s:put(2)
print(p1:is_realized(), await(s:take()), p1:is_realized(), p2:is_realized(), await(s:take()), await(p2))
local t1, t2 = s:take(), s:take()
print(await(s:put("a")), await(s:put("b")), await(t1), await(t2))
print(stream.stream(-5).capacity, stream.is_stream(s), stream.is_stream({}), stream.is_stream(nil), stream.is_stream("s"))
--- exec_out
false	1	true	false	2	true
true	true	a	b
0	true	false	false	false
exit 0



=== TEST 2: buffered: true while there is room, then pending until a slot is free; taker, buffer, putters in order
--- user_files
>>> a.lua
local stream = require "perilune.stream"
local s = stream.stream(3)
local puts = {}
for i = 1, 5 do puts[i] = s:put(i) end
print(puts[3]:is_realized(), puts[4]:is_realized())
print(await(s:take()), puts[4]:is_realized(), puts[5]:is_realized())
for _ = 2, 5 do io.write(tostring(await(s:take())), " ") end
print(puts[5]:is_realized())
for i = 1, 100 do s:put(i) end
local ok = true
for i = 1, 100 do ok = ok and await(s:take()) == i end
print(ok)
--- exec_out
true	false
1	true	false
2 3 4 5 true
true
exit 0



=== TEST 3: false is a message, nil is none
--- user_files
>>> a.lua
local stream = require "perilune.stream"
local s = stream.stream(1)
s:put(false)
print(await(s:take()), (select(2, pcall(s.put, s, nil)):gsub("^.-:%d+: ", "")))
print((select(2, pcall(s.try_put, s, nil, 0)):gsub("^.-:%d+: ", "")))
print((select(2, pcall(stream.stream, 1, { xfrom = 1 })):gsub("^.-:%d+: ", "")))
--- exec_out
false	bad argument 'value' to put (nil cannot be a value of a stream)
bad argument 'value' to try_put (nil cannot be a value of a stream)
stream.stream: unknown option 'xfrom'; did you mean 'xform'?
exit 0



=== TEST 4: close: takers are released at once, what is held can be taken, then drained; later puts are false
--- user_files
>>> a.lua
local stream, task = require "perilune.stream", require "perilune.task"
local takers, s = {}, stream.stream()
for i = 1, 5 do takers[i] = s:take(i % 2 == 0 and "default" or nil) end
local told = {}
s:on_closed(function() told[#told + 1] = "closed" end)
s:on_drained(function() told[#told + 1] = "drained" end)
s:on_closed(function() error("broken callback") end)
s:close() s:close()
for i = 1, 5 do io.write(tostring(await(takers[i])), " ") end
print(s:is_closed(), s:is_drained(), table.concat(told, " "))
local b = stream.stream(1)
local held, pending = b:put("held"), b:put("pending")
b:on_drained(function() print("now drained") end)
b:close()
print(b:is_closed(), b:is_drained(), await(b:put("late")))
print(await(b:take()), await(pending))
print(await(b:take()), b:is_drained(), await(b:take()), await(b:take("default")))
b:on_closed(function() print("told at once") end)
--- exec_out_like
^nil default nil default nil true	true	closed drained
true	false	false
held	true
now drained
pending	true	nil	default
told at once
exit 0
\[error\] a function of on_closed failed: [^\n]*broken callback



=== TEST 5: a failed stream: what is held, then the error for every taker; seen or logged
--- user_files
>>> a.lua
local stream, task = require "perilune.stream", require "perilune.task"
local s = stream.stream(1)
s:put("held")
s:close("broken")
print(await(s:take()))
print(try_await(s:take()))
print(pcall(function() for _ in s:each() do end end))
local t = stream.stream()
local taker = t:take()
t:close("told")
print(try_await(taker))
stream.stream():close("nobody looks")
--- exec_out_like
^held
false	broken
false	broken
false	told
exit 0
\[error\] a stream failed and nobody waits for it[^\n]*: nobody looks



=== TEST 6: try_put and try_take: values of their own for being late and for the end; nothing is lost
--- user_files
>>> a.lua
local stream = require "perilune.stream"
local s = stream.stream()
print(await(s:try_put(1, 0.005, "late")), await(s:try_put(2, 0)), await(s:try_put(3, 0, "at once")))
print(await(s:try_take(0, "none")), await(s:try_take(0.002, "none")))
local t = s:try_take(1, "none")
s:put("in time")
print(await(t))
local p = s:try_put("accepted", 10)
print(await(s:take()), await(p))
s:close()
print(await(s:try_take(1, "late", "end")), await(s:try_take(0, "late", "end")), await(s:try_put(1, 1)))
--- exec_out
late	false	at once
none	none
in time
accepted	true
end	end	false
exit 0



=== TEST 7: 16,384 may wait; one more is an error of its caller and the stream lives; those who gave up do not count
--- user_files
>>> a.lua
local stream, task = require "perilune.stream", require "perilune.task"
print(stream.MAX_PENDING)
local s = stream.stream()
for _ = 1, stream.MAX_PENDING do s:take():cancel() end
local takers = {}
for i = 1, stream.MAX_PENDING do takers[i] = s:take() end
print(takers[1]:is_realized(), select(2, try_await(s:take())).code, s:is_closed())
print(await(s:put("first")), await(takers[1]), s:take():is_realized())
local p = stream.stream(0, { max_pending = 3 })
for _ = 1, 5 do p:put("given up"):cancel() end
local puts = { p:put(1), p:put(2), p:put(3) }
print(select(2, try_await(p:put(4))).code, p:is_closed(), await(p:take()), await(puts[1]), puts[2]:is_realized())
--- exec_out
16384
false	too_large	false
true	first	false
too_large	false	1	true	false
exit 0



=== TEST 8: a put that is cancelled, or whose task is, withdraws its message
--- user_files
>>> a.lua
local stream, task = require "perilune.stream", require "perilune.task"
local s = stream.stream()
local a, b = s:put("withdrawn"), s:put("kept")
a:cancel()
local t = task.spawn(function() await(s:put("of a cancelled task")) end)
task.yield()
local c = s:put("last")
t:cancel()
task.yield()
print(await(s:take()), await(s:take()), await(b), await(c))
local taker = task.spawn(function() await(s:take()) end)
task.yield()
taker:cancel()
local d = s:put("to the next taker")
task.yield()
print(d:is_realized(), await(s:take()))
--- exec_out
kept	last	true	true
false	to the next taker
exit 0



=== TEST 9: permanent streams ignore close; descriptions
--- user_files
>>> a.lua
local stream = require "perilune.stream"
local s = stream.stream(2, { permanent = true, description = "lasting" })
s:close()
print(s:is_closed(), await(s:put(1)))
local d = s:describe()
print(d.type, d.name, d.permanent, d.closed, d.drained, d.buffer_size, d.buffer_capacity, d.pending_puts, d.pending_takes)
local t = stream.stream(0, { description = { owner = "me" } })
t:take() t:take()
print(t:describe().owner, t:describe().pending_takes)
--- exec_out
false	true
stream	lasting	true	false	false	1	2	0	0
me	2
exit 0



=== TEST 10: each, and 10,000 messages through streams of many kinds
--- user_files
>>> a.lua
local stream, task = require "perilune.stream", require "perilune.task"
local function run(sink, source)
    source = source or sink
    task.spawn(function()
        for i = 1, 10000 do await(sink:put(i)) end
        sink:close()
    end)
    local n, ok = 0, true
    for v in source:each() do n = n + 1 ok = ok and v == n end
    return n == 10000 and ok
end
print(run(stream.stream()), run(stream.stream(1)), run(stream.stream(1000)))
local a, b = stream.stream(), stream.stream(10)
a:connect(b)
print(run(a, b))
local spliced = stream.splice(a, b)
print(stream.is_stream(spliced), spliced:is_closed(), spliced:describe().type)
local c, d = stream.stream(), stream.stream()
c:map(function(v) return v end):connect(d)
print(run(stream.splice(c, d)))
print(run(stream.buffered(100, function(v) return v % 10 + 1 end)))
--- exec_out
true	true	true
true
true	true	splice
true
true
exit 0



=== TEST 11: views: one side only; closing a view closes the stream
--- user_files
>>> a.lua
local stream = require "perilune.stream"
local s = stream.stream(1)
local out, into = s:source_only(), s:sink_only()
print(await(into:put("x")), await(out:take()))
print((select(2, pcall(out.put, out, 1)):gsub("^.-:%d+: ", "")))
print((select(2, pcall(into.take, into)):gsub("^.-:%d+: ", "")))
out:close()
print(s:is_closed(), into:is_closed(), await(into:put(1)))
local sink, source = stream.stream(1), stream.stream(1)
local both = stream.splice(sink, source)
both:put(1) source:put(2)
print(await(both:take()), await(sink:take()))
both:close()
print(sink:is_closed(), source:is_closed())
--- exec_out
true	x
this stream is a source only: it has no 'put'
this stream is a sink only: it has no 'take'
true	true	false
2	1
true	true
exit 0



=== TEST 12: a buffer in the middle holds what is behind it does not take; sliding and dropping ones never make their source wait
--- user_files
>>> a.lua
local stream = require "perilune.stream"
local ways = {
    connect = function(s) local out = stream.stream() s:connect(out) return out end,
    drain_into = function(s) local out = stream.stream() s:drain_into(out) return out end,
    map = function(s) return s:map(function(v) return v end) end,
}
for _, way in ipairs { "connect", "drain_into", "map" } do
    for _, kind in ipairs { "buffer", "sliding", "dropping" } do
        local source = stream.stream()
        local last, accepted = ways[way](source[kind](source, 2)), 0
        for i = 1, 10 do
            if not source:put(i):is_realized() then break end
            accepted = accepted + 1
        end
        source:close()
        local got = {}
        repeat
            local v = await(last:take():timeout(0.05, "no more"))
            got[#got + 1] = v ~= "no more" and v or nil
        until v == nil or v == "no more"
        print(way, kind, accepted, table.concat(got, " "))
    end
end
--- exec_out
connect	buffer	4	1 2 3 4 5
connect	sliding	10	1 9 10
connect	dropping	10	1 2 3
drain_into	buffer	4	1 2 3 4 5
drain_into	sliding	10	1 9 10
drain_into	dropping	10	1 2 3
map	buffer	4	1 2 3 4 5
map	sliding	10	1 9 10
map	dropping	10	1 2 3
exit 0



=== TEST 13: misuse is told at once, to who does it
--- user_files
>>> a.lua
local stream = require "perilune.stream"
local s = stream.stream(math.huge)
for _ = 1, 1000 do assert(await(s:put(1))) end
for _, misuse in ipairs {
    function() local _ = stream.stream(1.5) end,
    function() local _ = stream.stream(0 / 0) end,
    function() local _ = stream.stream("2") end,
    function() local _ = stream.stream(1, { xform = {} }) end,
    function() local _ = s:connect(s) end,
    function() local _ = s:drain_into(s) end,
    function() local _ = s:connect({}) end,
} do
    print((select(2, pcall(misuse)):match("^a%.lua:%d+: (.*)")))
end
--- exec_out
bad argument 'capacity' to stream.stream (a whole number expected, got 1.5)
bad argument 'capacity' to stream.stream (a whole number expected, got nan)
bad argument 'capacity' to stream.stream (a whole number expected, got string)
stream.stream: option 'xform' must be a function, not a table
bad argument 'sink' to connect (a stream cannot be its own sink)
bad argument 'sink' to drain_into (a stream cannot be its own sink)
bad argument 'sink' to connect (a stream that takes puts expected)
exit 0
