# Sessions in cookies, shared dictionaries, stores of one's own: what is read, stored, sent, and when they end.
use Test::Nginx::Socket 'no_plan';

our $Http = <<'_EOC_';
    lua_package_path "$TEST_NGINX_HTML_DIR/?.lua;;";
    lua_shared_dict sessions 1m;
_EOC_
add_block_preprocessor(sub {
    my $block = shift;
    if (!defined $block->http_config) {
        $block->set_value("http_config", $Http);
    }
    if (!defined $block->config) {
        $block->set_value("config", "    location / { handler app; }\n");
    }
});

no_root_location();
run_tests();

__DATA__

=== TEST 1: in the cookie: set when there is data, changed, deleted; nothing without data
--- user_files
>>> visitor.lua
local test = require "perilune.test"
-- A browser with one cookie: prints status, body and what happened to the cookie.
return function(app, name)
    name = name or "session"
    local visitor = { value = nil }
    function visitor.ask(path, spec)
        spec = spec or {}
        spec.path = path
        spec.headers = { Cookie = visitor.value and name .. "=" .. visitor.value or nil }
        local res = await(test.request(app, spec))
        local set = res.headers["set-cookie"]
        local value = set and set:match("^" .. name .. "=([^;]*)")
        local what = not set and "kept" or value == "" and "deleted" or visitor.value and "changed" or "set"
        if value then
            visitor.value = value ~= "" and value or nil
        end
        print(path, res.status, res.body, what, set and set:match(";.*$") or "")
        return res
    end
    return visitor
end
>>> counter.lua
-- What the tests visit: a counter, login, logout.
local http = require "perilune.http"
return function(opts)
    local r = http.router { middleware = { http.middleware.session(opts) } }
    r:get("/none", function() return "none" end)
    r:get("/look", function(req)
        local s = await(req:session())
        return tostring(s.data.n) .. " " .. tostring(s.is_new)
    end)
    r:get("/count", function(req)
        local data = await(req:session()).data
        data.n = (data.n or 0) + 1
        data.list = data.list or { 1, { deep = true }, [7] = "sparse" }
        return tostring(data.n)
    end)
    r:get("/login", function(req)
        local s = await(req:session())
        s:renew()
        s.data.user = "me"
        return "in"
    end)
    r:get("/clear", function(req)
        await(req:session()).data.n = nil
        await(req:session()).data.list = nil
        return "cleared"
    end)
    r:get("/logout", function(req)
        await(req:session()):destroy()
        return "out"
    end)
    return r
end
>>> a.lua
local app = require "counter" { keys = { ("n"):rep(16), ("o"):rep(16) } }
local v = require "visitor" (app)
for _, path in ipairs { "/none", "/look", "/count", "/none", "/look", "/count", "/look", "/clear", "/look", "/count", "/logout", "/look", "/logout" } do
    v.ask(path)
end
print(require("perilune.http").cookie.format("session", v.value or "x"):find("list") == nil)
-- keys that change: who came with the old one gets the new one
local old = require "visitor" (require "counter" { keys = ("o"):rep(16) })
old.ask("/count")
v.value = old.value
v.ask("/look")
v.ask("/look")
v.value = v.value:sub(1, -3) .. "AA"
v.ask("/look")
v.value = "rubbish"
v.ask("/look")
--- exec
cd $TEST_NGINX_HTML_DIR; timeout 100 $TEST_NGINX_BINARY run a.lua 2>&1
--- exec_out
/none	200	none	kept	
/look	200	nil true	kept	
/count	200	1	set	; Path=/; HttpOnly; SameSite=Lax
/none	200	none	kept	
/look	200	1 false	kept	
/count	200	2	changed	; Path=/; HttpOnly; SameSite=Lax
/look	200	2 false	kept	
/clear	200	cleared	deleted	; Path=/; Max-Age=0; HttpOnly; SameSite=Lax
/look	200	nil true	kept	
/count	200	1	set	; Path=/; HttpOnly; SameSite=Lax
/logout	200	out	deleted	; Path=/; Max-Age=0; HttpOnly; SameSite=Lax
/look	200	nil true	kept	
/logout	200	out	kept	
true
/count	200	1	set	; Path=/; HttpOnly; SameSite=Lax
/look	200	1 false	changed	; Path=/; HttpOnly; SameSite=Lax
/look	200	1 false	kept	
/look	200	nil true	kept	
/look	200	nil true	kept	

=== TEST 2: in the cookie: idle and absolute timeouts, cookies that outlive the browser
--- user_files
>>> a.lua
local http, test, time = require "perilune.http", require "perilune.test", require "perilune.time"
local function app(opts)
    return http.middleware.session(opts) (function(req)
        local s = await(req:session())
        if req.path == "/login" then s:renew() end
        s.data.began = s.data.began or time.now()
        return tostring(s.data.began)
    end)
end
local clock = time.mock_clock(1000)
time.with_clock(clock, function()
    local value
    local function ask(a, seconds, path)
        clock:advance(seconds)
        local res = await(test.request(a, { path = path, scheme = "https", headers = { Cookie = value and "__Host-s=" .. value or nil } }))
        local set = res.headers["set-cookie"]
        value = set and set:match("=([^;]*)") or value
        print(time.now(), res.body, set and set:match(";.*$"))
    end
    local a = app { keys = ("k"):rep(16), name = "__Host-s", idle = 100, absolute = 300 }
    ask(a, 0)
    ask(a, 5) -- not worth a new cookie
    ask(a, 90)
    ask(a, 101)
    value = nil
    ask(a, 0)
    for _ = 1, 4 do ask(a, 90) end
    ask(a, 0, "/login")
    for _ = 1, 3 do ask(a, 90) end
    local b = app { keys = ("k"):rep(16), name = "__Host-s", idle = 100, absolute = 150, persistent = true }
    value = nil
    ask(b, 0)
    ask(b, 90)
end)
--- exec
timeout 100 $TEST_NGINX_BINARY run $TEST_NGINX_HTML_DIR/a.lua 2>&1
--- exec_out
1000	1000	; Path=/; Secure; HttpOnly; SameSite=Lax
1005	1000	nil
1095	1000	; Path=/; Secure; HttpOnly; SameSite=Lax
1196	1196	; Path=/; Secure; HttpOnly; SameSite=Lax
1196	1196	; Path=/; Secure; HttpOnly; SameSite=Lax
1286	1196	; Path=/; Secure; HttpOnly; SameSite=Lax
1376	1196	; Path=/; Secure; HttpOnly; SameSite=Lax
1466	1196	; Path=/; Secure; HttpOnly; SameSite=Lax
1556	1556	; Path=/; Secure; HttpOnly; SameSite=Lax
1556	1556	; Path=/; Secure; HttpOnly; SameSite=Lax
1646	1556	; Path=/; Secure; HttpOnly; SameSite=Lax
1736	1556	; Path=/; Secure; HttpOnly; SameSite=Lax
1826	1556	; Path=/; Secure; HttpOnly; SameSite=Lax
1826	1826	; Path=/; Max-Age=100; Secure; HttpOnly; SameSite=Lax
1916	1826	; Path=/; Max-Age=60; Secure; HttpOnly; SameSite=Lax

=== TEST 3: in a dictionary: identifiers are not in it, are renewed, end for all; over HTTP
--- user_files
>>> app.lua
local http, shared, test = require "perilune.http", require "perilune.shared", require "perilune.test"
local dict = shared.sessions
local function handle(req)
    local s = await(req:session())
    if req.path == "/login" then s:renew() end
    if req.path == "/logout" then s:destroy() return "out" end
    if req.path == "/slow" then
        await(req.gate)
        s.data.late = true
        return "late"
    end
    if req.path ~= "/look" then s.data.n = (s.data.n or 0) + 1 end
    return tostring(s.data.n)
end
local app = http.middleware.session { dict = "sessions", idle = 100, absolute = 1000 } (handle)
local function ask(path, id, extra)
    local req = function(r) if extra then rawset(r, "gate", extra) end return app(r) end
    local d = test.request(req, { path = path, headers = { Cookie = id and "session=" .. id or nil } })
    if extra then return d end
    local res = await(d)
    return res.headers["set-cookie"] and res.headers["set-cookie"]:match("=([^;]*)"), res.body
end
return function(req)
    local out = {}
    local function say(...) out[#out + 1] = table.concat({ ... }, " ") end
    dict:flush_all()
    dict:flush_expired()
    say(tostring(ask("/look")), #dict:get_keys())
    local id = ask("/")
    local key = dict:get_keys()[1]
    say(#id, #key, tostring(key:find(id, 1, true)), key:match("^session:") or "", dict:ttl(key) > 90 and dict:ttl(key) <= 100 and "ttl" or "no")
    say(tostring(ask("/look", id)), select(2, ask("/look", id)))
    say(tostring(ask("/", id)), select(2, ask("/look", id)))
    dict:expire(key, 50)
    say(tostring(ask("/look", id)), dict:ttl(key) > 90 and "touched" or "not")
    dict:expire(key, 97)
    say(tostring(ask("/look", id)), dict:ttl(key) <= 97 and "not touched" or "touched")
    local new = ask("/login", id)
    say(new ~= id and #new == 43 and "renewed" or "same", #dict:get_keys(), tostring(select(2, ask("/look", id))), (select(2, ask("/look", new))))
    -- one that nobody has given out is not taken over
    local given = ask("/", "chosen-by-somebody-else")
    say(given ~= "chosen-by-somebody-else" and "own" or "taken")
    -- one that ends while another request changes it stays ended
    local gate = require("perilune.deferred").deferred()
    local late = ask("/slow", new, gate)
    require("perilune.task").yield()
    say(tostring(ask("/logout", new)), tostring(dict:get(key)))
    gate:success(true)
    say(await(late).body, tostring(select(2, ask("/look", new))))
    dict:set(dict:get_keys()[1], "rubbish")
    say(tostring(select(2, ask("/look", given))))
    return table.concat(out, "\n") .. "\n"
end
--- request
GET /
--- response_body
nil 0
43 51 nil session: ttl
nil 1
nil 2
nil touched
nil not touched
renewed 1 nil 3
own
 nil
late nil
nil

=== TEST 4: a store of one's own that waits; flash; sessions that do not fit; misuse
--- user_files
>>> a.lua
local http, test, task, deferred = require "perilune.http", require "perilune.test", require "perilune.task", require "perilune.deferred"
local kept, calls = {}, {}
local function later(value)
    return task.spawn(function() task.yield() return value end)
end
local store = {
    load = function(_, key) calls[#calls + 1] = "load" return later(kept[key] and { text = kept[key], ttl = 1 }) end,
    save = function(_, key, text, ttl, is_new) calls[#calls + 1] = "save" .. math.ceil(ttl) .. tostring(is_new) kept[key] = text return later(nil) end,
    touch = function() calls[#calls + 1] = "touch" return later(true) end,
    delete = function(_, key) calls[#calls + 1] = "delete" kept[key] = nil return later(true) end,
}
local mw = http.middleware
local app = http.router { middleware = { mw.session { store = store, idle = 60 }, mw.flash() } }
    :post("/save", function() return { status = 303, headers = { Location = "/" }, flash = { kind = "info", text = "saved" } } end)
    :get("/", function(req) local f = await(req:flash()) return f and f.text .. (await(req:flash()) == f and "" or "!") or "nothing" end)
    :get("/quiet", function() return "quiet" end)
    :get("/raise", function(req) await(req:session()).data.x = 1 error("no", 0) end)
local id
local function ask(method, path)
    local ok, res = try_await(test.request(app, { method = method, path = path, headers = { Cookie = id and "session=" .. id or nil } }))
    local set = ok and res.headers["set-cookie"]
    id = set and set:match("=([^;]*)") or id
    print(method, path, ok and res.body or tostring(res), table.concat(calls, " "))
    calls = {}
end
ask("GET", "/quiet")
ask("POST", "/save")
ask("GET", "/quiet")
ask("GET", "/")
id = nil
ask("GET", "/")
ask("GET", "/raise")
local large = mw.session { keys = ("k"):rep(16) } (function(req) await(req:session()).data.x = ("x"):rep(3000) end)
local ok, err = try_await(test.request(large))
print(ok, err.code, err.message)
for _, opts in ipairs { {}, { keys = "x", dict = "y" }, { keys = "short" }, { dict = "none" }, { keys = ("k"):rep(16), name = "a b" },
    { keys = ("k"):rep(16), attributes = { same_site = "odd" } }, { kyes = "" } } do
    print((select(2, pcall(mw.session, opts)):gsub("^.-%.lua:%d+: ", "")))
end
--- exec
timeout 100 $TEST_NGINX_BINARY run $TEST_NGINX_HTML_DIR/a.lua 2>&1
--- exec_out
GET	/quiet	quiet	
POST	/save		save60true
GET	/quiet	quiet	
GET	/	saved	load delete
GET	/	nothing	
GET	/raise	error: no	
false	too_large	a session of 3030 bytes does not fit into a cookie
middleware.session: one of the options 'keys', 'dict', 'redis' and 'store' is needed
middleware.session: one of the options 'keys', 'dict', 'redis' and 'store' is needed
middleware.session: a key must be a string of at least 16 bytes
middleware.session: no lua_shared_dict is named 'none'; in a script, require('perilune.shared').declare('none') makes it
middleware.session: option 'name' must be a token (no blanks, no separators), not 'a b'
middleware.session: option 'attributes': cookie 'session': 'same_site' is none of strict, lax, none
middleware.session: unknown option 'kyes'; did you mean 'keys'?

=== TEST 5: middleware around a handler that passes its request on, and one that is a WebSocket
--- config
    location = /back { return 200 "back\n"; }
    location / { handler app; }
--- user_files
>>> app.lua
local http, mw = require "perilune.http", require("perilune.http").middleware
local function pass(req)
    return http.proxy(req, "http://127.0.0.1:" .. req.server_port .. "/back")
end
return http.middleware.around(pass, { mw.error_pages(), mw.session { keys = ("k"):rep(16) }, mw.timing(), mw.cookies(), mw.security_headers() })
--- request
GET /any
--- response_body
back
--- no_error_log
[error]


=== TEST 6: a store that cannot be asked is 503 for those who need their session
--- user_files
>>> a.lua
local http, test, failure, stream = require "perilune.http", require "perilune.test", require "perilune.failure", require "perilune.stream"
local fails = {}
local function may(name, value)
    return function()
        if fails[name] then error(fails[name], 0) end
        return value
    end
end
local store = { load = may("load", { text = require("string.buffer").encode { data = { n = 1 }, created = os.time() }, ttl = 60 }), save = may "save", delete = may "delete", touch = may "touch" }
local body
local app = http.router { middleware = { http.middleware.session { store = store } } }
    :get("/quiet", function() return "quiet" end)
    :get("/look", function(req) return tostring(await(req:session()).data.n) end)
    :get("/catch", function(req) local ok, s = try_await(req:session()) return ok and "found" or s.code end)
    :get("/other", function(req) try_await(req:session()) error(failure.new("timeout", "the database"), 0) end)
    :get("/save", function(req)
        await(req:session()).data.n = 2
        body = stream.to_source { "saved" }
        return { body = body }
    end)
    :get("/end", function(req) await(req:session()):destroy() return "ended" end)
local function ask(what, err)
    fails = { [what] = err }
    for _, path in ipairs { "/quiet", "/look", "/catch", "/other", "/save", "/end" } do
        local ok, res = try_await(test.request(app, { path = path, headers = { Cookie = "session=x" } }))
        print(what, path, ok and res.status, ok and (res.body:gsub("\n", "")) or tostring(res), ok and res.headers["retry-after"] or nil, ok and res.headers["set-cookie"] and "cookie" or nil)
    end
end
ask("nothing")
ask("load", failure.new("refused", "nobody there"))
ask("save", failure.new("refused", "nobody there"))
print(body:is_closed())
ask("delete", failure.new("refused", "nobody there"))
ask("load", "a fault")
ask("save", failure.new("too_large", "too much"))
--- exec
timeout 100 $TEST_NGINX_BINARY run $TEST_NGINX_HTML_DIR/a.lua 2>$TEST_NGINX_HTML_DIR/log; sed -n 's/.*\(session: .*\)/\1/p' $TEST_NGINX_HTML_DIR/log
--- exec_out
nothing	/quiet	200	quiet	nil	nil
nothing	/look	200	1	nil	nil
nothing	/catch	200	found	nil	nil
nothing	/other	false	timeout: the database	nil	nil
nothing	/save	200	saved	nil	nil
nothing	/end	200	ended	nil	cookie
load	/quiet	200	quiet	nil	nil
load	/look	503	try again	1	nil
load	/catch	200	refused	nil	nil
load	/other	false	timeout: the database	nil	nil
load	/save	503	try again	1	nil
load	/end	503	try again	1	nil
save	/quiet	200	quiet	nil	nil
save	/look	200	1	nil	nil
save	/catch	200	found	nil	nil
save	/other	false	timeout: the database	nil	nil
save	/save	503	try again	1	nil
save	/end	200	ended	nil	cookie
true
delete	/quiet	200	quiet	nil	nil
delete	/look	200	1	nil	nil
delete	/catch	200	found	nil	nil
delete	/other	false	timeout: the database	nil	nil
delete	/save	200	saved	nil	nil
delete	/end	503	try again	1	nil
load	/quiet	200	quiet	nil	nil
load	/look	false	error: a fault	nil	nil
load	/catch	204		nil	nil
load	/other	false	timeout: the database	nil	nil
load	/save	false	error: a fault	nil	nil
load	/end	false	error: a fault	nil	nil
save	/quiet	200	quiet	nil	nil
save	/look	200	1	nil	nil
save	/catch	200	found	nil	nil
save	/other	false	timeout: the database	nil	nil
save	/save	false	too_large: too much	nil	nil
save	/end	200	ended	nil	cookie
session: refused: nobody there
session: refused: nobody there
session: refused: nobody there
session: refused: nobody there
session: refused: nobody there



=== TEST 7: what may tell of a session is private to caches, whether it sets the cookie or not
--- http_config
    lua_package_path "$TEST_NGINX_HTML_DIR/?.lua;;";
    lua_shared_dict sessions 1m;
    proxy_cache_path cache keys_zone=pages:1m;
--- config
    location /app/ { handler app; }
    location / { proxy_pass http://127.0.0.1:$TEST_NGINX_SERVER_PORT/app/; proxy_cache pages; proxy_cache_valid 200 1h; add_header X-Cache $upstream_cache_status; }
--- user_files
>>> app.lua
local http = require "perilune.http"
local r = http.router { middleware = { http.middleware.session { dict = "sessions" } } }
r:get("/app/name", function(req)
    local s = await(req:session())
    s.data.name = s.data.name or req.query.name
    return s.data.name or "nobody"
end)
r:get("/app/own", function(req)
    return { headers = { ["Cache-Control"] = "public" }, body = await(req:session()).data.name or "nobody" }
end)
r:get("/app/none", function() return "none" end)
return r
--- exec
ask() { curl -s --max-time 100 -D head "$@"; echo " $(tr -d '\r' <head | grep -iE '^(cache-control|x-cache)' | sort | tr '\n' ' ')"; }
cd $TEST_NGINX_HTML_DIR
U=http://127.0.0.1:$TEST_NGINX_SERVER_PORT
ask -c jar "$U/name?name=ada"
ask -b jar $U/name
ask $U/name
ask -b jar $U/own
ask $U/none; ask $U/none
--- exec_out
ada Cache-Control: private X-Cache: MISS 
ada Cache-Control: private X-Cache: MISS 
nobody Cache-Control: private X-Cache: MISS 
ada Cache-Control: public X-Cache: MISS 
none X-Cache: MISS 
none X-Cache: HIT 
