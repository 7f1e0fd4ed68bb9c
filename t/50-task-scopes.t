# Tasks: scopes, semaphores, task-local values, detaching, and the report of what still waits.
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

=== TEST 1: a scope ends after its children
--- user_files
>>> a.lua
local task = require "perilune.task"
print(await(task.scope(function(s)
    s:spawn(function(n) task.nap(0.01) print("first", n) end, 1)
    s:spawn(function() task.nap(0.02) print("second") end)
    print("body ends")
    return "result"
end)))
print(await(task.scope(function() end)))
--- exec_out
body ends
first	1
second
result
nil
exit 0



=== TEST 2: the first error cancels the others, and the scope ends after they have ended
--- user_files
>>> a.lua
local task = require "perilune.task"
print(try_await(task.scope(function(s)
    s:spawn(function()
        print("sibling", select(2, pcall(task.nap, 60)))
        task.nap(0.01)
        print("sibling has cleaned up")
    end)
    s:spawn(function() task.nap(0.005) error("failed", 0) end)
    print("body", select(2, pcall(task.nap, 60)))
end)))
print(try_await(task.scope(function(s)
    s:spawn(function() pcall(task.nap, 60) print("child of a body that failed") end)
    task.yield()
    error("body failed", 0)
end)))
--- exec_out
sibling	error: failed
body	error: failed
sibling has cleaned up
false	error: failed
child of a body that failed
false	error: body failed
exit 0



=== TEST 3: cancelling a scope, or the task that awaits it, waits for the children
--- user_files
>>> a.lua
local task = require "perilune.task"
local function slow_end(name)
    return function() pcall(task.nap, 60) task.nap(0.01) print(name .. " has ended") end
end
local s = task.scope(function(scope) scope:spawn(slow_end("a")) task.nap(60) end)
task.nap(0.002)
local waiter = task.spawn(function()
    print("waiter", select(2, pcall(await, s)))
end)
task.nap(0.002)
waiter:cancel("enough")
print(s:is_realized())
while not s:is_realized() do task.nap(0.001) end
task.nap(0.001)
print(s)
local scope_object
local e = task.scope(function(scope) scope_object = scope scope:spawn(slow_end("b")) task.nap(60) end)
task.nap(0.002)
e:cancel("by hand")
print(e:is_realized(), try_await(e))
print((select(2, pcall(scope_object.spawn, scope_object, print)):gsub("^.-:%d+: ", "")))
--- exec_out
false
a has ended
waiter	cancelled: enough
<< ERROR: cancelled: enough >>
b has ended
false	false	cancelled: by hand
the scope has ended
exit 0



=== TEST 4: semaphores: never more than n, in order, nothing lost by cancels; with gives back whatever happens
--- user_files
>>> a.lua
local deferred, task = require "perilune.deferred", require "perilune.task"
local sem = task.semaphore(3)
local n, most, order, all = 0, 0, {}, {}
for i = 1, 30 do
    all[i] = task.spawn(function()
        return sem:with(function()
            order[#order + 1] = i
            n = n + 1 most = math.max(most, n)
            task.nap(0.001)
            n = n - 1
            if i % 5 == 0 then error("five", 0) end
            return i
        end)
    end)
end
task.yield()
for i = 4, 30, 4 do all[i]:cancel() end
await(deferred.zip_all(unpack(all)))
print(most, sem:count(), #order, order[1], order[#order])
print(sem:try_acquire(), sem:try_acquire(), sem:try_acquire(), sem:try_acquire())
local waiting = sem:acquire()
waiting:cancel()
sem:release()
print(sem:count())
local mutex = task.mutex()
await(mutex:lock())
local second = mutex:lock()
print(second:is_realized())
mutex:unlock()
print(second:is_realized())
local function misuse(fn)
    print((select(2, pcall(fn)):match("^a%.lua:%d+: (.*)")))
end
misuse(function() local _ = task.semaphore(0) end)
misuse(function() local _ = task.semaphore(1.5) end)
mutex:unlock()
misuse(function() local _ = mutex:unlock() end)
print(mutex:count(), mutex:try_acquire(), mutex:try_acquire())
misuse(function() local _ = task.nap("x") end)
misuse(function() local _ = task.sleep(-1) end)
misuse(function() local _ = deferred.deferred():timeout(math.huge) end)
--- exec_out
3	3	23	1	30
true	true	true	false
1
false
true
bad argument 'n' to task.semaphore (a whole number of at least 1 expected)
bad argument 'n' to task.semaphore (a whole number of at least 1 expected)
release of a permit that nobody holds
1	true	false
bad argument 'seconds' to task.nap (a number from 0 to 1e9 expected)
bad argument 'seconds' to task.sleep (a number from 0 to 1e9 expected)
bad argument 'seconds' to timeout (a number up to 1e9 expected)
exit 0



=== TEST 5: a value that has come before the cancel is not lost; the next wait raises
--- user_files
>>> a.lua
local deferred, task = require "perilune.deferred", require "perilune.task"
local d = deferred.deferred()
local t = task.spawn(function()
    print("value", await(d))
    print("next wait", select(2, pcall(task.nap, 60)))
end)
task.yield()
d:success("message")
t:cancel("too late for the value")
task.nap(0.001)
local e = deferred.deferred()
local u = task.spawn(function() print("cancelled", pcall(await, e)) end)
task.yield()
u:cancel("in time")
e:success("lost on nobody")
task.nap(0.001)
--- exec_out
value	message
next wait	cancelled: too late for the value
cancelled	false	cancelled: in time
exit 0



=== TEST 6: task-local values are inherited; names; a detached task outlives its parent's cancel
--- user_files
>>> a.lua
local deferred, task = require "perilune.deferred", require "perilune.task"
task.set("request", 1)
task.set("user", "a")
local inner = task.spawn(function()
    print(task.get("request"), task.get("user"))
    task.set("request", 2)
    await(task.spawn(function() print(task.get("request"), task.get("user")) end))
end)
await(inner)
print(task.get("request"), task.get("missing"), task.name("main"), task.name())
local detached
local parent = task.spawn(function()
    detached = task.detach(function() task.nap(0.01) return "went on" end)
    task.spawn(function() print("child", select(2, pcall(task.nap, 60))) end)
    task.nap(60)
end)
task.nap(0.002)
parent:cancel("gone")
print(await(detached))
print(await(task.spawn(function() return deferred.success_deferred("flattened") end)))
--- exec_out
1	a
2	a
1	nil	main	main
child	cancelled: gone
went on
flattened
exit 0



=== TEST 7: a future that is settled before it begins is never run
--- user_files
>>> a.lua
local task = require "perilune.task"
local ran
local d = task.spawn(function() ran = true end)
d:success("settled by somebody else")
task.yield()
print(await(d), ran)
--- exec_out
settled by somebody else	nil
exit 0



=== TEST 8: a task that yields in a loop does not keep reactions from running
--- user_files
>>> a.lua
local deferred, task = require "perilune.deferred", require "perilune.task"
local is_done = false
deferred.success_deferred(1):chain(function() is_done = true end)
local turns = 0
while not is_done and turns < 1000 do turns = turns + 1 task.yield() end
print(is_done)
--- exec_out
true
exit 0



=== TEST 9: await in every kind of place: outside of tasks it is misuse
--- user_files
>>> a.lua
local deferred, task = require "perilune.deferred", require "perilune.task"
local d = deferred.deferred()
deferred.success_deferred(1):on_realized(function()
    print((select(2, pcall(await, d)):gsub("^.-:%d+: ", "")))
end)
task.nap(0.001)
print(task.channel(2):put(1))
--- exec_out
await outside of a task
<< true >>
exit 0



=== TEST 10: a task has the arguments it was given, nil or not, many or none; hot and cold
--- user_files
>>> a.lua
local task = require "perilune.task"
local function shown(...)
    local all = { n = select("#", ...), ... }
    for i = 1, all.n do
        all[i] = tostring(all[i])
    end
    return all.n .. ":" .. table.concat(all, ",")
end
for _, start in ipairs { task.spawn, task.detach } do
    for i = 1, 200 do
        local got = { await(start(shown)), await(start(shown, nil)), await(start(shown, 1)), await(start(shown, nil, nil)),
            await(start(shown, 1, nil, 3, nil)) }
        local text = table.concat(got, " ")
        if i == 1 or i == 200 then
            print(text)
        end
    end
end
for _ = 1, 200 do
    assert(not pcall(await, task.spawn(error)))
    assert(not pcall(await, task.spawn(error, "x")))
    assert(await(task.spawn(task.spawn, shown)) == "0:")
end
local d = task.spawn(print, "never")
d:cancel()
print(select("#", await(task.spawn(function() return 1, 2 end))))
--- exec_out
0: 1:nil 1:1 2:nil,nil 4:1,nil,3,nil
0: 1:nil 1:1 2:nil,nil 4:1,nil,3,nil
0: 1:nil 1:1 2:nil,nil 4:1,nil,3,nil
0: 1:nil 1:1 2:nil,nil 4:1,nil,3,nil
1
exit 0



=== TEST 11: with PERILUNE_DEBUG a script lists at its end who still waits, by name and with the place; one that waits no more is not listed
--- user_files
>>> a.lua
local deferred, task = require "perilune.deferred", require "perilune.task"
local never = deferred.deferred()
task.spawn(function()
    task.name("reader")
    await(never)
end)
task.spawn(function() await(task.sleep(0.001)) end):await()
print("end")
--- exec
cd $TEST_NGINX_HTML_DIR
PERILUNE_DEBUG=1 $TEST_NGINX_BINARY run a.lua 2>err; grep -o "task .* waiting at the end\|a.lua:[0-9]*: in" err
$TEST_NGINX_BINARY run a.lua 2>&1
--- exec_out
end
task 'reader' was still waiting at the end
a.lua:5: in
end
