# perilune.worker_thread: what goes both ways, errors, queues, what a machine for threads has.
use Test::Nginx::Socket 'no_plan';

no_root_location();
our $Exec = <<'_EOC_';
P=$(readlink /proc/$(cat $TEST_NGINX_SERVROOT/logs/nginx.pid)/exe)
cd $TEST_NGINX_HTML_DIR; timeout 100 $P run main.lua 2>&1; echo exit $?
_EOC_
add_block_preprocessor(sub {
    my $block = shift;
    if (!defined $block->config) {
        $block->set_value("config", "    location / { return 204; }\n");
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

=== TEST 1: values of every kind go both ways, as copies
--- user_files
>>> work.lua
local work = {}
function work.same(...)
    return { n = select("#", ...), ... }
end
function work.kinds(...)
    local kinds = {}
    for i = 1, select("#", ...) do
        kinds[i] = type((select(i, ...)))
    end
    return table.concat(kinds, " ")
end
local n = 0
function work.count()
    n = n + 1
    return n
end
function work.nothing() end
return work
>>> main.lua
local worker_thread = require "perilune.worker_thread"
local json = require "perilune.json"
local t = { 1, "two", { three = { [4.5] = false } }, [true] = "\0binary" }
local r = await(worker_thread.run("work", "same", nil, true, -0.5, "s", t, json.null, nil))
print(r.n, r[1], r[2], r[3], r[4], r[5][2], r[5][3].three[4.5], r[5][true] == "\0binary", r[6] == json.null, r[7])
print(r[5] ~= t, await(worker_thread.run("work", "kinds", nil, 1, "", {}, false, json.null)))
print(await(worker_thread.run("work", "count")), await(worker_thread.run("work", "count")))
print(await(worker_thread.run("work", "nothing")))
print(#await(worker_thread.run("string", "rep", "x", 3000000)), await(worker_thread.pool("default"):run("math", "max", 3, 9)))
--- exec_out
7	nil	true	-0.5	s	two	false	true	true	nil
true	nil number string table boolean userdata
1	2
nil
3000000	9
exit 0



=== TEST 2: what goes wrong has a code
--- user_files
>>> work.lua
local work = {}
function work.raise(what) error(what) end
function work.raise_table() error({}) end
function work.give_function() return { f = print } end
return work
>>> flat.lua
return 5
>>> main.lua
local worker_thread = require "perilune.worker_thread"
local function code(...)
    local ok, err = pcall(worker_thread.run, ...)
    if ok then
        ok, err = try_await(err)
    end
    print(ok, type(err) == "table" and err.code .. ": " .. err.message:gsub("\n.*", "") or (tostring(err):gsub("^.-:%d+: ", "")))
end
code("work", "raise", "no luck")
code("work", "raise_table")
code("work", "no_such")
code("flat", "f")
code("no.such.module", "f")
code("work", "raise", print)
code("work", "give_function")
local loop = {}
loop.again = loop
code("work", "raise", loop)
code("work", nil)
code({}, "f")
print(select(2, try_await(worker_thread.pool("other"):run("work", "raise"))))
print(await(worker_thread.run("math", "min", 5, 6)))
--- exec_out
false	error: ./work.lua:2: no luck
false	error: unknown reason
false	error: module 'work' has no function 'no_such'
false	error: module 'flat' is not a table
false	error: module 'no.such.module' not found:
false	unsupported: unsupported Lua type: LUA_TFUNCTION
false	error: unsupported Lua type: LUA_TFUNCTION in the return value
false	unsupported: suspicious circular references, table depth exceed max depth: 100
false	bad argument 'name' to worker_thread.run (string expected, got nil)
false	bad argument 'module' to worker_thread.run (string expected, got table)
not_found: there is no thread_pool 'other'
5
exit 0



=== TEST 3: the loop goes on while they block; more calls than machines wait for their turn
--- user_files
>>> work.lua
return {
    wait_for = function(path)
        local f
        repeat
            f = io.open(path)
        until f
        f:close()
        return path
    end,
    square = function(n) return n * n end,
}
>>> main.lua
local worker_thread, deferred = require "perilune.worker_thread", require "perilune.deferred"
local task = require "perilune.task"
local blocked = worker_thread.run("work", "wait_for", "file")
local all = {}
for i = 1, 200 do
    all[i] = worker_thread.run("work", "square", i)
end
local sum = 0
for _, n in ipairs(await(deferred.zip(unpack(all)))) do
    sum = sum + n
end
print(sum, blocked:is_realized())
await(task.sleep(0.01))
io.open("file", "w"):close()
print(await(blocked))
--- exec_out
2686700	false
file
exit 0



=== TEST 4: giving up does not end the function, and its machine comes back
--- user_files
>>> work.lua
local function wait_for(path)
    local f
    repeat
        f = io.open(path)
    until f
    f:close()
end
return {
    first = function() wait_for("go") io.open("done", "w"):close() end,
    second = function() wait_for("done") return "after the first" end,
}
>>> main.lua
local worker_thread = require "perilune.worker_thread"
for _ = 1, 9 do -- of 10 machines
    worker_thread.run("work", "first"):timeout(0.02):on_realized(nil, function() end)
end
print(select(2, try_await(worker_thread.run("work", "first"):timeout(0.05))).code)
local waits = worker_thread.run("work", "second")
local cancelled = worker_thread.run("work", "second")
cancelled:cancel()
print(select(2, try_await(cancelled)).code)
io.open("go", "w"):close()
print(await(waits))
--- exec_out
timeout
cancelled
after the first
exit 0



=== TEST 5: a machine for threads has the part of ngx.* that needs no request, json, what checks options, and coroutines that do not nest without end
--- user_files
>>> work.lua
return {
    all = function()
        local json = require "perilune.json"
        return table.concat({
            ngx.md5("hello"), ngx.encode_base64("hello"), ngx.decode_base64("aGVsbG8="), ngx.crc32_short("hello"),
            ngx.escape_uri("a b"), ngx.unescape_uri("a%20b"), ngx.encode_args({ a = "b c" }),
            ngx.decode_args("x=1&y=%20").y, ngx.quote_sql_str("it's"), ngx.encode_base64(ngx.hmac_sha1("k", "s")),
            json.encode({ 1, json.null }), json.decode("[1,2]")[2], ngx.config.subsystem,
            tostring(ngx.null == json.null), tostring(ngx.say), tostring(await),
        }, "|")
    end,
    check = function(given)
        return select(2, pcall(require("perilune.options").check, given, { port = "port" }, "work", -1))
    end,
    nest = function()
        local function wrapped() coroutine.wrap(wrapped)() end
        local ok, err = pcall(wrapped)
        return tostring(ok) .. " " .. err:match("C stack overflow$")
    end,
}
>>> main.lua
local run = require("perilune.worker_thread").run
print(await(run("work", "all")))
print(await(run("work", "check", { prot = 1 })))
print(await(run("work", "nest")))
--- exec_out
5d41402abc4b2a76b9719d911017c592|aGVsbG8=|hello|907060870|a%20b|a b|a=b%20c| |'it\'s'|Nueo+nrDeGemlbnLrTFr6LH2CI4=|[1,null]|2|http|true|nil|nil
work: unknown option 'prot'; did you mean 'port'?
false C stack overflow
exit 0



=== TEST 6: a script may end while a thread works
--- user_files
>>> work.lua
return { forever = function() while true do end end }
>>> main.lua
require("perilune.worker_thread").run("work", "forever")
require("perilune.task").nap(0.05)
print("leaving")
os.exit(3)
--- exec_out
leaving
exit 3
