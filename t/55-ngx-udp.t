# ngx.socket.udp: messages to and from one peer.
use Test::Nginx::Socket 'no_plan';

no_root_location();
run_tests();

__DATA__

=== TEST 1: messages both ways, cut ones, empty ones, timeouts
--- config
    lua_socket_log_errors off;
    location = /t {
        content_by_lua_block {
            local port = tonumber(ngx.var.arg_port)
            local sock = ngx.socket.udp()
            ngx.say(sock:send("x"))
            ngx.say(sock:receive())
            ngx.say(sock:setpeername("127.0.0.1", port))
            sock:settimeout(60000)
            ngx.say(sock:send({ "hello", " ", { 1 } }))
            ngx.say(sock:receive())
            sock:send("longer than four")
            ngx.say(sock:receive(4))
            sock:send("next")
            ngx.say(sock:receive())
            sock:send("")
            ngx.say(#sock:receive())
            sock:settimeout(10)
            ngx.say(sock:receive())
            ngx.say(pcall(sock.send, sock, print))
            local round = {} round[1] = round
            for _, data in ipairs { { true }, { "a", nil, "b" }, { x = 1 }, round } do
                ngx.say(pcall(sock.send, sock, data))
            end
            ngx.say(sock:send(("x"):rep(70000)))
            sock:settimeout(60000)
            sock:send(("x"):rep(9000))
            ngx.say(#sock:receive())
            sock:send("whole")
            ngx.say(sock:receive(-1))
            ngx.say(sock:close())
            ngx.say(sock:close())
            ngx.say(pcall(sock.setpeername, sock, "127.0.0.1"))
            ngx.say(sock:setpeername("127.0.0.1", 70000))
        }
    }
--- exec
perl -MSocket -e '
socket(S, AF_INET, SOCK_DGRAM, 0); bind(S, sockaddr_in(0, INADDR_LOOPBACK));
my ($port) = sockaddr_in(getsockname(S));
$SIG{ALRM} = sub { exit 1 }; alarm 20;
unless (my $pid = fork) {
    for (1 .. 6) { my $from = recv(S, my $m, 65535, 0); send(S, $m, 0, $from) }
    exit 0;
}
print `curl -s --max-time 100 "http://127.0.0.1:$ENV{TEST_NGINX_SERVER_PORT}/t?port=$port"`; wait'
--- exec_out
nilclosed
nilclosed
1
1
hello 1
long
next
0
niltimeout
falsebad argument #1 to 'send' (string, number, boolean, nil, or array table expected, got function)
falsebad argument #1 to 'send' (bad data type boolean found)
falsebad argument #1 to 'send' (bad data type nil found)
falsebad argument #1 to 'send' (non-array table found)
falsebad argument #1 to 'send' (string, number, boolean, nil, or array table expected, got table nested too deeply)
nilmessage too long
9000
whole
1
nilclosed
falseexpecting 3 arguments (including the object), but seen 2
nilbad port number: 70000



=== TEST 2: names, nobody there, Unix sockets
--- config
    lua_socket_log_errors off;
    location = /t {
        content_by_lua_block {
            local sock = ngx.socket.udp()
            ngx.say(sock:setpeername("localhost", 1))
            ngx.say(sock:send("x"))
            sock:settimeout(60000)
            ngx.say(sock:receive())
            ngx.say(sock:setpeername("unix:/nowhere/at/all"))
            local reader = ngx.thread.spawn(function()
                sock:setpeername("127.0.0.1", 1)
                sock:settimeout(50)
                return sock:receive()
            end)
            ngx.say(sock:receive())
            ngx.say(sock:close())
            ngx.thread.wait(reader)
        }
    }
--- request
GET /t
--- response_body
1
1
nilconnection refused
nilno such file or directory
nilsocket busy
nilsocket busy



=== TEST 4: a socket of another request is refused, and is closed once that is over
--- config
    location = /owner {
        content_by_lua_block {
            local state = package.loaded.state
            local sock = ngx.socket.udp()
            sock:setpeername("127.0.0.1", $TEST_NGINX_SERVER_PORT)
            state.sock = sock
            repeat ngx.sleep(0.001) until state.is_done
            ngx.say("owner: ", sock:send "mine")
        }
    }
    location = /other {
        content_by_lua_block {
            local state = package.loaded.state
            repeat ngx.sleep(0.001) until state.sock
            for _, call in ipairs { { "setpeername", "127.0.0.1", 9 }, { "send", "x" }, { "receive" }, { "close" } } do
                ngx.say(call[1], ": ", pcall(function() return state.sock[call[1]](state.sock, unpack(call, 2)) end))
            end
            state.is_done = true
        }
    }
    location = /t {
        content_by_lua_block {
            package.loaded.state = {}
            local owner, other = ngx.location.capture_multi { { "/owner" }, { "/other" } }
            ngx.print(other.body, owner.body)
            local sock = package.loaded.state.sock
            ngx.say("later: ", pcall(function() sock:send("x") end))
            ngx.say("later: ", pcall(function() sock:receive() end))
        }
    }
--- request
GET /t
--- response_body
setpeername: falsecontent_by_lua(nginx.conf:50):5: bad request
send: falsecontent_by_lua(nginx.conf:50):5: bad request
receive: falsecontent_by_lua(nginx.conf:50):5: bad request
close: falsecontent_by_lua(nginx.conf:50):5: bad request
owner: 1
later: falsecontent_by_lua(nginx.conf:60):6: bad request
later: falsecontent_by_lua(nginx.conf:60):7: bad request



=== TEST 5: what is sent is told in the log
--- config
    location = /t {
        content_by_lua_block {
            local sock = ngx.socket.udp()
            sock:setpeername("127.0.0.1", 9)
            ngx.say(sock:send("four"))
        }
    }
--- request
GET /t
--- response_body
1
--- error_log eval
qr/send: fd:\d+ 4 of 4/



=== TEST 6: an address to bind to that is not of this machine
--- config
    location = /t {
        content_by_lua_block {
            local sock = ngx.socket.udp()
            ngx.say(sock:bind("192.0.2.1"))
            ngx.say(sock:setpeername("127.0.0.1", 9))
        }
    }
--- request
GET /t
--- response_body
1
nilcannot assign requested address
--- error_log
bind(192.0.2.1) failed (99: Cannot assign requested address), client: 127.0.0.1
--- no_error_log
[error]



=== TEST 7: ip-transparent: of datagrams, and of connections to come
--- config
    location = /t {
        content_by_lua_block {
            for _, new in ipairs { ngx.socket.udp, ngx.socket.tcp } do
                local sock = new()
                ngx.say(sock:setoption("ip-transparent"), " ", sock:setoption("ip-transparent", true))
                ngx.say((sock.setpeername or sock.connect)(sock, "127.0.0.1", tonumber(ngx.var.server_port)))
            end
            ngx.say(ngx.socket.udp():setoption("nothing", true))
            local foreign = ngx.socket.udp()
            foreign:bind("192.0.2.1")
            foreign:setoption("ip-transparent", true)
            local ok, err = foreign:setpeername("127.0.0.1", 9)
            ngx.say(ok or (err:find "permitted" and 1 or err)) -- it takes a right
        }
    }
--- request
GET /t
--- response_body
nil 1
1
nil 1
1
nilunsupported option nothing
1
--- log_level: debug
--- error_log
lua set UDP upstream with IP_TRANSPARENT
lua set TCP upstream with IP_TRANSPARENT
--- no_error_log
[error]
