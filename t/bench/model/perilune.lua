-- The model of deferreds, tasks and streams: microseconds of CPU for each operation. Run by t/bench/model/run.
local here = arg[0]:match("^(.*)/") or "."
local measure = dofile(here .. "/measure.lua")
local deferred = require "perilune.deferred"
local stream = require "perilune.stream"
local task = require "perilune.task"

measure("ready", 5e6, function(n)
    local sum = 0
    for i = 1, n do
        local d = deferred.deferred()
        d:success(i)
        sum = sum + await(d)
    end
    return sum
end)

local kept = {}
measure("ready-kept", 2e6, function(n)
    for i = 1, n do
        local d = deferred.deferred()
        d:success(i)
        kept[i % 64 + 1] = d -- so that it is really made
        await(d)
    end
    return kept
end)

measure("spawn", 5e5, function(n)
    local function fn(i)
        return i
    end
    for i = 1, n do
        await(task.spawn(fn, i))
    end
end)

-- each turn suspends two tasks
measure("suspend", 1e6, function(n)
    local waiting
    task.spawn(function()
        for i = 1, n / 2 do
            task.yield()
            waiting:success(i)
        end
    end)
    for _ = 1, n / 2 do
        waiting = deferred.deferred()
        await(waiting)
    end
end)

measure("chain", 5e5, function(n)
    local function inc(v)
        return v + 1
    end
    for i = 1, n, 10 do
        local d = deferred.success_deferred(i)
        for _ = 1, 10 do
            d = d:chain(inc)
        end
        await(d)
    end
end)

measure("put-take", 1e6, function(n)
    local s = stream.stream()
    for i = 1, n do
        local d = s:take()
        s:put(i)
        await(d)
    end
end)

measure("hand-over", 5e5, function(n)
    local s = stream.stream()
    task.spawn(function()
        for i = 1, n do
            await(s:put(i))
        end
        s:close()
    end)
    for _ in s:each() do end
end)

local function even(v)
    return v % 2 == 0 or v > 0
end

local function inc(v)
    return v + 1
end

measure("pipeline", 1e6, function(n)
    local head = stream.stream()
    local tail = head:map(inc):filter(even):map(inc):filter(even):map(inc):buffer(64)
    task.spawn(function()
        for i = 1, n do
            await(head:put(i))
        end
        head:close()
    end)
    for _ in tail:each() do end
end)

local N, all = 1000000, {}
local function resident()
    for line in io.lines("/proc/self/status") do
        local kb = line:match("^VmRSS:%s+(%d+)")
        if kb then
            return tonumber(kb) * 1024
        end
    end
end
for i = 1, N do
    all[i] = false
end
collectgarbage()
local before = resident()
for i = 1, N do
    all[i] = deferred.deferred():timeout(600)
end
collectgarbage()
print(("pending-bytes %.0f"):format((resident() - before) / N))
local begin = os.clock()
for i = 1, N do
    all[i]:cancel()
end
print(("cancel-all-seconds %.3f"):format(os.clock() - begin))
