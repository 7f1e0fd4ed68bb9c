# Operators on deferreds, each rule of the model one case.
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

=== TEST 1: chain: i stages with one of them asynchronous at place j give what plain calls give
--- user_files
>>> a.lua
local deferred, task = require "perilune.deferred", require "perilune.task"
local bad = 0
for n = 1, 6 do
    for j = 1, n do
        local d = deferred.success_deferred(0)
        for i = 1, n do
            d = d:chain(function(v)
                local result = v * 2 + i
                return i == j and task.sleep(0):chain(function() return result end) or result
            end)
        end
        local expected = 0
        for i = 1, n do expected = expected * 2 + i end
        if await(d) ~= expected then bad = bad + 1 end
    end
end
print("wrong", bad)
print(await(deferred.success_deferred(1):chain(function(v) return v + 1 end, function(v) return v * 10 end)))
--- exec_out
wrong	0
20
exit 0



=== TEST 2: an error in any place skips the later stages and is caught with what it is
--- user_files
>>> a.lua
local deferred, task = require "perilune.deferred", require "perilune.task"
local bad = 0
for n = 1, 10 do
    for j = 1, n do
        for _, is_late in ipairs { false, true } do
            local calls = 0
            local d = deferred.success_deferred(0)
            for i = 1, n do
                d = d:chain(function(v)
                    calls = calls + 1
                    if i == j then
                        if not is_late then error({ reached = v }) end
                        return task.sleep(0):chain(function() error({ reached = v }) end)
                    end
                    return v + 1
                end)
            end
            local got = await(d:catch(function(e) return e.reached end))
            if got ~= j - 1 or calls ~= j then bad = bad + 1 end
        end
    end
end
print("wrong", bad)
--- exec_out
wrong	0
exit 0



=== TEST 3: catch: all, by code, by predicate; what does not match passes; a handler that fails, or waits
--- user_files
>>> a.lua
local deferred, failure, task = require "perilune.deferred", require "perilune.failure", require "perilune.task"
local function bad(code) return deferred.error_deferred(failure.new(code, "m")) end
print(await(bad("timeout"):catch(function(e) return "all " .. e.code end)))
print(await(bad("timeout"):catch("timeout", function() return "by code" end)))
print(try_await(bad("closed"):catch("timeout", function() return "by code" end)))
print(await(bad("closed"):catch(function(e) return e.code == "closed" end, function() return "by predicate" end)))
print(await(deferred.error_deferred("a string"):catch(function(e) return e end)))
print(try_await(bad("x"):catch(function() error("handler failed", 0) end)))
print(await(bad("x"):catch(function() return task.sleep(0.001):chain(function() return "later" end) end)))
print(await(deferred.success_deferred("value"):catch(function() return "not called" end)))
print(pcall(deferred.success_deferred(1).catch, deferred.success_deferred(1), "timeout"))
--- exec_out
all timeout
by code
false	closed: m
by predicate
a string
false	handler failed
later
value
false	bad argument 'handler' to catch (function expected, got string)
exit 0



=== TEST 4: finally runs on either outcome, is awaited, and its own error wins
--- user_files
>>> a.lua
local deferred, task = require "perilune.deferred", require "perilune.task"
local log = {}
local function note(text) return function() log[#log + 1] = text end end
print(await(deferred.success_deferred("v"):finally(note("1"))))
print(try_await(deferred.error_deferred("e"):finally(note("2"))))
print(try_await(deferred.success_deferred("v"):finally(function() error("finally failed", 0) end)))
print(try_await(deferred.success_deferred("v"):finally(function() return deferred.error_deferred("late failure") end)))
local d = deferred.success_deferred("waited"):finally(function()
    return task.sleep(0.005):chain(note("3"))
end)
print(await(d), table.concat(log, " "))
local cancelled = task.sleep(60):finally(note("4"))
cancelled:cancel()
task.nap(0.001)
print(log[4])
--- exec_out
v
false	e
false	finally failed
false	late failure
waited	1 2 3
4
exit 0



=== TEST 5: zip: in the order of its arguments, fails at once, cancels what nobody else wants
--- user_files
>>> a.lua
local deferred, task = require "perilune.deferred", require "perilune.task"
local a, b = deferred.deferred(), deferred.deferred()
local z = deferred.zip(a, "plain", b, nil)
b:success("B") a:success("A")
local v = await(z)
print(v[1], v[2], v[3], v[4], v.n)
print(await(deferred.zip()).n)
local stopped, kept_stopped
local work = deferred.deferred(function(why) stopped = why.code end)
local kept = deferred.deferred(function() kept_stopped = true end)
kept:on_realized(function() end)
local failing = deferred.deferred()
local f = deferred.zip(work, failing, kept, deferred.deferred())
failing:error("no")
print(try_await(f))
print(stopped, kept_stopped, work:is_realized(), kept:is_realized())
local unlooked
print(try_await(deferred.zip(deferred.error_deferred("first"), deferred.deferred(function() unlooked = true end))))
print(unlooked)
--- exec_out
A	plain	B	nil	4
0
false	no
cancelled	nil	true	false
false	first
true
exit 0



=== TEST 6: zip_all tells how each one ended and never fails
--- user_files
>>> a.lua
local deferred = require "perilune.deferred"
local late = deferred.deferred()
local z = deferred.zip_all(1, deferred.error_deferred("bad"), late)
late:success("late")
local v = await(z)
print(v.n, v[1].ok, v[1].value, v[2].ok, v[2].error, v[3].ok, v[3].value, await(deferred.zip_all()).n)
--- exec_out
3	true	1	false	bad	true	late	0
exit 0



=== TEST 7: alt: the first to be settled wins, the others are cancelled; without arguments it is misuse
--- user_files
>>> a.lua
local deferred, task = require "perilune.deferred", require "perilune.task"
local stopped = 0
local function slow() return deferred.deferred(function() stopped = stopped + 1 end) end
print(await(deferred.alt(slow(), 7, slow())), stopped)
print(await(deferred.alt(slow(), task.sleep(0.002):chain(function() return "second" end), slow())), stopped)
print(try_await(deferred.alt(slow(), deferred.error_deferred("error wins"))))
local counts = { 0, 0, 0 }
for _ = 1, 9000 do
    local n = await(deferred.alt(1, deferred.success_deferred(2), 3))
    counts[n] = counts[n] + 1
end
for i = 1, 3 do print(counts[i] > 2400 and counts[i] < 3600) end
print((select(2, pcall(deferred.alt)):gsub("^.-:%d+: ", "")))
--- exec_out
7	2
second	4
false	error wins
true
true
true
bad argument to alt (at least one deferred or value expected)
exit 0



=== TEST 8: timeout: the same deferred, the message, a value, the sooner of two, none without seconds
--- user_files
>>> a.lua
local deferred, task = require "perilune.deferred", require "perilune.task"
local d = deferred.deferred()
print(d:timeout(0.01) == d, d:timeout(nil) == d)
print(try_await(d))
print(await(deferred.deferred():timeout(0, "at once")), await(deferred.deferred():timeout(-1, false)))
print(await(deferred.deferred():timeout(60, "slow"):timeout(0.001, "fast")))
print(await(deferred.deferred():timeout(0.001, "fast"):timeout(60, "slow")))
local e = deferred.deferred():timeout(60)
e:error("before")
print(try_await(e))
print(await(deferred.success_deferred("settled"):timeout(0)))
local stopped
print(try_await(deferred.deferred(function(why) stopped = why.code end):timeout(0.001)))
print(stopped)
--- exec_out
true	true
false	timeout: no answer within 0.01 s
at once	false
fast
fast
false	before
settled
false	timeout: no answer within 0.001 s
timeout
exit 0



=== TEST 9: settling a result early stops exactly at the next stage and cancels upstream
--- user_files
>>> a.lua
local deferred, task = require "perilune.deferred", require "perilune.task"
local ran, stopped = {}, nil
local work = deferred.deferred(function(why) stopped = why.code end)
local c = work:chain(function() ran[1] = true end, function() ran[2] = true end)
print(c:success("early"), c:success("again"), await(c), stopped, work:is_realized())
local gate = deferred.deferred()
local e = deferred.success_deferred(1)
    :chain(function() ran[3] = true return gate end)
    :chain(function() ran[4] = true end)
task.nap(0.001)
e:timeout(0.001, "timed out")
print(await(e))
gate:success(1)
task.nap(0.001)
print(ran[1], ran[2], ran[3], ran[4])
--- exec_out
true	false	early	cancelled	true
timed out
nil	nil	true	nil
exit 0



=== TEST 10: cancel travels upstream through every operator to the work, but not past others who wait
--- user_files
>>> a.lua
local deferred, task = require "perilune.deferred", require "perilune.task"
local reasons = {}
local function work(name) return deferred.deferred(function(why) reasons[#reasons + 1] = name .. ":" .. why.message end) end
local function through(d)
    return d:chain(tostring):catch(tostring):finally(function() end):chain(tostring)
end
local c = through(deferred.zip(work("a"), deferred.alt(work("b"), work("c"))))
print(c:cancel("not wanted"), table.concat(reasons, " "))
local shared = work("shared")
local one, two = shared:chain(tostring), shared:chain(tostring)
one:cancel()
print(shared:is_realized())
two:cancel("last")
print(shared:is_realized(), reasons[#reasons])
local shielded = work("shielded")
local view = shielded:shield()
view:cancel()
print(shielded:is_realized(), view:is_realized())
local plain = deferred.deferred()
plain:chain(tostring):cancel()
print(plain:is_realized(), plain:success("still good"))
local gate = work("inner")
local d = deferred.success_deferred(1):chain(function() return gate end)
task.nap(0.001)
d:cancel("inner too")
print(reasons[#reasons])
--- exec_out
true	a:not wanted b:not wanted c:not wanted
false
true	shared:last
false	true
false	true
inner:inner too
exit 0



=== TEST 11: a task that is cancelled gives up the deferred that it awaits, when nobody else wants it
--- user_files
>>> a.lua
local deferred, task = require "perilune.deferred", require "perilune.task"
local stopped
local d = deferred.deferred(function(why) stopped = why.message end)
local t = task.spawn(function() return await(d:chain(tostring)) end)
task.yield()
t:cancel("left")
task.yield()
print(stopped, d:is_realized())
local sleep = task.sleep(60)
local a, b = task.spawn(await, sleep), task.spawn(await, sleep)
task.yield()
a:cancel() task.yield()
print(sleep:is_realized())
b:cancel() task.yield()
print(sleep:is_realized())
local child_reason
local parent = task.spawn(function()
    await(task.spawn(function()
        local ok, e = pcall(task.nap, 60)
        child_reason = e.message
    end))
end)
task.yield() task.yield()
parent:cancel("whole tree") task.yield()
print(child_reason)
--- exec_out
left	true
false
true
whole tree
exit 0



=== TEST 12: connect conveys an outcome; false when the other is settled
--- user_files
>>> a.lua
local deferred, task = require "perilune.deferred", require "perilune.task"
local a, b = deferred.deferred(), deferred.deferred()
print(a:connect(b), deferred.connect("x", deferred.success_deferred(1)))
a:success(deferred.success_deferred("inner"))
print(await(b))
local c = deferred.deferred()
deferred.connect(deferred.error_deferred("bad"), c)
print(try_await(c))
local stopped
local work, out = deferred.deferred(function() stopped = true end), deferred.deferred()
work:connect(out)
out:cancel()
print(stopped)
local self_waiting
self_waiting = deferred.deferred()
self_waiting:connect(self_waiting)
print(try_await(self_waiting))
--- exec_out
true	false
inner
false	bad
true
false	invalid: a deferred cannot wait for itself
exit 0



=== TEST 13: loop: values, deferreds, errors, early end
--- user_files
>>> a.lua
local deferred, task = require "perilune.deferred", require "perilune.task"
local recur = deferred.recur
print(await(deferred.loop(function() return "not deferred" end)))
print(try_await(deferred.loop(function() error("raised", 0) end)))
print(await(deferred.loop(function() return deferred.success_deferred("realized") end)))
print(try_await(deferred.loop(function() return deferred.error_deferred("failed") end)))
print(await(deferred.loop(function(n, sum)
    if n == 0 then return sum end
    return task.sleep(0):chain(function() return recur(n - 1, sum + n) end)
end, 10, 0)))
local stopped
local l = deferred.loop(function() return deferred.deferred(function() stopped = true end) end)
l:cancel()
print(stopped)
--- exec_out
not deferred
false	raised
realized
false	failed
55
true
exit 0
