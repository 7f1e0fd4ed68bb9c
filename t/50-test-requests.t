# perilune.test: requests without sockets, one who visits again and again, streams, the mock clock.
use Test::Nginx::Socket 'no_plan';

no_root_location();
add_block_preprocessor(sub {
    my $block = shift;
    if (!defined $block->config) {
        $block->set_value("config", "    location / { return 200; }\n");
    }
    if (!defined $block->exec) {
        $block->set_value("exec", "timeout 100 \$TEST_NGINX_BINARY run \$TEST_NGINX_HTML_DIR/a.lua \$TEST_NGINX_HTML_DIR 2>&1\n");
    }
});

run_tests();

__DATA__

=== TEST 1: what a handler is told, each form of a body and its length
--- user_files
>>> page.txt
0123456789
>>> a.lua
local http, test, stream = require "perilune.http", require "perilune.test", require "perilune.stream"
local function show(spec)
    local res = await(test.request(function(req)
        local text = await(req:text())
        return ("%s %s %s %s %s %s %s"):format(req.method, req.uri, tostring(req.content_length), tostring(req.headers["content-length"]),
            (tostring(req.headers["content-type"]):gsub("boundary=.*", "boundary")), #text, #text < 30 and text or "")
    end, spec))
    print(res.status, (res.body:gsub("\n", " ")))
end
local n = 0
show()
show { method = "POST", body = "text" }
show { method = "POST", body = "" }
show { method = "POST", body = { "a", "b" } }
show { method = "POST", body = stream.to_source { "a", "b", "c" } }
show { method = "POST", body = function() n = n + 1 return n < 4 and tostring(n) or nil end }
show { method = "POST", body = http.file(arg[1] .. "/page.txt", 2, 5) }
show { method = "POST", json = { 1, 2 } }
show { method = "POST", json = 1, headers = { ["Content-Type"] = "text/x-json" } }
show { method = "POST", form_params = { a = "1 2", b = { "x", "y" } } }
show { method = "POST", multipart = { { name = "n", content = "v" }, { name = "f", content = http.file(arg[1] .. "/page.txt") } } }
print((select(2, pcall(test.request, function() end, { body = "x", json = 1 }))))
print((select(2, pcall(test.request, function() end, { path = 1 }))))
print((select(2, pcall(test.request, function() end, { pathh = "/" })):gsub("^.-lua:%d+: ", "")))
print((select(2, pcall(test.request, "app")):gsub("^.-lua:%d+: ", "")))

local function fields(spec)
    print(await(test.request(function(req)
        local list = {}
        for i, name in ipairs { "method", "target", "path", "query_string", "host", "server_name", "server_port", "scheme", "remote_addr", "keep_alive" } do
            list[i] = tostring(req[name])
        end
        return table.concat(list, " ") .. " " .. tostring(req.query.q) .. " " .. tostring(req.cookies.c)
    end, spec)).body)
end
fields()
fields { method = "PUT", path = "/a%20b?q=1", host = "h.example:8443", scheme = "https", remote_addr = "::1", headers = { Cookie = 'a=1; c="v"' } }
fields { headers = { Host = "named" } }

-- parts are read as they come; trailers; what nobody read; a handler that fails
local app = function(req)
    local out = {}
    for part in http.multipart(req):each() do
        local text = ""
        for piece in part.body:each() do text = text .. piece end
        out[#out + 1] = part.name .. "=" .. text
    end
    return { body = table.concat(out, "&"), trailers = { Sum = "1" } }
end
local res = await(test.request(app, { method = "POST", multipart = { { name = "a", content = stream.to_source { "1", "2" } }, { name = "b", content = "3" } } }))
print(res.body, res.trailers.sum)
print(await(test.request(function(req)
    req:inform(103, { Link = "</a>" })
    return req:trailers().sum
end, { trailers = { Sum = "7" } })).body)
local closed = false
local unread = stream.stream()
unread:on_closed(function() closed = true end)
print(await(test.request(function() return nil end, { method = "POST", body = unread })).status, closed)
local file
print(try_await(test.request(function(req) file = req:temp_file() error("no", 0) end)))
print(io.open(file) == nil)
--- exec_out
200	GET / nil nil nil 0 
200	POST / 4 4 nil 4 text
200	POST / 0 0 nil 0 
200	POST / nil nil nil 2 ab
200	POST / nil nil nil 3 abc
200	POST / nil nil nil 3 123
200	POST / 5 5 nil 5 23456
200	POST / 5 5 application/json 5 [1,2]
200	POST / 1 1 text/x-json 1 1
200	POST / 13 13 application/x-www-form-urlencoded 13 a=1+2&b=x&b=y
200	POST / 302 302 multipart/form-data; boundary 302 
only one of the options body, json, form_params and multipart may be given
test.request: option 'path' must be a string, not 1
test.request: unknown option 'pathh'; did you mean 'path'?
bad argument 'app' to test.request (a handler or a router expected, got string)
GET / / nil localhost localhost 80 http 127.0.0.1 true nil nil
PUT /a%20b?q=1 /a b q=1 h.example h.example 8443 https ::1 true 1 v
GET / / nil named named 80 http 127.0.0.1 true nil nil
a=12&b=3	1
7
204	true
false	error: no
true

=== TEST 2: answers as streams: the head first, pieces as they come, closing reaches the handler
--- user_files
>>> a.lua
local http, test, task = require "perilune.http", require "perilune.test", require "perilune.task"
local closed = false
local function app(req)
    local sink = http.sse(req, { heartbeat = 0 })
    sink:on_close(function() closed = true end)
    task.spawn(function()
        local n = 0
        repeat n = n + 1 until not await(sink:send("event " .. n))
    end)
    return sink:response()
end
local res = await(test.request(app, { stream = true }))
print(res.status, res.headers["content-type"])
for _ = 1, 3 do io.write((await(res.body:take()):gsub("\n", " ")), "\n") end
res.body:close()
repeat await(task.sleep(0)) until closed
closed = false
print(#await(test.request(app, { method = "HEAD" })).body)
repeat await(task.sleep(0)) until closed
local n = 0
res = await(test.request(function() return { body = function() n = n + 1 return n < 4 and n or nil end } end, { stream = true }))
for piece in res.body:each() do io.write(piece, " ") end
res = await(test.request(function() return "whole" end, { stream = true }))
print(await(res.body:take()), await(res.body:take("end")))
print(try_await(test.request(function() return { body = function() error("broken", 0) end } end)))
--- exec_out
200	text/event-stream
data: event 1  
data: event 2  
data: event 3  
0
1 2 3 whole	end
false	error: broken

=== TEST 3: a client keeps cookies, by path, host, scheme and age; fields of all its requests
--- user_files
>>> a.lua
local http, test, time = require "perilune.http", require "perilune.test", require "perilune.time"
local mw = http.middleware
local routes = http.router { middleware = { mw.cookies(), mw.session { keys = ("k"):rep(16), idle = 60 } } }
routes:post("/login", function(req)
    local s = await(req:session())
    s.data.user = req.query.name
    return { status = 303, headers = { Location = "/" }, cookies = { plain = "1", below = { value = "2", path = "/a" }, safe = { value = "3", secure = true } } }
end)
routes:get("/*rest", function(req)
    local names = {}
    for name in pairs(req.cookies) do names[#names + 1] = name end
    table.sort(names)
    return ("%s %s %s"):format(tostring(await(req:session()).data.user), table.concat(names, ","), tostring(req.headers["x-all"]))
end)
time.with_clock(time.mock_clock(1e9), function(clock)
    local eve, bob = test.client(routes, { headers = { ["X-All"] = "yes" } }), test.client(routes, { scheme = "https", host = "h.example" })
    print(await(eve:get("/")).body)
    print(await(eve:post("/login?name=eve")).status, await(bob:post("/login?name=bob")).status)
    print(await(eve:get("/")).body)
    print(await(eve:get("/a/b", { headers = { ["X-All"] = "no" } })).body)
    print(await(bob:get("/a")).body)
    print(await(bob:get("/a", { scheme = "http" })).body)
    print(await(bob:get("/", { host = "other.example" })).body)
    print(await(bob:get("/", { headers = { Cookie = "x=1" } })).body)
    print(#eve.cookies:all(), await(eve:head("/")).status, await(eve:delete("/")).status, await(eve:request { method = "OPTIONS" }).status)
    clock:advance(61)
    print(await(eve:get("/")).body)
end)
print((select(2, pcall(test.client, 1)):gsub("^.-lua:%d+: ", "")))
--- exec_out
nil  yes
303	303
eve plain,session yes
eve below,plain,session no
bob below,plain,safe,session nil
nil below,plain nil
nil  nil
nil x nil
3	200	405	204
nil plain,session yes
bad argument 'app' to test.client (a handler or a router expected, got number)

=== TEST 4: waits in no time: a timeout, a rate, a session that ends
--- user_files
>>> a.lua
local http, test, time, task = require "perilune.http", require "perilune.test", require "perilune.time", require "perilune.task"
local slow = http.middleware.timeout { seconds = 3600 } (function()
    await(task.sleep(86400))
    return "too late"
end)
local began = time.monotonic()
print(time.with_clock(time.mock_clock(), function(clock)
    local asked = test.request(slow)
    clock:advance(3599)
    local before = asked:is_realized()
    clock:advance(1)
    return tostring(before) .. " " .. await(asked).status
end))
print(time.monotonic() - began < 3000)
--- exec_out
false 503
true

=== TEST 5: what a server refuses to send fails here, too, in the same words
--- user_files
>>> a.lua
local test = require "perilune.test"
for _, res in ipairs {
    { status = 99 }, { status = "200" }, { status = 200.5 }, { headers = { X = "a\r\nb" } }, { headers = { ["X Y"] = "a" } },
    { headers = { X = true } }, { status = 999, headers = { X = 5, Y = "a\tb", Z = { "1", "2" } } },
    { content_length = 2.5, body = function() end }, { content_length = 0, body = function() end },
} do
    local ok, answer = try_await(test.request(function() return res end))
    print(ok and answer.status or answer)
end
--- exec_out
error: the handler returned a bad response: status: an integer from 200 to 999 expected
error: the handler returned a bad response: status: an integer from 200 to 999 expected
error: the handler returned a bad response: status: an integer from 200 to 999 expected
error: the handler returned a bad response: header "X": a value must not hold control characters
error: the handler returned a bad response: header "X Y": not a valid name
error: the handler returned a bad response: header "X": value must be a string or a number, not a boolean
999
error: the handler returned a bad response: content_length: a whole number of bytes expected, got 2.5
200



=== TEST 6: commands run in the locale C, whatever that of the user is
--- exec
printf '%s\n' b A a B | sort | tr '\n' ' '; echo $LC_ALL
--- exec_out
A B a b C
