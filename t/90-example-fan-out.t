# examples/fan-out: what has come in time is in the answer, the rest is named.
use Test::Nginx::Socket 'no_plan';

no_root_location();
run_tests();

__DATA__

=== TEST 1: four services, one of them late, one of them broken
--- http_config
    lua_package_path "examples/?.lua;;";
--- config
    location /product { handler fan-out.app.product; }
--- request
GET /product?id=7
--- response_headers
Content-Type: application/json
--- response_body_like chomp
^(?=.*"id":7)(?=.*"price":70)(?=.*"stock":1)(?=.*"missing":\["reviews: timeout","advice: closed"\]).*\n$
--- no_error_log
[error]
