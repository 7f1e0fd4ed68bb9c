# balancer_by_lua in stream: which server each attempt of a session goes to.
use Test::Nginx::Socket 'no_plan';

no_root_location();
log_level('info');

# Two servers that say who they are, one port where nobody listens.
our $Servers = <<'_EOC_';
    server { listen 127.0.0.1:$TEST_NGINX_RAND_PORT_1; return "one to $remote_addr"; }
    server { listen 127.0.0.1:$TEST_NGINX_RAND_PORT_2; return "two to $remote_addr"; }
    server { listen 127.0.0.1:$TEST_NGINX_RAND_PORT_4 udp; content_by_lua_block { ngx.print("got " .. ngx.req.socket():receive()) } }
_EOC_

no_shuffle();
run_tests();

__DATA__

=== TEST 1: by what the session brings; the servers of the block where Lua names none
--- stream_config eval
$::Servers . <<'_EOC_';
    upstream u {
        server 127.0.0.1:$TEST_NGINX_RAND_PORT_2;
        balancer_by_lua_block {
            if ngx.var.server_port == "$TEST_NGINX_RAND_PORT_3" then
                assert(require "ngx.balancer".set_current_peer("127.0.0.1", $TEST_NGINX_RAND_PORT_1))
            end
        }
    }
    server { listen 127.0.0.1:$TEST_NGINX_RAND_PORT_3; proxy_pass u; }
_EOC_
--- stream_server_config
    proxy_pass u;
--- config
    location = /t { content_by_lua_block {
        for _, port in ipairs { $TEST_NGINX_RAND_PORT_3, $TEST_NGINX_STREAM_PORT } do
            ngx.say(ngx.socket.connect("127.0.0.1", port):receive "*a")
        end
    } }
--- request
GET /t
--- response_body
one to 127.0.0.1
two to 127.0.0.1



=== TEST 2: more tries, what the one before came to, the address to connect from
--- stream_config eval
$::Servers . <<'_EOC_';
    upstream u {
        server 0.0.0.1:1;
        balancer_by_lua_block {
            local balancer = require "ngx.balancer"
            local state, status = balancer.get_last_failure()
            if not state then
                assert(balancer.set_more_tries(1))
                assert(balancer.set_current_peer("127.0.0.1", $TEST_NGINX_RAND_PORT_5))
                return
            end
            ngx.log(ngx.NOTICE, "before: ", state, " ", status)
            assert(balancer.set_current_peer("127.0.0.1:$TEST_NGINX_RAND_PORT_1"))
            assert(balancer.bind_to_local_addr "127.0.0.7")
        }
    }
_EOC_
--- stream_server_config
    proxy_pass u;
    log_by_lua_block { ngx.log(ngx.NOTICE, "tried ", ngx.var.upstream_addr) }
--- stream_response chop
one to 127.0.0.7
--- error_log eval
["connect() failed (111: Connection refused) while connecting to upstream", "before: failed 0", qr/tried 127.0.0.1:\d+, 127.0.0.1:\d+,/]



=== TEST 3: without more tries one attempt is all; proxy_next_upstream_tries limits them
--- stream_config
    upstream once { server 0.0.0.1:1; balancer_by_lua_block { ngx.log(ngx.NOTICE, "once") assert(require "ngx.balancer".set_current_peer("127.0.0.1", $TEST_NGINX_RAND_PORT_5)) } }
    upstream twice { server 0.0.0.1:1; balancer_by_lua_block {
        local balancer = require "ngx.balancer"
        ngx.log(ngx.NOTICE, "twice: ", balancer.set_more_tries(5))
        assert(balancer.set_current_peer("127.0.0.1", $TEST_NGINX_RAND_PORT_5))
    } }
    server { listen 127.0.0.1:$TEST_NGINX_RAND_PORT_3; proxy_pass twice; proxy_next_upstream_tries 2; }
--- stream_server_config
    proxy_pass once;
--- config
    location = /t { content_by_lua_block {
        for _, port in ipairs { $TEST_NGINX_STREAM_PORT, $TEST_NGINX_RAND_PORT_3 } do
            ngx.socket.connect("127.0.0.1", port):receive "*a"
        end
        ngx.say "done"
    } }
--- request
GET /t
--- response_body
done
--- grep_error_log eval: qr/(?:once|twice: \w+(?:reduced tries due to limit)?)(?= while)/
--- grep_error_log_out
once
twice: truereduced tries due to limit
twice: truereduced tries due to limit



=== TEST 4: ngx.exit ends the session with that status; so do errors, and no server at all
--- stream_config
    upstream exits { server 0.0.0.1:1; balancer_by_lua_block { ngx.exit(403) } }
    upstream fails { server 0.0.0.1:1; balancer_by_lua_block { error "no idea" } }
    upstream empty { balancer_by_lua_block { ngx.log(ngx.NOTICE, "chooses nobody") } }
    upstream waits { server 0.0.0.1:1; balancer_by_lua_block { ngx.sleep(1) } }
    log_by_lua_block { ngx.log(ngx.NOTICE, "status: ", ngx.var.status, ".") }
    server { listen 127.0.0.1:$TEST_NGINX_RAND_PORT_1; proxy_pass fails; }
    server { listen 127.0.0.1:$TEST_NGINX_RAND_PORT_2; proxy_pass empty; }
    server { listen 127.0.0.1:$TEST_NGINX_RAND_PORT_3; proxy_pass waits; }
--- stream_server_config
    proxy_pass exits;
--- config
    location = /t { content_by_lua_block {
        for _, port in ipairs { $TEST_NGINX_STREAM_PORT, $TEST_NGINX_RAND_PORT_1, $TEST_NGINX_RAND_PORT_2, $TEST_NGINX_RAND_PORT_3 } do
            ngx.say(ngx.socket.connect("127.0.0.1", port):receive "*a" == "")
        end
    } }
--- request
GET /t
--- response_body
true
true
true
true
--- grep_error_log eval: qr/(?:status: \d+|no idea|no peer set|API disabled in the context of balancer_by_lua\*)/
--- grep_error_log_out
status: 403
no idea
status: 500
no peer set
status: 500
API disabled in the context of balancer_by_lua*
status: 500



=== TEST 5: timeouts of the attempt
--- stream_config
    upstream u {
        server 0.0.0.1:1;
        balancer_by_lua_block {
            local balancer = require "ngx.balancer"
            assert(balancer.set_timeouts(5, 0.02, 0.01))
            assert(balancer.set_current_peer("127.0.0.1", $TEST_NGINX_RAND_PORT_1))
        }
    }
    server { listen 127.0.0.1:$TEST_NGINX_RAND_PORT_1; lua_check_client_abort on; content_by_lua_block { ngx.sleep(100) } }
--- stream_server_config
    proxy_pass u;
--- stream_response chop
--- error_log
connection timed out while proxying connection



=== TEST 6: sessions of UDP
--- stream_config eval
$::Servers . <<'_EOC_';
    upstream u { server 0.0.0.1:1; balancer_by_lua_block { assert(require "ngx.balancer".set_current_peer("127.0.0.1", $TEST_NGINX_RAND_PORT_4)) } }
    server { listen 127.0.0.1:$TEST_NGINX_RAND_PORT_3 udp; proxy_pass u; proxy_responses 1; }
_EOC_
--- config
    location = /t { content_by_lua_block {
        local sock = ngx.socket.udp()
        sock:setpeername("127.0.0.1", $TEST_NGINX_RAND_PORT_3)
        sock:send "hello"
        ngx.say(sock:receive())
    } }
--- request
GET /t
--- response_body
got hello
--- stream_server_config
    return "";



=== TEST 7: ngx.balancer says no elsewhere
--- stream_server_config
    content_by_lua_block { ngx.say(require "ngx.balancer".set_current_peer("127.0.0.1", 80)) }
--- stream_response
nilAPI disabled in the current context



=== TEST 8: what is no phase of a session is named without its line, as OpenResty names it in stream
--- stream_config
    init_by_lua_block { ngx.log(ngx.WARN, "at start") }
    init_worker_by_lua_block { ngx.log(ngx.WARN, "in a worker") }
    upstream u {
        server 0.0.0.1:1;
        balancer_by_lua_block {
            ngx.log(ngx.WARN, "for ", ngx.config.subsystem)
            ngx.exit(ngx.ERROR)
        }
    }
--- stream_server_config
    preread_by_lua_block { ngx.log(ngx.WARN, "first") }
    proxy_pass u;
--- config
    location = /t { content_by_lua_block {
        ngx.say(ngx.socket.connect("127.0.0.1", $TEST_NGINX_STREAM_PORT):receive "*a" == "")
    } }
--- request
GET /t
--- response_body
true
--- error_log eval
[ "[lua] init_by_lua:1: at start", "[lua] init_worker_by_lua:1: in a worker", "[lua] balancer_by_lua:2: for stream",
  qr/\[lua\] preread_by_lua\(\S*nginx\.conf:\d+\):1: first/ ]
