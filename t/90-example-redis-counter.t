# examples/redis-counter, as its README routes it, with a Redis of our own.
use Test::Nginx::Socket 'no_plan';

no_root_location();
run_tests();

__DATA__

=== TEST 1: counts each path, and says when Redis is not there
--- main_config
    env REDIS=unix:$TEST_NGINX_SERVROOT/redis.sock;
--- http_config
    lua_package_path "examples/?.lua;;";
--- config
    location /count/ {
        handler redis-counter.app.count;
    }
--- exec
. t/lib/services.sh
get /count/a | head -c 9 | tr -d '\r\n'; echo
start_redis
get /count/a
get /count/a
get /count/b
--- exec_out_like
^<html>.*
1
2
1
--- error_log
no connection to Redis at unix:
