# balancer_by_lua and ngx.balancer.
use Test::Nginx::Socket 'no_plan';

no_root_location();
log_level('debug');
run_tests();

__DATA__

=== TEST 1: Lua chooses the server of each attempt, is told how the last one ended, and how many may follow
--- http_config
    proxy_next_upstream error http_404 http_503;
    upstream b {
        server 0.0.0.1;
        balancer_by_lua_block {
            local b = require "ngx.balancer"
            local ctx = ngx.ctx
            ctx.n = (ctx.n or 0) + 1
            local state, status = b.get_last_failure()
            ctx.told = (ctx.told or "") .. tostring(state) .. " " .. tostring(status) .. ";"
            if ctx.n < 4 then
                assert(b.set_more_tries(1) == true)
            end
            if ctx.n == 1 then
                assert(b.set_current_peer("127.0.0.1", 1))
            else
                assert(b.set_current_peer("127.0.0.1:" .. ngx.var.server_port))
            end
            ngx.req.set_header("X-N", ctx.n)
        }
    }
--- config
    location = /t {
        proxy_pass http://b/origin;
        header_filter_by_lua_block { ngx.header["X-Told"] = ngx.ctx.told .. ngx.var.upstream_status }
    }
    location = /origin {
        content_by_lua_block {
            local n = tonumber(ngx.var.http_x_n)
            if n < 4 then
                return ngx.exit(n == 2 and 404 or 503)
            end
            ngx.say(ngx.get_phase(), " ", n)
        }
    }
--- request
GET /t
--- response_body
content 4
--- response_headers
X-Told: nil nil;failed 502;next 404;failed 503;502, 404, 503, 200



=== TEST 2: proxy_next_upstream_tries limits, ngx.exit answers, an error is 500, no server is 500
--- http_config
    upstream limited {
        balancer_by_lua_block {
            local b = require "ngx.balancer"
            local _, err = b.set_more_tries(5)
            ngx.ctx.said = (ngx.ctx.said or "") .. tostring(err) .. ";"
            b.set_current_peer("127.0.0.1", 1)
        }
    }
    upstream refuses { balancer_by_lua_block { ngx.exit(403) } }
    upstream fails { balancer_by_lua_block { error("no luck") } }
    upstream none { balancer_by_lua_block { ngx.log(ngx.NOTICE, ngx.get_phase(), " of none") } }
    upstream falls { server 127.0.0.1:$TEST_NGINX_SERVER_PORT; balancer_by_lua_block { local _ = ngx.var.uri } }
--- config
    location = /limited {
        proxy_next_upstream_tries 2;
        proxy_pass http://limited;
        header_filter_by_lua_block { ngx.header.X = ngx.ctx.said }
    }
    location = /refuses { proxy_pass http://refuses; }
    location = /fails { proxy_pass http://fails; }
    location = /none { proxy_pass http://none; }
    location = /falls { proxy_pass http://falls/ok; }
    location = /ok { return 200 "ok\n"; }
--- pipelined_requests eval
["GET /limited", "GET /refuses", "GET /fails", "GET /none", "GET /falls"]
--- error_code eval
[502, 403, 500, 500, 200]
--- response_body_like eval
["502", "403", "500", "500", "^ok\n\$"]
--- raw_response_headers_like eval
["X: reduced tries due to limit;reduced tries due to limit;", "", "", "", ""]
--- error_log eval
["connect() failed (111: Connection refused) while connecting to upstream, upstream: \"http://127.0.0.1:1/limited\"",
 "failed to run balancer_by_lua*: balancer_by_lua(nginx.conf:", "lua balancer: no peer set",
 qr/balancer of none while connecting to upstream, client/]



=== TEST 3: connections are kept for the same server and name when Lua says so
--- http_config
    upstream kept {
        balancer_by_lua_block {
            local b = require "ngx.balancer"
            b.set_current_peer(ngx.var.arg_ip, $TEST_NGINX_SERVER_PORT)
            if ngx.var.arg_keep then
                assert(b.enable_keepalive(60, 100))
            end
        }
    }
--- config
    location = /p {
        proxy_http_version 1.1;
        proxy_set_header Connection "";
        proxy_pass http://kept/port;
    }
    location = /port { return 200 $connection; }
    location = /t {
        content_by_lua_block {
            local function get(query)
                return ngx.location.capture("/p", { args = query }).body
            end
            local a, b = get "ip=127.0.0.1&keep=1", get "ip=127.0.0.1&keep=1"
            local c, d = get "ip=127.0.0.2&keep=1", get "ip=127.0.0.1"
            ngx.say(a == b, " ", a == c, " ", a == d, " ", get "ip=127.0.0.1" == d)
        }
    }
--- request
GET /t
--- response_body
true false false false
--- grep_error_log eval: qr/lua balancer: keepalive (?:no free|saving|reusing) connection/
--- grep_error_log_out
lua balancer: keepalive no free connection
lua balancer: keepalive saving connection
lua balancer: keepalive reusing connection
lua balancer: keepalive saving connection
lua balancer: keepalive no free connection
lua balancer: keepalive saving connection
--- error_log eval
qr/lua balancer: keepalive reusing connection \S+, host: 127.0.0.1:\d+, name: $/



=== TEST 4: timeouts, the address to connect from, misuse, other phases
--- http_config
    upstream slow {
        balancer_by_lua_block {
            local b = require "ngx.balancer"
            assert(b.set_current_peer("127.0.0.1", $TEST_NGINX_SERVER_PORT))
            assert(b.set_timeouts(5, nil, 0.05))
            assert(b.bind_to_local_addr("127.0.0.9"))
        }
    }
    upstream from {
        balancer_by_lua_block {
            local b = require "ngx.balancer"
            ngx.ctx.said = table.concat({ tostring(select(2, b.enable_keepalive())),
                tostring(select(2, b.set_current_peer("example.org", 80))),
                tostring(select(2, b.set_current_peer("127.0.0.1", 65536))),
                tostring(select(2, b.set_upstream_tls(true))), tostring(b.recreate_request()) }, ", ")
            assert(b.set_current_peer("127.0.0.1", $TEST_NGINX_SERVER_PORT))
            assert(b.bind_to_local_addr("127.0.0.9"))
        }
    }
--- config
    location = /slow { proxy_pass http://slow/wait; }
    location = /from {
        proxy_pass http://from/addr;
        header_filter_by_lua_block { ngx.header.X_Said = ngx.ctx.said }
    }
    location = /wait { lua_check_client_abort on; content_by_lua_block { ngx.sleep(60) } }
    location = /addr { return 200 "$remote_addr\n"; }
    location = /misuse {
        content_by_lua_block {
            local b = require "ngx.balancer"
            ngx.say(b.set_current_peer("127.0.0.1", 1))
            ngx.say(b.enable_keepalive())
            ngx.say((select(2, pcall(b.set_current_peer, "x", 1, true))))
            ngx.say((select(2, pcall(b.enable_keepalive, -1))))
            ngx.say((select(2, pcall(b.set_timeouts, 0))))
            ngx.say((select(2, pcall(b.bind_to_local_addr))))
            local res = ngx.location.capture("/from")
            ngx.say(res.body, res.header["X-Said"])
            ngx.say(ngx.location.capture("/slow").status)
        }
    }
--- request
GET /misuse
--- response_body_like
^nilno upstream found
nilno upstream found
.*bad argument #3 to 'set_current_peer' \(string expected, got boolean\)
.*bad argument #1 to 'enable_keepalive' \(expected >= 0\)
.*bad connect timeout
.*bad argument #1 to 'bind_to_local_addr' \(string expected, got nil\)
127.0.0.9
no current peer set, no host allowed, no host allowed, no https upstream, true
504$



=== TEST 5: one balancer a block
--- http_config
    upstream b { balancer_by_lua 'return'; balancer_by_lua_block { return } }
--- config
    location = /t { proxy_pass http://b; }
--- must_die
--- error_log
directive is duplicate



=== TEST 6: an attempt without TLS at a location of https, and one with it
--- http_config
    upstream plain {
        balancer_by_lua_block {
            local b = require "ngx.balancer"
            assert(b.set_upstream_tls(false))
            assert(b.set_current_peer("127.0.0.1", $TEST_NGINX_SERVER_PORT))
        }
    }
    upstream first {
        server 127.0.0.1:$TEST_NGINX_SERVER_PORT;
        balancer_by_lua_block {
            local ffi = require "ffi"
            ffi.cdef "int ngx_http_lua_ffi_balancer_set_upstream_tls(void *r, int on, char **err); \
                int ngx_http_lua_ffi_balancer_recreate_request(void *r, char **err);"
            local err = ffi.new "char *[1]"
            ngx.ctx.said = ffi.C.ngx_http_lua_ffi_balancer_set_upstream_tls(nil, 0, err) .. " "
                .. ffi.C.ngx_http_lua_ffi_balancer_recreate_request(nil, err)
        }
    }
--- config
    location = /plain { proxy_pass https://plain/back; }
    location = /first {
        proxy_pass https://first/back;
        header_filter_by_lua_block { ngx.header.X_Said = ngx.ctx.said }
    }
    location = /back { return 200 "$scheme\n"; }
    location = /no {
        content_by_lua_block {
            local ffi = require "ffi"
            local err = ffi.new "char *[1]"
            ngx.say(ffi.C.ngx_http_lua_ffi_balancer_recreate_request(nil, err), " ", ffi.string(err[0]))
        }
    }
--- request eval
["GET /plain", "GET /first", "GET /no"]
--- response_body eval
["http\n", "http\n", "-1 no upstream found\n"]
--- response_headers eval
["", "X-Said: 0 0", ""]



=== TEST 7: Lua leaves the choice to the servers of the block, each of which is tried
--- http_config
    upstream left {
        server 127.0.0.1:$TEST_NGINX_RAND_PORT_1 max_fails=0 weight=99;
        server 127.0.0.1:$TEST_NGINX_SERVER_PORT max_fails=0;
        balancer_by_lua_block { ngx.ctx.tries = (ngx.ctx.tries or 0) + 1 }
    }
--- config
    location = /t {
        proxy_pass http://left/back;
        header_filter_by_lua_block { ngx.header.X_Tries = ngx.ctx.tries }
    }
    location = /back { return 200 "back\n"; }
--- request
GET /t
--- response_headers
X-Tries: 2
--- response_body
back



=== TEST 8: ngx.req.set_body_data for each try, with and without a body of the client
--- http_config
    upstream b {
        server 0.0.0.1 max_fails=0;
        balancer_by_lua_block {
            local b = require "ngx.balancer"
            ngx.ctx.n = (ngx.ctx.n or 0) + 1
            if ngx.ctx.n == 1 then
                b.set_more_tries(1)
            end
            ngx.req.set_body_data("body of try " .. ngx.ctx.n)
            assert(b.recreate_request())
            b.set_current_peer("127.0.0.1:" .. ngx.var.server_port)
        }
    }
--- config
    location = /t { proxy_pass http://b/origin; proxy_next_upstream http_503 non_idempotent; }
    location = /streamed { client_body_buffer_size 4; proxy_request_buffering off; proxy_http_version 1.1; proxy_pass http://b/origin; }
    location = /origin {
        content_by_lua_block {
            ngx.req.read_body()
            local body = ngx.req.get_body_data()
            if body == "body of try 1" then
                return ngx.exit(503)
            end
            ngx.say(ngx.req.get_method(), " ", body)
        }
    }
--- pipelined_requests eval
["GET /t", "POST /t\nof the client", "POST /streamed\nof the client"]
--- response_body_like eval
["^GET body of try 2\n\$", "^POST body of try 2\n\$", "500"]
--- error_code eval
[200, 200, 500]
--- error_log
request body not read yet



=== TEST 9: where no request is passed on there is no upstream; before the workers there is no request
--- http_config
    init_by_lua_block {
        early = select(2, pcall(require("ngx.balancer").get_last_failure))
    }
    init_worker_by_lua_block {
        in_worker = { require("ngx.balancer").set_more_tries(1) }
    }
--- config
    location = /t {
        content_by_lua_block {
            local balancer = require "ngx.balancer"
            local in_timer
            ngx.timer.at(0, function()
                in_timer = { balancer.get_last_failure() }
                in_timer[4], in_timer[5] = balancer.set_current_peer("127.0.0.1", 1)
            end)
            ngx.sleep(0.05)
            ngx.say(tostring(early):match("no request found"))
            ngx.say(tostring(in_worker[1]), " ", in_worker[2])
            ngx.say(tostring(in_timer[1]), " ", in_timer[3], " ", tostring(in_timer[4]), " ", in_timer[5])
        }
    }
--- request
GET /t
--- response_body
no request found
nil no upstream found
nil no upstream found nil no upstream found



=== TEST 10: connections of HTTP/2 that Lua has kept carry one request after the other, and answers of any size
--- http_config
    server {
        listen 127.0.0.1:$TEST_NGINX_RAND_PORT_1;
        http2 on;
        location / { content_by_lua_block { ngx.say(ngx.var.connection_requests) ngx.print(("x"):rep(tonumber(ngx.var.arg_n or 0))) } }
    }
    upstream u {
        server 0.0.0.1;
        balancer_by_lua_block {
            local b = require "ngx.balancer"
            assert(b.set_current_peer("127.0.0.1", $TEST_NGINX_RAND_PORT_1))
            assert(b.enable_keepalive(60, 100))
        }
    }
--- config
    location / { grpc_pass grpc://u; }
--- exec
U=http://127.0.0.1:$TEST_NGINX_SERVER_PORT
for i in 1 2 3; do curl -s $U/; done; curl -s "$U/?n=300000" | wc -c
--- exec_out
1
2
3
300002
--- no_error_log
[error]
