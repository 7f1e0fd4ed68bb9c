# Operators on streams: what each makes of its messages.
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

=== TEST 1: map, filter, mapcat, reductions are what they are for lists, for three parallel readers as well
--- user_files
>>> a.lua
local stream = require "perilune.stream"
local function numbers(n)
    local all = {}
    for i = 1, n do all[i] = i end
    return stream.to_source(all)
end
local function show(s) print(table.concat(await(s:collect()), " ")) end
show(numbers(5):map(function(v) return v * v end))
show(numbers(9):filter(function(v) return v % 3 == 0 end))
show(numbers(3):mapcat(function(v) return { v, v * 10 } end))
show(numbers(5):reductions(function(a, b) return a + b end))
show(numbers(4):reductions(function(a, b) return a + b end, 100))
show(numbers(3):map(function(a, b) return a * b end, numbers(5)))
local s, all = stream.stream(), {}
for i = 1, 3 do all[i] = s:map(function(v) return v * i end):filter(function(v) return v > 3 end):collect() end
await(s:put_all({ 1, 2, 3, 4 }))
s:close()
for i = 1, 3 do print(table.concat(await(all[i]), " ")) end
--- exec_out
1 4 9 16 25
3 6 9
1 10 2 20 3 30
1 3 6 10 15
100 101 103 106 110
1 4 9
4
4 6 8
6 9 12
exit 0



=== TEST 2: realize_each waits in order; map does not; an error ends the result and the source
--- user_files
>>> a.lua
local stream, deferred, task = require "perilune.stream", require "perilune.deferred", require "perilune.task"
local s = stream.to_source { 3, 1, 2 }:map(function(v)
    return task.sleep(v / 500):chain(function() return v end)
end):realize_each()
print(table.concat(await(s:collect()), " "))
local d = await(stream.to_source { 1 }:map(function() return deferred.error_deferred("kept") end):take())
print(deferred.is_deferred(d), try_await(d))
local source = stream.stream()
local r = source:realize_each()
print(await(source:put(deferred.error_deferred("bad"))), source:is_closed(), try_await(r:take()))
--- exec_out
3 1 2
true	false	kept
true	false	false	bad
exit 0



=== TEST 3: reduce: with and without init, deferreds, an early end that leaves the rest
--- user_files
>>> a.lua
local stream, task = require "perilune.stream", require "perilune.task"
local function sum(a, b) return a + b end
print(await(stream.to_source { 1, 2, 3 }:reduce(sum)), await(stream.to_source { 1, 2 }:reduce(sum, 10)))
print(await(stream.to_source {}:reduce(sum)), await(stream.to_source {}:reduce(sum, 0)))
print(await(stream.to_source { 1, 2 }:reduce(function(a, b) return task.sleep(0):chain(function() return a * 10 + b end) end, 0)))
local s = stream.stream(10)
for i = 1, 6 do s:put(i) end
print(await(s:reduce(function(a, b) return a + b > 5 and stream.reduced(a + b) or a + b end)), await(s:take()))
print(try_await(stream.to_source { 1 }:reduce(function() error("in reduce", 0) end, 0)))
--- exec_out
6	13
nil	0
12
6	4
false	error: in reduce
exit 0



=== TEST 4: zip until the shortest ends; the others close; concat is the inverse of partition_by
--- user_files
>>> a.lua
local stream = require "perilune.stream"
local a, b = stream.stream(10), stream.to_source { "x", "y" }
for i = 1, 5 do a:put(i) end
for t in a:zip(b):each() do io.write(t[1], t[2], " ") end
print(a:is_closed())
local all = {}
for i = 1, 1000 do all[i] = i end
local back = await(stream.to_source(all):partition_by(function(v) return math.floor(v / 7) end):concat():collect())
local ok = #back == 1000
for i = 1, #back do ok = ok and back[i] == i end
print(ok)
for part in stream.to_source { 1, 1, 2, 3, 3, 3 }:partition_by(function(v) return v end):each() do
    io.write(#await(part:collect()), " ")
end
print()
local three = {}
for i = 1, 3 do three[i] = stream.to_source(all) end
print(#await(three[1]:zip(three[2], three[3]):collect()))
print(table.concat(await(stream.to_source { { 1, 2 }, stream.to_source { 3 }, {} }:concat():collect()), " "))
--- exec_out
1x 2y true
true
2 1 3 
1000
1 2 3
exit 0



=== TEST 5: an infinite source is stopped by whoever wants no more
--- user_files
>>> a.lua
local stream, xform = require "perilune.stream", require "perilune.stream.xform"
local n = 0
local source = stream.to_source(function() n = n + 1 return n end)
local s = source:map(function(v) return { v, v } end):realize_each():concat():transform(xform.take(10))
print(#await(s:collect()), n < 30, source:is_closed())
--- exec_out
10	true	true
exit 0



=== TEST 6: batch: by number, by metric, an oversized one alone, by latency, the rest at the end
--- user_files
>>> a.lua
local stream, time = require "perilune.stream", require "perilune.time"
local function show(s)
    local text = {}
    for b in s:each() do text[#text + 1] = "[" .. table.concat(b, " ") .. "]" end
    print(table.concat(text, " "))
end
local ones = { 1, 1, 1, 1, 1, 1, 1 }
show(stream.to_source(ones):batch(5))
local function same(v) return v end
show(stream.to_source(ones):batch(2, nil, same))
show(stream.to_source { 1, 1, 9 }:batch(2, nil, same))
show(stream.to_source { 3, 3, 3, 1, 1 }:batch(6, nil, same))
time.with_clock(time.mock_clock(), function(clock)
    local s = stream.stream()
    local b = s:batch(100, 0.5)
    s:put("a")
    clock:advance(0.3)
    s:put("b")
    clock:advance(0.1)
    local got = b:take()
    clock:advance(0.05)
    print(got:is_realized())
    clock:advance(0.06)
    print(table.concat(await(got), " "))
    s:put("c")
    clock:advance(0.6)
    print(#await(b:take()))
end)
print((select(2, pcall(ones and stream.stream().batch, stream.stream(), 0)):gsub("^.-:%d+: ", "")))
--- exec_out
[1 1 1 1 1] [1 1]
[1 1] [1 1] [1 1] [1]
[1 1] [9]
[3 3] [3 1 1]
false
a b
1
bad argument 'max' to batch (a number above 0 expected)
exit 0



=== TEST 7: throttle: zero credit at first, then at most the backlog; the end of the result closes the source
--- user_files
>>> a.lua
local stream, time = require "perilune.stream", require "perilune.time"
time.with_clock(time.mock_clock(), function(clock)
    local source = stream.stream(100)
    local s = source:throttle(10, 3)
    local n = 0
    s:consume(function() n = n + 1 end)
    for i = 1, 15 do source:put(i) end
    clock:advance(0.09) io.write(n, " ")
    clock:advance(0.02) io.write(n, " ")
    clock:advance(0.4) io.write(n, " ")
    clock:advance(1) io.write(n, " ")
    clock:advance(5) io.write(n, "\n")
    for i = 1, 10 do source:put(i) end
    clock:advance(0) print(n - 15)
    local other = stream.stream()
    local t = other:throttle(1)
    t:close()
    print(other:is_closed())
end)
--- exec_out
0 1 5 15 15
3
true
exit 0



=== TEST 8: periodically: at its rate, paused while nobody takes, ended by nil, by close, by an error
--- user_files
>>> a.lua
local stream, time = require "perilune.stream", require "perilune.time"
time.with_clock(time.mock_clock(100.25), function(clock)
    local calls = 0
    local s = stream.periodically(1, function() calls = calls + 1 return calls end)
    clock:advance(0.7) io.write(calls, " ")
    clock:advance(0.1) io.write(calls, " ")
    clock:advance(3) io.write(calls, " ")
    io.write(await(s:take()), await(s:take()), " ")
    clock:advance(0.99) io.write(calls, "\n")
    s:close()
    clock:advance(10) print(calls)
    local n = 0
    local ending = stream.periodically(1, 0, function() n = n + 1 return n < 3 and n or nil end)
    local got = ending:collect()
    clock:advance(10)
    print(#await(got))
    local failing = stream.periodically(1, 0, function() error("in the function", 0) end)
    clock:advance(1)
    print(try_await(failing:take()))
end)
--- exec_out
0 1 2 12 3
3
2
false	in the function
exit 0



=== TEST 9: buffers: by metric, dropping, sliding
--- user_files
>>> a.lua
local stream = require "perilune.stream"
local function size(v) return v end
local s = stream.buffered(10, size)
local a, b = s:put(9), s:put(2)
print(a:is_realized(), b:is_realized(), await(s:take()), b:is_realized())
await(s:take())
local big, small = s:put(12), s:put(1)
print(big:is_realized(), small:is_realized(), await(s:take()), big:is_realized(), small:is_realized())
local function fill(w)
    for i = 0, 10 do w:put(i) end
    w:close()
    return table.concat(await(w:collect()), " "), w.dropped
end
print(fill(stream.dropping(10)))
print(fill(stream.sliding(10)))
local source = stream.stream()
local out = source:sliding(2)
for i = 1, 5 do await(source:put(i)) end
source:close()
print(table.concat(await(out:collect()), " "))
print(table.concat(await(stream.to_source { 1, 2, 3 }:buffer(10):collect()), " "))
--- exec_out
true	false	9	true
false	false	12	true	true
0 1 2 3 4 5 6 7 8 9	1
1 2 3 4 5 6 7 8 9 10	1
4 5
1 2 3
exit 0



=== TEST 10: sources and sinks of other things
--- user_files
>>> a.lua
local stream, deferred, task = require "perilune.stream", require "perilune.deferred", require "perilune.task"
local function show(x) print(table.concat(await(stream.to_source(x):collect()), " ")) end
show({ 1, 2, 3 })
show({})
local n = 0
show(function() n = n + 1 return n <= 3 and task.sleep(0):chain(function() return n end) or nil end)
show(coroutine.create(function() for i = 1, 3 do coroutine.yield(i * 10) end end))
show(deferred.success_deferred("one"))
print(try_await(stream.to_source(deferred.error_deferred("failed")):take()))
print(try_await(stream.to_source(function() error("raised", 0) end):take()))
print(await(stream.to_source({ 5 }):try_take(1, "late")), await(stream.to_source({}):take("default")))
local list, once = {}, deferred.deferred()
await(stream.to_sink(list):put("a"))
local s = stream.to_sink(once)
print(list[1], await(s:put("first")), await(once), s:is_closed(), await(s:put("second")))
local seen = {}
local f = stream.to_sink(function(v) seen[#seen + 1] = v return task.sleep(0.001) end)
await(f:put_all({ 1, 2, 3 }))
print(#seen)
print((select(2, pcall(stream.to_source, 5)):gsub("^.-:%d+: ", "")))
--- exec_out
1 2 3

1 2 3
10 20 30
one
false	failed
false	raised
5	default
a	true	first	true	false
3
bad argument 'x' to to_source (array, function, coroutine, deferred or stream expected, got number)
exit 0



=== TEST 11: xforms: each alone, composed, on puts and on streams
--- user_files
>>> a.lua
local stream, xform = require "perilune.stream", require "perilune.stream.xform"
local function show(x, list)
    local result = await(stream.to_source(list or { 1, 2, 3, 4, 5, 6 }):transform(x):collect())
    for i, v in ipairs(result) do result[i] = type(v) == "table" and "[" .. table.concat(v, " ") .. "]" or tostring(v) end
    print(table.concat(result, " "))
end
local function even(v) return v % 2 == 0 end
show(xform.map(function(v) return v * 2 end))
show(xform.filter(even))
show(xform.mapcat(function(v) return { v, -v } end))
show(xform.take(2)) show(xform.take(0)) show(xform.drop(4))
show(xform.take_while(function(v) return v < 3 end)) show(xform.drop_while(function(v) return v < 3 end))
show(xform.partition_all(4)) show(xform.dedupe(), { 1, 1, 2, 2, 1 })
show(xform.compose(xform.map(function(v) return v + 1 end), xform.filter(even), xform.partition_all(2), xform.take(1)))
show(xform.compose(xform.partition_all(4), xform.mapcat(function(p) return p end), xform.take(5)))
local s = stream.stream(10, { xform = xform.take(3) })
print(await(s:put_all({ 1, 2, 3, 4 })), s:is_closed(), table.concat(await(s:collect()), " "))
--- exec_out
2 4 6 8 10 12
2 4 6
1 -1 2 -2 3 -3 4 -4 5 -5 6 -6
1 2

5 6
1 2
3 4 5 6
[1 2 3 4] [5 6]
1 2 1
[2 4]
1 2 3 4 5
false	true	1 2 3
exit 0



=== TEST 12: an xform that keeps values is flushed at the end, to the one who waits; one that fails ends the stream
--- user_files
>>> a.lua
local stream, xform = require "perilune.stream", require "perilune.stream.xform"
local s = stream.stream(0, { xform = xform.partition_all(3) })
local a, b = s:take(), s:take()
await(s:put(1)) await(s:put(2))
s:sink_only():close()
print(table.concat(await(a), " "), await(b))
local bad = stream.stream(1, { xform = xform.map(function() error("in the xform", 0) end) })
print(await(bad:put(1)), bad:is_closed(), try_await(bad:take()))
--- exec_out
1 2	nil
false	true	false	in the xform
exit 0
