# What variables tell of the connection: its age, what the kernel knows of the way to the client.
use Test::Nginx::Socket 'no_plan';

no_root_location();
run_tests();

__DATA__

=== TEST 1: seconds since the connection was made, over requests and in subrequests
--- config
    location /wait { content_by_lua_block { ngx.sleep(0.05) ngx.say(tonumber(ngx.var.connection_time) < 0.05) } }
    location /t { content_by_lua_block { ngx.say(tonumber(ngx.var.connection_time) >= 0.05) } }
    location /sub { content_by_lua_block { ngx.print(ngx.location.capture("/t").body) } }
--- pipelined_requests eval
["GET /wait", "GET /t", "GET /sub"]
--- response_body eval
["false\n", "true\n", "true\n"]

=== TEST 2: TCP: times in microseconds, a window in segments, bytes
--- config
    location / {
        content_by_lua_block {
            for _, name in ipairs { "rtt", "rttvar", "snd_cwnd", "rcv_space" } do
                ngx.say(name, " ", ngx.var["tcpinfo_" .. name]:find("^[1-9]%d*$") and "a number")
            end
        }
    }
--- request
GET /
--- response_body
rtt a number
rttvar a number
snd_cwnd a number
rcv_space a number

=== TEST 3: nothing over a Unix socket
--- config
    listen unix:$TEST_NGINX_SERVER_ROOT/s;
    location / { return 200 "[$tcpinfo_rtt]\n"; }
    location /t {
        content_by_lua_block {
            local sock = ngx.socket.tcp()
            assert(sock:connect("unix:$TEST_NGINX_SERVER_ROOT/s"))
            sock:send("GET / HTTP/1.0\r\nHost: a\r\n\r\n")
            ngx.print(sock:receive("*a"):match("\r\n\r\n(.*)"))
        }
    }
--- request
GET /t
--- response_body
[]

=== TEST 4: in the access log, where the connection is somebody else's by then, too
--- http_config
    log_format told "$uri $server_addr $TCPINFO_rtt $tcpinfo_rttvar $tcpinfo_snd_cwnd $tcpinfo_rcv_space";
--- config
    http2 on;
    access_log logs/told.log told;
    location /return { return 200 "ok\n"; }
    location /lua { content_by_lua_block { ngx.say("ok") } }
    location /late { content_by_lua_block { ngx.say("ok") ngx.eof() ngx.sleep(0.01) } }
--- exec
A=http://127.0.0.1:$TEST_NGINX_SERVER_PORT
for path in return lua late; do
    curl -s $A/$path; curl -s -H 'Connection: close' $A/$path; curl -s --http2-prior-knowledge $A/$path
done
L=$TEST_NGINX_SERVER_ROOT/logs/told.log
for i in $(seq 600); do [ $(wc -l <$L) = 9 ] && break; sleep 0.1; done
sed -E ':a; s/ [1-9][0-9]*( |$)/ n\1/; ta' $L | sort | uniq -c
--- exec_out
ok
ok
ok
ok
ok
ok
ok
ok
ok
      3 /late 127.0.0.1 n n n n
      3 /lua 127.0.0.1 n n n n
      3 /return 127.0.0.1 n n n n

=== TEST 5: the address of a server at a Unix socket has its path, that of its client has none
--- config
    listen unix:$TEST_NGINX_SERVER_ROOT/s;
    location / { return 200 "$server_addr|$server_port|$remote_addr|$remote_port"; }
--- exec
curl -s --unix-socket $TEST_NGINX_SERVER_ROOT/s http://a/ | sed "s#$TEST_NGINX_SERVER_ROOT#root#"
--- exec_out chomp
unix:root/s||unix:|
