# The client behind trusted proxies: set_real_ip_from, real_ip_header, real_ip_recursive.
use Test::Nginx::Socket 'no_plan';

no_root_location();
run_tests();

__DATA__

=== TEST 1: the field of one's choice, from those who are trusted
--- config
    location /port { content_by_lua_block { ngx.say(ngx.var.realip_remote_port == ngx.var.remote_port, " ", #ngx.var.binary_remote_addr) } }
    location /real { set_real_ip_from 127.0.0.0/8; echo "$remote_addr [$remote_port] $realip_remote_addr"; }
    location /for { set_real_ip_from 127.0.0.1; real_ip_header x-forwarded-for; echo "$remote_addr $remote_port"; }
    location /own { set_real_ip_from localhost; real_ip_header CF-Connecting-IP; content_by_lua_block { ngx.say(ngx.var.remote_addr, " ", #ngx.var.binary_remote_addr) } }
    location /others { set_real_ip_from 10.0.0.0/8; set_real_ip_from unix:; content_by_lua_block { ngx.say(ngx.var.remote_addr, " ", ngx.var.realip_remote_addr) } }
--- more_headers
X-Real-IP: 192.0.2.1
X-Forwarded-For: 192.0.2.2, 192.0.2.3:8000
CF-Connecting-IP: 2001:db8::7
--- pipelined_requests eval
["GET /port", "GET /real", "GET /for", "GET /own", "GET /others"]
--- response_body eval
["true 4\n", "192.0.2.1 [] 127.0.0.1\n", "192.0.2.3 8000\n", "2001:db8::7 16\n", "127.0.0.1 127.0.0.1\n"]

=== TEST 2: the list is walked back as far as hops are trusted; fields are one list
--- config
    set_real_ip_from 127.0.0.1;
    set_real_ip_from 10.0.0.0/8;
    real_ip_header X-Forwarded-For;
    location /last { real_ip_recursive off; return 200 "$remote_addr\n"; }
    location / {
        real_ip_recursive on;
        return 200 "$remote_addr $realip_remote_addr $http_x_forwarded_for\n";
    }
--- http_config
    real_ip_recursive on;
--- more_headers
X-Forwarded-For: 6.6.6.6, 192.0.2.1
X-Forwarded-For: 10.1.1.1, 10.2.2.2
--- request
GET /
--- response_body
192.0.2.1 127.0.0.1 6.6.6.6, 192.0.2.1, 10.1.1.1, 10.2.2.2

=== TEST 3: without recursion the last of all
--- config
    set_real_ip_from 127.0.0.1;
    set_real_ip_from 10.0.0.0/8;
    real_ip_header X-Forwarded-For;
    location / { return 200 "$remote_addr\n"; }
--- more_headers
X-Forwarded-For: 192.0.2.1
X-Forwarded-For: 10.1.1.1, 10.2.2.2
--- request
GET /
--- response_body
10.2.2.2

=== TEST 4: what is no address changes nothing; of a list, what follows it counts
--- config
    set_real_ip_from 127.0.0.1;
    set_real_ip_from 10.0.0.0/8;
    real_ip_header X-Forwarded-For;
    real_ip_recursive on;
    location / { return 200 "$remote_addr\n"; }
--- more_headers eval
["X-Forwarded-For: unknown", "X-Forwarded-For: unknown, 10.1.1.1", "X-Forwarded-For: 1.2.3.4:99999", "X-Forwarded-For:"]
--- request eval
["GET /", "GET /", "GET /", "GET /"]
--- response_body eval
["127.0.0.1\n", "10.1.1.1\n", "127.0.0.1\n", "127.0.0.1\n"]

=== TEST 5: rules and logs go by the client, and subrequests too; the next request of the connection begins anew
--- config
    set_real_ip_from 127.0.0.1;
    location /in { allow 192.0.2.0/24; deny all; content_by_lua_block { ngx.log(ngx.WARN, "seen"); ngx.say(ngx.location.capture("/sub").body) } }
    location = /sub { return 200 "$remote_addr $realip_remote_addr"; }
    location / {
        content_by_lua_block {
            local sock = ngx.socket.tcp()
            assert(sock:connect("127.0.0.1", ngx.var.server_port))
            sock:send("GET /in HTTP/1.1\r\nHost: a\r\nX-Real-IP: 192.0.2.9\r\n\r\nGET /in HTTP/1.0\r\nHost: a\r\n\r\n")
            local all = sock:receive("*a")
            ngx.say(all:match("^HTTP/1.1 (%d+)"), " ", all:match("192[^\r\n]*"), " ", all:match("\nHTTP/1.1 (%d+)"))
        }
    }
--- request
GET /
--- response_body
200 192.0.2.9 127.0.0.1 403
--- error_log
client: 192.0.2.9, server: localhost, request: "GET /in HTTP/1.1"
client: 127.0.0.1, server: localhost, request: "GET /in HTTP/1.0"
access forbidden by rule

=== TEST 6: the server's settings hold before the location is known, those of the location after
--- config
    set_real_ip_from 127.0.0.1;
    real_ip_header X-A;
    if ($remote_addr = 192.0.2.1) { set $early yes; }
    location / { return 200 "$early $remote_addr\n"; }
    location /other { set_real_ip_from 127.0.0.1; real_ip_header X-B; content_by_lua_block { ngx.say(ngx.var.remote_addr) } }
--- more_headers eval
["X-A: 192.0.2.1", "X-B: 192.0.2.2", "X-A: 192.0.2.1\nX-B: 192.0.2.2"]
--- request eval
["GET /", "GET /other", "GET /other"]
--- response_body eval
["yes 192.0.2.1\n", "192.0.2.2\n", "192.0.2.1\n"]

=== TEST 7: the PROXY protocol, in http
--- http_config
    server {
        listen 127.0.0.1:$TEST_NGINX_RAND_PORT_1 proxy_protocol;
        real_ip_header proxy_protocol;
        set_real_ip_from 127.0.0.1;
        location / { return 200 "$remote_addr $remote_port $realip_remote_addr"; }
        location /none { set_real_ip_from 10.0.0.0/8; return 200 "$remote_addr $realip_remote_addr"; }
    }
--- config
    location / {
        content_by_lua_block {
            local function ask(header, path)
                local sock = ngx.socket.tcp()
                assert(sock:connect("127.0.0.1", $TEST_NGINX_RAND_PORT_1))
                sock:send(header .. "\r\nGET " .. path .. " HTTP/1.0\r\n\r\n")
                ngx.say((sock:receive("*a"):match("\r\n\r\n(.*)")))
            end
            ask("PROXY TCP4 192.0.2.1 192.0.2.2 4000 80", "/")
            ask("PROXY TCP6 2001:db8::1 2001:db8::2 4000 80", "/")
            ask("PROXY UNKNOWN", "/none")
        }
    }
--- request
GET /
--- response_body
192.0.2.1 4000 127.0.0.1
2001:db8::1 4000 127.0.0.1
127.0.0.1 127.0.0.1

=== TEST 8: the PROXY protocol, in stream
--- stream_config
    log_format who '$remote_addr $realip_remote_addr';
    server {
        listen 127.0.0.1:$TEST_NGINX_RAND_PORT_1 proxy_protocol;
        set_real_ip_from 127.0.0.0/8;
        access_log logs/access.log who;
        preread_by_lua_block { ngx.log(ngx.WARN, "preread") }
        return "$remote_addr $remote_port $realip_remote_addr $realip_remote_port";
    }
    server {
        listen 127.0.0.1:$TEST_NGINX_RAND_PORT_2 proxy_protocol;
        set_real_ip_from 10.0.0.0/8;
        return "$remote_addr $realip_remote_addr";
    }
--- stream_server_config
    return "";
--- config
    location / {
        content_by_lua_block {
            local function ask(port, header)
                local sock = ngx.socket.tcp()
                assert(sock:connect("127.0.0.1", port))
                sock:send(header .. "\r\n")
                ngx.say((sock:receive("*a"):gsub(" %d+$", " port")))
            end
            ask($TEST_NGINX_RAND_PORT_1, "PROXY TCP4 192.0.2.1 192.0.2.2 4000 80")
            ask($TEST_NGINX_RAND_PORT_2, "PROXY TCP4 192.0.2.1 192.0.2.2 4000 80")
        }
    }
--- request
GET /
--- response_body
192.0.2.1 4000 127.0.0.1 port
127.0.0.1 127.0.0.1
--- error_log
client: 192.0.2.1
