# What a native handler may return, and what goes out for it.
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

=== TEST 1: a string is 200 text/plain, with Date, Server and Content-Length
--- user_files
>>> app.lua
return function(req) return "hello\n" end
--- response_headers
Content-Type: text/plain
Content-Length: 6
--- response_headers_like
Server: perilune.*
Date: \w\w\w, \d\d \w\w\w \d{4} \d\d:\d\d:\d\d GMT
--- response_body
hello
--- no_error_log
[error]



=== TEST 2: nil is 204 without a body and without Content-Length
--- user_files
>>> app.lua
return function(req) end
--- error_code: 204
--- response_headers
!Content-Length
!Content-Type
!Transfer-Encoding
--- response_body:



=== TEST 3: an empty string is 200 with Content-Length 0
--- user_files
>>> app.lua
return function(req) return "" end
--- response_headers
Content-Length: 0
--- response_body:



=== TEST 4: a table with status, headers, body
--- user_files
>>> app.lua
return function(req)
    return { status = 201, headers = { ["X-One"] = "1", ["Content-Type"] = "application/json", Number = 42 }, body = "{}" }
end
--- error_code: 201
--- response_headers
X-One: 1
Number: 42
Content-Type: application/json
Content-Length: 2
--- response_body: {}



=== TEST 5: an empty table is 200 without a body
--- user_files
>>> app.lua
return function(req) return {} end
--- response_headers
Content-Length: 0
!Content-Type
--- response_body:



=== TEST 6: a deferred of a response
--- user_files
>>> app.lua
local task = require "perilune.task"
return function(req)
    return task.sleep(0.01):chain(function() return { status = 202, body = "later" } end)
end
--- error_code: 202
--- response_body: later



=== TEST 7: deferreds of a string and of nil
--- user_files
>>> app.lua
local deferred = require "perilune.deferred"
return function(req)
    if req.path == "/nil" then
        return deferred.success_deferred(nil)
    end
    return deferred.success_deferred("text")
end
--- pipelined_requests eval
["GET /", "GET /nil"]
--- error_code eval
[200, 204]
--- response_body eval
["text", ""]



=== TEST 8: await inside the handler
--- user_files
>>> app.lua
local task = require "perilune.task"
return function(req)
    local a, b = task.spawn(function() task.nap(0.01) return 1 end), task.spawn(function() return 2 end)
    return tostring(await(a) + await(b))
end
--- response_body: 3



=== TEST 9: an array of strings as body has a length
--- user_files
>>> app.lua
return function(req) return { body = { "one ", "two ", 3 } } end
--- response_headers
Content-Length: 9
!Transfer-Encoding
--- response_body: one two 3



=== TEST 10: a stream as body is chunked
--- user_files
>>> app.lua
local stream, task = require "perilune.stream", require "perilune.task"
return function(req)
    local s = stream.stream()
    task.spawn(function()
        for i = 1, 3 do await(s:put("piece " .. i .. "\n")); task.nap(0.001) end
        s:close()
    end)
    return { headers = { ["Content-Type"] = "text/x" }, body = s }
end
--- response_headers
Transfer-Encoding: chunked
!Content-Length
Content-Type: text/x
--- response_body
piece 1
piece 2
piece 3



=== TEST 11: pieces of a stream reach the client as they come
--- user_files
>>> app.lua
local stream, task = require "perilune.stream", require "perilune.task"
local deferred, go = require "perilune.deferred"
return function(req)
    if req.path ~= "/pieces" then return go and go:success(true) and "gone\n" or "nobody waits" end
    local s = stream.stream()
    go = deferred.deferred()
    task.spawn(function() await(s:put("first\n")); await(go); s:close() end)
    return { body = s }
end
--- exec
cd $TEST_NGINX_SERVER_ROOT; U=http://127.0.0.1:$TEST_NGINX_SERVER_PORT
curl -sN --max-time 100 $U/pieces >got & until [ -s got ]; do kill -0 $! || break; sleep 0.02; done
cat got; curl -s $U/go; wait; cat got
--- exec_out
first
gone
first



=== TEST 12: a stream to HTTP/1.0 ends with the connection
--- user_files
>>> app.lua
local stream, task = require "perilune.stream", require "perilune.task"
return function(req)
    local s = stream.stream()
    task.spawn(function() s:put("a"); s:put("b"); s:close() end)
    return { body = s }
end
--- raw_request eval
"GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n"
--- response_headers
!Transfer-Encoding
!Content-Length
Connection: close
--- response_body: ab
--- connection: closed



=== TEST 13: an iterator as body, whose pieces may be deferreds or arrays
--- user_files
>>> app.lua
local task = require "perilune.task"
return function(req)
    local i = 0
    return { body = function()
        i = i + 1
        if i == 1 then return "string " end
        if i == 2 then return task.sleep(0.001):chain(function() return "deferred " end) end
        if i == 3 then return { "ar", "ray " } end
        if i == 4 then return 4 end
    end }
end
--- response_headers
Transfer-Encoding: chunked
--- response_body: string deferred array 4



=== TEST 14: a generator as body may await
--- user_files
>>> app.lua
local task = require "perilune.task"
return function(req)
    return { body = coroutine.wrap(function()
        for i = 1, 3 do await(task.sleep(0.001)); coroutine.yield(i .. "\n") end
    end) }
end
--- response_body
1
2
3



=== TEST 15: empty pieces do not end the body
--- user_files
>>> app.lua
return function(req)
    local i = 0
    return { body = function() i = i + 1 return ({ "a", "", "b" })[i] end }
end
--- response_body: ab



=== TEST 16: a Content-Length of one's own frames a stream
--- user_files
>>> app.lua
local stream = require "perilune.stream"
return function(req)
    local s = stream.stream(9)
    s:put("abc"); s:put("de"); s:close()
    return { headers = { ["Content-Length"] = 5 }, body = s }
end
--- response_headers
Content-Length: 5
!Transfer-Encoding
--- response_body: abcde



=== TEST 17: a stream longer than its Content-Length is cut, and said so
--- user_files
>>> app.lua
return function(req)
    local i = 0
    return { headers = { ["Content-Length"] = "3" }, body = function() i = i + 1 return i < 3 and "abc" or nil end }
end
--- response_body: abc
--- error_log: longer than its content length



=== TEST 18: a stream shorter than its Content-Length ends the connection
--- user_files
>>> app.lua
return function(req)
    local i = 0
    return { headers = { ["Content-Length"] = "9" }, body = function() i = i + 1 return i < 2 and "abc" or nil end }
end
--- raw_request eval
"GET / HTTP/1.1\r\nHost: a\r\n\r\n"
--- raw_response_like: \r\n\r\nabc$
--- ignore_response
--- connection: closed
--- error_log: shorter than its content length



=== TEST 19: a deferred body: string, array, stream, nil
--- user_files
>>> app.lua
local task, stream = require "perilune.task", require "perilune.stream"
return function(req)
    return { status = 200, body = task.sleep(0.001):chain(function()
        if req.path == "/array" then return { "ar", "ray" } end
        if req.path == "/stream" then local s = stream.stream(1) s:put("stream") s:close() return s end
        if req.path == "/string" then return "string" end
    end) }
end
--- pipelined_requests eval
["GET /array", "GET /stream", "GET /string", "GET /none"]
--- response_body eval
["array", "stream", "string", ""]



=== TEST 20: trailers after a string, an array, a stream
--- user_files
>>> app.lua
local stream = require "perilune.stream"
return function(req)
    local body = "text"
    if req.path == "/array" then body = { "te", "xt" } end
    if req.path == "/stream" then body = stream.stream(1) body:put("text") body:close() end
    return { body = body, trailers = { ["X-Sum"] = "abc", { "X-Two", "2" } } }
end
--- raw_request eval
["GET / HTTP/1.1\r\nHost: a\r\n\r\n",
"GET /array HTTP/1.1\r\nHost: a\r\n\r\n",
"GET /stream HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"]
--- ignore_response
--- raw_response_like: ^(HTTP/1.1 200 OK\r\n[^\0]*?\r\nTransfer-Encoding: chunked\r\n[^\0]*?\r\n\r\n4\r\ntext\r\n0\r\nX-Two: 2\r\nX-Sum: abc\r\n\r\n){3}$



=== TEST 21: bad trailers fail after the body: the client sees a truncated message
--- user_files
>>> app.lua
return function(req) return { body = "text", trailers = { ["X-Bad"] = "a\r\nb" } } end
--- raw_request eval
"GET / HTTP/1.1\r\nHost: a\r\n\r\n"
--- ignore_response
--- raw_response_like: \r\n\r\n4\r\ntext\r\n$
--- connection: closed
--- error_log: header "X-Bad"



=== TEST 22: http.file: whole, a section, with conditions of its own
--- user_files
>>> app.lua
local http = require "perilune.http"
local dir = debug.getinfo(1, "S").source:match("@(.*/)")
return function(req)
    if req.path == "/section" then return { body = http.file(dir .. "data.txt", 3, 4) } end
    if req.path == "/tail" then return { body = http.file(dir .. "data.txt", 8) } end
    if req.path == "/nothing" then return { body = http.file(dir .. "data.txt", 10, 0) } end
    return { status = 203, headers = { ["Content-Type"] = "text/x-data" }, body = http.file(dir .. "data.txt") }
end
>>> data.txt
0123456789
--- pipelined_requests eval
["GET /", "GET /section", "GET /tail", "GET /nothing", "HEAD /"]
--- error_code eval
[203, 200, 200, 200, 203]
--- response_headers eval
["Content-Length: 11\nContent-Type: text/x-data", "Content-Length: 4", "Content-Length: 3", "Content-Length: 0", "Content-Length: 11"]
--- response_body eval
["0123456789\n", "3456", "89\n", "", ""]
--- no_error_log
[error]



=== TEST 23: a file that is missing is 404; a section outside of it and a directory are 500, logged
--- user_files
>>> app.lua
local http = require "perilune.http"
local dir = debug.getinfo(1, "S").source:match("@(.*/)")
return function(req)
    if req.path == "/outside" then return { body = http.file(dir .. "app.lua", 0, 1e9) } end
    if req.path == "/dir" then return { body = http.file(dir) } end
    return { body = http.file(dir .. "none") }
end
--- pipelined_requests eval
["GET /", "GET /outside", "GET /dir", "GET /"]
--- error_code eval
[404, 500, 500, 404]
--- error_log
section outside of the file



=== TEST 24: a large file, complete
--- user_files
>>> app.lua
local http = require "perilune.http"
local dir = debug.getinfo(1, "S").source:match("@(.*/)")
local f = assert(io.open(dir .. "big", "w"))
for i = 1, 40000 do f:write(("%063d\n"):format(i)) end
f:close()
return function(req) return { body = http.file(dir .. "big") } end
--- response_headers
Content-Length: 2560000
--- response_body_filters: length
--- response_body: 2560000



=== TEST 25: HEAD has the headers of GET and no body, whatever the body is
--- user_files
>>> app.lua
local stream = require "perilune.stream"
return function(req)
    if req.path == "/array" then return { body = { "abc", "def" } } end
    if req.path == "/iterator" then return { body = function() return "endless" end } end
    if req.path == "/stream" then return { body = stream.stream() } end
    return "abc"
end
--- pipelined_requests eval
["HEAD /", "HEAD /array", "HEAD /iterator", "HEAD /stream", "GET /"]
--- response_headers eval
["Content-Length: 3", "Content-Length: 6", "!Content-Length", "!Content-Length", "Content-Length: 3"]
--- response_body eval
["", "", "", "", "abc"]



=== TEST 26: 204 and 304 have no body, whatever the handler gives
--- user_files
>>> app.lua
return function(req)
    if req.path == "/endless" then return { status = 204, body = function() return "x" end } end
    return { status = tonumber(req.path:sub(2)), body = "never seen" }
end
--- pipelined_requests eval
["GET /204", "GET /304", "GET /endless", "GET /200"]
--- error_code eval
[204, 304, 204, 200]
--- response_body eval
["", "", "", "never seen"]



=== TEST 27: repeats and order of headers are kept
--- user_files
>>> app.lua
local http = require "perilune.http"
return function(req)
    if req.path == "/pairs" then
        return { headers = { { "X-B", "1" }, { "X-A", "2" }, { "X-B", "3" } } }
    elseif req.path == "/values" then
        return { headers = { ["Set-Cookie"] = { "a=1", "b=2" } } }
    end
    local h = http.headers()
    h:add("X-B", 1):add("X-A", 2):add("X-B", 3)
    h["X-C"] = "c"
    return { headers = h }
end
--- raw_request eval
["GET /pairs HTTP/1.1\r\nHost: a\r\n\r\n",
"GET /values HTTP/1.1\r\nHost: a\r\n\r\n",
"GET /object HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"]
--- ignore_response
--- raw_response_like: X-B: 1\r\nX-A: 2\r\nX-B: 3\r\n[^\0]*Set-Cookie: a=1\r\nSet-Cookie: b=2\r\n[^\0]*X-B: 1\r\nX-A: 2\r\nX-B: 3\r\nX-C: c\r\n



=== TEST 28: Date and Server can be set, and then stand once
--- user_files
>>> app.lua
return function(req) return { headers = { Date = "today", Server = "mine" }, body = "x" } end
--- raw_response_headers_like: ^HTTP/1.1 200 OK\r\nServer: mine\r\nDate: today\r\n
--- raw_response_headers_unlike: (?i)(server|date):.*\r\n(server|date):.*\r\n(server|date):



=== TEST 29: framing is not the handler's: Transfer-Encoding and a wrong Content-Length have no effect
--- user_files
>>> app.lua
return function(req)
    return { headers = { ["Transfer-Encoding"] = "gzip, chunked", ["content-length"] = "100" }, body = "body" }
end
--- response_headers
Content-Length: 4
!Transfer-Encoding
--- response_body: body



=== TEST 30: Connection: close set by the handler closes
--- user_files
>>> app.lua
return function(req) return { headers = { Connection = "close" }, body = "x" } end
--- raw_request eval
"GET / HTTP/1.1\r\nHost: a\r\n\r\n"
--- response_headers
Connection: close
--- connection: closed



=== TEST 31: handlers that are functions of a module, and nested modules
--- config
    location /one { handler app.one; }
    location /two { handler deep.er.two; }
--- user_files
>>> app.lua
return { one = function() return "one" end }
>>> deep/er.lua
return { two = function() return "two" end }
--- pipelined_requests eval
["GET /one", "GET /two"]
--- response_body eval
["one", "two"]



=== TEST 32: middleware wraps handlers, the first one outermost
--- config
    middleware mw.outer mw.inner;
    location / { handler app; }
    location /bare { middleware off; handler app; }
--- user_files
>>> app.lua
return function(req) return { headers = {}, body = (req.params.who or "nobody") .. "\n" } end
>>> mw.lua
local mw = {}
function mw.outer(next_handler)
    return function(req) req.params.who = "outer"; local r = next_handler(req); r.headers["X-Outer"] = "1"; return r end
end
function mw.inner(next_handler)
    return function(req) req.params.who = req.params.who .. "+inner"; return next_handler(req) end
end
return mw
--- pipelined_requests eval
["GET /", "GET /bare"]
--- response_headers eval
["X-Outer: 1", "!X-Outer"]
--- response_body eval
["outer+inner\n", "nobody\n"]



=== TEST 33: 103 Early Hints before the answer; nothing of it to HTTP/1.0
--- user_files
>>> app.lua
return function(req)
    req:inform(103, { Link = "</a.css>; rel=preload" })
    return "x"
end
--- raw_request eval
"GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"
--- ignore_response
--- raw_response_like: ^HTTP/1.1 103 Early Hints\r\nLink: </a.css>; rel=preload\r\n\r\nHTTP/1.1 200 OK\r\n



=== TEST 34: nothing of a 1xx to HTTP/1.0
--- user_files
>>> app.lua
return function(req) req:inform(103, { Link = "x" }) return "x" end
--- raw_request eval
"GET / HTTP/1.0\r\n\r\n"
--- raw_response_like: ^HTTP/1.1 200 OK\r\n
--- response_body: x



=== TEST 35: content_length of a body that is produced is sent in place of chunks, and held to
--- user_files
>>> app.lua
local http, stream = require "perilune.http", require "perilune.stream"
local server
server = http.start_server(function(req)
    local body = stream.to_source { "hel", "lo" }
    return { body = body, content_length = tonumber(req.query.n), trailers = req.query.trailers and { a = "b" } }
end, { port = 0 })
return function()
    local told = {}
    for i, query in ipairs { "n=5", "n=3", "n=9", "n=5&trailers=1" } do
        local url = ("http://127.0.0.1:%d/?%s"):format(server:port(), query)
        local ok, r = try_await(http.get(url, { as = "string" }))
        told[i] = ok and ("%s %s %s"):format(r.headers["content-length"], r.headers["transfer-encoding"], r.body)
            or tostring(r):match("^%w+")
    end
    return table.concat(told, "\n") .. "\n"
end
--- response_body
5 nil hello
3 nil hel
truncated
nil chunked hello
--- error_log
response body is longer than its content length, cut
response body is shorter than its content length



=== TEST 36: a file goes in chunks when trailers follow
--- user_files
>>> app.lua
local http = require "perilune.http"
local dir = debug.getinfo(1, "S").source:match("@(.*/)")
return function(req)
    return { body = http.file(dir .. "data.txt", 3, 4), trailers = { ["X-Sum"] = "abc" } }
end
>>> data.txt
0123456789
--- raw_request eval
["GET / HTTP/1.1\r\nHost: a\r\n\r\n", "HEAD / HTTP/1.1\r\nHost: a\r\n\r\n",
"GET / HTTP/1.0\r\n\r\n"]
--- ignore_response
--- raw_response_like: ^HTTP/1.1 200 OK\r\n[^\0]*?\r\n\r\n4\r\n3456\r\n0\r\nX-Sum: abc\r\n\r\nHTTP/1.1 200 OK\r\n[^\0]*?\r\n\r\nHTTP/1.1 200 OK\r\n[^\0]*?\r\n\r\n3456$



=== TEST 37: what says how a message is framed, routed or to be read is no trailer
--- user_files
>>> app.lua
return function()
    return { body = "text", trailers = { { "Content-Length", "9" }, { "transfer-encoding", "gzip" }, { "Host", "b" },
        { "Content-Type", "text/css" }, { "X-Sum", "abc" } } }
end
--- raw_request eval
"GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"
--- ignore_response
--- raw_response_like: \r\n\r\n4\r\ntext\r\n0\r\nX-Sum: abc\r\n\r\n$
--- error_log
field "Content-Length" may not be a trailer, dropped
field "transfer-encoding" may not be a trailer, dropped



=== TEST 38: a content_length that is no number of bytes is an error before the head
--- user_files
>>> app.lua
local values = { ["/minus"] = -1, ["/part"] = 2.5, ["/text"] = "4", ["/nan"] = 0 / 0, ["/huge"] = math.huge }
return function(req)
    local sent = false
    return { content_length = values[req.path], body = function()
        if not sent then sent = true return "text" end
    end }
end
--- pipelined_requests eval
["GET /minus", "GET /part", "GET /text", "GET /nan", "GET /huge", "GET /none"]
--- error_code eval
[500, 500, 500, 500, 500, 200]
--- error_log
content_length: a whole number of bytes expected, got -1
content_length: a whole number of bytes expected, got 2.5



=== TEST 39: a piece or a body that is a table of something else is an error, not an empty text
--- user_files
>>> app.lua
return function(req)
    if req.path == "/array" then return { body = { "a", { "b" } } } end
    if req.path == "/hole" then return { body = { "a", nil, "c" } } end
    local n = 0
    return { body = function() n = n + 1 return ({ "a", { name = "b" }, "c" })[n] end }
end
--- raw_request eval
"GET /array HTTP/1.1\r\nHost: a\r\n\r\nGET /hole HTTP/1.1\r\nHost: a\r\n\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n"
--- ignore_response
--- raw_response_like: ^HTTP/1.1 500 [^\0]*HTTP/1.1 500 [^\0]*HTTP/1.1 200 OK\r\n[^\0]*?\r\n\r\n1\r\na\r\n$
--- connection: closed
--- error_log
its body is an array with a table at index 2, not one of strings
its body is an array with a nil at index 2, not one of strings
a piece of a body is a table with the key 'name', not an array of strings



=== TEST 40: a 205 has no content, and says so
--- user_files
>>> app.lua
return function(req)
    local body = req.path == "/text" and "text" or req.path == "/file" and require("perilune.http").file(package.path:match("[^;]*html/") .. "app.lua")
        or req.path == "/iterator" and coroutine.wrap(function() coroutine.yield("text") end) or nil
    return { status = 205, body = body }
end
--- pipelined_requests eval
["GET /text", "GET /file", "GET /iterator", "GET /none", "HEAD /text"]
--- error_code eval
[205, 205, 205, 205, 205]
--- response_headers eval
["Content-Length: 0", "Content-Length: 0", "Content-Length: 0", "Content-Length: 0", "Content-Length: 0"]
--- response_body eval
["", "", "", "", ""]
--- no_error_log
[error]



=== TEST 41: a body may be a deferred of a deferred
--- user_files
>>> app.lua
local deferred, task = require "perilune.deferred", require "perilune.task"
return function()
    local inner = task.sleep(0.001):chain(function() return "text" end)
    return { body = deferred.success_deferred(deferred.success_deferred(inner)) }
end
--- request
GET /
--- response_body chomp
text
