# The request that a native handler gets: its fields, headers, cookies, arguments, body and trailers.
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

=== TEST 1: the fields
--- user_files
>>> app.lua
return function(req)
    local out = {}
    for _, k in ipairs { "method", "uri", "path", "query_string", "target", "host", "protocol", "scheme",
        "remote_addr", "server_name", "content_length" } do
        out[#out + 1] = k .. "=" .. tostring(req[k])
    end
    out[#out + 1] = type(req.server_port) .. type(req.remote_port) .. type(req.time) .. #req.id .. tostring(req.keep_alive)
    return table.concat(out, "\n") .. "\n"
end
--- raw_request eval
"GET /a%20b/../c%2Fd?x=1&y HTTP/1.1\r\nHost: ExAmple.org:81\r\nConnection: close\r\n\r\n"
--- response_body
method=GET
uri=/a%20b/../c%2Fd
path=/c/d
query_string=x=1&y
target=/a%20b/../c%2Fd?x=1&y
host=example.org
protocol=HTTP/1.1
scheme=http
remote_addr=127.0.0.1
server_name=localhost
content_length=nil
numbernumbernumber32false



=== TEST 2: absolute-form: its authority wins over Host
--- user_files
>>> app.lua
return function(req) return req.host .. " " .. req.path .. " " .. tostring(req.query_string) .. " " .. req.target .. "\n" end
--- raw_request eval
["GET http://Other.example:8080/x?q HTTP/1.1\r\nHost: a\r\n\r\n",
"GET http://other.example HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"]
--- responses: 2
--- response_body eval
["other.example /x q http://Other.example:8080/x?q\n", "other.example / nil http://other.example\n"]



=== TEST 3: OPTIONS *
--- user_files
>>> app.lua
return function(req) return { headers = { Allow = "GET" }, body = req.method .. " " .. req.path .. " " .. req.uri .. "\n" } end
--- raw_request eval
"OPTIONS * HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"
--- response_headers
Allow: GET
--- response_body
OPTIONS / *



=== TEST 4: any method reaches the handler
--- user_files
>>> app.lua
return function(req) return req.method end
--- pipelined_requests eval
["GET /", "POST /", "PUT /", "DELETE /", "PATCH /", "PROPFIND /", "OPTIONS /x"]
--- response_body eval
["GET", "POST", "PUT", "DELETE", "PATCH", "PROPFIND", "OPTIONS"]



=== TEST 5: headers are case-insensitive, keep order and repeats
--- user_files
>>> app.lua
return function(req)
    local h, out = req.headers, {}
    out[1] = h["x-one"] .. h["X-ONE"] .. tostring(h.none) .. h["X-Two"] .. " " .. h.cookie
    for name, value in h:each() do if name:find("^X") then out[#out + 1] = name .. "=" .. value end end
    out[#out + 1] = table.concat(h:get_all("x-two"), ";")
    return table.concat(out, "\n") .. "\n"
end
--- more_headers
X-One: 1
X-two: a
X-THREE: 3
X-Two: b
Cookie: k=v
Cookie: l=w
--- response_body
11nila, b k=v; l=w
X-One=1
X-two=a
X-THREE=3
X-Two=b
a;b



=== TEST 6: the headers of a request can be sent back
--- user_files
>>> app.lua
return function(req) return { headers = req.headers, body = "x" } end
--- more_headers
X-One: 1
X-One: 2
--- raw_response_headers_like: X-One: 1\r\nX-One: 2\r\n



=== TEST 7: arguments and cookies
--- user_files
>>> app.lua
return function(req)
    local q, c = req.query, req.cookies
    return table.concat({ q.a, tostring(q.b), q.c, q["d e"], tostring(q.none), c.one, c.two, tostring(c.three) }, "|")
end
--- request
GET /?a=1&b&c=&d+e=%41%zz&a=2
--- more_headers
Cookie: one=1; two="2 2"; one=3
--- response_body: 2|true||A%zz|nil|1|2 2|nil



=== TEST 8: no query is an empty table; one without names, too
--- user_files
>>> app.lua
return function(req) return tostring(next(req.query)) .. tostring(req.query_string) end
--- pipelined_requests eval
["GET /", "GET /?", "GET /?&&"]
--- response_body eval
["nilnil", "nil", "nil&&"]



=== TEST 9: the body as text, form, JSON
--- user_files
>>> app.lua
return function(req)
    if req.path == "/form" then local f = await(req:form()) return f.a .. f.b end
    if req.path == "/json" then return tostring(await(req:json()).x) end
    if req.path == "/bad" then
        local ok, err = try_await(req:json())
        return tostring(ok) .. err.code
    end
    return await(req:text())
end
--- pipelined_requests eval
["POST /\nhello", "POST /form\na=1&b=%32", "POST /json\n{\"x\":5}", "POST /bad\n{", "GET /"]
--- response_body eval
["hello", "12", "5", "falseinvalid", ""]



=== TEST 10: the body as a stream, by Content-Length and chunked, in pieces over time
--- user_files
>>> app.lua
return function(req)
    local n, all = 0, {}
    for piece in req.body:each() do n = n + 1 all[n] = piece end
    return table.concat(all) .. (n > 1 and " in pieces" or "") .. " " .. tostring(req.content_length)
end
--- raw_request eval
["POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\n01234",
"56789",
"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n3\r\nabc\r\n",
"2;ext=1\r\nde\r\n0\r\n\r\n"]
--- raw_request_middle_delay: 0.03
--- responses: 2
--- response_body eval
["0123456789 in pieces 10", "abcde in pieces nil"]



=== TEST 11: trailers of the request
--- user_files
>>> app.lua
return function(req)
    local body = await(req:text())
    return body .. "|" .. req:trailers()["x-sum"] .. "|" .. table.concat(req:trailers():get_all("X-Two"), ",")
end
--- raw_request eval
"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n3\r\nabc\r\n0\r\nX-Sum: 9\r\nX-Two: a\r\nX-Two: b\r\n\r\n"
--- response_body: abc|9|a,b



=== TEST 12: asking twice, also before the body is there
--- user_files
>>> app.lua
local task = require "perilune.task"
return function(req)
    local a, b = req:text(), req:text()
    local c = task.spawn(function() return await(req:text()) end)
    return await(a) .. await(b) .. await(c) .. await(req:text())
end
--- raw_request eval
["POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\nConnection: close\r\n\r\n12", "34"]
--- raw_request_middle_delay: 0.05
--- response_body: 1234123412341234



=== TEST 13: two readers of one stream each get pieces, none is lost
--- user_files
>>> app.lua
local task = require "perilune.task"
return function(req)
    local all = {}
    local function reader()
        for piece in req.body:each() do all[#all + 1] = piece task.nap(0.001) end
        return true
    end
    local a, b = task.spawn(reader), task.spawn(reader)
    await(a) await(b)
    return table.concat(all)
end
--- raw_request eval
["POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 6\r\nConnection: close\r\n\r\n12", "34", "56"]
--- raw_request_middle_delay: 0.05
--- response_body: 123456



=== TEST 14: a body above client_body_buffer_size goes to a temporary file, which is gone afterwards
--- config
    client_body_buffer_size 1k;
    location / { handler app; }
--- user_files
>>> app.lua
return function(req)
    local t = await(req:text())
    return #t .. " " .. tostring(t == ("0123456789"):rep(2000))
end
--- request eval
"POST /\n" . ("0123456789" x 2000)
--- response_body: 20000 true
--- error_log: buffered to a temporary file
--- exec: find $TEST_NGINX_SERVROOT/client_body_temp -type f | wc -l
--- exec_out
0



=== TEST 15: echo: the body of the request as the body of the response
--- user_files
>>> app.lua
return function(req) return { body = req.body } end
--- request eval
"POST /\n" . ("0123456789" x 30000)
--- response_headers
Transfer-Encoding: chunked
--- response_body_filters: length
--- response_body: 300000



=== TEST 16: client_max_body_size: by length before the handler, chunked while it reads
--- config
    location / { client_max_body_size 10; handler app; }
--- user_files
>>> app.lua
return function(req)
    if req.path == "/caught" then
        local ok, err = try_await(req:text())
        return tostring(ok) .. " " .. err.code
    end
    return await(req:text())
end
--- raw_request eval
"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 11\r\n\r\n01234567890"
--- error_code: 413
--- response_headers
Connection: close
--- connection: closed
--- error_log: client intended to send too large body: 11 bytes



=== TEST 17: too large, chunked
--- config
    location / { client_max_body_size 10; handler app; }
--- user_files
>>> app.lua
return function(req) return await(req:text()) end
--- raw_request eval
"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n6\r\n012345\r\n6\r\n678901\r\n0\r\n\r\n"
--- error_code: 413
--- connection: closed



=== TEST 18: too large, chunked, caught by the handler: code too_large
--- config
    location / { client_max_body_size 10; handler app; }
--- user_files
>>> app.lua
return function(req) local _, err = try_await(req:text()) return err.code end
--- raw_request eval
"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n6\r\n012345\r\n6\r\n678901\r\n0\r\n\r\n"
--- response_body: too_large
--- response_headers
Connection: keep-alive
--- responses: 1
--- connection: open



=== TEST 19: a body that breaks the rules of chunks is 400, by the stream, too
--- user_files
>>> app.lua
return function(req)
    local n = 0
    for piece in req.body:each() do n = n + #piece end
    return tostring(n)
end
--- raw_request eval
"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabcX\r\n0\r\n\r\n"
--- error_code: 400
--- connection: closed



=== TEST 20: a body that ends early is an error with code truncated, never a short success
--- user_files
>>> app.lua
return function(req)
    local ok, err = try_await(req:text())
    require("perilune.core.sys").log("error", "read: " .. tostring(ok) .. " " .. err.code)
    return err.code
end
--- raw_request eval
"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\n01234"
--- shutdown: 1
--- response_body: truncated
--- error_log: read: false truncated



=== TEST 21: the same, not caught: 400
--- user_files
>>> app.lua
return function(req) for _ in req.body:each() do end return "never" end
--- raw_request eval
"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n5\r\n01234\r\n"
--- shutdown: 1
--- error_code: 400



=== TEST 22: Expect: 100-continue: told to go on when the handler reads
--- user_files
>>> app.lua
return function(req) return await(req:text()) end
--- raw_request eval
["POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\nExpect: 100-continue\r\nConnection: close\r\n\r\n", "body"]
--- raw_request_middle_delay: 0.05
--- ignore_response
--- raw_response_like: ^HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\n[^\0]*\r\n\r\nbody$



=== TEST 23: Expect: not read: no 100, the answer, and the connection closes
--- user_files
>>> app.lua
return function(req) return { status = 403, body = "no" } end
--- raw_request eval
"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\nExpect: 100-continue\r\n\r\n"
--- error_code: 403
--- raw_response_like: ^HTTP/1.1 403 Forbidden\r\n
--- response_headers
Connection: close
--- response_body: no
--- connection: closed



=== TEST 24: Expect: the client sends the body without waiting: told to go on as well, the connection stays
--- user_files
>>> app.lua
return function(req) return await(req:text()) end
--- raw_request eval
"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\nExpect: 100-continue\r\n\r\nbody"
--- ignore_response
--- raw_response_like: ^HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\n[^\0]*\r\n\r\nbody$
--- connection: open



=== TEST 25: Expect: too large by its length: 413 without a 100
--- config
    location / { client_max_body_size 3; handler app; }
--- user_files
>>> app.lua
return function(req) return await(req:text()) end
--- raw_request eval
"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\nExpect: 100-continue\r\n\r\n"
--- error_code: 413
--- raw_response_like: ^HTTP/1.1 413
--- connection: closed



=== TEST 26: Expect from HTTP/1.0 is ignored
--- user_files
>>> app.lua
return function(req) return await(req:text()) end
--- raw_request eval
["POST / HTTP/1.0\r\nContent-Length: 4\r\nExpect: 100-continue\r\n\r\n", "body"]
--- raw_request_middle_delay: 0.05
--- raw_response_like: ^HTTP/1.1 200 OK\r\n
--- response_body: body



=== TEST 27: everything one byte at a time
--- user_files
>>> app.lua
return function(req)
    local n = 0
    for piece in req.body:each() do n = n + #piece end
    return req.method .. " " .. req.path .. " " .. tostring(req.headers["x-a"]) .. " " .. n .. " " .. tostring(req:trailers()["x-t"]) .. "\n"
end
--- raw_request eval
"POST /one HTTP/1.1\r\nHost: a\r\nX-A: b\r\nTransfer-Encoding: chunked\r\n\r\n5;e=\"x\"\r\nabcde\r\nA\r\n0123456789\r\n0\r\nX-T: u\r\n\r\n"
. "PUT /two HTTP/1.1\r\nHost: a\r\nContent-Length: 7\r\n\r\nabcdefg"
. "GET /three HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"
--- trickle
--- responses: 3
--- response_body eval
["POST /one b 15 u\n", "PUT /two nil 7 nil\n", "GET /three nil 0 nil\n"]



=== TEST 28: a body that came and cannot be handed over, as without memory, fails for who waits for it
--- user_files
>>> app.lua
local core, task = require "perilune.core.http", require "perilune.task"
local n
local function read()
    n = n + 1
    if n == 2 then error("not enough memory", 0) end
    return false
end
core.read = read
core.on_body = function(_, again) task.spawn(again) end
core.read_all = function(_, again)
    local ready = read()
    task.spawn(again)
    return ready
end
return function(req)
    n = 0
    if req.path == "/text" then return await(req:text()) end
    if req.path == "/caught" then return "told: " .. tostring(select(2, req:text():try_await())) end
    await(req.body:take())
    return "in vain"
end
--- raw_request eval
"POST /text HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\n\r\nbody"
. "POST /caught HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\n\r\nbody"
. "POST /stream HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\nConnection: close\r\n\r\nbody"
--- ignore_response
--- raw_response_like: ^HTTP/1.1 500 [^\0]*HTTP/1.1 200 OK[^\0]*told: error: not enough memory[^\0]*HTTP/1.1 500
--- error_log
handler failed: error: not enough memory
