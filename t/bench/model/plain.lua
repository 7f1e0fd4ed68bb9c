-- The same work in plain Lua, without deferreds: what the language itself costs.
local here = arg[0]:match("^(.*)/") or "."
local measure = dofile(here .. "/measure.lua")
local create, resume, yield = coroutine.create, coroutine.resume, coroutine.yield

measure("ready", 5e6, function(n)
    local sum = 0
    for i = 1, n do
        local box = { i }
        sum = sum + box[1]
    end
    return sum
end)

local kept = {}
measure("ready-kept", 2e6, function(n)
    for i = 1, n do
        kept[i % 64 + 1] = { i }
    end
    return kept
end)

measure("spawn", 5e5, function(n)
    local function fn(i)
        return i
    end
    for i = 1, n do
        resume(create(fn), i)
    end
end)

measure("suspend", 5e5, function(n)
    local co = create(function()
        for i = 1, n do
            yield(i)
        end
    end)
    for _ = 1, n do
        resume(co)
    end
end)

measure("chain", 5e5, function(n)
    local function inc(v)
        return v + 1
    end
    local kept_value
    for i = 1, n do
        kept_value = inc(i)
    end
    return kept_value
end)

for _, name in ipairs { "put-take", "hand-over" } do
    measure(name, 1e6, function(n)
        local queue = {}
        for i = 1, n do
            queue[1] = i
            queue[1] = nil
        end
        return queue
    end)
end

local function even(v)
    return v % 2 == 0 or v > 0
end

local function inc(v)
    return v + 1
end

local function each(next_value, fn, is_filter)
    return function()
        local v = next_value()
        while v and is_filter and not fn(v) do
            v = next_value()
        end
        return v and (is_filter and v or fn(v))
    end
end

measure("pipeline", 1e6, function(n)
    local i = 0
    local function source()
        i = i + 1
        return i <= n and i or nil
    end
    local tail = each(each(each(each(each(source, inc), even, true), inc), even, true), inc)
    for _ in tail do end
end)
