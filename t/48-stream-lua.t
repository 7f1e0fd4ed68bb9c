# stream { }: sessions that Lua serves, their phases, variables, logs, and the rules of a server's life.
use Test::Nginx::Socket 'no_plan';

no_shuffle();
run_tests();

__DATA__

=== TEST 1: a session from its preread to its log, with the same ctx in all
--- stream_config
    log_format stream '$protocol $status $bytes_received $bytes_sent [$session_time] $server_port';
    access_log logs/access.log stream;
--- stream_server_config
    preread_by_lua_block { ngx.ctx.n = 1; ngx.log(ngx.WARN, "in ", ngx.get_phase()) }
    content_by_lua_block {
        local sock = assert(ngx.req.socket())
        ngx.ctx.n = ngx.ctx.n + 1
        ngx.say("from ", ngx.var.remote_addr, " by ", ngx.var.protocol)
        local line = sock:receive()
        sock:send { "you said ", line, "\n" }
        ngx.print(sock:receive("*a"), "|")
        ngx.sleep(0.001)
        ngx.say(ngx.get_phase(), " ", ngx.flush(true), " ", ngx.var.bytes_received)
    }
    log_by_lua_block { ngx.log(ngx.WARN, "n is ", ngx.ctx.n, " in ", ngx.get_phase(), " with ", ngx.var.status) }
--- stream_request eval
"a line\r\nthe rest"
--- shutdown: 1
--- stream_response eval
"from 127.0.0.1 by TCP\nyou said a line\nthe rest|content 1 16\n"
--- error_log
in preread
n is 2 in log with 200
--- access_log
TCP 200 16 60 [0.
--- no_error_log
[error]



=== TEST 2: what a handler is given, and that of a module
--- user_files
>>> echo.lua
return {
    handler = function(stream, info)
        stream:put { info.peer.host, " ", type(info.peer.port), " ", tostring(info.local_address.port == info.port), "\n" }
        for chunk in stream:each() do
            stream:put(chunk:upper())
        end
    end,
    broken = function() error "no luck" end,
}
--- stream_config
    lua_package_path "$prefix/html/?.lua;;";
--- stream_server_config
    handler echo;
--- stream_request: hello
--- shutdown: 1
--- stream_response eval
"127.0.0.1 number false\nHELLO"



=== TEST 3: a handler that fails resets the connection, and the log says why
--- user_files
>>> echo.lua
return { broken = function() error "no luck" end }
--- stream_config
    lua_package_path "$prefix/html/?.lua;;";
--- stream_server_config
    handler echo.broken;
    log_by_lua_block { ngx.log(ngx.WARN, "status ", ngx.var.status) }
--- stream_request
hello
--- stream_response:
--- error_log
no luck
status 500



=== TEST 4: ngx.exit ends the session with a status; ngx.OK in preread goes on
--- stream_server_config
    preread_by_lua_block {
        ngx.exit(ngx.OK)
        ngx.say "never"
    }
    content_by_lua_block {
        ngx.say "before"
        ngx.exit(503)
        ngx.say "after"
    }
    log_by_lua_block { ngx.log(ngx.WARN, "status ", ngx.var.status) }
--- stream_response
before
--- error_log
status 503
--- no_error_log
[error]



=== TEST 5: an exit in preread, and no content
--- stream_server_config
    preread_by_lua_block { ngx.say "go away"; ngx.exit(403) }
    content_by_lua_block { ngx.say "never" }
    log_by_lua_block { ngx.log(ngx.WARN, "status ", ngx.var.status) }
--- stream_response
go away
--- error_log
status 403



=== TEST 6: what belongs to requests is refused, what belongs to both works
--- stream_config
    lua_shared_dict seen 100k;
    map $server_addr $where { 127.0.0.1 here; default there; }
--- stream_server_config
    content_by_lua_block {
        local function refused(fn, ...)
            local ok, err = pcall(fn, ...)
            ngx.say(ok, " ", err)
        end
        refused(ngx.location.capture, "/")
        refused(ngx.redirect, "/")
        refused(ngx.exec, "/")
        refused(ngx.req.read_body)
        ngx.shared.seen:set("a", 1)
        ngx.say(ngx.shared.seen:get "a", " ", ngx.var.where, " ", ngx.var.uri, " ", ngx.config.subsystem)
        local t = ngx.thread.spawn(function() ngx.sleep(0.001) return "thread" end)
        ngx.say(ngx.thread.wait(t))
        ngx.say(ngx.req.socket() ~= nil, " ", select(2, ngx.req.socket()))
    }
--- stream_response
false API disabled in the context of content_by_lua*
false API disabled in the context of content_by_lua*
false API disabled in the context of content_by_lua*
false API disabled in the context of content_by_lua*
1 here nil stream
truethread
true duplicate call



=== TEST 7: Lua that fails ends the session with 500
--- stream_server_config
    content_by_lua_block { ngx.say "so far"; error "broken" }
    log_by_lua_block { ngx.log(ngx.WARN, "status ", ngx.var.status) }
--- stream_response
so far
--- error_log
broken
status 500



=== TEST 8: init code of http and of stream, in one machine
--- http_config
    init_by_lua_block { order = "http" }
    init_worker_by_lua_block { order = order .. " worker" }
--- stream_config
    init_by_lua_block { order = order .. " stream" }
    init_worker_by_lua_block { order = order .. " of stream" }
--- stream_server_config
    content_by_lua_block { ngx.say(order) }
--- stream_response
http stream worker of stream



=== TEST 9: end of our side while the client goes on
--- stream_server_config
    content_by_lua_block {
        local sock = ngx.req.socket()
        ngx.say "enough"
        ngx.flush(true)
        ngx.log(ngx.WARN, "shutdown: ", sock:shutdown "send")
        ngx.log(ngx.WARN, "again: ", select(2, sock:shutdown "send"))
        ngx.log(ngx.WARN, "say: ", select(2, ngx.say "more"))
        ngx.log(ngx.WARN, "send: ", select(2, sock:send "more"))
        ngx.log(ngx.WARN, "got ", #sock:receive "*a")
    }
--- exec
perl -MIO::Socket::INET -e '$s = IO::Socket::INET->new("127.0.0.1:$TEST_NGINX_STREAM_PORT"); print <$s>; print $s "x" x 300000; close $s'
until grep -q 'got 300000' $TEST_NGINX_SERVER_ROOT/logs/error.log; do sleep 0.02; done
--- exec_out
enough
--- error_log
shutdown: 1
again: already shutdown
say: seen eof
send: closed
got 300000



=== TEST 10: a server must be complete
--- stream_server_config
    preread_timeout 1s;
--- must_die
--- error_log
no handler for server



=== TEST 11: an address is of http or of stream
--- stream_config
    server { listen 127.0.0.1:$TEST_NGINX_SERVER_PORT; content_by_lua_block { ngx.say "no" } }
--- config
    listen 127.0.0.1:$TEST_NGINX_SERVER_PORT;
--- must_die
--- error_log
is listened on in http and in stream



=== TEST 12: a session without "listen"
--- stream_config
    server { content_by_lua_block { ngx.say "no" } }
--- must_die
--- error_log
no "listen" is defined for server in stream



=== TEST 13: ssl_preread looks at a handshake and leaves it where it is
--- stream_server_config
    ssl_preread on;
    content_by_lua_block {
        ngx.log(ngx.WARN, "name ", ngx.var.ssl_preread_server_name, ", alpn ", ngx.var.ssl_preread_alpn_protocols,
            ", ", ngx.var.ssl_preread_protocol)
        ngx.log(ngx.WARN, "first byte ", ngx.req.socket():receive(1):byte())
    }
--- exec
echo | timeout 100 openssl s_client -connect 127.0.0.1:$TEST_NGINX_STREAM_PORT -servername db.example.org -alpn h2,http/1.1 >/dev/null 2>&1; echo done
--- exec_out
done
--- error_log
name db.example.org, alpn h2,http/1.1, TLSv1.3
first byte 22



=== TEST 14: ssl_preread of a client that speaks something else, or too slowly
--- stream_server_config
    ssl_preread on;
    preread_timeout 50ms;
    content_by_lua_block { ngx.say("name ", ngx.var.ssl_preread_server_name, ", ", ngx.req.socket():receive(2)) }
    log_by_lua_block { ngx.log(ngx.WARN, "status ", ngx.var.status, " of ", ngx.var.bytes_received) }
--- stream_request: hi
--- exec
timeout 100 perl -MIO::Socket::INET -e '$s = IO::Socket::INET->new(PeerAddr => "127.0.0.1:$TEST_NGINX_STREAM_PORT"); print $s "\x16\x03"; print unpack "H*", join "", <$s>'
--- exec_out:
--- stream_response
name nil, hi
--- error_log
preread timed out
status 200 of 2



=== TEST 15: ssl_preread that needs more than there is room for
--- stream_server_config
    ssl_preread on;
    preread_buffer_size 16;
    content_by_lua_block { ngx.say "never" }
    log_by_lua_block { ngx.log(ngx.WARN, "status ", ngx.var.status) }
--- stream_request eval
"\x16\x03\x01\x02\x00\x01\x00\x01\xfc" . ("x" x 100)
--- stream_response:
--- error_log
preread buffer full
status 400



=== TEST 16: peek leaves what it looks at, until something has been read
--- stream_server_config
    preread_by_lua_block {
        local sock = ngx.req.socket()
        ngx.ctx.sock = sock
        ngx.say(sock:peek(1), " ", sock:peek(5))
        ngx.say(sock:receive(2), " ", select(2, pcall(sock.peek, sock, 1)):match "attempt.*")
    }
    content_by_lua_block {
        ngx.say(ngx.ctx.sock:receive "*a")
        ngx.say(pcall(ngx.ctx.sock.peek, ngx.ctx.sock, 1))
    }
--- stream_request: abcdefg
--- shutdown: 1
--- stream_response
a abcde
ab attempt to peek on a consumed socket
cdefg
falseAPI disabled in the context of content_by_lua*



=== TEST 17: peek beyond preread_buffer_size, and for longer than preread_timeout
--- stream_config
    preread_timeout 50ms;
--- stream_server_config
    preread_by_lua_block { ngx.req.socket():peek(2) }
    content_by_lua_block { ngx.say "never" }
    log_by_lua_block { ngx.log(ngx.WARN, "first: status ", ngx.var.status) }
--- stream_server_config2
    preread_buffer_size 8;
    preread_by_lua_block { ngx.req.socket():peek(9) }
    content_by_lua_block { ngx.say "never" }
    log_by_lua_block { ngx.log(ngx.WARN, "second: status ", ngx.var.status) }
--- stream_request: x
--- stream_response:
--- config
    location = /t {
        content_by_lua_block {
            local c = ngx.socket.connect("127.0.0.1", $TEST_NGINX_STREAM_PORT + 1)
            ngx.say(c:receive())
        }
    }
--- request
GET /t
--- response_body
nilclosed
--- error_log
first: status 200
second: status 400
preread buffer full



=== TEST 18: sessions count against worker_connections; who is too many waits
--- worker_connections: 4
--- stream_server_config
    content_by_lua_block { ngx.say "in" ngx.flush(true) ngx.req.socket():receive() }
--- config
    lua_socket_log_errors off;
    location = /t {
        content_by_lua_block {
            local function open()
                local sock = ngx.socket.connect("127.0.0.1", $TEST_NGINX_STREAM_PORT)
                sock:settimeout(50)
                return sock
            end
            local socks = {}
            for i = 1, 3 do
                socks[i] = open()
                ngx.say(socks[i]:receive())
            end
            local late = open()
            ngx.say((select(2, late:receive())))
            socks[1]:close()
            late:settimeout(0)
            ngx.say(late:receive())
        }
    }
--- request
GET /t
--- response_body
in
in
in
timeout
in
--- error_log
worker_connections are not enough



=== TEST 19: who connects is told at the level info
--- stream_server_config
    return "ok";
--- stream_response: ok
--- log_level: info
--- error_log eval
qr/\[info\] .*? client 127.0.0.1:\d+ connected to /



=== TEST 20: Lua of stream that runs before there are sessions, and its timers, go by what stream says
--- http_config
    lua_socket_connect_timeout 7s;
    init_worker_by_lua_block { ngx.timer.at(0, function() ngx.log(ngx.WARN, "timer of ", ngx.config.subsystem) end) }
--- stream_config
    lua_socket_log_errors off;
    lua_socket_connect_timeout 8s;
    init_by_lua_block { first = ngx.config.subsystem }
    init_worker_by_lua_block {
        second = ngx.config.subsystem
        ngx.timer.at(0, function()
            third = ngx.config.subsystem
            fourth = select(2, ngx.socket.tcp():connect("127.0.0.1", 1))
        end)
    }
--- stream_server_config
    content_by_lua_block {
        repeat ngx.sleep(0.001) until fourth
        ngx.say(first, " ", second, " ", third, " ", fourth)
    }
--- stream_response
stream stream stream connection refused
--- error_log
timer of http
lua tcp socket connect timeout: 8000
--- no_error_log
connect() failed



=== TEST 21: lua_add_variable: not found until Lua has set it; another word for it changes nothing
--- stream_config
    lua_add_variable $mine;
    lua_add_variable $mine;
    lua_add_variable $protocol;
    log_format added "mine is <$mine>";
    access_log logs/access.log added;
--- stream_server_config
    preread_by_lua_block {
        ngx.ctx.before = tostring(ngx.var.mine)
        ngx.var.mine = "set"
        ngx.ctx.between = ngx.var.mine
        ngx.var.mine = nil
        ngx.ctx.after = tostring(ngx.var.mine)
        ngx.var.mine = "again"
    }
    content_by_lua_block { ngx.say(ngx.ctx.before, " ", ngx.ctx.between, " ", ngx.ctx.after, " ", ngx.var.mine, " ", ngx.var.protocol) }
--- stream_response
nil set nil again TCP
--- access_log
mine is <again>
--- no_error_log
[warn]



=== TEST 22: a variable has a name
--- stream_config
    lua_add_variable mine;
--- stream_server_config
    return "";
--- must_die
--- error_log
invalid variable name "mine"



=== TEST 23: sizes of nginx's tables and caches that are not needed are taken, here as in http
--- http_config
    ssl_certificate_cache max=10 valid=1m; open_log_file_cache max=10; proxy_ssl_certificate_cache off;
    server_names_hash_bucket_size 64; server_names_hash_max_size 512;
--- stream_config
    variables_hash_max_size 1024; variables_hash_bucket_size 64; map_hash_max_size 2k; map_hash_bucket_size 64;
    server_names_hash_bucket_size 64; server_names_hash_max_size 512;
--- stream_server_config
    open_log_file_cache max=1000 inactive=20s valid=1m min_uses=2; ssl_certificate_cache max=1000 inactive=20s valid=1m;
    proxy_ssl_certificate_cache max=10;
    return "ok";
--- stream_response: ok



=== TEST 24: more is said than the client takes at once: who says it waits; one that takes nothing is told in the log as timed out
--- stream_server_config
    lua_socket_send_timeout 150ms;
    content_by_lua_block {
        for i = 1, 5 do
            ngx.print(("x"):rep(5e6))
        end
        ngx.log(ngx.WARN, "flushed: ", ngx.flush(true))
    }
--- exec
take() {
    timeout 20 perl -MIO::Socket::INET -e '$s = IO::Socket::INET->new("127.0.0.1:$TEST_NGINX_STREAM_PORT"); '"$1"
}
take 'select undef, undef, undef, 0.05; while (sysread $s, $b, 100000) { $n += length $b } print "$n\n"'
take 'until ($n) { open F, "$TEST_NGINX_SERVER_ROOT/logs/error.log"; $n = grep /flushed: nil/, <F>; select undef, undef, undef, 0.05; }'
echo done
--- exec_out
25000000
done
--- error_log
flushed: 1
flushed: niltimeout
client timed out (110: Connection timed out)
--- no_error_log
[error]
