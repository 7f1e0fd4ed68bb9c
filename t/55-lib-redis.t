# lua-nginx-redis as Debian has it, against a Redis of our own.
use Test::Nginx::Socket 'no_plan';

no_root_location();
run_tests();

__DATA__

=== TEST 1: commands, pipelines, transactions, scripts; connections are kept
--- config
    location = /t {
        content_by_lua_block {
            local redis = require "nginx.redis"
            local red = redis:new()
            red:set_timeout(60000)
            assert(red:connect("unix:$TEST_NGINX_SERVROOT/redis.sock"))
            ngx.say(red:set("dog", "an animal"), " ", red:get("dog"), " ", red:get("cat") == ngx.null)
            red:init_pipeline()
            red:incr("n")
            red:lpush("list", "a", "b")
            red:lrange("list", 0, -1)
            red:hmset("hash", { name = "x" })
            red:hgetall("hash")
            local results = red:commit_pipeline()
            ngx.say(results[1], " ", results[2], " ", table.concat(results[3], ","), " ", table.concat(results[5], "="))
            ngx.say(red:multi(), " ", red:set("a", 1), " ", table.concat(red:exec(), ","))
            ngx.say(red:eval("return ARGV[1]", 0, "from a script"))
            local ok, err = red:incr("dog")
            ngx.say(ok, " ", err)
            ngx.say(red:set("big", ("x"):rep(200000)), " ", #red:get("big"))
            ngx.say(red:get_reused_times(), " ", red:set_keepalive(10000, 2))
        }
    }
--- exec
. t/lib/services.sh
start_redis
get /t
get /t | tail -1
--- exec_out
OK an animal true
1 2 b,a name=x
OK QUEUED OK
from a script
false ERR value is not an integer or out of range
OK 200000
0 1
1 1



=== TEST 2: messages of a channel while another connection publishes; a server that goes away
--- config
    lua_socket_log_errors off;
    location = /t {
        content_by_lua_block {
            local redis = require "nginx.redis"
            local path = "unix:$TEST_NGINX_SERVROOT/redis.sock"
            local sub, pub = redis:new(), redis:new()
            assert(sub:connect(path))
            assert(pub:connect(path))
            local answer = sub:subscribe("news")
            ngx.say(answer[1], " ", answer[2], " ", answer[3])
            local messages = {}
            local reader = ngx.thread.spawn(function()
                for i = 1, 2 do
                    messages[i] = sub:read_reply()
                end
            end)
            ngx.say(pub:publish("news", "one"))
            ngx.say(pub:publish("news", "two"))
            ngx.thread.wait(reader)
            for _, m in ipairs(messages) do
                ngx.say(m[1], " ", m[3])
            end
            sub:set_timeout(20)
            ngx.say(sub:read_reply())
            pub:set_timeout(60000)
            pub:shutdown("nosave")
            ngx.say(pub:get("x"))
        }
    }
--- exec
. t/lib/services.sh
start_redis
get /t
--- exec_out_like
^subscribe news 1
1
1
message one
message two
niltimeout
nilbroken pipe
