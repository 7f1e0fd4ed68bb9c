# The HTTP client against servers made in code: what is sent, what comes back, redirects, cookies, forms of bodies.
use Test::Nginx::Socket 'no_plan';

no_root_location();
our $Config = "    location / { return 204; }\n";
our $Exec = <<'_EOC_';
P=$(readlink /proc/$(cat $TEST_NGINX_SERVROOT/logs/nginx.pid)/exe)
cd $TEST_NGINX_HTML_DIR
cat >origin.lua <<'EOF'
local http = require "perilune.http"
return function(handler)
    local server = http.start_server(handler, { port = 0, address = "127.0.0.1" })
    return "http://127.0.0.1:" .. server:port(), server
end
EOF
timeout 100 $P run main.lua 2>err; echo exit $?; cat err
_EOC_
add_block_preprocessor(sub {
    my $block = shift;
    if (!defined $block->config) {
        $block->set_value("config", $Config);
    }
    if (!defined $block->exec) {
        $block->set_value("exec", $Exec);
    }
    if (!defined $block->timeout) {
        $block->set_value("timeout", 20);
    }
});

run_tests();

__DATA__

=== TEST 1: what a plain request says, and what a response has
--- user_files
>>> main.lua
package.path = "./?.lua;" .. package.path
local http = require "perilune.http"
local base, server = require "origin" (function(req)
    local names = {}
    for name, value in req.headers:each() do names[#names + 1] = name .. "=" .. value end
    return { headers = { ["X-Two"] = { "a", "b" } }, body = req.method .. " " .. req.target .. " " .. table.concat(names, "; ") }
end)
local res = await(http.get(base .. "/a b?c=d#e"))
print((await(res:text()):gsub("127.0.0.1:%d+", "HOST")))
print(res.status, res.headers["content-type"], res.headers["x-two"], #res.headers:get_all("X-Two"), res.headers.nothing)
print(res.protocol, res.method, res.url == base .. "/a%20b?c=d", res.request_time >= 0)
for _, m in ipairs { "post", "put", "patch", "delete", "options", "trace" } do
    print((await(await(http[m](base .. "/", { headers = { ["User-Agent"] = "me" } })):text()):gsub("127.0.0.1:%d+", "HOST")))
end
print(await(http.head(base .. "/")).headers["x-two"])
print(await(await(http.request({ host = "127.0.0.1", port = server:port(), path = "/p", query_string = "q", method = "report" })):text()):match("^%S+ %S+"))
await(server:close(0))
--- exec_out
GET /a%20b?c=d Host=HOST; User-Agent=perilune; Accept-Encoding=gzip, deflate, br, zstd
200	text/plain	a, b	2	nil
HTTP/1.1	GET	true	true
POST / Host=HOST; Content-Length=0; User-Agent=me; Accept-Encoding=gzip, deflate, br, zstd
PUT / Host=HOST; Content-Length=0; User-Agent=me; Accept-Encoding=gzip, deflate, br, zstd
PATCH / Host=HOST; Content-Length=0; User-Agent=me; Accept-Encoding=gzip, deflate, br, zstd
DELETE / Host=HOST; User-Agent=me; Accept-Encoding=gzip, deflate, br, zstd
OPTIONS / Host=HOST; User-Agent=me; Accept-Encoding=gzip, deflate, br, zstd
TRACE / Host=HOST; User-Agent=me; Accept-Encoding=gzip, deflate, br, zstd
a, b
REPORT /p?q
exit 0



=== TEST 2: each form of a body
--- user_files
>>> main.lua
package.path = "./?.lua;" .. package.path
local http, stream, task = require "perilune.http", require "perilune.stream", require "perilune.task"
local base, server = require "origin" (function(req)
    return { body = req:text():chain(function(text)
        local length = req.headers["content-length"] or req.headers["transfer-encoding"]
        return ("%s %s %s"):format(length, req.headers["content-type"] or "-", text)
    end) }
end)
local function post(o) return await(await(http.post(base .. "/", o)):text()) end
print(post { body = "text" })
print(post { body = { "te", "xt" } })
local s = stream.stream()
task.spawn(function() for i = 1, 3 do await(s:put("s" .. i)) end s:close() end)
print(post { body = s })
local n = 0
print(post { body = function() n = n + 1 return n <= 3 and "i" .. n or nil end })
local f = io.open("file", "w") f:write("0123456789") f:close()
print(post { body = http.file("file"), content_type = "text/x" })
print(post { body = http.file("file", 2, 3) })
print(post { json = { a = { 1, 2 } } })
print(post { form_params = { b = "x y&", a = { 1, 2 }, c = { d = { e = "f" } } } })
print(post { form_params = { a = { 1, 2 } }, multi_param_style = "array" })
print(post { form_params = { a = { 1, 2 } }, multi_param_style = "indexed" })
print(post { form_params = { c = { [5] = 1, [7] = 2 }, [0] = "z" } })
print(post { form_params = { a = 1 }, content_type = "json" })
print(post { body = "x", content_type = "text/plain", character_encoding = "utf-8" })
print(#post { body = ("z"):rep(900000) })
await(server:close(0))
--- exec_out
4 - text
4 - text
chunked - s1s2s3
chunked - i1i2i3
10 text/x 0123456789
3 - 234
11 application/json {"a":[1,2]}
34 application/x-www-form-urlencoded a=1&a=2&b=x+y%26&c%5Bd%5D%5Be%5D=f
19 application/x-www-form-urlencoded a%5B%5D=1&a%5B%5D=2
21 application/x-www-form-urlencoded a%5B0%5D=1&a%5B1%5D=2
25 application/x-www-form-urlencoded 0=z&c%5B5%5D=1&c%5B7%5D=2
7 application/json {"a":1}
1 text/plain; charset=utf-8 x
900009
exit 0



=== TEST 3: multipart: a length where all sizes are known
--- user_files
>>> main.lua
package.path = "./?.lua;" .. package.path
local http, stream = require "perilune.http", require "perilune.stream"
local base, server = require "origin" (function(req)
    return req:text():chain(function(text)
        local mark = req.headers["content-type"]:match("boundary=(.*)")
        local length = req.headers["content-length"]
        return (length == nil and "chunked" or tonumber(length) == #text and "known" or "wrong") .. "\n"
            .. text:gsub(mark:gsub("%-", "%%-"), "MARK"):gsub("\r\n", "|")
    end)
end)
local f = io.open("a.txt", "w") f:write("in a file") f:close()
print(await(await(http.post(base, { multipart = {
    { name = "one", content = "text" },
    { name = 'q"\r\n', content = "x", mime_type = "text/plain", charset = "utf-8" },
    { part_name = "f", content = http.file("a.txt"), mime_type = "text/x" },
} })):text()))
local s = stream.stream(1)
s:put("streamed") s:close()
print(await(await(http.post(base, { multipart = { { name = "s", content = s, file_name = "s.bin" } } })):text()))
print(try_await(http.post(base, { multipart = { { content = "s" } } })))
print(try_await(http.post(base, { multipart = { { name = "s", content = "s", filename = "x" } } })))
print(try_await(http.post(base, { multipart = { { name = "s", content = "s", mime_type = "a\r\nb: c" } } })))
await(server:close(0))
--- exec_out
known
--MARK|Content-Disposition: form-data; name="one"||text|--MARK|Content-Disposition: form-data; name="q%22%0D%0A"|Content-Type: text/plain; charset=utf-8||x|--MARK|Content-Disposition: form-data; name="f"; filename="a.txt"|Content-Type: text/x||in a file|--MARK--|
chunked
--MARK|Content-Disposition: form-data; name="s"; filename="s.bin"|Content-Type: application/octet-stream||streamed|--MARK--|
false	invalid: part 1 of 'multipart' lacks its name or content
false	invalid: part 1 of 'multipart': unknown option 'filename'; did you mean 'file_name'?
false	invalid: 'mime_type' and 'charset' of a part must be one line
exit 0



=== TEST 4: redirects: methods, limits, loops, secrets
--- user_files
>>> main.lua
package.path = "./?.lua;" .. package.path
local http = require "perilune.http"
local other, other_server = require "origin" (function(req)
    return ("other %s %s"):format(req.headers.authorization or "-", req.headers.cookie or "-")
end)
local base, server = require "origin" (function(req)
    local status, where = req.path:match("^/(%d%d%d)/(.*)$")
    if status then
        return { status = tonumber(status), headers = { Location = where == "other" and other or "/" .. where } }
    elseif req.path == "/loop" then
        return { status = 302, headers = { Location = "/loop2" } }
    elseif req.path == "/loop2" then
        return { status = 302, headers = { Location = "loop" } }
    elseif req.path == "/count" then
        return { status = 302, headers = { Location = "?n=" .. (tonumber(req.query.n or 0) + 1) } }
    elseif req.path == "/ftp" then
        return { status = 302, headers = { Location = "ftp://x/" } }
    end
    return req:text():chain(function(text)
        return ("%s %s [%s] %s"):format(req.method, req.path, text, req.headers.authorization or "-")
    end)
end)
for _, status in ipairs { 301, 302, 303, 307, 308 } do
    print(status, await(await(http.post(base .. "/" .. status .. "/end", { body = "b" })):text()))
end
print(await(await(http.get(base .. "/302/end", { basic_auth = { "u", "p" } })):text()))
print(await(await(http.get(base .. "/302/other", { basic_auth = "u:p", cookies = { a = 1 } })):text()))
print(await(http.get(base .. "/302/end", { follow_redirects = false })).status)
local function code(d) local _, err = try_await(d) return err.code end
print(code(http.get(base .. "/loop")), code(http.get(base .. "/count")), code(http.get(base .. "/count", { max_redirects = 3 })))
print(code(http.get(base .. "/ftp")), code(http.post(base .. "/307/end", { body = function() return nil end })))
local res = await(http.get(base .. "/302/301/end"))
print(#res.trace_redirects, res.url == base .. "/end")
await(server:close(0)) await(other_server:close(0))
--- exec_out
301	GET /end [] -
302	GET /end [] -
303	GET /end [] -
307	POST /end [b] -
308	POST /end [b] -
GET /end [] Basic dTpw
other - -
302
redirect_loop	too_many_redirects	too_many_redirects
invalid_redirect	redirect_body
2	true
exit 0



=== TEST 5: errors of statuses, and which are none
--- user_files
>>> main.lua
package.path = "./?.lua;" .. package.path
local http = require "perilune.http"
local base, server = require "origin" (function(req)
    return { status = tonumber(req.path:sub(2)), body = "why" }
end)
local ok, err = try_await(http.get(base .. "/404"))
print(ok, err.code, err.status, await(err.response:text()))
print(await(http.get(base .. "/500", { throw_exceptions = false })).status)
print(await(http.get(base .. "/404", { unexceptional_status = { 404 } })).status)
print((select(2, try_await(http.get(base .. "/200", { unexceptional_status = function(s) return s ~= 200 end }))).code))
await(server:close(0))
--- exec_out
false	status	404	why
500
404
status
exit 0



=== TEST 6: one connection serves answers of every status; unread bodies leave it usable
--- user_files
>>> main.lua
package.path = "./?.lua;" .. package.path
local http = require "perilune.http"
local base, server = require "origin" (function(req)
    return { status = req.path == "/bad" and 503 or 200, body = ("x"):rep(tonumber(req.query_string or 1)) }
end)
local pool = http.connection_pool { connections_per_host = 1 }
for i = 1, 5 do await(http.get(base .. "/bad", { pool = pool, throw_exceptions = false })) end
local stats = pool:stats()[base]
print(stats.opened, stats.reused, stats.connections)
for i = 1, 3 do await(http.get(base .. "/?70000", { pool = pool })):close() end
print(#await(await(http.get(base .. "/?70000", { pool = pool })):text()))
-- one that is not read and forgotten is closed when Lua collects it
local function leave() local res = await(http.get(base .. "/?50000000", { pool = pool })) return res.status end
leave()
collectgarbage() collectgarbage()
print(await(http.get(base .. "/", { pool = pool, pool_timeout = 60 })).status)
await(server:close(0))
--- exec_out
1	4	1
70000
200
exit 0



=== TEST 7: as string, json, lines, sse, file with resume
--- user_files
>>> main.lua
package.path = "./?.lua;" .. package.path
local http = require "perilune.http"
local base, server = require "origin" (function(req)
    if req.path == "/json" then return '{"a":[1,2]}'
    elseif req.path == "/lines" then return { body = { "one\r\ntw", "o\nthree" } }
    elseif req.path == "/sse" then
        local n, parts = 0, { ": hello\ndata: a\n", "data: b\nid: 7\n\nevent: x\n", "data:c\nretry: 2500\n\ndata: cut" }
        return { headers = { ["Content-Type"] = "text/event-stream" }, body = function() n = n + 1 return parts[n] end }
    elseif req.path == "/file" then
        local from = tonumber((req.headers.range or ""):match("bytes=(%d+)-"))
        return { status = from and 206 or 200, body = ("0123456789"):sub((from or 0) + 1),
            headers = { ETag = '"1"', ["Content-Range"] = from and ("bytes %d-9/10"):format(from) or nil } }
    end
    return "text"
end)
print(await(http.get(base .. "/", { as = "string" })).body)
print(await(http.get(base .. "/json", { as = "json" })).body.a[2], select(2, try_await(http.get(base .. "/", { as = "json" }))).code)
for line in await(http.get(base .. "/lines", { as = "lines" })).body:each() do print("[" .. line .. "]") end
for e in await(http.get(base .. "/sse", { as = "sse" })).body:each() do
    print(e.event, (e.data:gsub("\n", "|")), e.id, e.retry)
end
local seen
local function progress(at, total) seen = at .. "/" .. tostring(total) end
print(await(http.get(base .. "/file", { as = "file", save_to = "out", on_progress = progress })).size, seen)
local f = io.open("out", "w") f:write("0123") f:close()
f = io.open("out.validator", "w") f:write('"1"') f:close()
print(await(http.get(base .. "/file", { as = "file", save_to = "out", resume = true, on_progress = progress })).size, seen)
print(io.open("out"):read("*a"))
print(select(2, try_await(http.get(base .. "/?", { as = "string", max_body_size = 2 }))).code)
await(server:close(0))
--- exec_out
text
2	invalid
[one]
[two]
[three]
message	a|b	7	nil
x	c	7	2.5
10	10/10
10	10/10
0123456789
too_large
exit 0



=== TEST 8: a store of cookies
--- user_files
>>> main.lua
package.path = "./?.lua;" .. package.path
local http, url = require "perilune.http", require "perilune.http.url"
local store = http.cookie_store { public_suffix = { "co.uk" } }
local function set(where, text) return store:set(url.parse(where), text) end
local function get(where)
    local out = {}
    for _, c in ipairs(store:matching(url.parse(where))) do out[#out + 1] = c.name end
    return table.concat(out, " ")
end
print(set("http://a.example/x/y", "host=1"), set("http://a.example/", "dom=1; Domain=.example.com"), set("http://www.example.com/", "dom=1; Domain=Example.COM; Path=/"))
print(set("http://a.co.uk/", "x=1; Domain=co.uk"), set("http://a.example/", "x=1; Domain=example"), set("http://10.0.0.1/", "ip=1; Domain=0.0.1"))
print(set("http://a.example/", "s=1; Secure"), set("https://a.example/", "s=1; Secure; Path=/"), set("https://a.example/", "__Host-h=1; Secure; Path=/; Domain=a.example"))
print(set("http://a.example/", "old=1; Max-Age=0"), set("http://a.example/", "exp=1; Expires=Wed, 21 Oct 2015 07:28:00 GMT"), set("http://a.example/", "ok=1; Max-Age=60; Path=/; Expires=Wed, 21 Oct 2015 07:28:00 GMT"))
print(get("http://a.example/x/z"), "|", get("http://a.example/xy"), "|", get("http://b.a.example/x/z"), "|", get("http://example.com/"), "|", get("http://evilexample.com/"))
print(get("https://a.example/"))
print(set("http://a.example/", "ok=; Max-Age=-1; Path=/"), get("http://a.example/"))
set("http://a.example/", "keep=1; Max-Age=1000; Path=/")
print(store:save("jar"), (io.popen("stat -c %a jar"):read("*l")))
local again = http.cookie_store { path = "jar" }
print(#again:all(), again:all()[1].name, again:all()[1].value)
local base, server = require "origin" (function(req)
    return { headers = { ["Set-Cookie"] = { "a=1; Path=/", "b=2; Path=/" } }, status = req.path == "/r" and 302 or 200,
        body = req.headers.cookie or "none" }
end)
local jar = http.cookie_store()
print(await(await(http.get(base .. "/", { cookie_store = jar })):text()))
print(await(await(http.get(base .. "/", { cookie_store = jar })):text()))
print(await(await(http.get(base .. "/", { cookie_store = jar, cookies = { z = 9 } })):text()))
await(server:close(0))
--- exec_out
true	false	true
false	false	false
false	true	false
true	true	true
host ok	|	ok	|		|	dom	|	
s ok
true	
true	600
1	keep	1
none
a=1; b=2
z=9
exit 0



=== TEST 9: misuse raises with the name of what is wrong; what cannot be sent fails
--- user_files
>>> main.lua
local http = require "perilune.http"
local function get(...) local d = http.get(...) return d end
local function pool(...) local p = http.connection_pool(...) return p end
local function store(...) local s = http.cookie_store(...) return s end
print(pcall(http.get))
print(pcall(get, "http://a/", { timeout = 1 }))
print(pcall(get, "http://a/", { headers = "x" }))
print(pcall(get, "http://a/", { read_timeout = -1 }))
print(pcall(get, "http://a/", { as = "xml" }))
print(pcall(pool, { idle_timeot = 1 }))
print(pcall(get, "http://a/", { retry = { cuont = 1 } }))
print(pcall(store, { pth = "x" }))
local server_side = require "perilune.tls".server_context { self_signed = {} }
for _, bad in ipairs { { tls = server_side }, { tls = 5 }, { proxy_tls = server_side }, { http_version = "2" }, { multi_param_style = "x" },
    { basic_auth = {} }, { basic_auth = "u" }, { digest_auth = "u" }, { max_redirects = -1 }, { max_body_size = 0.5 }, { hedge = -1 }, { retry = 1 / 0 }, { port = 70000 } } do
    print(select(2, pcall(get, "https://a/", bad)))
end
print(pcall(pool, { tls = server_side }))
for _, u in ipairs { "a/b", "ftp://a/", "http://", "http://a:99999/", "http://a b/", "http://[::1" } do print((select(2, try_await(http.get(u))).code)) end
print(try_await(http.get("http://127.0.0.1:1/", { headers = { ["X-A"] = "a\r\nb: c" } })))
print(try_await(http.get("http://127.0.0.1:1/", { headers = { ["X A"] = "a" } })))
print(try_await(http.post("http://127.0.0.1:1/", { body = function() end, trailers = { ["X-Sum"] = "1", Cookie = "a=b" } })))
print(try_await(http.post("http://127.0.0.1:1/", { body = "a", json = 1 })))
print(try_await(http.post("http://127.0.0.1:1/", { body = http.file("/none") })))
print(try_await(http.post("http://127.0.0.1:1/", { body = true })))
for _, bad in ipairs { { a = 1 }, { "a", {} }, { "a", nil, "c" } } do print(try_await(http.post("http://127.0.0.1:1/", { body = bad }))) end
local round = {} round.round = round
for _, bad in ipairs { { 1, 2 }, { { "a" } }, round } do
    print(try_await(http.get("http://127.0.0.1:1/", { query_params = bad })))
    print(try_await(http.post("http://127.0.0.1:1/", { form_params = bad })))
end
print((select(2, try_await(http.get("http://127.0.0.1:1/", { proxy = "http://127.0.0.1:2", no_proxy = { 5, "127.0.0.1" } }))).message:match("^127.0.0.1:1")))
--- exec_out
false	bad argument 'url' to http.get (string expected, got nil)
false	main.lua:2: http.request: unknown option 'timeout'; there is 'connection_timeout', 'pool_timeout', 'read_timeout', 'request_timeout', 'total_timeout'
false	main.lua:2: http.request: option 'headers' must be a table of header fields, not a string
false	main.lua:2: http.request: option 'read_timeout' must be a number of seconds, not -1
false	main.lua:2: http.request: option 'as' must be string, json, stream, lines, sse or file, not 'xml'
false	main.lua:3: http.connection_pool: unknown option 'idle_timeot'; did you mean 'idle_timeout'?
false	main.lua:2: http.request: retry: unknown option 'cuont'; did you mean 'count'?
false	main.lua:4: http.cookie_store: unknown option 'pth'; did you mean 'path'?
main.lua:2: http.request: option 'tls' must be a context for clients, not one for servers
main.lua:2: http.request: option 'tls' must be a context for clients, not a number
main.lua:2: http.request: option 'proxy_tls' must be a context for clients, not one for servers
main.lua:2: http.request: option 'http_version' must be '1.0' or '1.1', not '2'
main.lua:2: http.request: option 'multi_param_style' must be default, array or indexed, not 'x'
main.lua:2: http.request: option 'basic_auth' must hold a user and a password
main.lua:2: http.request: option 'basic_auth' must hold a user and a password
main.lua:2: http.request: option 'digest_auth' must hold a user and a password
main.lua:2: http.request: option 'max_redirects' must be a whole number from 0, not -1
main.lua:2: http.request: option 'max_body_size' must be a number of bytes, not 0.5
main.lua:2: http.request: option 'hedge' must be a number of seconds or table, not -1
main.lua:2: http.request: option 'retry' must be a whole number from 0 or table or boolean, not inf
main.lua:2: http.request: option 'port' must be a port, not 70000
false	main.lua:3: http.connection_pool: option 'tls' must be a context for clients, not one for servers
invalid
invalid
invalid
invalid
invalid
invalid
false	invalid: invalid header field 'X-A': invalid argument
false	invalid: invalid header field 'X A': invalid argument
false	invalid: field 'Cookie' may not be a trailer: invalid argument
false	invalid: only one of the options body, json, form_params and multipart may be given
false	not_found: /none: not found
false	invalid: a body must be a string, an array of strings, a stream, an iterator or a file, not a boolean
false	invalid: a body is a table with the key 'a', not an array of strings
false	invalid: a body is an array with a table at index 2, not one of strings
false	invalid: a body is an array with a nil at index 2, not one of strings
false	invalid: query_params: an array of parameters holds { name, value }
false	invalid: an array of parameters holds { name, value }
false	invalid: query_params: an array of parameters holds { name, value }
false	invalid: an array of parameters holds { name, value }
false	invalid: query_params: parameters are nested deeper than 100
false	invalid: parameters are nested deeper than 100
127.0.0.1:1
exit 0



=== TEST 10: a Host of one's own is the only one, and stays behind when the origin changes
--- user_files
>>> main.lua
package.path = "./?.lua;" .. package.path
local http = require "perilune.http"
local other, other_server = require "origin" (function(req) return table.concat(req.headers:get_all("host"), "|") end)
local base, server = require "origin" (function(req)
    if req.path == "/away" then return { status = 302, headers = { Location = other .. "/" } } end
    return table.concat(req.headers:get_all("host"), "|")
end)
local o = { headers = { host = "own.example" } }
print(await(await(http.get(base .. "/", o)):text()))
print((await(await(http.get(base .. "/away", o)):text()):gsub("127.0.0.1:%d+", "OTHER")))
await(server:close(0)) await(other_server:close(0))
--- exec_out
own.example
OTHER
exit 0



=== TEST 11: query_params in each style; accept and accept_encoding; what comes coded is decoded, unless it is not to be
--- user_files
>>> main.lua
local http = require "perilune.http"
local server = http.start_server(function(req)
    return { body = (req.query_string or "") .. " | " .. (req.headers["accept"] or "none") .. " | " .. (req.headers["accept-encoding"] or "none") .. (" "):rep(2000) }
end, { port = 0, address = "127.0.0.1", compress = { types = { "text/plain" } } })
local base = "http://127.0.0.1:" .. server:port()
local function ask(o, path)
    local res = await(http.get(base .. (path or "/"), o))
    local text = await(res:text())
    print(res.headers["content-encoding"] or "plain", #text > 2000 and (text:gsub("%s+$", "")) or "coded")
end
ask { query_params = { a = "1 2" } }
ask({ query_params = { b = { "x", "y" } } }, "/?a=1")
for _, style in ipairs { "array", "indexed" } do ask { query_params = { b = { "x", "y" } }, multi_param_style = style } end
ask { query_params = { n = { deep = { er = "z" } } } }
ask { accept = "json" }
ask { accept = "text/html;q=0.5" }
for _, coding in ipairs { "gzip", "deflate", "br", "zstd" } do ask { accept_encoding = { coding } } end
ask { accept_encoding = false }
ask { decompress = false }
ask { accept_encoding = "gzip", decompress = false }
server:close(0):await()
--- exec_out
br	a=1+2 | none | gzip, deflate, br, zstd
br	a=1&b=x&b=y | none | gzip, deflate, br, zstd
br	b%5B%5D=x&b%5B%5D=y | none | gzip, deflate, br, zstd
br	b%5B0%5D=x&b%5B1%5D=y | none | gzip, deflate, br, zstd
br	n%5Bdeep%5D%5Ber%5D=z | none | gzip, deflate, br, zstd
br	 | application/json | gzip, deflate, br, zstd
br	 | text/html;q=0.5 | gzip, deflate, br, zstd
gzip	 | none | gzip
plain	 | none | deflate
br	 | none | br
zstd	 | none | zstd
plain	 | none | none
plain	 | none | none
gzip	coded
exit 0



=== TEST 12: a challenge of another origin is not answered, two targets are none, a user's function that fails has failed the request
--- user_files
>>> main.lua
package.path = "./?.lua;" .. package.path
local http, seen = require "perilune.http", {}
local other, other_server = require "origin" (function(req)
    seen[#seen + 1] = tostring(req.headers.authorization)
    return { status = 401, headers = { ["WWW-Authenticate"] = 'Digest realm="r", nonce="n", qop="auth"' } }
end)
local base, server = require "origin" (function(req)
    if req.path == "/away" then return { status = 302, headers = { Location = other .. "/" } }
    elseif req.path == "/two" then return { status = 302, headers = { Location = { "/a", "/b" } } }
    elseif req.path == "/same" then return { status = 302, headers = { Location = { "/a", "/a" } } }
    elseif req.path == "/inform" then req:inform(103, { Link = "a" }) end
    return "body"
end)
local function code(d) local ok, err = try_await(d) return ok and "ok" or type(err) == "table" and err.code or err end
print(code(http.get(base .. "/away", { digest_auth = "u:p" })), table.concat(seen, " "))
print(code(http.get(base .. "/two")), code(http.get(base .. "/same")))
local function boom() error("boom", 0) end
print(code(http.get(base .. "/", { unexceptional_status = boom, total_timeout = 60 })))
print(code(http.get(base .. "/inform", { on_informational = boom, total_timeout = 60 })))
print(code(http.get(base .. "/", { cookie_store = { take = boom, give = function() end }, total_timeout = 60 })))
print(code(http.get(base .. "/")))
await(server:close(0)) await(other_server:close(0))
--- exec_out
status	nil
invalid_redirect	ok
boom
boom
boom
ok
exit 0



=== TEST 13: max_body_size holds for text() and json() too, so that what unpacks to much is cut off
--- user_files
>>> main.lua
package.path = "./?.lua;" .. package.path
local http = require "perilune.http"
local base, server = require "origin" (function() return { headers = { ["Content-Type"] = "text/plain" }, body = ("x"):rep(1000000) } end)
local packed = http.start_server(function() return ("x"):rep(1000000) end, { port = 0, address = "127.0.0.1", compress = true })
local function code(d) local ok, err = try_await(d) return ok and "ok" or err.code end
for _, url in ipairs { base .. "/", "http://127.0.0.1:" .. packed:port() .. "/" } do
    for _, most in ipairs { 999999, 1000000 } do
        local o = { max_body_size = most }
        print(most, code(await(http.get(url, o)):text()), code(await(http.get(url, o)):json()), #(await(await(http.get(url)):text())))
    end
end
local short = http.start_server(function() return ("1"):rep(100) end, { port = 0, address = "127.0.0.1" })
for _, most in ipairs { 99, 100 } do
    local res = await(http.get("http://127.0.0.1:" .. short:port(), { max_body_size = most }))
    print(most, code(res:text()), code(res:json()))
end
await(short:close(0))
await(server:close(0)) await(packed:close(0))
--- exec_out
999999	too_large	too_large	1000000
1000000	ok	invalid	1000000
999999	too_large	too_large	1000000
1000000	ok	invalid	1000000
99	too_large	too_large
100	ok	ok
exit 0



=== TEST 14: middleware of the pool stands inside that of the request; interceptors see what goes out and what comes back
--- user_files
>>> main.lua
package.path = "./?.lua;" .. package.path
local http, deferred = require "perilune.http", require "perilune.deferred"
local base, server = require "origin" (function(req) return req.headers["x-way"] .. " " .. req.headers["x-asked"] end)
local function wrap(name)
    return function(client)
        return function(o)
            o.headers = { ["X-Way"] = (o.headers["X-Way"] or "") .. name, ["X-Asked"] = o.headers["X-Asked"] }
            return client(o):chain(function(res) print(name, res.status) return res end)
        end
    end
end
local pool = http.connection_pool { middleware = wrap "pool" }
local o = { pool = pool, as = "string", headers = {}, middleware = wrap "request",
    request_interceptor = function(asked) asked.headers["X-Asked"] = asked.method end,
    response_interceptor = function(res) res.seen = true end }
local res = await(http.get(base .. "/", o))
print(res.body, res.seen)
o.response_interceptor = function() return "another" end
print(await(http.get(base .. "/", o)))
o.middleware = function() return function() return deferred.success_deferred("not sent") end end
o.response_interceptor = nil
print(await(http.get(base .. "/", o)))
await(server:close(0))
--- exec_out
pool	200
request	200
requestpool GET	true
pool	200
request	200
another
not sent
exit 0



=== TEST 15: where a request goes when its URL is given in parts; what would be read two ways is refused
--- user_files
>>> main.lua
package.path = "./?.lua;" .. package.path
local http = require "perilune.http"
local base, server = require "origin" (function(req) return req.method .. " " .. req.target .. " " .. (req.headers.cookie or "") end)
local function ask(o)
    o.total_timeout, o.as = 5, "string"
    if not o.url then
        o.host, o.port = o.host or "127.0.0.1", o.port or server:port()
    end
    local ok, res = try_await(http.request(o))
    print(ok and res.body or (tostring(res):gsub(tostring(server:port()), "PORT")))
end
ask { path = "/a b/ä", query_string = "c d=ä" }
ask { path = "*", method = "OPTIONS" }
ask { scheme = "HTTP", path = "/upper" }
for _, bad in ipairs { { path = "nope" }, { path = "http://x/" }, { scheme = "ftp" }, { host = "a/b" }, { host = "a@127.0.0.1" },
    { host = "127.0.0.1:80" }, { host = "" }, { port = 0 }, { unix_path = "" }, { url = base .. "\\@evil.example/" },
    { url = "http://user:pass:w@rd@h:99999/a@b" }, { url = "ftp://user:word@h/" } } do
    ask(bad)
end
print(select(2, try_await(http.request { scheme = "HTTPS", host = "127.0.0.1", port = server:port(), connection_timeout = 60 })).code)
ask { cookies = { a = 1, b = { value = "c d" } } }
for _, bad in ipairs { { a = "1; b=2" }, { ["a=b; c"] = "d" }, { a = {} }, { a = "b\r\nc" }, { "a=b" } } do
    ask { cookies = bad }
end
for _, bad in ipairs { { headers = { Host = { "a", "b" } } }, { headers = { Host = "a", host = "b" } }, { method = "CONNECT" },
    { method = "TRACE", body = "a" }, { method = "POST", multipart = {} }, { method = "POST", multipart = { a = 1 } },
    { method = "POST", http_version = "1.0", body = function() end } } do
    ask(bad)
end
await(server:close(0))
--- exec_out
GET /a%20b/%C3%A4?c%20d=%C3%A4 
OPTIONS * 
GET /upper 
invalid: a path begins with a slash: nope
invalid: a path begins with a slash: http://x/
invalid: unknown scheme 'ftp': 127.0.0.1
invalid: malformed host or port: a/b
invalid: malformed host or port: a@127.0.0.1
invalid: malformed host or port: 127.0.0.1:80
invalid: malformed host or port: 
invalid: malformed host or port: 127.0.0.1
invalid: the option 'unix_path' is empty
invalid: malformed host or port: http://127.0.0.1:***@evil.example/
invalid: malformed host or port: http://user:***@h:99999/a@b
invalid: unknown scheme 'ftp': ftp://user:***@h/
tls_not_tls
GET / a=1; b=c d
invalid: a cookie that cannot be sent: 'a'
invalid: a cookie that cannot be sent: 'a=b; c'
invalid: a cookie that cannot be sent: 'a'
invalid: a cookie that cannot be sent: 'a'
invalid: a cookie that cannot be sent: '1'
invalid: a request has one Host (RFC 9112 section 3.2)
invalid: a request has one Host (RFC 9112 section 3.2)
invalid: CONNECT is what http.tunnel does
invalid: a TRACE has no body
invalid: 'multipart' is an array of parts, at least one
invalid: 'multipart' is an array of parts, at least one
invalid: HTTP/1.0 has no bodies of a length that is not known
exit 0



=== TEST 16: options that hold tables are looked into; those of a pool where it is made
--- user_files
>>> main.lua
local http = require "perilune.http"
local function get(...) local d = http.get(...) return d end
local function pool(...) local p = http.connection_pool(...) return p end
local function told(fn, ...)
    local ok, err = pcall(fn, ...)
    print(ok and "taken" or tostring(err))
end
for _, bad in ipairs { { headers = { { 1, 2 } } }, { headers = { a = { {} } } }, { headers = { a = print } }, { trailers = { 1 } },
    { proxy_headers = { { "a" } } }, { accept_encoding = { {} } }, { cookie_store = {} }, { no_proxy = { {} } }, { http_versions = {} },
    { retry = { jitter = 2 } }, { retry = { statuses = { "x" } } }, { retry = { methods = { "a b" } } }, { retry = { codes = { 1 } } },
    { basic_auth = { "a:b", "c" } }, { basic_auth = { "a", {} } }, { tls = { x = 1 } }, { middleware = function() end },
    { headers = "Authorization: Bearer abc" }, { trailers = "X-Secret: abc" }, { proxy_headers = "Proxy-Authorization: abc" }, { cookie_store = "a=abc" } } do
    told(get, "http://127.0.0.1:1/", bad)
end
for _, bad in ipairs { { proxy = "nope" }, { proxy = "ftp://a" }, { proxy = "http://:8" }, { proxy = "socks4://u:p@h" }, { proxy = "http://h:1" },
    { request_options = { proxy = "nope" } }, { request_options = { as = "xml" } }, { request_options = { retry = { cuont = 1 } } },
    { tls = { x = 1 } }, { tls = { ca = "/none" } }, { http_versions = {} } } do
    told(pool, bad)
end
local p = http.connection_pool { request_options = { as = "file" } }
told(get, "http://127.0.0.1:1/", { pool = p })
print(try_await(http.get("http://127.0.0.1:1/", { proxy = "127.0.0.1:3128" })))
--- exec_out
main.lua:2: http.request: option 'headers' must be a table of header fields, not a table
main.lua:2: http.request: option 'headers' must be a table of header fields, not a table
main.lua:2: http.request: option 'headers' must be a table of header fields, not a table
main.lua:2: http.request: option 'trailers' must be a table of header fields, not a table
main.lua:2: http.request: option 'proxy_headers' must be a table of header fields, not a table
main.lua:2: http.request: option 'accept_encoding': element 1 must be a string, not a table
main.lua:2: http.request: option 'cookie_store' must be a store: a table with the methods take and give, not a table
main.lua:2: http.request: option 'no_proxy': element 1 must be a string or number, not a table
main.lua:2: http.request: option 'http_versions' holds '2' and '1.1', not nothing
main.lua:2: http.request: retry: option 'jitter' must be a number from 0 to 1, not 2
main.lua:2: http.request: retry: option 'statuses': element 1 must be a whole number from 200 to 599, not 'x'
main.lua:2: http.request: retry: option 'methods': element 1 must be a token (no blanks, no separators), not 'a b'
main.lua:2: http.request: retry: option 'codes': element 1 must be a string, not 1
main.lua:2: http.request: option 'basic_auth': a user has no colon
main.lua:2: http.request: option 'basic_auth' must hold a user and a password
main.lua:2: http.request: option 'tls': unknown option 'x'
http.request: option 'middleware' must return a client
main.lua:2: http.request: option 'headers' must be a table of header fields, not a string
main.lua:2: http.request: option 'trailers' must be a table of header fields, not a string
main.lua:2: http.request: option 'proxy_headers' must be a table of header fields, not a string
main.lua:2: http.request: option 'cookie_store' must be a store: a table with the methods take and give, not a string
main.lua:3: http.connection_pool: proxy: a URL is wanted, such as http://proxy.example:3128
main.lua:3: http.connection_pool: proxy: unknown scheme 'ftp'
main.lua:3: http.connection_pool: proxy: malformed host or port
main.lua:3: http.connection_pool: proxy: SOCKS4 knows no passwords
taken
main.lua:3: http.connection_pool: request_options: proxy: a URL is wanted, such as http://proxy.example:3128
main.lua:3: http.connection_pool: request_options: option 'as' must be string, json, stream, lines, sse or file, not 'xml'
main.lua:3: http.connection_pool: request_options: retry: unknown option 'cuont'; did you mean 'count'?
main.lua:3: http.connection_pool: option 'tls': unknown option 'x'
not_found: cannot read "/none": not found
main.lua:3: http.connection_pool: option 'http_versions' holds '2' and '1.1', not nothing
main.lua:2: http.request: as = 'file' needs the option 'save_to'
false	invalid: proxy: a URL is wanted, such as http://proxy.example:3128
exit 0



=== TEST 17: whatever else is asked for, a response is there with its head, unless its body is wanted whole
--- user_files
>>> main.lua
package.path = "./?.lua;" .. package.path
local http, deferred = require "perilune.http", require "perilune.deferred"
local gate
local base, server = require "origin" (function()
    local n = 0
    return { headers = { ["Content-Type"] = "text/event-stream" }, body = function()
        n = n + 1
        if n == 2 then await(gate) end
        return n <= 2 and "data: " .. n .. "\n\n" or nil
    end }
end)
for _, o in ipairs { {}, { read_timeout = 9 }, { request_timeout = 9 }, { total_timeout = 9 }, { pool_timeout = 9 }, { connection_timeout = 9 },
    { keep_alive = false }, { decompress = false }, { http_version = "1.1" }, { as = "lines", read_timeout = 9 }, { as = "sse", read_timeout = 9 },
    { pool = http.connection_pool { total_timeout = 9 } } } do
    gate = deferred.deferred()
    local ok, res = try_await(http.get(base .. "/", o):timeout(60))
    gate:success(true)
    print(ok, ok and type(await(res.body:take())) or tostring(res))
    if ok then res:close() end
end
gate = deferred.success_deferred(true)
print(#await(http.get(base .. "/", { as = "string", read_timeout = 9 })).body)
await(server:close(0))
--- exec_out
true	string
true	string
true	string
true	string
true	string
true	string
true	string
true	string
true	string
true	string
true	table
true	string
18
exit 0



=== TEST 18: total_timeout holds for redirects, retries, challenges and hedges together
--- user_files
>>> main.lua
package.path = "./?.lua;" .. package.path
local http, task, time = require "perilune.http", require "perilune.task", require "perilune.time"
local asked = 0
local cutting = require "perilune.tcp".start_server(function(s)
    await(s:take())
    await(s:put("HTTP/1.1 200 OK\r\nContent-Length: 9\r\nETag: \"a\"\r\n\r\npart"))
    s:close()
end, { port = 0, address = "127.0.0.1" })
local base, server = require "origin" (function(req)
    asked = asked + 1
    if req.path == "/busy" then return { status = 503 } end
    await(task.sleep(0.4))
    if req.path == "/far" then return { status = 302, headers = { Location = "/far?" .. asked } } end
    if req.path == "/who" and not req.headers.authorization then
        return { status = 401, headers = { ["WWW-Authenticate"] = 'Digest realm="a", nonce="b", qop="auth"' } }
    end
    return "late"
end)
local patient = { count = 20, backoff = 80, max_backoff = 80, jitter = 0 }
local function ask(path, o)
    local began = time.now()
    asked = 0
    if not o.pool then o.total_timeout = o.retry == patient and 50 or 0.6 end
    local ok, res = try_await(http.get((o.as and "http://127.0.0.1:" .. cutting:port() or base) .. path, o))
    print(path, ok and res.status or res.code, asked <= 2, time.now() - began < 30)
end
ask("/far", {})
ask("/who", { digest_auth = "u:p" })
ask("/busy", { retry = patient })
ask("/late", { request_timeout = 0.3, retry = { count = 20, backoff = 0, jitter = 0 } })
ask("/late", { hedge = 0.3, pool = http.connection_pool { total_timeout = 0.35 } })
ask("/far", { pool = http.connection_pool { total_timeout = 0.6 } })
ask("/part", { as = "file", save_to = "part", resume = true, retry = patient })
await(server:close(0)) await(cutting:close(0))
--- exec_out
/far	total_timeout	true	true
/who	total_timeout	true	true
/busy	status	true	true
/late	total_timeout	true	true
/late	total_timeout	true	true
/far	total_timeout	true	true
/part	truncated	true	true
exit 0



=== TEST 19: a page that sets a cookie and leads to itself is followed, once the cookie is there it is a loop
--- user_files
>>> main.lua
package.path = "./?.lua;" .. package.path
local http = require "perilune.http"
local base, server = require "origin" (function(req)
    if req.path == "/once" and req.headers.cookie then return req.headers.cookie end
    return { status = 302, headers = { Location = req.path, ["Set-Cookie"] = "seen=1" } }
end)
for _, path in ipairs { "/once", "/ever" } do
    local ok, res = try_await(http.get(base .. path, { cookie_store = http.cookie_store(), as = "string" }))
    print(ok and res.body or res.code)
end
print(select(2, try_await(http.get(base .. "/once"))).code)
await(server:close(0))
--- exec_out
seen=1
redirect_loop
redirect_loop
exit 0



=== TEST 20: what a pool says of method and URL is a default, which a function of a method is above
--- user_files
>>> main.lua
package.path = "./?.lua;" .. package.path
local http = require "perilune.http"
local base, server = require "origin" (function(req) return req.method .. " " .. req.path .. " " .. tostring(req.headers["x-a"]) end)
local pool = http.connection_pool { request_options = { method = "POST", url = "http://127.0.0.1:1/none", headers = { ["X-A"] = "p" } } }
print(await(http.get(base .. "/a", { pool = pool, as = "string" })).body)
print(await(http.put(base .. "/b", { pool = pool, as = "string", headers = { ["X-A"] = "own" } })).body)
await(server:close(0))
--- exec_out
GET /a p
PUT /b own
exit 0



=== TEST 21: hosts in other scripts are asked for by their names in ASCII, and cookies know them by these
--- user_files
>>> main.lua
package.path = "./?.lua;" .. package.path
local http, url = require "perilune.http", require "perilune.http.url"
for _, text in ipairs { "http://bücher.example/ä", "http://u:p@BÜCHER.example:81/", "http://faß.de/", "http://例え.テスト/", "http://１２７．０．０．１/",
    "http://xn--bcher-kva.example/", "http://evil.com／.good.com/", "http://ａ＠b.com/", "http://a：80/", "http://☃.net/", "http://\255/" } do
    local u, err = url.parse(text)
    print(u and u.url or err.code)
end
print(url.of_parts({ host = "bücher.example" }).url)
print(require("perilune.http.no_proxy").matches("a.xn--bcher-kva.example", 80, "x, .Bücher.example"))
local base, server = require "origin" (function(req)
    return { headers = { ["Set-Cookie"] = "k=v; Domain=Bücher.localhost" }, body = req.headers.host .. " " .. (req.headers.cookie or "-") }
end)
local store = http.cookie_store()
for _, host in ipairs { "bücher.localhost", "a.BÜCHER.localhost", "a.xn--bcher-kva.localhost", "other.localhost" } do
    local res = await(http.get("http://" .. host .. ":" .. server:port() .. "/", { cookie_store = store, as = "string" }))
    print((res.body:gsub(":%d+", "")))
end
await(server:close(0))
--- exec_out
http://xn--bcher-kva.example/%C3%A4
http://xn--bcher-kva.example:81/
http://xn--fa-hia.de/
http://xn--r8jz45g.xn--zckzah/
http://127.0.0.1/
http://xn--bcher-kva.example/
invalid
invalid
invalid
invalid
invalid
http://xn--bcher-kva.example/
true
xn--bcher-kva.localhost -
a.xn--bcher-kva.localhost k=v
a.xn--bcher-kva.localhost k=v
other.localhost -
exit 0



=== TEST 22: no error shows the password of a URL
--- user_files
>>> main.lua
local http, jwt, websocket = require "perilune.http", require "perilune.jwt", require "perilune.websocket"
local function told(fn, ...)
    local ok, err = pcall(fn, ...)
    if ok then ok, err = try_await(err) end
    err = tostring(err)
    print(ok, err:find("secret", 1, true) == nil and err:find("***", 1, true) ~= nil or err)
end
for _, text in ipairs { "http://me:secret@a:99999/", "me:secret@a", "//me:secret@a", "ftp://me:secret@a/",
    " http://me:secret@a/", "http://me:se#secret@a/", "http://me:se/secret@[::1]:80/", "http://me:se?secret@a/@b", "me:se/secret@a", "//me:se/secret@a" } do
    told(http.get, text)
    told(jwt.jwks, text)
    told(require "perilune.http.middleware.jwt", { jwks = text })
    told(websocket.connect, text)
end
told(websocket.connect, "ws://me:secret@a/#x")
local server = http.start_server(function()
    return { status = 302, headers = { Location = "http://me:secret@a:99999/" } }
end, { port = 0, address = "127.0.0.1" })
told(http.get, "http://127.0.0.1:" .. server:port())
told(websocket.connect, "ws://127.0.0.1:" .. server:port(), { follow_redirects = true })
await(server:close(0))
local masked = require("perilune.http.url").masked
for _, text in ipairs { "http://a/b@c", "http://a:80/b@c", "http://[::1]:80/b@c", "http://a:?b@c", "a:80/b@c", "http://a/b:c@d" } do
    assert(masked(text) == text, text)
end
assert(#masked(("//a:"):rep(100000) .. "@") > 100000) -- soon
local set = jwt.jwks("http://me:secret@127.0.0.1:1/")
print(select(2, try_await(set:find("a", "HS256"))).code)
--- exec_out_like eval
qr/^(false\ttrue\n){43}refused\nexit 0\n.*keys of http:\/\/me:\*\*\*\@127\.0\.0\.1:1\/: refused: (?!.*secret)/s



=== TEST 23: how long heads may be, both ways, over each version; options that there are not
--- user_files
>>> main.lua
local http = require "perilune.http"
local function fields(n, size)
    local all = { { "Set-Cookie", "a=1" }, { "Set-Cookie", "b=2" } }
    for i = 1, n do all[#all + 1] = { "X-" .. i, ("v"):rep(size) } end
    return all
end
local server = http.start_server(function(req)
    return { headers = fields(tonumber(req.query.n), tonumber(req.query.size)), body = "x" }
end, { port = 0, address = "127.0.0.1", http2 = true })
local base = "http://127.0.0.1:" .. server:port()
for _, h2 in ipairs { false, true } do
    local pool = http.connection_pool { force_h2c = h2, total_timeout = 60 }
    for _, c in ipairs { { 1, 31000 }, { 1, 33000 }, { 60, 1000 }, { 70, 1000 }, { 2, 9000000 }, { 990, 1 }, { 1000, 1 } } do
        local ok, res = try_await(http.get(base .. "/?n=" .. c[1] .. "&size=" .. c[2], { pool = pool }))
        print(h2, c[1], c[2], ok and #res.headers["x-1"] or res.code, ok and #res.headers:get_all("set-cookie"))
        if ok then res:close() end
    end
    local ok, res = try_await(http.get(base .. "/?n=0&size=0", { pool = pool, throw_exceptions = false, headers = { ["X-Long"] = ("v"):rep(100000) } }))
    print(h2, ok and res.status or res.code)
end
for _, name in ipairs { "force_redirects", "coerce", "response_buffer_size", "max_header_size", "raw_stream", "response_executor" } do
    print((select(2, pcall(http.get, base, { [name] = true })):gsub(";.*", "")))
end
await(server:close(0))
--- exec
P=$(readlink /proc/$(cat $TEST_NGINX_SERVROOT/logs/nginx.pid)/exe)
cd $TEST_NGINX_HTML_DIR
timeout 100 $P run main.lua 2>err; echo exit $?; sed 's/.*\(the response has [^,]*\),.*/\1/' err
--- exec_out
false	1	31000	31000	2
false	1	33000	protocol	false
false	60	1000	1000	2
false	70	1000	protocol	false
false	2	9000000	protocol	false
false	990	1	1	2
false	1000	1	protocol	false
false	431
true	1	31000	31000	2
true	1	33000	33000	2
true	60	1000	1000	2
true	70	1000	too_large	false
true	2	9000000	reset	false
true	990	1	1	2
true	1000	1	1	2
true	closed
http.request: unknown option 'force_redirects'
http.request: unknown option 'coerce'
http.request: unknown option 'response_buffer_size'
http.request: unknown option 'max_header_size'
http.request: unknown option 'raw_stream'
http.request: unknown option 'response_executor'
exit 0
the response has header fields too large for HTTP/2



=== TEST 24: who asks: each form of credentials, which of them counts, and what cannot be sent
--- user_files
>>> main.lua
package.path = "./?.lua;" .. package.path
local http = require "perilune.http"
local base, server = require "origin" (function(req) return req.headers.authorization or "-" end)
local decode
local function decoded(text)
    local coded = text:match "^Basic (.*)$"
    return coded and "Basic " .. decode(coded) or text
end
local A = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
function decode(s)
    local bits = s:gsub("=", ""):gsub(".", function(c) local v, out = A:find(c, 1, true) - 1, "" for k = 5, 0, -1 do out = out .. math.floor(v / 2 ^ k) % 2 end return out end)
    return (bits:gsub("%d%d%d%d%d%d%d%d", function(b) return string.char(tonumber(b, 2)) end):gsub("[01]*$", ""))
end
local function show(name, o, url)
    local ok, res = try_await(http.get(url or base, o))
    print(name, ok and decoded(await(res:text())) or res.code)
end
show("text", { basic_auth = "u:p:q" })
show("table", { basic_auth = { "u", "p:q" } })
show("utf-8", { basic_auth = { "caf\195\169", "\226\130\172" } })
show("user_info", { user_info = "u:p%3Ax" })
show("URL", nil, (base:gsub("//", "//u:p%%3Ax@")))
show("URL without a password", nil, (base:gsub("//", "//u@")))
show("bearer", { bearer = "t.o-k" })
show("oauth_token", { oauth_token = "t.o-k" })
show("header wins", { bearer = "t", headers = { authorization = "Own x" } })
show("option before URL", { basic_auth = "a:b" }, (base:gsub("//", "//u:p@")))
show("line end", { bearer = "a\r\nB: c" })
await(server:close(0))
--- exec_out
text	Basic u:p:q
table	Basic u:p:q
utf-8	Basic café:€
user_info	Basic u:p:x
URL	Basic u:p:x
URL without a password	Basic u:
bearer	Bearer t.o-k
oauth_token	Bearer t.o-k
header wins	Own x
option before URL	Basic a:b
line end	invalid
exit 0



=== TEST 25: a body that is there later
--- user_files
>>> main.lua
package.path = "./?.lua;" .. package.path
local http, deferred, task, stream = require "perilune.http", require "perilune.deferred", require "perilune.task", require "perilune.stream"
local base, server = require "origin" (function(req)
    if req.path == "/again" then return { status = 307, headers = { Location = "/" } } end
    return req.method .. " " .. (req.headers["content-length"] or "-") .. " " .. await(req:text())
end)
local function show(name, o)
    o.as, o.method = "string", "POST"
    local ok, res = try_await(http.get(base .. (o.path or "/"), { as = "string", method = "POST", body = o.body, hedge = o.hedge, total_timeout = 60 }))
    print(name, ok and res.body or res.code, not ok and res.cause and res.cause.code or "")
end
local function later(value)
    return task.spawn(function() await(task.sleep(0.01)) return value end)
end
show("string", { body = later "text" })
show("array", { body = later { "a", "b" } })
show("stream", { body = later(stream.to_source { "a", "b" }) })
show("file", { body = later(http.file("main.lua", 0, 7)) })
show("nil", { body = later(nil) })
show("deferred", { body = deferred.success_deferred(later "inner") })
show("sent again", { body = later "text", path = "/again" })
show("hedge", { body = later "text", hedge = 9 })
show("wrong", { body = later(7) })
show("fails", { body = task.spawn(function() error(require("perilune.failure").new("mine", "x"), 0) end) })
local was_cancelled = false
local body = deferred.deferred(function() was_cancelled = true end)
local d = http.post(base, { body = body })
d:cancel()
print(select(2, try_await(d)).code, was_cancelled)
await(server:close(0))
--- exec_out
string	POST 4 text	
array	POST 2 ab	
stream	POST - ab	
file	POST 7 package	
nil	POST 0 	
deferred	POST 5 inner	
sent again	POST 4 text	
hedge	POST 4 text	
wrong	invalid	
fails	request_body	mine
cancelled	true
exit 0



=== TEST 26: a file without a byte, among the parts of a form, as a body and in a stream of pieces, is closed again
--- user_files
>>> main.lua
package.path = "./?.lua;" .. package.path
local ffi = require "ffi"
ffi.cdef "int getpid(void);"
local http = require "perilune.http"
local server = http.start_server(function(req)
    return { body = tostring(#req:text()) }
end, { port = 0, address = "127.0.0.1", http2 = true })
local base = "http://127.0.0.1:" .. server:port()
local function descriptors()
    local list = io.popen("ls -l /proc/" .. ffi.C.getpid() .. "/fd | grep -c empty.bin")
    local n = list:read("*n")
    list:close()
    return n
end
io.open("empty.bin", "w"):close()
for _, o in ipairs { {}, { force_h2c = true } } do
    local pool = http.connection_pool(o)
    local function send()
        local form = { { name = "f", content = http.file("empty.bin") }, { name = "g", content = "x" } }
        assert(await(http.post(base, { pool = pool, multipart = form })).status == 200)
        assert(await(http.post(base, { pool = pool, body = http.file("empty.bin") })).status == 200)
    end
    for _ = 1, 10 do send() end
    print(descriptors())
end
server:close()
--- exec_out
0
0
exit 0
