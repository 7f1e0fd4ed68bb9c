# HTTP/2 as a client when the server goes, resets and changes its mind: each code at each stage (t/lib/h2_origin.py, /do).
use Test::Nginx::Socket 'no_plan';

no_root_location();
our $Config = "    location / { return 204; }\n";
our $Exec = <<'_EOC_';
P=$(readlink /proc/$(cat $TEST_NGINX_SERVROOT/logs/nginx.pid)/exe)
export PYTHONPATH=$PWD/t/lib PYTHONDONTWRITEBYTECODE=1 ORIGIN=$PWD/t/lib/h2_origin.py
cd $TEST_NGINX_HTML_DIR
cp $PYTHONPATH/h2_origin.lua peer.lua
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
        $block->set_value("timeout", 40);
    }
});
run_tests();

__DATA__

=== TEST 1: RST_STREAM with each code, before the head, behind it, in the body, behind the end
Only what was refused before a byte of the answer is sent again. A whole answer is one, whatever comes behind it.
--- user_files
>>> main.lua
package.path = "./?.lua;" .. package.path
local http, peer = require "perilune.http", require "peer"
local base, count = peer.origin()
local pool = peer.pool()
local stages = { "", "head,", "head,data:ab,", "head,data:ab,end," }
for code = 0, 14 do
    local row = { code }
    for n, before in ipairs(stages) do
        local path = "/do/" .. before .. "reset:" .. code
        row[#row + 1] = peer.text(http.get(base .. path, { pool = pool })) .. " " .. count("GET " .. path .. "\n")
    end
    print(table.concat(row, " | "))
end
print(peer.text(http.get(base .. "/ok", { pool = pool })), count("end %d"), count("goaway"))
--- exec_out
0 | reset 1 | reset 1 | reset 1 | ok 1
1 | reset 1 | reset 1 | reset 1 | ok 1
2 | reset 1 | reset 1 | reset 1 | ok 1
3 | reset 1 | reset 1 | reset 1 | ok 1
4 | reset 1 | reset 1 | reset 1 | ok 1
5 | reset 1 | reset 1 | reset 1 | ok 1
6 | reset 1 | reset 1 | reset 1 | ok 1
7 | reset 4 | reset 1 | reset 1 | ok 1
8 | reset 1 | reset 1 | reset 1 | ok 1
9 | reset 1 | reset 1 | reset 1 | ok 1
10 | reset 1 | reset 1 | reset 1 | ok 1
11 | reset 1 | reset 1 | reset 1 | ok 1
12 | reset 1 | reset 1 | reset 1 | ok 1
13 | http_1_1_required 1 | reset 1 | reset 1 | ok 1
14 | reset 1 | reset 1 | reset 1 | ok 1
ok	0	0
exit 0



=== TEST 2: RST_STREAM while a body is being sent: NO_ERROR behind a whole answer is its end, anything else is not
--- user_files
>>> main.lua
package.path = "./?.lua;" .. package.path
local http, peer, task = require "perilune.http", require "peer", require "perilune.task"
local base, count = peer.origin()
local pool = peer.pool()
local function post(path)
    local is_over, n = false, 0
    local d = http.post(base .. path, { pool = pool, throw_exceptions = false, body = function()
        n = n + 1
        if n > 1 then await(task.sleep(0.002)) end -- the first piece is used up before anything comes back
        return not is_over and "x" or nil
    end })
    local text = peer.text(d)
    is_over = true
    return text
end
for _, steps in ipairs { "answer,reset:0", "answer,reset:8", "answer", "head,data:ab,reset:0", "reset:0", "reset:7", "reset:11" } do
    print(steps, post("/early/" .. steps), count("/early/" .. steps .. "\n"))
end
for _, steps in ipairs { "reset:7", "reset:11" } do
    local before = count("/early/" .. steps .. "\n")
    local d = http.post(base .. "/early/" .. steps, { pool = pool, body = function() await(task.sleep(60)) end })
    print("nothing was produced", steps, peer.text(d), count("/early/" .. steps .. "\n") - before)
end
print(peer.text(http.get(base .. "/ok", { pool = pool })), count("end"))
--- exec_out
answer,reset:0	ok	1
answer,reset:8	ok	1
answer	ok	1
head,data:ab,reset:0	reset	1
reset:0	reset	1
reset:7	reset	1
reset:11	reset	1
nothing was produced	reset:7	reset	4
nothing was produced	reset:11	reset	1
ok	0
exit 0



=== TEST 3: GOAWAY with each last stream, with and without an error, answered and cut
--- user_files
>>> main.lua
package.path = "./?.lua;" .. package.path
local http, peer = require "perilune.http", require "peer"
local base, count = peer.origin()
for _, method in ipairs { "GET", "POST" } do
    for _, steps in ipairs { "goaway:-2", "goaway:-2:11", "goaway:-2,close", "goaway:0,answer", "goaway:0:11,answer", "goaway:2,answer", "goaway:all,answer",
        "goaway:all,goaway:0,answer", "goaway:all,goaway:-2", "goaway:0,close", "goaway:0,head,data:ab,close", "head,goaway:0,data:ab,end",
        "head,goaway:-2,data:ab,end", "head,data:ab,goaway:0,wait:20,end,close" } do
        local pool = peer.pool()
        local path = "/do/" .. steps .. "/once"
        if method == "POST" then path = path:gsub("/do/", "/do/wait:0,") end
        assert(peer.text(http.get(base .. "/ok", { pool = pool })) == "ok")
        local ok, text = try_await(http.request({ url = base .. path, method = method, pool = pool, body = method == "POST" and "x" or nil, as = "string" }))
        print(method, steps, ok and text.body:gsub("%d+", "N") or text.code, count((path:gsub("%-", "%%-")) .. "\n"), peer.text(http.get(base .. "/ok", { pool = pool })))
        pool:shutdown()
    end
end
--- exec_out
GET	goaway:-2	ok N	2	ok
GET	goaway:-2:11	ok N	2	ok
GET	goaway:-2,close	ok N	2	ok
GET	goaway:0,answer	ok N	1	ok
GET	goaway:0:11,answer	ok N	1	ok
GET	goaway:2,answer	ok N	1	ok
GET	goaway:all,answer	ok N	1	ok
GET	goaway:all,goaway:0,answer	ok N	1	ok
GET	goaway:all,goaway:-2	ok N	2	ok
GET	goaway:0,close	ok N	2	ok
GET	goaway:0,head,data:ab,close	truncated	1	ok
GET	head,goaway:0,data:ab,end	ab	1	ok
GET	head,goaway:-2,data:ab,end	reset	1	ok
GET	head,data:ab,goaway:0,wait:20,end,close	ab	1	ok
POST	goaway:-2	ok N	2	ok
POST	goaway:-2:11	ok N	2	ok
POST	goaway:-2,close	ok N	2	ok
POST	goaway:0,answer	ok N	1	ok
POST	goaway:0:11,answer	ok N	1	ok
POST	goaway:2,answer	ok N	1	ok
POST	goaway:all,answer	ok N	1	ok
POST	goaway:all,goaway:0,answer	ok N	1	ok
POST	goaway:all,goaway:-2	ok N	2	ok
POST	goaway:0,close	closed	1	ok
POST	goaway:0,head,data:ab,close	truncated	1	ok
POST	head,goaway:0,data:ab,end	ab	1	ok
POST	head,goaway:-2,data:ab,end	reset	1	ok
POST	head,data:ab,goaway:0,wait:20,end,close	ab	1	ok
exit 0



=== TEST 4: requests that cross a GOAWAY: those beyond it go to another connection, those before it are answered
--- user_files
>>> main.lua
package.path = "./?.lua;" .. package.path
local http, peer = require "perilune.http", require "peer"
local base, count = peer.origin()
local pool = peer.pool()
assert(peer.text(http.get(base .. "/ok", { pool = pool })) == "ok")
local all = { http.post(base .. "/hold", { pool = pool, body = "x", as = "string" }) }
all[2] = http.get(base .. "/goaway", { pool = pool, as = "string" })
for i = 3, 12 do all[i] = http.request({ url = base .. "/ok", method = i % 2 == 0 and "POST" or "GET", body = i % 2 == 0 and "x" or nil, pool = pool, as = "string" }) end
local told = {}
for i, d in ipairs(all) do told[i] = await(d).body end
print(table.concat(told, " | "))
for _, s in pairs(pool:stats()) do print(s.failed, s.queue) end
--- exec_out
held 1 | ok 2 | ok 2 | ok 2 | ok 2 | ok 2 | ok 2 | ok 2 | ok 2 | ok 2 | ok 2 | ok 2
0	0
exit 0



=== TEST 5: settings that change: windows below zero, no streams and then some, tables of heads, what is unknown
--- user_files
>>> main.lua
package.path = "./?.lua;" .. package.path
local http, peer, task = require "perilune.http", require "peer", require "perilune.task"
local base, count = peer.origin()
local pool = peer.pool { connections_per_host = 1 }
local function text(path, o) o = o or {} o.pool, o.url, o.as = pool, base .. path, "string" local ok, res = try_await(http.request(o)) return ok and res.body or res.code end
print(text("/shrink", { method = "POST", body = ("x"):rep(200000) }):match("200000 200000"), count("shrunk below zero True"), count("violated"))
local held, queued = await(http.get(base .. "/do/head,settings:3:0,wait:50,settings:3:2,data:ab,end", { pool = pool })), {}
for i = 1, 5 do queued[i] = http.get(base .. "/ok", { pool = pool, as = "string" }) end
for i = 1, 5 do queued[i] = await(queued[i]).body end
print(await(held:text()), table.concat(queued, " "))
for _, size in ipairs { 0, 4096, 100, 65536, 4294967295 } do
    print(size, text("/do/settings:1:" .. size .. ",answer"), text("/named", { headers = { ["X-Long"] = ("y"):rep(200) } }):match("^GET"), text("/ok"))
end
print(text("/do/settings:5:16384,settings:6:100,settings:77:1,answer"), text("/ok")) -- the least frame, a small list of fields, unknown
for _, frame in ipairs { "2:here:0000000010", "2:conn:", "16:conn:00000001753d31", "10:conn:000061", "12:conn:", "99:here:00", "99:conn:ff", "2:here:00" } do
    print(frame, text("/do/frame:" .. frame .. ",answer"))
end
for _, bad in ipairs { "settings:2:1", "settings:2:2", "settings:4:2147483648", "settings:5:16383", "settings:5:16777216", "settings:8:2" } do
    print(bad, text("/do/" .. bad .. ",answer"), text("/ok"))
end
--- exec_out
200000 200000	1	0
ab	ok 1 ok 1 ok 1 ok 1 ok 1
0	ok 1	GET	ok 1
4096	ok 1	GET	ok 1
100	ok 1	GET	ok 1
65536	ok 1	GET	ok 1
4294967295	ok 1	GET	ok 1
ok 1	ok 1
2:here:0000000010	ok 1
2:conn:	protocol
16:conn:00000001753d31	protocol
10:conn:000061	ok 3
12:conn:	ok 3
99:here:00	ok 3
99:conn:ff	ok 3
2:here:00	protocol
settings:2:1	protocol	ok 5
settings:2:2	protocol	ok 6
settings:4:2147483648	protocol	ok 7
settings:5:16383	protocol	ok 8
settings:5:16777216	protocol	ok 9
settings:8:2	protocol	ok 10
exit 0



=== TEST 6: interim heads, trailers and ends in each order
--- user_files
>>> main.lua
package.path = "./?.lua;" .. package.path
local http, peer = require "perilune.http", require "peer"
local base, count = peer.origin()
local pool = peer.pool()
for _, steps in ipairs { "head,data:ab,trailers", "head,trailers", "trailers", "head,head", "head,data:ab,head", "head,end,data:ab", "head,end,head", "data:ab", "end",
    "head,data:ab,close", "head,close", "close", "head,data:ab,trailers,trailers" } do
    local ok, res = try_await(http.get(base .. "/do/" .. steps, { pool = pool }))
    local body, trailers = "-", nil
    if ok then
        local whole, what = try_await(res:text())
        body = whole and what or what.code
        trailers = whole and await(res:trailers())["x-sum"] or nil
    end
    print(steps, ok and res.status or res.code, body, trailers, peer.text(http.get(base .. "/ok", { pool = pool })))
end
--- exec_out
head,data:ab,trailers	200	ab	7	ok
head,trailers	200		7	ok
trailers	protocol	-	nil	ok
head,head	200	protocol	nil	ok
head,data:ab,head	200	protocol	nil	ok
head,end,data:ab	200		nil	ok
head,end,head	200		nil	ok
data:ab	protocol	-	nil	ok
end	protocol	-	nil	ok
head,data:ab,close	200	truncated	nil	ok
head,close	200	truncated	nil	ok
close	closed	-	nil	ok
head,data:ab,trailers,trailers	200	ab	7	ok
exit 0
