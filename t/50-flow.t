# Pools: caps, queue, disposal, the controller and its figures.
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

=== TEST 1: objects are made on demand, used again in order, capped for each key and in all
--- user_files
>>> a.lua
local flow, task = require "perilune.flow", require "perilune.task"
local made, gone = 0, {}
local pool = flow.pool {
    generate = function(key) made = made + 1 return { key = key, n = made } end,
    destroy = function(key, o) gone[#gone + 1] = key .. o.n end,
    max_per_key = 2, max_total = 3,
}
local a, b = await(pool:acquire("k")), await(pool:acquire("k"))
local third = pool:acquire("k")
print(a.n, b.n, made, third:is_realized())
pool:release("k", a)
print(await(third) == a, made)
pool:release("k", b) pool:release("k", a)
print(await(pool:acquire("k")) == b, made)
local x = await(pool:acquire("x"))
local y = await(pool:acquire("y"))
print(x.n, y.n, pool.total, table.concat(gone, " "))
local z = pool:acquire("z")
print(z:is_realized())
pool:release("x", x)
print((select(2, pcall(pool.release, pool, "x", x)):gsub("^.-:%d+: ", "")))
print(pool:dispose("x", x), pool:dispose("x", x), (await(z)).key)
--- exec_out
1	2	2	false
true	2
true	2
3	4	3	k1
false
bad argument 'object' to release (it is not acquired from this pool)
true	false	z
exit 0



=== TEST 2: the queue has a limit; who is cancelled leaves it; an object is never lost
--- user_files
>>> a.lua
local flow, task = require "perilune.flow", require "perilune.task"
local pool = flow.pool { generate = function() return {} end, max_per_key = 1, max_queue = 2 }
local o = await(pool:acquire(1))
local first, second = pool:acquire(1), pool:acquire(1)
print(select(2, try_await(pool:acquire(1))).code)
first:cancel()
local t = task.spawn(function() return await(pool:acquire(1)) end)
pool:release(1, o)
print(await(second) == o)
task.yield()
t:cancel()
pool:release(1, o)
print(await(pool:acquire(1)) == o, pool:stats(1).busy)
--- exec_out
too_large
true
true	1
exit 0



=== TEST 3: generate may wait or fail; destroyed ones are replaced for who waits; with releases or disposes
--- user_files
>>> a.lua
local flow, task = require "perilune.flow", require "perilune.task"
local n, fails, gone = 0, false, 0
local pool = flow.pool {
    generate = function() n = n + 1 if fails then error("cannot", 0) end return task.sleep(0.002):chain(function() return { n = n } end) end,
    destroy = function() gone = gone + 1 end,
    max_per_key = 1,
}
local o = await(pool:acquire("k"))
local waiting = pool:acquire("k")
pool:dispose("k", o)
print((await(waiting)).n, gone)
print(pool:dispose("k", waiting:success_value()))
fails = true
print(try_await(pool:acquire("k")))
fails = false
print(pool:with("k", function(c, x) return c.n, x end, "argument"))
print(pcall(pool.with, pool, "k", function() error("used badly", 0) end))
print(gone, pool:stats("k").objects)
--- exec_out
2	1
true
false	error: cannot
4	argument
false	error: used badly
3	0
exit 0



=== TEST 4: the controller keeps as many as were needed; figures of the period; stats_callback
--- user_files
>>> a.lua
local flow, time, task = require "perilune.flow", require "perilune.time", require "perilune.task"
time.with_clock(time.mock_clock(), function(clock)
    local reported
    local pool = flow.pool { generate = function() return {} end, control_period = 10, target_utilisation = 0.9,
        stats_callback = function(all) reported = all end }
    local held = {}
    for i = 1, 10 do held[i] = await(pool:acquire("k")) end
    clock:advance(5)
    for i = 1, 10 do pool:release("k", held[i]) end
    local s = pool:stats("k")
    print(s.objects, s.busy, s.free, s.acquired, s.utilisation, s.hold_time.p50 >= 5, s.hold_time.p999 < 5.5)
    clock:advance(5)
    print(reported.k.utilisation, pool:stats("k").objects, pool:stats("k").acquired)
    clock:advance(10)
    print(pool:stats("k"), pool.total)
end)
--- exec_out
10	0	10	10	1	true	true
0.5	6	0
nil	0
exit 0



=== TEST 5: close: who waits is told, free ones are destroyed, used ones when they come back; options
--- user_files
>>> a.lua
local flow = require "perilune.flow"
local gone = 0
local pool = flow.pool { generate = function() return {} end, destroy = function() gone = gone + 1 error("ignored") end, max_per_key = 2 }
local a, b = await(pool:acquire("k")), await(pool:acquire("k"))
local waiting = pool:acquire("k")
pool:release("k", a)
local c = await(waiting)
local late = pool:acquire("k")
pool:close()
print(select(2, try_await(late)).code, select(2, try_await(pool:acquire("k"))).code, gone)
pool:release("k", b) pool:release("k", c)
print(gone, pool.total)
for _, options in ipairs { {}, { generate = 1 }, { generate = print, max_pr_key = 1 }, { generate = print, max_total = "x" },
    { generate = print, max_per_key = 0 }, { generate = print, max_total = 1.5 }, { generate = print, target_utilisation = 0 } } do
    print((select(2, pcall(flow.pool, options)):gsub("^.-:%d+: ", "")))
end
--- exec_out_like
^closed	closed	0
2	0
flow.pool: option 'generate' is needed
flow.pool: option 'generate' must be a function, not 1
flow.pool: unknown option 'max_pr_key'; did you mean 'max_per_key'\?
flow.pool: option 'max_total' must be a whole number from 0, not a string
flow.pool: option 'max_per_key' must be more than 0
flow.pool: option 'max_total' must be a whole number from 0, not 1.5
flow.pool: option 'target_utilisation' must be more than 0, at most 1
exit 0
\[error\] a pool's destroy failed: [^\n]*ignored



=== TEST 6: who is settled by another hand gets none; a free one may be disposed of; figures of the queue
--- user_files
>>> a.lua
local flow, time = require "perilune.flow", require "perilune.time"
time.with_clock(time.mock_clock(), function(clock)
    local pool = flow.pool { generate = function() return {} end, max_per_key = 1, control_period = 100 }
    local o = await(pool:acquire("k"))
    local settled, waiting = pool:acquire("k"), pool:acquire("k")
    clock:advance(4)
    print(settled:success("by another hand"))
    pool:release("k", o)
    print(await(waiting) == o)
    local s = pool:stats("k")
    print(s.queue_length.p50, s.queue_length.p999 >= 1, s.queue_latency.p99 >= 4, s.queue_latency.p99 < 4.4, s.utilisation)
    pool:release("k", o)
    print(pool:dispose("k", o), pool:stats("k").objects)
end)
--- exec_out
true
true
0	true	true	true	1
true	0
exit 0
