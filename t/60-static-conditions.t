# Conditional requests for files (RFC 9110 section 13).
use Test::Nginx::Socket 'no_plan';

no_root_location();
run_tests();

__DATA__

=== TEST 1: If-None-Match, the same tag
--- config
    location / { root html; }
--- user_files
>>> a.html 200109090146.40
0123456789
--- request
GET /a.html
--- more_headers
If-None-Match: "3b9aca00-b"
--- error_code: 304
--- response_headers
ETag: "3b9aca00-b"
Last-Modified: Sun, 09 Sep 2001 01:46:40 GMT
!Content-Type
!Content-Length
--- response_body

=== TEST 2: If-None-Match, weak comparison
--- config
    location / { root html; }
--- user_files
>>> a.html 200109090146.40
0123456789
--- request
GET /a.html
--- more_headers
If-None-Match: W/"3b9aca00-b"
--- error_code: 304

=== TEST 3: If-None-Match, a list
--- config
    location / { root html; }
--- user_files
>>> a.html 200109090146.40
0123456789
--- request
GET /a.html
--- more_headers
If-None-Match: "a", "b" , "3b9aca00-b"
--- error_code: 304

=== TEST 4: If-None-Match, any
--- config
    location / { root html; }
--- user_files
>>> a.html 200109090146.40
0123456789
--- request
GET /a.html
--- more_headers
If-None-Match: *
--- error_code: 304

=== TEST 5: If-None-Match, another tag
--- config
    location / { root html; }
--- user_files
>>> a.html 200109090146.40
0123456789
--- request
GET /a.html
--- more_headers
If-None-Match: "a"
--- error_code: 200

=== TEST 6: If-Modified-Since, the same
--- config
    location / { root html; }
--- user_files
>>> a.html 200109090146.40
0123456789
--- request
GET /a.html
--- more_headers
If-Modified-Since: Sun, 09 Sep 2001 01:46:40 GMT
--- error_code: 304
--- response_headers
ETag: "3b9aca00-b"
Last-Modified: Sun, 09 Sep 2001 01:46:40 GMT
!Content-Type
!Content-Length
--- response_body

=== TEST 7: If-Modified-Since, later, exact
--- config
    location / { root html; }
--- user_files
>>> a.html 200109090146.40
0123456789
--- request
GET /a.html
--- more_headers
If-Modified-Since: Sun, 09 Sep 2001 01:46:41 GMT
--- error_code: 200

=== TEST 8: If-Modified-Since, later, before
--- config
    location / { if_modified_since before; }
--- user_files
>>> a.html 200109090146.40
0123456789
--- request
GET /a.html
--- more_headers
If-Modified-Since: Sun, 09 Sep 2001 01:46:41 GMT
--- error_code: 304

=== TEST 9: If-Modified-Since, earlier, before
--- config
    location / { if_modified_since before; }
--- user_files
>>> a.html 200109090146.40
0123456789
--- request
GET /a.html
--- more_headers
If-Modified-Since: Sun, 09 Sep 2001 01:46:39 GMT
--- error_code: 200

=== TEST 10: If-Modified-Since, off
--- config
    location / { if_modified_since off; }
--- user_files
>>> a.html 200109090146.40
0123456789
--- request
GET /a.html
--- more_headers
If-Modified-Since: Sun, 09 Sep 2001 01:46:40 GMT
--- error_code: 200

=== TEST 11: If-Modified-Since, RFC 850
--- config
    location / { root html; }
--- user_files
>>> a.html 200109090146.40
0123456789
--- request
GET /a.html
--- more_headers
If-Modified-Since: Sunday, 09-Sep-01 01:46:40 GMT
--- error_code: 304

=== TEST 12: If-Modified-Since, asctime
--- config
    location / { root html; }
--- user_files
>>> a.html 200109090146.40
0123456789
--- request
GET /a.html
--- more_headers
If-Modified-Since: Sun Sep  9 01:46:40 2001
--- error_code: 304

=== TEST 13: If-Modified-Since, nonsense
--- config
    location / { root html; }
--- user_files
>>> a.html 200109090146.40
0123456789
--- request
GET /a.html
--- more_headers
If-Modified-Since: yesterday
--- error_code: 200

=== TEST 14: If-None-Match goes before If-Modified-Since
--- config
    location / { root html; }
--- user_files
>>> a.html 200109090146.40
0123456789
--- request
GET /a.html
--- more_headers
If-None-Match: "a"
If-Modified-Since: Sun, 09 Sep 2001 01:46:40 GMT
--- error_code: 200

=== TEST 15: If-Match, the same tag
--- config
    location / { root html; }
--- user_files
>>> a.html 200109090146.40
0123456789
--- request
GET /a.html
--- more_headers
If-Match: "3b9aca00-b"
--- error_code: 200

=== TEST 16: If-Match, any
--- config
    location / { root html; }
--- user_files
>>> a.html 200109090146.40
0123456789
--- request
GET /a.html
--- more_headers
If-Match: *
--- error_code: 200

=== TEST 17: If-Match, another tag
--- config
    location / { root html; }
--- user_files
>>> a.html 200109090146.40
0123456789
--- request
GET /a.html
--- more_headers
If-Match: "a"
--- error_code: 412
--- response_headers
!ETag
!Last-Modified
Content-Type: text/html
--- response_body_like: <h1>412 Precondition Failed</h1>

=== TEST 18: If-Match, strong comparison
--- config
    location / { root html; }
--- user_files
>>> a.html 200109090146.40
0123456789
--- request
GET /a.html
--- more_headers
If-Match: W/"3b9aca00-b"
--- error_code: 412

=== TEST 19: If-Unmodified-Since, the same
--- config
    location / { root html; }
--- user_files
>>> a.html 200109090146.40
0123456789
--- request
GET /a.html
--- more_headers
If-Unmodified-Since: Sun, 09 Sep 2001 01:46:40 GMT
--- error_code: 200

=== TEST 20: If-Unmodified-Since, earlier
--- config
    location / { root html; }
--- user_files
>>> a.html 200109090146.40
0123456789
--- request
GET /a.html
--- more_headers
If-Unmodified-Since: Sun, 09 Sep 2001 01:46:39 GMT
--- error_code: 412

=== TEST 21: HEAD
--- config
    location / { root html; }
--- user_files
>>> a.html 200109090146.40
0123456789
--- request
HEAD /a.html
--- more_headers
If-None-Match: "3b9aca00-b"
--- error_code: 304

=== TEST 22: an answer after a 304 on the same connection
--- config
    location / { root html; }
--- user_files
>>> a.html 200109090146.40
0123456789
--- pipelined_requests eval
["GET /a.html", "GET /a.html"]
--- more_headers
If-None-Match: *
--- error_code eval
[304, 304]
