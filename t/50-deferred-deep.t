# Deferreds in numbers: a million stages, ten million turns, a million timeouts.
use Test::Nginx::Socket 'no_plan';

no_root_location();
our $Exec = <<'_EOC_';
P=$(readlink /proc/$(cat $TEST_NGINX_SERVROOT/logs/nginx.pid)/exe)
cd $TEST_NGINX_HTML_DIR
timeout 100 $P run a.lua 2>err; echo exit $?; sed -e 's/^.*\[\([a-z]*\)\] [0-9#]*: /[\1] /' err
_EOC_
add_block_preprocessor(sub {
    my $block = shift;
    if (!defined $block->config) {
        $block->set_value("config", "");
    }
    if (!defined $block->exec) {
        $block->set_value("exec", $Exec);
    }
    if (!defined $block->timeout) {
        $block->set_value("timeout", 110);
    }
});

run_tests();

__DATA__

=== TEST 1: a chain of 1,000,000 stages in constant stack
--- user_files
>>> a.lua
local deferred = require "perilune.deferred"
local function add(v) return v + 1 end
local function long(head)
    local d = head
    for _ = 1, 1000000 do d = d:chain(add) end
    return d
end
print(await(long(deferred.success_deferred(0))))
--- exec_out
1000000
exit 0



=== TEST 2: an error passes 1,000,000 stages
--- user_files
>>> a.lua
local deferred = require "perilune.deferred"
local function add(v) return v + 1 end
local function long(head)
    local d = head
    for _ = 1, 1000000 do d = d:chain(add) end
    return d
end
print(try_await(long(deferred.error_deferred("down the chain"))))
--- exec_out
false	down the chain
exit 0



=== TEST 3: a cancel travels up 1,000,000 stages
--- user_files
>>> a.lua
local deferred = require "perilune.deferred"
local function add(v) return v + 1 end
local function long(head)
    local d = head
    for _ = 1, 1000000 do d = d:chain(add) end
    return d
end
local stopped
local d = long(deferred.deferred(function() stopped = true end))
print(d:cancel(), stopped)
--- exec_out
true	true
exit 0



=== TEST 4: deferreds within deferreds, 100,000 deep
--- user_files
>>> a.lua
local deferred = require "perilune.deferred"
local d = deferred.success_deferred("inmost")
for _ = 1, 100000 do d = deferred.success_deferred(d) end
print(await(deferred.to_deferred(d)), await(deferred.success_deferred(1):chain(function() return d end)))
local head = deferred.deferred()
local tail = head
for _ = 1, 100000 do
    local next_one = deferred.deferred()
    tail:connect(next_one)
    tail = next_one
end
head:success("conveyed")
print(await(tail))
--- exec_out
inmost	inmost
conveyed
exit 0



=== TEST 5: a loop of 10,000,000 turns, and one that waits in each of 100,000
--- user_files
>>> a.lua
local deferred, task = require "perilune.deferred", require "perilune.task"
local recur = deferred.recur
print(await(deferred.loop(function(n) if n == 0 then return "done" end return recur(n - 1) end, 10000000)))
print(await(deferred.loop(function(n)
    if n == 0 then return "waited" end
    return deferred.success_deferred(n):chain(function(v) return recur(v - 1) end)
end, 100000)))
local other = 0
task.spawn(function() while other < 3 do other = other + 1 task.yield() end end)
await(deferred.loop(function(n) if n == 0 then return 0 end return recur(n - 1) end, 100000))
print("others ran meanwhile", other > 0)
--- exec_out
done
waited
others ran meanwhile	true
exit 0



=== TEST 6: 1,000,000 pending deferreds with timeouts: bytes for each, and none left behind
--- user_files
>>> a.lua
local deferred = require "perilune.deferred"
local N, all = 1000000, {}
local function resident()
    for line in io.lines("/proc/self/status") do
        local kb = line:match("^VmRSS:%s+(%d+)")
        if kb then return tonumber(kb) * 1024 end
    end
end
for i = 1, N do all[i] = false end
collectgarbage() collectgarbage()
local before = resident()
for i = 1, N do all[i] = deferred.deferred():timeout(600 + i % 100) end
collectgarbage()
local each = (resident() - before) / N
local begin, n = os.clock(), 0
for i = 1, N do if all[i]:cancel() then n = n + 1 end end
local seconds = os.clock() - begin
io.stderr:write(("%.0f bytes each, cancelled in %.2f s\n"):format(each, seconds))
print(n, each < 400, all[N]:is_realized())
all = nil
--- exec_out_like
^1000000	true	true
exit 0
\d+ bytes each, cancelled in [\d.]+ s
