# add_header and expires.
use Test::Nginx::Socket 'no_plan';

no_root_location();
run_tests();

__DATA__

=== TEST 1: on a file
--- config
    location / { add_header X-One 1; add_header X-Two "$uri $host"; }
--- user_files
>>> a.html 200109090146.40
0123456789
--- request
GET /a.html
--- response_headers
X-One: 1
X-Two: /a.html localhost

=== TEST 2: not on errors, but always
--- config
    location / { add_header X-One 1; add_header X-Two 2 always; }
--- request
GET /none
--- error_code: 404
--- response_headers
!X-One
X-Two: 2

=== TEST 3: by status
--- config
    add_header X-One 1;
    location ~ ^/(\d+)$ { return 200; }
    location = /s200 { return 200; }
    location = /s201 { return 201; }
    location = /s204 { return 204; }
    location = /s301 { return 301 /x; }
    location = /s302 { return 302 /x; }
    location = /s303 { return 303 /x; }
    location = /s307 { return 307 /x; }
    location = /s308 { return 308 /x; }
    location = /s400 { return 400; }
    location = /s403 { return 403; }
    location = /s404 { return 404; }
    location = /s405 { return 405; }
    location = /s410 { return 410; }
    location = /s500 { return 500; }
    location = /s503 { return 503; }
--- request eval
["GET /s200", "GET /s201", "GET /s204", "GET /s301", "GET /s302", "GET /s303", "GET /s307", "GET /s308", "GET /s400", "GET /s403", "GET /s404", "GET /s405", "GET /s410", "GET /s500", "GET /s503"]
--- error_code eval
[200, 201, 204, 301, 302, 303, 307, 308, 400, 403, 404, 405, 410, 500, 503]
--- response_headers eval
["X-One: 1", "X-One: 1", "X-One: 1", "X-One: 1", "X-One: 1", "X-One: 1", "X-One: 1", "X-One: 1", "!X-One", "!X-One", "!X-One", "!X-One", "!X-One", "!X-One", "!X-One"]

=== TEST 4: on 206 and 304
--- config
    location / { add_header X-One 1; }
--- user_files
>>> a.html 200109090146.40
0123456789
--- request eval
["GET /a.html", "GET /a.html"]
--- more_headers eval
["Range: bytes=0-0", "If-None-Match: \"3b9aca00-b\""]
--- error_code eval
[206, 304]
--- response_headers eval
["X-One: 1", "X-One: 1"]

=== TEST 5: an empty value adds nothing
--- config
    location / { add_header X-One $arg_x; add_header X-Two "a$arg_x"; }
--- user_files
>>> a.html 200109090146.40
0123456789
--- request
GET /a.html
--- response_headers
!X-One
X-Two: a

=== TEST 6: levels: own ones replace those of the server
--- config
    add_header X-Server s;
    location / { }
    location /own/ { alias html/; add_header X-Own o; }
--- user_files
>>> a.html 200109090146.40
0123456789
--- request eval
["GET /a.html", "GET /own/a.html"]
--- response_headers eval
["X-Server: s\n!X-Own", "!X-Server\nX-Own: o"]

=== TEST 7: repeats
--- config
    location / { add_header X-A 1; add_header X-A 2; }
--- user_files
>>> a.html 200109090146.40
0123456789
--- request
GET /a.html
--- raw_response_headers_like: X-A: 1\r\n(.*\r\n)*X-A: 2\r\n

=== TEST 8: Last-Modified and ETag are replaced
--- config
    location / { add_header Last-Modified ""; add_header ETag "\"x\""; }
--- user_files
>>> a.html 200109090146.40
0123456789
--- request
GET /a.html
--- response_headers
!Last-Modified
ETag: "x"

=== TEST 9: expires off
--- config
    location / { expires off; }
--- user_files
>>> a.html 200109090146.40
0123456789
--- request
GET /a.html
--- error_code: 200
--- response_headers
!Cache-Control
!Expires

=== TEST 10: expires epoch
--- config
    location / { expires epoch; }
--- user_files
>>> a.html 200109090146.40
0123456789
--- request
GET /a.html
--- error_code: 200
--- response_headers
Cache-Control: no-cache
Expires: Thu, 01 Jan 1970 00:00:01 GMT

=== TEST 11: expires max
--- config
    location / { expires max; }
--- user_files
>>> a.html 200109090146.40
0123456789
--- request
GET /a.html
--- error_code: 200
--- response_headers
Cache-Control: max-age=315360000
Expires: Thu, 31 Dec 2037 23:55:55 GMT

=== TEST 12: expires in an hour
--- config
    location / { expires 1h; }
--- user_files
>>> a.html 200109090146.40
0123456789
--- request
GET /a.html
--- error_code: 200
--- response_headers
Cache-Control: max-age=3600
--- response_headers_like
Expires: \w{3}, \d\d \w{3} \d{4} \d\d:\d\d:\d\d GMT

=== TEST 13: expires 0
--- config
    location / { expires 0; }
--- user_files
>>> a.html 200109090146.40
0123456789
--- request
GET /a.html
--- error_code: 200
--- response_headers
Cache-Control: max-age=0
--- response_headers_like
Expires: \w{3}, \d\d \w{3} \d{4} \d\d:\d\d:\d\d GMT

=== TEST 14: expires in the past
--- config
    location / { expires -1; }
--- user_files
>>> a.html 200109090146.40
0123456789
--- request
GET /a.html
--- error_code: 200
--- response_headers
Cache-Control: no-cache
--- response_headers_like
Expires: \w{3}, \d\d \w{3} \d{4} \d\d:\d\d:\d\d GMT

=== TEST 15: expires modified, long ago
--- config
    location / { expires modified +24h; }
--- user_files
>>> a.html 200109090146.40
0123456789
--- request
GET /a.html
--- error_code: 200
--- response_headers
Cache-Control: no-cache
Expires: Mon, 10 Sep 2001 01:46:40 GMT

=== TEST 16: expires at a time of day
--- config
    location / { expires @15h30m; }
--- user_files
>>> a.html 200109090146.40
0123456789
--- request
GET /a.html
--- response_headers_like
Cache-Control: max-age=\d+
Expires: \w{3}, \d\d \w{3} \d{4} \d\d:30:00 GMT

=== TEST 17: expires is not for errors
--- config
    location / { expires 1h; }
--- user_files
>>> a.html 200109090146.40
0123456789
--- request
GET /none
--- error_code: 404
--- response_headers
!Cache-Control
!Expires

=== TEST 18: expires with add_header Cache-Control
--- config
    location / { expires 1h; add_header Cache-Control public; }
--- user_files
>>> a.html 200109090146.40
0123456789
--- request
GET /a.html
--- raw_response_headers_like: Cache-Control: max-age=3600\r\n(.*\r\n)*Cache-Control: public\r\n

=== TEST 19: fields behind the body: their values are made at its end, by status, over both protocols; none behind what has no body
--- config
    http2 on;
    set $done no;
    add_trailer X-Done "$request_method $done";
    add_trailer X-Empty "";
    add_trailer X-All all always;
    location = /return { return 200 hello; }
    location = /empty { return 200; }
    location = /sized { content_by_lua_block { ngx.header.content_length = 3 ngx.print("abc") } }
    location = /long { content_by_lua_block { ngx.print(("x"):rep(100000)) ngx.flush(true) ngx.print("y") ngx.var.done = "yes" } }
    location = /own { add_trailer Own "$uri"; return 200 x; }
    location = /bad { return 503 x; }
    location = /none { return 204; }
    location = /packed { gzip on; gzip_min_length 1; gzip_types *; return 200 hello; }
--- user_files
>>> main.lua
local http = require "perilune.http"
for _, path in ipairs { "return", "empty", "sized", "long", "own", "bad", "none", "packed", "head", "a.html" } do
    local told = {}
    for _, is_h2 in ipairs { false, true } do
        local call = path == "head" and http.head or http.get
        local res = await(call("http://127.0.0.1:" .. arg[1] .. "/" .. (path == "head" and "return" or path), { force_h2c = is_h2,
            throw_exceptions = false }))
        local body = await(res:text())
        local t = res:trailers()
        told[#told + 1] = ("%s %s %d %s %s %s %s"):format(res.headers["content-length"] or "-", res.headers["transfer-encoding"] or "-",
            #body, t["x-done"] or "-", t["x-empty"] or "-", t["x-all"] or "-", t.own or "-")
    end
    print(path, table.concat(told, "; "))
end
>>> a.html
0123456789
--- exec
$TEST_NGINX_BINARY run $TEST_NGINX_HTML_DIR/main.lua $TEST_NGINX_SERVER_PORT
--- exec_out
return	- chunked 5 GET no - all -; 5 - 5 GET no - all -
empty	- chunked 0 GET no - all -; 0 - 0 GET no - all -
sized	- chunked 3 GET no - all -; 3 - 3 GET no - all -
long	- chunked 100001 GET yes - all -; - - 100001 GET yes - all -
own	- chunked 1 - - - /own; 1 - 1 - - - /own
bad	- chunked 1 - - all -; 1 - 1 - - all -
none	- - 0 - - - -; - - 0 - - - -
packed	- chunked 5 GET no - all -; 25 - 5 GET no - all -
head	5 - 0 - - - -; 5 - 0 - - - -
a.html	- chunked 11 GET no - all -; 11 - 11 GET no - all -

=== TEST 20: expires by variables: by the type of the answer, by Lua; what is no value is off; a location's own takes its place
--- http_config
    map $sent_http_content_type $by_type { default off; text/html epoch; ~image/ max; }
--- config
    expires $by_type;
    location /a { return 200; types { image/png png; text/html html; } default_type text/css; }
    location /lua { set $age ""; content_by_lua_block { ngx.var.age = ngx.var.arg_age ngx.say("x") } expires $age; }
    location /own { expires 1h; return 200; }
    location /modified {
        expires modified $arg_age;
        content_by_lua_block { ngx.header["Last-Modified"] = "Thu, 18 Nov 2100 19:00:00 GMT" ngx.say("x") }
    }
--- exec
for uri in a.html a.png a.css 'lua?age=2m' 'lua?age=max' 'lua?age=never' lua own 'modified?age=1d' 'modified?age=max'; do
    echo "$uri" $(curl -s -D - -o /dev/null "http://127.0.0.1:$TEST_NGINX_SERVER_PORT/$uri" | grep -i '^cache-control\|^expires: .*\(1970\|2037\|2100\)' | tr -d '\r' | sed 's/=[0-9]\{10\}$/=N/' | sort)
done
--- exec_out
a.html Cache-Control: no-cache Expires: Thu, 01 Jan 1970 00:00:01 GMT
a.png Cache-Control: max-age=315360000 Expires: Thu, 31 Dec 2037 23:55:55 GMT
a.css
lua?age=2m Cache-Control: max-age=120
lua?age=max Cache-Control: max-age=315360000 Expires: Thu, 31 Dec 2037 23:55:55 GMT
lua?age=never
lua
own Cache-Control: max-age=3600
modified?age=1d Cache-Control: max-age=N Expires: Fri, 19 Nov 2100 19:00:00 GMT
modified?age=max

=== TEST 21: response filters see a redirect of ours as a path, and what they make of it stays
--- config
    location = /dir/ { proxy_pass http://127.0.0.1:1; header_filter_by_lua_block { ngx.header.Seen = ngx.header.location } }
    location = /return { return 302 /else?a=b; header_filter_by_lua_block { ngx.header.Seen = ngx.var.sent_http_location } }
    location = /made { return 302 /else; header_filter_by_lua_block { ngx.header.Location = "/mine" } }
    location = /url { return 302 http://other/; header_filter_by_lua_block { ngx.header.Seen = ngx.header.location } }
    location = /origin { content_by_lua_block { ngx.status = 302 ngx.header.Location = "http://in/a" } }
    location = /proxied {
        proxy_redirect http://in/ /out/;
        proxy_pass http://127.0.0.1:$TEST_NGINX_SERVER_PORT/origin;
        header_filter_by_lua_block { ngx.header.Seen = ngx.header.location }
    }
--- exec
for u in dir return made url proxied; do
    curl -s -i --http1.1 "http://127.0.0.1:$TEST_NGINX_SERVER_PORT/$u" | tr -d '\r' |
        sed -n "s/:$TEST_NGINX_SERVER_PORT/:P/; /^Seen:/p; /^Location:/p"
done
--- exec_out
Location: http://127.0.0.1:P/dir/
Seen: /dir/
Location: http://127.0.0.1:P/else?a=b
Seen: /else?a=b
Location: /mine
Location: http://other/
Seen: http://other/
Location: http://127.0.0.1:P/out/a
Seen: /out/a

=== TEST 22: add_header_inherit, add_trailer_inherit
--- config
    add_header X-A server;
    add_trailer T-A server;
    location /on { add_header X-B own; return 200 "on\n"; }
    location /off { add_header_inherit off; add_trailer_inherit off; return 200 "off\n"; }
    location /own { add_header X-B own; add_header_inherit off; return 200 "own\n"; }
    location /merge {
        add_header_inherit merge;
        add_trailer_inherit merge;
        add_header X-B own;
        add_trailer T-B own;
        location /merge/in { add_header X-C in; add_trailer T-C in; return 200 "in\n"; }
        return 200 "merge\n";
    }
--- exec
for u in on off own merge merge/in; do
    curl -si --raw --http1.1 -H 'TE: trailers' -H 'Connection: TE' "http://127.0.0.1:$TEST_NGINX_SERVER_PORT/$u" | tr -d '\r' |
        grep -E '^([XT]-[ABC]:|[a-z]+$)' | tr '\n' ' '
    echo
done
--- exec_out
X-B: own on T-A: server 
off 
X-B: own own T-A: server 
X-B: own X-A: server merge T-B: own T-A: server 
X-C: in X-B: own X-A: server in T-C: in T-B: own T-A: server 
