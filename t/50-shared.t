# perilune.shared: tables as values, compare-and-swap, update, fetch, watch, stats.
use Test::Nginx::Socket 'no_plan';

run_tests();

__DATA__

=== TEST 1: tables as values; the methods of ngx.shared
--- http_config
    lua_shared_dict dogs 1m;
--- config
    location = /t {
        content_by_lua_block {
            local dogs = require("perilune.shared").dogs
            ngx.say(dogs:set("t", { name = "Rex", legs = { 1, 2, 3, 4 } }, 10, 7))
            local t, flags = dogs:get("t")
            ngx.say(t.name, #t.legs, flags, " ", ngx.shared.dogs:get("t").name)
            ngx.say(dogs:add("t", {}), dogs:replace("t", { name = "Bo" }), " ", dogs:get("t").name)
            ngx.say(dogs:incr("n", 2, 40), " ", dogs:get_stale("n"))
            ngx.say(ngx.shared.dogs:set("t", {}))
            ngx.say(ngx.shared.dogs.watch, require("perilune.shared").cats)
        }
    }
--- request
GET /t
--- response_body
truenilfalse
Rex47 Rex
falsetrue Bo
42 42nilfalse
nilbad value type
nilnil
--- no_error_log
[error]



=== TEST 2: compare-and-swap and update
--- http_config
    lua_shared_dict dogs 1m;
--- config
    location = /t {
        content_by_lua_block {
            local dogs = require("perilune.shared").dogs
            ngx.say(dogs:cas("k", nil, 1), dogs:cas("k", nil, 2))
            ngx.say(dogs:cas("k", 1, "two", 10), dogs:cas("k", 1, "three"))
            ngx.say(dogs:get("k"), dogs:ttl("k") > 9)
            ngx.say(dogs:cas("k", "two", false), dogs:cas("k", false, nil), dogs:get("k"))
            ngx.say((dogs:update("t", function(old)
                old = old or { n = 0 }
                old.n = old.n + 1
                return old
            end)))
            for i = 1, 3 do
                dogs:update("t", function(old)
                    if i == 2 and old.n < 50 then
                        dogs:set("t", { n = 100 }) -- somebody is faster
                    end
                    old.n = old.n + 1
                    return old
                end)
            end
            ngx.say(dogs:get("t").n)
            dogs:set("b", false)
            ngx.say(dogs:update("b", function(old) return not old end))
            ngx.say((dogs:update("b", function() end)), dogs:get("b"))
            dogs:rpush("l", 1)
            ngx.say(dogs:update("l", function() return 1 end))
        }
    }
--- request
GET /t
--- response_body_like
truefalsechanged
truefalsechanged
twotrue
truetruenil
true
102
truetrue
truenil
nilvalue is a list
--- no_error_log
[error]



=== TEST 3: fetch runs one loader, whoever asks
--- http_config
    lua_shared_dict dogs 1m;
--- config
    location = /t {
        content_by_lua_block {
            local task, failure = require "perilune.task", require "perilune.failure"
            local dogs, loads = require("perilune.shared").dogs, 0
            local function loader(key)
                loads = loads + 1
                await(task.sleep(0.02))
                return { key = key, n = loads }
            end
            local all = {}
            for i = 1, 10 do
                all[i] = dogs:fetch("k", 10, loader)
            end
            for i = 1, 10 do
                all[i] = await(all[i]).n
            end
            ngx.say(table.concat(all, " "), " ", loads, " ", await(dogs:fetch("k", 10, loader)).key)
            ngx.say(dogs:ttl("k") > 9, " ", #dogs:get_keys())

            local function fails()
                error(failure.new("refused", "no"))
            end
            local a, b = dogs:fetch("x", 10, fails), dogs:fetch("x", 10, fails)
            local _, err = a:try_await()
            ngx.say(err.code, " ", (b:try_await()), " ", #dogs:get_keys())
            ngx.say(await(dogs:fetch("x", 10, function() end)), " ", await(dogs:fetch("x", 0, function() return 5 end)))
            ngx.say((pcall(dogs.fetch, dogs, "x", 1, loader, { leese = 1 })), " ", (pcall(dogs.fetch, dogs, "x", -1, loader)))
        }
    }
--- request
GET /t
--- response_body
1 1 1 1 1 1 1 1 1 1 1 k
true 1
refused false 1
nil 5
false false
--- no_error_log
[error]



=== TEST 4: watch tells of every change, the latest first
--- http_config
    lua_shared_dict dogs 1m;
--- config
    location = /t {
        content_by_lua_block {
            local dogs = require("perilune.shared").dogs
            local s = dogs:watch("k")
            ngx.say(await(s:take()).value)
            dogs:set("k", 1)
            ngx.say(await(s:take()).value)
            dogs:set("k", 2)
            dogs:set("k", 3)
            ngx.shared.dogs:incr("k", 1)
            ngx.say(await(s:take()).value)
            local d = s:take()
            dogs:set("other", 5)
            dogs:delete("k")
            ngx.say(await(d).value)
            dogs:rpush("k", 1)
            await(s:take())
            dogs:flush_all()
            ngx.say(await(s:take()).value)
            d = s:take()
            s:close()
            ngx.say(await(d))
        }
    }
--- request
GET /t
--- response_body
nil
1
4
nil
nil
nil
--- no_error_log
[error]



=== TEST 5: stats
--- http_config
    lua_shared_dict dogs 1m;
--- config
    location = /t {
        content_by_lua_block {
            local dogs = require("perilune.shared").dogs
            dogs:set("a", 1)
            dogs:set("b", 1, 0.001)
            dogs:get("a")
            dogs:get("c")
            local s = dogs:stats()
            ngx.say(s.entries, " ", s.hits, " ", s.misses, " ", s.evicted, " ", s.mended, " ", s.shards, " ", s.capacity)
            ngx.say(s.used > 0 and s.used < 100000)
        }
    }
--- request
GET /t
--- response_body
2 1 1 0 0 1 1048576
true
--- no_error_log
[error]



=== TEST 6: who asked first may go; a key at the limit has no room for the mark of a loader
--- http_config
    lua_shared_dict dogs 1m;
--- config
    location = /t {
        content_by_lua_block {
            local dogs, task = require("perilune.shared").dogs, require "perilune.task"
            local loads = 0
            local function loader()
                loads = loads + 1
                await(task.sleep(0.05))
                return "loaded"
            end
            local function ask()
                return await(dogs:fetch("k", 10, loader))
            end
            local first, second = task.spawn(ask), task.spawn(ask)
            await(task.sleep(0.01))
            first:cancel()
            ngx.say((first:try_await()), " ", await(second), " ", loads)

            local long = ("k"):rep(65535)
            ngx.say(await(dogs:fetch(long, 10, loader):timeout(60)), " ", dogs:get(long), " ", loads)
            ngx.say(await(dogs:fetch(7, 10, loader)), " ", dogs:get(7), " ", loads)
            ngx.say(await(dogs:fetch(true, 10, loader)), " ", dogs:get(true), " ", loads)
        }
    }
--- request
GET /t
--- response_body
false loaded 1
loaded loaded 2
loaded loaded 3
loaded loaded 4
--- no_error_log
[error]

=== TEST 7: without a configuration a script declares its dictionaries; routes are printed of what wants some
--- config
    location /t { return 200; }
--- user_files
>>> app.lua
local http, bus, task = require "perilune.http", require "perilune.bus", require "perilune.task"
local topic = bus.subscribe "topic"
task.detach(function() for _ in topic:each() do end end)
local routes = http.router { middleware = { http.middleware.rate_limit { dict = "limits", most = 2 } } }
routes:get("/visits", function() return tostring(require("perilune.shared").counts:incr("n", 1, 0)) end)
return routes
>>> other.lua
assert(ngx.shared.limits:set("most", 2) and require("perilune.shared").limits:get("most") == 2)
return require("perilune.http").router():get("/of-ngx", print)
>>> a.lua
package.path = arg[0]:match("^.*/") .. "?.lua;" .. package.path
local shared, test = require "perilune.shared", require "perilune.test"
print((select(2, pcall(require, "app")):match("middleware.*")))
print(ngx.shared.counts, shared.declare("counts", 65536) == shared.declare("counts"), shared.declare("limits") == shared.limits)
package.loaded.app = nil
local routes = require "app"
for _ = 1, 3 do
    local ok, res = test.request(routes, { path = "/visits" }):try_await()
    print(ok, res.status, res.body)
end
print(ngx.shared.counts:get("n"), ngx.shared.none)
print(pcall(shared.declare, 5))
print(pcall(shared.declare, "small", 10))
print(pcall(shared.declare, "large", 2 ^ 39))
os.exit(0)
--- exec
timeout 100 $TEST_NGINX_BINARY run $TEST_NGINX_HTML_DIR/a.lua 2>&1
for app in app other; do timeout 100 $TEST_NGINX_BINARY routes $TEST_NGINX_HTML_DIR/$app.lua 2>&1; done
--- exec_out
middleware.rate_limit: no lua_shared_dict is named 'limits'; in a script, require('perilune.shared').declare('limits') makes it
nil	true	true
true	200	1
true	200	2
true	429	too many requests

2	nil
false	bad argument 'name' to shared.declare (a name expected)
false	bad argument 'bytes' to shared.declare (a number from 8192 to 2^38 expected)
false	bad argument 'bytes' to shared.declare (a number from 8192 to 2^38 expected)
GET  /visits
GET  /of-ngx

=== TEST 8: in a server only the configuration makes them
--- http_config
    lua_shared_dict there 64k;
--- config
    location /t {
        content_by_lua_block {
            local shared = require "perilune.shared"
            ngx.say(shared.declare("there") == shared.there)
            ngx.say((select(2, pcall(shared.declare, "more"))))
        }
    }
--- request
GET /t
--- response_body
true
shared.declare: a server's dictionaries stand in its configuration: lua_shared_dict more 1m;
