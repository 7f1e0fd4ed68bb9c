# resty.lrucache, resty.lock and resty.limit.*: the libraries on top of shared dictionaries.
use Test::Nginx::Socket 'no_plan';

run_tests();

__DATA__

=== TEST 1: lrucache
--- config
    location = /t {
        content_by_lua_block {
            local lrucache = require "resty.lrucache"
            local c = lrucache.new(2)
            c:set("a", 1)
            c:set("b", { 2 }, 100, 5)
            ngx.say(c:get("a"), " ", c:count(), c:capacity(), " ", table.concat(c:get_keys(), " "))
            c:set("c", false)
            ngx.say(c:get("b"), " ", select(3, c:get("c")), c:get("c"), " ", c:count())
            c:set("a", "short", 0.001)
            ngx.sleep(0.01)
            local value, stale = c:get("a")
            ngx.say(value, stale)
            c:delete("a")
            c:set("d", 4)
            ngx.say(c:get("a"), " ", c:get("d"), c:get("c"), " ", c:delete("zz"))
            c:flush_all()
            ngx.say(c:count(), " ", #c:get_keys(), " ", (lrucache.new(0)), " ", require "resty.lrucache.pureffi" == lrucache)
            for i = 1, 100 do
                c:set(i, i)
            end
            ngx.say(c:get(100), c:get(99), c:get(98), " ", c:count())
        }
    }
--- request
GET /t
--- response_body
1 22 a b
nil 0false 2
nilshort
nil 4false false
0 0 nil true
10099nil 2
--- no_error_log
[error]



=== TEST 2: lock
--- http_config
    lua_shared_dict locks 100k;
--- config
    location = /t {
        content_by_lua_block {
            local lock = require "resty.lock"
            local a, b = lock:new("locks"), lock:new("locks", { timeout = 0.01 })
            ngx.say(a:lock("k"), " ", a:lock("k"))
            local waited, err = b:lock("k")
            ngx.say(waited, err)
            ngx.say(a:expire(5), " ", ngx.shared.locks:ttl("k") <= 5)
            local t = ngx.thread.spawn(function()
                ngx.sleep(0.005)
                ngx.say(a:unlock(), a:unlock())
            end)
            b = lock:new("locks", { timeout = 5 })
            ngx.say(b:lock("k") > 0)
            ngx.thread.wait(t)
            b = nil
            collectgarbage()
            collectgarbage()
            ngx.say(ngx.shared.locks:get("k"))
            ngx.say(lock:new("none"))
            ngx.say(a:expire(), " ", a:lock())
        }
    }
--- request
GET /t
--- response_body
0 nillocked
niltimeout
true true
1nilunlocked
true
nil
nildictionary not found
nil nilnil key
--- no_error_log
[error]



=== TEST 3: limit.req
--- http_config
    lua_shared_dict limits 100k;
--- config
    location = /t {
        content_by_lua_block {
            local req = require "resty.limit.req"
            local lim = req.new("limits", 0.1, 2)
            local function say(delay, excess)
                ngx.say(delay and math.floor(delay + 0.5), " ", type(excess) == "number" and math.floor(excess + 0.5) or excess)
            end
            say(lim:incoming("k", true))
            say(lim:incoming("k", true))
            say(lim:incoming("k", false))
            say(lim:incoming("k", true))
            say(lim:incoming("k", true))
            ngx.say(lim:uncommit("k"))
            say(lim:incoming("k", true))
            lim:set_burst(10)
            lim:set_rate(1)
            say(lim:incoming("k", true))
            say(lim:incoming("other", true))
            ngx.say(req.new("none", 1, 1))
        }
    }
--- request
GET /t
--- response_body
0 0
10 1
20 2
20 2
nil rejected
true
20 2
3 3
0 0
nilshared dict not found
--- no_error_log
[error]



=== TEST 4: limit.conn and limit.count
--- http_config
    lua_shared_dict limits 100k;
--- config
    location = /t {
        content_by_lua_block {
            local conn, count = require "resty.limit.conn", require "resty.limit.count"
            local lim = conn.new("limits", 1, 1, 0.5)
            ngx.say(lim:incoming("c", true))
            ngx.say(lim:incoming("c", true))
            ngx.say(lim:is_committed(), " ", lim:incoming("c", true))
            ngx.say(lim:is_committed(), " ", lim:leaving("c", 1.5), lim:incoming("c", false))
            ngx.say(lim:is_committed(), lim:uncommit("c"))
            lim = count.new("limits", 2, 0.02)
            ngx.say(lim:incoming("n", true), lim:incoming("n", false), lim:incoming("n", true), lim:incoming("n", true))
            ngx.sleep(0.03)
            ngx.say(lim:incoming("n", true))
            ngx.say(lim:uncommit("n"), lim:uncommit("never"))
        }
    }
--- request
GET /t
--- response_body
01
0.52
true nilrejected
false 112
false0
000nilrejected
01
22
--- no_error_log
[error]



=== TEST 5: limit.traffic: all or none
--- http_config
    lua_shared_dict limits 100k;
--- config
    location = /t {
        content_by_lua_block {
            local count, traffic = require "resty.limit.count", require "resty.limit.traffic"
            local a, b, c = count.new("limits", 5, 100), count.new("limits", 2, 100), count.new("limits", 5, 100)
            local states = {}
            for i = 1, 3 do
                ngx.say(traffic.combine({ a, b, c }, { "a", "b", "c" }, states))
            end
            ngx.say(table.concat(states, " "), " ", ngx.shared.limits:get("a"), " ", ngx.shared.limits:get("c"))
        }
    }
--- request
GET /t
--- response_body
0
0
nilrejected
2 0 3 3 3
--- no_error_log
[error]



=== TEST 6: the C functions of shared dictionaries
--- http_config
    lua_shared_dict cats 1m;
--- config
    location = /t {
        content_by_lua_block {
            local ffi = require "ffi"
            ffi.cdef [[
                typedef struct { size_t len; char *data; } ngx_str_t;
                typedef struct {
                    uint8_t type;
                    union { int b; double n; ngx_str_t s; } value;
                } ngx_http_lua_value_t;
                void *ngx_http_lua_find_zone(const char *data, size_t len);
                intptr_t ngx_http_lua_shared_dict_get(void *zone, const char *kdata, size_t klen, ngx_http_lua_value_t *val);
            ]]
            local cats = ngx.shared.cats
            cats:set("text", "hello")
            cats:set("number", 1.5)
            cats:set("yes", true)
            cats:lpush("list", 1)
            local zone = ffi.C.ngx_http_lua_find_zone("cats", 4)
            ngx.say(ffi.C.ngx_http_lua_find_zone("dogs", 4) == nil, " ", zone ~= nil)
            local value, room = ffi.new("ngx_http_lua_value_t"), ffi.new("char[4]")
            local function get(key)
                return tonumber(ffi.C.ngx_http_lua_shared_dict_get(zone, key, #key, value))
            end
            ngx.say(get("number"), " ", value.type, " ", value.value.n)
            ngx.say(get("yes"), " ", value.type, " ", value.value.b)
            ngx.say(get("none"), " ", get("list"))
            value.value.s.data = nil
            ngx.say(get("text"))
            value.value.s.data, value.value.s.len = room, 4
            ngx.say(get("text"), " ", value.type, " ", ffi.string(value.value.s.data, value.value.s.len))
            ngx.say(tonumber(ffi.C.ngx_http_lua_shared_dict_get(nil, "a", 1, value)))
        }
    }
--- request
GET /t
--- response_body
true true
0 3 1.5
0 1 1
-5 -1
-1
0 4 hell
-1
