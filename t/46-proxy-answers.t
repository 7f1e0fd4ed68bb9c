# proxy_pass beside nginx, detail by detail: what an answer leaves behind where another one takes its place, and what is asked for anew.
use Test::Nginx::Socket 'no_plan';

no_root_location();
add_block_preprocessor(sub {
    my $block = shift;
    if (!defined $block->no_error_log) {
        $block->set_value("no_error_log", "[alert]");
    }
});

run_tests();

__DATA__

=== TEST 1: X-Accel-Redirect: type, disposition, cookies, age and rate are those of the answer; a path is fetched as GET
--- config
    location = /origin {
        content_by_lua_block {
            ngx.header["X-Accel-Redirect"] = ngx.unescape_uri(ngx.var.arg_to)
            ngx.header["X-Accel-Limit-Rate"] = "9000"
            ngx.header["Content-Type"], ngx.header["Content-Disposition"] = "application/zip", "attachment"
            ngx.header["Set-Cookie"] = { "a=1", "b=2" }
            ngx.header["Cache-Control"], ngx.header["Expires"] = "max-age=5", "Thu, 01 Jan 1970 00:00:01 GMT"
            ngx.header["ETag"], ngx.header["X-Other"] = '"e"', "o"
            ngx.say("not this")
        }
    }
    location = /p { proxy_hide_header Cache-Control; proxy_pass http://127.0.0.1:$TEST_NGINX_SERVER_PORT/origin; }
    location = /inside { internal; content_by_lua_block { ngx.print(ngx.req.get_method(), " ", ngx.var.args or "-", " ", ngx.var.limit_rate, "\n") } }
    location @named { content_by_lua_block { ngx.print(ngx.req.get_method(), "\n") } }
--- exec
for to in /in%2573ide%3Fx=1 @named /inside/../p; do curl -s -i -d abc "http://127.0.0.1:$TEST_NGINX_SERVER_PORT/p?to=$to" | tr -d '\r' | grep -vE '^(Date|Server|Transfer)'; done
--- exec_out
HTTP/1.1 200 OK
Content-Type: application/zip
Connection: keep-alive
Content-Disposition: attachment
Set-Cookie: a=1
Set-Cookie: b=2
Expires: Thu, 01 Jan 1970 00:00:01 GMT

GET x=1 9000
HTTP/1.1 200 OK
Content-Type: application/zip
Connection: keep-alive
Content-Disposition: attachment
Set-Cookie: a=1
Set-Cookie: b=2
Expires: Thu, 01 Jan 1970 00:00:01 GMT

POST
HTTP/1.1 404 Not Found
Content-Type: text/html
Content-Length: 168
Connection: keep-alive

<html>
<head><title>404 Not Found</title></head>
<body>
<center><h1>404 Not Found</h1></center>
<hr><center>perilune (nginx compatible)</center>
</body>
</html>



=== TEST 2: X-Accel-Limit-Rate may be ignored, or off, or nonsense
--- config
    limit_rate 7000;
    location = /origin { content_by_lua_block { ngx.header["X-Accel-Limit-Rate"] = ngx.var.arg_rate ngx.header["X-Accel-Redirect"] = "/inside" } }
    location = /p { proxy_pass http://127.0.0.1:$TEST_NGINX_SERVER_PORT/origin$is_args$args; }
    location = /ignored { proxy_ignore_headers X-Accel-Limit-Rate; proxy_pass http://127.0.0.1:$TEST_NGINX_SERVER_PORT/origin$is_args$args; }
    location = /inside { internal; return 200 "$limit_rate\n"; }
--- exec
for u in 'p?rate=8000' 'p?rate=off' 'p?rate=-1' 'ignored?rate=8000'; do curl -s "http://127.0.0.1:$TEST_NGINX_SERVER_PORT/$u"; done
--- exec_out
8000
0
7000
7000



=== TEST 3: an error page that is passed on has the error's status, unless it is to have its own
--- config
    location = /origin { content_by_lua_block { ngx.status = 207 ngx.say(ngx.req.get_method()) } }
    location /keeps { error_page 404 @passed; return 404; }
    location /own { error_page 404 = @passed; return 404; }
    location /says { error_page 404 =208 @passed; return 404; }
    location /path { error_page 404 /passed; return 404; }
    location /passed { proxy_pass http://127.0.0.1:$TEST_NGINX_SERVER_PORT/origin; }
    location @passed { rewrite ^ /origin break; proxy_pass http://127.0.0.1:$TEST_NGINX_SERVER_PORT; }
--- exec
for u in keeps own says path; do curl -s -d x -w '%{http_code}\n' "http://127.0.0.1:$TEST_NGINX_SERVER_PORT/$u"; done
--- exec_out
POST
404
POST
207
POST
208
GET
404



=== TEST 4: a page in place of a 401 keeps its challenges
--- config
    location = /origin {
        content_by_lua_block {
            ngx.status = tonumber(ngx.var.arg_s)
            ngx.header["WWW-Authenticate"] = { 'Basic realm="x"', "Bearer" }
            ngx.header["X-Other"] = "o"
            ngx.say("theirs")
        }
    }
    location = /p {
        proxy_intercept_errors on;
        error_page 401 403 /page;
        proxy_pass http://127.0.0.1:$TEST_NGINX_SERVER_PORT/origin$is_args$args;
    }
    location = /page { return 200 "page\n"; }
--- exec
for s in 401 403; do curl -s -i "http://127.0.0.1:$TEST_NGINX_SERVER_PORT/p?s=$s" | tr -d '\r' | grep -vE '^(Date|Server|Content|Connection)'; done
--- exec_out
HTTP/1.1 401 Unauthorized
WWW-Authenticate: Basic realm="x"
WWW-Authenticate: Bearer

page
HTTP/1.1 403 Forbidden

page



=== TEST 5: what is hidden is hidden, Last-Modified too; of X-Accel-… only what is meant for us is
--- config
    location = /origin {
        content_by_lua_block {
            ngx.header["Last-Modified"], ngx.header["ETag"] = "Mon, 01 Jan 2024 00:00:00 GMT", '"e"'
            ngx.header["X-Accel-Mine"], ngx.header["X-Accel-Expires"], ngx.header["X-Accel-Charset"] = "m", "5", "koi8-r"
            ngx.print("x")
        }
    }
    location = /p { proxy_hide_header Last-Modified; proxy_hide_header ETag; proxy_pass http://127.0.0.1:$TEST_NGINX_SERVER_PORT/origin; }
--- exec
curl -s -i "http://127.0.0.1:$TEST_NGINX_SERVER_PORT/p" | tr -d '\r' | grep -vE '^(Date|Server|Content|Connection|Transfer)'
--- exec_out eval
"HTTP/1.1 200 OK\nX-Accel-Mine: m\n\nx\n"



=== TEST 6: a Location that is rewritten is absolute where redirects are; one that is not stays as it is
--- config
    location = /origin { content_by_lua_block { ngx.status = 302 ngx.header["Location"] = ngx.var.arg_to } }
    location /p {
        proxy_redirect http://in/ /out/; proxy_redirect /here/ /there/;
        proxy_pass http://127.0.0.1:$TEST_NGINX_SERVER_PORT/origin;
        location /p/relative { absolute_redirect off; proxy_redirect http://in/ /out/; proxy_pass http://127.0.0.1:$TEST_NGINX_SERVER_PORT/origin; }
    }
--- exec
for u in 'p?to=http://in/a' 'p?to=/here/a' 'p?to=/else' 'p?to=http://out/a' 'p/relative?to=http://in/a'; do
    curl -s -i "http://127.0.0.1:$TEST_NGINX_SERVER_PORT/$u" | tr -d '\r' | sed -n 's/:[0-9][0-9]*\//:P\//; s/^Location: //p'
done
--- exec_out
http://127.0.0.1:P/out/a
http://127.0.0.1:P/there/a
/else
http://out/a
/out/a



=== TEST 7: proxy_set_body may be empty; a path that is made anew is escaped as nginx does
--- config
    location = /body { proxy_set_body ""; proxy_pass http://127.0.0.1:$TEST_NGINX_SERVER_PORT/origin; }
    location /esc/ { proxy_pass http://127.0.0.1:$TEST_NGINX_SERVER_PORT/origin/; }
    location /origin { content_by_lua_block { ngx.req.read_body() ngx.say(ngx.var.request_uri, " ", ngx.var.http_content_length or "-", " ", ngx.req.get_body_data() or "none") } }
--- exec
curl -s -d abc "http://127.0.0.1:$TEST_NGINX_SERVER_PORT/body"
curl -s "http://127.0.0.1:$TEST_NGINX_SERVER_PORT/esc/%22%3C%3E%5C%5E%60%7B%7C%7D%20%25%3F%23%7F%5B%5D!*'();:@&=+$,~"
--- exec_out
/origin 0 none
/origin/%22%3C%3E%5C%5E%60%7B%7C%7D%20%25%3F%23%7F[]!*'();:@&=+$,~ - none



=== TEST 8: a request whose body breaks off behind the head of the answer is cut off with it
--- config
    location = /origin { content_by_lua_block { ngx.print("begun") ngx.flush(true) ngx.sleep(60) } }
    location = /p {
        proxy_request_buffering off; proxy_http_version 1.1; proxy_pass http://127.0.0.1:$TEST_NGINX_SERVER_PORT/origin;
    }
    location = /t {
        content_by_lua_block {
            local sock = ngx.socket.tcp()
            sock:settimeout(60000)
            assert(sock:connect("127.0.0.1", ngx.var.server_port))
            sock:send("POST /p HTTP/1.1\r\nHost: t\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n")
            assert(sock:receiveuntil("begun\r\n")())
            sock:send("no size\r\n")
            local rest, err = sock:receive("*a")
            ngx.say(err or "closed", " behind '", rest or "", "'")
        }
    }
--- request
GET /t
--- response_body
closed behind ''
--- no_error_log
[alert]



=== TEST 9: $proxy_port of an address of IPv6 and of a Unix socket
--- config
    add_header X-Target "$proxy_host|$proxy_port" always;
    location = /6 { proxy_pass http://[::1]:1; }
    location = /default { proxy_pass http://[::1]; proxy_connect_timeout 100ms; proxy_bind 127.0.0.1; }
    location = /unix { proxy_pass http://unix:/nowhere:; }
--- exec
for i in 6 default unix; do curl -s -i http://127.0.0.1:$TEST_NGINX_SERVER_PORT/$i | tr -d '\r' | grep X-Target; done
--- exec_out
X-Target: [::1]:1|1
X-Target: [::1]|80
X-Target: localhost|



=== TEST 10: each field Connection of a server says what belongs to its connection
--- config
    location = /origin {
        content_by_lua_block {
            local s = ngx.req.socket(true)
            s:send("HTTP/1.1 200 OK\r\nConnection: close\r\nConnection: X-Hop\r\nX-Hop: 1\r\nX-End: 2\r\nContent-Length: 0\r\n\r\n")
        }
    }
    location = /p { proxy_pass http://127.0.0.1:$TEST_NGINX_SERVER_PORT/origin; }
--- exec
curl -s -i http://127.0.0.1:$TEST_NGINX_SERVER_PORT/p | tr -d '\r' | grep X-
--- exec_out
X-End: 2
