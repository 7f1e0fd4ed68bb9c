# Deferreds: making, settling, claiming, listening, awaiting, and errors that nobody looks at.
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
});

run_tests();

__DATA__

=== TEST 1: settled once; later calls answer false
--- user_files
>>> a.lua
local deferred = require "perilune.deferred"
local d = deferred.deferred()
print(d:is_realized(), d:success(1), d:success(2), d:error("x"), d:cancel(), d:is_realized(), await(d))
local e = deferred.deferred()
print(e:error("bad"), e:success(1), try_await(e))
print(deferred.is_deferred(d), deferred.is_deferred(7), deferred.is_deferred("x"), deferred.is_deferred(nil))
print(await(deferred.success_deferred(nil)), await(deferred.success_deferred(false)))
--- exec_out
false	true	false	false	false	true	1
true	false	false	bad
true	false	false	false
nil	false
exit 0



=== TEST 2: a claim reserves the right to settle; a wrong token is misuse; timeout and cancel stay out
--- user_files
>>> a.lua
local deferred, task = require "perilune.deferred", require "perilune.task"
local d = deferred.deferred()
local token = d:claim()
print(token ~= nil, d:claim(), d:success(1), d:cancel(), d:timeout(0.001) == d)
task.nap(0.01)
print(d:is_realized(), (select(2, pcall(d.success, d, 1, {})):gsub("^.-:%d+: ", "")))
local got = task.spawn(await, d)
print(d:success("claimed", token), await(got), d:claim())
local e = deferred.deferred()
print(e:error("failed", e:claim()), try_await(e))
--- exec_out
true	nil	false	false	true
false	bad argument 'token' (not the token of this deferred's claim)
true	claimed	nil
true	false	failed
exit 0



=== TEST 3: listeners run in order, on a later turn, each alone; one that is added late runs, too
--- user_files
>>> a.lua
local deferred, task = require "perilune.deferred", require "perilune.task"
local d = deferred.deferred()
for i = 1, 50 do
    d:on_realized(function(v) if i % 10 == 0 then print(i, v) end end, error)
end
d:on_realized(function() error("broken listener", 0) end)
d:on_realized(function(v) print("after the broken one", v) end)
local l = deferred.listener(print, print)
print(d:add_listener(l), d:cancel_listener(l), d:cancel_listener(l))
d:success("v")
print("settled", d:cancel_listener(l))
task.nap(0.001)
d:on_realized(function(v) print("late", v) end)
print("added late")
task.nap(0.001)
deferred.error_deferred("e"):on_realized(print, function(e) print("error", e) end)
task.nap(0.001)
--- exec_out_like
^true	true	false
settled	false
10	v
20	v
30	v
40	v
50	v
after the broken one	v
added late
late	v
error	e
exit 0
\[error\] deferred listener failed: broken listener
stack traceback:[\s\S]*$



=== TEST 4: many tasks wait for one deferred; those that are cancelled leave the others in order
--- user_files
>>> a.lua
local deferred, task = require "perilune.deferred", require "perilune.task"
local cancelled
local d = deferred.deferred(function() cancelled = true end)
local waiters, order = {}, {}
for i = 1, 1000 do
    waiters[i] = task.spawn(function() order[#order + 1] = i return await(d) end)
end
task.yield()
for i = 1, 1000 do if i % 7 ~= 0 then waiters[i]:cancel() end end
task.yield()
print(cancelled, #order)
d:success("all")
local n = 0
for i = 7, 1000, 7 do if await(waiters[i]) == "all" then n = n + 1 end end
print(n)
--- exec_out
nil	1000
142
exit 0



=== TEST 5: coercion, unwrap, peeking and printing
--- user_files
>>> a.lua
local deferred = require "perilune.deferred"
local d = deferred.success_deferred
print(await(deferred.to_deferred(5)), await(deferred.to_deferred(d(d(6)))))
local pending, failed = deferred.deferred(), deferred.error_deferred("e")
print(deferred.unwrap(d(d(d(7)))), deferred.unwrap(d(pending)) == pending, deferred.unwrap(d(failed)) == failed)
print(d(1):success_value("default"), pending:success_value("default"), failed:success_value("default"))
print(d(1):error_value("none"), pending:error_value("none"), failed:error_value("none"))
print(d(1), pending, failed)
print(await(deferred.chain(1, function(v) return v + 1 end, function(v) return d(d(v * 10)) end)))
--- exec_out
5	6
7	true	true
1	default	default
none	none	e
<< 1 >>	<< … >>	<< ERROR: e >>
20
exit 0



=== TEST 6: an error that nobody looks at is logged with its place, one that was looked at is not
--- user_files
>>> a.lua
local deferred, task = require "perilune.deferred", require "perilune.task"
local function make()
    deferred.error_deferred("unseen 1")
    deferred.deferred():error("unseen 2")
    deferred.deferred(function() end):error("unseen 3")
    task.spawn(function() error("unseen 4", 0) end)
    deferred.success_deferred(1):chain(function() error("unseen 5", 0) end)
end
make()
try_await(deferred.error_deferred("seen"))
pcall(await, deferred.error_deferred("seen"))
deferred.error_deferred("seen"):on_realized(nil, function() end)
await(deferred.error_deferred("seen"):catch(function() end))
local kept = deferred.error_deferred("seen")
task.nap(0.01)
try_await(kept)
try_await(task.spawn(function() error("seen") end))
local cancelled = deferred.deferred()
cancelled:cancel()
--- exec
P=$(readlink /proc/$(cat $TEST_NGINX_SERVROOT/logs/nginx.pid)/exe)
cd $TEST_NGINX_HTML_DIR
timeout 100 $P run a.lua 2>err; echo exit $?; grep -v -e '^	' -e traceback err | sed -e 's/^.*\[\([a-z]*\)\] [0-9#]*: /[\1] /' | awk '{ print $NF, $0 }' | sort -n | cut -d ' ' -f 2-
PERILUNE_DEBUG=1 timeout 100 $P run a.lua 2>&1 | grep -o 'made at a.lua:4).*'
--- exec_out
exit 0
[error] a deferred failed and nobody waits for it (made at a.lua:3): unseen 1
[error] a deferred failed and nobody waits for it (failed at a.lua:4): unseen 2
[error] a deferred failed and nobody waits for it (from a.lua:5): unseen 3
[error] a task failed and nobody waits for it (from a.lua:6): error: unseen 4
[error] a stage of a chain failed and nobody waits for it (from a.lua:7): unseen 5
made at a.lua:4): unseen 2



=== TEST 7: on an idle process the line comes within seconds, not at the end
--- user_files
>>> a.lua
local deferred, task = require "perilune.deferred", require "perilune.task"
local sys, log = require "perilune.core.sys", nil
sys.log = function(level, text) log = level .. " " .. text end
package.loaded["perilune.unseen"] = nil
local unseen = require "perilune.unseen"
do
    local carrier = {}
    unseen.watch(carrier, "lost", "it", "")
end
for _ = 1, 500 do
    task.nap(0.02)
    if log then break end
end
print(log)
--- exec_out
error it failed and nobody waits for it: lost
exit 0
