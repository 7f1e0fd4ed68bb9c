# Streams as Lua sees them (perilune.core.stream), over the in-memory pair: each block runs a script.
use Test::Nginx::Socket 'no_plan';

no_root_location();
run_tests();

__DATA__

=== TEST 1: input is taken by what ends it, waiting where it has to
--- config
--- user_files
>>> a.lua
local s = require "perilune.core.stream"
local task = require "perilune.task"
local function wait(op, ...)
    local results = { op(...) }
    while results[1] == s.WAIT do
        coroutine.yield(s.WAIT)
        results = { op(...) }
    end
    return unpack(results)
end
local a, b = s.pair(4)
task.spawn(function()
    print(s.write(b, { "+OK\r", "\n", { 1, 2.5, "true" }, "\nall", " of it" }))
    print(wait(s.drained, b))
    s.shutdown(b)
end)
print(wait(s.read_line, a))
print(wait(s.read, a, 3))
print(wait(s.read_line, a))
print(wait(s.read_some, a, 1))
print(wait(s.read_all, a))
print(wait(s.read, a, 5))
print(s.close(a), s.close(a), s.read(a, 1))
--- exec
P=$(readlink /proc/$(cat $TEST_NGINX_SERVROOT/logs/nginx.pid)/exe)
$P run $TEST_NGINX_HTML_DIR/a.lua
--- exec_out lua
"23\tfalse\n+OK\n12.\n5true\na\ntrue\nll of it\nnil\tclosed\t\ntrue\tfalse\tnil\tclosed\n"



=== TEST 2: a delimiter is found across pieces, whole or in pieces of its own, inclusive or not
--- config
--- user_files
>>> a.lua
local s = require "perilune.core.stream"
local function wait(op, ...)
    local results = { op(...) }
    while results[1] == s.WAIT do
        coroutine.yield(s.WAIT)
        results = { op(...) }
    end
    return unpack(results)
end
local a, b = s.pair(1)
s.write(b, "hello, world!--\r\n--xyz--\r\n--abc--\r\n--partial --\r")
local plain, inclusive = s.scanner("--\r\n--"), s.scanner("--\r\n--", true)
repeat
    local piece = wait(s.read_until, a, plain, 5)
    print(piece)
until not piece
print(#wait(s.read_until, a, inclusive), wait(s.read, a, 3))
s.write(b, "x")
print(#wait(s.read_until, a, plain))
require("perilune.task").spawn(function()
    wait(s.drained, b)
    s.shutdown(b)
end)
local data, err, partial = wait(s.read_until, a, plain)
print(data, err, #partial)
--- exec
P=$(readlink /proc/$(cat $TEST_NGINX_SERVROOT/logs/nginx.pid)/exe)
$P run $TEST_NGINX_HTML_DIR/a.lua
--- exec_out lua
"hello\n, wor\nld!\nnil\n9\tabc\n0\nnil\tclosed\t12\n"



=== TEST 3: timeouts give what came before; a side has one waiter; a waiter that is cancelled leaves no trace
--- config
--- user_files
>>> a.lua
local s = require "perilune.core.stream"
local task = require "perilune.task"
local function wait(op, ...)
    local results = { op(...) }
    while results[1] == s.WAIT do
        local err = coroutine.yield(s.WAIT)
        if err then
            error(err, 0)
        end
        results = { op(...) }
    end
    return unpack(results)
end
local a, b = s.pair(4)
s.set_timeouts(a, 10, 10)
s.write(b, "par")
print(wait(s.read, a, 10))
s.set_timeouts(a, 0, 10)
local first = task.spawn(function()
    return wait(s.read, a, 1)
end)
task.yield()
print(s.read(a, 1))
print(s.busy(a))
first:cancel("not now")
print(first:try_await())
s.write(b, "x")
print(wait(s.read, a, 1))
s.write(a, "more than four")
print(wait(s.drained, a))
s.close(b, true)
print(wait(s.read, a, 1))
--- exec
P=$(readlink /proc/$(cat $TEST_NGINX_SERVROOT/logs/nginx.pid)/exe)
$P run $TEST_NGINX_HTML_DIR/a.lua
--- exec_out lua
"nil\ttimeout\tpar\nnil\tbusy\ntrue\tfalse\nfalse\tcancelled: not now\nx\nnil\ttimeout\nnil\treset\t\n"



=== TEST 4: a parked stream is closed by what its peer does, and by time
--- config
--- user_files
>>> a.lua
local s = require "perilune.core.stream"
local task = require "perilune.task"
local a, b = s.pair(4)
print(s.park(a, 0), s.unpark(a), s.park(a, 0), s.unpark(a))
s.write(b, "x")
task.nap(0.001)
print(s.park(a, 0), s.is_open(a))
local c, d = s.pair(4)
print(s.park(c, 0))
s.write(d, "x")
task.nap(0.01)
print(s.is_open(c), s.unpark(c))
local e = s.pair(4)
print(s.park(e, 5))
task.nap(0.1)
print(s.is_open(e))
--- exec
P=$(readlink /proc/$(cat $TEST_NGINX_SERVROOT/logs/nginx.pid)/exe)
$P run $TEST_NGINX_HTML_DIR/a.lua
--- exec_out lua
"true\t1\ttrue\t2\nfalse\tfalse\ntrue\nfalse\tfalse\ntrue\nfalse\n"



=== TEST 5: misuse is told
--- config
--- user_files
>>> a.lua
local s = require "perilune.core.stream"
local a = s.pair(4)
print(pcall(s.read, 1, 2))
print(pcall(s.read, a, -1))
print(pcall(s.read, a, 1.5))
print(pcall(s.read_some, a, 0))
print(pcall(s.write, a, print))
print(pcall(s.write, a, { key = 1 }))
print(pcall(s.write, a, { { {}, print } }))
print(pcall(s.scanner, ""))
print(s.write(s.new(), "x"))
local deep = {}
for _ = 1, 30 do
    deep = { deep }
end
print(pcall(s.write, a, deep))
print(s.fd(a), s.fd(s.new()), s.buffered(a))
--- exec
P=$(readlink /proc/$(cat $TEST_NGINX_SERVROOT/logs/nginx.pid)/exe)
$P run $TEST_NGINX_HTML_DIR/a.lua
--- exec_out_like
^false\tbad argument #1 to '\?' \(stream expected\)
false\tbad argument #2 to '\?' \(size out of range\)
false\tbad argument #2 to '\?' \(size out of range\)
false\tbad argument #2 to '\?' \(size out of range\)
true\tnil\tinvalid\tstring, number, boolean, nil, or array table expected, got function
true\tnil\tinvalid\tnon-array table found
true\tnil\tinvalid\tbad data type function found
false\tbad argument #1 to '\?' \(pattern is empty or too long\)
nil\tclosed
true\tnil\tinvalid\tstring, number, boolean, nil, or array table expected, got table nested too deeply
-1\t-1\t0\t0



=== TEST 6: arrays go out in the order of their keys, however they were filled; an array with more in it is none
--- config
--- user_files
>>> a.lua
local s = require "perilune.core.stream"
local a, b = s.pair(1024)
local list = { "a", 2, "c" }
local odd = {}
odd[3] = "c"
odd[2] = 2.5
odd[1] = { "x", { "y", 1 }, "z" }
local more = { "a", "b" }
more.key = "c"
local texts = { "a", [2] = "b", ["3"] = "c" }
local hole = { "a", nil, "c" }
for _, data in ipairs { list, odd, {}, { "a", { b = 1 } }, more, texts, hole, { "a", true }, { "a", [1.5] = "b" } } do
    print(s.write(a, data))
end
print(s.read(b, 11))
--- exec
P=$(readlink /proc/$(cat $TEST_NGINX_SERVROOT/logs/nginx.pid)/exe)
$P run $TEST_NGINX_HTML_DIR/a.lua
--- exec_out lua
"3\ttrue\n8\ttrue\n0\ttrue\n" .. ("nil\tinvalid\tnon-array table found\n"):rep(3)
    .. "nil\tinvalid\tbad data type nil found\nnil\tinvalid\tbad data type boolean found\n"
    .. "nil\tinvalid\tnon-array table found\na2cxy1z2.5c\n"
