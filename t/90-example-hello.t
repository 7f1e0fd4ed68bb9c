# examples/hello, as conf/perilune.conf routes it.
use Test::Nginx::Socket 'no_plan';

no_root_location();
run_tests();

__DATA__

=== TEST 1: a greeting for everybody
--- http_config
    lua_package_path "examples/?.lua;;";
--- config
    location = /hello { handler hello.app; }
--- request
GET /hello
--- response_headers
Content-Type: text/plain
Content-Length: 14
--- response_body
Hello, world!

=== TEST 2: a greeting by name, decoded from the query
--- http_config
    lua_package_path "examples/?.lua;;";
--- config
    location = /hello { handler hello.app; }
--- request
GET /hello?name=Ada+L%2e
--- response_body
Hello, Ada L.!
