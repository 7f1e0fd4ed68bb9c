# The HTTP client through an HTTP proxy: absolute-form, credentials, exemptions, the environment; and http.proxy.
use Test::Nginx::Socket 'no_plan';

no_root_location();
our $Config = "    location / { return 204; }\n";
our $Exec = <<'_EOC_';
P=$(readlink /proc/$(cat $TEST_NGINX_SERVROOT/logs/nginx.pid)/exe)
cd $TEST_NGINX_HTML_DIR
timeout 100 $P run main.lua 2>err; echo exit $?; grep -v 'while connecting to upstream' err; true
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

=== TEST 1: what a proxy is asked for, and who is not asked through it
--- user_files
>>> main.lua
local http = require "perilune.http"
local server = http.start_server(function(req)
    return ("%s %s %s %s"):format(req.target, req.headers.host, req.headers["proxy-authorization"] or "-", req.headers["x-p"] or "-")
end, { port = 0, address = "127.0.0.1" })
local where = "127.0.0.1:" .. server:port()
local function ask(url, o) return (await(await(http.get(url, o)):text()):gsub("127.0.0.1:%d+", "PROXY")) end
print(ask("http://far.example/a?b", { proxy = "http://" .. where }))
print(ask("http://far.example:8080/", { proxy = "http://u:p%20w@" .. where, proxy_headers = { ["X-P"] = "1" } }))
print(ask("http://" .. where .. "/direct", { proxy = "http://" .. where, no_proxy = { "127.0.0.1" } }))
print(select(2, try_await(http.get("https://far.example/", { proxy = "http://" .. where }))).proxy_status)
print(select(2, try_await(http.get("http://far.example/", { proxy = "socks://x" }))).code)
local ffi = require "ffi"
ffi.cdef "int setenv(const char *, const char *, int);"
ffi.C.setenv("http_proxy", "http://" .. where, 1)
ffi.C.setenv("no_proxy", "localhost, 127.0.0.1", 1)
print(ask("http://far.example/env", { proxy = true }))
print(ask("http://" .. where .. "/env", { proxy = true }))
await(server:close(0))
--- exec_out
http://far.example/a?b far.example - -
http://far.example:8080/ far.example:8080 Basic dTpwIHc= 1
/direct PROXY - -
405
invalid
http://far.example/env far.example - -
/env PROXY - -
exit 0



=== TEST 2: http.proxy: the request passed on, the answer streamed back
--- user_files
>>> main.lua
local http, task = require "perilune.http", require "perilune.task"
local back = http.start_server(function(req)
    if req.path == "/cut" then return { body = coroutine.wrap(function() coroutine.yield("x") error("dies") end) } end
    if req.path == "/large" then return { body = ("y"):rep(3000000) } end
    return req:text():chain(function(text)
        return { status = 201, headers = { ["X-B"] = "b" }, body = table.concat({ req.method, req.target, text, req.headers["x-set"] or "-", req.headers.cookie or "-" }, " ") }
    end)
end, { port = 0, address = "127.0.0.1" })
local target = "http://127.0.0.1:" .. back:port()
local ended = 0
local front = http.start_server(function(req)
    if req.path == "/none" then return http.proxy(req, "http://127.0.0.1:1") end
    if req.path == "/to" then return http.proxy(req, target .. "/other?x=1#part", { method = "PUT", headers = { ["X-Set"] = "s", Cookie = false } }) end
    if req.path == "/bad" then return http.proxy(req, "ftp://x") end
    task.defer(function() ended = ended + 1 end)
    return http.proxy(req, target, { read_timeout = 5 })
end, { port = 0, address = "127.0.0.1" })
local base = "http://127.0.0.1:" .. front:port()
local plain = { throw_exceptions = false }
local res = await(http.post(base .. "/a?b=c", { body = "payload", cookies = { k = "v" }, throw_exceptions = false }))
print(res.status, res.headers["x-b"], await(res:text()))
print(await(await(http.get(base .. "/to", { cookies = { k = "v" } })):text()))
print(#await(await(http.get(base .. "/large")):text()))
print(await(http.get(base .. "/none", plain)).status, await(http.get(base .. "/bad", plain)).status)
print(select(2, try_await(await(http.get(base .. "/cut")):text())).code)
print(ended)
await(front:close(0)) await(back:close(0))
--- exec
P=$(readlink /proc/$(cat $TEST_NGINX_SERVROOT/logs/nginx.pid)/exe)
cd $TEST_NGINX_HTML_DIR
timeout 100 $P run main.lua 2>err; echo exit $?; grep -c 'while connecting to upstream' err
--- exec_out
201	b	POST /a?b=c payload - k=v
PUT /other?x=1  s -
3000000
502	500
truncated
3
exit 0
1



=== TEST 3: http.proxy: values that cannot be meant are told, nothing is sent
--- user_files
>>> main.lua
local http = require "perilune.http"
local back = http.start_server(function(req) print("asked", req.method) return "ok" end, { port = 0, address = "127.0.0.1" })
local cases = {
    { headers = { ["X-Set"] = true } }, { headers = { ["X-Set"] = { "a", "b" } } }, { headers = { ["X Set"] = "a" } }, { headers = { ["X-Set"] = "a\nb" } },
    { method = "" }, { method = "A B" }, { method = "GET\r\n" }, { method = "FROB" },
}
local front = http.start_server(function(req)
    local ok, res = pcall(http.proxy, req, "http://127.0.0.1:" .. back:port(), cases[tonumber(req.path:sub(2))])
    return ok and res or tostring(res)
end, { port = 0, address = "127.0.0.1" })
for i = 1, #cases do
    print(await(await(http.get("http://127.0.0.1:" .. front:port() .. "/" .. i)):text()))
end
await(front:close(0)) await(back:close(0))
--- exec
P=$(readlink /proc/$(cat $TEST_NGINX_SERVROOT/logs/nginx.pid)/exe)
cd $TEST_NGINX_HTML_DIR
timeout 100 $P run main.lua 2>&1
--- exec_out
invalid: header field: invalid argument
invalid: header field: invalid argument
invalid: header field: invalid argument
invalid: header field: invalid argument
http.proxy: option 'method' must be a method, not ''
http.proxy: option 'method' must be a method, not 'A B'
http.proxy: option 'method' must be a method, not 'GET\x0D\x0A'
asked	FROB
ok
