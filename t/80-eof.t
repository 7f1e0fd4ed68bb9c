# A response that is ended by ngx.eof while much of it is still queued, and again by the end of its handler.
use Test::Nginx::Socket 'no_plan';

run_tests();

__DATA__

=== TEST 1: eof with more queued than the kernel takes
--- config
    location /big {
        content_by_lua_block {
            ngx.print(("x"):rep(30000000))
            ngx.eof()
        }
    }
--- exec
curl -s http://127.0.0.1:$TEST_NGINX_SERVER_PORT/big --limit-rate 20M | wc -c
--- exec_out
30000000
--- no_error_log
[alert]
check failed
