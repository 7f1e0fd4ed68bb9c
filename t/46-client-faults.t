# The HTTP client against origins that misbehave (t/lib/origin.pl): truncation, malformed framing, bytes too many, 1xx,
# timeouts by name, retries, cancelling.
use Test::Nginx::Socket 'no_plan';

no_root_location();
our $Config = "    location / { return 204; }\n";
our $Exec = <<'_EOC_';
P=$(readlink /proc/$(cat $TEST_NGINX_SERVROOT/logs/nginx.pid)/exe); export ORIGIN=$PWD/t/lib/origin.pl
cd $TEST_NGINX_HTML_DIR
cat >origin.lua <<'EOF'
local http = require "perilune.http"
local n = 0
local function origin(...)
    n = n + 1
    local words = {}
    for _, answer in ipairs { ... } do words[#words + 1] = "'" .. answer .. "'" end
    os.execute(("perl $ORIGIN port%d %s & echo $! >pid%d; while [ ! -e port%d ]; do sleep 0.02; done"):format(n, table.concat(words, " "), n, n))
    return "http://127.0.0.1:" .. io.open("port" .. n):read("*a"), "port" .. n .. ".log"
end
local function heads(log)
    local _, count = (io.open(log):read("*a")):gsub("\r\n\r\n", "")
    return count
end
local function code(d) local ok, err = try_await(d) return ok and "ok" or err.code end
local function text(d) return code(d:chain(function(res) return res:text() end)) end
return { origin = origin, code = code, text = text, heads = heads }
EOF
timeout 100 $P run main.lua 2>err; echo exit $?; cat err; kill $(cat pid* 2>/dev/null) 2>/dev/null; true
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

=== TEST 1: a response cut short is an error wherever it is read
--- user_files
>>> main.lua
package.path = "./?.lua;" .. package.path
local http, t = require "perilune.http", require "origin"
local base = t.origin("HTTP/1.1 200 OK\\r\\nContent-Length: 10\\r\\n\\r\\nshort")
print(t.text(http.get(base)), t.code(http.get(base, { as = "string" })), t.code(http.get(base, { as = "file", save_to = "out" })))
local ok, err = pcall(function() for line in await(http.get(base, { as = "lines" })).body:each() do end end)
print(ok, err.code)
base = t.origin("HTTP/1.1 200 OK\\r\\nTransfer-Encoding: chunked\\r\\n\\r\\n5\\r\\nhello\\r\\n")
print(t.text(http.get(base)), t.code(http.get(base, { as = "string" })))
base = t.origin("HTTP/1.1 200 O")
print(t.code(http.get(base)))
base = t.origin("")
print(t.code(http.get(base)))
base = t.origin("HTTP/1.1 200 OK\\r\\nContent-Encoding: gzip\\r\\nContent-Length: 3\\r\\n\\r\\nabc")
print(t.text(http.get(base)), t.text(http.get(base, { decompress = false })))
--- exec_out
truncated	truncated	truncated
false	truncated
truncated	truncated
truncated
closed
protocol	ok
exit 0



=== TEST 2: malformed framing is an error, and the connection is gone
--- user_files
>>> main.lua
package.path = "./?.lua;" .. package.path
local http, t = require "perilune.http", require "origin"
for _, answer in ipairs {
    "SSH-2.0-x\\r\\n\\r\\n", "HTTP/1.1 200 OK\\nContent-Length: 0\\n\\n", "HTTP/1.1 200 OK\\r\\nContent-Length: 1\\r\\nContent-Length: 2\\r\\n\\r\\n",
    "HTTP/1.1 200 OK\\r\\nContent-Length: 1\\r\\nTransfer-Encoding: chunked\\r\\n\\r\\n", "HTTP/1.1 200 OK\\r\\nA: b\\r\\n c\\r\\n\\r\\n",
    "HTTP/1.1 200 OK\\r\\nA: \\0\\r\\n\\r\\n", "HTTP/1.1 101 X\\r\\n\\r\\n",
} do
    print(t.code(http.get((t.origin(answer .. "~")))))
end
local base = t.origin("HTTP/1.1 200 OK\\r\\nTransfer-Encoding: chunked\\r\\n\\r\\nzz\\r\\n~")
print(t.text(http.get(base)))
print(pcall(http.get, base, "x"))
--- exec_out
protocol
protocol
protocol
protocol
protocol
protocol
protocol
protocol
false	bad argument 'options' to http.get (table expected, got string)
exit 0



=== TEST 3: bytes beyond a response never reach the next one
--- user_files
>>> main.lua
package.path = "./?.lua;" .. package.path
local http, t = require "perilune.http", require "origin"
local base, log = t.origin(
    "HTTP/1.1 200 OK\\r\\nContent-Length: 2\\r\\n\\r\\nokHTTP/1.1 200 OK\\r\\nContent-Length: 4\\r\\n\\r\\nevil~",
    "HTTP/1.1 200 OK\\r\\nContent-Length: 4\\r\\n\\r\\ngood~")
print(await(await(http.get(base)):text()), await(await(http.get(base)):text()))
local stats = require("perilune.http.pool").default():stats()[base]
print(stats.opened, stats.reused)
--- exec_out
ok	good
2	0
exit 0



=== TEST 4: a kept connection that the server has closed costs a retry where it is safe, once
--- user_files
>>> main.lua
package.path = "./?.lua;" .. package.path
local http, t, task = require "perilune.http", require "origin", require "perilune.task"
local ok = "HTTP/1.1 200 OK\\r\\nContent-Length: 2\\r\\n\\r\\nok"
local base, log = t.origin(ok .. "|", ok .. "~")
print(t.text(http.get(base)))
print(t.text(http.get(base)), t.heads(log))
base, log = t.origin(ok .. "|", ok .. "~")
print(t.text(http.get(base)))
print(t.text(http.post(base, { body = "x" })), t.heads(log))
base, log = t.origin(ok .. "|HTTP/1.1 20", ok .. "~")
print(t.text(http.get(base)))
print(t.text(http.get(base)), t.heads(log))
--- exec_out
ok
ok	3
ok
closed	2
ok
truncated	2
exit 0



=== TEST 5: interim responses are told, and are not the answer
--- user_files
>>> main.lua
package.path = "./?.lua;" .. package.path
local http, t = require "perilune.http", require "origin"
local base = t.origin("HTTP/1.1 103 Early\\r\\nLink: x\\r\\n\\r\\nHTTP/1.1 200 OK\\r\\nContent-Length: 2\\r\\n\\r\\nok")
local res = await(http.get(base, { on_informational = function(status, headers) print(status, headers.link) end }))
print(res.status, await(res:text()))
local log
base, log = t.origin("HTTP/1.1 100 Continue\\r\\n\\r\\nHTTP/1.1 200 OK\\r\\nContent-Length: 2\\r\\n\\r\\nok~")
print(await(http.post(base, { body = "payload", expect_continue = true })).status)
print(io.open(log):read("*a"):match("Expect: %S+"), io.open(log):read("*a"):match("payload"))
--- exec_out
103	x
200	ok
200
Expect: 100-continue	nil
exit 0



=== TEST 6: each timeout has its own code
--- user_files
>>> main.lua
package.path = "./?.lua;" .. package.path
local http, t = require "perilune.http", require "origin"
local silent = t.origin("~")
print(t.code(http.get(silent, { request_timeout = 0.05 })), t.code(http.get(silent, { total_timeout = 0.05 })))
print(select(2, try_await(http.get(silent, { total_timeout = 0.05 }))))
local halting = t.origin("HTTP/1.1 200 OK\\r\\nContent-Length: 10\\r\\n\\r\\nhalf~")
print(t.text(http.get(halting, { read_timeout = 0.05 })), t.code(http.get(halting, { read_timeout = 0.05, as = "string" })))
local pool = http.connection_pool { connections_per_host = 1 }
local first = http.get(silent, { pool = pool })
local ok = t.code(http.get(silent, { pool = pool, pool_timeout = 0.05 }))
print(ok, first:cancel(), pool:stats()[silent].connections, pool:stats()[silent].queue)
local own = http.connection_pool { request_timeout = 0.05 }
print(t.code(http.get(silent, { pool = own })))
local d = http.get(silent):timeout(0.05)
print(t.code(d), require("perilune.http.pool").default():stats()[silent].connections)
--- exec_out
request_timeout	total_timeout
total_timeout: not complete in time
read_timeout	read_timeout
pool_timeout	true	0	0
request_timeout
timeout	0
exit 0



=== TEST 7: cancelling releases everything at each stage
--- user_files
>>> main.lua
package.path = "./?.lua;" .. package.path
local http, t, task = require "perilune.http", require "origin", require "perilune.task"
local silent, halting = t.origin("~"), t.origin("HTTP/1.1 200 OK\\r\\nContent-Length: 10000000\\r\\n\\r\\nhalf~")
local pool = http.connection_pool()
local function left(base) local s = pool:stats()[base] return s.connections + s.dialling + s.queue end
local d = http.get(silent, { pool = pool })
print(d:cancel(), t.code(d), left(silent)) -- being connected
d = http.get(silent, { pool = pool })
await(task.sleep(0.1))
print(d:cancel(), t.code(d), left(silent)) -- waiting for the answer
local res = await(http.get(halting, { pool = pool }))
local whole = res:text()
await(task.sleep(0.05))
res:close()
print(t.code(whole), left(halting)) -- reading
local owner = task.spawn(function() return await(http.get(silent, { pool = pool })) end)
await(task.sleep(0.05))
owner:cancel()
await(task.sleep(0))
print(left(silent))
d = http.get(silent, { pool = pool })
await(task.sleep(0.05))
print(d:success("mine"), await(d), left(silent)) -- settled by somebody else
pool:shutdown()
print(t.code(http.get(silent, { pool = pool })))
--- exec_out
true	cancelled	0
true	cancelled	0
closed	0
0
true	mine	0
closed
exit 0



=== TEST 8: retries by policy: failures, statuses, Retry-After, backoff
--- user_files
>>> main.lua
package.path = "./?.lua;" .. package.path
local http, t = require "perilune.http", require "origin"
local ok, busy = "HTTP/1.1 200 OK\\r\\nContent-Length: 2\\r\\n\\r\\nok", "HTTP/1.1 503 Busy\\r\\nContent-Length: 0\\r\\n"
local quick = { count = 2, backoff = 0.01 }
local base, log = t.origin("", "", ok)
print(t.text(http.get(base, { retry = quick })), t.heads(log))
base, log = t.origin(busy .. "\\r\\n", busy .. "Retry-After: 0\\r\\n\\r\\n", ok)
print(t.text(http.get(base, { retry = quick })), t.heads(log))
base, log = t.origin(busy .. "Retry-After: Sun, 06 Nov 1994 08:49:37 GMT\\r\\n\\r\\n", ok)
print(t.text(http.get(base, { retry = quick })), t.heads(log))
base, log = t.origin(busy .. "Retry-After: 1000\\r\\n\\r\\n")
print(t.code(http.get(base, { retry = quick })), t.heads(log))
base, log = t.origin(busy .. "Retry-After: Fri, 31 Dec 9999 23:59:59 GMT\\r\\n\\r\\n")
print(t.code(http.get(base, { retry = quick })), t.heads(log))
base, log = t.origin("", ok)
print(t.code(http.post(base, { body = "x", retry = quick })), t.heads(log))
base, log = t.origin("", ok)
print(t.text(http.post(base, { body = "x", retry = { backoff = 0.01, methods = { "POST" } } })), t.heads(log))
base, log = t.origin("")
print(t.code(http.get(base, { retry = { count = 3, backoff = 0.01 } })), t.heads(log))
--- exec_out
ok	3
ok	3
ok	2
status	1
status	1
closed	1
ok	2
closed	4
exit 0



=== TEST 9: digest authentication: the vectors of RFC 7616 by a server that checks them
--- user_files
>>> main.lua
package.path = "./?.lua;" .. package.path
local http, core = require "perilune.http", require "perilune.core.client"
local server = http.start_server(function(req)
    local kind = req.path:sub(2)
    local hash = kind == "sha" and "sha256" or "md5"
    local a = req.headers.authorization
    local realm = 'Digest realm="r, x", qop="auth,auth-int", nonce="n1", algorithm=' .. (kind == "sha" and "SHA-256" or "MD5")
    if kind == "both" then realm = { realm, 'Digest realm="r", qop="auth", nonce="n2", algorithm=SHA-256' } end
    if kind == "odd" then realm = 'Digest one two="r", nonce, =x, "' end
    if not a then return { status = 401, headers = { ["WWW-Authenticate"] = realm } } end
    local f = {}
    for k, v in a:gmatch('(%w+)="?([^",]*)"?') do f[k] = v end
    if f.algorithm == "SHA-256" then hash = "sha256" end
    local ha1 = core.digest(hash, "u:" .. a:match('realm="(.-)", nonce') .. ":p")
    local expected = core.digest(hash, table.concat({ ha1, f.nonce, f.nc, f.cnonce, "auth", core.digest(hash, "GET:" .. req.target) }, ":"))
    return { status = expected == f.response and 200 or 401, body = f.algorithm .. " " .. f.nonce }
end, { port = 0, address = "127.0.0.1" })
local base = "http://127.0.0.1:" .. server:port()
print(await(await(http.get(base .. "/md5?a=b", { digest_auth = "u:p" })):text()))
print(await(await(http.get(base .. "/sha", { digest_auth = { "u", "p" } })):text()))
print(await(await(http.get(base .. "/both", { digest_auth = { "u", "p" } })):text()))
print(select(2, try_await(http.get(base .. "/md5", { digest_auth = "u:wrong" }))).status)
print(select(2, try_await(http.get(base .. "/odd", { digest_auth = "u:p" }))).status)
await(server:close(0))
--- exec_out
MD5 n1
SHA-256 n1
SHA-256 n2
401
401
exit 0



=== TEST 10: what a server said before it went is read, though sending fails first
--- user_files
>>> main.lua
package.path = "./?.lua;" .. package.path
local http, t = require "perilune.http", require "origin"
local base = t.origin("HTTP/1.1 413 Content Too Large\\r\\nContent-Length: 3\\r\\n\\r\\nbig!", "HTTP/1.1 200 OK\\r\\n\\r\\nno end!", "!")
local port = ("%04X"):format(tonumber(base:match("%d+$")))
-- Holds the loop up until the server has reset the connection: so the next piece is sent before the answer is read.
local function until_reset()
    repeat
        os.execute("sleep 0.02")
        local f = io.open("/proc/net/tcp")
        local sockets = f:read("*a")
        f:close()
    until not sockets:find(" %x+:" .. port .. " 0100007F:%x+ 01 ")
end
local function post()
    local n = 0
    return http.post(base, { throw_exceptions = false, body = function()
        n = n + 1
        if n == 2 then until_reset() end
        return n < 5 and "piece" or nil
    end })
end
local res = await(post())
print(res.status, await(res:text()))
print(t.text(post()))
print(t.text(post()))
--- exec_out
413	big
reset
reset
exit 0



=== TEST 11: what cannot be sent twice does not go on a kept connection that the server has ended
The end has come to the socket, and the loop has not looked yet.
--- user_files
>>> main.lua
local http, tcp, task = require "perilune.http", require "perilune.tcp", require "perilune.task"
local asked, conns = 0, {}
local server = tcp.start_server(function(conn)
    conns[#conns + 1] = conn
    while true do
        local head = ""
        while not head:find "\r\n\r\n" do
            local piece = await(conn:take())
            if not piece then return end
            head = head .. piece
        end
        asked = asked + 1
        conn:put("HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\n" .. #conns)
    end
end, { port = 0, address = "127.0.0.1" })
local url = "http://127.0.0.1:" .. server:port()
local function post(method, body)
    local ok, res = try_await(http.request({ url = url, method = method, body = body, as = "string" }))
    return ok and res.body or res.code
end
print(post("POST", "x"), post("POST", "x"))
for _, how in ipairs { { "POST", "x" }, { "PATCH" }, { "PUT", function() return nil end } } do
    conns[#conns]:close()
    os.execute "sleep 0.05" -- the loop stands still meanwhile
    print(how[1], post(how[1], how[2]))
end
print(asked)
await(server:close(0))
--- exec_out
1	1
POST	2
PATCH	3
PUT	4
5
exit 0



=== TEST 12: a body that is produced goes on a fresh connection as long as nothing of it was taken
--- user_files
>>> main.lua
local http, tcp, task, stream = require "perilune.http", require "perilune.tcp", require "perilune.task", require "perilune.stream"
local mode, heads, n = "ok", 0, 0
local server = tcp.start_server(function(conn)
    n = n + 1
    while true do
        local seen = ""
        while not seen:find "\r\n\r\n" do
            local piece = await(conn:take())
            if not piece then return end
            seen = seen .. piece
        end
        heads = heads + 1
        if mode == "gone" then mode = "ok" conn:abort() return end -- the head of a request has come
        while mode == "body" and not seen:find "x" do seen = seen .. await(conn:take()) end
        if mode == "body" then mode = "ok" conn:abort() return end
        if seen:find "chunked" then
            while not seen:find "0\r\n\r\n$" do seen = seen .. await(conn:take()) end
        end
        local _, xs = seen:match("\r\n\r\n(.*)"):gsub("x", "")
        conn:put(("HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%d"):format(#tostring(xs), xs))
    end
end, { port = 0, address = "127.0.0.1" })
local url = "http://127.0.0.1:" .. server:port()
local function ask(method, how)
    local pool = http.connection_pool {}
    await(http.get(url, { pool = pool, as = "string" }))
    mode, heads, n = how, 0, 0
    local body = stream.stream()
    local d = http.request { url = url, method = method, body = body, pool = pool, as = "string" }
    if how == "body" then await(body:put "x") end
    local most = (how == "gone" and method ~= "POST") and 2 or 1 -- heads that come before the body
    for _ = 1, 1000 do if heads == most then break end await(task.sleep(0.005)) end
    if how ~= "body" then for _ = 1, 3 do body:put "x" end end
    body:close()
    local ok, res = try_await(d)
    local stats = pool:stats()[url]
    print(method, how, ok and res.body or res.code, heads, n, stats.retried)
    pool:shutdown()
end
ask("PUT", "ok") ask("PUT", "gone") ask("DELETE", "gone") ask("POST", "gone") ask("PUT", "body")
await(server:close(0))
--- exec_out
PUT	ok	3	1	0	0
PUT	gone	3	2	1	1
DELETE	gone	3	2	1	1
POST	gone	reset	1	0	0
PUT	body	reset	1	0	0
exit 0



=== TEST 13: digest authentication: challenges however they are written, bodies covered, nonces that are too old, redirects
--- user_files
>>> main.lua
local http, core = require "perilune.http", require "perilune.core.client"
local challenge = require "perilune.http.challenge"
for _, text in ipairs { 'Digest realm="r", algorithm=MD5, qop="auth"', 'Basic realm="a, b", Digest nonce = "n" , qop=auth', 'Negotiate abc==, Basic,Digest a="\\"x\\\\"',
    'a="b", Digest realm="open', "Digest x=1 y=2, z=3", "", ", ,", "=,=" } do
    local out = {}
    for _, c in ipairs(challenge.parse(text)) do
        local names = {}
        for name, value in pairs(c) do names[#names + 1] = name .. "=" .. value end
        table.sort(names)
        out[#out + 1] = table.concat(names, " ")
    end
    print(table.concat(out, " | "))
end
local CHALLENGES = {
    apache = [[Digest realm="r", nonce="n", algorithm=MD5, qop="auth"]], tokens = [[Digest stale=false, nonce=n, realm="r", qop=auth]],
    quotes = [[Digest realm="the \"r\"", nonce="n", qop="auth"]], int = [[Digest realm="r", nonce="n", qop="auth-int"]], old = [[Digest realm="r", nonce="n"]],
    int256 = [[Digest realm="r", qop="auth-int", algorithm=SHA-256, nonce="n"]], both = [[Digest realm="r", qop="auth-int,auth", nonce="n"]], other = [[Digest realm="r", nonce="n", qop="more"]],
}
local asked = 0
local function is_right(a, req)
    local f, algorithm = challenge.parse(a)[1], a:match("SHA%-256") and "sha256" or "md5"
    local function h(text) return core.digest(algorithm, text) end
    local a2 = req.method .. ":" .. req.target .. (f.qop == "auth-int" and ":" .. h(await(req:text())) or "")
    local middle = f.qop and table.concat({ f.nonce, f.nc, f.cnonce, f.qop }, ":") or f.nonce
    return h(h(f.username .. ":" .. f.realm .. ":p") .. ":" .. middle .. ":" .. h(a2)) == f.response, (f.qop or "none") .. " " .. f.realm
end
local server = http.start_server(function(req)
    local kind, a = req.path:match("%w+"), req.headers.authorization
    asked = asked + 1
    if kind == "stale" then
        return { status = 401, headers = { ["WWW-Authenticate"] = ('Digest realm="r", nonce="n%d", qop="auth", stale=TRUE'):format(asked) } }
    elseif not a then
        return { status = 401, headers = { ["WWW-Authenticate"] = CHALLENGES[kind] or CHALLENGES.apache } }
    end
    local ok, text = is_right(a, req)
    if ok and kind == "from" then return { status = 302, headers = { Location = "/to" } } end
    return { status = ok and 200 or 403, body = text }
end, { port = 0, address = "127.0.0.1" })
local base = "http://127.0.0.1:" .. server:port()
local function ask(path, options)
    options.digest_auth, options.as, options.throw_exceptions, options.total_timeout = options.digest_auth or "u:p", "string", false, 5
    asked = 0
    local ok, res = try_await(http.post(base .. path, options))
    print(path, ok and res.status or res.code, ok and res.body or "", asked)
end
ask("/apache", { body = "b" })
ask("/tokens", { body = "b" })
ask("/quotes", { body = "b", digest_auth = { 'u"s\\r', "p" } })
ask("/int", { body = "b" })
ask("/int", {})
ask("/int", { body = { "b", "c" } })
ask("/int256", { json = { 1 } })
ask("/int", { body = http.file("main.lua") })
ask("/both", { body = http.file("main.lua") })
ask("/other", { body = "b" })
ask("/old", { body = "b" })
ask("/stale", { body = "b" })
ask("/from", { body = "b" })
await(server:close(0))
--- exec_out
algorithm=MD5 qop=auth realm=r scheme=digest
realm=a, b scheme=basic | nonce=n qop=auth scheme=digest
abc== scheme=negotiate | scheme=basic | a="x\ scheme=digest
scheme=digest
scheme=digest



/apache	200	auth r	2
/tokens	200	auth r	2
/quotes	200	auth the "r"	2
/int	200	auth-int r	2
/int	200	auth-int r	2
/int	200	auth-int r	2
/int256	200	auth-int r	2
/int	401		1
/both	200	auth r	2
/other	401		1
/old	200	none r	2
/stale	401		3
/from	200	auth r	4
exit 0



