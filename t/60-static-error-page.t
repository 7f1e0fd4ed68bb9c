# error_page, and the pages that are built in.
use Test::Nginx::Socket 'no_plan';

no_root_location();
run_tests();

__DATA__

=== TEST 1: the built-in page
--- config
    location / { }
--- request
GET /none
--- error_code: 404
--- response_headers
Content-Type: text/html
--- response_body eval
"<html>\r\n<head><title>404 Not Found</title></head>\r\n<body>\r\n<center><h1>404 Not Found</h1></center>\r\n<hr><center>perilune (nginx compatible)</center>\r\n</body>\r\n</html>\r\n"

=== TEST 2: 500 names the request
--- config
    add_header X-Id $request_id always;
    location / { return 500; }
--- request
GET /
--- error_code: 500
--- response_body_like eval
qr{<center>request [0-9a-f]{32}</center>\r\n</body>}

=== TEST 3: HEAD
--- config
    location / { }
--- request
HEAD /none
--- error_code: 404
--- response_headers_like
Content-Length: [1-9]\d+
--- response_body

=== TEST 4: statuses without a body
--- config
    location /204 { return 204; }
    location /444 { return 444; }
--- request
GET /204
--- error_code: 204
--- response_headers
!Content-Type
!Content-Length
--- response_body

=== TEST 5: redirects
--- config
    location /301 { return 301 /x; }
    location /302 { return 302 http://a.example/; }
    location /303 { return 303 /x; }
    location /307 { return 307 /x; }
    location /308 { return 308 /x; }
--- request eval
["GET /301", "GET /302", "GET /303", "GET /307", "GET /308"]
--- error_code eval
[301, 302, 303, 307, 308]
--- response_headers eval
["Location: http://localhost:$ServerPort/x", "Location: http://a.example/", "Location: http://localhost:$ServerPort/x",
 "Location: http://localhost:$ServerPort/x", "Location: http://localhost:$ServerPort/x"]
--- response_body_like eval
["301 Moved Permanently", "302 Found", "303 See Other", "307 Temporary Redirect", "308 Permanent Redirect"]

=== TEST 6: a file keeps the status
--- config
    error_page 404 /e.html;
--- user_files
>>> e.html
the page
--- request
GET /none
--- error_code: 404
--- response_body
the page
--- response_headers
Content-Type: text/html

=== TEST 7: =200
--- config
    error_page 404 =200 /e.html;
--- user_files
>>> e.html
the page
--- request
GET /none
--- error_code: 200
--- response_body
the page

=== TEST 8: =403
--- config
    error_page 404 =403 /e.html;
--- user_files
>>> e.html
the page
--- request
GET /none
--- error_code: 403
--- response_body
the page

=== TEST 9: = takes the status of the page
--- config
    error_page 404 = /other;
    location = /other { return 202 "other\n"; }
--- user_files
>>> e.html
the page
--- request
GET /none
--- error_code: 202
--- response_body
other

=== TEST 10: a page made by a handler keeps the status
--- config
    error_page 404 /other;
    location = /other { return 200 "other $uri\n"; }
--- user_files
>>> e.html
the page
--- request
GET /none
--- error_code: 404
--- response_body
other /other

=== TEST 11: a named location sees the URI
--- config
    error_page 404 = @n;
    location @n { return 200 "named $uri\n"; }
--- user_files
>>> e.html
the page
--- request
GET /none
--- error_code: 200
--- response_body
named /none

=== TEST 12: a URL is a redirect
--- config
    error_page 404 http://a.example/x;
--- user_files
>>> e.html
the page
--- request
GET /none
--- error_code: 302
--- response_headers
Location: http://a.example/x

=== TEST 13: a URL with 301
--- config
    error_page 404 =301 http://a.example/x;
--- user_files
>>> e.html
the page
--- request
GET /none
--- error_code: 301
--- response_headers
Location: http://a.example/x

=== TEST 14: several statuses
--- config
    error_page 403 404 500 /e.html;
--- user_files
>>> e.html
the page
--- request
GET /none
--- error_code: 404
--- response_body
the page

=== TEST 15: the page is missing, too
--- config
    error_page 404 =200 /none.html;
--- user_files
>>> e.html
the page
--- request
GET /none
--- error_code: 404
--- response_body_like: <h1>404 Not Found</h1>

=== TEST 16: HEAD stays HEAD
--- config
    error_page 404 /e.html;
--- user_files
>>> e.html
the page
--- request
HEAD /none
--- error_code: 404
--- response_headers
Content-Length: 9
--- response_body

=== TEST 17: POST becomes GET
--- config
    error_page 404 /m;
    location = /m { return 200 "$request_method\n"; }
--- user_files
>>> e.html
the page
--- request
POST /none
x
--- error_code: 404
--- response_body
GET

=== TEST 18: a page is not taken for what the client has
--- config
    error_page 404 /e.html;
--- user_files
>>> e.html
the page
--- request
GET /none
--- error_code: 404
--- response_body
the page
--- more_headers
If-None-Match: *
Range: bytes=0-1

=== TEST 19: a page of a location goes before that of the server
--- config
    error_page 404 /other;
    location /none { error_page 404 /e.html; }
    location = /other { return 200 "other\n"; }
--- user_files
>>> e.html
the page
--- request
GET /none
--- error_code: 404
--- response_body
the page

=== TEST 20: 416 tells the size
--- config
    location / { }
--- user_files
>>> e.html
the page
--- request
GET /e.html
--- more_headers
Range: bytes=100-
--- error_code: 416
--- response_headers
Content-Range: bytes */9
Content-Type: text/html
!ETag
!Last-Modified
--- response_body_like: 416 Requested Range Not Satisfiable

=== TEST 21: the page of a 412 has its own type
--- config
    error_page 412 /e.html;
    location /a.txt { types { text/x-own txt; } }
--- user_files
>>> a.txt
x
>>> e.html
the page
--- request
GET /a.txt
--- more_headers
If-Match: "x"
--- error_code: 412
--- response_headers
Content-Type: text/html
--- response_body
the page



=== TEST 22: "=" without a status: a page of Lua has that of ngx.exit, and its own for other errors
--- config
    error_page 404 403 = /page;
    location = /page { content_by_lua_block { ngx.say("page ", ngx.status) } }
    location = /own { content_by_lua_block { ngx.status = 203 ngx.say("own") } }
    location = /exit { content_by_lua_block { ngx.exit(404) } }
    location = /access { access_by_lua_block { ngx.exit(403) } content_by_lua_block { ngx.say("not reached") } }
    location = /return { return 404; }
    location = /said { error_page 404 = /own; content_by_lua_block { ngx.exit(404) } }
--- pipelined_requests eval
["GET /exit", "GET /access", "GET /return", "GET /said"]
--- response_body eval
["page 404\n", "page 403\n", "page 404\n", "own\n"]
--- error_code eval
[404, 403, 200, 203]

=== TEST 23: a file in place of an error has no Last-Modified
--- config
    error_page 404 /page.html;
    error_page 403 =200 /page.html;
    location = /denied { return 403; }
--- user_files
>>> page.html
the page
--- pipelined_requests eval
["GET /none", "GET /denied"]
--- error_code eval
[404, 200]
--- raw_response_headers_unlike eval
["Last-Modified: ", "Not-There: "]
--- raw_response_headers_like eval
["404", "Last-Modified: "]

=== TEST 24: what is 400 for the client stays 400 with an error page
--- config
    error_page 494 495 496 497 /page;
    location = /page { return 200 "page $status\n"; }
    location /494 { return 494; }
    location /495 { return 495; }
    location /496 { error_page 496 =403 /page; return 496; }
    location /497 { return 497; }
--- request eval
["GET /494", "GET /495", "GET /496", "GET /497"]
--- error_code eval
[400, 400, 403, 400]
--- response_body eval
["page 400\n", "page 400\n", "page 403\n", "page 400\n"]

=== TEST 25: return 499 closes as 444 does, and each is what the log tells
--- http_config
    log_format short "$uri $status";
--- config
    access_log html/short.log short;
    location /a { return 444; }
    location /b { return 499; }
--- exec
for p in a b; do curl -s http://127.0.0.1:$TEST_NGINX_SERVER_PORT/$p; echo $?; done
for i in $(seq 1200); do grep -q /b $TEST_NGINX_HTML_DIR/short.log && break; sleep 0.05; done
cat $TEST_NGINX_HTML_DIR/short.log
--- exec_out
52
52
/a 444
/b 499
