# Ways to ask for a file outside the root.
use Test::Nginx::Socket 'no_plan';

no_root_location();
run_tests();

__DATA__

=== TEST 1: dots
--- config
    location / { root html/pub; }
--- user_files
>>> pub/a.txt
public
>>> secret.txt
secret
>>> pub/back\slash
odd
--- raw_request eval
"GET /../secret.txt HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"
--- error_code: 400
--- response_body_unlike: secret

=== TEST 2: dots behind a directory
--- config
    location / { root html/pub; }
--- user_files
>>> pub/a.txt
public
>>> secret.txt
secret
>>> pub/back\slash
odd
--- raw_request eval
"GET /x/../../secret.txt HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"
--- error_code: 400
--- response_body_unlike: secret

=== TEST 3: dots that stay inside
--- config
    location / { root html/pub; }
--- user_files
>>> pub/a.txt
public
>>> secret.txt
secret
>>> pub/back\slash
odd
--- raw_request eval
"GET /x/../a.txt HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"
--- error_code: 200
--- response_body_unlike: secret

=== TEST 4: encoded dots
--- config
    location / { root html/pub; }
--- user_files
>>> pub/a.txt
public
>>> secret.txt
secret
>>> pub/back\slash
odd
--- raw_request eval
"GET /%2e%2e/secret.txt HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"
--- error_code: 400
--- response_body_unlike: secret

=== TEST 5: half encoded dots
--- config
    location / { root html/pub; }
--- user_files
>>> pub/a.txt
public
>>> secret.txt
secret
>>> pub/back\slash
odd
--- raw_request eval
"GET /.%2e/secret.txt HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"
--- error_code: 400
--- response_body_unlike: secret

=== TEST 6: an encoded slash
--- config
    location / { root html/pub; }
--- user_files
>>> pub/a.txt
public
>>> secret.txt
secret
>>> pub/back\slash
odd
--- raw_request eval
"GET /..%2fsecret.txt HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"
--- error_code: 400
--- response_body_unlike: secret

=== TEST 7: an encoded slash in the middle
--- config
    location / { root html/pub; }
--- user_files
>>> pub/a.txt
public
>>> secret.txt
secret
>>> pub/back\slash
odd
--- raw_request eval
"GET /x%2f..%2f..%2fsecret.txt HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"
--- error_code: 400
--- response_body_unlike: secret

=== TEST 8: double encoding is a name
--- config
    location / { root html/pub; }
--- user_files
>>> pub/a.txt
public
>>> secret.txt
secret
>>> pub/back\slash
odd
--- raw_request eval
"GET /%252e%252e/secret.txt HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"
--- error_code: 404
--- response_body_unlike: secret

=== TEST 9: double encoding of a slash
--- config
    location / { root html/pub; }
--- user_files
>>> pub/a.txt
public
>>> secret.txt
secret
>>> pub/back\slash
odd
--- raw_request eval
"GET /..%252fsecret.txt HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"
--- error_code: 404
--- response_body_unlike: secret

=== TEST 10: a backslash is a byte
--- config
    location / { root html/pub; }
--- user_files
>>> pub/a.txt
public
>>> secret.txt
secret
>>> pub/back\slash
odd
--- raw_request eval
"GET /..\\secret.txt HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"
--- error_code: 404
--- response_body_unlike: secret

=== TEST 11: an encoded backslash
--- config
    location / { root html/pub; }
--- user_files
>>> pub/a.txt
public
>>> secret.txt
secret
>>> pub/back\slash
odd
--- raw_request eval
"GET /..%5csecret.txt HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"
--- error_code: 404
--- response_body_unlike: secret

=== TEST 12: three dots are a name
--- config
    location / { root html/pub; }
--- user_files
>>> pub/a.txt
public
>>> secret.txt
secret
>>> pub/back\slash
odd
--- raw_request eval
"GET /.../secret.txt HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"
--- error_code: 404
--- response_body_unlike: secret

=== TEST 13: NUL
--- config
    location / { root html/pub; }
--- user_files
>>> pub/a.txt
public
>>> secret.txt
secret
>>> pub/back\slash
odd
--- raw_request eval
"GET /a.txt%00.html HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"
--- error_code: 400
--- response_body_unlike: secret

=== TEST 14: NUL at the end
--- config
    location / { root html/pub; }
--- user_files
>>> pub/a.txt
public
>>> secret.txt
secret
>>> pub/back\slash
odd
--- raw_request eval
"GET /a.txt%00 HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"
--- error_code: 400
--- response_body_unlike: secret

=== TEST 15: overlong UTF-8 dots
--- config
    location / { root html/pub; }
--- user_files
>>> pub/a.txt
public
>>> secret.txt
secret
>>> pub/back\slash
odd
--- raw_request eval
"GET /%c0%ae%c0%ae/secret.txt HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"
--- error_code: 404
--- response_body_unlike: secret

=== TEST 16: a semicolon
--- config
    location / { root html/pub; }
--- user_files
>>> pub/a.txt
public
>>> secret.txt
secret
>>> pub/back\slash
odd
--- raw_request eval
"GET /..;/secret.txt HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"
--- error_code: 404
--- response_body_unlike: secret

=== TEST 17: many slashes
--- config
    location / { root html/pub; }
--- user_files
>>> pub/a.txt
public
>>> secret.txt
secret
>>> pub/back\slash
odd
--- raw_request eval
"GET //..//secret.txt HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"
--- error_code: 400
--- response_body_unlike: secret

=== TEST 18: dots at the end
--- config
    location / { root html/pub; }
--- user_files
>>> pub/a.txt
public
>>> secret.txt
secret
>>> pub/back\slash
odd
--- raw_request eval
"GET /.. HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"
--- error_code: 400
--- response_body_unlike: secret

=== TEST 19: a very long name
--- config
    location / { root html/pub; }
--- user_files
>>> pub/a.txt
public
>>> secret.txt
secret
>>> pub/back\slash
odd
--- raw_request eval
"GET /xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"
--- error_code: 404
--- response_body_unlike: secret

=== TEST 20: dots that come by a rewrite
--- config
    location / { root html/pub; rewrite ^ /../secret.txt break; }
--- user_files
>>> pub/a.txt
public
>>> secret.txt
secret
>>> pub/back\slash
odd
--- request
GET /x
--- error_code_like: ^(404|400|500|403)$
--- response_body_unlike: secret

=== TEST 21: an alias without its slash does not open the directory above
--- config
    location /i { alias html/pub/; }
--- user_files
>>> pub/a.txt
public
>>> secret.txt
secret
>>> pub/back\slash
odd
--- request
GET /i../secret.txt
--- error_code_like: ^(404|403)$
--- response_body_unlike: secret

=== TEST 22: a path and its alias that end differently: no redirect that adds a second slash
--- config
    location /dir/ { alias html/pub; }
    location = /pub { alias html/pub/; index a.txt; }
    location = /file/ { alias html/secret.txt; }
--- user_files
>>> pub/a.txt
public
>>> secret.txt
secret
--- pipelined_requests eval
["GET /dir/", "GET /pub", "GET /file/"]
--- error_code eval
[403, 301, 200]
--- response_headers eval
["!Location", "Location: http://localhost:$ServerPort/pub/", "!Location"]

=== TEST 23: merge_slashes off: the server that is asked decides
--- http_config
    server {
        listen unix:$TEST_NGINX_HTML_DIR/s.sock;
        server_name all;
        merge_slashes off;
        location //x { return 200 "two $uri\n"; }
        location / { return 200 "$uri\n"; }
        location = /f/ { root html; }
    }
    server { listen unix:$TEST_NGINX_HTML_DIR/s.sock; server_name one; location / { return 200 "$uri\n"; } }
--- config
    location / { return 200 "$uri\n"; }
--- exec
for h in all one; do
    for p in //x/y /a//b /a/%2f/b /a//../c '/a?b//c' / ///; do
        curl -s --path-as-is --unix-socket $TEST_NGINX_HTML_DIR/s.sock -H "Host: $h" "http://h$p"
    done
done
--- exec_out
two //x/y
/a//b
/a///b
/a/c
/a
/
///
/x/y
/a/b
/a/b
/c
/a
/
/
