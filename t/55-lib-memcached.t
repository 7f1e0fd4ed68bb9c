# lua-nginx-memcached as Debian has it, against a memcached of our own.
use Test::Nginx::Socket 'no_plan';

no_root_location();
run_tests();

__DATA__

=== TEST 1: values, flags, several at once, counters, what is not there
--- config
    location = /t {
        content_by_lua_block {
            local memcached = require "nginx.memcached"
            local memc = memcached:new()
            memc:set_timeout(60000)
            assert(memc:connect("unix:$TEST_NGINX_SERVROOT/memcached.sock"))
            ngx.say(memc:flush_all(), " ", memc:set("dog", { "an ", { "animal" } }, 0, 32))
            local value, flags = memc:get("dog")
            ngx.say(value, " ", flags)
            ngx.say(memc:add("dog", "x"))
            ngx.say(memc:set("a key/with signs", "é"))
            local values = memc:get({ "dog", "a key/with signs", "none" })
            ngx.say(values.dog[1], " ", values["a key/with signs"][1], " ", values.none == nil)
            ngx.say(memc:set("n", "10"), memc:incr("n", 5), memc:decr("n", 1))
            ngx.say(memc:delete("dog"), " ", memc:get("dog"))
            ngx.say(memc:gets("n"))
            ngx.say(#memc:stats() > 10, " ", memc:version() ~= nil)
            ngx.say(memc:set("big", ("x"):rep(300000)), " ", #memc:get("big"))
            ngx.say(memc:get_reused_times(), " ", memc:set_keepalive(10000, 2))
        }
    }
--- exec
. t/lib/services.sh
start_memcached
get /t
get /t | tail -1
--- exec_out_like
^1 1
an animal 32
nilNOT_STORED
1
an animal é true
11514
1 nilnilnil
140\d+
true true
1 300000
0 1
1 1
