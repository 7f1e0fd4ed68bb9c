# Health checks of stream: a connection, or what is sent and expected.
use Test::Nginx::Socket 'no_plan';

no_shuffle();
run_tests();

__DATA__

=== TEST 1: connected; sent and expected; nobody there; a session that says nothing
--- stream_config
    lua_shared_dict known 100k;
    match ping { send "PING\x0d\x0a"; expect ~ ^PONG; }
    match quiet { expect ready; }
    match told { send "TELL\x0d\x0a"; }
    upstream first { server 127.0.0.1:$TEST_NGINX_RAND_PORT_1; }
    upstream second { server 127.0.0.1:$TEST_NGINX_RAND_PORT_1; }
    upstream third { server 127.0.0.1:1; }
    upstream fourth { server 127.0.0.1:$TEST_NGINX_RAND_PORT_1; }
    upstream fifth { server 127.0.0.1:$TEST_NGINX_RAND_PORT_1; }
    server { listen 127.0.0.1:$TEST_NGINX_RAND_PORT_2; proxy_pass second; health_check interval=5ms match=quiet; health_check_timeout 20ms; }
    server { listen 127.0.0.1:$TEST_NGINX_RAND_PORT_3; proxy_pass third; health_check interval=5ms; }
    server { listen 127.0.0.1:$TEST_NGINX_RAND_PORT_4; proxy_pass fourth; health_check interval=5ms mandatory; }
    server { listen 127.0.0.1:$TEST_NGINX_RAND_PORT_5; proxy_pass fifth; health_check interval=5ms mandatory match=told; }
    server {
        listen 127.0.0.1:$TEST_NGINX_RAND_PORT_1;
        content_by_lua_block {
            local sock = ngx.req.socket()
            local line = sock:receive()
            if line == "PING" then
                ngx.say(ngx.shared.known:get "answer" or "PONG")
            elseif line == "TELL" then
                ngx.shared.known:set("told", true)
            elseif line then
                ngx.say "served"
            end
        }
    }
--- stream_server_config
    proxy_pass first;
    health_check interval=5ms match=ping;
--- stream_server_config2
    listen 127.0.0.1:$TEST_NGINX_RAND_PORT_6;
    content_by_lua_block {
        local upstream = require "ngx.upstream"
        local function becomes(group, health)
            repeat ngx.sleep(0.005) until upstream.get_primary_peers(group)[1].health == health
            ngx.say(group, " ", health)
        end
        local function ask()
            local sock = ngx.socket.tcp()
            sock:connect("127.0.0.1", $TEST_NGINX_STREAM_PORT)
            sock:send "hello\n"
            ngx.say(sock:receive() or "closed")
        end
        becomes("first", "up")
        ask()
        ngx.shared.known:set("answer", "PANG")
        becomes("first", "unhealthy")
        ask()
        ngx.shared.known:set("answer", "PONG")
        becomes("first", "up")
        ask()
        becomes("second", "unhealthy")
        becomes("third", "unhealthy")
        becomes("fourth", "up")
        becomes("fifth", "up")
        ngx.say(ngx.shared.known:get "told")
    }
--- exec
perl -MIO::Socket::INET -e '$s = IO::Socket::INET->new("127.0.0.1:$TEST_NGINX_RAND_PORT_6"); print <$s>'
--- exec_out
first up
served
first unhealthy
closed
first up
served
second unhealthy
third unhealthy
fourth up
fifth up
true
--- error_log
peer is unhealthy while waiting for the expected answer, health check "quiet"
peer is unhealthy while checking the answer, health check "ping"
peer is unhealthy while connecting: 
