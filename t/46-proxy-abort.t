# proxy_ignore_client_abort: what a client that leaves means to the server behind.
use Test::Nginx::Socket 'no_plan';

our $Config = <<'_EOC_';
    proxy_http_version 1.1;
    proxy_set_header Connection "";
    proxy_buffering off;
    location /on { proxy_ignore_client_abort on; proxy_pass http://127.0.0.1:$TEST_NGINX_SERVER_PORT/behind; }
    location /off { proxy_pass http://127.0.0.1:$TEST_NGINX_SERVER_PORT/behind; }
    location /behind {
        lua_check_client_abort on;
        content_by_lua_block {
            local d, n = ngx.shared.d, ngx.var.arg_n
            ngx.on_abort(function() d:set(n, "aborted") ngx.exit(499) end)
            if ngx.var.arg_early then ngx.say("early") ngx.flush(true) end
            d:set(n, "asked")
            repeat ngx.sleep(0.005) until d:get("go" .. n)
            ngx.say(("late"):rep(100000))
            ngx.eof()
            d:set(n, "answered")
        }
    }
    location / {
        content_by_lua_block {
            local d = ngx.shared.d
            local function wait(n, what)
                repeat ngx.sleep(0.005) until d:get(n) == what
            end
            local function leave(path, n, reset)
                local sock = ngx.socket.tcp()
                assert(sock:connect("127.0.0.1", ngx.var.server_port))
                sock:send("GET " .. path .. " HTTP/1.1\r\nHost: a\r\n\r\n")
                wait(n, "asked")
                if path:find "early" then sock:receive("*l") end
                sock:close()
            end
            leave("/off?n=1", "1")
            wait("1", "aborted")
            leave("/on?n=2", "2")
            leave("/off?n=4", "4")
            wait("4", "aborted") -- who left later is noticed; nothing is told of who left before
            ngx.say(d:get "2")
            d:set("go2", true)
            wait("2", "answered")
            leave("/on?n=3&early=1", "3")
            d:set("go3", true)
            wait("3", "answered")
            ngx.say("all answered")
        }
    }
_EOC_

no_root_location();
run_tests();

__DATA__

=== TEST 1: off, it is told; on, it answers all the same, before and behind its head
--- http_config
    lua_shared_dict d 1m;
--- config eval: $::Config
--- request
GET /
--- response_body
asked
all answered
