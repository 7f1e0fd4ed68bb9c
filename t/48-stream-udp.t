# stream { }: datagrams. Clients are sockets of Lua in a location of the same server.
use Test::Nginx::Socket 'no_plan';

add_block_preprocessor(sub {
    my $block = shift;
    if (!defined $block->main_config) {
        $block->set_value("main_config", "worker_shutdown_timeout 100ms;");
    }
    if (!defined $block->request) {
        $block->set_value("request", "GET /t");
    }
});

no_shuffle();
run_tests();

__DATA__

=== TEST 1: content_by_lua: what has come is there, in pieces of the size that is asked for, answers go back, a session for each while none is open
--- stream_config
    log_format f '$protocol $status $bytes_received $bytes_sent $server_port';
    access_log logs/access.log f;
    server {
        listen 127.0.0.1:$TEST_NGINX_RAND_PORT_1 udp;
        content_by_lua_block {
            local sock = ngx.req.udp_socket()
            local data = sock:receive()
            ngx.print("said ", data)
            sock:send { "from ", ngx.var.remote_addr, " by ", ngx.var.protocol, #data == 8192 and ", rest " .. #sock:receive(800) .. " " .. #sock:receive(9) or nil }
            ngx.print(tostring(sock:receive()), " ", select(2, sock:receive()))
        }
    }
    server { listen 127.0.0.1:$TEST_NGINX_RAND_PORT_2 udp; return "unread"; }
--- config
    location = /t {
        content_by_lua_block {
            local sock = ngx.socket.udp()
            sock:setpeername("127.0.0.1", $TEST_NGINX_RAND_PORT_1)
            for _, text in ipairs { "one", ("x"):rep(9000) } do
                sock:send(text)
                ngx.say(#sock:receive(65535))
                ngx.say(sock:receive())
                ngx.say(sock:receive())
            end
            sock:setpeername("127.0.0.1", $TEST_NGINX_RAND_PORT_2)
            sock:send("two")
            ngx.say(sock:receive())
        }
    }
--- response_body
8
from 127.0.0.1 by UDP
nil no more data
8197
from 127.0.0.1 by UDP, rest 800 8
nil no more data
unread
--- access_log
UDP 200 3 45
UDP 200 9000 8246
UDP 200 3 6
--- no_error_log
[error]



=== TEST 2: a handler takes each datagram of a client by itself, for as long as it likes
--- user_files
>>> echo.lua
return function(stream, info)
    local n = 0
    for message in stream:each() do
        n = n + 1
        stream:put { n, ":", info.peer.host, ":", message }
        if message == "bye" then
            return
        end
    end
end
--- stream_config
    lua_package_path "$prefix/html/?.lua;;";
    server { listen 127.0.0.1:$TEST_NGINX_RAND_PORT_1 udp; handler echo; }
--- config
    location = /t {
        content_by_lua_block {
            local a, b = ngx.socket.udp(), ngx.socket.udp()
            a:setpeername("127.0.0.1", $TEST_NGINX_RAND_PORT_1)
            b:setpeername("127.0.0.1", $TEST_NGINX_RAND_PORT_1)
            local function ask(sock, text)
                sock:send(text)
                ngx.say(sock:receive())
            end
            ask(a, "x") ask(b, "y") ask(a, "z") ask(a, "bye") ask(b, "bye") ask(a, "again") ask(a, "bye")
        }
    }
--- response_body
1:127.0.0.1:x
1:127.0.0.1:y
2:127.0.0.1:z
3:127.0.0.1:bye
2:127.0.0.1:bye
1:127.0.0.1:again
2:127.0.0.1:bye



=== TEST 3: a client that has gone silent does not keep its session
--- user_files
>>> echo.lua
return function(stream) for message in stream:each() do stream:put(message) end end
--- stream_config
    lua_package_path "$prefix/html/?.lua;;";
    server {
        listen 127.0.0.1:$TEST_NGINX_RAND_PORT_1 udp;
        lua_socket_read_timeout 50ms;
        handler echo;
        log_by_lua_block { ngx.shared.ended:set("n", 1) }
    }
--- http_config
    lua_shared_dict ended 100k;
--- config
    location = /t {
        content_by_lua_block {
            local sock = ngx.socket.udp()
            sock:setpeername("127.0.0.1", $TEST_NGINX_RAND_PORT_1)
            sock:send "x"
            ngx.say(sock:receive())
            repeat ngx.sleep(0.001) until ngx.shared.ended:get "n"
            ngx.say "ended"
        }
    }
--- response_body
x
ended



=== TEST 4: passed on to a group, in turn; each client has its server; proxy_responses ends a session
--- stream_config
    server { listen 127.0.0.1:$TEST_NGINX_RAND_PORT_2 udp; return "first"; }
    server { listen 127.0.0.1:$TEST_NGINX_RAND_PORT_3 udp; return "second"; }
    upstream group { server 127.0.0.1:$TEST_NGINX_RAND_PORT_2; server localhost:$TEST_NGINX_RAND_PORT_3; }
    log_format f '$status $bytes_received $bytes_sent $upstream_bytes_sent $upstream_bytes_received';
    server {
        listen 127.0.0.1:$TEST_NGINX_RAND_PORT_1 udp;
        proxy_pass group;
        proxy_responses 1;
        access_log logs/access.log f;
        log_by_lua_block { ngx.shared.ended:incr("n", 1, 0) }
    }
--- http_config
    lua_shared_dict ended 100k;
--- config
    location = /t {
        content_by_lua_block {
            local sock = ngx.socket.udp()
            sock:setpeername("127.0.0.1", $TEST_NGINX_RAND_PORT_1)
            for i = 1, 3 do
                sock:send "query"
                ngx.say(sock:receive())
                repeat ngx.sleep(0.001) until ngx.shared.ended:get "n" == i
            end
        }
    }
--- response_body
first
second
first
--- access_log
200 5 5 5 5
200 5 6 5 6
--- no_error_log
[error]



=== TEST 5: one session for many datagrams; proxy_requests makes the next one of them another
--- stream_config
    server {
        listen 127.0.0.1:$TEST_NGINX_RAND_PORT_2 udp;
        content_by_lua_block { ngx.print(ngx.var.remote_port, " ", ngx.req.socket():receive()) }
    }
    server { listen 127.0.0.1:$TEST_NGINX_RAND_PORT_1 udp; proxy_pass 127.0.0.1:$TEST_NGINX_RAND_PORT_2; }
    server {
        listen 127.0.0.1:$TEST_NGINX_RAND_PORT_3 udp;
        proxy_pass 127.0.0.1:$TEST_NGINX_RAND_PORT_2;
        proxy_requests 2;
        proxy_responses 1;
    }
--- config
    location = /t {
        content_by_lua_block {
            local function ports(port)
                local sock, seen, n = ngx.socket.udp(), {}, 0
                sock:setpeername("127.0.0.1", port)
                for i = 1, 6 do
                    sock:send("q" .. i)
                    local from, text = sock:receive():match "^(%d+) (.*)$"
                    assert(text == "q" .. i)
                    n = n + (seen[from] and 0 or 1)
                    seen[from] = true
                end
                return n
            end
            ngx.say(ports($TEST_NGINX_RAND_PORT_1), " ", ports($TEST_NGINX_RAND_PORT_3))
        }
    }
--- response_body
1 3



=== TEST 6: a server that is not there; proxy_responses 0; a silent one after proxy_timeout
--- stream_config
    server {
        listen 127.0.0.1:$TEST_NGINX_RAND_PORT_1 udp;
        proxy_pass 127.0.0.1:$TEST_NGINX_RAND_PORT_4;
        log_by_lua_block { ngx.shared.ended:set("refused", ngx.var.status) }
    }
    server {
        listen 127.0.0.1:$TEST_NGINX_RAND_PORT_2 udp;
        proxy_pass 127.0.0.1:$TEST_NGINX_RAND_PORT_3;
        proxy_responses 0;
        log_by_lua_block { ngx.shared.ended:set("sent", ngx.var.status) }
    }
    server {
        listen 127.0.0.1:$TEST_NGINX_RAND_PORT_3 udp;
        content_by_lua_block { ngx.shared.ended:set("got", ngx.req.socket():receive()) ngx.sleep(3600) }
    }
    server {
        listen 127.0.0.1:$TEST_NGINX_RAND_PORT_5 udp;
        proxy_pass 127.0.0.1:$TEST_NGINX_RAND_PORT_3;
        proxy_timeout 50ms;
        proxy_responses 1;
        log_by_lua_block { ngx.shared.ended:set("silent", ngx.var.status) }
    }
--- http_config
    lua_shared_dict ended 100k;
--- config
    location = /t {
        content_by_lua_block {
            local function send(port, name)
                local sock = ngx.socket.udp()
                sock:setpeername("127.0.0.1", port)
                sock:send "query"
                repeat ngx.sleep(0.001) until ngx.shared.ended:get(name)
                ngx.say(name, " ", ngx.shared.ended:get(name))
            end
            send($TEST_NGINX_RAND_PORT_1, "refused")
            send($TEST_NGINX_RAND_PORT_2, "sent")
            send($TEST_NGINX_RAND_PORT_2, "got")
            send($TEST_NGINX_RAND_PORT_5, "silent")
        }
    }
--- response_body
refused 502
sent 200
got query
silent 502
--- error_log
connection refused while reading from upstream
timed out while reading from upstream
--- wait: 0.01



=== TEST 7: more clients than worker_connections: their datagrams are lost, and the log says so
--- worker_connections: 4
--- stream_config
    server { listen 127.0.0.1:$TEST_NGINX_RAND_PORT_1 udp; content_by_lua_block { ngx.print "in" ngx.sleep(3600) } }
--- config
    lua_socket_read_timeout 100ms;
    lua_socket_log_errors off;
    location = /t {
        content_by_lua_block {
            local n = 0
            for i = 1, 6 do
                local sock = ngx.socket.udp()
                sock:setpeername("127.0.0.1", $TEST_NGINX_RAND_PORT_1)
                sock:send "x"
                n = n + (sock:receive() and 1 or 0)
            end
            ngx.say(n)
        }
    }
--- response_body
3
--- error_log
worker_connections are not enough



=== TEST 8: what does not go with UDP
--- stream_config
    server { listen 127.0.0.1:$TEST_NGINX_RAND_PORT_1 udp ssl; return ""; }
--- must_die
--- error_log
"ssl" parameter is incompatible with "udp"



=== TEST 9: nor does a Unix socket
--- stream_config
    server { listen unix:sock udp; return ""; }
--- must_die
--- error_log
"udp" and a Unix socket do not go together



=== TEST 10: preread looks at a datagram that is passed on, answers itself, or closes the session
--- stream_config
    server { listen 127.0.0.1:$TEST_NGINX_RAND_PORT_2 udp; content_by_lua_block { ngx.print("got ", ngx.req.socket():receive()) } }
    server {
        listen 127.0.0.1:$TEST_NGINX_RAND_PORT_1 udp;
        preread_by_lua_block {
            local session = require "perilune.core.session"
            local first = session.peek(session.stream(), 1)
            if first == "?" then
                ngx.print "answered"
                ngx.exit(200)
            elseif first == "!" then
                ngx.req.udp_socket():close()
            end
        }
        proxy_pass 127.0.0.1:$TEST_NGINX_RAND_PORT_2;
        proxy_responses 1;
        log_by_lua_block { ngx.shared.ended:incr("n", 1, 0) }
    }
--- http_config
    lua_shared_dict ended 100k;
--- config
    location = /t {
        content_by_lua_block {
            local sock = ngx.socket.udp()
            sock:setpeername("127.0.0.1", $TEST_NGINX_RAND_PORT_1)
            for i, text in ipairs { "one", "?", "!" } do
                sock:send(text)
                ngx.say(text == "!" or sock:receive())
                repeat ngx.sleep(0.001) until ngx.shared.ended:get "n" == i
            end
        }
    }
--- response_body
got one
answered
true
--- no_error_log
[error]



=== TEST 11: a datagram without bytes is a message: in a handler, by ngx.req.socket, and passed on both ways
--- user_files
>>> count.lua
return function(stream)
    for message in stream:each() do
        await(stream:put(message == "" and "empty" or ""))
    end
end
--- stream_config
    lua_package_path "$prefix/html/?.lua;;";
    server { listen 127.0.0.1:$TEST_NGINX_RAND_PORT_1 udp; handler count; }
    server {
        listen 127.0.0.1:$TEST_NGINX_RAND_PORT_2 udp;
        content_by_lua_block {
            local sock = ngx.req.socket()
            local data = sock:receive()
            sock:send(data == "" and "empty" or "")
        }
    }
    server { listen 127.0.0.1:$TEST_NGINX_RAND_PORT_3 udp; proxy_pass 127.0.0.1:$TEST_NGINX_RAND_PORT_1; }
--- config
    location = /t {
        content_by_lua_block {
            for _, port in ipairs { $TEST_NGINX_RAND_PORT_1, $TEST_NGINX_RAND_PORT_2, $TEST_NGINX_RAND_PORT_3 } do
                local sock = ngx.socket.udp()
                sock:setpeername("127.0.0.1", port)
                sock:settimeout(60000)
                sock:send ""
                local first = sock:receive()
                sock:send "x"
                ngx.say(first, " [", (sock:receive()), "]")
            end
        }
    }
--- response_body
empty []
empty []
empty []
--- no_error_log
[error]



=== TEST 12: the log says that a client is one of datagrams, and what a session ends with
--- stream_config
    server {
        listen 127.0.0.1:$TEST_NGINX_RAND_PORT_1 udp;
        content_by_lua_block { ngx.log(ngx.WARN, "here") ngx.say("yes") ngx.exit(500) }
    }
--- config
    location = /t {
        content_by_lua_block {
            local sock = ngx.socket.udp()
            sock:setpeername("127.0.0.1", $TEST_NGINX_RAND_PORT_1)
            sock:send("one")
            ngx.print(sock:receive())
        }
    }
--- response_body
yes
--- error_log eval
[qr/here, udp client: 127\.0\.0\.1, server: 127\.0\.0\.1:\d+/, "lua exit with code 500", "finalize stream request: 500", "finalize stream session: 500"]
