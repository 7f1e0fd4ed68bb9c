# What a handler, a filter or a client can do wrong on the way of a request, without harm to the worker or the next
# request of the connection.
use Test::Nginx::Socket 'no_plan';

no_root_location();
run_tests();

__DATA__

=== TEST 1: a needed body that comes later than the head
--- config
    location /need {
        lua_need_request_body on;
        content_by_lua_block { ngx.say("body: ", ngx.req.get_body_data()) }
    }
--- raw_request eval
["POST /need HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nConnection: close\r\n\r\nhe", "llo"]
--- raw_request_middle_delay: 0.1
--- response_body
body: hello
--- no_error_log
[alert]

=== TEST 2: a needed body that is too large
--- config
    location /need {
        lua_need_request_body on;
        client_max_body_size 10;
        content_by_lua_block { ngx.say("not reached") }
    }
--- more_headers
Transfer-Encoding: chunked
--- request eval
"POST /need\r\n20\r\n" . ("x" x 32) . "\r\n0\r\n\r\n"
--- error_code: 413

=== TEST 3: an error object whose __tostring fails
--- config
    location /t {
        content_by_lua_block {
            error(setmetatable({}, { __tostring = function() error("again") end }))
        }
    }
--- request
GET /t
--- error_code: 500
--- error_log
unknown reason (error object is a table value)

=== TEST 4: a header filter cannot make a final response an interim one
--- config
    location /t {
        content_by_lua_block { ngx.say("x") }
        header_filter_by_lua_block { ngx.status = 100 }
    }
--- request
GET /t
--- error_code: 500
--- error_log
invalid response status 100

=== TEST 5: a body filter that ends the response while much of it is queued
--- config
    location /t {
        content_by_lua_block {
            ngx.print(("x"):rep(6000000))
            ngx.print("yyyy")
        }
        body_filter_by_lua_block { ngx.arg[2] = true }
    }
--- exec
curl -s --raw -H 'Connection: close' --limit-rate 20M http://127.0.0.1:$TEST_NGINX_SERVER_PORT/t | tail -c 8 | od -An -c | tr -s ' '
--- exec_out eval
" x \\r \\n 0 \\r \\n \\r \\n\n"
--- no_error_log
[alert]
check failed

=== TEST 6: the answer to HEAD has no body, whatever method a handler sets
--- config
    location /t {
        content_by_lua_block {
            ngx.req.set_method(ngx.HTTP_GET)
            ngx.say("body")
        }
    }
--- exec
printf 'HEAD /t HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n' | timeout 100 perl -MIO::Socket::INET -e 'my $s = IO::Socket::INET->new("127.0.0.1:$ENV{TEST_NGINX_SERVER_PORT}"); print $s join "", <STDIN>; print grep { /body/ } <$s>; print "end\n"'
--- exec_out
end

=== TEST 7: two threads that read the body
--- config
    location /t {
        content_by_lua_block {
            local function read() ngx.req.read_body() ngx.say(ngx.req.get_body_data()) end
            ngx.thread.spawn(read)
            read()
        }
    }
--- raw_request eval
["POST /t HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nConnection: close\r\n\r\nhe", "llo"]
--- raw_request_middle_delay: 0.1
--- response_body
hello
hello

=== TEST 8: a file that a program gave as the body stays when another body is set
--- config
    location /t {
        content_by_lua_block {
            local name = os.tmpname()
            ngx.req.read_body()
            ngx.req.set_body_file(name)
            ngx.req.set_body_data("other")
            local file = io.open(name)
            ngx.say(file and "kept" or "gone")
            os.remove(name)
        }
    }
--- request
POST /t
hello
--- response_body
kept

=== TEST 9: control bytes of a path do not reach the log as they are
--- config
    location / { root html; }
--- request
GET /a%0aFORGED%1b
--- error_code: 404
--- error_log
a\x0AFORGED\x1B"

=== TEST 10: the threads of a request that is over for its client
--- config
    lua_check_client_abort on;
    location /loop {
        content_by_lua_block {
            for _ = 1, 3 do
                ngx.thread.spawn(function() while true do ngx.sleep(0.05) end end)
            end
        }
    }
    location /count {
        content_by_lua_block { ngx.say(require("perilune.core.task").count()) }
    }
--- exec
curl -s -m 0.3 http://127.0.0.1:$TEST_NGINX_SERVER_PORT/loop
for i in $(seq 1200); do [ "$(curl -s http://127.0.0.1:$TEST_NGINX_SERVER_PORT/count)" = 1 ] && break; sleep 0.05; done
curl -s http://127.0.0.1:$TEST_NGINX_SERVER_PORT/count
--- exec_out
1

=== TEST 11: headers that fail when they are read, and those of a request that is over
--- http_config
    lua_package_path "$TEST_NGINX_HTML_DIR/?.lua;;";
--- user_files
>>> app.lua
return function()
    return { body = "x", headers = setmetatable({}, { __index = function() error("boom") end }) }
end
--- config
    location / { handler app; }
--- request
GET /
--- error_code: 500
--- error_log
boom

=== TEST 12: a path with a zero byte is no path
--- http_config
    lua_package_path "$TEST_NGINX_HTML_DIR/?.lua;;";
--- user_files
>>> app.lua
local http = require "perilune.http"
return function(req)
    return { body = http.file("/etc/hostname" .. req.query.end_of_name .. ".txt") }
end
--- config
    location / { handler app; }
--- request
GET /?end_of_name=%00
--- error_code: 500
--- error_log
zero byte

=== TEST 13: a body is read as a whole or as a stream, not as both at once
--- http_config
    lua_package_path "$TEST_NGINX_HTML_DIR/?.lua;;";
--- user_files
>>> app.lua
return function(req)
    local text = req:text()
    local ok, err = try_await(req.body:take())
    return await(text) .. " " .. tostring(ok) .. " " .. err.code
end
--- config
    location / { handler app; }
--- raw_request eval
["POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nConnection: close\r\n\r\nhe", "llo"]
--- raw_request_middle_delay: 0.1
--- response_body: hello false busy

=== TEST 14: threads that nobody waits for are collected, also those of an answer that another thread has ended
--- config
    location /t {
        content_by_lua_block {
            ngx.thread.spawn(function()
                ngx.sleep(0.001)
                ngx.thread.spawn(function() ngx.exit(200) end)
            end)
            ngx.sleep(1)
        }
    }
    location /size {
        content_by_lua_block {
            collectgarbage()
            collectgarbage()
            ngx.say(collectgarbage("count") < 1500 and "small" or "large")
        }
    }
--- exec
for i in $(seq 20); do curl -s "http://127.0.0.1:$TEST_NGINX_SERVER_PORT/t?[1-100]"; done
curl -s http://127.0.0.1:$TEST_NGINX_SERVER_PORT/size
--- exec_out
small



=== TEST 15: an expression that fails is not taken for one that does not match: nobody gets past it
--- config
    location ~ ^/(?:b+)+$ { deny all; }
    location ~ "(*UTF)^/secret" { deny all; }
    location /if { if ($arg_a ~ "^(?:a+)+$") { return 403; } return 200 "let in\n"; }
    location /not { if ($arg_a !~ "^(?:a+)+$") { return 200 "let in\n"; } return 403; }
    location /rewrite { rewrite ^/rewrite/(?:a+)+$ /secret; return 200 "let in\n"; }
    location / { return 200 "let in\n"; }
--- request eval
my $x = "a" x 40 . "!";
["GET /b", "GET /secret", "GET /if?a=aa", "GET /not?a=b", "GET /rewrite/b",
 "GET /" . "b" x 40 . "!", "GET /secret%ff", "GET /if?a=$x", "GET /not?a=$x", "GET /rewrite/$x"]
--- error_code eval
[403, 403, 403, 200, 200, 500, 500, 500, 500, 500]
--- error_log
pcre2_match() failed: -47 on



=== TEST 16: nor does a map go on behind it: its default holds
--- http_config
    map $uri $may { "~(*UTF)^/secret" no; ~^/ yes; default unknown; }
--- config
    location / { return 200 "$may\n"; }
--- request eval
["GET /secret", "GET /open", "GET /secret%ff"]
--- response_body eval
["no\n", "yes\n", "unknown\n"]
--- error_log
pcre2_match() failed
