# perilune.process: streams, ends, signals, limits, and what becomes of processes that nobody has any more.
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

=== TEST 1: a conversation over three pipes
--- user_files
>>> main.lua
local process = require "perilune.process"
local p = process.spawn({ "sh", "-c", "while read line; do echo got $line; done; echo bye >&2; exit 4" })
print(type(p.pid), p:status())
print(await(p.stdin:put "one\n"), await(p.stdout:take()))
print(await(p.stdin:put { "tw", "o\n" }), await(p.stdout:take()))
print(await(p.stdin:close()), p.stdin:is_open(), await(p.stdin:put "late"))
print(await(p.stderr:take()), await(p.stderr:take()))
local s = await(p:wait())
print(s.reason, s.status, s.ok, p:status().status)
print(await(p.stdout:take()), p:kill(), await(p:wait()).status)
--- exec_out
number	nil
true	got one

true	got two

true	false	false
bye
	nil
exit	4	false	4
nil	false	4
exit 0



=== TEST 2: output is there after the end; half-close by shutdown; both streams in one
--- user_files
>>> main.lua
local process = require "perilune.process"
local p = process.spawn({ "sh", "-c", "cat; echo err >&2" }, { stderr = "stdout" })
print(p.stderr)
await(p.stdin:put "in ")
await(p.stdin:shutdown())
print(await(p:wait()).ok)
local all = {}
for piece in p.stdout:each() do
    all[#all + 1] = piece
end
print(table.concat(all))
--- exec_out
nil
true
in err

exit 0



=== TEST 3: run: input and output of any size, environment, directory, descriptors that are not pipes
--- user_files
>>> main.lua
local process = require "perilune.process"
local big = ("0123456789abcdef"):rep(200000)
local r = await(process.run({ "cat" }, { input = big }))
print(r.ok, r.reason, r.status, r.stdout == big, r.stderr == "")
r = await(process.run({ "sh", "-c", "echo $A$B $HOME.; pwd; exit 9" }, { env = { A = 1, B = "b" }, dir = "/usr" }))
print(r.ok, r.status, r.stdout)
r = await(process.run({ "sh", "-c", "cat; echo out; echo err >&2" }, { stdin = "null", stdout = "null" }))
print(r.ok, r.stdout, r.stderr)
io.stdout:flush()
r = await(process.run({ "echo", "to our own" }, { stdout = "inherit" }))
print(r.ok, r.stdout)
print(await(process.run({ "echo", "*", "$HOME", "a b", 5 })).stdout)
-- one that does not want its input
r = await(process.run({ "true" }, { input = big }))
print(r.ok)
--- exec_out
true	exit	0	true	true
false	9	1b .
/usr

true	nil	err

to our own
true	nil
* $HOME a b 5

true
exit 0



=== TEST 4: what goes wrong has a code; misuse names the argument
--- user_files
>>> main.lua
local process = require "perilune.process"
local function code(f, ...)
    local ok, err = pcall(f, ...)
    print(ok, type(err) == "table" and err.code .. ": " .. err.message or (tostring(err):gsub("^.-:%d+: ", "")))
end
code(process.spawn, { "/no/such" })
code(process.spawn, { "/etc/passwd" })
code(process.spawn, { "true" }, { dir = "/no/such" })
code(process.spawn, "true")
code(process.spawn, {})
code(process.spawn, { "true", {} })
code(process.spawn, { "true", "a\0b" })
code(process.spawn, { "true" }, { enw = {} })
code(process.spawn, { "true" }, { stdout = "file" })
code(process.spawn, { "true" }, { stderr = "file" })
code(process.spawn, { "true" }, { stdout = "stdout" })
local p = process.spawn { "cat" }
code(p.kill, p, "NONE")
code(p.kill, p, 10000)
p:destroy()
print(select(2, try_await(p:wait())).code, p:kill(), p.stdout:is_open())
print(select(2, try_await(process.run { "/no/such" })).code)
--- exec_out
false	not_found: /no/such cannot be started: No such file or directory
false	denied: /etc/passwd cannot be started: Permission denied
false	not_found: true cannot be started: No such file or directory
false	bad argument 'args' to process.spawn (an array of the program and its arguments expected)
false	bad argument 'args' to process.spawn (an array of the program and its arguments expected)
false	bad argument 'args' to process.spawn (strings expected, got table)
false	bad argument 'args' to process.spawn (NUL in an argument)
false	process.spawn: unknown option 'enw'; did you mean 'env'?
false	bad option 'stdout' of process.spawn ('pipe', 'null' or 'inherit' expected)
false	bad option 'stderr' of process.spawn ('pipe', 'null', 'stdout' or 'inherit' expected)
false	bad option 'stdout' of process.spawn ('pipe', 'null' or 'inherit' expected)
false	bad argument 'signal' to process:kill (no signal NONE)
false	invalid: Invalid argument
closed	false	false
not_found
exit 0



=== TEST 5: signals by name and number; several wait; giving up a wait leaves the process alone
--- user_files
>>> main.lua
local process, task = require "perilune.process", require "perilune.task"
for _, signal in ipairs { "TERM", "SIGINT", "usr1", 9 } do
    local p = process.spawn { "sleep", "60" }
    local first, second = task.spawn(function() return await(p:wait()).status end), p:wait()
    print(select(2, try_await(p:wait():timeout(0.01))).code)
    print(p:kill(signal), await(first), await(second).reason, p:status().ok)
end
--- exec_out
timeout
true	15	signal	false
timeout
true	2	signal	false
timeout
true	10	signal	false
timeout
true	9	signal	false
exit 0



=== TEST 6: a timeout, too much output and a cancel end what runs
--- user_files
>>> main.lua
local process, task = require "perilune.process", require "perilune.task"
local function gone(pid)
    for _ = 1, 5000 do
        local f = io.open("/proc/" .. pid .. "/stat")
        if not f then
            return true
        end
        f:close()
        await(task.sleep(0.01))
    end
    return false
end
local function pid_of()
    local f = io.open("pid")
    local pid = f and f:read "*n"
    if f then f:close() end
    return pid
end
local function try(args, opts, cancel)
    os.remove("pid")
    local d = process.run(args, opts)
    if cancel then
        while not pid_of() do await(task.sleep(0.01)) end
        d:cancel()
    end
    local code = select(2, try_await(d)).code
    if not pid_of() then -- it ended before it had said who it is
        return try(args, { timeout = opts.timeout * 2 })
    end
    print(code)
    print(gone(pid_of()))
end
try({ "sh", "-c", "echo $$ >pid; exec sleep 60" }, { timeout = 0.1 })
try({ "sh", "-c", "echo $$ >pid; exec yes" }, { max_output = 100000 })
try({ "sh", "-c", "echo $$ >pid; exec sleep 61" }, {}, true)
--- exec_out
timeout
true
too_large
true
cancelled
true
exit 0



=== TEST 7: a process that nobody has is killed; one whose stream or end is wanted lives on
--- user_files
>>> main.lua
local process, task = require "perilune.process", require "perilune.task"
local function lives(pid)
    return io.open("/proc/" .. pid .. "/stat") ~= nil
end
local pid = process.spawn({ "sleep", "60" }).pid
local out = process.spawn({ "sh", "-c", "read x; echo still here" }, { stdin = "inherit" })
local stdout = out.stdout
out = nil
local wait = process.spawn({ "sleep", "0.2" }):wait()
for _ = 1, 1000 do
    collectgarbage()
    if not lives(pid) then
        break
    end
    await(task.sleep(0.01))
end
print(lives(pid))
print(await(stdout:take()), await(wait).ok)
--- exec
P=$(readlink /proc/$(cat $TEST_NGINX_SERVROOT/logs/nginx.pid)/exe)
cd $TEST_NGINX_HTML_DIR; (sleep 0.5; echo) | timeout 100 $P run main.lua 2>&1; echo exit $?
--- exec_out
false
still here
	true
exit 0



=== TEST 8: many at once: no descriptor and no zombie stays
--- user_files
>>> main.lua
local process, deferred = require "perilune.process", require "perilune.deferred"
local ffi = require "ffi"
ffi.cdef "int fcntl(int fd, int command, ...);"
local function count()
    local n = 0
    for fd = 0, 4095 do
        n = n + (ffi.C.fcntl(fd, 1) >= 0 and 1 or 0)
    end
    return n
end
await(process.run { "true" })
collectgarbage() collectgarbage()
local before = count()
for _ = 1, 5 do
    local all = {}
    for i = 1, 40 do
        all[i] = process.run({ "sh", "-c", "cat; exit " .. i }, { input = tostring(i) })
    end
    for i, r in ipairs(await(deferred.zip(unpack(all)))) do
        assert(r.status == i and r.stdout == tostring(i))
    end
end
collectgarbage() collectgarbage()
print(count() == before)
print(await(process.run { "sh", "-c", "ps -o stat= --ppid $PPID | grep -c Z" }).stdout)
--- exec_out
true
0

exit 0



=== TEST 9: in a handler: a page from a program, and the program ends with its client
--- http_config
    lua_package_path "$TEST_NGINX_HTML_DIR/?.lua;;";
--- config
    location /upper { handler app.upper; }
--- user_files
>>> app.lua
local process = require "perilune.process"
local app = {}
function app.upper(req)
    local p = process.spawn { "tr", "a-z", "A-Z" }
    await(p.stdin:put(await(req:text())))
    await(p.stdin:close())
    return { headers = { ["content-type"] = "text/plain" }, body = function()
        return await(p.stdout:take())
    end }
end
return app
--- request
POST /upper
shout
--- exec: true
--- response_body chomp
SHOUT
