# Idempotency keys in Redis and in stores of one's own; keys in dictionaries are in t/50-middleware-more.t.
use Test::Nginx::Socket 'no_plan';

no_root_location();
run_tests();

__DATA__

=== TEST 1: two machines over one Redis: replayed, under way, another request, tried again, lost, no Redis
--- config
    location / { return 200; }
--- user_files
>>> a.lua
local http, test, redis, deferred = require "perilune.http", require "perilune.test", require "perilune.redis", require "perilune.deferred"
local task = require "perilune.task"
local mw = http.middleware
local ran, gate, reached = 0, nil, nil
local function handle(req)
    ran = ran + 1
    local n = ran
    if gate then
        reached:success(true)
        await(gate)
    end
    if req.path == "/raise" then error("no", 0) end
    if req.path == "/500" then return { status = 500 } end
    return { status = 201, headers = { ["X-N"] = n, ["X-Bytes"] = "\233", ["Set-Cookie"] = { "a=1", "b=2" } }, body = "number " .. n .. "\0\255" }
end
local function machine(options)
    local db = redis.client { path = arg[1] }
    options = options or {}
    options.redis = db
    return { db = db, app = mw.idempotency(options)(handle) }
end
local one, two = machine(), machine()
local function ask(on, key, spec)
    spec = spec or {}
    spec.method, spec.headers, spec.body = "POST", { ["Idempotency-Key"] = key, Authorization = spec.as }, spec.body or "x"
    spec.as = nil
    return test.request(on.app, spec)
end
local function say(d)
    local ok, res = try_await(d)
    print(ok and ("%d %s %s %s %s %d"):format(res.status, (res.body:gsub("[^%g ]", ".")), tostring(res.headers["x-n"]), tostring(res.headers["idempotent-replayed"]),
        tostring(res.headers["x-bytes"] == "\233"), #res.headers:get_all("set-cookie")) or tostring(res))
end
say(ask(one, "k"))
say(ask(two, "k"))
say(ask(two, "k", { as = "Bearer other" }))
say(ask(two, "k", { body = "other" }))
say(ask(two, "k", { path = "/other" }))
for _, path in ipairs { "/raise", "/500" } do
    say(ask(one, path, { path = path }))
    say(ask(two, path, { path = path }))
end
gate, reached = deferred.deferred(), deferred.deferred()
local first = ask(one, "slow")
await(reached)
say(ask(two, "slow"))
gate:success(true)
say(first)
gate = nil
say(ask(two, "slow"))

-- who leaves meanwhile: the key may be used again
gate, reached = deferred.deferred(), deferred.deferred()
local left = ask(one, "left")
await(reached)
left:cancel()
gate = nil
repeat local keys = #await(one.db:keys("idempotency:*")) until keys == 3
say(ask(two, "left"))

-- a machine that dies is waited for as long as its lease; what it comes with later does not count
gate, reached = deferred.deferred(), deferred.deferred()
local dying = machine { lease = 0.001 }
local late = ask(dying, "lost")
await(reached)
local old = gate
gate = nil
repeat local keys = #await(one.db:keys("idempotency:*")) until keys == 4
say(ask(two, "lost"))
old:success(true)
say(late)
say(ask(one, "lost"))
for _, key in ipairs(await(one.db:keys("idempotency:*"))) do
    local left_ms = await(one.db:pttl(key))
    if left_ms <= 60000 or left_ms > 86400000 then print("ttl", left_ms) end
end

-- no Redis: nothing is done
local before = ran
local nowhere = { app = mw.idempotency { redis = redis.client { path = arg[1] .. ".none" } }(handle) }
say(ask(nowhere, "k"))
say(test.request(nowhere.app, { method = "POST" }))
print(ran - before)
one.db:close() two.db:close() dying.db:close()
--- exec
. t/lib/services.sh
start_redis
timeout 100 $TEST_NGINX_BINARY run $TEST_NGINX_HTML_DIR/a.lua $S/redis.sock 2>$S/err; echo $?
sed 's/^.*\[error\][^:]*: *//; s/: unix:.*//' $S/err
--- exec_out
201 number 1.. 1 nil true 2
201 number 1.. 1 true true 2
201 number 2.. 2 nil true 2
422 the idempotency key was used for another request. nil nil false 0
422 the idempotency key was used for another request. nil nil false 0
error: no
error: no
500  nil nil false 0
500  nil nil false 0
409 a request with this idempotency key is under way. nil nil false 0
201 number 7.. 7 nil true 2
201 number 7.. 7 true true 2
201 number 9.. 9 nil true 2
201 number 11.. 11 nil true 2
201 number 10.. 10 nil true 2
201 number 11.. 11 true true 2
503 try again. nil nil false 0
201 number 12.. 12 nil true 2
1
0
idempotency: not_found

=== TEST 2: a store of one's own: what it is told, what it answers, what it fails with
--- config
    location / { return 200; }
--- user_files
>>> a.lua
local http, test, task = require "perilune.http", require "perilune.test", require "perilune.task"
local kept, calls, fails = {}, {}, {}
local store = {}
function store:begin(key, text, ttl)
    calls[#calls + 1] = ("begin %s %d"):format(#key, ttl)
    if fails.begin then error("cannot begin", 0) end
    return task.spawn(function()
        await(task.yield())
        local found = kept[key]
        kept[key] = found or text
        return found
    end)
end
function store:finish(key, begun, text, ttl)
    calls[#calls + 1] = ("finish %s %s %d"):format(tostring(kept[key] == begun), type(text), ttl)
    if fails.finish then error("cannot finish", 0) end
    kept[key] = text
end
local app = http.middleware.idempotency { store = store, ttl = 7, lease = 3 } (function(req)
    return req.path == "/500" and { status = 500 } or "done"
end)
local function ask(path)
    local res = await(test.request(app, { method = "PATCH", path = path, headers = { ["Idempotency-Key"] = "k" .. path } }))
    print(path, res.status, ((res.body:gsub("[^%g ]", "."))), res.headers["idempotent-replayed"], table.concat(calls, ", "))
    calls = {}
end
ask "/" ask "/" ask "/500" ask "/500"
fails.finish = true
ask "/x"
fails.begin = true
ask "/y"
--- exec
timeout 100 $TEST_NGINX_BINARY run $TEST_NGINX_HTML_DIR/a.lua 2>$TEST_NGINX_SERVROOT/err
sed 's/^.*\[error\][^:]*: *//' $TEST_NGINX_SERVROOT/err
--- exec_out
/	200	done	nil	begin 55 3, finish true string 7
/	200	done	true	begin 55 3
/500	500		nil	begin 55 3, finish true nil 7
/500	500		nil	begin 55 3, finish true nil 7
/x	200	done	nil	begin 55 3, finish true string 7
/y	503	try again.	nil	begin 55 3
idempotency: the answer is not kept: cannot finish
idempotency: cannot begin
