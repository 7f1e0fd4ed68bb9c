# Routers: which route answers, what stands in its parameters, what is derived, what is refused when routes are added.
use Test::Nginx::Socket 'no_plan';

no_root_location();
our $Config = "    location / { handler app; }\n";
our $Http = <<'_EOC_';
    lua_package_path "$TEST_NGINX_HTML_DIR/?.lua;;";
_EOC_
add_block_preprocessor(sub {
    my $block = shift;
    if (!defined $block->http_config) {
        $block->set_value("http_config", $Http);
    }
    if (!defined $block->config) {
        $block->set_value("config", $Config);
    }
});

run_tests();

__DATA__

=== TEST 1: a router is a handler of the configuration: parameters, HEAD, OPTIONS, 405, 404
--- user_files
>>> app.lua
local http = require "perilune.http"
return http.router()
    :get("/users/:id", function(req) return req.params.id .. " " .. req.route.name .. "\n" end, { name = "user" })
    :delete("/users/:id", function() end)
--- pipelined_requests eval
["GET /users/7", "HEAD /users/7", "DELETE /users/7", "POST /users/7", "OPTIONS /users/7", "GET /users", "GET /users/a%20b"]
--- error_code eval
[200, 200, 204, 405, 204, 404, 200]
--- response_headers eval
["", "Content-Length: 7", "", "Allow: DELETE, GET, HEAD, OPTIONS", "Allow: DELETE, GET, HEAD, OPTIONS", "", ""]
--- response_body eval
["7 user\n", "", "", "method not allowed\n", "", "not found\n", "a b user\n"]

=== TEST 2: which of several routes that fit answers
--- user_files
>>> a.lua
local http, test = require "perilune.http", require "perilune.test"
local function say(text)
    return function(req)
        local names = {}
        for name, value in pairs(req.params) do
            names[#names + 1] = name .. "=" .. value
        end
        table.sort(names)
        return text .. " " .. table.concat(names, ",")
    end
end
local r = http.router()
r:get("/a/:name", say "name")
r:get("/a/:id", say "number", { where = { id = "%d+" } })
r:get("/a/new", say "static")
r:post("/a/:any", say "post")
r:get("/a/:x/b", say "deep")
r:get("/a/*rest", say "rest")
r:get("/f/*path", say "even", { where = { path = function(v) return #v % 2 == 0 end } })
r:any("/any", say "any")
r:put("/any", say "put")
for _, ask in ipairs { "GET /a/x", "GET /a/12", "GET /a/12x", "GET /a/new", "POST /a/new", "GET /a/new/b", "GET /a/new/c",
    "GET /a/", "GET /a", "GET /f/ab", "GET /f/abc", "DELETE /any", "PUT /any", "GET /a//b", "OPTIONS *" } do
    local method, path = ask:match("(%S+) (%S+)")
    local res = await(test.request(r, { method = method, path = path }))
    print(ask, res.status, (res.body:gsub("\n", "")))
end
--- exec
$TEST_NGINX_BINARY run $TEST_NGINX_HTML_DIR/a.lua
--- exec_out
GET /a/x	200	name name=x
GET /a/12	200	number id=12
GET /a/12x	200	name name=12x
GET /a/new	200	static 
POST /a/new	200	post any=new
GET /a/new/b	200	deep x=new
GET /a/new/c	200	rest rest=new/c
GET /a/	200	rest rest=
GET /a	404	not found
GET /f/ab	200	even path=ab
GET /f/abc	404	not found
DELETE /any	200	any 
PUT /any	200	put 
GET /a//b	200	rest rest=/b
OPTIONS *	204	

=== TEST 3: groups, middleware from the outside in, mounted routers and handlers, hosts
--- user_files
>>> a.lua
local http, test = require "perilune.http", require "perilune.test"
local function mark(letter)
    return function(handler)
        return function(req) return letter .. handler(req) end
    end
end
local function path(req) return tostring(req.mount) .. " " .. req.path .. " " .. tostring(req.params.t or req.params.id) end
local inner = http.router { middleware = { mark "I" } }
inner:get("/", path, { name = "home" }):get("/x/:id", path, { name = "x" })
local r = http.router { middleware = { mark "R" }, not_found = function() return "none" end }
r:group("/api", { middleware = { mark "G" }, name = "api.", where = { id = "%d+" } }, function(g)
    g:get("/", path, { name = "root" })
    g:get("/v/:id", path, { middleware = { mark "1", mark "2" } })
    g:group("/deep", { middleware = { mark "D" } }, function(d) d:mount("/in", inner) end)
end)
r:mount("/plain", path)
r:host("api.example.org", function(h) h:get("/h", function() return "exact" end) end)
r:host(":t.example.org", function(h) h:get("/h", path, { name = "t" }):post("/w", path) end)
r:get("/h", function() return "other" end)
for _, ask in ipairs { "/api", "/api/", "/api/v/7", "/api/v/x", "/api/deep/in", "/api/deep/in/x/5", "/api/deep/in/x/y", "/plain", "/plain/",
    "/plain/a/b", "/plainly", "/h", "/h api.example.org", "/h API.example.org", "/h shop.example.org", "/h a.b.example.org" } do
    local target, host = ask:match("(%S+) ?(%S*)")
    print(ask, await(test.request(r, { path = target, host = host })).body)
end
print(await(test.request(http.router():host("*.a.b", function(h) h:post("/w", path) end), { path = "/w", host = "x.a.b" })).headers.allow)
print(r:url_for("api.root"), r:url_for("api.home"), r:url_for("api.x", { id = 3, q = "a b" }), r:url_for("t", { t = "me" }))
print(pcall(inner.get, inner, "/late", path))
--- exec
$TEST_NGINX_BINARY run $TEST_NGINX_HTML_DIR/a.lua
--- exec_out
/api	RGnil /api nil
/api/	Rnone
/api/v/7	RG12nil /api/v/7 7
/api/v/x	Rnone
/api/deep/in	RGDInil /api/deep/in nil
/api/deep/in/x/5	RGDInil /api/deep/in/x/5 5
/api/deep/in/x/y	Rnone
/plain	R/plain / nil
/plain/	R/plain / nil
/plain/a/b	R/plain /a/b nil
/plainly	Rnone
/h	Rother
/h api.example.org	Rexact
/h API.example.org	Rexact
/h shop.example.org	Rnil /h shop
/h a.b.example.org	Rother
OPTIONS, POST
/api	/api/deep/in	/api/deep/in/x/3?q=a+b	//me.example.org/h
false	http.router: a router that is mounted takes no more routes

=== TEST 4: what is refused, and how the routes look
--- user_files
>>> a.lua
local http = require "perilune.http"
local function f() end
local r = http.router():get("/a/:id", f, { name = "a", where = { id = "%d+" } }):post("/b", f)
local function no(...) print((select(2, pcall(...)))) end
no(r.get, r, "/a/:other", f, { where = { other = "%d+" } })
no(r.post, r, "/c", f, { name = "a" })
no(r.get, r, "c", f)
no(r.get, r, "/:a/:a", f)
no(r.get, r, "/*a/b", f)
no(r.get, r, "/a:b", f)
no(r.get, r, "/:a.b", f)
no(r.get, r, "/c", nil)
no(r.get, r, "/c", f, { wher = {} })
no(r.get, r, "/c", f, { where = { id = 5 } })
no(r.get, r, "/c/:id", f, { where = { id = "%" } })
no(r.get, r, "/c/:id", f, { where = { ident = "%d+" } })
no(r.group, r, "/g", { where = { id = "[" } }, f)
no(r.get, r, "/c", f, { middleware = { function() end } })
no(r.group, r, "/c/", f)
no(r.host, r, "a.*.org", f)
no(r.mount, r, "/c", r)
no(r.url_for, r, "b")
no(r.url_for, r, "a", {})
no(r.url_for, r, "a", { id = "x" })
io.write(tostring(r))
--- exec
$TEST_NGINX_BINARY run $TEST_NGINX_HTML_DIR/a.lua
--- exec_out
http.router: GET /a/:other stands there already, as /a/:id
http.router: a route named 'a' stands there already
http.router: bad pattern 'c': it must begin with '/'
http.router: bad pattern '/:a/:a': 'a' stands twice in it
http.router: bad pattern '/*a/b': '*' stands in the last segment only
http.router: bad pattern '/a:b': ':' and '*' stand at the beginning of a segment only
http.router: bad pattern '/:a.b': 'a.b' is not a name
http.router: the handler of '/c' must be a function, not a nil
http.router: unknown option 'wher'; did you mean 'where'?
http.router: where.id must be a Lua pattern or a function
http.router: where.id: malformed pattern (ends with '%')
http.router: where.ident: pattern '/c/:id' has no such name
http.router: where.id: malformed pattern (missing ']')
http.router: middleware 1 did not return a function
http.router: bad prefix '/c/': it ends in '/'
http.router: bad host 'a.*.org'
http.router: a router cannot be mounted into itself
url_for: no route is named 'b'
url_for: route 'a' needs 'id'
url_for: 'x' cannot be 'id' of route 'a'
GET   /a/:id  a
POST  /b

=== TEST 5: a thousand routes: each is found, and its parameters
--- user_files
>>> a.lua
local http, test = require "perilune.http", require "perilune.test"
local r = http.router()
for i = 1, 1000 do
    r:get("/r" .. i .. "/:a/s/:b", function(req) return i .. req.params.a .. req.params.b end)
end
local right = 0
for i = 1, 1000 do
    local res = await(test.request(r, { path = "/r" .. i .. "/x/s/y" }))
    right = right + (res.body == i .. "xy" and 1 or 0)
end
print(right, await(test.request(r, { path = "/r1001/x/s/y" })).status)
--- exec
$TEST_NGINX_BINARY run $TEST_NGINX_HTML_DIR/a.lua
--- exec_out
1000	404


=== TEST 6: perilune routes: of a module, of a field of one, of a file; what is none
--- user_files
>>> app.lua
local http = require "perilune.http"
local r = http.router()
r:group("/users", { name = "user-" }, function(g)
    g:get("/:id", function() end, { name = "one" })
    g:route({ "PUT", "PATCH" }, "/:id", function() end)
end)
r:host("api.example.org", function(g) g:any("/*rest", function() end) end)
return r
>>> both.lua
return { public = require "app", n = 1 }
--- exec
cd $TEST_NGINX_HTML_DIR
$TEST_NGINX_BINARY routes app
$TEST_NGINX_BINARY routes app | cksum >a; for what in both.public app.lua; do $TEST_NGINX_BINARY routes $what | cksum | cmp - a && echo same; done
for what in nothing both both.n both.nothing; do $TEST_NGINX_BINARY routes $what 2>&1 | head -n 1; done
$TEST_NGINX_BINARY routes both 2>/dev/null; echo $?
$TEST_NGINX_BINARY routes 2>&1 | head -n 1
--- exec_out
GET        /users/:id             user-one
PUT,PATCH  /users/:id
*          api.example.org/*rest
same
same
perilune: module 'nothing' not found:
perilune: both is no router (http.router), but a table
perilune: both.n is no router (http.router), but a number
perilune: both.nothing is no router (http.router), but a nil
1
perilune: "routes" requires one name of a module, or of a file



=== TEST 7: locations with handlers and locations with routers in one file, middleware around both
--- config
    location = /health { handler ops.health; }
    location /api { middleware ops.mark; handler api; }
    location /old/ { rewrite ^/old(/.*)$ /api$1 last; }
    location / { return 200 "static"; }
--- user_files
>>> ops.lua
local ops = {}
function ops.health() return "fine" end
function ops.mark(handler)
    return function(req)
        local res = await(handler(req))
        return { status = res.status, headers = { ["X-Mark"] = "yes" }, body = res.body }
    end
end
return ops
>>> api.lua
local http = require "perilune.http"
local r = http.router()
r:get("/api/users/:id", function(req) return { status = 200, body = "user " .. req.params.id } end, { where = { id = "%d+" }, name = "user" })
r:get("/api/url", function() return { status = 200, body = r:url_for("user", { id = 5, tab = "a b" }) } end)
return r
--- request eval
["GET /health", "GET /api/users/7", "GET /old/users/8", "GET /api/url", "GET /api/users/x", "GET /else"]
--- error_code eval
[200, 200, 200, 200, 404, 200]
--- response_headers eval
["!X-Mark", "X-Mark: yes", "X-Mark: yes", "X-Mark: yes", "X-Mark: yes", "!X-Mark"]
--- response_body_like eval
["^fine", "^user 7", "^user 8", "^/api/users/5\\?tab=a(\\+|%20)b", "not found", "^static"]

=== TEST 8: OPTIONS * over the wire is about the server, not about its root
--- http_config
    lua_package_path "$TEST_NGINX_HTML_DIR/?.lua;;";
--- config
    location / { handler app; }
--- user_files
>>> app.lua
local r = require("perilune.http").router()
r:put("/", function() return "put" end)
return r
--- raw_request eval
"OPTIONS * HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"
--- error_code: 204
--- response_headers
!Allow

=== TEST 9: nodes that leave no choice: whole segments only, and what they become as routes are added
--- user_files
>>> a.lua
local http, test = require "perilune.http", require "perilune.test"
local r = http.router()
local function ask(...)
    local found = {}
    for i, path in ipairs { ... } do
        local res = await(test.request(r, { method = "GET", path = path }))
        found[i] = res.status == 200 and res.body or "-"
    end
    print(table.concat(found, " "))
end
local function say(name)
    return function(req)
        return name .. (req.params.id and "=" .. req.params.id or "")
    end
end
r:get("/only/text", say "text")
ask("/only/text", "/only/textual", "/only/tex", "/only", "/only/text/", "/only/text/x", "/onlyX/text", "//only/text", "/x/only/text", "/", "/onlyXtext")
r:get("/only/text/", say "slash")
ask("/only/text", "/only/text/", "/only/text//", "/only/textX")
r:get("/only/:id", say "id")
ask("/only/text", "/only/text/", "/only/7", "/only/", "/only/7/")
r:get("/named/:id/x", say "x")
ask("/named/7/x", "/named//x", "/named/7", "/named/7/xy")
r:get("/named/*id", say "rest")
ask("/named/7/x", "/named//x", "/named/7", "/named/7/xy")
r:get("/", say "root")
ask("/", "//", "/only/text")
r:get("/word/:end/:function", function(req) return req.params["end"] .. "+" .. req.params["function"] end)
ask("/word/1/2")
--- exec
$TEST_NGINX_BINARY run $TEST_NGINX_HTML_DIR/a.lua
--- exec_out
text - - - - - - - - - -
text slash - -
text slash id=7 - -
x=7 - - -
x=7 rest=/x rest=7 rest=7/xy
root - text
1+2

=== TEST 10: the tree finds what looking at each route in turn finds
--- user_files
>>> a.lua
local http, pattern = require "perilune.http", require "perilune.http.router.pattern"
local state = 7
local function below(n)
    state = state * 16807 % 2147483647
    return state % n + 1
end
local STATIC, ASKED, METHODS = { "a", "b", "ab" }, { "a", "b", "ab", "7", "" }, { "GET", "POST", "*", "HEAD" }

local function new_pattern()
    local parts, where, deep = {}, {}, below(8) == 1
    for i = 1, deep and 8 + below(4) or below(4) do
        local kind, name = deep and below(3) or below(8), "v" .. i
        parts[i] = kind < 5 and STATIC[below(deep and 1 or 3)] or ":" .. name
        where[name] = kind > 5 and below(3) > 1 and (below(2) == 1 and "%d+" or "a.*") or nil
        if kind >= 5 and not where[name] and below(5) == 1 then
            parts[i] = "*" .. name
            return parts, where
        end
    end
    return parts, where
end

-- What makes one route better than another, segment by segment: static, constrained in the order of the constraints, named, rest.
local function rank(seen, parts, where)
    local out, place = {}, ""
    for i, part in ipairs(parts) do
        local sign, constraint = part:match("^[:*]"), where["v" .. i]
        local list = place .. (sign or "")
        seen[list] = seen[list] or {}
        if constraint and not seen[list][constraint] then
            seen[list].n = (seen[list].n or 0) + 1
            seen[list][constraint] = string.char(65 + seen[list].n)
        end
        out[i] = sign == "*" and "~" or sign and (constraint and seen[list][constraint] or "Z") or "!"
        place = place .. "/" .. (sign or part) .. (constraint or "")
    end
    return table.concat(out), place
end

local function fits(route, path)
    local values, rest = {}, path
    for i, part in ipairs(route.parts) do
        local sign, constraint = part:match("^[:*]"), route.where["v" .. i]
        if rest:sub(1, 1) ~= "/" then
            return nil
        end
        local value = sign == "*" and rest:sub(2) or rest:match("^/([^/]*)")
        if not sign and value ~= part or sign and not pattern.allows(constraint, value) or sign == ":" and value == "" then
            return nil
        end
        values[#values + 1] = sign and value
        rest = rest:sub(#value + 2)
    end
    return rest == "" and table.concat(values, ",")
end

local function best(routes, method, path)
    local found, values
    for _, route in ipairs(routes) do
        local vals = fits(route, path)
        local m = route.place_methods
        local takes = m[method] or method == "HEAD" and m.GET or m["*"]
        if vals and takes == route and (not found or route.rank < found.rank) then
            found, values = route, vals
        end
    end
    return found and found.i .. " " .. values or "none"
end

local answered, compared = 0, 0
for _ = 1, 150 do
    local r, routes, places, seen = http.router { not_found = function() return "none" end,
        method_not_allowed = function() return "none" end }, {}, {}, {}
    for i = 1, 10 do
        local parts, where = new_pattern()
        local method = METHODS[below(4)]
        local text = "/" .. table.concat(parts, "/")
        if pcall(r.route, r, method, text, function(req)
            local values = {}
            for _, name in ipairs(req.route.names) do
                values[#values + 1] = req.params[name]
            end
            return i .. " " .. table.concat(values, ",")
        end, { where = where }) then
            local route = { i = i, parts = parts, where = where }
            local place
            route.rank, place = rank(seen, parts, where)
            places[place] = places[place] or {}
            places[place][method], route.place_methods = route, places[place]
            routes[#routes + 1] = route
        end
    end
    for _ = 1, 100 do
        local path = {}
        for i = 1, below(6) == 1 and 8 + below(4) or below(4) do
            path[i] = ASKED[below(5)]
        end
        local method, text = METHODS[below(2) * below(2)], "/" .. table.concat(path, "/")
        method = method == "*" and "PUT" or method
        local expected, got = best(routes, method, text), r.handler { method = method, path = text }
        compared, answered = compared + 1, answered + (expected ~= "none" and 1 or 0)
        if got ~= expected then
            print(method, text, "expected", expected, "got", got)
            print(r:table())
        end
    end
end
print(compared, answered > 4000)
--- exec
$TEST_NGINX_BINARY run $TEST_NGINX_HTML_DIR/a.lua
--- exec_out
15000	true
