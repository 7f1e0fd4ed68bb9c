# HTTP/1.1 connections: keep-alive, pipelining, HTTP/1.0, ends of both sides, unread bodies, limits.
use Test::Nginx::Socket 'no_plan';

no_root_location();
our $Http = <<'_EOC_';
    lua_package_path "$TEST_NGINX_HTML_DIR/?.lua;;";
_EOC_
add_block_preprocessor(sub {
    my $block = shift;
    if (!defined $block->http_config) {
        $block->set_value("http_config", $Http);
    }
    if (!defined $block->config) {
        $block->set_value("config", "    location / { handler app; }\n");
    }
    if (!defined $block->request && !defined $block->raw_request && !defined $block->pipelined_requests) {
        $block->set_value("request", "GET /");
    }
});

run_tests();

__DATA__

=== TEST 1: keep-alive is the rule of HTTP/1.1
--- user_files
>>> app.lua
return function(req) return req.path end
--- raw_request eval
["GET /a HTTP/1.1\r\nHost: a\r\n\r\n", "GET /b HTTP/1.1\r\nHost: a\r\n\r\n"]
--- raw_request_middle_delay: 0.03
--- responses: 2
--- response_headers
Connection: keep-alive
--- response_body eval
["/a", "/b"]
--- connection: open



=== TEST 2: Connection: close is obeyed and said
--- user_files
>>> app.lua
return function(req) return req.path end
--- raw_request eval
"GET /a HTTP/1.1\r\nHost: a\r\nConnection: foo, CLOSE\r\n\r\n"
--- response_headers
Connection: close
--- response_body: /a
--- connection: closed



=== TEST 3: HTTP/1.0 closes, unless keep-alive is asked for and the length is known
--- user_files
>>> app.lua
return function(req) return req.path .. tostring(req.host) end
--- raw_request eval
["GET /a HTTP/1.0\r\nConnection: keep-alive\r\n\r\n", "GET /b HTTP/1.0\r\n\r\n"]
--- raw_request_middle_delay: 0.03
--- responses: 2
--- response_headers eval
["Connection: keep-alive", "Connection: close"]
--- raw_response_headers_like: ^HTTP/1.1 200 OK
--- response_body eval
["/a", "/b"]
--- connection: closed



=== TEST 4: pipelined requests are answered in order, those that wait and those that do not
--- user_files
>>> app.lua
local task = require "perilune.task"
return function(req)
    local ms = tonumber(req.query.ms)
    if ms then task.nap(ms / 1000) end
    if req.query.stream then
        local i = 0
        return { body = function() i = i + 1 if i < 3 then task.nap(0.002) return req.path .. i end end }
    end
    return req.path
end
--- pipelined_requests eval
["GET /1?ms=30", "GET /2", "GET /3?ms=1", "GET /4", "GET /5?stream=1", "GET /6", "HEAD /7?ms=1", "GET /8?ms=0", "GET /9?stream=1", "GET /10"]
--- response_body eval
["/1", "/2", "/3", "/4", "/51/52", "/6", "", "/8", "/91/92", "/10"]



=== TEST 5: 300 pipelined requests
--- user_files
>>> app.lua
local task = require "perilune.task"
return function(req)
    local n = tonumber(req.path:sub(2))
    if n % 50 == 0 then task.nap(0.001) end
    return req.path .. ("x"):rep(1000)
end
--- raw_request lua
local out = {}
for i = 1, 300 do out[i] = "GET /" .. i .. " HTTP/1.1\r\nHost: a\r\n" .. (i == 300 and "Connection: close\r\n" or "") .. "\r\n" end
return table.concat(out)
--- responses: 300
--- response_body lua
local out = {}
for i = 1, 300 do out[i] = "/" .. i .. ("x"):rep(1000) end
return out
--- error_code lua
local out = {}
for i = 1, 300 do out[i] = "200" end
return out



=== TEST 6: pipelined requests with bodies, read and unread
--- user_files
>>> app.lua
local task = require "perilune.task"
return function(req)
    if req.path == "/text" then task.nap(0.002) return await(req:text()) end
    if req.path == "/half" then return await(req.body:take()):sub(1, 2) end
    return "ignored"
end
--- raw_request eval
"POST /text HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nabc"
. "POST /none HTTP/1.1\r\nHost: a\r\nContent-Length: 20\r\n\r\nGET /evil HTTP/1.1\r\n"
. "POST /none HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nabcd\r\n0\r\n\r\n"
. "POST /half HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nABCD\r\n2\r\nEF\r\n0\r\nX: y\r\n\r\n"
. "POST /text HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n4\r\nlast\r\n0\r\n\r\n"
--- responses: 5
--- response_body eval
["abc", "ignored", "ignored", "AB", "last"]



=== TEST 7: an unread small body that comes late is dropped, the connection stays
--- user_files
>>> app.lua
return function(req) return "early" end
--- raw_request eval
["POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\n01", "23456", "789GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"]
--- raw_request_middle_delay: 0.03
--- responses: 2
--- response_headers eval
["Connection: keep-alive", "Connection: close"]
--- response_body eval
["early", "early"]



=== TEST 8: an unread large body closes the connection, and the answer is not lost
--- config
    location / { client_max_body_size 0; handler app; }
--- user_files
>>> app.lua
return function(req) return "early" end
--- raw_request lua
"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 900000\r\n\r\n" .. ("x"):rep(900000)
--- response_headers
Connection: close
--- response_body: early
--- connection: closed



=== TEST 9: blank lines before a request are skipped
--- user_files
>>> app.lua
return function(req) return req.path end
--- raw_request eval
"\r\nGET /a HTTP/1.1\r\nHost: a\r\n\r\n\r\nGET /b HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"
--- responses: 2
--- response_body eval
["/a", "/b"]



=== TEST 10: a client that has ended its side is answered, at once and later
--- user_files
>>> app.lua
local task = require "perilune.task"
return function(req)
    if req.path == "/later" then task.nap(0.05) end
    return req.path
end
--- raw_request eval
"GET /later HTTP/1.1\r\nHost: a\r\n\r\nGET /now HTTP/1.1\r\nHost: a\r\n\r\n"
--- shutdown: 1
--- responses: 2
--- response_body eval
["/later", "/now"]
--- connection: closed



=== TEST 11: a client that ends in the middle of a head is logged, not answered
--- user_files
>>> app.lua
return function(req) return req.path end
--- raw_request eval
"GET / HTTP/1.1\r\nHost"
--- shutdown: 1
--- ignore_response
--- raw_response:
--- connection: closed
--- error_log: client prematurely closed connection while reading client request headers



=== TEST 12: keepalive_requests
--- config
    keepalive_requests 2;
    location / { handler app; }
--- user_files
>>> app.lua
return function(req) return req.path end
--- raw_request eval
"GET /1 HTTP/1.1\r\nHost: a\r\n\r\nGET /2 HTTP/1.1\r\nHost: a\r\n\r\nGET /3 HTTP/1.1\r\nHost: a\r\n\r\n"
--- responses: 2
--- response_headers eval
["Connection: keep-alive", "Connection: close"]
--- response_body eval
["/1", "/2"]
--- connection: closed



=== TEST 13: keepalive_timeout 0 closes after each
--- config
    keepalive_timeout 0;
    location / { handler app; }
--- user_files
>>> app.lua
return function(req) return req.path end
--- raw_request eval
"GET /1 HTTP/1.1\r\nHost: a\r\n\r\n"
--- response_headers
Connection: close
--- response_body: /1
--- connection: closed



=== TEST 14: an idle connection is closed after keepalive_timeout
--- config
    keepalive_timeout 100ms;
    location / { handler app; }
--- user_files
>>> app.lua
return function(req) return req.path end
--- raw_request eval
"GET /1 HTTP/1.1\r\nHost: a\r\n\r\n"
--- response_headers
Connection: keep-alive
--- response_body: /1
--- connection: closed



=== TEST 15: a head that does not come in time is 408
--- config
    client_header_timeout 100ms;
    location / { handler app; }
--- user_files
>>> app.lua
return function(req) return req.path end
--- raw_request eval
["GET /1 HTTP/1.1\r\n", "Host: a\r\n", "X: y\r\n"]
--- raw_request_middle_delay: 0.07
--- error_code: 408
--- connection: closed
--- error_log: client timed out



=== TEST 16: a connection on which nothing comes is closed without a word
--- config
    client_header_timeout 100ms;
    location / { handler app; }
--- user_files
>>> app.lua
return function(req) return req.path end
--- raw_request eval
""
--- ignore_response
--- raw_response:
--- connection: closed



=== TEST 17: a body that does not come in time is 408; the time is that between two reads
--- config
    client_body_timeout 150ms;
    location / { handler app; }
--- user_files
>>> app.lua
return function(req)
    if req.path == "/caught" then
        local _, err = try_await(req:text())
        return err.code
    end
    return await(req:text())
end
--- raw_request eval
["POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\n1", "2", "3", "4"]
--- raw_request_middle_delay: 0.1
--- error_code: 408
--- connection: closed
--- error_log: client timed out while reading client request body



=== TEST 18: the same, caught by the handler: code timeout
--- config
    client_body_timeout 100ms;
    location / { handler app; }
--- user_files
>>> app.lua
return function(req)
    local _, err = try_await(req:text())
    return err.code
end
--- raw_request eval
"POST /caught HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\n1"
--- response_body: timeout
--- response_headers
Connection: close
--- connection: closed



=== TEST 19: a handler that takes its time is not timed out
--- config
    client_body_timeout 50ms;
    client_header_timeout 50ms;
    send_timeout 50ms;
    keepalive_timeout 50ms;
    location / { handler app; }
--- user_files
>>> app.lua
local task = require "perilune.task"
return function(req) task.nap(0.2) return await(req:text()) end
--- raw_request eval
["POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\nConnection: close\r\n\r\nabc"]
--- response_body: abc



=== TEST 20: 414 and 431
--- config
    large_client_header_buffers 4 1k;
    location / { handler app; }
--- user_files
>>> app.lua
return function(req) return req.path end
--- raw_request lua
"GET /" .. ("x"):rep(1100) .. " HTTP/1.1\r\nHost: a\r\n\r\n"
--- error_code: 414
--- connection: closed



=== TEST 21: 431: one header line too long
--- config
    large_client_header_buffers 4 1k;
    location / { handler app; }
--- user_files
>>> app.lua
return function(req) return req.path end
--- raw_request lua
"GET / HTTP/1.1\r\nHost: a\r\nX: " .. ("x"):rep(1100) .. "\r\n\r\n"
--- error_code_like: ^(431|400)$
--- connection: closed



=== TEST 22: 431: too many bytes altogether
--- config
    large_client_header_buffers 4 1k;
    location / { handler app; }
--- user_files
>>> app.lua
return function(req) return req.path end
--- raw_request lua
"GET / HTTP/1.1\r\nHost: a\r\n" .. ("X: " .. ("x"):rep(500) .. "\r\n"):rep(9) .. "\r\n"
--- error_code_like: ^(431|400)$
--- connection: closed



=== TEST 23: 431: too many fields
--- user_files
>>> app.lua
return function(req) return req.path end
--- raw_request lua
"GET / HTTP/1.1\r\nHost: a\r\n" .. ("a: b\r\n"):rep(1000) .. "\r\n"
--- error_code: 431
--- connection: closed



=== TEST 24: a head without end is refused while it comes
--- config
    large_client_header_buffers 4 1k;
    location / { handler app; }
--- user_files
>>> app.lua
return function(req) return req.path end
--- raw_request lua
"GET / HTTP/1.1\r\nHost: a\r\nX: " .. ("x"):rep(5000)
--- error_code_like: ^(431|400)$
--- connection: closed



=== TEST 25: an error page for a bad request can be one's own
--- config
    error_page 400 /bad;
    location / { handler app; }
--- user_files
>>> app.lua
return function(req) return "own page for " .. req.path .. "\n" end
--- raw_request eval
"GET / HTTP/1.1\r\nHo st: a\r\n\r\n"
--- error_code: 400
--- response_body
own page for /bad
--- connection: closed



=== TEST 26: the page of a bad request
--- user_files
>>> app.lua
return function(req) return "x" end
--- raw_request eval
"GET / HTTP/1.1\r\n\r\n"
--- error_code: 400
--- response_headers
Content-Type: text/html
Connection: close
--- response_body_like: 400 Bad Request
--- error_log: client sent invalid request



=== TEST 27: CONNECT is refused
--- user_files
>>> app.lua
return function(req) return req.method end
--- raw_request eval
"CONNECT a:80 HTTP/1.1\r\nHost: a\r\n\r\n"
--- error_code: 405
--- connection: closed



=== TEST 28: a large answer to a client that reads slowly comes whole
--- user_files
>>> app.lua
return function(req)
    local i = 0
    return { body = function() i = i + 1 if i <= 100 then return ("%06d|"):format(i):rep(3000) end end }
end
--- request
GET /
--- response_body lua
local out = {}
for i = 1, 100 do out[i] = ("%06d|"):format(i):rep(3000) end
return table.concat(out)



=== TEST 29: a large string
--- user_files
>>> app.lua
return function(req) return ("0123456789abcdef"):rep(500000) end
--- request
GET /
--- response_headers
Content-Length: 8000000
--- response_body_filters: length
--- response_body: 8000000



=== TEST 30: chunked_transfer_encoding off: the end of the connection is that of the body
--- config
    location / { chunked_transfer_encoding off; handler app; }
--- user_files
>>> app.lua
return function()
    local left = 2
    return { body = function()
        left = left - 1
        return left >= 0 and "piece" .. left or nil
    end }
end
--- raw_request eval
"GET / HTTP/1.1\r\nHost: a\r\n\r\n"
--- response_headers
Connection: close
! Transfer-Encoding
! Content-Length
--- response_body chomp
piece1piece0
--- connection: closed



=== TEST 31: chunked_transfer_encoding off: nothing changes where the length is known
--- config
    location / { chunked_transfer_encoding off; return 200 "known"; }
--- raw_request eval
"GET / HTTP/1.1\r\nHost: a\r\n\r\n"
--- response_headers
Connection: keep-alive
Content-Length: 5
--- response_body chomp
known
--- connection: open



=== TEST 32: what is said to be of https is not given away in cleartext, and of other schemes there is nothing
--- config
    location / { return 200 "ok"; }
--- raw_request eval
"GET https://a/ HTTP/1.1\r\nHost: a\r\n\r\n"
--- error_code: 421
--- connection: closed
--- error_log: client sent invalid request: target of another scheme

=== TEST 33: a location says, too, whether its answers end their connection
--- config
    location /zero { keepalive_timeout 0; return 200; }
    location /one { keepalive_requests 1; return 200; }
    location /more { return 200; }
--- exec
for path in zero one more; do
    curl -si http://127.0.0.1:$TEST_NGINX_SERVER_PORT/$path | grep -i ^connection | tr -d '\r'
done
--- exec_out
Connection: close
Connection: close
Connection: keep-alive



=== TEST 34: many fields, as many as the header buffers hold up to 1,000
--- user_files
>>> app.lua
return function(req) return #req.headers:get_all("a") .. "" end
--- raw_request lua
"GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n" .. ("a: b\r\n"):rep(998) .. "\r\n"
--- response_body chomp
998

=== TEST 35: max_headers
--- config
    max_headers 5;
    location / { return 200 "ok\n"; }
--- raw_request eval
["GET / HTTP/1.1\r\nHost: a\r\n" . ("a: b\r\n" x 4) . "\r\n", "GET / HTTP/1.1\r\nHost: a\r\n" . ("a: b\r\n" x 5) . "\r\n"]
--- responses: 2
--- error_code eval
[200, 431]
--- connection: closed



=== TEST 36: who goes on sending behind a 408 does not hold the connection
--- config
    client_header_timeout 100ms;
    client_body_timeout 100ms;
    location = /body { content_by_lua_block { ngx.req.read_body() } }
    location / {
        content_by_lua_block {
            for _, text in ipairs { "GET / HTTP/1.1\r\nHost: a\r\n", "POST /body HTTP/1.1\r\nHost: a\r\nContent-Length: 900\r\n\r\n" } do
                local sock = ngx.socket.tcp()
                assert(sock:connect("127.0.0.1", ngx.var.server_port))
                sock:send(text)
                ngx.say(sock:receive())
                local n = 0
                while n < 40 and sock:send("x") do
                    ngx.sleep(0.1)
                    n = n + 1
                end
                ngx.say(n < 40 and "closed" or "held")
                sock:close()
            end
        }
    }
--- request
GET /
--- response_body
HTTP/1.1 408 Request Timeout
closed
HTTP/1.1 408 Request Timeout
closed
