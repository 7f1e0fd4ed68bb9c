# Figures of connection pools, and the controller that closes what is not needed.
use Test::Nginx::Socket 'no_plan';

no_root_location();
run_tests();

__DATA__

=== TEST 1: quantiles of the queue, of waiting and of requests; utilisation
--- config
    location / { return 204; }
--- exec
cat >$TEST_NGINX_SERVROOT/c.lua <<'X'
local http, task = require "perilune.http", require "perilune.task"
local gate = require("perilune.deferred").deferred()
local server = http.start_server(function(req)
    if req.path == "/wait" then await(gate) end
    return "ok"
end, { port = 0, address = "127.0.0.1" })
local base = "http://127.0.0.1:" .. server:port()
local pool = http.connection_pool { connections_per_host = 1, control_period = 0 }
assert(next(pool:stats()) == nil)
local function get(path) return http.get(base .. path, { pool = pool, as = "string" }) end
await(task.sleep(0.001)) -- a new turn of the loop
local all = {}
for i = 1, 4 do all[i] = get(i == 1 and "/wait" or "/") end
await(task.sleep(0.2))
gate:success(true)
for i = 1, 4 do await(all[i]) end
local s = pool:stats()[base]
-- the first found nobody, the others 0, 1 and 2 in the queue besides the one at work
print(s.requests, s.connections, s.queue_length.p50 <= s.queue_length.p90, s.queue_length.p999)
print(s.queue_latency.p50 >= 0.1, s.latency.p999 >= 0.1, s.latency.p50 < s.latency.p999, s.latency.p50 > 0)
print(s.utilisation > 0 and s.utilisation <= 1)
local names = {}
for name in pairs(s) do names[#names + 1] = name end
table.sort(names)
print(table.concat(names, " "))
pool:shutdown()
server:close(0):await()
X
timeout 20 $TEST_NGINX_BINARY run $TEST_NGINX_SERVROOT/c.lua
--- exec_out
4	1	true	3
true	true	true	true
true
connections dialling failed idle latency opened queue queue_latency queue_length requests retried reused utilisation



=== TEST 2: once in a period the callback is told, what was not needed is closed, figures begin anew
--- config
    location / { return 204; }
--- exec
cat >$TEST_NGINX_SERVROOT/c.lua <<'X'
local http, task, time, deferred =
    require "perilune.http", require "perilune.task", require "perilune.time", require "perilune.deferred"
local here, gate = 0, deferred.deferred()
local server = http.start_server(function(req)
    here = here + 1
    await(gate)
    return "ok"
end, { port = 0, address = "127.0.0.1" })
local base = "http://127.0.0.1:" .. server:port()
time.with_clock(time.mock_clock(), function(clock)
    local told = {}
    local pool = http.connection_pool {
        control_period = 10, target_utilisation = 0.5,
        stats_callback = function(stats) told[#told + 1] = stats[base] end,
    }
    local function stats() return pool:stats()[base] end
    local function ask(n)
        local all = {}
        for i = 1, n do all[i] = http.get(base .. "/", { pool = pool, as = "string" }) end
        while here < n do task.yield() end
        return all
    end
    local function answer(all)
        gate:success(true)
        for _, d in ipairs(all) do await(d) end
        here, gate = 0, deferred.deferred()
    end

    local all = ask(6) -- at work all the time: all are kept
    clock:advance(10)
    print(#told, told[1].connections, told[1].requests, stats().connections)
    answer(all)
    clock:advance(10)

    all = ask(1) -- one of six: at most a sixth of their time, and twice as many as that are kept
    while stats().utilisation < 0.1 do task.yield() end
    clock:advance(10)
    print(#told, stats().connections)
    answer(all)
    clock:advance(10)

    clock:advance(10) -- nothing was asked: none is kept, and nothing counted
    print(#told, stats().connections, told[5].utilisation, told[5].latency.p999)

    all = ask(1) -- another is made
    answer(all)
    print(stats().opened)
    pool:shutdown()
    clock:advance(100)
    print(#told)
end)
server:close(0):await()
X
timeout 20 $TEST_NGINX_BINARY run $TEST_NGINX_SERVROOT/c.lua
--- exec_out
1	6	6	6
3	2
5	0	0	0
7
5



=== TEST 3: an error of the callback is logged; wrong options; a pool that nobody has is collected
--- config
    location / { return 204; }
--- exec
cat >$TEST_NGINX_SERVROOT/c.lua <<'X'
local http, task = require "perilune.http", require "perilune.task"
local n = 0
local pool = http.connection_pool { control_period = 0.01, stats_callback = function() n = n + 1 error "of mine" end }
while n < 2 do task.nap(0.005) end
print(pcall(http.connection_pool, { target_utilisation = 0 }))
print(pcall(http.connection_pool, { target_utilisation = 1.5 }))
print(pcall(http.connection_pool, { control_period = -1 }))
print(pcall(http.connection_pool, { stats_callback = 1 }))
local seen = setmetatable({ pool }, { __mode = "v" })
pool = nil
while seen[1] do collectgarbage() task.nap(0.005) end
print "collected"
X
timeout 20 $TEST_NGINX_BINARY run $TEST_NGINX_SERVROOT/c.lua 2>$TEST_NGINX_SERVROOT/errors
grep -c 'a pool.s stats_callback failed: .*of mine' $TEST_NGINX_SERVROOT/errors | sed 's/[1-9][0-9]*/logged/'
--- exec_out
false	http.connection_pool: bad option 'target_utilisation' (more than 0, at most 1 expected)
false	http.connection_pool: bad option 'target_utilisation' (more than 0, at most 1 expected)
false	http.connection_pool: option 'control_period' must be a number of seconds, not -1
false	http.connection_pool: option 'stats_callback' must be a function, not 1
collected
logged
