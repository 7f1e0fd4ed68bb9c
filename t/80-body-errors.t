# A request body that is malformed, too large or cut is the client's fault, also where middleware catches the error; it is told once.
use Test::Nginx::Socket 'no_plan';

no_root_location();
our $Http = <<'_EOC_';
    lua_package_path "$TEST_NGINX_HTML_DIR/?.lua;;";
_EOC_
our $App = <<'_EOC_';
>>> app.lua
local http = require "perilune.http"
return http.middleware.error_pages {} (function(req)
    local n = 0
    if req.path == "/text" then return tostring(#await(req:text())) end
    for piece in req.body:each() do n = n + #piece end
    return tostring(n)
end)
_EOC_
run_tests();

__DATA__

=== TEST 1: malformed chunks and a body that is too large, as a stream and as a whole
--- http_config eval: $::Http
--- user_files eval: $::App
--- config
    location / { client_max_body_size 10; handler app; }
--- exec
cat >$TEST_NGINX_HTML_DIR/ask.py <<'X'
import socket, sys
for path in ("/", "/text"):
    for body in (b"zz\r\n", b"14\r\n01234567890123456789\r\n0\r\n\r\n", b"1\r\na\r\n0\r\n\r\n"):
        s = socket.create_connection(("127.0.0.1", int(sys.argv[1])), 10)
        s.sendall(b"POST %s HTTP/1.1\r\nHost: a\r\nConnection: close\r\nTransfer-Encoding: chunked\r\n\r\n" % path.encode() + body)
        print(path, s.recv(4096).split(b"\r\n")[0].decode())
X
/usr/bin/python3 $TEST_NGINX_HTML_DIR/ask.py $TEST_NGINX_SERVER_PORT
--- exec_out
/ HTTP/1.1 400 Bad Request
/ HTTP/1.1 413 Content Too Large
/ HTTP/1.1 200 OK
/text HTTP/1.1 400 Bad Request
/text HTTP/1.1 413 Content Too Large
/text HTTP/1.1 200 OK
--- no_error_log
nobody waits
malformed input

=== TEST 2: a body that does not come
--- http_config eval: $::Http
--- user_files eval: $::App
--- config
    location / { client_body_timeout 200ms; handler app; }
--- raw_request eval
"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nab"
--- error_code: 408
--- no_error_log
[error]

=== TEST 3: the same on its way to another server, read whole
--- config
    client_body_timeout 200ms;
    location = /from {
        proxy_pass http://127.0.0.1:$TEST_NGINX_SERVER_PORT/to;
    }
    location = /to { client_body_timeout 20s; content_by_lua_block { ngx.req.read_body() ngx.say("whole") } }
--- raw_request eval
"POST /from HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nab"
--- error_code: 408
--- no_error_log
[error]

=== TEST 4: streamed
--- config
    client_body_timeout 200ms;
    location = /from {
        proxy_pass http://127.0.0.1:$TEST_NGINX_SERVER_PORT/to;
        proxy_http_version 1.1;
        proxy_request_buffering off;
    }
    location = /to { client_body_timeout 20s; content_by_lua_block { ngx.req.read_body() ngx.say("whole") } }
--- raw_request eval
"POST /from HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nab"
--- error_code: 408
--- no_error_log
[error]

=== TEST 5: a body that the server cannot keep is the server's fault
--- http_config eval: $::Http
--- user_files
>>> app.lua
return function(req) return tostring(#await(req:text())) end
--- config
    client_body_buffer_size 1k;
    client_body_temp_path $TEST_NGINX_HTML_DIR/bodies;
    location = /ngx { content_by_lua_block { ngx.req.read_body() ngx.say("read") } }
    location = /native { handler app; }
    location = /proxied { proxy_pass http://127.0.0.1:$TEST_NGINX_SERVER_PORT/ngx; }
--- exec
rm -r $TEST_NGINX_HTML_DIR/bodies
for path in ngx native proxied; do
    head -c 10000 /dev/zero | curl -s -o /dev/null -w '%{http_code}\n' --data-binary @- \
        http://127.0.0.1:$TEST_NGINX_SERVER_PORT/$path
done
--- exec_out
500
500
500
--- error_log: a client request body could not be stored: not found

=== TEST 6: what is wrong with a request is told where no middleware does; what another server has answered is not that
--- http_config eval: $::Http
--- user_files
>>> app.lua
local http, failure = require "perilune.http", require "perilune.failure"
local does = {
    json = function(req) return tostring(await(req:json { max_size = 9, max_depth = 2 })) end,
    form = function(req) return tostring(await(http.form(req, { max_size = 9 }))) end,
    multipart = function(req) for part in http.multipart(req):each() do part.body:close() end end,
    decode = function(req) return await(req:decode():text()) end,
    websocket = function(req) return await(require("perilune.websocket").upgrade(req)) end,
    own = function() error(failure.refusal(409, "conflict", "not now"), 0) end,
    other = function(req) await(http.get("http://127.0.0.1:" .. req.server_port .. "/none")) end,
    ours = function() error(failure.refusal(503, "busy", "not now"), 0) end,
    odd = function() error(setmetatable({ status = 404, code = 1, message = {} }, { __tostring = function() return "odd" end }), 0) end,
    late = function() return { body = function() error(failure.refusal(404, "gone", "late"), 0) end } end,
}
return function(req) return does[req.path:sub(2)](req) end
--- config
    location / { handler app; error_page 409 /taken; }
    location = /taken { return 200 taken; }
    location = /none { return 404; }
--- exec
U=http://127.0.0.1:$TEST_NGINX_SERVER_PORT
ask() { path=$1; shift; : >$TEST_NGINX_HTML_DIR/body; echo $path $(curl -s --max-time 100 -o $TEST_NGINX_HTML_DIR/body -w '%{http_code}' "$@" $U/$path) $(head -c 5 $TEST_NGINX_HTML_DIR/body); }
ask json -d '{'
ask json -d '{"a":123456789}'
ask json -d '[[[]]]'
ask json -d '1'
ask form -d 'a=%zz'
ask form -d 'a=123456789'
ask form -H 'Content-Type: text/plain' -d a
ask multipart -H 'Content-Type: multipart/form-data; boundary=b' -d x
ask decode -H 'Content-Encoding: odd' -d x
ask websocket
ask own
ask other
ask ours
ask odd
ask late
--- exec_out
json 400 <html
json 413 <html
json 400 <html
json 200 1
form 400 <html
form 413 <html
form 415 <html
multipart 400 <html
decode 415 <html
websocket 400 <html
own 409 taken
other 500 <html
ours 500 <html
odd 500 <html
late 200
