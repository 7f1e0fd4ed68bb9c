# Stores of cookies, point by point: RFC 6265 and its revision, the public suffix list, files.
use Test::Nginx::Socket 'no_plan';

no_root_location();
our $Config = "    location / { return 204; }\n";
our $Exec = <<'_EOC_';
P=$(readlink /proc/$(cat $TEST_NGINX_SERVROOT/logs/nginx.pid)/exe)
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
});

run_tests();

__DATA__

=== TEST 1: what is taken, from where, and to where it goes back
--- user_files
>>> main.lua
local http, url = require "perilune.http", require "perilune.http.url"
local function u(text) return (url.parse(text)) end
local function try(from, cookie, ...)
    local store = http.cookie_store { public_suffix = { "co.uk" } }
    local ok = store:set(u(from), cookie)
    local out = {}
    for _, to in ipairs { ... } do
        local fields = {}
        store:give(u(to), fields)
        out[#out + 1] = fields[2] or "-"
    end
    print(cookie:sub(1, 60), ok, table.concat(out, " | "))
end
print "host and domain"
try("http://a.b.example/x/y", "k=v", "http://a.b.example/x/z", "http://a.b.example/x", "http://a.b.example/", "http://c.a.b.example/x/", "http://b.example/x/")
try("http://a.b.example/", "k=v; Domain=b.example", "http://b.example/", "http://x.b.example/", "http://xb.example/", "https://a.b.example:8443/")
try("http://a.b.example/", "k=v; domain=.B.EXAMPLE", "http://b.example/")
try("http://a.b.example/", "k=v; Domain=c.example")
try("http://a.b.example/", "k=v; Domain=x.a.b.example")
try("http://a.b.example/", "k=v; Domain=example")
try("http://a.co.uk/", "k=v; Domain=co.uk")
try("http://co.uk/", "k=v; Domain=co.uk", "http://co.uk/", "http://a.co.uk/")
try("http://a.b.example/", "k=v; Domain=b.example; Domain=", "http://a.b.example/", "http://b.example/")
try("http://127.0.0.1/", "k=v; Domain=127.0.0.1", "http://127.0.0.1/", "http://1.127.0.0.1/")
try("http://127.0.0.1/", "k=v; Domain=0.0.1")
try("http://[::1]/", "k=v", "http://[::1]/", "http://[::2]/")
print "path"
try("http://a.example/", "k=v; Path=/p", "http://a.example/p", "http://a.example/p/q", "http://a.example/pq", "http://a.example/p?q", "http://a.example/")
try("http://a.example/p/q", "k=v; Path=no", "http://a.example/p/", "http://a.example/")
print "secure, prefixes, SameSite"
try("https://a.example/", "k=v; Secure", "https://a.example/", "http://a.example/")
try("http://a.example/", "k=v; Secure")
try("https://a.example/", "__Secure-k=v")
try("https://a.example/", "__secure-k=v")
try("https://a.example/", "__Secure-k=v; Secure", "https://a.example/")
try("https://a.example/", "__Host-k=v; Secure; Path=/", "https://a.example/")
try("https://a.example/", "__HOST-k=v; Secure; Path=/x")
try("https://a.example/", "__Host-k=v; Secure; Path=/; Domain=a.example")
try("https://a.example/", "k=v; SameSite=None")
try("https://a.example/", "k=v; SameSite=None; Secure", "https://a.example/")
print "time"
try("http://a.example/", "k=v; Max-Age=0", "http://a.example/")
try("http://a.example/", "k=v; Max-Age=-5", "http://a.example/")
try("http://a.example/", "k=v; Max-Age=60; Expires=Thu, 01 Jan 1970 00:00:00 GMT", "http://a.example/")
try("http://a.example/", "k=v; Expires=Thu, 01-Jan-70 00:00:00 GMT", "http://a.example/")
try("http://a.example/", "k=v; Expires=nonsense", "http://a.example/")
try("http://a.example/", "k=v; Max-Age=1x", "http://a.example/")
print "form"
try("http://a.example/", "  k  =  v w  ;x", "http://a.example/")
try("http://a.example/", 'k="v=1"', "http://a.example/")
try("http://a.example/", "k=", "http://a.example/")
try("http://a.example/", "novalue")
try("http://a.example/", "=v")
try("http://a.example/", "k=a\1b")
try("http://a.example/", "k=" .. ("x"):rep(4095))
try("http://a.example/", "k=v; Path=/" .. ("x"):rep(1024), "http://a.example/")
--- exec_out
host and domain
k=v	true	k=v | k=v | - | - | -
k=v; Domain=b.example	true	k=v | k=v | - | k=v
k=v; domain=.B.EXAMPLE	true	k=v
k=v; Domain=c.example	false	
k=v; Domain=x.a.b.example	false	
k=v; Domain=example	false	
k=v; Domain=co.uk	false	
k=v; Domain=co.uk	true	k=v | -
k=v; Domain=b.example; Domain=	true	k=v | -
k=v; Domain=127.0.0.1	true	k=v | -
k=v; Domain=0.0.1	false	
k=v	true	k=v | -
path
k=v; Path=/p	true	k=v | k=v | - | k=v | -
k=v; Path=no	true	k=v | -
secure, prefixes, SameSite
k=v; Secure	true	k=v | -
k=v; Secure	false	
__Secure-k=v	false	
__secure-k=v	false	
__Secure-k=v; Secure	true	__Secure-k=v
__Host-k=v; Secure; Path=/	true	__Host-k=v
__HOST-k=v; Secure; Path=/x	false	
__Host-k=v; Secure; Path=/; Domain=a.example	false	
k=v; SameSite=None	false	
k=v; SameSite=None; Secure	true	k=v
time
k=v; Max-Age=0	true	-
k=v; Max-Age=-5	true	-
k=v; Max-Age=60; Expires=Thu, 01 Jan 1970 00:00:00 GMT	true	k=v
k=v; Expires=Thu, 01-Jan-70 00:00:00 GMT	true	-
k=v; Expires=nonsense	true	k=v
k=v; Max-Age=1x	true	k=v
form
  k  =  v w  ;x	true	k=v w
k="v=1"	true	k="v=1"
k=	true	k=
novalue	false	
=v	false	
k=ab	false	
k=xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx	true	
k=v; Path=/xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx	true	k=v
exit 0



=== TEST 2: replacing, order, shadows, expiry, limits, policy, the file
--- user_files
>>> main.lua
local http, url = require "perilune.http", require "perilune.http.url"
local function u(text) return (url.parse(text)) end
local function show(store, to) local f = {} store:give(u(to), f) return f[2] or "-" end
local s = http.cookie_store()
s:set(u "http://a.example/", "b=1") s:set(u "http://a.example/", "a=2") s:set(u "http://a.example/", "c=3; Path=/long") s:set(u "http://a.example/", "b=4")
print(show(s, "http://a.example/long"))
s:set(u "http://a.example/", "a=; Max-Age=0")
print(show(s, "http://a.example/"), #s:all())
s = http.cookie_store()
s:set(u "https://www.a.example/", "k=secure; Secure; Domain=a.example")
print(s:set(u "http://www.a.example/", "k=plain"), s:set(u "http://a.example/x/", "k=plain; Path=/x"), s:set(u "http://www.a.example/", "other=1"), s:set(u "https://www.a.example/", "k=again"))
local day = os.time() + 401 * 86400
s = http.cookie_store()
s:set(u "http://a.example/", "k=v; Max-Age=99999999999") s:set(u "http://a.example/", "l=v; Expires=" .. os.date("!%a, %d %b %Y %H:%M:%S GMT", day + 1e6))
for _, c in ipairs(s:all()) do print(c.name, c.expires < day) end
s = http.cookie_store { accept = function(cookie, from) return cookie.name ~= "no" and from:find "^http://a" ~= nil end }
print(s:set(u "http://a.example/", "no=1"), s:set(u "http://a.example/", "yes=1"), s:set(u "http://b.example/", "yes=1"))
s = http.cookie_store()
for i = 1, 3200 do s:set(u "http://a.example/", "k" .. i .. "=v") end
print(#s:all() <= 3000, #s:all() > 1500, s:all()[#s:all()].name)
s = http.cookie_store { path = "jar" }
s:set(u "http://a.example/", "session=1") s:set(u "https://a.example/", "kept=1; Max-Age=600; Secure; HttpOnly; SameSite=Lax; Path=/p; Domain=a.example")
print(s:save())
s = http.cookie_store { path = "jar" }
local c = s:all()[1]
print(#s:all(), c.name, c.secure, c.http_only, c.same_site, c.path, c.domain, c.host_only, show(s, "https://x.a.example/p"))
io.stdout:flush()
os.execute "stat -c %a jar"
for _, text in ipairs { "{", "[1]", '[{"name":"a"}]', '[{"name":"a","value":"b","domain":"c","path":"/","expires":"x"}]' } do
    local f = io.open("jar", "w") f:write(text) f:close()
    print(select(2, pcall(http.cookie_store, { path = "jar" })).code)
end
--- exec_out
c=3; b=4; a=2
b=4	2
false	false	true	true
k	true
l	true
false	true	false
true	true	k3200
true
1	kept	true	true	Lax	/p	a.example	false	kept=1
600
invalid
invalid
invalid
invalid
exit 0



=== TEST 3: the list of public suffixes: a file's rules, wildcards, exceptions; the system's
--- user_files
>>> list
// a comment
com

co.uk
*.ck
!www.ck
食狮.公司.cn
>>> main.lua
local http, url = require "perilune.http", require "perilune.http.url"
local function set(store, host, domain) return store:set((url.parse("http://" .. host .. "/")), "k=v; Domain=" .. domain) end
local s = http.cookie_store { public_suffix = "list" }
print(set(s, "a.example.com", "example.com"), set(s, "a.com", "com"), set(s, "a.co.uk", "co.uk"), set(s, "a.b.ck", "b.ck"), set(s, "c.a.b.ck", "a.b.ck"), set(s, "a.www.ck", "www.ck"))
print(set(s, "a.xn--85x722f.xn--55qx5d.cn", "xn--85x722f.xn--55qx5d.cn"))
s = http.cookie_store()
print(set(s, "a.co.uk", "co.uk"), set(s, "a.github.io", "github.io"), set(s, "www.example.co.uk", "example.co.uk"))
print(set(http.cookie_store { public_suffix = false }, "a.co.uk", "co.uk"), set(http.cookie_store { public_suffix = "/none" }, "a.co.uk", "co.uk"))
--- exec_out
true	false	false	false	true	true
false
false	false	true
true	true
exit 0



=== TEST 4: dates of every form that RFC 6265 section 5.1.1 reads
--- user_files
>>> main.lua
local date = require "perilune.http.date"
for _, text in ipairs { "Sun, 06 Nov 1994 08:49:37 GMT", "Sunday, 06-Nov-94 08:49:37 GMT", "Sun Nov  6 08:49:37 1994", "6 Nov 94 8:49:37",
    "08:49:37 november 1994 6", "Sun/06/Nov/1994/08:49:37", "6 Nov 1994 08:49:37 +0200", "Sun, 06 Nov 1994 08:49:37abc",
    "Thu, 01 Jan 1970 00:00:00 GMT", "1 Jan 69 00:00:00", "1 Jan 70 00:00:00", "29 Feb 2020 00:00:00", "31 Dec 9999 23:59:59" } do
    print(text, date(text))
end
for _, text in ipairs { "", "Sun", "06 Nov 1994", "06 Nov 08:49:37", "Nov 1994 08:49:37", "06 1994 08:49:37", "31 Feb 2020 08:49:37", "29 Feb 2021 00:00:00",
    "29 Feb 1900 00:00:00", "0 Nov 1994 08:49:37", "32 Nov 1994 08:49:37", "6 Nov 1994 24:00:00", "6 Nov 1994 08:60:00", "6 Nov 1994 08:00:61",
    "6 Nov 1600 08:49:37", "6 Nov 19945 08:49:37", "6 Nov 1994 008:49:37", "6 Nov 1994 08:49" } do
    assert(date(text) == nil, text)
end
--- exec_out
Sun, 06 Nov 1994 08:49:37 GMT	784111777
Sunday, 06-Nov-94 08:49:37 GMT	784111777
Sun Nov  6 08:49:37 1994	784111777
6 Nov 94 8:49:37	784111777
08:49:37 november 1994 6	784111777
Sun/06/Nov/1994/08:49:37	784111777
6 Nov 1994 08:49:37 +0200	784111777
Sun, 06 Nov 1994 08:49:37abc	784111777
Thu, 01 Jan 1970 00:00:00 GMT	0
1 Jan 69 00:00:00	3124224000
1 Jan 70 00:00:00	0
29 Feb 2020 00:00:00	1582934400
31 Dec 9999 23:59:59	253402300799
exit 0
