# Random topologies of streams, of up to 30 nodes: with many sources and joins, and with closes, errors and cancels at random. Nothing
# hangs, nothing is lost in the middle or seen twice, nothing is left. The seed is printed; PERILUNE_SEED repeats a run.
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

=== TEST 1: many sources, joins and forks: each message comes once by each path, those of one path in their order
--- user_files
>>> a.lua
local stream, task, deferred = require "perilune.stream", require "perilune.task", require "perilune.deferred"
local seed = tonumber(os.getenv("PERILUNE_SEED")) or os.time()
math.randomseed(seed)
io.stderr:write("seed ", seed, "\n")
local random = math.random

-- ways from a node into a stream that others flow into, too: deferreds of the end
local ways = {
    function(s, to) return s:drain_into(to) end,
    function(s, to) return s:map(function(v) return v end):drain_into(to) end,
    function(s, to) return s:buffer(random(5)):drain_into(to) end,
    function(s, to) return s:connect_via(function(v) return to:put(v) end, to, { downstream = false }) end,
    function(s, to) return s:consume_async(function(v) return to:put(v) end) end,
    function(s, to) return s:batch(random(4)):concat():drain_into(to) end,
    function(s, to)
        local middle = stream.stream(random(0, 2))
        s:connect(middle)
        return stream.splice(stream.stream(), middle):drain_into(to)
    end,
}

-- takes its time, so that what flows into it has to wait
local function read(s)
    local got = {}
    for v in s:each() do
        got[#got + 1] = v
        for _ = 1, random(0, 4) do task.yield() end
    end
    return got
end

-- paths[i][h]: how many ways lead from source h to node i
local function graph(n_nodes, n_sources, n_messages)
    local nodes, paths, is_leaf = {}, {}, {}
    for i = 1, n_nodes do
        nodes[i], paths[i], is_leaf[i] = stream.stream(random(0, 3)), {}, true
        if i <= n_sources then
            paths[i][i] = 1
        else
            local ends, used = {}, {}
            for _ = 1, random(1, 3) do
                local from = random(math.max(1, i - 6), i - 1)
                local is_many = false
                for _, n in pairs(paths[from]) do is_many = is_many or n > 8 end
                if not used[from] and not (is_many and #ends > 0) then
                    used[from], is_leaf[from] = true, false
                    ends[#ends + 1] = ways[random(#ways)](nodes[from], nodes[i])
                    for h, n in pairs(paths[from]) do paths[i][h] = (paths[i][h] or 0) + n end
                end
            end
            deferred.zip(unpack(ends)):chain(function() nodes[i]:close() end)
        end
    end
    local readers, of = {}, {}
    for i = 1, n_nodes do
        if is_leaf[i] then readers[#readers + 1], of[#of + 1] = task.spawn(read, nodes[i]), i end
    end
    for h = 1, n_sources do
        task.spawn(function()
            for m = 1, n_messages do
                if not await(nodes[h]:put(h * 1000 + m)) then print("refused", h, m) end
                if random(4) == 1 then task.yield() end
            end
            nodes[h]:close()
        end)
    end
    for r, d in ipairs(readers) do
        local count = {}
        for _, v in ipairs((await(d:timeout(30)))) do
            count[v] = (count[v] or 0) + 1
            local before = v % 1000 > 1 and count[v - 1] or math.huge
            if count[v] > before then print("out of order", v) end
        end
        for h = 1, n_sources do
            for m = 1, n_messages do
                if (count[h * 1000 + m] or 0) ~= (paths[of[r]][h] or 0) then
                    print("count", h, m, count[h * 1000 + m], paths[of[r]][h])
                end
            end
        end
    end
    return #readers
end
local readers = 0
for _ = 1, 40 do
    local n_sources = random(5)
    readers = readers + graph(random(n_sources + 1, 30), n_sources, random(20))
end
print(readers > 0)
--- exec_out_like
^true
exit 0
seed \d+



=== TEST 2: whatever is closed, fails or is cancelled: who still reads has every message up to the last one, and all ends
--- user_files
>>> a.lua
jit.off() -- what it compiles would count as memory
local stream, task, core = require "perilune.stream", require "perilune.task", require "perilune.core.task"
local seed = tonumber(os.getenv("PERILUNE_SEED")) or os.time()
math.randomseed(seed)
io.stderr:write("seed ", seed, "\n")
local random = math.random
local function sometimes_fails(v) if random(300) == 1 then error("planned", 0) end return v end
local kinds = {
    function(s) return s:map(sometimes_fails) end,
    function(s) return s:filter(function() sometimes_fails() return true end) end,
    function(s) return s:map(function(v) return task.spawn(sometimes_fails, v) end):realize_each() end,
    function(s) return s:mapcat(function(v) return { sometimes_fails(v) } end) end,
    function(s) return s:buffer(random(5)) end,
    function(s) return s:batch(random(5)):concat() end,
    function(s) local out = stream.stream(random(0, 3)) s:connect(out, { upstream = random(4) == 1 }) return out end,
    function(s)
        local out = stream.stream(random(0, 3))
        s:connect_via(function(v)
            sometimes_fails()
            return random(3) == 1 and task.sleep(0):chain(function() return out:put(v) end) or out:put(v)
        end, out)
        return out
    end,
    function(s) return s:partition_by(function(v) return math.floor(v / 3) end):concat() end,
    function(s) return s:zip(stream.to_source(function() return 1 end)):map(function(t) return t[1] end) end,
    function(s) return s:throttle(1e6) end,
    function(s) return s:reductions(function(_, v) return v end, 0):filter(function(v) return v > 0 end) end,
}
local seen, ended = 0, 0
local function reader(s)
    return task.spawn(function()
        local last = 0
        while true do
            local d = s:take()
            if random(20) == 1 then d:timeout(0.0001, "late") end
            if random(40) == 1 then d:cancel("planned") end
            local ok, v = try_await(d)
            if ok and v == nil then ended = ended + 1 return end
            if not ok and not tostring(v):find("planned") then ended = ended + 1 return end
            if ok and v ~= "late" then
                if v ~= last + 1 then print("lost or doubled", last, v) end
                last, seen = v, seen + 1
            end
            if not ok and s:is_drained() then ended = ended + 1 return end
            if random(10) == 1 then task.yield() end
        end
    end)
end
local function graph(n_nodes, n_messages)
    local head = stream.stream(random(0, 4))
    local nodes, is_leaf = { head }, { true }
    for i = 2, n_nodes do
        local from = random(math.max(1, i - 4), i - 1)
        nodes[i], is_leaf[i], is_leaf[from] = kinds[random(#kinds)](nodes[from]), true, false
    end
    local readers = {}
    for i = 1, n_nodes do
        if is_leaf[i] then readers[#readers + 1] = reader(nodes[i]) end
    end
    local writer = task.spawn(function()
        for i = 1, n_messages do
            if not await(head:put(i)) then return end
        end
        head:close()
    end)
    for _ = 1, random(0, 5) do
        for _ = 1, random(20) do task.yield() end
        local what, node = random(10), nodes[random(#nodes)]
        if what <= 4 then node:close()
        elseif what <= 7 then node:close({ code = "planned" })
        elseif what <= 9 then readers[random(#readers)]:cancel("planned")
        else writer:cancel("planned") end
    end
    -- the writer may wait for a reader that was cancelled: the end of the head lets it go
    for _ = 1, 200 do if writer:is_realized() then break end task.yield() end
    head:close()
    for i = 1, n_nodes do nodes[i]:close() end
    if not writer:is_realized() then try_await(writer:timeout(20)) end
    for _, r in ipairs(readers) do
        local ok, err = try_await(r:timeout(20))
        if not ok and err.code == "timeout" then print "hangs" end
    end
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
print("messages", seen > 1000, "readers", ended > 50, "tasks left", core.count() - tasks, "memory left", growth < 300 or growth)
--- exec_out_like
^messages	true	readers	true	tasks left	0	memory left	true
exit 0
seed \d+[\s\S]*
