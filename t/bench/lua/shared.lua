--- What t/bench/shared measures: shared dictionaries in both servers, the bus in Perilune. Times are CPU seconds of the
-- worker.

local shared = {}

local KEYS, SIZE, KEY_MOST = 500, 100, 1000

local operations = {
    incr = function(dict)
        return function(n)
            for _ = 1, n do
                dict:incr("counter", 1)
            end
        end
    end,
    get = function(dict, keys)
        return function(n)
            for i = 1, n do
                dict:get(keys[i % KEYS + 1])
            end
        end
    end,
    set = function(dict, keys, value)
        return function(n)
            for i = 1, n do
                dict:set(keys[i % KEYS + 1], value)
            end
        end
    end,
}

--- Does ?op n times (?n); says the worker's number, nanoseconds of CPU for one, and seconds from when to when.
function shared.run()
    local dict, keys, value = ngx.shared.small, {}, ("v"):rep(SIZE)
    local n = tonumber(ngx.var.arg_n)
    for i = 1, KEYS do
        keys[i] = "key" .. i
        dict:set(keys[i], value)
    end
    dict:add("counter", 0)
    local fn = operations[ngx.var.arg_op](dict, keys, value)
    fn(math.min(n, KEY_MOST))
    ngx.update_time()
    local from, before = ngx.now(), os.clock()
    fn(n)
    local used = os.clock() - before
    ngx.update_time()
    ngx.say(ngx.worker.pid(), " ", used / n * 1e9, " ", from, " ", ngx.now())
end

--- Stores ?n numbers under keys of 100 bytes; says how many kilobytes of shared memory this worker has then.
function shared.fill()
    local dict, rest = ngx.shared.large, ("k"):rep(SIZE - 10)
    for i = 1, tonumber(ngx.var.arg_n) do
        local ok, err, forcible = dict:set(("%010d"):format(i) .. rest, i)
        if not ok or forcible then
            ngx.say("full: ", err)
            return
        end
    end
    for line in io.lines("/proc/self/smaps_rollup") do
        local kilobytes = line:match("^Pss_Shmem:%s+(%d+)")
        if kilobytes then
            ngx.say(kilobytes)
        end
    end
end

--- Called in each worker: at ?rate messages a second for ?seconds once everybody is there; counts and delays into the
-- dictionary `bus`.
function shared.start_bus()
    local bus, sys = require "perilune.core.bus", require "perilune.core.sys"
    local counts, count, delays = ngx.shared.bus, 0, {}
    bus.listen(function(topic, data)
        count = count + 1
        if topic == "timed" then
            delays[#delays + 1] = sys.monotonic() - tonumber(data:sub(1, 20))
        end
    end)
    local function publish(topic, rate, seconds)
        local begin, n, rest = sys.monotonic(), 0, ("x"):rep(SIZE - 20)
        while sys.monotonic() - begin < seconds do
            while n < (sys.monotonic() - begin) * rate do
                bus.publish(topic, ("%020.9f"):format(sys.monotonic()) .. rest)
                n = n + 1
            end
            ngx.sleep(0.001)
        end
        ngx.sleep(0.5)
    end
    ngx.timer.at(0.5, function()
        publish("plain", 20000, 3)
        counts:incr("deliveries", count, 0)
        publish("timed", 2000, 3)
        table.sort(delays)
        counts:set("p99-" .. ngx.worker.id(), delays[math.ceil(#delays * 0.99)])
        counts:incr("lost", bus.stats().lost, 0)
        counts:incr("ready", 1, 0)
    end)
end

--- Says deliveries a second, the worst p99 of the workers in milliseconds, messages lost; nothing until all are ready.
function shared.bus()
    local counts, worst = ngx.shared.bus, 0
    if counts:get("ready") ~= 4 then
        return
    end
    for id = 0, 3 do
        worst = math.max(worst, counts:get("p99-" .. id))
    end
    ngx.say(counts:get("deliveries") / 3, " ", worst * 1000, " ", counts:get("lost"))
end

return shared
