# ngx.shared: values, flags, expiry, modes, numbers, lists, keys, errors; what is kept over reloads.
use Test::Nginx::Socket 'no_plan';

run_tests();

__DATA__

=== TEST 1: values and flags of each type
--- http_config
    lua_shared_dict dogs 1m;
--- config
    location = /t {
        content_by_lua_block {
            local dogs = ngx.shared.dogs
            ngx.say(dogs:set("s", "text"), " ", dogs:get("s"))
            ngx.say(dogs:set("n", 3.5, 0, 7), " ", table.concat({ dogs:get("n") }, ","))
            dogs:set("b", false)
            ngx.say(dogs:get("b"), " ", dogs:get("none"), " ", select("#", dogs:get("none")))
            dogs:set("b", nil)
            ngx.say(dogs:get("b"))
            dogs:set(12, "number key")
            ngx.say(dogs:get("12"))
            ngx.say(dogs:set("t", {}))
            ngx.say(ngx.shared.cats)
            ngx.say(dogs:delete("s"), dogs:delete("s"))
        }
    }
--- request
GET /t
--- response_body
true text
true 3.5,7
false nil 1
nil
number key
nilbad value type
nil
truetruenilfalse
--- no_error_log
[error]



=== TEST 2: keys that are none
--- http_config
    lua_shared_dict dogs 1m;
--- config
    location = /t {
        content_by_lua_block {
            local dogs = ngx.shared.dogs
            for _, method in ipairs { "get", "get_stale", "set", "add", "replace", "delete", "incr", "ttl" } do
                local _, empty = dogs[method](dogs, "", 1)
                local _, none = dogs[method](dogs, nil, 1)
                local _, long = dogs[method](dogs, ("x"):rep(65536), 1)
                ngx.say(method, ": ", empty, ", ", none, ", ", long)
            end
            ngx.say(dogs:set(("x"):rep(65535), 1), " ", dogs:get(("x"):rep(65535)))
            ngx.say(pcall(dogs.set, dogs, "a", 1, -1))
            ngx.say(pcall(dogs.get, "a", "b"))
        }
    }
--- request
GET /t
--- response_body_like
get: empty key, nil key, key too long
get_stale: empty key, nil key, key too long
set: empty key, nil key, key too long
add: empty key, nil key, key too long
replace: empty key, nil key, key too long
delete: empty key, nil key, key too long
incr: empty key, nil key, key too long
ttl: empty key, nil key, key too long
true 1
false.*bad "exptime" argument
false.*bad "zone" argument
--- no_error_log
[error]



=== TEST 3: add, replace, incr
--- http_config
    lua_shared_dict dogs 1m;
--- config
    location = /t {
        content_by_lua_block {
            local dogs = ngx.shared.dogs
            local function say(...)
                local words = { ... }
                for i = 1, select("#", ...) do
                    words[i] = tostring(words[i])
                end
                ngx.say(table.concat(words, " "))
            end
            say(dogs:replace("k", 1))
            say(dogs:add("k", 1))
            say(dogs:add("k", 2))
            say(dogs:safe_add("k", 2))
            say(dogs:replace("k", 5))
            say(dogs:incr("k", 2))
            say(dogs:incr("k", -0.5))
            say(dogs:incr("none", 1))
            say(dogs:incr("none", 1, 10))
            say(dogs:incr("none", 1, 10))
            dogs:set("s", "text")
            say(dogs:incr("s", 1))
            say(dogs:add("x", nil))
            say(dogs:replace("s", nil))
            say(pcall(dogs.incr, dogs, "x", 1, nil, 5))
            say(pcall(dogs.incr, dogs, "x", 1, 0, "bar"))
        }
    }
--- request
GET /t
--- response_body_like
false not found false
true nil false
false exists false
false exists false
true nil false
7
6.5
nil not found
11 nil false
12 nil false
nil not a number
false attempt to add or replace nil values false
false attempt to add or replace nil values false
false must provide "init" when providing "init_ttl"
false bad init_ttl arg: number expected, got string
--- no_error_log
[error]



=== TEST 4: expiry, ttl, get_stale, flush
--- http_config
    lua_shared_dict dogs 1m;
--- config
    location = /t {
        content_by_lua_block {
            local dogs = ngx.shared.dogs
            dogs:set("old", 1, 0.001)
            dogs:set("new", 2, 100)
            dogs:set("ever", 3)
            ngx.sleep(0.01)
            ngx.say(dogs:get_stale("old"))
            ngx.say(dogs:get("old"))
            local ttl = dogs:ttl("new")
            ngx.say(ttl > 90 and ttl <= 100, dogs:ttl("ever"), dogs:ttl("none"))
            ngx.say(dogs:expire("ever", 50), dogs:expire("none", 1))
            ngx.say(dogs:ttl("ever") > 40)
            dogs:flush_all()
            ngx.say(dogs:get("ever"), #dogs:get_keys())
            dogs:flush_expired()
            ngx.say(dogs:get_stale("ever"))
        }
    }
--- request
GET /t
--- response_body
1niltrue
nil
true0nilnot found
truenilnot found
true
nil0
nil
--- no_error_log
[error]



=== TEST 5: lists
--- http_config
    lua_shared_dict dogs 1m;
--- config
    location = /t {
        content_by_lua_block {
            local dogs = ngx.shared.dogs
            ngx.say(dogs:lpush("l", "b"), dogs:lpush("l", "a"), dogs:rpush("l", 3), dogs:llen("l"))
            ngx.say(dogs:get("l"))
            ngx.say(dogs:lpop("l"), dogs:rpop("l") + 1, dogs:lpop("l"), dogs:lpop("l"), dogs:llen("l"))
            dogs:set("s", "text")
            ngx.say(dogs:lpush("s", "x"))
            ngx.say(dogs:llen("s"))
            ngx.say(dogs:rpush("l", true))
        }
    }
--- request
GET /t
--- response_body
1233
nilvalue is a list
a4bnil0
nilvalue not a list
nilvalue not a list
nilbad value type
--- no_error_log
[error]



=== TEST 6: keys, capacity, free space; all methods and no more
--- http_config
    lua_shared_dict dogs 100k;
    lua_shared_dict large 20m;
--- config
    location = /t {
        content_by_lua_block {
            local dogs = ngx.shared.dogs
            for i = 1, 5 do
                dogs:set("k" .. i, i)
            end
            ngx.say(table.concat(dogs:get_keys(), " "), " | ", table.concat(dogs:get_keys(2), " "))
            ngx.say(dogs:capacity(), " ", dogs:free_space() > 80000 and dogs:free_space() < 102400)
            for i = 1, 3000 do
                ngx.shared.large:set("key" .. i, i)
            end
            ngx.say(#ngx.shared.large:get_keys(), " ", #ngx.shared.large:get_keys(0))
            local n = 0
            for _ in pairs(getmetatable(dogs).__index) do
                n = n + 1
            end
            ngx.say(n)
        }
    }
--- request
GET /t
--- response_body
k1 k2 k3 k4 k5 | k1 k2
102400 true
1024 3000
22
--- no_error_log
[error]



=== TEST 7: when it is full the oldest go, if they may
--- http_config
    lua_shared_dict dogs 100k;
--- config
    location = /t {
        content_by_lua_block {
            local dogs, value, n = ngx.shared.dogs, ("v"):rep(100), 0
            repeat
                n = n + 1
                local ok, err = dogs:safe_set("key" .. n, value)
            until not ok
            ngx.say(n > 400, " ", dogs:get("key" .. n))
            ngx.say(dogs:get("key1") == value)
            ngx.say(dogs:set("key" .. n, value))
            ngx.say(dogs:get("key1") == value, " ", dogs:get("key2"), " ", dogs:get("key" .. n) == value)
            ngx.say(dogs:safe_set("more", value))
            ngx.say(dogs:set("huge", value:rep(2000)))
        }
    }
--- request
GET /t
--- response_body
true nil
true
trueniltrue
true nil true
falseno memoryfalse
falseno memorytrue
--- no_error_log
[error]



=== TEST 8: init_by_lua fills it
--- http_config
    lua_shared_dict dogs 1m;
    init_by_lua_block { ngx.shared.dogs:set("from", "init") }
--- config
    location = /t {
        content_by_lua_block { ngx.say(ngx.shared.dogs:get("from")) }
    }
--- request
GET /t
--- response_body
init
--- no_error_log
[error]



=== TEST 9: too small a dictionary
--- http_config
    lua_shared_dict dogs 7k;
--- config
    location = /t { return 200; }
--- must_die
--- error_log
invalid lua shared dict size "7k"



=== TEST 10: too large a dictionary
--- http_config
    lua_shared_dict dogs 262145m;
--- config
    location = /t { return 200; }
--- must_die
--- error_log
zone "dogs" is too large



=== TEST 11: twice the same name
--- http_config
    lua_shared_dict dogs 1m;
    lua_shared_dict dogs 1m;
--- config
    location = /t { return 200; }
--- must_die
--- error_log
lua_shared_dict "dogs" is already defined as "dogs"
