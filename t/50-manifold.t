# Rows of docs/MANIFOLD.md that no other file has a case for.
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

=== TEST 1: [bug] sources and sinks of other things keep the times of their callers
--- user_files
>>> a.lua
local deferred, stream = require "perilune.deferred", require "perilune.stream"
local never = stream.to_sink(function() return deferred.deferred() end)
print(await(never:put("under way")), await(never:try_put(2, 0.01, "late")), await(never:try_put(3, 0, "at once")))
local empty, one = stream.to_source {}, stream.to_source { false }
print(await(empty:try_take(0.01, "late", "ended")), await(one:try_take(0.01, "late", "ended")),
    await(one:try_take(0.01, "late", "ended")))
print(await(stream.to_source({ 1 }):try_take(1, true, true)))
--- exec_out
true	late	at once
ended	false	ended
1
exit 0



=== TEST 2: a sink whose answer fails is cut, others go on and the error is logged
--- user_files
>>> a.lua
local deferred, stream = require "perilune.deferred", require "perilune.stream"
local source, good = stream.stream(), {}
source:connect(stream.to_sink(function() return deferred.error_deferred("sink failed") end))
source:connect(stream.to_sink(good))
print(await(source:put_all({ 1, 2, 3 })), table.concat(good, " "), #source:downstream())
--- exec_out
true	1 2 3	1
exit 0
[error] a deferred failed and nobody waits for it: sink failed



=== TEST 3: times of nothing and less, what is no deferred, capacities below zero
--- user_files
>>> a.lua
local deferred, stream = require "perilune.deferred", require "perilune.stream"
print(try_await(deferred.deferred():timeout(0)))
print(await(deferred.deferred():timeout(-1, "value")), await(deferred.success_deferred("there"):timeout(0, "late")))
print(await(deferred.zip(1, deferred.success_deferred(2), "three"))[3], await(deferred.alt("plain", deferred.deferred())))
local s = stream.stream(-1)
local put = s:put(1)
print(s:describe().buffer_capacity, put:is_realized(), await(s:take()))
--- exec_out
false	timeout: no answer within 0 s
value	there
three	plain
0	false	1
exit 0



=== TEST 4: the put that ends an xform was delivered, and answers so; a partition comes when the one before was read
--- user_files
>>> a.lua
local stream, task = require "perilune.stream", require "perilune.task"
local s = stream.stream(5, { xform = require("perilune.stream.xform").take(1) })
print(await(s:put("last")), await(s:put("more")), await(s:take()), s:is_drained())
local parts = stream.to_source({ 1, 1, 2, 2 }):partition_by(function(v) return v end)
local one, two = await(parts:take()), parts:take()
task.yield()
print(two:is_realized(), table.concat(await(one:collect()), " "), table.concat(await(await(two):collect()), " "))
--- exec_out
true	false	last	true
false	1 1	2 2
exit 0



=== TEST 5: callbacks of what is so already; put_all stops at the first that is refused; a buffer by metric refuses in time
--- user_files
>>> a.lua
local stream, task = require "perilune.stream", require "perilune.task"
local s, said = stream.stream(1), {}
await(s:put(1))
s:close()
s:close()
s:on_closed(function() said[#said + 1] = "closed" end)
await(s:take())
s:on_drained(function() said[#said + 1] = "drained" end)
task.yield()
print(table.concat(said, " "))

local sink = stream.stream(2)
local all = sink:put_all { 1, 2, 3, 4 }
sink:close()
print(await(sink:put_all { 5 }), table.concat(await(sink:collect()), " "), await(all))

local weighed = stream.buffered(3, function(v) return v end)
print(await(weighed:put(3)), await(weighed:try_put(1, 0.001, "late")), await(weighed:take()), await(weighed:try_take(0.001, "none")))
--- exec_out
closed drained
false	1 2 3	false
true	late	3	none
exit 0



=== TEST 6: a deferred as a sink takes one message; as a source it gives one, and its error is told
--- user_files
>>> a.lua
local deferred, stream = require "perilune.deferred", require "perilune.stream"
local d = deferred.deferred()
local sink = stream.to_sink(d)
print(await(sink:put("first")), await(sink:put("second")), sink:is_closed(), await(d))
print(table.concat(await(stream.to_source(deferred.success_deferred("one")):collect())))
print(try_await(stream.to_source(deferred.error_deferred("told")):collect()))
--- exec_out
true	false	true	first
one
false	error: told
exit 0
