# examples/json-api, as conf/perilune.conf routes it.
use Test::Nginx::Socket 'no_plan';

our $HttpConfig = 'lua_package_path "examples/?.lua;;";';
our $Config = 'location /api/ { handler json-api.app; middleware json-api.timing; }';

add_block_preprocessor(sub {
    my ($block) = @_;
    if (!defined $block->http_config) {
        $block->set_value("http_config", $::HttpConfig);
    }
    if (!defined $block->config) {
        $block->set_value("config", $::Config);
    }
});

no_root_location();
run_tests();

__DATA__

=== TEST 1: the list is empty at first
--- request
GET /api/tasks
--- response_headers_like
Content-Type: application/json
Server-Timing: app;dur=\d+\.\d+
--- response_body: []

=== TEST 2: a task is made, read and deleted
--- pipelined_requests eval
["POST /api/tasks\n{\"title\": \"fly\"}", "GET /api/tasks/1", "GET /api/tasks", "DELETE /api/tasks/1", "GET /api/tasks/1"]
--- error_code eval
[201, 200, 200, 204, 404]
--- response_body_like eval
[qr/"title":"fly"/, qr/"id":1/, qr/^\[\{.*\}\]$/, qr/^$/, qr/no such task/]

=== TEST 3: what is not JSON is a 400 with a problem document
--- request
POST /api/tasks
{"title":
--- error_code: 400
--- response_headers
Content-Type: application/problem+json
--- response_body_like: not JSON

=== TEST 4: a task without a title
--- request
POST /api/tasks
{"name": "x"}
--- error_code: 422
--- response_body_like: a task needs a title

=== TEST 5: another method
--- request
PUT /api/tasks
{}
--- error_code: 405
--- response_headers
Allow: GET, HEAD, OPTIONS, POST
Content-Type: application/problem+json
--- response_body_like: "status":405

=== TEST 6: a browser gets a page
--- request
GET /api/tasks/99
--- more_headers
Accept: text/html, */*;q=0.1
--- error_code: 404
--- response_headers
Content-Type: text/html; charset=utf-8
--- response_body_like: <p>no such task</p>

=== TEST 7: a body that is too long
--- request eval
"POST /api/tasks\n{\"title\": \"" . "x" x 10000 . "\"}"
--- error_code: 413
--- response_body_like: too long

=== TEST 8: without a server, as examples/json-api/test.lua does it
--- exec: $TEST_NGINX_BINARY run examples/json-api/test.lua
--- exec_out
ok
