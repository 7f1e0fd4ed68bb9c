# The client's cache case by case: what is stored, fresh, validated, invalidated (RFC 9111, RFC 5861).
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

=== TEST 1: 130 cases. A number is how often the origin was asked, then the beginning of cache_status
--- user_files
>>> main.lua
local o = dofile(os.getenv("TOP") .. "/t/lib/cache_origin.lua")
local http = require "perilune.http"
local say, body, status, count = {}, "b", 200, 0
local seen
o.answer = function(req)
    count = count + 1
    seen = { ['if-none-match'] = req.headers['if-none-match'], ['if-modified-since'] = req.headers['if-modified-since'] }
    local h = {}
    for k, v in pairs(say) do h[k] = v end
    return { status = status, headers = h, body = (status ~= 304 and status ~= 204) and body or nil }
end
local n, bad = 0, 0
local function ask(opts)
    opts = opts or {}
    opts.url, opts.cache, opts.throw_exceptions, opts.follow_redirects = opts.url or (o.base .. "/" .. n), opts.cache or o.cache, false, false
    local before = count
    local ok, res = try_await(http.request(opts))
    if not ok then return "!" .. res.code end
    local text = await(res:text())
    return (count > before and (count - before) or "") .. (res.cache_status or "-"):sub(1, 3), res, text
end
local function case(name, expected, fn)
    n = n + 1
    say, body, status = {}, "b", 200
    local got = fn()
    if got ~= expected then
        bad = bad + 1
        print(n .. " " .. name .. ": " .. tostring(got) .. ", expected " .. expected)
    end
end
local function twice(name, expected, headers, second, wait, st)
    case(name, expected, function()
        say, status = headers, st or 200
        local a = ask()
        o.now = o.now + (wait or 0)
        local b = ask(second)
        return a .. " " .. b
    end)
end
local D = o.date
local function cc(v) return { ["Cache-Control"] = v } end
local function rq(v) return { headers = { ["Cache-Control"] = v } } end
-- storing, freshness
twice("max-age fresh", "1mis hit", cc "max-age=10", nil, 9)
twice("max-age at its end", "1mis 1mis", cc "max-age=10", nil, 10)
twice("max-age upper case, spaces", "1mis hit", cc "  MAX-AGE=10 ,  foo", nil, 9)
twice("max-age quoted", "1mis hit", cc 'max-age="10"', nil, 9)
twice("max-age=-1", "1mis 1mis", cc "max-age=-1")
twice("max-age=1.5", "1mis 1mis", cc "max-age=1.5")
twice("max-age= nothing", "1mis 1mis", cc "max-age=")
twice("max-age inside a quoted string", "1mis 1mis", cc 'x="max-age=50"')
twice("max-age inside a quoted string with an escape", "1mis 1mis", cc [[x="a\", max-age=50"]])
twice("max-age huge", "1mis hit", cc "max-age=99999999999", nil, 1000)
twice("two max-age: smaller", "1mis 1mis", cc "max-age=10, max-age=5", nil, 6)
twice("s-maxage is not ours", "1mis 1mis", cc "s-maxage=10")
twice("s-maxage=0 does not shorten max-age", "1mis hit", cc "s-maxage=0, max-age=10")
twice("max-age beats Expires", "1mis hit", { ["Cache-Control"] = "max-age=10", Expires = "0" })
twice("max-age=0 beats Expires", "1mis 1mis", { ["Cache-Control"] = "max-age=0", Expires = D(100) })
twice("Expires rfc1123", "1mis hit", { Expires = D(10) }, nil, 9)
twice("Expires rfc850", "1mis hit", { Expires = os.date("!%A, %d-%b-%y %H:%M:%S GMT", o.now + 10) })
twice("Expires asctime", "1mis hit", { Expires = os.date("!%a %b %e %H:%M:%S %Y", o.now + 1000) })
twice("Expires = Date", "1mis 1mis", { Expires = D() })
twice("Expires 0", "1mis 1mis", { Expires = "0", ["Last-Modified"] = D(-10000) })
twice("Expires -1", "1mis 1mis", { Expires = "-1", ["Last-Modified"] = D(-10000) })
twice("Expires wrong zone", "1mis 1mis", { Expires = "Tue, 14 Nov 2033 22:13:20 PST", ["Last-Modified"] = D(-10000) })
twice("Expires far", "1mis hit", { Expires = "Fri, 31 Dec 9999 23:59:59 GMT" }, nil, 10000)
twice("two Expires", "1mis 1mis", { Expires = { D(100), D(200) } })
twice("Date of the past counts for Expires", "1mis 1mis", { Date = D(-100), Expires = D(-50) })
twice("Date of the past makes it old", "1mis 1mis", { Date = D(-100), ["Cache-Control"] = "max-age=50" })
twice("Date of the future", "1mis hit", { Date = D(100), ["Cache-Control"] = "max-age=50" }, nil, 49)
twice("Date malformed", "1mis hit", { Date = "x", ["Cache-Control"] = "max-age=50" }, nil, 49)
twice("Age counts", "1mis 1mis", { Age = "45", ["Cache-Control"] = "max-age=50" }, nil, 5)
twice("Age counts less", "1mis hit", { Age = "45", ["Cache-Control"] = "max-age=50" }, nil, 4)
twice("Age list: the first", "1mis 1mis", { Age = "45, 0", ["Cache-Control"] = "max-age=50" }, nil, 5)
twice("Age twice: the first", "1mis 1mis", { Age = { "45", "0" }, ["Cache-Control"] = "max-age=50" }, nil, 5)
twice("Age malformed is passed over", "1mis hit", { Age = "-7", ["Cache-Control"] = "max-age=50" }, nil, 5)
twice("Age huge", "1mis 1mis", { Age = "99999999999999", ["Cache-Control"] = "max-age=50" })
twice("heuristic 10 %", "1mis hit", { ["Last-Modified"] = D(-1000) }, nil, 99)
twice("heuristic over", "1mis 1mis", { ["Last-Modified"] = D(-1000) }, nil, 101)
twice("heuristic on a 302: none", "1mis 1mis", { ["Last-Modified"] = D(-1000) }, nil, 1, 302)
twice("heuristic on a 302 that is public", "1mis hit", { ["Last-Modified"] = D(-1000), ["Cache-Control"] = "public" }, nil, 1, 302)
for _, st in ipairs { 203, 204, 300, 301, 308, 404, 405, 410, 414, 501 } do
    twice("heuristic on " .. st, "1mis hit", { ["Last-Modified"] = D(-1000) }, nil, 1, st)
end
for _, st in ipairs { 302, 307, 403, 500, 502, 503, 504 } do
    twice("explicit on " .. st, "1mis hit", cc "max-age=10", nil, 1, st)
end
twice("206 is not stored", "1mis 1mis", { ["Cache-Control"] = "max-age=10", ["Content-Range"] = "bytes 0-0/2" }, nil, 1, 206)
-- no-store, no-cache, private, public, must-*
twice("no-store", "1mis 1mis", cc "no-store, max-age=10")
twice("no-store in a second line", "1mis 1mis", { ["Cache-Control"] = { "max-age=10", "no-store" } })
twice("private", "1mis hit", cc "private, max-age=10")
twice("private=field", "1mis hit", cc 'private="set-cookie", max-age=10')
twice("no-cache without validator", "1mis 1mis", cc "no-cache, max-age=10")
twice("no-cache=field", "1mis 1mis", cc 'no-cache="a", max-age=10')
twice("Pragma no-cache", "1mis 1mis", { Pragma = "no-cache", ["Last-Modified"] = D(-1000) })
twice("Pragma beside Cache-Control", "1mis hit", { Pragma = "no-cache", ["Cache-Control"] = "max-age=10" })
twice("must-revalidate fresh", "1mis hit", cc "must-revalidate, max-age=10")
twice("must-revalidate stale with max-stale", "1mis 1mis", cc "must-revalidate, max-age=10", rq "max-stale=100", 11)
twice("proxy-revalidate is not ours", "1mis hit", cc "proxy-revalidate, max-age=10", rq "max-stale=100", 11)
twice("immutable", "1mis hit", cc "immutable, max-age=10", nil, 9)
-- requests
twice("rq no-cache", "1mis 1mis", cc "max-age=10", rq "no-cache")
twice("rq Pragma no-cache", "1mis 1mis", cc "max-age=10", { headers = { Pragma = "no-cache" } })
twice("rq Pragma beside Cache-Control", "1mis hit", cc "max-age=10", { headers = { Pragma = "no-cache", ["Cache-Control"] = "max-stale" } })
twice("rq no-store", "1mis 1mis", cc "max-age=10", rq "no-store")
case("rq no-store is not stored", "1mis 1mis", function() say = cc "max-age=10" return (ask(rq "no-store")) .. " " .. (ask()) end)
twice("rq max-age less", "1mis 1mis", cc "max-age=10", rq "max-age=4", 5)
twice("rq max-age just", "1mis hit", cc "max-age=10", rq "max-age=5", 5)
twice("rq max-age malformed", "1mis 1mis", cc "max-age=10", rq "max-age=x", 5)
twice("rq min-fresh", "1mis 1mis", cc "max-age=10", rq "min-fresh=6", 5)
twice("rq min-fresh just", "1mis hit", cc "max-age=10", rq "min-fresh=5", 5)
twice("rq max-stale", "1mis hit", cc "max-age=10", rq "max-stale", 500)
twice("rq max-stale=n just", "1mis hit", cc "max-age=10", rq "max-stale=5", 15)
twice("rq max-stale=n over", "1mis 1mis", cc "max-age=10", rq "max-stale=5", 16)
twice("rq max-stale against no-cache", "1mis 1mis", cc "no-cache", rq "max-stale", 5)
twice("rq only-if-cached hit", "1mis hit", cc "max-age=10", rq "only-if-cached", 5)
twice("rq only-if-cached stale: 504", "1mis mis", cc "max-age=10", rq "only-if-cached", 15)
twice("rq only-if-cached and max-stale", "1mis hit", cc "max-age=10", rq "only-if-cached, max-stale", 15)
case("only-if-cached nothing: 504", "mis 504", function() local a, r = ask(rq "only-if-cached") return a .. " " .. r.status end)
case("only-if-cached HEAD: 504", "mis 504", function() local a, r = ask { method = "HEAD", headers = { ["Cache-Control"] = "only-if-cached" } } return a .. " " .. r.status end)
-- HEAD
case("HEAD after GET is answered by what is stored", "1mis hit 200  1", function() say, body = cc "max-age=10", "x" local a = ask() local b, r, t = ask { method = "HEAD" } return a .. " " .. b .. " " .. r.status .. " " .. t .. " " .. tostring(r.headers["content-length"]) end)
case("GET after HEAD is asked", "1mis", function() say = cc "max-age=10" ask { method = "HEAD" } return (ask()) end)
-- Range
case("Range passes by", "1mis 1-", function() say = cc "max-age=10" local a = ask() return a .. " " .. ask { headers = { Range = "bytes=0-0" } } end)
-- Vary
local function lang(l) return { headers = { ["Accept-Language"] = l } } end
case("Vary match", "1mis hit 1mis hit", function() say = { ["Cache-Control"] = "max-age=10", Vary = "Accept-Language" } return ask(lang "de") .. " " .. ask(lang "de") .. " " .. ask(lang "en") .. " " .. ask(lang "de") end)
case("Vary absent is not empty", "1mis 1mis", function() say = { ["Cache-Control"] = "max-age=10", Vary = "Accept-Language" } return ask() .. " " .. ask(lang "de") end)
case("Vary *", "1mis 1mis", function() say = { ["Cache-Control"] = "max-age=10", Vary = "*" } return ask() .. " " .. ask() end)
case("Vary * in a second line", "1mis 1mis", function() say = { ["Cache-Control"] = "max-age=10", Vary = { "a", "*" } } return ask() .. " " .. ask() end)
case("Authorization kept apart", "1mis 1mis hit", function() say = cc "max-age=10" local function a(x) return { headers = { Authorization = x } } end return ask(a "1") .. " " .. ask(a "2") .. " " .. ask(a "1") end)
-- validation
case("strong ETag: If-None-Match, 304", '1mis 1rev "1" 200 b hit', function()
    say = { ["Cache-Control"] = "max-age=10", ETag = '"1"' } local a = ask() o.now = o.now + 11
    say, status = { ["Cache-Control"] = "max-age=10", ETag = '"1"' }, 304
    local b, r, t = ask() return a .. " " .. b .. " " .. seen["if-none-match"] .. " " .. r.status .. " " .. t .. " " .. ask() end)
case("weak ETag", '1mis 1rev W/"1" b', function()
    say = { ["Cache-Control"] = "max-age=10", ETag = 'W/"1"' } local a = ask() o.now = o.now + 11
    status = 304 local b, _, t = ask() return a .. " " .. b .. " " .. seen["if-none-match"] .. " " .. t end)
case("Last-Modified", '1mis 1rev b', function()
    say = { ["Cache-Control"] = "max-age=10", ["Last-Modified"] = D(-100) } local a = ask() o.now = o.now + 11
    say, status = {}, 304 local b, _, t = ask() assert(seen["if-modified-since"]) return a .. " " .. b .. " " .. t end)
case("304 updates fields, not Content-*", '1rev 2 text/a 1', function()
    say = { ["Cache-Control"] = "max-age=10", ETag = '"1"', ["X-A"] = "1", ["Content-Type"] = "text/a" } ask() o.now = o.now + 11
    say, status = { ["X-A"] = "2", ["Content-Type"] = "text/b", ETag = '"1"' }, 304
    local b, r = ask() return b .. " " .. r.headers["x-a"] .. " " .. r.headers["content-type"] .. " " .. r.headers["content-length"] end)
case("304 of another strong ETag does not count", '2mis b2 "2"', function()
    say = { ["Cache-Control"] = "max-age=10", ETag = '"1"' } ask() o.now = o.now + 11
    local old = o.answer
    o.answer = function(req) count = count + 1 return req.headers["if-none-match"] and { status = 304, headers = { ETag = '"2"' } } or { status = 200, headers = { ETag = '"2"', ["Cache-Control"] = "max-age=10" }, body = "b2" } end
    local b, r, t = ask() o.answer = old
    return b .. " " .. t .. " " .. r.headers.etag end)
case("304 with no-store: used, not kept", '1rev 1mis', function()
    say = { ["Cache-Control"] = "max-age=10", ETag = '"1"' } ask() o.now = o.now + 11
    say, status = { ["Cache-Control"] = "no-store, max-age=10" }, 304
    local b = ask() say, status = {}, 200
    return b .. " " .. ask() end)
case("200 replaces", '1mis n hit n', function()
    say = { ["Cache-Control"] = "max-age=10", ETag = '"1"' } ask() o.now = o.now + 11
    body, say = "n", { ["Cache-Control"] = "max-age=10", ETag = '"2"' }
    local b, _, t = ask() local c, _, u = ask() return b .. " " .. t .. " " .. c .. " " .. u end)
case("a new answer that may not be stored ends the old one", '1mis 1mis', function()
    say = cc "max-age=100" ask() body, say = "n", cc "no-store"
    local a = ask(rq "no-cache") local b = ask() return a .. " " .. b end)
for _, how in ipairs { "at once", "in pieces" } do
    case("a new answer that is too large ends the old one, " .. how, '1mis 1mis', function()
        local cache = http.cache { max_entry_size = 20, clock = function() return o.now end }
        local left = 5
        say = cc "max-age=100" ask { cache = cache }
        body = how == "at once" and ("n"):rep(30) or function()
            require("perilune.task").sleep(0.005):await()
            left = left - 1
            return left >= 0 and ("n"):rep(6) or nil
        end
        local a = ask { cache = cache, headers = { ["Cache-Control"] = "no-cache" } }
        body = "b"
        return a .. " " .. ask { cache = cache } end)
end
case("500 to a validation is passed on", '1mis 500', function()
    say = { ["Cache-Control"] = "max-age=10", ETag = '"1"' } ask() o.now = o.now + 11
    say, status = {}, 500 local b, r = ask() return b .. " " .. r.status end)
-- invalidation
for _, m in ipairs { "PUT", "POST", "DELETE", "PATCH", "PURGE" } do
    case("invalidated by " .. m, "1mis 1- 1mis", function() say = cc "max-age=10" local a = ask() local b = ask { method = m, body = m ~= "DELETE" and "x" or nil } return a .. " " .. b .. " " .. ask() end)
end
for _, m in ipairs { "HEAD", "OPTIONS", "TRACE" } do
    case("not invalidated by " .. m, "1mis hit", function() say = cc "max-age=10" local a = ask() ask { method = m } return a .. " " .. ask() end)
end
case("invalidated by a PUT with If-Match", "1mis 1- 1mis", function() say = cc "max-age=10" local a = ask() local b = ask { method = "PUT", body = "x", headers = { ["If-Match"] = '"1"' } } return a .. " " .. b .. " " .. ask() end)
case("invalidated by a 303", "1mis 1- 1mis", function() say = cc "max-age=10" local a = ask() status, say = 303, { Location = "/x" } local b = ask { method = "POST", body = "x" } status, say = 200, cc "max-age=10" return a .. " " .. b .. " " .. ask() end)
case("not invalidated by an error", "1mis 1- hit", function() say = cc "max-age=10" local a = ask() status = 409 local b = ask { method = "POST", body = "x" } status = 200 return a .. " " .. b .. " " .. ask() end)
for _, f in ipairs { "Location", "Content-Location" } do
    case("invalidated by " .. f, "1mis", function() say = cc "max-age=10" ask() say = { [f] = "/" .. n } ask { url = o.base .. "/else", method = "POST", body = "x" } say = cc "max-age=10" return (ask()) end)
    case(f .. " of another origin does not", "hit", function() say = cc "max-age=10" ask() say = { [f] = "http://127.0.0.2:1/" .. n } ask { url = o.base .. "/else", method = "POST", body = "x" } return (ask()) end)
end
-- RFC 5861
case("stale-while-revalidate, no validator, max-age=0", "1mis sta", function() say = cc "max-age=0, stale-while-revalidate=30" local a = ask() o.now = o.now + 5 local b = ask() while next(o.cache.validating) do require("perilune.task").sleep(0.001):await() end return a .. " " .. b end)
twice("stale-while-revalidate over", "1mis 1mis", cc "max-age=1, stale-while-revalidate=30", nil, 32)
twice("stale-while-revalidate against must-revalidate", "1mis 1mis", cc "max-age=1, must-revalidate, stale-while-revalidate=30", nil, 12)
case("stale-if-error, max-age=0, no validator", "1mis 1sta", function() say = cc "max-age=0, stale-if-error=30" local a = ask() o.now = o.now + 5 say, status = {}, 503 return a .. " " .. ask() end)
case("rq stale-if-error", "1sta", function() say = { ["Cache-Control"] = "max-age=1", ETag = '"1"' } ask() o.now = o.now + 5 say, status = {}, 503 return (ask(rq "stale-if-error=60")) end)
case("stale-if-error not for 404", "1mis", function() say = { ["Cache-Control"] = "max-age=1, stale-if-error=60", ETag = '"1"' } ask() o.now = o.now + 5 say, status = {}, 404 return (ask()) end)
case("stale-if-error against must-revalidate", "1mis", function() say = { ["Cache-Control"] = "max-age=1, stale-if-error=60, must-revalidate", ETag = '"1"' } ask() o.now = o.now + 5 say, status = {}, 503 return (ask()) end)
-- cookies of a 304
case("Set-Cookie of a 304 reaches the store", "1rev v", function()
    local store = http.cookie_store()
    say = { ["Cache-Control"] = "max-age=1", ETag = '"1"' } ask { cookie_store = store } o.now = o.now + 5
    say, status = { ["Set-Cookie"] = "k=v; Max-Age=1000" }, 304
    local a = ask { cookie_store = store }
    local all = store:all()
    return a .. " " .. (all[1] and all[1].value or "none") end)
case("Age is told", "hit 7", function() say = cc "max-age=10" ask() o.now = o.now + 7 local a, r = ask() return a .. " " .. r.headers.age end)
print(n .. " cases, " .. bad .. " differ")
await(o.server:close(0))
--- exec_out
130 cases, 0 differ
exit 0
