# Range requests for files (RFC 9110 section 14).
use Test::Nginx::Socket 'no_plan';

no_root_location();
run_tests();

__DATA__

=== TEST 1: from the start
--- config
    location / { root html; }
--- user_files eval
[["a.bin", "0123456789"], ["big", ("a" x 70000) . ("b" x 70000)]]
--- request
GET /a.bin
--- more_headers
Range: bytes=0-3
--- error_code: 206
--- response_headers
Content-Range: bytes 0-3/10
--- response_body eval
"0123"

=== TEST 2: to the end
--- config
    location / { root html; }
--- user_files eval
[["a.bin", "0123456789"], ["big", ("a" x 70000) . ("b" x 70000)]]
--- request
GET /a.bin
--- more_headers
Range: bytes=4-
--- error_code: 206
--- response_headers
Content-Range: bytes 4-9/10
--- response_body eval
"456789"

=== TEST 3: suffix
--- config
    location / { root html; }
--- user_files eval
[["a.bin", "0123456789"], ["big", ("a" x 70000) . ("b" x 70000)]]
--- request
GET /a.bin
--- more_headers
Range: bytes=-3
--- error_code: 206
--- response_headers
Content-Range: bytes 7-9/10
--- response_body eval
"789"

=== TEST 4: suffix longer than the file
--- config
    location / { root html; }
--- user_files eval
[["a.bin", "0123456789"], ["big", ("a" x 70000) . ("b" x 70000)]]
--- request
GET /a.bin
--- more_headers
Range: bytes=-30
--- error_code: 206
--- response_headers
Content-Range: bytes 0-9/10
--- response_body eval
"0123456789"

=== TEST 5: end beyond the file
--- config
    location / { root html; }
--- user_files eval
[["a.bin", "0123456789"], ["big", ("a" x 70000) . ("b" x 70000)]]
--- request
GET /a.bin
--- more_headers
Range: bytes=8-100
--- error_code: 206
--- response_headers
Content-Range: bytes 8-9/10
--- response_body eval
"89"

=== TEST 6: one byte
--- config
    location / { root html; }
--- user_files eval
[["a.bin", "0123456789"], ["big", ("a" x 70000) . ("b" x 70000)]]
--- request
GET /a.bin
--- more_headers
Range: bytes=9-9
--- error_code: 206
--- response_headers
Content-Range: bytes 9-9/10
--- response_body eval
"9"

=== TEST 7: beyond the file
--- config
    location / { root html; }
--- user_files eval
[["a.bin", "0123456789"], ["big", ("a" x 70000) . ("b" x 70000)]]
--- request
GET /a.bin
--- more_headers
Range: bytes=10-
--- error_code: 416
--- response_headers
Content-Range: bytes */10

=== TEST 8: an empty suffix
--- config
    location / { root html; }
--- user_files eval
[["a.bin", "0123456789"], ["big", ("a" x 70000) . ("b" x 70000)]]
--- request
GET /a.bin
--- more_headers
Range: bytes=-0
--- error_code: 416
--- response_headers
Content-Range: bytes */10

=== TEST 9: backwards
--- config
    location / { root html; }
--- user_files eval
[["a.bin", "0123456789"], ["big", ("a" x 70000) . ("b" x 70000)]]
--- request
GET /a.bin
--- more_headers
Range: bytes=5-2
--- error_code: 200
--- response_headers
!Content-Range
--- response_body eval
"0123456789"

=== TEST 10: another unit
--- config
    location / { root html; }
--- user_files eval
[["a.bin", "0123456789"], ["big", ("a" x 70000) . ("b" x 70000)]]
--- request
GET /a.bin
--- more_headers
Range: lines=0-1
--- error_code: 200
--- response_headers
!Content-Range
--- response_body eval
"0123456789"

=== TEST 11: malformed
--- config
    location / { root html; }
--- user_files eval
[["a.bin", "0123456789"], ["big", ("a" x 70000) . ("b" x 70000)]]
--- request
GET /a.bin
--- more_headers
Range: bytes=a-b
--- error_code: 200
--- response_headers
!Content-Range
--- response_body eval
"0123456789"

=== TEST 12: numbers that overflow
--- config
    location / { root html; }
--- user_files eval
[["a.bin", "0123456789"], ["big", ("a" x 70000) . ("b" x 70000)]]
--- request
GET /a.bin
--- more_headers
Range: bytes=99999999999999999999-
--- error_code: 416
--- response_headers
Content-Range: bytes */10

=== TEST 13: overlapping ranges that sum up to more than the file
--- config
    location / { root html; }
--- user_files eval
[["a.bin", "0123456789"], ["big", ("a" x 70000) . ("b" x 70000)]]
--- request
GET /a.bin
--- more_headers
Range: bytes=0-9,0-9,0-9
--- error_code: 200
--- response_headers
!Content-Range
--- response_body eval
"0123456789"

=== TEST 14: some outside, one inside
--- config
    location / { root html; }
--- user_files eval
[["a.bin", "0123456789"], ["big", ("a" x 70000) . ("b" x 70000)]]
--- request
GET /a.bin
--- more_headers
Range: bytes=20-30,1-2
--- error_code: 206
--- response_headers
Content-Range: bytes 1-2/10
--- response_body eval
"12"

=== TEST 15: HEAD has no ranges
--- config
    location / { root html; }
--- user_files eval
[["a.bin", "0123456789"], ["big", ("a" x 70000) . ("b" x 70000)]]
--- request
HEAD /a.bin
--- more_headers
Range: bytes=0-3
--- error_code: 200
--- response_headers
!Content-Range

=== TEST 16: If-Range with a date
--- config
    location / { root html; }
--- user_files eval
[["a.bin", "0123456789"], ["big", ("a" x 70000) . ("b" x 70000)]]
--- request
GET /a.bin
--- more_headers
Range: bytes=0-3
If-Range: Sun, 09 Sep 2001 01:46:41 GMT
--- error_code: 200
--- response_headers
!Content-Range
--- response_body eval
"0123456789"

=== TEST 17: If-Range with another tag
--- config
    location / { root html; }
--- user_files eval
[["a.bin", "0123456789"], ["big", ("a" x 70000) . ("b" x 70000)]]
--- request
GET /a.bin
--- more_headers
Range: bytes=0-3
If-Range: "x"
--- error_code: 200
--- response_headers
!Content-Range
--- response_body eval
"0123456789"

=== TEST 18: If-Range that holds
--- config
    location / { root html; }
--- user_files
>>> a.html 200109090146.40
0123456789
--- request eval
["GET /a.html", "GET /a.html", "GET /a.html"]
--- more_headers eval
["Range: bytes=0-3\nIf-Range: \"3b9aca00-b\"", "Range: bytes=0-3\nIf-Range: W/\"3b9aca00-b\"",
 "Range: bytes=0-3\nIf-Range: Sun, 09 Sep 2001 01:46:40 GMT"]
--- error_code eval
[206, 200, 206]
--- response_body eval
["0123", "0123456789\n", "0123"]

=== TEST 19: a section of a large file
--- config
    location / { root html; }
--- user_files eval
[["a.bin", "0123456789"], ["big", ("a" x 70000) . ("b" x 70000)]]
--- request
GET /big
--- more_headers
Range: bytes=69998-70001
--- error_code: 206
--- response_headers
Content-Range: bytes 69998-70001/140000
--- response_body eval
"aabb"

=== TEST 20: several ranges
--- config
    location / { root html; }
--- user_files eval
[["a.bin", "0123456789"], ["big", ("a" x 70000) . ("b" x 70000)]]
--- request
GET /a.bin
--- more_headers
Range: bytes=0-1, 4-5 ,-2
--- error_code: 206
--- response_headers_like
Content-Type: multipart/byteranges; boundary=\w+
--- response_headers
!Content-Range
--- response_body_like eval
qr{\A\r\n--(\w+)\r\nContent-Type: text/plain\r\nContent-Range: bytes 0-1/10\r\n\r\n01\r\n--\1\r\nContent-Type: text/plain\r\nContent-Range: bytes 4-5/10\r\n\r\n45\r\n--\1\r\nContent-Type: text/plain\r\nContent-Range: bytes 8-9/10\r\n\r\n89\r\n--\1--\r\n\z}

=== TEST 21: several ranges of a large file, then the next request
--- config
    location / { root html; }
--- user_files eval
[["a.bin", "0123456789"], ["big", ("a" x 70000) . ("b" x 70000)]]
--- request
GET /big
--- more_headers
Range: bytes=0-0,-1
--- error_code: 206
--- response_body_like eval
qr{\r\n\r\na\r\n--\w+\r\n.*\r\n\r\nb\r\n--\w+--\r\n\z}s

=== TEST 22: a condition goes first
--- config
    location / { root html; }
--- user_files
>>> a.html 200109090146.40
0123456789
--- request
GET /a.html
--- more_headers
Range: bytes=0-3
If-None-Match: "3b9aca00-b"
--- error_code: 304

=== TEST 23: max_ranges: more are ignored, 0 ignores all and says so
--- config
    location /two { alias html; max_ranges 2; }
    location /none { alias html; max_ranges 0; }
    location /many { alias html; max_ranges 40; }
    location /t {
        content_by_lua_block {
            local forty = {}
            for i = 1, 40 do forty[i] = (i * 2) .. "-" .. (i * 2) end
            for _, ask in ipairs {
                { "/two", "0-1,3-4" }, { "/two", "0-1,3-4,6-7" }, { "/none", "0-1" }, { "/many", table.concat(forty, ",") },
            } do
                local sock = ngx.socket.tcp()
                assert(sock:connect("127.0.0.1", ngx.var.server_port))
                sock:send("GET " .. ask[1] .. "/a.html HTTP/1.0\r\nHost: a\r\nRange: bytes=" .. ask[2] .. "\r\n\r\n")
                local all = sock:receive("*a")
                ngx.say(ask[1], " ", all:match("^HTTP/1.1 (%d+)"), " ", all:match("Accept%-Ranges") or "-")
            end
        }
    }
--- user_files eval
[["a.html", "0123456789" x 10]]
--- request
GET /t
--- response_body
/two 206 -
/two 200 Accept-Ranges
/none 200 -
/many 206 -

=== TEST 24: any range of an empty file is the whole of it
--- config
    location / { root html; }
--- user_files eval
[["a.html", ""]]
--- more_headers eval
["Range: bytes=0-", "Range: bytes=-1"]
--- request eval
["GET /a.html", "GET /a.html"]
--- error_code eval
[200, 200]
--- response_headers eval
["Content-Length: 0", "Content-Length: 0"]
