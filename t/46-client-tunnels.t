# The HTTP and the WebSocket client through CONNECT and SOCKS: what a proxy is told, byte by byte, what its refusals become, by whom
# names are looked up, who is exempt. Stand-ins for proxies are t/lib/stub_proxy.lua; Debian's are in 46-client-proxies.t.
use Test::Nginx::Socket 'no_plan';

no_root_location();
our $Config = "    location / { return 204; }\n";
our $Exec = <<'_EOC_';
export TOP=$PWD P=$(readlink /proc/$(cat $TEST_NGINX_SERVROOT/logs/nginx.pid)/exe)
cd $TEST_NGINX_HTML_DIR
timeout 100 $P run main.lua 2>&1; echo exit $?
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
        $block->set_value("timeout", 40);
    }
});

run_tests();

__DATA__

=== TEST 1: what SOCKS proxies are told, and a request through each kind
--- user_files
>>> main.lua
local stub = dofile(os.getenv("TOP") .. "/t/lib/stub_proxy.lua")
local http, dns = require "perilune.http", require "perilune.dns"
local origin = http.start_server(function(req) return req.target .. " " .. req.headers.host .. " " .. (req.headers["proxy-authorization"] or "-") end, { port = 0, address = "127.0.0.1" })
local hosts = io.open("hosts", "w") hosts:write("127.0.0.9 far.example\n") hosts:close()
local resolver = dns.resolver { hosts = "hosts", name_servers = "127.0.0.1:1", ipv6 = false }
local step
local server, where = stub.start(function(peer)
    local first = peer:exactly(2)
    local said = { first }
    if first:byte(1) == 4 then
        said[2] = peer:exactly(6)
        for _ = 1, said[2]:find("%z%z%z[^%z]$") and 2 or 1 do
            repeat local c = peer:exactly(1) said[#said + 1] = c until c == "\0"
        end
        peer:say(stub.bytes "005a000000000000", step)
    else
        said[2] = peer:exactly(first:byte(2))
        local by_password = said[2]:find("\2", 1, true)
        peer:say(by_password and "\5\2" or "\5\0", step)
        if by_password then
            said[3] = peer:exactly(2)
            said[4] = peer:exactly(said[3]:byte(2) + 1)
            said[5] = peer:exactly(said[4]:byte(-1))
            peer:say("\1\0", step)
        end
        local ask = peer:exactly(4)
        local kind = ask:byte(4)
        ask = ask .. (kind == 3 and peer:exactly(1) or "")
        ask = ask .. peer:exactly((kind == 3 and ask:byte(5) or kind == 1 and 4 or 16) + 2)
        said[#said + 1] = ask
        peer:say(stub.bytes(kind == 1 and "05000001 7f000001 0050" or kind == 4 and "05000004 00000000000000000000000000000001 0050" or "05000003 03 616263 0050"), step)
    end
    print(stub.hex(table.concat(said)))
    peer:join("127.0.0.1", origin:port())
end)
local function ask(proxy, url, o)
    o = o or {}
    o.proxy, o.resolver, o.pool = proxy:gsub("WHERE", where), resolver, http.connection_pool()
    local ok, res = try_await(http.get(url, o))
    print(proxy, ok and await(res:text()) or (tostring(res):gsub(where, "WHERE")))
    o.pool:shutdown()
end
for _, s in ipairs { false, 1 } do
    step = s or nil
    ask("socks4://WHERE", "http://far.example/a")
    ask("socks4a://me@WHERE", "http://far.example/b")
    ask("socks4a://WHERE", "http://10.1.2.3:81/c")
    ask("socks5://WHERE", "http://far.example/d")
    ask("socks5h://WHERE", "http://far.example/e")
    ask("socks5h://u%3A:p%40@WHERE", "http://far.example/f")
    ask("socks5h://WHERE", "http://[::1]:82/g")
end
ask("socks5://WHERE", "http://nowhere.example/", { connection_timeout = 5 })
ask("socks4://me:word@WHERE", "http://far.example/")
ask("socks4a://WHERE", "http://[::1]/")
await(server:close(0)) await(origin:close(0))
--- exec_out eval
my $once = <<'_EOC_';
040100507f00000900
socks4://WHERE	/a far.example -
04010050000000016d65006661722e6578616d706c6500
socks4a://me@WHERE	/b far.example -
040100510a01020300
socks4a://WHERE	/c 10.1.2.3:81 -
050100050100017f0000090050
socks5://WHERE	/d far.example -
050100050100030b6661722e6578616d706c650050
socks5h://WHERE	/e far.example -
050200020102753a027040050100030b6661722e6578616d706c650050
socks5h://u%3A:p%40@WHERE	/f far.example -
05010005010004000000000000000000000000000000010052
socks5h://WHERE	/g [::1]:82 -
_EOC_
$once . $once . <<'_EOC_';
socks5://WHERE	name_server: nowhere.example: name servers do not answer as they should
socks4://me:word@WHERE	invalid: proxy: SOCKS4 knows no passwords
socks4a://WHERE	invalid: ::1:80 through the proxy WHERE: SOCKS has no way to ask for that: invalid argument
exit 0
_EOC_



=== TEST 2: what SOCKS proxies refuse, and answers that are none
--- user_files
>>> main.lua
local stub = dofile(os.getenv("TOP") .. "/t/lib/stub_proxy.lua")
local http = require "perilune.http"
local answer, asks
local server, where = stub.start(function(peer)
    peer:exactly(asks)
    peer:say(stub.bytes(answer))
    if answer ~= "05" then peer.stream:close() else peer.stream:take() require("perilune.task").sleep(9):await() end
end)
local function try(scheme, n, hex, o)
    answer, asks, o = hex, n, o or {}
    o.proxy = scheme .. "://" .. (o.who or "") .. where
    o.who = nil
    local ok, err = try_await(http.get("http://far.example/", o))
    print(scheme, hex, ok and "?" or err.code, (err.message:gsub(where, "WHERE"):gsub("^far.example:80 through the proxy WHERE:? ?", "")))
end
for _, code in ipairs { "5b", "5c", "5d", "5e" } do try("socks4a", 21, "00" .. code .. "000000000000") end
try("socks4a", 21, "045a000000000000")
for code = 1, 9 do try("socks5h", 3, ("0500 05%02x0001000000000000"):format(code)) end
try("socks5h", 3, "05ff")
try("socks5h", 4, "05ff", { who = "u:p@" })
try("socks5h", 4, "0502 0101", { who = "u:p@" })
try("socks5h", 4, "0502 0500", { who = "u:p@" })
try("socks5h", 3, "0502")
try("socks5h", 3, "0501")
try("socks5h", 3, "0400")
try("socks5h", 3, "0500 0500010100000000")
try("socks5h", 3, "0500 0500000200000000")
try("socks5h", 3, "0500 050000")
try("socks5h", 3, "")
try("socks5h", 3, "05", { connection_timeout = 0.3 })
await(server:close(0))
--- exec_out
socks4a	005b000000000000	proxy_failed	request rejected or failed: the proxy could not connect
socks4a	005c000000000000	proxy_auth	no identd on this machine: the proxy does not accept these credentials
socks4a	005d000000000000	proxy_auth	identd names another user: the proxy does not accept these credentials
socks4a	005e000000000000	proxy_protocol	unknown answer of SOCKS4: malformed answer of the proxy
socks4a	045a000000000000	proxy_protocol	not an answer of SOCKS4: malformed answer of the proxy
socks5h	0500 05010001000000000000	proxy_failed	general failure: the proxy could not connect
socks5h	0500 05020001000000000000	proxy_denied	not allowed by its rules: the proxy does not allow it
socks5h	0500 05030001000000000000	proxy_unreachable	network unreachable: the proxy cannot reach the target
socks5h	0500 05040001000000000000	proxy_unreachable	host unreachable: the proxy cannot reach the target
socks5h	0500 05050001000000000000	proxy_refused	connection refused: the target refused the proxy
socks5h	0500 05060001000000000000	proxy_unreachable	time to live expired: the proxy cannot reach the target
socks5h	0500 05070001000000000000	proxy_failed	it does not connect for anybody: the proxy could not connect
socks5h	0500 05080001000000000000	proxy_failed	kind of address not supported: the proxy could not connect
socks5h	0500 05090001000000000000	proxy_protocol	unknown answer of SOCKS5: malformed answer of the proxy
socks5h	05ff	proxy_auth	credentials wanted: the proxy does not accept these credentials
socks5h	05ff	proxy_auth	no way to authenticate that it accepts: the proxy does not accept these credentials
socks5h	0502 0101	proxy_auth	wrong user or password: the proxy does not accept these credentials
socks5h	0502 0500	proxy_protocol	malformed answer to the password: malformed answer of the proxy
socks5h	0502	proxy_protocol	a way to authenticate that was not offered: malformed answer of the proxy
socks5h	0501	proxy_protocol	a way to authenticate that was not offered: malformed answer of the proxy
socks5h	0400	proxy_protocol	not an answer of SOCKS5: malformed answer of the proxy
socks5h	0500 0500010100000000	proxy_protocol	malformed answer of SOCKS5: malformed answer of the proxy
socks5h	0500 0500000200000000	proxy_protocol	unknown kind of address: malformed answer of the proxy
socks5h	0500 050000	proxy_closed	the proxy closed the connection
socks5h		proxy_closed	the proxy closed the connection
socks5h	05	proxy_timeout	no answer of the proxy in time
exit 0



=== TEST 3: CONNECT: the request, credentials, fields, answers in pieces, refusals, answers that are none
--- user_files
>>> main.lua
local stub = dofile(os.getenv("TOP") .. "/t/lib/stub_proxy.lua")
local http = require "perilune.http"
local origin = http.start_server(function(req) return req.target .. " " .. (req.headers["proxy-authorization"] or "-") .. (req.headers["x-p"] or "-") end, { port = 0, address = "127.0.0.1" })
local answer, step, stays
local server, where = stub.start(function(peer)
    local head = peer:head()
    if head == "" then return end
    print((head:gsub("\r\n", "|")))
    peer:say(answer, step)
    if answer:find("200 Fine\r\n.*\r\n$") and not stays then peer:join("127.0.0.1", origin:port()) end
    if stays then await(peer.stream:take()) end
end)
local function try(text, o, url)
    answer, o = text, o or {}
    o.proxy, o.proxy_tunnel, o.pool = "http://" .. (o.who or "") .. where, true, http.connection_pool()
    o.who = nil
    local ok, res = try_await(http.get(url or "http://far.example/x", o))
    if ok then print(res.status, await(res:text())) else
        print(res.code, res.proxy_status, (res.message:gsub(where, "WHERE"):gsub("^far.example:80 through the proxy WHERE:? ?", "")))
    end
    o.pool:shutdown()
end
try "HTTP/1.1 200 Fine\r\n\r\n"
try("HTTP/1.0 200 Fine\r\nContent-Length: 99\r\n\r\n", { who = "u:p%20w@", proxy_headers = { ["X-P"] = "1" } }, "http://[::1]:8080/y")
step = 1
try "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 Fine\r\nA: b\r\n\r\n"
step = nil
for _, status in ipairs { 301, 403, 407, 404, 502, 503, 504 } do
    try(("HTTP/1.1 %d Some reason\r\nContent-Length: 5\r\n\r\nhello"):format(status))
end
try "HTTP/1.1 200 Fine\r\n\r\nSSH-2.0"
try "HTTP/1.1 101 Switching\r\n\r\n"
try "ICY 200 OK\r\n\r\n"
try "HTTP/1.1 200 Fine\r\nA b\r\n\r\n"
try(("HTTP/1.1 100 On\r\n\r\n"):rep(17))
try "HTTP/1.1 200 Fine\r\n"
try("HTTP/1.1 200 Fine\r\nA: " .. ("x"):rep(40000))
stays = true
try("HTTP/1.1 ", { connection_timeout = 0.3 })
try("", { proxy_headers = { ["X-P"] = "a\r\nB: c" } })
await(server:close(0)) await(origin:close(0))
--- exec_out
CONNECT far.example:80 HTTP/1.1|Host: far.example:80|User-Agent: perilune||
200	/x --
CONNECT [::1]:8080 HTTP/1.1|Host: [::1]:8080|User-Agent: perilune|Proxy-Authorization: Basic dTpwIHc=|X-P: 1||
200	/y --
CONNECT far.example:80 HTTP/1.1|Host: far.example:80|User-Agent: perilune||
200	/x --
CONNECT far.example:80 HTTP/1.1|Host: far.example:80|User-Agent: perilune||
proxy_failed	301	301 Some reason: the proxy could not connect
CONNECT far.example:80 HTTP/1.1|Host: far.example:80|User-Agent: perilune||
proxy_denied	403	403 Some reason: the proxy does not allow it
CONNECT far.example:80 HTTP/1.1|Host: far.example:80|User-Agent: perilune||
proxy_auth	407	407 Some reason: the proxy does not accept these credentials
CONNECT far.example:80 HTTP/1.1|Host: far.example:80|User-Agent: perilune||
proxy_failed	404	404 Some reason: the proxy could not connect
CONNECT far.example:80 HTTP/1.1|Host: far.example:80|User-Agent: perilune||
proxy_unreachable	502	502 Some reason: the proxy cannot reach the target
CONNECT far.example:80 HTTP/1.1|Host: far.example:80|User-Agent: perilune||
proxy_unreachable	503	503 Some reason: the proxy cannot reach the target
CONNECT far.example:80 HTTP/1.1|Host: far.example:80|User-Agent: perilune||
proxy_unreachable	504	504 Some reason: the proxy cannot reach the target
CONNECT far.example:80 HTTP/1.1|Host: far.example:80|User-Agent: perilune||
proxy_protocol	nil	bytes behind its answer: malformed answer of the proxy
CONNECT far.example:80 HTTP/1.1|Host: far.example:80|User-Agent: perilune||
proxy_protocol	nil	unexpected 101: malformed answer of the proxy
CONNECT far.example:80 HTTP/1.1|Host: far.example:80|User-Agent: perilune||
proxy_protocol	nil	not HTTP: malformed answer of the proxy
CONNECT far.example:80 HTTP/1.1|Host: far.example:80|User-Agent: perilune||
proxy_protocol	nil	space in or after header name: malformed answer of the proxy
CONNECT far.example:80 HTTP/1.1|Host: far.example:80|User-Agent: perilune||
proxy_protocol	nil	too many 1xx answers: malformed answer of the proxy
CONNECT far.example:80 HTTP/1.1|Host: far.example:80|User-Agent: perilune||
proxy_closed	nil	the proxy closed the connection
CONNECT far.example:80 HTTP/1.1|Host: far.example:80|User-Agent: perilune||
proxy_protocol	nil	head too large: malformed answer of the proxy
CONNECT far.example:80 HTTP/1.1|Host: far.example:80|User-Agent: perilune||
proxy_timeout	nil	no answer of the proxy in time
invalid	nil	proxy_headers: a field that cannot be sent: X-P
exit 0



=== TEST 4: who is exempt; the environment; redirects decide anew; pools and requests; what may share a connection
--- user_files
>>> main.lua
local stub = dofile(os.getenv("TOP") .. "/t/lib/stub_proxy.lua")
local http, ffi = require "perilune.http", require "ffi"
ffi.cdef "int setenv(const char *, const char *, int); int unsetenv(const char *);"
local no_proxy = require "perilune.http.no_proxy"
for _, case in ipairs {
    { "a.example", 80, "example", true }, { "a.example", 80, ".EXAMPLE", true }, { "aexample", 80, "example", false },
    { "example", 80, "example", true }, { "example", 80, "x, *", true }, { "example", 80, "example:81 b", false },
    { "example", 81, "example:81 b", true }, { "10.1.2.3", 80, "10.0.0.0/8", true }, { "11.1.2.3", 80, "10.0.0.0/8", false },
    { "10.1.2.3", 80, "10.1.2.0/23", true }, { "10.1.4.3", 80, "10.1.2.0/23", false }, { "10.1.2.3", 80, "0.0.0.0/0", true },
    { "10.1.2.3", 80, "10.1.2.3/33", false }, { "10.1.2.3", 80, "2.3", false }, { "10.1.2.3", 80, "10.1.2.3", true },
    { "fd00::1", 80, "fd00::/8", true }, { "fe00::1", 80, "fd00::/8", false }, { "::1", 80, "[::1]", true },
    { "fd00::1", 80, "0.0.0.0/0", false }, { "name", 80, "0.0.0.0/0", false }, { "a", 80, { "b", "a" }, true },
    { "a.example.", 80, "example", true }, { "a.example", 80, "example.", true }, { "a.example", 80, "*.example", true },
    { "::1", 80, "[::1]:80", true }, { "::1", 80, "[::1]:81", false }, { "::1", 80, "0:0:0:0:0:0:0:1", true }, { "::1", 80, "[::]/96", true },
    { "::2", 80, "::1", false }, { "a", 80, "*:80", true }, { "a", 80, "*:81", false }, { "a", 80, "a:b, [a, [], /8, ., *., :", false },
    { "127.0.0.1", 80, "::1", false }, { "127.0.0.1", 80, "", false },
} do
    if no_proxy.matches(case[1], case[2], case[3]) ~= case[4] then print("wrong", case[1], tostring(case[3])) end
end
local target
local origin = http.start_server(function(req)
    if req.path == "/go" then return { status = 302, headers = { Location = target } } end
    return "direct " .. req.target
end, { port = 0, address = "127.0.0.1" })
local base = "http://127.0.0.1:" .. origin:port()
local forward = http.start_server(function(req)
    if req.path == "/go" then return { status = 302, headers = { Location = target } } end
    return "proxy " .. req.target
end, { port = 0, address = "127.0.0.1" })
local count = 0
local server, where = stub.start(function(peer)
    local head = peer:head()
    if head == "" then return end
    count = count + 1
    peer:say "HTTP/1.1 200 OK\r\n\r\n"
    peer:join("127.0.0.1", origin:port())
end)
local via = "http://127.0.0.1:" .. forward:port()
local function ask(url, o)
    local ok, res = try_await(http.get(url, o))
    print((ok and await(res:text()) or res.code):gsub(base, "BASE") .. "")
end
local set, unset = function(n, v) ffi.C.setenv(n, v, 1) end, function(n) ffi.C.unsetenv(n) end
set("HTTP_PROXY", via) ask(base .. "/1", { proxy = true }) unset "HTTP_PROXY"
set("http_proxy", via) ask("http://far.example/2", { proxy = true }) ask(base .. "/3") 
set("no_proxy", "127.0.0.0/8") ask(base .. "/4", { proxy = true }) unset "no_proxy" unset "http_proxy"
set("all_proxy", via) ask("http://far.example/5", { proxy = true }) unset "all_proxy"
set("https_proxy", "ftp://x") ask("https://far.example/6", { proxy = true }) unset "https_proxy"
local pool = http.connection_pool { proxy = via, no_proxy = "127.0.0.1" }
ask("http://far.example/7", { pool = pool }) ask(base .. "/8", { pool = pool })
ask("http://far.example/9", { pool = pool, proxy = "http://" .. where, proxy_tunnel = true })
target = "http://far.example/10" ask(base .. "/go", { pool = pool })
target = base .. "/11" ask("http://far.example/go", { pool = pool })
pool:shutdown()
count = 0
pool = http.connection_pool { proxy = "http://" .. where, proxy_tunnel = true }
for i = 1, 3 do ask("http://far.example/k", { pool = pool }) end
print(count)
ask("http://far.example/k", { pool = pool, proxy = "http://a:b@" .. where })
ask("http://far.example/k", { pool = pool, proxy = "http://a:c@" .. where })
ask("http://far.example/k", { pool = pool, proxy_headers = { ["X-P"] = "1" } })
ask("http://far.example/k", { pool = pool, proxy = "http://a:c@" .. where })
print(count)
for key in pairs(pool:stats()) do if key:find("a:[bc]") or key:find "X%-P" then print("secret in", key) end end
pool:shutdown()
for _, s in ipairs { forward, origin, server } do await(s:close(0)) end
--- exec_out
direct /1
proxy http://far.example/2
direct /3
direct /4
proxy http://far.example/5
invalid
proxy http://far.example/7
direct /8
direct /9
proxy http://far.example/10
direct /11
direct /k
direct /k
direct /k
1
direct /k
direct /k
direct /k
direct /k
4
exit 0



=== TEST 5: cancelling in the middle; retries
--- user_files
>>> main.lua
local stub = dofile(os.getenv("TOP") .. "/t/lib/stub_proxy.lua")
local http, deferred = require "perilune.http", require "perilune.deferred"
local asked, ended = deferred.deferred(), deferred.deferred()
local server, where = stub.start(function(peer)
    local head = peer:head()
    asked:success(true)
    if peer.stream:take():await() == nil then ended:success("ended") end
end)
for _, proxy in ipairs { "http://", "socks5h://" } do
    asked, ended = deferred.deferred(), deferred.deferred()
    local d = http.get("https://far.example/", { proxy = proxy .. where })
    if proxy == "http://" then await(asked) else await(require("perilune.task").sleep(0.05)) asked:success() end
    d:cancel()
    print(select(2, try_await(d)).code, proxy == "http://" and await(ended) or "")
end
await(server:close(0))
local tries = 0
server, where = stub.start(function(peer)
    peer:head()
    tries = tries + 1
    peer:say("HTTP/1.1 503 Later\r\n\r\n")
end)
print(select(2, try_await(http.get("http://far.example/", { proxy = "http://" .. where, proxy_tunnel = true, retry = { count = 2, backoff = 0.01, codes = { "proxy_unreachable" } } }))).code, tries)
await(server:close(0))
--- exec_out
cancelled	ended
cancelled	
proxy_unreachable	3
exit 0



=== TEST 6: the address to connect from, the resolver, the family, by request and by pool
--- user_files
>>> main.lua
local http, dns = require "perilune.http", require "perilune.dns"
local origin = http.start_server(function(req) return req.remote_addr .. " " .. req.headers.host end, { port = 0, address = "127.0.0.1" })
local port = origin:port()
local function hosts(name, text)
    local f = io.open(name, "w") f:write(text) f:close()
    return dns.resolver { hosts = name, name_servers = "127.0.0.1:1" }
end
local function ask(url, o)
    local ok, res = try_await(http.get(url, o))
    print(ok and await(res:text()):gsub(":%d+$", "") or res.code)
end
local base = "http://127.0.0.1:" .. port
ask(base, { local_address = "127.0.0.5" })
ask(base, { local_address = "127.0.0.6" })
ask(base)
ask(base, { local_address = "::1" })
local one, both = hosts("one", "127.0.0.1 far.example\n"), hosts("both", "::1 far.example\n127.0.0.1 far.example\n")
ask("http://far.example:" .. port, { resolver = one })
ask("http://far.example:" .. port, { resolver = both, family = "ipv6_only" })
ask("http://far.example:" .. port, { resolver = both, family = "ipv4_only" })
local pool = http.connection_pool { resolver = one, local_address = "127.0.0.7" }
ask("http://far.example:" .. port, { pool = pool })
ask("http://far.example:" .. port, { pool = pool, local_address = "127.0.0.8" })
for _, o in ipairs { { local_address = "x" }, { family = "x" }, { resolver = {} } } do
    print((select(2, pcall(function() local _ = http.get(base, o) end)):gsub("^.-: ", "")))
    print((select(2, pcall(function() local _ = http.connection_pool(o) end)):gsub("^.-: ", "")))
end
pool:shutdown()
await(origin:close(0))
--- exec_out_like chomp
^127.0.0.5 127.0.0.1
127.0.0.6 127.0.0.1
127.0.0.1 127.0.0.1
unreachable
127.0.0.1 far.example
refused
127.0.0.1 far.example
127.0.0.7 far.example
127.0.0.8 far.example
http.request: option 'local_address' must be an IP address, not 'x'
http.connection_pool: option 'local_address' must be an IP address, not 'x'
http.request: option 'family' must be one of [a-z0-9_, ]+
http.connection_pool: option 'family' must be one of [a-z0-9_, ]+
http.request: option 'resolver' must be a resolver of perilune.dns
http.connection_pool: option 'resolver' must be a resolver of perilune.dns
exit 0
