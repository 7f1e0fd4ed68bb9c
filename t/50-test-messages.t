# What `perilune test` says of blocks that fail: enough to mend them without another run.
use Test::Nginx::Socket 'no_plan';

$ENV{TEST_NGINX_PROJECT} ||= cwd();

no_root_location();
run_tests();

__DATA__

=== TEST 1: names that are near, the line of the configuration, the error behind a 500 or no answer, headers
--- config
    location / { return 200; }
--- user_files
>>> a.t
__DATA__
|=== names
|--- config
    location /a { return 200 "a\n"; }
|--- request
GET /a
|--- responce_body
b
|--- wholly_unlike_any
|=== configuration
|--- config
    location /a { retrun 200 "a\n"; }
|--- request
GET /a
|=== error
|--- config
    location /a {
        content_by_lua_block { ngx.log(ngx.WARN, "a warning") error("out of cheese") }
    }
|--- request
GET /a
|=== no answer
|--- config
    location /a { content_by_lua_block { ngx.log(ngx.ERR, "hung up") ngx.exit(444) } }
|--- request
GET /a
|=== headers
|--- config
    location /a { add_header X-A b; return 200; }
|--- request
GET /a
|--- response_headers
X-A: c
X-E: f
--- exec
cd $TEST_NGINX_HTML_DIR; sed -i 's/^|//' a.t # behind it blocks and sections are no ones of this file
$TEST_NGINX_BINARY test a.t | sed -n \
    -e 's/^#   \(warning\|expected status\|line\|[-+] \)/\1/p' -e 's/.*\(out of cheese\|a warning\|hung up\).*/\1/p' \
    | sed 's/line [0-9]* /line N /'
--- exec_out
warning: a.t names - no section is called 'responce_body'; did you mean 'response_body'?
warning: a.t names - no section is called 'wholly_unlike_any'
line N of the configuration: location /a { retrun 200 "a\n"; }
expected status 200, got 500
out of cheese
expected status 200, got no response head
hung up
- X-A: c
+ X-A: b
- X-E: f
+ (no such header)

=== TEST 2: the runner's tests of itself
--- config
    location / { return 200; }
--- exec
cd $TEST_NGINX_PROJECT && $TEST_NGINX_BINARY run t/lib/runner_selftest.lua $TEST_NGINX_BINARY | grep -v ^ok
--- exec_out_like: ^1\.\.\d+\n\d+ passed, 0 failed\n$
