# ngx.socket.tcp: connections of a request, their pools, their errors. The peer is a location of the same server that takes its
# connection over.
use Test::Nginx::Socket 'no_plan';

our $peer = q{
    location = /peer {
        content_by_lua_block {
            local sock = ngx.req.socket(true)
            sock:send("ready\n")
            while true do
                local line = sock:receive()
                if not line then
                    return
                elseif line == "quit" then
                    return
                elseif line:find("^send ") then
                    sock:send((line:sub(6):gsub("\\\\n", "\n")))
                end
            end
        }
    }
};

our $lua = q{
    init_by_lua_block {
        function peer(options)
            local sock = ngx.socket.tcp()
            sock:settimeout(60000)
            assert(sock:connect("127.0.0.1", ngx.var.server_port, options))
            if sock:getreusedtimes() == 0 then
                sock:send("GET /peer HTTP/1.1\r\nHost: a\r\n\r\n")
                assert(sock:receive() == "ready")
            end
            return sock
        end
    }
};

no_shuffle();
run_tests();

__DATA__

=== TEST 1: lines, counts, all; what is sent may be nested
--- http_config eval: $::lua
--- config eval
$::peer . q{
    location = /t {
        content_by_lua_block {
            local sock = peer()
            ngx.say(sock:send({ "send ", { "one\\\\n", 2, "\\\\n" }, "three", "\n" }))
            ngx.say(sock:receive("*l"))
            ngx.say(sock:receive(2))
            ngx.say(sock:receive(0))
            sock:send("quit\n")
            ngx.say(sock:receive("*a"))
            ngx.say(sock:receive())
            ngx.say(sock:close())
            ngx.say(sock:close())
        }
    }
}
--- request
GET /t
--- response_body
19
one
2


three
nilclosed
1
nilclosed



=== TEST 2: timeouts and ends give what came before
--- http_config eval: $::lua
--- config eval
$::peer . q{
    lua_socket_log_errors off;
    location = /t {
        content_by_lua_block {
            local sock = peer()
            sock:settimeout(20)
            sock:send("send part\n")
            ngx.say(sock:receive())
            sock:send("send  two\n")
            ngx.say(sock:receive(100))
            sock:settimeouts(1000, 1000, 2000)
            sock:send("send last\nquit\n")
            ngx.say(sock:receive("*l"))
            ngx.say(pcall(sock.settimeout, sock, -1))
            ngx.say(pcall(sock.settimeouts, sock, 1, 2))
        }
    }
}
--- request
GET /t
--- response_body
niltimeoutpart
niltimeout two
nilclosedlast
falsebad timeout value
falsengx.socket settimeouts: expecting 4 arguments (including the object) but seen 3



=== TEST 3: receiveany, receiveuntil in pieces and whole
--- http_config eval: $::lua
--- config eval
$::peer . q{
    location = /t {
        content_by_lua_block {
            local sock = peer()
            sock:send("send abcdef--x--ghi--x\n")
            ngx.say(sock:receiveany(3))
            local reader = sock:receiveuntil("--x")
            local piece, err
            repeat
                piece, err = reader(2)
                ngx.say(piece, " ", err)
            until not piece
            ngx.say(sock:receiveuntil("--x", { inclusive = true })())
            ngx.say(sock:receiveuntil(""))
            ngx.say(pcall(sock.receiveuntil, sock, "x", { inclusive = 1 }))
            ngx.say(pcall(sock.receive, sock, "*x"))
            ngx.say(pcall(sock.receive, sock, -1))
        }
    }
}
--- request
GET /t
--- response_body
abc
de nil
f nil
nil nil
--ghi--x
nilpattern is empty
falsebad "inclusive" option value type: number
falsebad argument #1 to 'receive' (bad pattern argument: *x)
falsebad argument #1 to 'receive' (bad number argument)



=== TEST 4: the pool: reused, by name; not with unread input; closed by the peer
--- http_config eval: $::lua
--- config eval
$::peer . q{
    location = /t {
        content_by_lua_block {
            local sock = peer()
            ngx.say("first: ", sock:getreusedtimes(), " ", sock:setkeepalive(10000, 2))
            ngx.say("kept: ", sock:getreusedtimes())
            sock = peer()
            ngx.say("again: ", sock:getreusedtimes())
            ngx.say(sock:setkeepalive())
            sock = peer { pool = "mine" }
            ngx.say("mine: ", sock:getreusedtimes())
            sock:send("send one\\\\ntwo\n")
            sock:receive()
            ngx.say(sock:setkeepalive())
            sock:close()
            sock = peer()
            ngx.say("third: ", sock:getreusedtimes())
            sock:send("quit\n")
            ngx.sleep(0.3)
            ngx.say(sock:setkeepalive())
            sock = peer()
            ngx.say("new: ", sock:getreusedtimes())
        }
    }
}
--- request
GET /t
--- response_body
first: 0 1
kept: nilclosed
again: 1
1
mine: 0
nilunread data in buffer
third: 2
nilclosed
new: 0



=== TEST 5: a pool that is full queues, refuses, and hands on
--- http_config eval: $::lua
--- config eval
$::peer . q{
    location = /t {
        content_by_lua_block {
            local options = { pool_size = 1, backlog = 1, pool = "small" }
            local first = peer(options)
            local second = ngx.thread.spawn(function()
                local sock = peer(options)
                ngx.say("second: ", sock:getreusedtimes())
                sock:close()
            end)
            local sock = ngx.socket.tcp()
            ngx.say(sock:connect("127.0.0.1", ngx.var.server_port, options))
            ngx.say(first:setkeepalive())
            ngx.thread.wait(second)
            sock:settimeout(60000)
            ngx.say(sock:connect("127.0.0.1", ngx.var.server_port, options))
            local third = ngx.socket.tcp()
            third:settimeout(10)
            ngx.say(third:connect("127.0.0.1", ngx.var.server_port, options))
            for _, bad in ipairs { { pool_size = 0 }, { backlog = -1 }, { pool = {} } } do
                ngx.say(pcall(sock.connect, sock, "127.0.0.1", 1, bad))
            end
        }
    }
}
--- request
GET /t
--- response_body
niltoo many waiting connect operations
1
second: 1
1
niltimeout
falsebad argument #3 to 'connect' (bad "pool_size" option value: 0)
falsebad argument #3 to 'connect' (bad "backlog" option value: -1)
falsebad argument #3 to 'connect' (bad "pool" option type: table)



=== TEST 6: what cannot be connected
--- config
    location = /t {
        content_by_lua_block {
            local sock = ngx.socket.tcp()
            ngx.say(sock:connect("127.0.0.1", 1))
            ngx.say(sock:connect("unix:/nowhere/at/all"))
            ngx.say(sock:connect("127.0.0.1"))
            ngx.say(sock:connect("127.0.0.1", 70000))
            ngx.say(sock:connect("", 80))
            ngx.say(pcall(sock.connect, sock))
            ngx.say(sock:send("x"))
            ngx.say(sock:receive())
            ngx.say(sock:bind("not an address"))
            ngx.say(ngx.socket.connect("127.0.0.1", 1))
        }
    }
--- request
GET /t
--- response_body
nilconnection refused
nilno such file or directory
nilmissing the port number
nilbad port number: 70000
nilfailed to parse host name "": no host
falsengx.socket connect: expecting 2, 3, or 4 arguments (including the object), but seen 1
nilclosed
nilclosed
nilbad address
nilconnection refused
--- error_log
connect() failed (111: Connection refused), when connecting to 127.0.0.1:1
connect() to unix:/nowhere/at/all failed (2: No such file or directory)
attempt to send data on a closed socket
attempt to receive data on a closed socket



=== TEST 7: one reader at a time; a killed one leaves no trace
--- http_config eval: $::lua
--- config eval
$::peer . q{
    location = /t {
        content_by_lua_block {
            local sock = peer()
            local reader = ngx.thread.spawn(function()
                return sock:receive()
            end)
            ngx.say(sock:receive())
            ngx.say(sock:close())
            ngx.say(sock:setkeepalive())
            ngx.say(ngx.thread.kill(reader))
            sock:send("send now\\\\n\n")
            ngx.say(sock:receive())
        }
    }
}
--- request
GET /t
--- response_body
nilsocket busy reading
nilsocket busy reading
nilsocket busy reading
1
now



=== TEST 8: a socket belongs to its request and ends with it
--- http_config eval: $::lua
--- config eval
$::peer . q{
    location = /keep {
        content_by_lua_block {
            kept = peer()
            ngx.say("kept")
            ngx.flush(true)
            repeat ngx.sleep(0.01) until is_used
        }
    }
    location = /use {
        content_by_lua_block {
            ngx.say(pcall(kept.send, kept, "x"))
            ngx.say(pcall(kept.receive, kept))
            ngx.say(pcall(kept.close, kept))
            is_used = true
        }
    }
    location = /late {
        content_by_lua_block {
            ngx.sleep(0.4)
            ngx.say(kept:send("x"))
        }
    }
    location = /t {
        content_by_lua_block {
            local first = ngx.socket.tcp()
            first:connect("127.0.0.1", ngx.var.server_port)
            first:send("GET /keep HTTP/1.1\r\nHost: a\r\n\r\n")
            first:receiveuntil("kept")()
            for _, path in ipairs { "/use", "/late" } do
                local sock = ngx.socket.tcp()
                sock:connect("127.0.0.1", ngx.var.server_port)
                sock:send("GET " .. path .. " HTTP/1.0\r\n\r\n")
                sock:receiveuntil("\r\n\r\n")()
                ngx.print(sock:receive("*a"))
            end
        }
    }
}
--- request
GET /t
--- response_body
falsecontent_by_lua(nginx.conf:79):2: bad request
falsecontent_by_lua(nginx.conf:79):3: bad request
falsecontent_by_lua(nginx.conf:79):4: bad request
nilclosed



=== TEST 9: in a timer; options; Unix sockets; bind
--- http_config eval
$::lua . qq{
    server {
        listen unix:\$TEST_NGINX_SERVROOT/peer.sock;
        $::peer
    }
}
--- config
    location = /t {
        content_by_lua_block {
            local result
            ngx.timer.at(0, function()
                local sock = ngx.socket.tcp()
                local ok, err = sock:connect("unix:$TEST_NGINX_SERVROOT/peer.sock")
                sock:send("GET /peer HTTP/1.1\r\nHost: a\r\n\r\nsend x\\n\n")
                result = { ok, err, sock:receive(), sock:receive() }
            end)
            local sock = ngx.socket.tcp()
            ngx.say(select(2, pcall(sock.setoption, sock, "keepalive", true)))
            ngx.say(sock:bind("127.0.0.1"))
            ngx.say(sock:connect("127.0.0.1", ngx.var.server_port))
            ngx.say(sock:getoption("tcp-nodelay"), sock:send("GET "), sock:getoption("tcp-nodelay"))
            ngx.say(sock:setoption("keepalive", true), sock:getoption("keepalive"))
            ngx.say(sock:setoption())
            ngx.say(sock:getoption() == nil, sock:setoption("keepalive"))
            ngx.say(sock:setoption("nothing", 1))
            ngx.say(sock:getfd() > 0)
            while not result do
                ngx.sleep(0.01)
            end
            ngx.say(result[1], " ", result[3], " ", result[4])
        }
    }
    location = /slow {
        tcp_nodelay off;
        content_by_lua_block {
            local sock = ngx.socket.tcp()
            assert(sock:connect("127.0.0.1", ngx.var.server_port))
            ngx.say(sock:send("GET "), sock:getoption("tcp-nodelay"))
        }
    }
--- request eval
["GET /t", "GET /slow"]
--- response_body eval
["socket is never created nor connected
1
1
041
true1
nilmissing the \"option\" argument
truenilmissing the \"value\" argument
nilunsupported option nothing
true
1 ready x
", "40
"]



=== TEST 10: lines of the debug level about names and time limits
--- config
    lua_socket_send_timeout 1234;
    location = /t {
        content_by_lua_block {
            local sock = ngx.socket.tcp()
            ngx.say(sock:connect("localhost", ngx.var.server_port))
            ngx.say(sock:send("x"))
        }
    }
--- request
GET /t
--- response_body
1
1
--- error_log
resolve name done: found
lua tcp socket send timeout: 1234
--- no_error_log
[error]



=== TEST 11: wrong arguments, in the words of OpenResty; nothing is sent of a list that has a hole
--- http_config eval: $::lua
--- config eval
$::peer . q{
    lua_socket_log_errors off;
    location = /t {
        content_by_lua_block {
            local function raised(f, ...)
                local _, err = pcall(f, ...)
                ngx.say((tostring(err):gsub("^.-:%d+: ", "")))
            end
            raised(ngx.socket.tcp, 1)
            raised(ngx.socket.udp, 1, 2)
            local sock = ngx.socket.tcp()
            raised(sock.connect, "127.0.0.1", 80)
            for _, host in ipairs { "", "unix:", "[::1" } do
                ngx.say(select(2, sock:connect(host, 80)))
                ngx.say(select(2, ngx.socket.udp():setpeername(host, 80)))
            end
            raised(sock.sslhandshake, ngx.socket.tcp())
            sock = peer()
            raised(sock.sslhandshake, sock, nil, true)
            raised(sock.close, sock, 1)
            local late, unordered = { "a", "b" }, {}
            late[4] = "d"
            for i = 5, 1, -1 do
                unordered[i] = i == 5 and "!\\\\n\n" or "x"
            end
            for _, data in ipairs { { "a", nil, "b" }, late, { "a", x = 1 }, { x = 1 }, { "a", { y = 1 } }, { true } } do
                raised(sock.send, sock, data)
            end
            local taken = 0
            for name in ("abcdefghijklmnopqrstuvwxyz"):gmatch "." do
                local data = {}
                data[name] = "before or behind 1 in memory"
                data[1] = "x"
                taken = taken + (pcall(sock.send, sock, data) and 1 or 0)
            end
            ngx.say(taken, " taken")
            ngx.say(sock:send { "send ", {}, unordered }, sock:receive())
            ngx.say(sock:setkeepalive(-1))
            local reused = peer()
            ngx.say(reused:getreusedtimes())
            reused:send("quit\n")
            reused:receive()
            local sent, err
            repeat
                sent, err = reused:send("x")
                ngx.sleep(0.001)
            until not sent
            ngx.say(err)
        }
    }
}
--- request
GET /t
--- response_body
expecting zero arguments, but got 1
expecting zero arguments, but got 2
bad argument #1 to 'connect' (table expected, got string)
failed to parse host name "": no host
failed to parse host name "": no host
failed to parse host name "unix:": no path in the unix domain socket
failed to parse host name "unix:": no path in the unix domain socket
failed to parse host name "[::1": invalid host
failed to parse host name "[::1": invalid host
socket is never created nor connected
bad argument #2 to 'sslhandshake' (string expected, got boolean)
expecting 1 argument (including the object) but seen 2
bad argument #1 to 'send' (bad data type nil found)
bad argument #1 to 'send' (bad data type nil found)
bad argument #1 to 'send' (non-array table found)
bad argument #1 to 'send' (non-array table found)
bad argument #1 to 'send' (non-array table found)
bad argument #1 to 'send' (bad data type boolean found)
0 taken
13xxxx!
1
1
broken pipe



=== TEST 12: shutdown ends our side, and the peer may go on
--- http_config
    server {
        listen unix:$TEST_NGINX_HTML_DIR/half.sock;
        location / {
            content_by_lua_block {
                local sock = ngx.req.socket(true)
                local data = sock:receive("*a")
                sock:send("got " .. data)
            }
        }
    }
--- config
    location = /t {
        content_by_lua_block {
            local sock = ngx.socket.tcp()
            ngx.say(sock:shutdown("send"))
            ngx.say((select(2, pcall(sock.shutdown, sock, "receive"))))
            sock:settimeout(60000)
            ngx.say(sock:connect("unix:$TEST_NGINX_HTML_DIR/half.sock"))
            sock:send("GET / HTTP/1.1\r\nHost: a\r\n\r\nhalf")
            ngx.say(sock:shutdown("send"))
            ngx.say(sock:shutdown("send"))
            ngx.say(sock:send("more"))
            ngx.say(sock:setkeepalive())
            ngx.say(sock:receive("*a"))
            ngx.say(sock:close())
        }
    }
--- request
GET /t
--- response_body_like
^nilclosed
bad shutdown argument: receive
1
1
nilalready shutdown
nilclosed
nilclosed
got half
1$
--- error_log
lua shutdown socket write direction



=== TEST 13: an address to bind to that is not of this machine
--- config
    location = /t {
        content_by_lua_block {
            local sock = ngx.socket.tcp()
            ngx.say(sock:bind("192.0.2.1"))
            ngx.say(sock:connect("127.0.0.1", ngx.var.server_port))
        }
    }
--- request
GET /t
--- response_body
1
nilcannot assign requested address
--- error_log
[crit]
bind(192.0.2.1) failed (99: Cannot assign requested address), client: 127.0.0.1
--- no_error_log
[error]



=== TEST 14: a connection used before, which a request keeps until its end, leaves its place in a pool that queues
--- http_config eval: $::lua
--- config eval
$::peer . q{
    location = /keep {
        content_by_lua_block {
            local sock = peer { pool_size = 1, backlog = 1, pool = "small" }
            ngx.say("kept: ", sock:getreusedtimes(), " ", sock:setkeepalive())
        }
    }
    location = /leave {
        content_by_lua_block {
            local sock = ngx.socket.tcp()
            sock:settimeout(500)
            ngx.say(sock:connect("127.0.0.1", ngx.var.server_port, { pool_size = 1, backlog = 1, pool = "small" }))
            ngx.say("left: ", sock:getreusedtimes())
        }
    }
}
--- request eval
["GET /keep", "GET /leave", "GET /leave", "GET /keep"]
--- response_body eval
["kept: 0 1\n", "1\nleft: 1\n", "1\nleft: 0\n", "kept: 0 1\n"]



=== TEST 15: setkeepalive says what is no size of a pool, whether the pool is there or not
--- config
    location = /t {
        content_by_lua_block {
            local function try()
                local sock = ngx.socket.tcp()
                assert(sock:connect("127.0.0.1", $TEST_NGINX_SERVER_PORT))
                ngx.say(select(2, pcall(sock.setkeepalive, sock, 10, "not a number")))
                ngx.say(sock:setkeepalive(1000, 5))
            end
            try()
            try()
        }
    }
--- request
GET /t
--- response_body
bad argument #2 to 'setkeepalive' (number expected, got string)
1
bad argument #2 to 'setkeepalive' (number expected, got string)
1
--- no_error_log
[error]
