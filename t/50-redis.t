# perilune.redis: commands, what blocks, transactions, scripts, messages; connections that break; the protocol.
use Test::Nginx::Socket 'no_plan';

no_root_location();
run_tests();

__DATA__

=== TEST 1: commands, pipelines, transactions, scripts, connections of one's own
--- config
    location / { return 200; }
--- user_files
>>> a.lua
local redis, task = require "perilune.redis", require "perilune.task"
local db = redis.client { path = arg[1], db = 3 }
print(await(db:set("dog", "an animal", "EX", 60)), await(db:get("dog")), await(db:get("cat")))
local ok, err = try_await(db:incr("dog"))
print(ok, err.code, err.kind, err.message)
local all = {}
for i = 1, 1000 do
    all[i] = db:incrby("n", i)
end
print(await(all[1000]), await(all[1]))
print(table.concat(await(db:mget("dog", "n")), ","), await(db:mget("dog", "cat"))[2] == redis.null, #await(db:keys("none*")))
for _ = 1, 2 do
    print(table.concat(await(db:script("return { KEYS[1], ARGV[1], ARGV[2] }", { "k" }, { 1.5, "b" })), ","))
end
print((select(2, try_await(db:script("return redis.error_reply('MY own')")))))
local r = await(db:transaction { { "SET", "t", 1 }, { "INCR", "t" }, { "LPUSH", "t", "x" }, { "GET", "none" } })
print(r[1], r[2], r[3], r[4] == redis.null)
print(try_await(db:transaction { { "SET", "t" } }))
local job, job_2 = db:blpop("queue", 0), db:blpop("queue", 0)
print(await(db:set("meanwhile", 2 ^ 53)), await(db:rpush("queue", "job", "job 2")), #await(job)[2] + #await(job_2)[2])
print(db:with(function(own)
    await(own:watch("t"))
    await(db:set("t", 7))
    await(own:multi())
    own:incr("t")
    return tostring(await(own:exec()))
end))
local big = ("x"):rep(3000000)
print(await(db:set("big", big)), await(db:get("big")) == big)
for _, args in ipairs { { "multi" }, { "subscribe_x" }, { "set", "x", {} }, { "set", "x", nil, "y" } } do
    print((tostring(select(2, pcall(function() return await(db[args[1]](db, unpack(args, 2, table.maxn(args)))) end))):gsub("^.-%.lua:%d+: ", "")))
end
local cancelled = db:get("dog")
cancelled:cancel()
print(await(db:get("n")))
db:close()
--- exec
. t/lib/services.sh
start_redis
timeout 100 $TEST_NGINX_BINARY run $TEST_NGINX_HTML_DIR/a.lua $S/redis.sock 2>&1; echo $?
--- exec_out
OK	an animal	nil
false	redis	ERR	ERR value is not an integer or out of range
500500	1
an animal,500500	true	0
k,1.5,b
k,1.5,b
redis: MY own
OK	2	redis: WRONGTYPE Operation against a key holding the wrong kind of value	true
false	redis: EXECABORT Transaction discarded because of previous errors.
OK	2	8
nil
OK	true
redis: MULTI needs a connection of its own: db:with, db:transaction, db:subscribe
redis: ERR unknown command 'SUBSCRIBE_X', with args beginning with: 
bad argument #2 to a Redis command (string or number expected, got table)
bad argument #2 to a Redis command (string or number expected, got nil)
500500
0

=== TEST 2: published messages; passwords; a connection that is made again
--- config
    location / { return 200; }
--- user_files
>>> a.lua
local redis, task = require "perilune.redis", require "perilune.task"
local db = redis.client { path = arg[1] }
local function until_heard(channel)
    while await(db:publish(channel, "start")) == 0 do
        await(task.sleep(0.01))
    end
end
local s = db:subscribe({ "a", "b" })
until_heard "b"
print(await(s:take()).message, await(db:publish("a", "one")), await(s:take()).channel)
s:close()
s = db:subscribe("n*", { pattern = true })
print(await(s.subscribed), await(db:publish("news", "start")))
local message = await(s:take())
print(message.pattern, message.channel, message.message)
await(db:config("SET", "requirepass", "s:3 cret"))
local ok, err = try_await(redis.client { path = arg[1], password = "no" }:ping())
print(ok, err.kind)
print(try_await(redis.client { path = arg[1] }:ping()))
local refused = redis.client { path = arg[1], password = "no" }:subscribe("a")
print(try_await(refused.subscribed))
print(try_await(refused:take()))
local given_up = redis.client { path = arg[1] }:subscribe("a")
given_up:close()
print(try_await(given_up.subscribed))
local known = redis.client { path = arg[1], user = "default", password = "s:3 cret" }
print(await(known:ping()))
-- Redis closes every connection but the one that says so
known:with(function(own)
    own:command("CLIENT", "KILL", "TYPE", "normal", "SKIPME", "yes")
    await(own:ping())
end)
print(try_await(db:ping()))
print(await(known:ping()))
known:with(function(own) await(own:command("CLIENT", "KILL", "TYPE", "pubsub")) end)
print(try_await(s:take()))
known:close()
print(try_await(known:ping()))
db:close()
for _, url in ipairs { "redis://x:y@h:1/2", "http://h", "redis://" } do
    print((tostring(select(2, pcall(redis.client, { url = url }))):gsub("^.-%.lua:%d+: ", ""):gsub("0x%x+", "")))
end
--- exec
. t/lib/services.sh
start_redis
timeout 100 $TEST_NGINX_BINARY run $TEST_NGINX_HTML_DIR/a.lua $S/redis.sock 2>&1; echo $?
--- exec_out
start	1	a
true	1
n*	news	start
false	WRONGPASS
false	redis: NOAUTH Authentication required.
false	redis: WRONGPASS invalid username-password pair or user is disabled.
false	redis: WRONGPASS invalid username-password pair or user is disabled.
false	closed: the subscription is closed
PONG
false	redis: NOAUTH Authentication required.
PONG
false	closed: Redis has closed the connection
false	closed: the client of Redis is closed
table: 
redis.client: option 'url' is not redis://[user:password@]host[:port][/database]
redis.client: option 'url' is not redis://[user:password@]host[:port][/database]
0

=== TEST 3: servers that do wrong: garbage, an end within an answer, no answer at all, none there
--- config
    location / { return 200; }
--- user_files
>>> a.lua
local redis, tcp = require "perilune.redis", require "perilune.tcp"
local mode
local server = tcp.start_server(function(s)
    for _ in s:each() do
        if mode == "silent" then
        elseif mode == "asks" then
            s:put("+OK\r\n+NOBODY\r\n")
        else
            s:put(mode)
            return
        end
    end
end, { address = "127.0.0.1" })
local function try(answer, command)
    mode = answer
    local db = redis.client { port = server:port() }
    local one, two = db:get("a"), db:get("b")
    print(try_await(one))
    print(try_await(two))
    db:close()
end
try("$5\r\nhel")
try("+one\r\n")
try("hello\r\n")
try("$x\r\n")
try("*9999999\r\n")
try("$3\r\nabcd\r\n")
try(("*1\r\n"):rep(40))
try("+" .. ("x"):rep(70000))
mode = "asks"
local db = redis.client { port = server:port() }
print(await(db:get("a")))
db:close()
mode = "silent"
local slow = redis.client { port = server:port(), timeout = 0.05 }
print(try_await(slow:get("a")))
await(server:close(0))
local ok, err = try_await(db.command(redis.client { port = server:port() }, "PING"))
print(ok, err.code)
--- exec
timeout 100 $TEST_NGINX_BINARY run $TEST_NGINX_HTML_DIR/a.lua 2>&1; echo $?
--- exec_out
false	closed: Redis has closed the connection
false	closed: Redis has closed the connection
true	one
false	closed: Redis has closed the connection
false	protocol: Redis has answered with what is no answer
false	protocol: Redis has answered with what is no answer
false	protocol: Redis has answered with a bad length
false	protocol: Redis has answered with a bad length
false	protocol: Redis has answered with a bad length
false	protocol: Redis has answered with a bad length
false	protocol: Redis has answered with a string without its end
false	protocol: Redis has answered with a string without its end
false	protocol: Redis has answered with too many levels
false	protocol: Redis has answered with too many levels
false	protocol: Redis has answered with a line that is too long
false	protocol: Redis has answered with a line that is too long
OK
false	timeout: Redis has not answered for 0.05 s
false	refused
0

=== TEST 4: the decoder: any value however it is cut; what is changed at random never does worse than fail
--- config
    location / { return 200; }
--- user_files
>>> a.lua
local resp, failure = require "perilune.redis.resp", require "perilune.failure"
math.randomseed(tonumber(arg[1]) or 7)
local function make(depth)
    local kind = math.random(depth > 3 and 5 or 6)
    if kind == 1 then
        local n = math.random(-1000000, 1000000)
        return n, ":" .. n .. "\r\n"
    elseif kind == 2 then
        local s = ("s"):rep(math.random(0, 20))
        return s, "+" .. s .. "\r\n"
    elseif kind == 3 then
        return resp.null, math.random(2) == 1 and "$-1\r\n" or "*-1\r\n"
    elseif kind <= 5 then
        local out = {}
        for i = 1, math.random(0, 50) do out[i] = string.char(math.random(0, 255)) end
        local s = table.concat(out)
        return s, "$" .. #s .. "\r\n" .. s .. "\r\n"
    end
    local list, texts = {}, {}
    for i = 1, math.random(0, 5) do list[i], texts[i] = make(depth + 1) end
    return list, "*" .. #list .. "\r\n" .. table.concat(texts)
end
local function same(a, b)
    if type(a) ~= "table" or type(b) ~= "table" then return a == b end
    if #a ~= #b then return false end
    for i = 1, #a do if not same(a[i], b[i]) then return false end end
    return true
end
local function feed(text, fn)
    local decoder, at = resp.decoder(fn), 1
    while at <= #text do
        local n = math.random(math.random(2) == 1 and 3 or 100)
        decoder:feed(text:sub(at, at + n - 1))
        at = at + n
    end
end
for round = 1, 2000 do
    local values, texts, got = {}, {}, {}
    for i = 1, math.random(4) do values[i], texts[i] = make(1) end
    local text = table.concat(texts)
    feed(text, function(v) got[#got + 1] = v end)
    assert(same(values, got), text)
    local at = math.random(#text)
    local broken = text:sub(1, at - 1) .. string.char(math.random(0, 255)) .. text:sub(at + math.random(0, 2))
    local ok, err = pcall(feed, broken, function() end)
    assert(ok or failure.is(err, "protocol"), tostring(err))
end
print "fine"
--- exec
timeout 100 $TEST_NGINX_BINARY run $TEST_NGINX_HTML_DIR/a.lua 2>&1
--- exec_out
fine

=== TEST 5: sessions in Redis
--- config
    location / { return 200; }
--- user_files
>>> a.lua
local http, redis, test = require "perilune.http", require "perilune.redis", require "perilune.test"
local db = redis.client { path = arg[1] }
local app = http.middleware.session { redis = db, idle = 100, absolute = 1000 } (function(req)
    local s = await(req:session())
    if req.path == "/login" then s:renew() end
    if req.path == "/logout" then s:destroy() return "out" end
    if req.path == "/vanish" then await(db:flushall()) end
    if req.path ~= "/look" then s.data.n = (s.data.n or 0) + 1 end
    return tostring(s.data.n)
end)
local id
local function ask(path)
    local res = await(test.request(app, { path = path, headers = { Cookie = id and "session=" .. id or nil } }))
    local set = res.headers["set-cookie"]
    local value = set and set:match("=([^;]*)")
    id = value and (value ~= "" and value or nil) or id
    local keys = await(db:keys("*"))
    print(path, res.body, set and (value == "" and "deleted" or "set"), #keys, keys[1] and await(db:pttl(keys[1])) > 90000)
    return keys[1]
end
ask("/look")
local key = ask("/")
print(key:find(id, 1, true), #key)
await(db:pexpire(key, 50000))
ask("/look")
ask("/")
ask("/login")
ask("/vanish")
ask("/look")
ask("/")
ask("/logout")
print((select(2, pcall(http.middleware.session, { redis = {} }))))
local kept = "session=" .. id
await(require("perilune.process").run { "redis-cli", "-s", arg[1], "shutdown", "nosave" })
local res = await(test.request(app, { path = "/look", headers = { Cookie = kept } }))
print(res.status, res.headers["retry-after"], (res.body:gsub("\n", "")))
db:close()
--- exec
. t/lib/services.sh
start_redis
timeout 100 $TEST_NGINX_BINARY run $TEST_NGINX_HTML_DIR/a.lua $S/redis.sock 2>$S/log; echo $?
sed -n 's/.*\[error\].*: session: /session: /p' $S/log | cut -d: -f1
--- exec_out
/look	nil	nil	0	nil
/	1	set	1	true
nil	51
/look	1	nil	1	true
/	2	nil	1	true
/login	3	set	1	true
/vanish	4	nil	0	nil
/look	nil	nil	0	nil
/	1	set	1	true
/logout	out	deleted	0	nil
middleware.session: option 'redis' must be a client of perilune.redis
503	1	try again
0
session

=== TEST 6: a limit that machines share: a window that slides; what happens without Redis
--- config
    location / { return 200; }
--- user_files
>>> a.lua
local http, redis, test, time = require "perilune.http", require "perilune.redis", require "perilune.test", require "perilune.time"
local db = redis.client { path = arg[1] }
local function machine(opts, handler)
    return http.middleware.rate_limit { redis = redis.client { path = arg[1] }, most = 10, window = 100, key = function(req) return req.query.who end, fail_closed = opts } (handler or function() return "x" end)
end
local machines, out, turn = { machine(), machine() }, {}, 0
local function ask(who)
    turn = turn + 1
    return await(test.request(machines[turn % 2 + 1], { path = "/?who=" .. who }))
end
local clock = time.mock_clock(1000000)
await(time.with_clock(clock, function()
    local function count()
        local n = 0
        for _ = 1, 20 do n = n + (ask("a").status == 200 and 1 or 0) end
        out[#out + 1] = n
    end
    count()
    for _, seconds in ipairs { 99, 1, 50, 100, 500 } do
        clock:advance(seconds)
        count()
    end
end))
print(table.concat(out, " "))
local res = ask("b")
print(res.status, res.headers["ratelimit-remaining"], #await(db:keys("rate:{b}*")), await(db:pttl((await(db:keys("rate:{b}*"))[1]))) > 100000)
await(db:config("SET", "requirepass", "x"))
redis.client { path = arg[1], password = "x" }:with(function(own) await(own:command("CLIENT", "KILL", "TYPE", "normal", "SKIPME", "yes")) end)
print(ask("c").status, ask("c").headers["ratelimit-limit"])
machines = { machine(false, function() end), machine(false, function() end) }
print(ask("c").status)
machines = { machine(true), machine(true) }
print(ask("c").status)
print((select(2, pcall(http.middleware.rate_limit, { most = 1 }))))
print((select(2, pcall(http.middleware.rate_limit, { most = 1, redis = { host = "127.0.0.1" } }))))
os.exit(0, true) -- with the machine, so that no connection looks like a leak
--- exec
. t/lib/services.sh
start_redis
timeout 100 $TEST_NGINX_BINARY run $TEST_NGINX_HTML_DIR/a.lua $S/redis.sock 2>$S/err; grep -c "rate limit: redis: NOAUTH" $S/err
--- exec_out
10 0 0 5 7 10
200	9	1	true
200	nil
204
503
middleware.rate_limit: one of the options 'dict' and 'redis' is needed
middleware.rate_limit: option 'redis' must be a client of perilune.redis
4
