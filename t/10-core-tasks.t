# Tasks, deferreds and coroutines without a network: each block runs a script.
use Test::Nginx::Socket 'no_plan';

no_root_location();
run_tests();

__DATA__

=== TEST 1: await gives the value, raises the error, passes other values
--- config
--- user_files
>>> a.lua
local deferred = require "perilune.deferred"
print(await(deferred.success_deferred(7)), await("plain"), await(nil))
local d = deferred.deferred()
require("perilune.task").spawn(function() d:success("later") end)
print(d:await())
print(pcall(await, deferred.error_deferred("bad")))
print(try_await(deferred.error_deferred("worse")))
print(try_await(deferred.success_deferred("fine")))
--- exec
P=$(readlink /proc/$(cat $TEST_NGINX_SERVROOT/logs/nginx.pid)/exe)
$P run $TEST_NGINX_HTML_DIR/a.lua
--- exec_out lua
"7\tplain\tnil\nlater\nfalse\tbad\nfalse\tworse\ntrue\tfine\n"



=== TEST 2: a deferred is settled once
--- config
--- user_files
>>> a.lua
local deferred = require "perilune.deferred"
local d = deferred.deferred()
print(d:success(1), d:success(2), d:error("x"), d:cancel(), await(d), d:is_realized())
--- exec
P=$(readlink /proc/$(cat $TEST_NGINX_SERVROOT/logs/nginx.pid)/exe)
$P run $TEST_NGINX_HTML_DIR/a.lua
--- exec_out lua
"true\tfalse\tfalse\tfalse\t1\ttrue\n"



=== TEST 3: listeners run on a later turn, one that fails harms no other
--- config
--- user_files
>>> a.lua
local deferred = require "perilune.deferred"
local d = deferred.deferred()
d:on_realized(function() error("listener broke") end)
d:on_realized(function(v) print("listener", v) end)
d:success(1)
print("first")
require("perilune.task").nap(0.01)
d:on_realized(function(v) print("late listener", v) end, function() print("never") end)
--- exec
P=$(readlink /proc/$(cat $TEST_NGINX_SERVROOT/logs/nginx.pid)/exe)
$P run $TEST_NGINX_HTML_DIR/a.lua 2>$TEST_NGINX_HTML_DIR/err
grep -c "listener broke" $TEST_NGINX_HTML_DIR/err
--- exec_out lua
"first\nlistener\t1\nlate listener\t1\n1\n"



=== TEST 4: chain
--- config
--- user_files
>>> a.lua
local deferred, task = require "perilune.deferred", require "perilune.task"
local d = task.sleep(0.01):chain(function() return 2 end):chain(function(v)
    return task.sleep(0.01):chain(function() return v + 1 end)
end)
print(await(d))
print(try_await(deferred.error_deferred("e"):chain(function() print("not called") end)))
print(try_await(deferred.success_deferred(1):chain(function() error("inside", 0) end)))
--- exec
P=$(readlink /proc/$(cat $TEST_NGINX_SERVROOT/logs/nginx.pid)/exe)
$P run $TEST_NGINX_HTML_DIR/a.lua
--- exec_out lua
"3\nfalse\te\nfalse\tinside\n"



=== TEST 5: timeout fails with a code, stops the work, or gives a value
--- config
--- user_files
>>> a.lua
local deferred, task = require "perilune.deferred", require "perilune.task"
local _, err = try_await(task.sleep(60):timeout(0.01))
print(err.code, tostring(err))
print(await(deferred.deferred():timeout(0.01, "instead")))
print(await(task.sleep(0.01):timeout(60)))
local stopped
local _, e = try_await(deferred.deferred(function(reason) stopped = reason.code end):timeout(0.01))
print(stopped, e.code)
--- exec
P=$(readlink /proc/$(cat $TEST_NGINX_SERVROOT/logs/nginx.pid)/exe)
timeout 100 $P run $TEST_NGINX_HTML_DIR/a.lua
--- exec_out lua
"timeout\ttimeout: no answer within 0.01 s\ninstead\ntrue\ntimeout\ttimeout\n"



=== TEST 6: spawn runs later in this turn; its deferred has the value or the error object
--- config
--- user_files
>>> a.lua
local task = require "perilune.task"
local d = task.spawn(function(a, b) print("in the task"); return a + b end, 1, 2)
print("spawned")
print(await(d))
local _, err = try_await(task.spawn(function() error("oops") end))
print(err.code, (err.message:gsub("^.*/", "")))
local _, e = try_await(task.spawn(function() error({ code = "own" }) end))
print(e.code)
--- exec
P=$(readlink /proc/$(cat $TEST_NGINX_SERVROOT/logs/nginx.pid)/exe)
$P run $TEST_NGINX_HTML_DIR/a.lua
--- exec_out lua
"spawned\nin the task\n3\nerror\ta.lua:5: oops\nown\n"



=== TEST 7: a task that fails unseen is logged with its traceback, the script ends well
--- config
--- user_files
>>> a.lua
local task = require "perilune.task"
task.spawn(function() error("unseen") end)
task.nap(0.01)
print("end")
--- exec
P=$(readlink /proc/$(cat $TEST_NGINX_SERVROOT/logs/nginx.pid)/exe)
$P run $TEST_NGINX_HTML_DIR/a.lua 2>$TEST_NGINX_HTML_DIR/err; echo $?
grep -c "nobody waits for it.*unseen" $TEST_NGINX_HTML_DIR/err
grep -c "stack traceback" $TEST_NGINX_HTML_DIR/err
--- exec_out lua
"end\n0\n1\n1\n"



=== TEST 8: sleeping tasks overlap and wake in the order of their times
--- config
--- user_files
>>> a.lua
local task = require "perilune.task"
local all, begin = {}, os.clock()
for _, s in ipairs { 0.06, 0.02, 0.04 } do
    all[#all + 1] = task.spawn(function() await(task.sleep(s)); print(s) end)
end
for _, d in ipairs(all) do await(d) end
print(os.clock() - begin < 0.05 and "idle" or "spun")
--- exec
P=$(readlink /proc/$(cat $TEST_NGINX_SERVROOT/logs/nginx.pid)/exe)
$P run $TEST_NGINX_HTML_DIR/a.lua
--- exec_out lua
"0.02\n0.04\n0.06\nidle\n"



=== TEST 9: defer runs however the task ends, last first; one that fails is logged
--- config
--- user_files
>>> a.lua
local task = require "perilune.task"
local function cleanup(name) return function() print("cleanup", name) end end
await(task.spawn(function() task.defer(cleanup "a"); task.defer(cleanup "b"); print "body" end))
try_await(task.spawn(function() task.defer(cleanup "after error"); error("x") end))
local d = task.spawn(function() task.defer(cleanup "cancelled"); task.nap(60) end)
task.nap(0.01)
d:cancel()
task.nap(0.01)
await(task.spawn(function() task.defer(cleanup "still"); task.defer(function() error("broke") end) end))
--- exec
P=$(readlink /proc/$(cat $TEST_NGINX_SERVROOT/logs/nginx.pid)/exe)
timeout 100 $P run $TEST_NGINX_HTML_DIR/a.lua 2>$TEST_NGINX_HTML_DIR/err
grep -c "task.defer failed.*broke" $TEST_NGINX_HTML_DIR/err
--- exec_out lua
"body\ncleanup\tb\ncleanup\ta\ncleanup\tafter error\ncleanup\tcancelled\ncleanup\tstill\n1\n"



=== TEST 10: cancelling raises the reason where the task waits, and in its children
--- config
--- user_files
>>> a.lua
local task = require "perilune.task"
local d = task.spawn(function()
    task.spawn(function()
        task.spawn(function()
            print("grandchild", select(2, pcall(task.nap, 60)).code)
        end)
        print("child", select(2, pcall(await, require("perilune.deferred").deferred())).code)
    end)
    print("parent", select(2, pcall(task.nap, 60)).code)
    return "caught"
end)
task.nap(0.01)
print(d:cancel(), d:cancel())
print(try_await(d))
task.nap(0.01)
--- exec
P=$(readlink /proc/$(cat $TEST_NGINX_SERVROOT/logs/nginx.pid)/exe)
timeout 100 $P run $TEST_NGINX_HTML_DIR/a.lua | sort
--- exec_out lua
"child\tcancelled\nfalse\tcancelled: cancelled\ngrandchild\tcancelled\nparent\tcancelled\ntrue\tfalse\n"



=== TEST 11: a grandchild whose parent has ended is still cancelled with the grandparent
--- config
--- user_files
>>> a.lua
local task = require "perilune.task"
local d = task.spawn(function()
    task.spawn(function()
        task.spawn(function()
            print("grandchild", select(2, pcall(task.nap, 60)).code)
        end)
    end)
    task.nap(60)
end)
task.nap(0.01)
d:cancel()
task.nap(0.01)
--- exec
P=$(readlink /proc/$(cat $TEST_NGINX_SERVROOT/logs/nginx.pid)/exe)
timeout 100 $P run $TEST_NGINX_HTML_DIR/a.lua
--- exec_out lua
"grandchild\tcancelled\n"



=== TEST 12: a task that is cancelled before it began does not begin its work
--- config
--- user_files
>>> a.lua
local task = require "perilune.task"
local d = task.spawn(function() task.nap(0); print("went on") end)
d:cancel()
print(try_await(d))
task.nap(0.02)
--- exec
P=$(readlink /proc/$(cat $TEST_NGINX_SERVROOT/logs/nginx.pid)/exe)
timeout 100 $P run $TEST_NGINX_HTML_DIR/a.lua
--- exec_out lua
"false\tcancelled: cancelled\n"



=== TEST 13: a generator that awaits inside does not confuse its parent
--- config
--- user_files
>>> a.lua
local task = require "perilune.task"
local function numbers(n)
    return coroutine.wrap(function()
        for i = 1, n do
            await(task.sleep(0.001))
            coroutine.yield(i, i * i)
        end
    end)
end
for i, square in numbers(3) do print(i, square) end
local co = coroutine.create(function(a)
    local b = coroutine.yield(a + await(task.sleep(0.001):chain(function() return 1 end)))
    task.nap(0.001)
    return "done", b
end)
print(coroutine.resume(co, 10))
print(coroutine.status(co))
print(coroutine.resume(co, "again"))
print(coroutine.status(co), coroutine.resume(co))
--- exec
P=$(readlink /proc/$(cat $TEST_NGINX_SERVROOT/logs/nginx.pid)/exe)
timeout 100 $P run $TEST_NGINX_HTML_DIR/a.lua
--- exec_out lua
"1\t1\n2\t4\n3\t9\ntrue\t11\nsuspended\ntrue\tdone\tagain\ndead\tfalse\tcannot resume dead coroutine\n"



=== TEST 14: coroutine.wrap in coroutine.wrap, await at every level
--- config
--- user_files
>>> a.lua
local task = require "perilune.task"
local function inner(n)
    return coroutine.wrap(function()
        for i = 1, n do task.nap(0.001); coroutine.yield(i) end
    end)
end
local function outer()
    return coroutine.wrap(function()
        for i in inner(2) do
            await(task.sleep(0.001))
            for k in inner(2) do coroutine.yield(i * 10 + k) end
        end
    end)
end
for v in outer() do task.nap(0.001); print(v) end
--- exec
P=$(readlink /proc/$(cat $TEST_NGINX_SERVROOT/logs/nginx.pid)/exe)
timeout 100 $P run $TEST_NGINX_HTML_DIR/a.lua
--- exec_out lua
"11\n12\n21\n22\n"



=== TEST 15: task.yield inside a generator gives way and stays invisible to its parent
--- config
--- user_files
>>> a.lua
local task = require "perilune.task"
task.spawn(function() print("other") end)
for v in coroutine.wrap(function() task.yield(); coroutine.yield("value") end) do print(v) end
task.yield()
print("end")
--- exec
P=$(readlink /proc/$(cat $TEST_NGINX_SERVROOT/logs/nginx.pid)/exe)
timeout 100 $P run $TEST_NGINX_HTML_DIR/a.lua
--- exec_out lua
"other\nvalue\nend\n"



=== TEST 16: errors and cancels come through a generator
--- config
--- user_files
>>> a.lua
local task, deferred = require "perilune.task", require "perilune.deferred"
local g = coroutine.wrap(function() await(deferred.error_deferred("from inside")) end)
print(pcall(g))
local d = task.spawn(function()
    local co = coroutine.create(function() task.nap(60) end)
    local ok, err = coroutine.resume(co)
    print(ok, err.code, coroutine.status(co))
end)
task.nap(0.01)
d:cancel()
task.nap(0.01)
--- exec
P=$(readlink /proc/$(cat $TEST_NGINX_SERVROOT/logs/nginx.pid)/exe)
timeout 100 $P run $TEST_NGINX_HTML_DIR/a.lua
--- exec_out lua
"false\tfrom inside\nfalse\tcancelled\tdead\n"



=== TEST 17: a coroutine begun in one task goes on in another
--- config
--- user_files
>>> a.lua
local task = require "perilune.task"
local co = coroutine.wrap(function()
    for i = 1, 4 do task.nap(0.002); coroutine.yield(i) end
end)
print("main", co())
await(task.spawn(function() print("task", co()); print("task", co()) end))
print("main", co())
--- exec
P=$(readlink /proc/$(cat $TEST_NGINX_SERVROOT/logs/nginx.pid)/exe)
timeout 100 $P run $TEST_NGINX_HTML_DIR/a.lua
--- exec_out lua
"main\t1\ntask\t2\ntask\t3\nmain\t4\n"



=== TEST 18: await, nap, yield and defer outside of a task are errors, not silence
--- config
--- user_files
>>> a.lua
local deferred, task = require "perilune.deferred", require "perilune.task"
local d = deferred.deferred()
deferred.success_deferred(1):on_realized(function()
    for _, f in ipairs { function() await(d) end, function() task.nap(1) end, task.yield,
        function() task.defer(print) end } do
        print((select(2, pcall(f)):gsub("^.*: ", "")))
    end
end)
task.nap(0.01)
--- exec
P=$(readlink /proc/$(cat $TEST_NGINX_SERVROOT/logs/nginx.pid)/exe)
timeout 100 $P run $TEST_NGINX_HTML_DIR/a.lua
--- exec_out lua
"await outside of a task\nsleep outside of a task\nyield outside of a task\ndefer outside of a task\n"



=== TEST 19: misuse names the argument
--- config
--- user_files
>>> a.lua
local task = require "perilune.task"
for _, f in ipairs { function() task.spawn(1) end, function() task.defer("x") end,
    function() task.sleep(-1) end, function() task.nap(0 / 0) end } do
    print((select(2, pcall(f)):gsub("^.*/", "")))
end
--- exec
P=$(readlink /proc/$(cat $TEST_NGINX_SERVROOT/logs/nginx.pid)/exe)
timeout 100 $P run $TEST_NGINX_HTML_DIR/a.lua
--- exec_out_like lua
"^a.lua:2: bad argument 'fn' to task.spawn .*\na.lua:2: bad argument 'fn' to task.defer .*\n.*0.* 1e9 expected.*\n.*0.* 1e9 expected.*\n$"



=== TEST 20: a script that fails says so and exits 1
--- config
--- user_files
>>> a.lua
require("perilune.task").nap(0.001)
error("main chunk broke")
--- exec
P=$(readlink /proc/$(cat $TEST_NGINX_SERVROOT/logs/nginx.pid)/exe)
$P run $TEST_NGINX_HTML_DIR/a.lua 2>$TEST_NGINX_HTML_DIR/err; echo $?
grep -c "a.lua:2: main chunk broke" $TEST_NGINX_HTML_DIR/err
--- exec_out lua
"1\n1\n"



=== TEST 21: many tasks, reused coroutines, also after errors and cancels
--- config
--- user_files
>>> a.lua
local task = require "perilune.task"
local n = 0
for round = 1, 20 do
    local all = {}
    for i = 1, 500 do
        all[i] = task.spawn(function()
            task.nap(i % 7 / 1000)
            if i % 5 == 0 then error("five") end
            n = n + 1
        end)
    end
    for i = 3, 500, 3 do all[i]:cancel() end
    for i = 1, 500 do try_await(all[i]) end
end
print(n)
--- exec
P=$(readlink /proc/$(cat $TEST_NGINX_SERVROOT/logs/nginx.pid)/exe)
timeout 100 $P run $TEST_NGINX_HTML_DIR/a.lua 2>/dev/null
--- exec_out lua
local n = 0
for i = 1, 500 do if i % 5 ~= 0 and i % 3 ~= 0 then n = n + 1 end end
return n * 20 .. "\n"



=== TEST 22: streams: values, capacity, close, failure
--- config
--- user_files
>>> a.lua
local stream, task = require "perilune.stream", require "perilune.task"
local s = stream.stream(2)
print(s:put(1):is_realized(), s:put(2):is_realized())
local third = s:put(3)
print(third:is_realized())
print(await(s:take()), await(s:take()), await(third), await(s:take()))
task.spawn(function() for i = 4, 6 do await(s:put(i)) end s:close() end)
for v in s:each() do print(v) end
print(await(s:take()), await(s:put(7)))
local broken = stream.stream(1)
broken:put("kept")
broken:close("why")
print(try_await(broken:take()))
print(try_await(broken:take()))
--- exec
P=$(readlink /proc/$(cat $TEST_NGINX_SERVROOT/logs/nginx.pid)/exe)
timeout 100 $P run $TEST_NGINX_HTML_DIR/a.lua
--- exec_out lua
"true\ttrue\nfalse\n1\t2\ttrue\t3\n4\n5\n6\nnil\tfalse\ntrue\tkept\nfalse\twhy\n"



=== TEST 23: json.empty_array is an array, an empty table an object
--- config
--- user_files
>>> a.lua
local json = require "perilune.json"
print(json.encode(json.empty_array), json.encode({}), json.encode({ a = { 1, json.empty_array, json.null } }))
print(json.decode("[1,{\"b\":null}]")[2].b == json.null)
print(pcall(json.decode, "[1,"))
print(pcall(json.encode, print))
--- exec
P=$(readlink /proc/$(cat $TEST_NGINX_SERVROOT/logs/nginx.pid)/exe)
timeout 100 $P run $TEST_NGINX_HTML_DIR/a.lua
--- exec_out_like lua
"^\\[\\]\t\\{\\}\t\\{\"a\":\\[1,\\[\\],null\\]\\}\ntrue\nfalse\t.*\nfalse\t.*\n$"



=== TEST 24: what a cancelled task starts before the cancel reaches it is cancelled, too
--- config
--- user_files
>>> a.lua
local task = require "perilune.task"
local d
d = task.spawn(function()
    d:cancel()
    task.spawn(function()
        print("grandchild", select(2, pcall(task.nap, 60)).code)
    end)
end)
task.nap(0.02)
--- exec
P=$(readlink /proc/$(cat $TEST_NGINX_SERVROOT/logs/nginx.pid)/exe)
timeout 100 $P run $TEST_NGINX_HTML_DIR/a.lua
--- exec_out lua
"grandchild\tcancelled\n"



=== TEST 25: a script that waits for what nothing will settle says so, and has failed; one whose work is done ends well
--- config
--- user_files
>>> a.lua
local deferred, task = require "perilune.deferred", require "perilune.task"
if arg[1] then
    task.spawn(function()
        task.nap(0.01)
        print(arg[1])
    end)
    return
end
await(deferred.deferred())
--- exec
P=$(readlink /proc/$(cat $TEST_NGINX_SERVROOT/logs/nginx.pid)/exe)
timeout 100 $P run $TEST_NGINX_HTML_DIR/a.lua done; echo $?
timeout 100 $P run $TEST_NGINX_HTML_DIR/a.lua 2>&1 | grep -o 'the script waits for what nothing will settle\|a.lua:9: in main chunk'
timeout 100 $P run $TEST_NGINX_HTML_DIR/a.lua 2>$TEST_NGINX_HTML_DIR/err; echo $?
--- exec_out
done
0
the script waits for what nothing will settle
a.lua:9: in main chunk
1



=== TEST 26: coroutines in coroutines without end are an error of the script, not the end of the process
--- config
--- user_files
>>> a.lua
local task = require "perilune.task"
local depth = 0
local function wrapped()
    depth = depth + 1
    coroutine.wrap(wrapped)()
end
local ok, err = pcall(wrapped)
print(ok, (tostring(err):gsub("^.-:%d+: ", "")), depth)
local function resumed()
    depth = depth + 1
    return select(2, coroutine.resume(coroutine.create(resumed)))
end
depth = 0
print(resumed(), depth)
-- waiting in the middle does not count twice, and what has failed or was none is not counted any more
for _ = 1, 10001 do
    pcall(coroutine.resume, nil)
end
print(pcall(coroutine.resume, nil))
local function deep(n)
    if n == 0 then
        task.nap(0.01)
        return "slept"
    end
    return coroutine.wrap(deep)(n - 1)
end
for _ = 1, 3 do
    print(deep(9000))
end
--- exec
P=$(readlink /proc/$(cat $TEST_NGINX_SERVROOT/logs/nginx.pid)/exe)
timeout 100 $P run $TEST_NGINX_HTML_DIR/a.lua 2>&1; echo $?
--- exec_out
false	C stack overflow	10001
C stack overflow	10001
false	bad argument #1 to 'resume' (coroutine expected)
slept
slept
slept
0
