# The event bus inside a worker.
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

=== TEST 1: false without subscribers; every subscriber gets it; closing unsubscribes
--- user_files
>>> a.lua
local bus = require "perilune.bus"
local b = bus.new()
print(await(b:publish("topic", 1)), b:active("topic"))
local one, two = b:subscribe("topic"), b:subscribe("topic")
local p = b:publish("topic", "message")
print(p:is_realized(), await(one:take()), p:is_realized(), await(two:take()), await(p))
print(b:active("topic"), #b:downstream("topic"), table.concat(b:topics(), " "))
one:close()
local q = b:publish("topic", "second")
print(await(two:take()), await(q), await(one:take()))
two:close()
print(await(b:publish("topic", 3)), b:active("topic"), #b:topics())
--- exec_out
false	false
false	message	false	message	true
true	2	topic
second	true	nil
false	false	0
exit 0



=== TEST 2: topics are compared as Lua compares; strings may have wildcards in subscriptions
--- user_files
>>> a.lua
local bus = require "perilune.bus"
local b = bus.new()
local function heard(topic, pattern)
    local s = b:subscribe(pattern, { capacity = 1 })
    local is_heard = await(b:publish(topic, "m"))
    s:close()
    return is_heard and "yes" or "no"
end
print(heard(1, 1.0), heard("1", 1), heard(b, b), heard("a", "b"))
print(heard("room.lobby", "room.*"), heard("room.lobby.left", "room.*"), heard("room", "room.*"), heard("roomxlobby", "room.*"))
print(heard("room.lobby.left", "room.**"), heard("room.lobby", "room.**"), heard("room", "room.**"), heard("x", "**"))
print(heard("room.lobby.left", "*.lobby.*"), heard("room.hall.left", "*.lobby.*"), heard("a+b.c", "a+b.*"), heard("aab.c", "a+b.*"))
local wild, exact = b:subscribe("room.*", { capacity = 5 }), b:subscribe("room.a", { capacity = 5 })
b:publish("room.a", 1) b:publish("room.b", 2) b:publish("room.a", 3)
for _ = 1, 3 do io.write(await(wild:take()), " ") end
print(await(exact:take()), await(exact:take()), #b:downstream("room.a"), #b:downstream("room.b"))
--- exec_out
yes	no	yes	no
yes	no	no	no
yes	yes	no	yes
yes	no	yes	no
1 2 3 1	3	2	1
exit 0



=== TEST 3: a slow subscriber holds back the publisher's deferred, not the others; lossy streams hold back nobody
--- user_files
>>> a.lua
local bus, stream = require "perilune.bus", require "perilune.stream"
local b = bus.new()
local slow, quick = b:subscribe("t"), b:subscribe("t", { capacity = 100 })
local p = b:publish("t", 1)
b:publish("t", 2)
print(p:is_realized(), await(quick:take()), await(quick:take()))
print(await(slow:take()), await(p))
slow:close()
local lossy = b:subscribe("t", { stream = stream.sliding(2) })
for i = 1, 10 do await(b:publish("t", i)) end
print(await(lossy:take()), await(lossy:take()))
local made = bus.new(function(topic, capacity) return stream.stream(capacity or 3, { description = topic }) end)
print(made:subscribe("named"):describe().name)
--- exec_out
false	1	2
1	true
9	10
named
exit 0



=== TEST 4: the bus of the process; scope all reaches this one, too; misuse
--- user_files
>>> a.lua
local bus, task = require "perilune.bus", require "perilune.task"
local s = bus.subscribe("jobs.*", { capacity = 10 })
print(await(bus.publish("jobs.new", { id = 1 })), (await(s:take())).id)
print(await(bus.publish("jobs.new", { id = 2, tags = { "a" } }, { scope = "all" })))
local m = await(s:take():timeout(60))
print(m.id, m.tags[1])
local _, too_large = bus.publish("jobs.new", ("x"):rep(2 ^ 20), { scope = "all" }):try_await()
print(too_large.code)
print(bus.active("jobs.x"), table.concat(bus.topics(), " "), #bus.downstream("jobs.x"), bus.stats().subscriptions)
for _, call in ipairs {
    { bus.publish, "t", 1, { scop = "all" } }, { bus.publish, "t", 1, { scope = "some" } }, { bus.publish, 1, 1, { scope = "all" } },
    { bus.publish, "t", { f = print }, { scope = "all" } }, { bus.publish, "t" }, { bus.subscribe }, { bus.subscribe, "t", { capcity = 1 } },
} do
    print((select(2, pcall(unpack(call, 1, 4))):gsub("^.-:%d+: ", "")))
end
s:close()
--- exec_out
true	1
true
2	a
too_large
true	jobs.*	1	1
publish: unknown option 'scop'; did you mean 'scope'?
bad option 'scope' of publish ('worker' or 'all' expected)
bad argument 'topic' to publish (a string expected for scope 'all')
bad argument 'message' to publish (cannot serialize 'function')
bad argument 'message' to publish (nil cannot be a message)
bad argument 'topic' to subscribe (a value expected)
subscribe: unknown option 'capcity'; did you mean 'capacity'?
exit 0



=== TEST 5: a subscription does not keep a script going, what was published does until it has come
--- user_files
>>> a.lua
local bus, shared, task = require "perilune.bus", require "perilune.shared", require "perilune.task"
local d = shared.declare("watched", 65536)
local changes = d:watch("key")
task.spawn(function()
    for change in changes:each() do print("value", change.value) end
end)
task.spawn(function()
    for message in bus.subscribe("x", { capacity = 10 }):each() do
        print(message)
        if message < 3 then bus.publish("x", message + 1, { scope = "all" }) end
    end
end)
task.yield()
bus.publish("x", 1, { scope = "all" })
d:set("key", "a")
--- exec_out
value	nil
1
value	a
2
3
exit 0
