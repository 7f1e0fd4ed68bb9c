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
--- response_body
[]

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
--- response_body_like: use GET or POST
