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
timeout 100 $TEST_NGINX_BINARY run $TEST_NGINX_SERVROOT/c.lua
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
local here, gates = 0, {}
local server = http.start_server(function(req)
    here = here + 1
    await(gates[req.path])
    here = here - 1
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
    local function ask(n, path)
        local all, wanted = {}, here + n
        gates[path] = deferred.deferred()
        for i = 1, n do all[i] = http.get(base .. path, { pool = pool, as = "string" }) end
        while here < wanted do task.yield() end
        return all
    end
    local function answer(all, path)
        gates[path]:success(true)
        for _, d in ipairs(all) do await(d) end
    end

    local one, five = ask(1, "/one"), ask(5, "/five") -- at work all the time: all are kept
    clock:advance(10)
    print(#told, told[1].connections, told[1].requests, stats().connections)

    answer(five, "/five") -- one of six: their share falls towards a sixth, and half of their time is the target
    while stats().utilisation > 0.24 do task.yield() end
    clock:advance(10)
    print(#told, stats().connections)
    answer(one, "/one")
    clock:advance(10)

    clock:advance(10) -- nothing was asked: none is kept, and nothing counted
    print(#told, stats().connections, told[4].utilisation, told[4].latency.p999)

    answer(ask(1, "/"), "/") -- another is made
    print(stats().opened)
    pool:shutdown()
    clock:advance(100)
    print(#told)
end)
server:close(0):await()
X
timeout 100 $TEST_NGINX_BINARY run $TEST_NGINX_SERVROOT/c.lua
--- exec_out
1	6	6	6
2	3
4	0	0	0
7
4



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
timeout 100 $TEST_NGINX_BINARY run $TEST_NGINX_SERVROOT/c.lua 2>$TEST_NGINX_SERVROOT/errors
grep -c 'a pool.s stats_callback failed: .*of mine' $TEST_NGINX_SERVROOT/errors | sed 's/[1-9][0-9]*/logged/'
--- exec_out
false	http.connection_pool: bad option 'target_utilisation' (more than 0, at most 1 expected)
false	http.connection_pool: bad option 'target_utilisation' (more than 0, at most 1 expected)
false	http.connection_pool: option 'control_period' must be a number of seconds, not -1
false	http.connection_pool: option 'stats_callback' must be a function, not 1
collected
logged



=== TEST 4: counts and windows that cannot be meant are told where the pool is made
--- config
    location / { return 204; }
--- exec
cat >$TEST_NGINX_SERVROOT/c.lua <<'X'
local http = require "perilune.http"
local function told(where, o)
    local ok, err = pcall(http.connection_pool, o)
    print(ok and where .. " is taken" or (err:gsub("^http.connection_pool: ", "")))
    if ok then err:shutdown() end
end
local counts = { { "connections_per_host", 1 }, { "total_connections", 1 }, { "max_queue_size", 1 }, { "max_requests", 0 } }
for _, count in ipairs(counts) do
    for _, value in ipairs { count[2] - 1, 0.5, 0 / 0, 2 ^ 32 } do told(count[1], { [count[1]] = value }) end
    for _, value in ipairs { count[2], 2 ^ 31 - 1 } do told(count[1] .. " " .. value, { [count[1]] = value }) end
end
local sizes = { { "max_streams", 1 }, { "stream_window", 1 }, { "connection_window", 65535 }, { "header_list", 1 } }
for _, size in ipairs(sizes) do
    for _, value in ipairs { size[2] - 1, 2 ^ 31 } do told(size[1], { http2 = { [size[1]] = value } }) end
    for _, value in ipairs { size[2], 2 ^ 31 - 1 } do told(size[1] .. " " .. value, { http2 = { [size[1]] = value } }) end
end
told("cache", { cache = {} })
told("log_activity", { log_activity = "loud" })
print(pcall(http.get, "http://127.0.0.1/", { as = "file", save_to = "a\0b" }))
-- the widest windows reach a connection
local server = http.start_server(function() return "ok" end, { port = 0, address = "127.0.0.1", http2 = true })
local pool = http.connection_pool { force_h2c = true, http2 = { stream_window = 2 ^ 31 - 1, connection_window = 2 ^ 31 - 1 } }
local res = await(http.get("http://127.0.0.1:" .. server:port(), { pool = pool, as = "string" }))
print(res.protocol, res.body)
await(server:close(0))
X
timeout 100 $TEST_NGINX_BINARY run $TEST_NGINX_SERVROOT/c.lua
--- exec_out
option 'connections_per_host' must be a whole number from 1 to 2147483647, not 0
option 'connections_per_host' must be a whole number from 1 to 2147483647, not 0.5
option 'connections_per_host' must be a whole number from 1 to 2147483647, not nan
option 'connections_per_host' must be a whole number from 1 to 2147483647, not 4294967296
connections_per_host 1 is taken
connections_per_host 2147483647 is taken
option 'total_connections' must be a whole number from 1 to 2147483647, not 0
option 'total_connections' must be a whole number from 1 to 2147483647, not 0.5
option 'total_connections' must be a whole number from 1 to 2147483647, not nan
option 'total_connections' must be a whole number from 1 to 2147483647, not 4294967296
total_connections 1 is taken
total_connections 2147483647 is taken
option 'max_queue_size' must be a whole number from 1 to 2147483647, not 0
option 'max_queue_size' must be a whole number from 1 to 2147483647, not 0.5
option 'max_queue_size' must be a whole number from 1 to 2147483647, not nan
option 'max_queue_size' must be a whole number from 1 to 2147483647, not 4294967296
max_queue_size 1 is taken
max_queue_size 2147483647 is taken
option 'max_requests' must be a whole number from 0 to 2147483647, not -1
option 'max_requests' must be a whole number from 0 to 2147483647, not 0.5
option 'max_requests' must be a whole number from 0 to 2147483647, not nan
option 'max_requests' must be a whole number from 0 to 2147483647, not 4294967296
max_requests 0 is taken
max_requests 2147483647 is taken
http2: option 'max_streams' must be a whole number from 1 to 2147483647, not 0
http2: option 'max_streams' must be a whole number from 1 to 2147483647, not 2147483648
max_streams 1 is taken
max_streams 2147483647 is taken
http2: option 'stream_window' must be a whole number from 1 to 2147483647, not 0
http2: option 'stream_window' must be a whole number from 1 to 2147483647, not 2147483648
stream_window 1 is taken
stream_window 2147483647 is taken
http2: option 'connection_window' must be a whole number from 65535 to 2147483647, not 65534
http2: option 'connection_window' must be a whole number from 65535 to 2147483647, not 2147483648
connection_window 65535 is taken
connection_window 2147483647 is taken
http2: option 'header_list' must be a whole number from 1 to 2147483647, not 0
http2: option 'header_list' must be a whole number from 1 to 2147483647, not 2147483648
header_list 1 is taken
header_list 2147483647 is taken
option 'cache' must be a cache of http.cache
option 'log_activity' must be a level, not 'loud'
false	http.request: option 'save_to' must be a path, without NUL
HTTP/2	ok



=== TEST 5: how many connections there are, who waits, who is turned away; when they close; the end of a pool
--- config
    location / { return 204; }
--- exec
cat >$TEST_NGINX_SERVROOT/c.lua <<'X'
local http, task, deferred = require "perilune.http", require "perilune.task", require "perilune.deferred"
local gate
local function serve()
    return http.start_server(function(req) if req.path == "/wait" then await(gate) end return "x" end, { port = 0, address = "127.0.0.1" })
end
local servers = { serve(), serve() }
local function base(i) return "http://127.0.0.1:" .. servers[i]:port() end
local function begin(pool, n, i, path)
    local all = {}
    for k = 1, n do all[k] = http.get(base(i or 1) .. (path or "/wait"), { pool = pool, as = "string" }) end
    return all
end
local function codes(all)
    local count, out = {}, {}
    for _, d in ipairs(all) do
        local ok, v = try_await(d)
        local code = ok and v.status or v.code
        count[code] = (count[code] or 0) + 1
    end
    for code, n in pairs(count) do out[#out + 1] = n .. " " .. code end
    table.sort(out)
    return table.concat(out, ", ")
end
local function of(pool, i)
    return pool:stats()[base(i or 1)] or {}
end
local function until_is(fn)
    for _ = 1, 1000 do if fn() then return true end task.nap(0.005) end
    return false
end
local function counts(pool, i)
    local v = of(pool, i)
    return ("%s open %s idle %s waiting"):format(v.connections, v.idle, v.queue)
end

gate = deferred.deferred()
local pool = http.connection_pool { connections_per_host = 3 }
local all = begin(pool, 8)
until_is(function() return of(pool).connections == 3 end)
print("per host", counts(pool)) gate:success(true) print(codes(all), counts(pool), of(pool).opened)

gate = deferred.deferred()
pool = http.connection_pool { total_connections = 2 }
local first, second = begin(pool, 3, 1), begin(pool, 3, 2)
until_is(function() return of(pool, 1).connections == 2 end)
print("in all", counts(pool, 1), counts(pool, 2)) gate:success(true) print(codes(first), codes(second), of(pool, 1).connections + of(pool, 2).connections <= 2)

gate = deferred.deferred()
pool = http.connection_pool { connections_per_host = 1, max_queue_size = 2 }
all = begin(pool, 1)
until_is(function() return of(pool).connections == 1 end)
for _, d in ipairs(begin(pool, 4)) do all[#all + 1] = d end
local turned_away = select(2, try_await(all[5])).code
print("queue", turned_away, counts(pool)) gate:success(true) print(codes(all))

pool = http.connection_pool { idle_timeout = 0.05 }
print("idle_timeout", codes(begin(pool, 1, 1, "/")), until_is(function() return of(pool).connections == 0 end))
pool = http.connection_pool { max_requests = 3 }
for _ = 1, 7 do codes(begin(pool, 1, 1, "/")) end
print("max_requests", of(pool).opened, of(pool).reused)
pool = http.connection_pool { max_age = 1 }
codes(begin(pool, 1, 1, "/")) task.nap(1.1)
for _ = 1, 2 do codes(begin(pool, 1, 1, "/")) end -- the first of them ends what is too old
print("max_age", of(pool).opened, of(pool).reused)
pool = http.connection_pool {}
for _ = 1, 3 do await(http.get(base(1), { pool = pool, as = "string", keep_alive = false })) end
print("keep_alive", of(pool).opened, of(pool).connections)

gate = deferred.deferred()
pool = http.connection_pool { connections_per_host = 2 }
all = begin(pool, 5)
until_is(function() return of(pool).connections == 2 end)
task.nap(0.05)
pool:shutdown() gate:success(true)
print("shutdown", codes(all), codes(begin(pool, 1)))
for _, s in ipairs(servers) do await(s:close(0)) end
X
timeout 100 $TEST_NGINX_BINARY run $TEST_NGINX_SERVROOT/c.lua
--- exec_out
per host	3 open 0 idle 5 waiting
8 200	3 open 3 idle 0 waiting	3
in all	2 open 0 idle 1 waiting	0 open 0 idle 3 waiting
3 200	3 200	true
queue	pool_full	1 open 0 idle 2 waiting
2 pool_full, 3 200
idle_timeout	1 200	true
max_requests	3	4
max_age	2	1
keep_alive	3	0
shutdown	2 200, 3 closed	1 closed
