# The client's cache (RFC 9111, RFC 5861): what is fresh and for how long, validation, Vary, privacy, invalidation, errors, bounds.
use Test::Nginx::Socket 'no_plan';

no_root_location();
our $Config = "    location / { return 204; }\n";
our $Exec = <<'_EOC_';
export TOP=$PWD P=$(readlink /proc/$(cat $TEST_NGINX_SERVROOT/logs/nginx.pid)/exe)
cd $TEST_NGINX_HTML_DIR
timeout 100 $P run main.lua 2>err; echo exit $?
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

=== TEST 1: the policy by itself: directives, lifetimes, ages, what may be stored, what a response is good for
--- user_files
>>> main.lua
local policy = require "perilune.http.cache_policy"
local headers = require "perilune.http.headers"
local function show(t) local k = {} for n, v in pairs(t) do k[#k + 1] = n .. "=" .. tostring(v) end table.sort(k) return table.concat(k, " ") end
for _, text in ipairs { "max-age=5, private", 'Private="Set-Cookie, X" ,,max-age="7",no-cache', "max-age=9,max-age=3", "max-age", "a=b=c, d", "=,;", ' no-store ' } do
    print(text, show(policy.directives { text }))
end
local D, now = "Tue, 14 Nov 2023 22:13:20 GMT", 1700000000
local function h(t) return headers.new(headers.plain(t)) end
for _, t in ipairs {
    { ["Cache-Control"] = "max-age=60", Expires = "x" }, { ["Cache-Control"] = "max-age=x" }, { ["Cache-Control"] = "s-maxage=60" },
    { Expires = "Tue, 14 Nov 2023 22:14:20 GMT" }, { Expires = "0" }, { Expires = "Tue, 14 Nov 2023 22:12:20 GMT" },
    { ["Last-Modified"] = "Tue, 14 Nov 2023 22:03:20 GMT" }, { ["Last-Modified"] = "Tue, 14 Nov 2000 22:03:20 GMT" }, { ["Last-Modified"] = "Tue, 14 Nov 2024 22:03:20 GMT" },
    { ["Cache-Control"] = "max-age=99999999999999" }, {},
} do
    t.Date = D
    print(show(t):gsub("Date=.- GMT ?", ""), policy.lifetime(200, h(t), now))
end
print(policy.lifetime(302, h { ["Last-Modified"] = "Tue, 14 Nov 2000 22:03:20 GMT", Date = D }, now))
print(policy.initial_age(h { Date = D }, now - 2, now), policy.initial_age(h { Date = D, Age = "7" }, now - 2, now), policy.initial_age(h { Date = D }, now + 8, now + 10), policy.initial_age(h { Age = "x" }, now, now))
for _, c in ipairs { { 200, {} }, { 206, {} }, { 302, {} }, { 302, { ["Cache-Control"] = "max-age=1" } }, { 200, { ["Cache-Control"] = "no-store" } }, { 200, { Vary = "a, *" } }, { 200, { ["Cache-Control"] = "private" } }, { 418, { ["Cache-Control"] = "max-age=1" } } } do
    io.write(tostring(policy.is_storable({}, c[1], h(c[2]))), " ")
end
print(policy.is_storable({ ["no-store"] = true }, 200, h {}))
-- property: against a plain model of age and lifetime, in any mixture of directives
math.randomseed(7)
local function maybe(v) return math.random(3) == 1 and v or nil end
for _ = 1, 20000 do
    local n = function() return tostring(math.random(0, 20)) end
    local entry = { age = math.random(0, 10), came = 100, lifetime = math.random(0, 20),
        control = { ["no-cache"] = maybe(true), ["must-revalidate"] = maybe(true), ["stale-while-revalidate"] = maybe(n()), ["stale-if-error"] = maybe(n()) } }
    local asked = { ["no-cache"] = math.random(9) == 1 or nil, ["max-age"] = maybe(n()), ["min-fresh"] = maybe(n()), ["max-stale"] = maybe(math.random(2) == 1 and true or n()) }
    local at = math.random(100, 120)
    local age = entry.age + at - 100
    local verdict, c = policy.judge(asked, entry, at), entry.control
    local over = age - entry.lifetime
    if c["no-cache"] or asked["no-cache"] then assert(verdict == "validate") end
    if asked["max-age"] and age > tonumber(asked["max-age"]) then assert(verdict == "validate") end
    if verdict == "stale" then assert(over >= 0 and over <= tonumber(c["stale-while-revalidate"]) and not c["must-revalidate"]) end
    if verdict == "fresh" and over >= 0 then assert(asked["max-stale"] and not c["must-revalidate"] and (asked["max-stale"] == true or over <= tonumber(asked["max-stale"]))) end
    if verdict == "fresh" and over < 0 then assert(-over >= tonumber(asked["min-fresh"] or 0)) end
    if verdict == "validate" then
        assert(c["no-cache"] or asked["no-cache"] or over >= 0 or (asked["max-age"] and age > tonumber(asked["max-age"])) or -over < tonumber(asked["min-fresh"] or 0))
    end
    local covers = policy.covers_error(asked, entry, at)
    if covers then assert(not c["must-revalidate"] and not c["no-cache"] and over <= tonumber(c["stale-if-error"])) end
end
print(policy.with_age("HTTP/1.1 200 OK\r\nAge: 1\r\nA: b\r\n\r\n", 7.9):gsub("\r\n", "|") .. "")
print(policy.freshened("HTTP/1.1 200 OK\r\nAge: 1\r\nETag: \"1\"\r\nContent-Length: 4\r\nA: b\r\n\r\n", "HTTP/1.1 304 No\r\nA: c\r\nA: d\r\nContent-Length: 0\r\n\r\n"):gsub("\r\n", "|") .. "")
--- exec_out
max-age=5, private	max-age=5 private=true
Private="Set-Cookie, X" ,,max-age="7",no-cache	max-age=7 no-cache=true private=Set-Cookie, X
max-age=9,max-age=3	max-age=3
max-age	max-age=true
a=b=c, d	a=b=c d=true
=,;	
 no-store 	no-store=true
Cache-Control=max-age=60 Expires=x	60	true
Cache-Control=max-age=x 	0	true
Cache-Control=s-maxage=60 	0	false
Expires=Tue, 14 Nov 2023 22:14:20 GMT	60	true
Expires=0	0	true
Expires=Tue, 14 Nov 2023 22:12:20 GMT	0	true
Last-Modified=Tue, 14 Nov 2023 22:03:20 GMT	60	false
Last-Modified=Tue, 14 Nov 2000 22:03:20 GMT	86400	false
Last-Modified=Tue, 14 Nov 2024 22:03:20 GMT	0	false
Cache-Control=max-age=99999999999999 	2147483648	true
	0	false
0	false
2	9	10	0
true false false true false false true false false
HTTP/1.1 200 OK|A: b|Age: 7||
HTTP/1.1 200 OK|ETag: "1"|Content-Length: 4|A: c|A: d||
exit 0



=== TEST 2: fresh, stale, validated, heuristics; the age; each form of a body
--- user_files
>>> main.lua
local o = dofile(os.getenv("TOP") .. "/t/lib/cache_origin.lua")
o.says { ["Cache-Control"] = "max-age=60", ETag = '"1"' }
o.get "/a" o.now = o.now + 30 o.get "/a" o.get "/a?x"
o.now = o.now + 31
o.answer = function(req) print("asks", req.headers["if-none-match"], req.headers["if-modified-since"]) return { status = 304, headers = { ["Cache-Control"] = "max-age=10", ["X-New"] = "1" } } end
print(o.get "/a".headers["x-new"])
o.now = o.now + 9 o.get "/a"
o.now = o.now + 2
o.says({ ["Cache-Control"] = "max-age=60", ETag = '"2"' }, "newer") o.get "/a" o.get "/a"
o.says { ["Last-Modified"] = o.date(-1000) } o.get "/h" o.now = o.now + 99 o.get "/h" o.now = o.now + 2 o.get "/h"
o.says({}, "x") o.get "/n" o.get "/n"
o.says({ ["Cache-Control"] = "no-store, max-age=9" }, "x") o.get "/s" o.get "/s"
o.says({ ["Cache-Control"] = "max-age=9" }, "x", 404) o.get "/404" o.get "/404"
o.says({ Expires = o.date(5) }, "x") o.get "/e" o.get "/e" o.now = o.now + 5 o.get "/e"
o.says({ ["Cache-Control"] = "max-age=60" }, ("0123456789"):rep(100000)) 
local http = require "perilune.http"
for _, as in ipairs { "stream", "stream", "string", "lines", "file" } do
    local before = o.asked
    local res = await(http.get(o.base .. "/big", { cache = o.cache, as = as, save_to = "out" }))
    local n = 0
    if as == "string" then n = #res.body elseif as == "file" then n = res.size else for p in res.body:each() do n = n + #p end end
    print(as, n, res.cache_status, o.asked - before)
end
local res = await(http.get(o.base .. "/part", { cache = o.cache })) await(res.body:take()) res.body:close()
o.says({ ["Cache-Control"] = "max-age=60" }, "x") o.get "/part"
o.says({ ["Cache-Control"] = "max-age=60" }, "x") o.get("/p", { method = "POST" }) o.get("/p", { method = "HEAD" }) o.get "/p"
o.answer = function(req) return req.path == "/go" and { status = 301, headers = { Location = "/to", ["Cache-Control"] = "max-age=9" } } or { headers = { ["Cache-Control"] = "max-age=9" }, body = "to" } end
o.get "/go" o.get "/go"
await(o.server:close(0))
--- exec_out
/a	200	body	miss	1	nil
/a	200	body	hit	0	30
/a?x	200	body	miss	1	nil
asks	"1"	nil
/a	200	body	revalidated	1	0
1
/a	200	body	hit	0	9
/a	200	newer	miss	1	nil
/a	200	newer	hit	0	0
/h	200	body	miss	1	nil
/h	200	body	hit	0	99
/h	200	body	miss	1	nil
/n	200	x	miss	1	nil
/n	200	x	miss	1	nil
/s	200	x	miss	1	nil
/s	200	x	miss	1	nil
/404	404	x	miss	1	nil
/404	404	x	hit	0	0
/e	200	x	miss	1	nil
/e	200	x	hit	0	0
/e	200	x	miss	1	nil
stream	1000000	miss	1
stream	1000000	hit	0
string	1000000	hit	0
lines	1000000	hit	0
file	1000000	hit	0
/part	200	x	miss	1	nil
/p	200	x	nil	1	nil
/p	200		nil	1	nil
/p	200	x	miss	1	nil
/go	200	to	miss	2	nil
/go	200	to	hit	0	0
exit 0



=== TEST 3: what requests ask for
--- user_files
>>> main.lua
local o = dofile(os.getenv("TOP") .. "/t/lib/cache_origin.lua")
local function with(control) return { headers = { ["Cache-Control"] = control } } end
o.says { ["Cache-Control"] = "max-age=60" }
o.get("/a", with "only-if-cached") o.get "/a" o.get("/a", with "only-if-cached")
o.get("/a", with "no-cache") o.get("/a", with "no-store")
o.now = o.now + 20
o.get("/a", with "max-age=19") o.now = o.now + 20 o.get("/a", with "max-age=20") o.get("/a", with "min-fresh=41") 
o.now = o.now + 70 o.get("/a", with "max-stale=10") o.get("/a", with "max-stale=9")
o.get("/a", { headers = { ["If-None-Match"] = '"x"' } }) o.get("/a", { headers = { Range = "bytes=0-1" } })
await(o.server:close(0))
--- exec_out
/a	504		miss	0	nil
/a	200	body	miss	1	nil
/a	200	body	hit	0	0
/a	200	body	miss	1	nil
/a	200	body	miss	1	nil
/a	200	body	miss	1	nil
/a	200	body	hit	0	20
/a	200	body	miss	1	nil
/a	200	body	hit	0	70
/a	200	body	miss	1	nil
/a	200	body	nil	1	nil
/a	200	body	nil	1	nil
exit 0



=== TEST 4: Vary, and who may see whose
--- user_files
>>> main.lua
local o = dofile(os.getenv("TOP") .. "/t/lib/cache_origin.lua")
o.answer = function(req) return { headers = { ["Cache-Control"] = (req.query_string or ""):find "public" and "public, max-age=60" or "max-age=60", Vary = "X-A, accept-language" }, body = (req.headers["x-a"] or "-") .. (req.headers.authorization or "-") .. (req.headers.cookie or "-") } end
local function ask(path, a, auth, cookie) o.get(path, { headers = { ["X-A"] = a, Authorization = auth, Cookie = cookie } }) end
ask("/v", "1") ask("/v", "2") ask("/v", "1") ask("/v", "2") ask "/v" ask "/v"
ask("/v", "1", "me") ask("/v", "1", "you") ask("/v", "1", "me") ask("/v", "1", nil, "c=1") ask("/v", "1", nil, "c=2") ask("/v", "1", nil, "c=1")
ask("/v?public", "1", "me") ask("/v?public", "1", "you")
o.says({ ["Cache-Control"] = "max-age=60", Vary = "*" }) o.get "/star" o.get "/star"
await(o.server:close(0))
--- exec_out
/v	200	1--	miss	1	nil
/v	200	2--	miss	1	nil
/v	200	1--	hit	0	0
/v	200	2--	hit	0	0
/v	200	---	miss	1	nil
/v	200	---	hit	0	0
/v	200	1me-	miss	1	nil
/v	200	1you-	miss	1	nil
/v	200	1me-	hit	0	0
/v	200	1-c=1	miss	1	nil
/v	200	1-c=2	miss	1	nil
/v	200	1-c=1	hit	0	0
/v?public	200	1me-	miss	1	nil
/v?public	200	1me-	hit	0	0
/star	200	body	miss	1	nil
/star	200	body	miss	1	nil
exit 0



=== TEST 5: unsafe requests invalidate; stale responses for errors and while they are validated
--- user_files
>>> main.lua
local o = dofile(os.getenv("TOP") .. "/t/lib/cache_origin.lua")
local http, task = require "perilune.http", require "perilune.task"
local fresh = { ["Cache-Control"] = "max-age=60" }
o.says(fresh) o.get "/a" o.get "/b" o.get "/c"
o.answer = function() return { status = 201, headers = { Location = "/b", ["Content-Location"] = "http://127.0.0.1:1/c" } } end
o.get("/a", { method = "PUT", body = "x" })
o.says(fresh) o.get "/a" o.get "/b" o.get "/c"
o.says({}, "no", 500) o.get("/a", { method = "DELETE" })
o.says(fresh) o.get "/a"
o.says({ ["Cache-Control"] = "max-age=10, stale-if-error=20", ETag = '"1"' }) o.get "/e"
o.now = o.now + 25 o.says({}, "down", 503) o.get "/e" o.now = o.now + 6 o.get "/e"
o.says({ ["Cache-Control"] = "max-age=10, must-revalidate, stale-if-error=99", ETag = '"1"' }) o.get "/m"
o.now = o.now + 11 o.says({}, "down", 502) o.get "/m"
o.says({ ["Cache-Control"] = "max-age=10, stale-while-revalidate=30" }, "old") o.get "/w"
o.now = o.now + 20
o.says({ ["Cache-Control"] = "max-age=10, stale-while-revalidate=30" }, "new") o.get "/w"
while o.cache:stats().miss < 20 and next(o.cache.validating) do task.sleep(0.001):await() end
o.get "/w"
o.now = o.now + 50 o.get "/w"
local own = http.cache { clock = function() return o.now end, stale_if_error = 100 }
o.says({ ["Cache-Control"] = "max-age=1" }) 
local dead = http.start_server(function() return { headers = { Date = o.date(), ["Cache-Control"] = "max-age=1", ETag = '"1"' }, body = "alive" } end, { port = 0, address = "127.0.0.1" })
local url = "http://127.0.0.1:" .. dead:port() .. "/"
local pool = http.connection_pool { cache = own }
print(await(http.get(url, { as = "string", pool = pool })).body)
pool:shutdown() await(dead:close(0))
o.now = o.now + 50
local res = await(http.get(url, { as = "string", cache = own }))
print(res.body, res.cache_status, res.headers.age)
o.now = o.now + 60
print(select(2, try_await(http.get(url, { as = "string", cache = own }))).code)
await(o.server:close(0))
--- exec_out
/a	200	body	miss	1	nil
/b	200	body	miss	1	nil
/c	200	body	miss	1	nil
/a	201		nil	1	nil
/a	200	body	miss	1	nil
/b	200	body	miss	1	nil
/c	200	body	hit	0	0
/a	500	no	nil	1	nil
/a	200	body	hit	0	0
/e	200	body	miss	1	nil
/e	200	body	stale	1	25
/e	503	down	miss	1	nil
/m	200	body	miss	1	nil
/m	502	down	miss	1	nil
/w	200	old	miss	1	nil
/w	200	old	stale	0	20
/w	200	new	hit	0	0
/w	200	new	miss	1	nil
alive
alive	stale	50
refused
exit 0



=== TEST 6: bounds: the least recently used goes; large ones are not kept; delete and clear; misuse
--- user_files
>>> main.lua
local o = dofile(os.getenv("TOP") .. "/t/lib/cache_origin.lua")
local http = require "perilune.http"
local small = http.cache { max_size = 100000, max_entry_size = 30000 }
o.now = os.time()
for _, n in ipairs { 20000, 20000, 20000, 20000, 20000, 40000 } do
    o.says({ ["Cache-Control"] = "max-age=60" }, ("x"):rep(n))
    local p = "/" .. n .. "-" .. o.asked
    await(http.get(o.base .. p, { as = "string", cache = small }))
    await(http.get(o.base .. "/20000-0", { as = "string", cache = small }))
    assert(small:stats().size <= 100000)
end
local s = small:stats()
print(s.hit, s.miss)
math.randomseed(3)
for _ = 1, 300 do
    local n = math.random(0, 40000)
    o.says({ ["Cache-Control"] = "max-age=60", Vary = "X-A" }, ("y"):rep(n))
    await(http.get(o.base .. "/r" .. math.random(20), { as = "string", cache = small, headers = { ["X-A"] = math.random(3) } }))
    assert(small:stats().size <= 100000)
end
small:delete(o.base .. "/20000-0")
small:clear()
print(small:stats().size)
print(select(2, pcall(function() local _ = http.cache { max_sise = 1 } end)))
print(select(2, pcall(function() local _ = http.get(o.base, { cache = {} }) end)))
await(o.server:close(0))
--- exec_out
6	6
0
main.lua:24: http.cache: unknown option 'max_sise'; did you mean 'max_size'?
main.lua:25: http.request: option 'cache' must be a cache of http.cache
exit 0



=== TEST 7: a dictionary that workers share
--- http_config
    lua_shared_dict pages 1m;
--- config
    location /origin { default_type text/plain; add_header Cache-Control max-age=60; return 200 "$connection.$connection_requests\n"; }
    location /get {
        content_by_lua_block {
            local http = require "perilune.http"
            local cache = http.cache { shared = require("perilune.shared").pages }
            local url = "http://127.0.0.1:" .. ngx.var.server_port .. "/origin"
            local first = await(http.get(url, { as = "string", cache = cache }))
            local second = await(http.get(url, { as = "string", cache = http.cache { shared = require("perilune.shared").pages } }))
            ngx.say(first.cache_status, " ", second.cache_status, " ", first.body == second.body)
            cache:delete(url)
            ngx.say(await(http.get(url, { as = "string", cache = cache })).cache_status)
            cache:clear()
            ngx.say(await(http.get(url, { as = "string", cache = cache })).cache_status)
            ngx.say(select(2, pcall(function() return http.cache { shared = ngx.shared.pages } end)))
        }
    }
--- exec
curl -s http://127.0.0.1:$TEST_NGINX_SERVER_PORT/get
--- exec_out
miss hit true
miss
miss
http.cache: option 'shared' must be a dictionary of perilune.shared, not a table
