# An error page for a status that the server itself decides on before any step of the location has run.
use Test::Nginx::Socket 'no_plan';

no_root_location();
run_tests();

__DATA__

=== TEST 1: an internal location asked for by a client
--- config
    error_page 404 /missing;
    location /secret { internal; return 200 "secret"; }
    location /missing { return 200 "page for 404"; }
--- request
GET /secret
--- error_code: 404
--- response_body: page for 404

=== TEST 2: a body that is too large
--- config
    error_page 413 /big;
    location /up { client_max_body_size 10; content_by_lua_block { ngx.say("no") } }
    location /big { return 200 "too big"; }
--- request eval
"POST /up\n" . ("x" x 100)
--- error_code: 413
--- response_body: too big

=== TEST 3: the page is a named location
--- config
    error_page 404 = @fallback;
    location / { internal; }
    location @fallback { content_by_lua_block { ngx.say("fallback for ", ngx.var.uri) } }
--- request
GET /x
--- response_body
fallback for /x

=== TEST 4: the page itself is internal
--- config
    error_page 404 /missing;
    location /secret { internal; }
    location /missing { internal; return 200 "inner"; }
--- request
GET /secret
--- error_code: 404
--- response_body: inner

=== TEST 5: after a bad head
--- config
    error_page 400 /bad;
    location / { return 200 "never"; }
    location /bad { return 200 "bad request page"; }
--- raw_request eval
"GET / HTTP/1.1\r\n\r\n"
--- error_code: 400
--- response_body: bad request page

=== TEST 6: an error on the way of an error page, without and with recursive_error_pages
--- config
    error_page 404 /missing.html;
    error_page 403 @denied;
    location /plain/ { return 403; }
    location /again/ { return 403; }
    location @denied {
        recursive_error_pages on;
        error_page 404 = @last;
        return 404;
    }
    location @last { return 200 "last\n"; }
--- request eval
["GET /plain/", "GET /none"]
--- error_code eval
[200, 404]
--- response_body_like eval
["last", "404 Not Found"]

=== TEST 7: error pages that lead to each other end with a plain page
--- config
    recursive_error_pages on;
    error_page 404 /a;
    error_page 403 /b;
    error_page 500 /a;
    location = /a { return 403; }
    location = /b { return 404; }
--- request
GET /none
--- error_code: 500
--- response_body_like: 500 Internal Server Error
--- error_log
internal redirection cycle
