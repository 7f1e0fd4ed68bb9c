# Handlers that fail, before and after the head was sent, and answers that are not valid.
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

=== TEST 1: an error is a 500 page with the request id; its text and traceback are in the log only
--- user_files
>>> app.lua
local function deeper() error("secret detail") end
return function(req) deeper() end
--- error_code: 500
--- response_headers
Content-Type: text/html
--- response_body_like: 500 Internal Server Error[\s\S]*request [0-9a-f]{32}
--- response_body_unlike: secret|traceback|app\.lua
--- error_log eval
[qr/app\.lua:1: secret detail/, "stack traceback", "in function 'deeper'", qr/request: "GET \/ HTTP\/1.1"/]



=== TEST 2: the id of the page is that of the request
--- user_files
>>> app.lua
return function(req) error("id is " .. req.id) end
--- raw_request eval
"GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"
--- error_code: 500
--- response_body_like: request [0-9a-f]{32}
--- error_log eval: qr/id is [0-9a-f]{32}/



=== TEST 3: an error after waiting, an error object, an error that is nothing of the kind
--- user_files
>>> app.lua
local task, deferred = require "perilune.task", require "perilune.deferred"
return function(req)
    if req.path == "/wait" then task.nap(0.001) error("after waiting") end
    if req.path == "/object" then await(deferred.deferred():timeout(0.001)) end
    if req.path == "/table" then error({}) end
    if req.path == "/nil" then error() end
    if req.path == "/deferred" then return deferred.error_deferred("deferred failed") end
    if req.path == "/body" then return { body = deferred.error_deferred("body failed") } end
    return "fine"
end
--- pipelined_requests eval
["GET /wait", "GET /object", "GET /table", "GET /nil", "GET /deferred", "GET /body", "GET /"]
--- error_code eval
[500, 500, 500, 500, 500, 500, 200]
--- error_log
after waiting
timeout: no answer within 0.001 s
error object is a table value
error object is a nil value
deferred failed
body failed



=== TEST 4: the error of a task that the handler awaits has the traceback of that task
--- user_files
>>> app.lua
local task = require "perilune.task"
local function far_away() error("in the child") end
return function(req) return await(task.spawn(function() far_away() end)) end
--- error_code: 500
--- error_log
in the child
in function 'far_away'



=== TEST 5: an error in a stream after the head truncates the answer, and is logged
--- user_files
>>> app.lua
local failure = require "perilune.failure"
return function(req)
    local i = 0
    return { body = function()
        i = i + 1
        if i == 2 then error(req.path == "/object" and failure.new("not_found", "gone meanwhile") or "too late") end
        return "first"
    end }
end
--- raw_request eval
"GET / HTTP/1.1\r\nHost: a\r\n\r\n"
--- ignore_response
--- raw_response_like: ^HTTP/1.1 200 OK\r\n[^\0]*\r\n\r\n5\r\nfirst\r\n$
--- connection: closed
--- error_log eval
[qr/\[error\].*too late/, "stack traceback"]
--- no_error_log
client is gone



=== TEST 6: an error with code not_found in the middle is no 404
--- user_files
>>> app.lua
local failure = require "perilune.failure"
return function(req)
    local i = 0
    return { body = function()
        i = i + 1
        if i == 2 then error(failure.new("not_found", "gone meanwhile")) end
        return "first"
    end }
end
--- raw_request eval
"GET / HTTP/1.1\r\nHost: a\r\n\r\n"
--- ignore_response
--- raw_response_like: ^HTTP/1.1 200 OK\r\n[^\0]*\r\n\r\n5\r\nfirst\r\n$
--- connection: closed
--- error_log eval: qr/\[error\].*gone meanwhile/



=== TEST 7: a stream whose producer fails truncates the answer
--- user_files
>>> app.lua
local stream, task = require "perilune.stream", require "perilune.task"
return function(req)
    local s = stream.stream()
    task.spawn(function() await(s:put("first")) s:close("producer failed") end)
    return { body = s }
end
--- raw_request eval
"GET / HTTP/1.1\r\nHost: a\r\n\r\n"
--- ignore_response
--- raw_response_like: \r\n\r\n5\r\nfirst\r\n$
--- connection: closed
--- error_log: producer failed



=== TEST 8: pieces that are not strings are errors
--- user_files
>>> app.lua
return function(req) local n = 0 return { body = function() n = n + 1 return n == 1 and "a" or print end } end
--- raw_request eval
"GET / HTTP/1.1\r\nHost: a\r\n\r\n"
--- ignore_response
--- raw_response_like: \r\n\r\n1\r\na\r\n$
--- connection: closed
--- error_log: a piece of a body must be a string, not a function



=== TEST 9: values that are no responses
--- user_files
>>> app.lua
local values = {
    ["/number"] = 5, ["/true"] = true, ["/false"] = false, ["/function"] = print,
    ["/body"] = { body = true }, ["/userdata"] = { body = io.stdout }, ["/pieces"] = { body = { "a", {} } },
}
return function(req) return values[req.path] end
--- pipelined_requests eval
["GET /number", "GET /true", "GET /false", "GET /function", "GET /body", "GET /userdata", "GET /pieces"]
--- error_code eval
[500, 500, 500, 500, 500, 500, 500]
--- response_body_unlike: handler
--- error_log
handler returned a bad response: number
handler returned a bad response: boolean
handler returned a bad response: function
body of an unknown type



=== TEST 10: bad statuses
--- user_files
>>> app.lua
local values = { ["/0"] = 0, ["/100"] = 100, ["/101"] = 101, ["/199"] = 199, ["/1000"] = 1000, ["/half"] = 200.5,
    ["/text"] = "200", ["/nan"] = 0 / 0, ["/huge"] = 1e300, ["/999"] = 999, ["/299"] = 299 }
return function(req) return { status = values[req.path], body = "x" } end
--- pipelined_requests eval
["GET /0", "GET /100", "GET /101", "GET /199", "GET /1000", "GET /half", "GET /text", "GET /nan", "GET /huge", "GET /999", "GET /299"]
--- error_code eval
[500, 500, 500, 500, 500, 500, 500, 500, 500, 999, 299]
--- error_log
status: an integer from 200 to 999 expected



=== TEST 11: bad header names and values never reach the wire
--- user_files
>>> app.lua
local values = {
    ["/cr"] = { ["X-A"] = "a\rb" }, ["/lf"] = { ["X-A"] = "a\nSet-Cookie: x" }, ["/nul"] = { ["X-A"] = "a\0b" },
    ["/name"] = { ["X A"] = "b" }, ["/empty"] = { [""] = "b" }, ["/colon"] = { ["X:"] = "b" },
    ["/crname"] = { ["X\r\nY"] = "b" }, ["/boolean"] = { ["X-A"] = true }, ["/list"] = { ["X-A"] = { "ok", {} } },
    ["/pair"] = { { "X-A" } }, ["/notpair"] = { "X-A: b" }, ["/key"] = { [true] = "x" },
    ["/type"] = "text", ["/space"] = { ["X-A"] = "tab\tand space" },
}
return function(req) return { headers = values[req.path], body = "x" } end
--- pipelined_requests eval
["GET /cr", "GET /lf", "GET /nul", "GET /name", "GET /empty", "GET /colon", "GET /crname", "GET /boolean", "GET /list",
 "GET /pair", "GET /notpair", "GET /key", "GET /type", "GET /space"]
--- error_code eval
[500, 500, 500, 500, 500, 500, 500, 500, 500, 500, 500, 500, 500, 200]
--- raw_response_headers_unlike: X-A: [^t]|Set-Cookie
--- error_log
header "X-A": a value must not hold control characters
header "X A": not a valid name
headers: array elements must be {name, value}
headers: a name must be a string
headers: a table expected, got a string



=== TEST 12: a bad header before a stream is a 500, too
--- user_files
>>> app.lua
return function(req) return { headers = { ["X-A"] = "a\rb" }, body = function() return nil end } end
--- error_code: 500
--- error_log: header "X-A"



=== TEST 13: a handler that is not there, does not compile, is no function
--- config
    location /none { handler none.such; }
    location /syntax { handler broken; }
    location /table { handler app; }
    location /field { handler app.missing; }
    location /good { handler app.good; }
--- user_files
>>> app.lua
return { good = function() return "good" end }
>>> broken.lua
return function( end
--- pipelined_requests eval
["GET /none", "GET /syntax", "GET /table", "GET /field", "GET /good"]
--- error_code eval
[500, 500, 500, 500, 200]
--- response_body_unlike: lua
--- error_log
module 'none.such' not found
broken.lua:1:
'app' is not a function (a table with app.good)
module 'app' has no function 'missing'



=== TEST 14: an error_page for 500 is shown
--- config
    error_page 500 /sorry;
    location / { handler app; }
    location = /sorry { internal; handler app.sorry; }
--- user_files
>>> app.lua
return setmetatable({
    sorry = function(req) return "sorry\n" end,
    handler = function(req) error("x") end,
}, {})
--- error_code: 500
--- response_body
sorry



=== TEST 15: a request that is kept too long says closed, and harms nobody
--- user_files
>>> app.lua
local kept
return function(req)
    if req.path == "/keep" then kept = req return "kept" end
    local ok, err = pcall(function() return kept.host end)
    local ok2, err2 = try_await(kept:text())
    local ok3, err3 = try_await(kept.body and kept.body:take())
    return tostring(ok) .. err.code .. tostring(ok2) .. err2.code .. tostring(ok3) .. err3.code
end
--- pipelined_requests eval
["GET /keep", "GET /use"]
--- response_body eval
["kept", "falseclosedfalseclosedfalseclosed"]



=== TEST 16: a task that outlives its request can go on and fail on its own
--- user_files
>>> app.lua
local task = require "perilune.task"
return function(req)
    task.spawn(function()
        task.nap(0.02)
        task.spawn(function() task.nap(0.02) error("long after") end)
        pcall(function() return req.host end)
    end)
    return "answered"
end
--- response_body: answered
--- wait: 0.1
--- error_log: long after



=== TEST 17: deep recursion is an error of one request
--- user_files
>>> app.lua
return function(req)
    if req.path == "/deep" then local function f() return 1 + f() end return f() end
    return "alive"
end
--- pipelined_requests eval
["GET /deep", "GET /"]
--- error_code eval
[500, 200]
--- error_log
stack overflow



=== TEST 18: trailers that are no table are an error, not left out
--- user_files
>>> app.lua
local values = { ["/text"] = "x", ["/function"] = function() end, ["/true"] = true, ["/false"] = false, ["/table"] = { ["X-T"] = "t" } }
return function(req) return { body = req.path, trailers = values[req.path] } end
--- pipelined_requests eval
["GET /text", "GET /function", "GET /true", "GET /false", "GET /table"]
--- error_code eval
[500, 500, 500, 200, 200]
--- error_log
trailers: a table expected, got a string
trailers: a table expected, got a function
trailers: a table expected, got a boolean



=== TEST 19: a client's response, whose trailers are a method, may be returned as it is
--- user_files
>>> app.lua
local http = require "perilune.http"
local forms = {
    ["/deferred"] = function(url) return http.get(url) end,
    ["/response"] = function(url) return await(http.get(url)) end,
    ["/stream"] = function(url) return await(http.get(url, { as = "stream" })) end,
}
return function(req)
    if req.path == "/origin" then return { status = 201, headers = { ["X-Own"] = "o" }, body = "from afar" } end
    return forms[req.path]("http://127.0.0.1:$TEST_NGINX_SERVER_PORT/origin")
end
--- pipelined_requests eval
["GET /deferred", "GET /response", "GET /stream"]
--- error_code eval
[201, 201, 201]
--- response_body eval
["from afar", "from afar", "from afar"]
--- no_error_log
[error]



=== TEST 20: a module that was not written whole yet when it was loaded, and gave nothing, is loaded again
--- user_files
>>> app.lua
-- the rest follows
--- request
GET /
--- error_code: 500
--- error_log
'app' is not a function (a boolean)
--- exec
cd $TEST_NGINX_HTML_DIR
echo 'return function() return "whole" end' >app.lua
curl -s http://127.0.0.1:$TEST_NGINX_SERVER_PORT/
--- exec_out chomp
whole
