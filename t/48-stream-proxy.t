# stream { }: sessions passed on to servers, the groups of servers, what goes wrong, and TLS on both sides.
use Test::Nginx::Socket 'no_plan';

our $First = <<'_EOC_';
listen 127.0.0.1:$TEST_NGINX_RAND_PORT_1;
content_by_lua_block {
    local sock = ngx.req.socket()
    for line in function() return (sock:receive()) end do
        sock:send { "first got ", line, "\n" }
    end
    ngx.say "first ends"
}
_EOC_
our $Second = <<'_EOC_';
listen 127.0.0.1:$TEST_NGINX_RAND_PORT_2;
content_by_lua_block {
    local sock = ngx.req.socket()
    for line in function() return (sock:receive()) end do
        sock:send { "second got ", line, "\n" }
    end
}
_EOC_
add_block_preprocessor(sub {
    my $block = shift;
    if (!defined $block->stream_server_config2) {
        $block->set_value("stream_server_config2", $First);
    }
    if (!defined $block->stream_server_config3) {
        $block->set_value("stream_server_config3", $Second);
    }
});

no_shuffle();
run_tests();

__DATA__

=== TEST 1: both ways, half-closed, and what the log says
--- stream_config
    log_format proxied '$status [$upstream_addr] $bytes_received/$bytes_sent $upstream_bytes_sent/$upstream_bytes_received';
--- stream_server_config
    proxy_pass 127.0.0.1:$TEST_NGINX_RAND_PORT_1;
    proxy_half_close on;
    access_log logs/access.log proxied;
--- stream_request
one
two
--- shutdown: 1
--- stream_response
first got one
first got two
first ends
--- access_log
200 [127.0.0.1:
] 8/39 8/39
--- no_error_log
[error]



=== TEST 2: without proxy_half_close the end of one side is that of both
--- stream_server_config
    proxy_pass 127.0.0.1:$TEST_NGINX_RAND_PORT_3;
--- stream_config
    server {
        listen 127.0.0.1:$TEST_NGINX_RAND_PORT_3;
        content_by_lua_block {
            local sock = ngx.req.socket()
            ngx.log(ngx.WARN, "read ", sock:receive "*a")
        }
    }
--- exec
perl -MIO::Socket::INET -e '$s = IO::Socket::INET->new("127.0.0.1:$TEST_NGINX_STREAM_PORT"); print $s "the end"; shutdown($s, 1); print <$s>'
until grep -q 'read the end' $TEST_NGINX_SERVER_ROOT/logs/error.log; do sleep 0.02; done
--- exec_out:
--- error_log
read the end



=== TEST 3: a group is served in turn, by weight
--- stream_config
    upstream both {
        server 127.0.0.1:$TEST_NGINX_RAND_PORT_1 weight=2;
        server 127.0.0.1:$TEST_NGINX_RAND_PORT_2;
    }
--- stream_server_config
    proxy_pass both;
    proxy_half_close on;
--- config
    location = /t {
        content_by_lua_block {
            for i = 1, 6 do
                local sock = ngx.socket.connect("127.0.0.1", $TEST_NGINX_STREAM_PORT)
                sock:send "x\n"
                ngx.say(sock:receive())
                sock:close()
            end
        }
    }
--- request
GET /t
--- response_body
first got x
second got x
first got x
first got x
second got x
first got x



=== TEST 4: the next server when one refuses, and backups; a group behind the server that names it
--- stream_config
    log_format proxied '$status [$upstream_addr] $bytes_received/$bytes_sent $upstream_bytes_sent/$upstream_bytes_received';
    server { listen 127.0.0.1:$TEST_NGINX_RAND_PORT_4; proxy_pass group; proxy_half_close on; access_log logs/access.log proxied; }
    upstream group {
        server 127.0.0.1:$TEST_NGINX_RAND_PORT_5;
        server 127.0.0.1:$TEST_NGINX_RAND_PORT_1 down;
        server 127.0.0.1:$TEST_NGINX_RAND_PORT_2 backup;
    }
--- stream_server_config
    proxy_pass 127.0.0.1:$TEST_NGINX_RAND_PORT_4;
    proxy_half_close on;
--- stream_request
a
--- shutdown: 1
--- stream_response
second got a
--- access_log
200 [127.0.0.1:
, 127.0.0.1:
] 2/13 0, 2/0, 13
--- error_log
while connecting to upstream



=== TEST 5: nobody answers
--- stream_server_config
    proxy_pass 127.0.0.1:$TEST_NGINX_RAND_PORT_5;
    log_by_lua_block { ngx.log(ngx.WARN, "status ", ngx.var.status, " ", ngx.var.upstream_connect_time) }
--- stream_response:
--- error_log
connect() failed (111: Connection refused)
status 502 -



=== TEST 6: proxy_next_upstream off, and tries
--- stream_config
    upstream group { server 127.0.0.1:$TEST_NGINX_RAND_PORT_5 max_fails=0; server 127.0.0.1:$TEST_NGINX_RAND_PORT_1 backup; }
    server {
        listen 127.0.0.1:$TEST_NGINX_RAND_PORT_6;
        proxy_pass group;
        proxy_next_upstream_tries 1;
        log_by_lua_block { ngx.log(ngx.WARN, "second: status ", ngx.var.status) }
    }
--- stream_server_config
    proxy_pass group;
    proxy_next_upstream off;
    log_by_lua_block { ngx.log(ngx.WARN, "first: status ", ngx.var.status) }
--- config
    location = /t {
        content_by_lua_block {
            local c = ngx.socket.connect("127.0.0.1", $TEST_NGINX_RAND_PORT_6)
            ngx.say(c:receive())
        }
    }
--- request
GET /t
--- response_body
nilclosed
--- stream_response:
--- error_log
first: status 502
second: status 502



=== TEST 7: the target from a variable that preread has set, and from ssl_preread by map
--- stream_config
    upstream by_name { server 127.0.0.1:$TEST_NGINX_RAND_PORT_2; }
    map $ssl_preread_server_name $by_sni { db.example.org by_name; default 127.0.0.1:$TEST_NGINX_RAND_PORT_1; }
    server {
        listen 127.0.0.1:$TEST_NGINX_RAND_PORT_6;
        ssl_preread on;
        proxy_pass $by_sni;
        log_by_lua_block { ngx.log(ngx.WARN, "to ", ngx.var.upstream_addr == "127.0.0.1:$TEST_NGINX_RAND_PORT_2") }
    }
--- stream_server_config
    set $target nothing;
    preread_by_lua_block {
        local sock = ngx.req.socket()
        ngx.var.target = sock:peek(1) == "2" and "by_name" or "127.0.0.1:$TEST_NGINX_RAND_PORT_1"
    }
    proxy_pass $target;
    proxy_half_close on;
--- stream_request
2 please
--- shutdown: 1
--- stream_response
second got 2 please
--- exec
printf 'x\n' | timeout 100 openssl s_client -connect 127.0.0.1:$TEST_NGINX_RAND_PORT_6 -servername db.example.org >/dev/null 2>&1; echo done
--- exec_out
done
--- error_log
to true



=== TEST 8: much data both ways through a small buffer, to slow readers
--- stream_config
    server {
        listen 127.0.0.1:$TEST_NGINX_RAND_PORT_3;
        content_by_lua_block {
            local sock, n = ngx.req.socket(), 0
            while true do
                local data, err, part = sock:receive(100000)
                data = data or part
                n = n + #data
                ngx.print(data)
                ngx.flush(true)
                if err then break end
            end
            ngx.log(ngx.WARN, "echoed ", n)
        }
    }
--- stream_server_config
    proxy_pass 127.0.0.1:$TEST_NGINX_RAND_PORT_3;
    proxy_buffer_size 4k;
    proxy_half_close on;
    log_by_lua_block { ngx.log(ngx.WARN, "passed ", ngx.var.bytes_received, " ", ngx.var.bytes_sent) }
--- stream_request eval
"0123456789abcdef" x 250000
--- shutdown: 1
--- stream_response eval
"0123456789abcdef" x 250000
--- error_log
echoed 4000000
passed 4000000 4000000



=== TEST 9: idling ends both
--- stream_server_config
    proxy_pass 127.0.0.1:$TEST_NGINX_RAND_PORT_1;
    proxy_timeout 500ms;
    log_by_lua_block { ngx.log(ngx.WARN, "status ", ngx.var.status) }
--- config
    location = /t {
        content_by_lua_block {
            local c = ngx.socket.connect("127.0.0.1", $TEST_NGINX_STREAM_PORT)
            c:settimeout(60000)
            c:send("a\n")
            ngx.say(c:receive(), " ", c:receive())
        }
    }
--- request
GET /t
--- response_body
first got a nilclosed
--- error_log
connection timed out while proxying connection
status 200



=== TEST 10: return and set
--- stream_server_config
    set $greeting "hello";
    return "$greeting $remote_addr\n";
--- stream_response
hello 127.0.0.1



=== TEST 11: configurations that are not right
--- stream_config
    server { listen 127.0.0.1:$TEST_NGINX_RAND_PORT_3; proxy_pass 127.0.0.1; }
--- must_die
--- error_log
invalid host or no port in upstream "127.0.0.1"



=== TEST 12: a server of a group without its port
--- stream_config
    upstream group { server 127.0.0.1; }
--- must_die
--- error_log
invalid host or no port in upstream "127.0.0.1"



=== TEST 13: least_conn, hash and random two look at connections that are open
--- stream_config
    upstream least { least_conn; server 127.0.0.1:$TEST_NGINX_RAND_PORT_1; server 127.0.0.1:$TEST_NGINX_RAND_PORT_2; }
    upstream hashed { hash $remote_addr consistent; server 127.0.0.1:$TEST_NGINX_RAND_PORT_1; server 127.0.0.1:$TEST_NGINX_RAND_PORT_2; }
    upstream random { random two least_conn; server 127.0.0.1:$TEST_NGINX_RAND_PORT_1; server 127.0.0.1:$TEST_NGINX_RAND_PORT_2; }
    server { listen 127.0.0.1:$TEST_NGINX_RAND_PORT_4; proxy_pass least; }
    server { listen 127.0.0.1:$TEST_NGINX_RAND_PORT_5; proxy_pass hashed; }
    server { listen 127.0.0.1:$TEST_NGINX_RAND_PORT_6; proxy_pass random; }
--- stream_server_config
    return "";
--- config
    location = /t {
        content_by_lua_block {
            local function open(port)
                local sock = ngx.socket.connect("127.0.0.1", port)
                sock:send "x\n"
                return sock, (sock:receive():match "%w+")
            end
            local a, first = open($TEST_NGINX_RAND_PORT_4)
            local b, second = open($TEST_NGINX_RAND_PORT_4)
            ngx.say("least: ", first ~= second)
            ;(first == "first" and a or b):close()
            repeat
                local c, name = open($TEST_NGINX_RAND_PORT_4)
                c:close()
            until name == "first" -- the server may hear of the end a turn later
            ngx.say "least: back to the one that is free"
            local _, one = open($TEST_NGINX_RAND_PORT_5)
            local _, other = open($TEST_NGINX_RAND_PORT_5)
            ngx.say("hashed: ", one == other)
            local n = { first = 0, second = 0 }
            local kept = {}
            for i = 1, 20 do
                local sock, name = open($TEST_NGINX_RAND_PORT_6)
                kept[i] = sock
                n[name] = n[name] + 1
            end
            ngx.say("random: ", n.first >= 4 and n.second >= 4)
        }
    }
--- request
GET /t
--- response_body
least: true
least: back to the one that is free
hashed: true
random: true



=== TEST 14: max_fails and fail_timeout leave a server out, and its failures are forgotten
--- stream_config
    upstream group {
        server 127.0.0.1:$TEST_NGINX_RAND_PORT_5 max_fails=2 fail_timeout=1h;
        server 127.0.0.1:$TEST_NGINX_RAND_PORT_1;
    }
--- stream_server_config
    proxy_pass group;
    log_by_lua_block { ngx.shared.tries:incr("n", select(2, ngx.var.upstream_addr:gsub(",", "")), 0) }
--- http_config
    lua_shared_dict tries 100k;
--- config
    location = /t {
        content_by_lua_block {
            for i = 1, 8 do
                local sock = ngx.socket.connect("127.0.0.1", $TEST_NGINX_STREAM_PORT)
                sock:send "x\n"
                assert(sock:receive() == "first got x")
                sock:close()
            end
            repeat ngx.sleep(0.001) until ngx.shared.tries:get "n" == 2
            ngx.say "two failures in eight sessions"
        }
    }
--- request
GET /t
--- response_body
two failures in eight sessions



=== TEST 15: the PROXY protocol to a server
--- stream_config
    server {
        listen 127.0.0.1:$TEST_NGINX_RAND_PORT_3;
        content_by_lua_block {
            local sock = ngx.req.socket()
            local line = sock:receive()
            ngx.say(line:gsub("%d+ $TEST_NGINX_STREAM_PORT", "PORT STREAM"), " and ", sock:receive())
        }
    }
--- stream_server_config
    proxy_pass 127.0.0.1:$TEST_NGINX_RAND_PORT_3;
    proxy_protocol on;
    proxy_half_close on;
--- stream_request
a line
--- shutdown: 1
--- stream_response
PROXY TCP4 127.0.0.1 127.0.0.1 PORT STREAM and a line



=== TEST 16: with a zone the workers know together which server has failed, and whose turn it is
--- master_on
--- workers: 2
--- stream_config
    upstream group {
        zone group 64k;
        server 127.0.0.1:$TEST_NGINX_RAND_PORT_5 fail_timeout=1h;
        server 127.0.0.1:$TEST_NGINX_RAND_PORT_1;
        server 127.0.0.1:$TEST_NGINX_RAND_PORT_2;
    }
--- stream_server_config
    proxy_pass group;
    log_by_lua_block {
        ngx.shared.tries:incr("failures", select(2, ngx.var.upstream_addr:gsub(",", "")), 0)
        ngx.shared.tries:incr("sessions", 1, 0)
    }
--- http_config
    lua_shared_dict tries 100k;
--- config
    location = /t {
        content_by_lua_block {
            local n, kept = { first = 0, second = 0 }, {}
            for i = 1, 40 do
                local sock = ngx.socket.connect("127.0.0.1", $TEST_NGINX_STREAM_PORT)
                sock:send "x\n"
                local name = sock:receive():match "%w+"
                n[name] = n[name] + 1
                kept[i] = sock
            end
            for i = 1, 40 do
                kept[i]:close()
            end
            repeat ngx.sleep(0.001) until ngx.shared.tries:get "sessions" == 40
            ngx.say(n.first, " ", n.second, " after ", ngx.shared.tries:get "failures", " failure")
        }
    }
--- request
GET /t
--- response_body
20 20 after 1 failure



=== TEST 17: a server has one content
--- stream_server_config
    return "one";
    content_by_lua_block { ngx.say "two" }
--- must_die
--- error_log
"content_by_lua_block" directive is duplicate



=== TEST 18: whichever comes first
--- stream_server_config
    handler one;
    proxy_pass 127.0.0.1:$TEST_NGINX_RAND_PORT_1;
--- must_die
--- error_log
"proxy_pass" directive is duplicate



=== TEST 19: proxy_upload_rate and proxy_download_rate
--- stream_config
    server {
        listen 127.0.0.1:$TEST_NGINX_RAND_PORT_3;
        content_by_lua_block {
            local sock = ngx.req.socket()
            sock:send(sock:receive(600))
        }
    }
    server { listen 127.0.0.1:$TEST_NGINX_RAND_PORT_4; proxy_pass 127.0.0.1:$TEST_NGINX_RAND_PORT_3; set $rate 2000; proxy_download_rate $rate; }
--- stream_server_config
    proxy_pass 127.0.0.1:$TEST_NGINX_RAND_PORT_3;
    proxy_upload_rate 2k;
--- config
    location = /t {
        content_by_lua_block {
            for _, port in ipairs { $TEST_NGINX_STREAM_PORT, $TEST_NGINX_RAND_PORT_4 } do
                local sock = assert(ngx.socket.connect("127.0.0.1", port))
                ngx.update_time()
                local began = ngx.now()
                sock:send(("x"):rep(600))
                local data = sock:receive(600)
                ngx.update_time()
                ngx.say(#data, " ", ngx.now() - began >= 0.18)
            end
        }
    }
--- request
GET /t
--- response_body
600 true
600 true
--- stream_response



=== TEST 20: a rate is a size
--- stream_server_config
    proxy_pass 127.0.0.1:1;
    proxy_upload_rate fast;
--- must_die
--- error_log
"proxy_upload_rate" directive invalid value



=== TEST 21: while all servers of a group are left out there is none; the group is told of in their place
--- stream_config
    upstream dead { server 127.0.0.1:1 fail_timeout=1h; server 127.0.0.1:2 fail_timeout=1h backup; }
--- stream_server_config
    proxy_pass dead;
    log_by_lua_block { ngx.log(ngx.WARN, "tried [", ngx.var.upstream_addr, "] ", ngx.var.status) }
--- exec
for i in 1 2; do perl -MIO::Socket::INET -e '$s = IO::Socket::INET->new("127.0.0.1:$TEST_NGINX_STREAM_PORT"); print <$s>'; done
until grep -q 'tried .dead. 502' $TEST_NGINX_SERVER_ROOT/logs/error.log; do sleep 0.02; done
--- exec_out:
--- error_log
upstream server temporarily disabled while connecting to upstream, upstream: "127.0.0.1:2"
tried [127.0.0.1:1, 127.0.0.1:2] 502
no live upstreams while connecting to upstream, upstream: "dead"
tried [dead] 502
