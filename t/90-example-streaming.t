# examples/streaming, as conf/perilune.conf routes it.
use Test::Nginx::Socket 'no_plan';

no_root_location();
run_tests();

__DATA__

=== TEST 1: server-sent events
--- http_config
    lua_package_path "examples/?.lua;;";
--- config
    location /clock { handler streaming.app.clock; }
--- request
GET /clock?count=3&every=0.05
--- response_headers
Content-Type: text/event-stream
Transfer-Encoding: chunked
--- response_body_like: ^id: 1\ndata: \d\d:\d\d:\d\d\n\nid: 2\ndata: [\d:]+\n\nid: 3\ndata: [\d:]+\n\n$

=== TEST 2: numbers of an iterator
--- http_config
    lua_package_path "examples/?.lua;;";
--- config
    location /numbers { handler streaming.app.numbers; }
--- request
GET /numbers?to=20000
--- response_body eval
join("", map { "$_\n" } 1 .. 20000)

=== TEST 3: a client that leaves ends the clock
--- http_config
    lua_package_path "examples/?.lua;$TEST_NGINX_HTML_DIR/?.lua;;";
--- config
    location /clock { handler watched; }
--- user_files
>>> watched.lua
local clock, task = require("streaming.app").clock, require "perilune.task"
return function(req)
    task.defer(function() ngx.log(ngx.WARN, "the clock has ended") end)
    return clock(req)
end
--- exec
curl -sN -m 20 "http://127.0.0.1:$TEST_NGINX_SERVER_PORT/clock?every=0.05" 2>&1 | head -n 1
--- exec_out
id: 1
--- error_log
the clock has ended
--- no_error_log
[error]
[alert]
[emerg]
