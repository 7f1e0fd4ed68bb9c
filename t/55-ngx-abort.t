# What killing a thread or leaving a request undoes, and what stands in the way.
use Test::Nginx::Socket 'no_plan';

no_root_location();
log_level('debug');
run_tests();

__DATA__

=== TEST 1: a request with pending subrequests cannot be left, but aborted
--- config
    location = /sub { echo_sleep 0.05; echo sub; }
    location = /t {
        content_by_lua_block {
            local function try(leave, ...)
                local args = { ... }
                return ngx.thread.spawn(function() ngx.say(select(2, pcall(leave, unpack(args)))) end)
            end
            local sub = ngx.thread.spawn(function() ngx.print(ngx.location.capture("/sub").body) end)
            try(ngx.exit, 0)
            try(ngx.exit, 404)
            try(ngx.exec, "/sub")
            try(ngx.redirect, "/sub")
            ngx.say(ngx.thread.kill(sub))
            ngx.thread.wait(sub)
            ngx.say("over")
            ngx.exit(0)
        }
    }
--- request
GET /t
--- response_body
attempt to abort with pending subrequests
attempt to abort with pending subrequests
attempt to abort with pending subrequests
attempt to abort with pending subrequests
nilpending subrequests
sub
over

=== TEST 2: a thread that connects is killed: its socket is closed, and the next in the queue gets its turn
--- config
    location = /t {
        content_by_lua_block {
            local options = { pool = "p", pool_size = 1, backlog = 1 }
            local first = ngx.socket.tcp()
            ngx.say(first:connect("127.0.0.1", $TEST_NGINX_SERVER_PORT, options))
            local queued = ngx.thread.spawn(function() ngx.socket.connect("127.0.0.1", $TEST_NGINX_SERVER_PORT, options) end)
            ngx.thread.kill(queued)
            first:close()
            local second = ngx.socket.tcp()
            ngx.say(second:connect("127.0.0.1", $TEST_NGINX_SERVER_PORT, options))
            second:close()

            local sock = ngx.socket.tcp()
            local slow = ngx.thread.spawn(function() sock:connect("192.0.2.1", 9) end)
            ngx.thread.kill(slow)
            ngx.sleep(0)
            ngx.say(sock:send("x"))
        }
    }
--- request
GET /t
--- response_body
1
1
nilclosed
--- error_log
lua tcp socket abort queueing

=== TEST 3: a pool goes with its last connection, also when that closes itself
--- config
    location = /t {
        content_by_lua_block {
            local sock = ngx.socket.tcp()
            sock:connect("127.0.0.1", $TEST_NGINX_SERVER_PORT, { pool = "first" })
            sock:setkeepalive(10000)
            sock:connect("127.0.0.1", $TEST_NGINX_SERVER_PORT, { pool = "first" })
            sock:close()
            sock:connect("127.0.0.1", $TEST_NGINX_SERVER_PORT, { pool = "second" })
            sock:setkeepalive(10)
            ngx.say("done")
        }
    }
--- request
GET /t
--- response_body
done
--- grep_error_log eval: qr/keepalive: free connection pool for "\w+"|keepalive close handler|keepalive timeout: \d+ ms/
--- grep_error_log_out
keepalive timeout: 10000 ms
keepalive: free connection pool for "first"
keepalive timeout: 10 ms
keepalive close handler
keepalive: free connection pool for "second"

=== TEST 4: a sleeping thread is killed; its timer goes
--- config
    location = /t {
        content_by_lua_block {
            ngx.thread.kill(ngx.thread.spawn(function() ngx.sleep(100) end))
            ngx.say("killed")
        }
    }
--- request
GET /t
--- response_body
killed
--- error_log
lua clean up the timer for pending ngx.sleep

=== TEST 5: the log names whom a socket was connected to
--- config
    location = /t {
        content_by_lua_block {
            local sock = ngx.socket.tcp()
            sock:settimeouts(1000, 1000, 10)
            sock:connect("localhost", $TEST_NGINX_SERVER_PORT)
            ngx.say(sock:receive())
        }
    }
--- request
GET /t
--- response_body
niltimeout
--- error_log eval
qr/lua tcp socket read timed out, upstream: localhost:\d+\(127\.0\.0\.1\)/

=== TEST 6: in arrays of data there is text, nothing else
--- config
    location = /t {
        content_by_lua_block {
            local sock = ngx.socket.tcp()
            sock:connect("127.0.0.1", $TEST_NGINX_SERVER_PORT)
            for _, data in ipairs { { { "a", { true } } }, { { ngx.null } }, { print } } do
                ngx.say((select(2, pcall(function() sock:send(data[1]) end)):gsub("^.-:%d+: ", "")))
            end
        }
    }
--- request
GET /t
--- response_body
bad argument #1 to 'send' (bad data type boolean found)
bad argument #1 to 'send' (bad data type userdata found)
bad argument #1 to 'send' (string, number, boolean, nil, or array table expected, got function)

=== TEST 7: a timer of a session says so
--- stream_server_config
    content_by_lua_block {
        ngx.timer.at(0, function() ngx.log(ngx.WARN, "timer of ", ngx.config.subsystem) end)
        ngx.say("x")
    }
--- config
    location = /t {
        content_by_lua_block {
            local sock = ngx.socket.tcp()
            sock:connect("127.0.0.1", $TEST_NGINX_STREAM_PORT)
            ngx.say(sock:receive())
            ngx.timer.at(0, function() ngx.log(ngx.WARN, "timer of ", ngx.config.subsystem) end)
        }
    }
--- request
GET /t
--- response_body
x
--- error_log
timer of stream
timer of http
stream lua close fake stream connection
http lua close fake http connection

=== TEST 8: a connection that is left to the end of its request counts no more in its pool, which goes with it
--- config
    location /t {
        content_by_lua_block {
            local function connect()
                local sock = ngx.socket.tcp()
                assert(sock:connect("127.0.0.1", ngx.var.server_port, { pool = "left" }))
                return sock
            end
            assert(connect():setkeepalive())
            connect()
            ngx.say("left")
        }
    }
--- request
GET /t
--- response_body
left
--- wait: 0.2
--- error_log
lua tcp socket keepalive: free connection pool for "left"
