# Random topologies: graphs of up to 30 streams with random closes, errors and cancels. In the end nothing hangs, no message was
# lost or seen twice where nobody closed anything, and nothing is left behind. The seed is printed; PERILUNE_SEED repeats a run.
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

=== TEST 1: graphs without ends in between deliver each message once to each reader, in order
--- user_files
>>> a.lua
local stream, task, deferred = require "perilune.stream", require "perilune.task", require "perilune.deferred"
local seed = tonumber(os.getenv("PERILUNE_SEED")) or os.time()
math.randomseed(seed)
io.stderr:write("seed ", seed, "\n")
local random = math.random
local kinds = {
    function(s) return s:map(function(v) return v end) end,
    function(s) return s:filter(function() return true end) end,
    function(s) return s:map(function(v) return random(3) == 1 and task.sleep(0) :chain(function() return v end) or v end):realize_each() end,
    function(s) return s:mapcat(function(v) return { v } end) end,
    function(s) return s:buffer(random(10)) end,
    function(s) return s:batch(random(5)):concat() end,
    function(s) local out = stream.stream(random(0, 3)) s:connect(out) return out end,
    function(s) local out = stream.stream(random(0, 3)) s:connect_via(function(v) return out:put(v) end, out) return out end,
    function(s) return s:partition_by(function(v) return math.floor(v / 3) end):concat() end,
    function(s) return s:throttle(1e6) end,
}
local function graph(n_nodes, n_messages)
    local head = stream.stream(random(0, 4))
    local nodes, is_leaf = { head }, { true }
    for i = 2, n_nodes do
        local from = random(math.max(1, i - 4), i - 1)
        nodes[i], is_leaf[i], is_leaf[from] = kinds[random(#kinds)](nodes[from]), true, false
    end
    local readers = {}
    for i = 1, n_nodes do
        if is_leaf[i] then readers[#readers + 1] = nodes[i]:collect() end
    end
    task.spawn(function()
        for i = 1, n_messages do
            if not await(head:put(i)) then print("refused") end
            if random(5) == 1 then task.yield() end
        end
        head:close()
    end)
    for _, r in ipairs(readers) do
        local got = await(r)
        if #got ~= n_messages then print("count", #got, n_messages) end
        for i = 1, #got do if got[i] ~= i then print("order", i, got[i]) break end end
    end
    return #readers
end
local readers = 0
for _ = 1, 60 do readers = readers + graph(random(2, 30), random(50)) end
print(readers > 0)
--- exec_out_like
^true
exit 0
seed \d+



=== TEST 2: graphs with random closes, errors and cancels end, and each message is seen at most once, in order
--- user_files
>>> a.lua
jit.off() -- what it compiles would count as memory
local stream, task, deferred, core = require "perilune.stream", require "perilune.task", require "perilune.deferred", require "perilune.core.task"
local seed = tonumber(os.getenv("PERILUNE_SEED")) or os.time()
math.randomseed(seed)
io.stderr:write("seed ", seed, "\n")
local random = math.random
local function sometimes_fails(v) if random(200) == 1 then error("planned", 0) end return v end
local kinds = {
    function(s) return s:map(sometimes_fails) end,
    function(s) return s:filter(function() sometimes_fails() return true end) end,
    function(s) return s:map(function(v) return task.spawn(sometimes_fails, v) end):realize_each() end,
    function(s) return s:mapcat(function(v) return { sometimes_fails(v) } end) end,
    function(s) return s:buffer(random(5)) end,
    function(s) return s:sliding(random(5)) end,
    function(s) return s:batch(random(5), 0.001):concat() end,
    function(s) local out = stream.stream(random(0, 3)) s:connect(out, { upstream = random(4) == 1, downstream = random(4) > 1 }) return out end,
    function(s) local out = stream.stream(random(0, 3)) s:connect_via(function(v) sometimes_fails() return out:put(v) end, out) return out end,
    function(s) return s:partition_by(function(v) return math.floor(v / 3) end):concat() end,
    function(s) return s:zip(stream.to_source(function() return 1 end)):map(function(t) return t[1] end) end,
}
local function reader(s, seen)
    return task.spawn(function()
        local last = 0
        while true do
            local d = s:take()
            if random(20) == 1 then d:timeout(0.0001, "late") end
            local v = await(d)
            if v == nil then return end
            if v ~= "late" then
                if v <= last then print("seen twice or out of order", last, v) end
                last = v
                seen[1] = seen[1] + 1
            end
        end
    end)
end
local function disturb(nodes, readers)
    return task.spawn(function()
        for _ = 1, random(0, 4) do
            for _ = 1, random(20) do task.yield() end
            local what, node = random(3), nodes[random(#nodes)]
            if what == 1 then node:close()
            elseif what == 2 then node:close({ code = "planned" })
            else readers[random(#readers)]:cancel() end
        end
    end)
end
local seen = { 0 }
local function graph(n_nodes, n_messages)
    local head = stream.stream(random(0, 4))
    local nodes, is_leaf = { head }, { true }
    for i = 2, n_nodes do
        local from = random(math.max(1, i - 4), i - 1)
        nodes[i], is_leaf[i], is_leaf[from] = kinds[random(#kinds)](nodes[from]), true, false
    end
    local readers = {}
    for i = 1, n_nodes do
        if is_leaf[i] then readers[#readers + 1] = reader(nodes[i], seen) end
    end
    local disturber = disturb(nodes, readers)
    local writer = task.spawn(function()
        for i = 1, n_messages do
            local d = head:put(i)
            d:timeout(0.05, "stuck") -- a reader that was cancelled reads no more
            if not await(d) then break end
        end
        head:close()
    end)
    await(writer) await(disturber)
    for i = 1, n_nodes do nodes[i]:close() end
    for _, r in ipairs(readers) do try_await(r:timeout(10)) end
end
local function run(n)
    for _ = 1, n do graph(random(2, 30), random(60)) end
    task.nap(0.02)
    for _ = 1, 50 do task.yield() end
    collectgarbage() collectgarbage()
    return collectgarbage("count")
end
local tasks, before = core.count(), run(60) -- coroutines stay in their pool
local growth = run(60) - before
print("messages", seen[1] > 0, "tasks left", core.count() - tasks, "memory left", growth < 300 or growth)
--- exec_out_like
^messages	true	tasks left	0	memory left	true
exit 0
seed \d+[\s\S]*
