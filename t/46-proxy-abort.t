# proxy_ignore_client_abort: what a client that leaves means to the server behind.
use Test::Nginx::Socket 'no_plan';

our $Behind = <<'_EOC_';
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
            ngx.header.content_length = ngx.var.arg_length
            if ngx.var.arg_early then ngx.say("early") ngx.flush(true) end
            d:set(n, "asked")
            repeat ngx.sleep(0.005) until d:get("go" .. n)
            ngx.say(("late"):rep(100000))
            ngx.eof()
            d:set(n, "answered")
        }
    }
_EOC_
our $Asks = <<'_EOC_';
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
--- config eval: $::Behind . $::Asks
--- request
GET /
--- response_body
asked
all answered



=== TEST 2: a client that ends its side in the middle of an answer whose length it knows: gone if it wanted to go on asking
--- http_config
    lua_shared_dict d 1m;
    lua_package_path "$TEST_NGINX_HTML_DIR/?.lua;;";
--- config eval
$::Behind . <<'_EOC_';
    location /native { handler app; }
    location /state { content_by_lua_block { ngx.print(ngx.shared.d:get(ngx.var.arg_n)) } }
    location /go { content_by_lua_block { ngx.shared.d:set('go' .. ngx.var.arg_n, true) } }
_EOC_
--- user_files
>>> app.lua
return function(req)
    return { content_length = 10, body = coroutine.wrap(function()
        coroutine.yield "early"
        repeat require("perilune.task").nap(0.005) until ngx.shared.d:get "go3"
        coroutine.yield "later"
    end) }
end
>>> main.py
import socket, sys, time
def connect(): return socket.create_connection(("127.0.0.1", int(sys.argv[1])), 10)
def ask(path, more="", minor=1):
    s = connect()
    s.sendall(("GET %s HTTP/1.%d\r\nHost: a\r\n%s\r\n" % (path, minor, more)).encode())
    f = s.makefile("rb")
    while f.readline().strip(): pass
    return s, f
def state(n): return ask("/state?n=%d" % n, minor=0)[1].read().decode()
def wait(n, what):
    while state(n) != what: time.sleep(0.005)
    print(n, what)
def leave(n, path, more=""):
    s, f = ask(path, more)
    print(f.readline() if n < 3 else f.read(5))
    s.shutdown(socket.SHUT_WR)
    return f
leave(1, "/off?n=1&early=1&length=400007")
wait(1, "aborted")
f = leave(2, "/off?n=2&early=1&length=400007", "Connection: close\r\n")
ask("/go?n=2")
print(len(f.read()))
wait(2, "answered")
f = leave(3, "/native")
ask("/go?n=3")
print(f.read(5))
--- exec
timeout 100 /usr/bin/python3 $TEST_NGINX_HTML_DIR/main.py $TEST_NGINX_SERVER_PORT
--- exec_out
b'early\n'
1 aborted
b'early\n'
400001
2 answered
b'early'
b'later'
