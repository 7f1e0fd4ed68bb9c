# Time: calls later, repeated calls, and a clock that tests move.
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

=== TEST 1: after: the result, an error, a deferred; cancelled or settled before it never runs
--- user_files
>>> a.lua
local time, deferred, task = require "perilune.time", require "perilune.deferred", require "perilune.task"
print(await(time.after(0.001, function() return "value" end)), await(time.after(0, function() task.nap(0.001) return "waited" end)))
print(try_await(time.after(0, function() error("failed", 0) end)))
print(await(time.after(0, function() return deferred.success_deferred("flattened") end)))
local ran = 0
local function count() ran = ran + 1 end
local a, b, c = time.after(0.002, count), time.after(0.002, count), time.after(0.002, count)
a:cancel() b:success("settled") c:error("settled")
task.nap(0.01)
print(ran, await(b), try_await(c))
print(await(time.at(time.now() + 0.002, function() return "at" end)), await(time.at(0, function() return "past" end)))
--- exec_out
value	waited
false	error: failed
flattened
0	settled	false	settled
at	past
exit 0



=== TEST 2: the mock clock: every event in order, repeated calls, cancels, an error
--- user_files
>>> a.lua
local time, task = require "perilune.time", require "perilune.task"
time.with_clock(time.mock_clock(1000), function(clock)
    local log = {}
    local function note(text) return function() log[#log + 1] = text .. "@" .. clock:now() - 1000 end end
    local function show() print(table.concat(log, " ")) log = {} end
    time.after(1, note("a")) time.after(1, note("b")) time.after(0, note("now")) time.after(3, note("late"))
    time.after(1, function() time.after(1, note("nested")) end)
    clock:advance(0) show()
    clock:advance(2) show()
    local e = time.every(1, note("e"))
    clock:advance(5) show()
    e:cancel()
    clock:advance(5) show()
    local d = time.every(1, note("delayed"), 2)
    clock:advance(1) clock:advance(1.5) show()
    d:cancel()
    local calls = 0
    local failing = time.every(1, function() calls = calls + 1 error("in every", 0) end)
    clock:advance(3)
    print(calls, try_await(failing))
    local at = time.at(clock:now() + 10, note("at"))
    at:cancel()
    clock:advance(20) show()
    print(time.now() == clock:now(), time.monotonic() == clock:now())
end)
print(require("perilune.time").now() > 1e9)
--- exec_out
now@0
a@1 b@1 nested@2
e@2 late@3 e@3 e@4 e@5 e@6 e@7

delayed@14
1	false	error: in every

true	true
true
exit 0



=== TEST 3: it drives sleeps, timeouts and whatever waits; calls that take long leave moments out
--- user_files
>>> a.lua
local time, deferred, task = require "perilune.time", require "perilune.deferred", require "perilune.task"
time.with_clock(time.mock_clock(), function(clock)
    local woken
    task.spawn(function() task.nap(3600) woken = clock:now() end)
    local d = deferred.deferred():timeout(7200)
    local sleep, listened = task.sleep(10), nil
    sleep:on_realized(function() listened = clock:now() end)
    clock:advance(3599) print(woken, listened, sleep:is_realized())
    clock:advance(1) print(woken, d:is_realized())
    clock:advance(3600) print(try_await(d))
    local calls = {}
    local e = time.every(1, function() calls[#calls + 1] = clock:now() task.nap(2.5) end)
    clock:advance(7)
    e:cancel()
    print(#calls, calls[2] - calls[1])
end)
print(pcall(time.with_clock, time.mock_clock(), function() error("restored", 0) end))
await(task.sleep(0.001))
--- exec_out
nil	10	true
3600	false
false	timeout: no answer within 7200 s
3	3
false	error: restored
exit 0



=== TEST 4: units, durations, misuse
--- user_files
>>> a.lua
local time = require "perilune.time"
print(2 * time.minutes, time.hours, time.days, time.milliseconds, time.hz(50))
for _, s in ipairs { 0, 0.9, 1, 61, 3600, 90061 } do io.write(time.format_duration(s), "; ") end
print()
print((select(2, pcall(time.after, -1, print)):gsub("^.-:%d+: ", "")))
print((select(2, pcall(function() time.mock_clock():advance(-1) end)):gsub("^.-:%d+: ", "")))
print((select(2, pcall(time.every, 0, print)):gsub("^.-:%d+: ", "")))
print((select(2, pcall(time.at, 1)):gsub("^.-:%d+: ", "")))
--- exec_out
120	3600	86400	0.001	0.02
0s; 0s; 1s; 1m 1s; 1h; 1d 1h 1m 1s; 
bad argument 'seconds' to time.after (a number of at least 0 expected)
bad argument 'seconds' to advance (a number from 0 expected)
bad argument 'period' to time.every (a number of at least 0.001 expected)
bad argument 'fn' to time.at (function expected, got nil)
exit 0
