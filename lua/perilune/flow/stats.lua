--- Figures of a pool's key: what was asked, waited for and held, as quantiles, and how busy its objects were.
--
-- A histogram counts in buckets that grow by a factor of 2^(1/8) from a microsecond on: a quantile is exact to 9 %.

local timers = require "perilune.timers"

local LEAST, PER_DOUBLING = 1e-6, 8

local stats = {}

local function new_histogram()
    return { n = 0, counts = {}, most = 0 }
end

local function add(h, value)
    local bucket = value <= LEAST and 0 or math.ceil(math.log(value / LEAST) / math.log(2) * PER_DOUBLING)
    h.counts[bucket] = (h.counts[bucket] or 0) + 1
    h.n = h.n + 1
    h.most = math.max(h.most, bucket)
end

local function value_of(bucket)
    return bucket == 0 and 0 or LEAST * 2 ^ (bucket / PER_DOUBLING)
end

--- `{p50, p90, p95, p99, p999}`; 0 where nothing was counted.
local function quantiles(h)
    local result, seen, bucket = {}, h.counts[0] or 0, 0
    for _, q in ipairs { { "p50", 0.5 }, { "p90", 0.9 }, { "p95", 0.95 }, { "p99", 0.99 }, { "p999", 0.999 } } do
        while seen < h.n * q[2] and bucket < h.most do
            bucket = bucket + 1
            seen = seen + (h.counts[bucket] or 0)
        end
        result[q[1]] = value_of(bucket)
    end
    return result
end

--- Nothing counted yet.
function stats.new()
    local s = {}
    stats.reset(s, timers.now())
    return s
end

--- A new period begins.
function stats.reset(s, now)
    s.queue_length, s.queue_latency, s.hold_time = new_histogram(), new_histogram(), new_histogram()
    s.acquired, s.at, s.busy_time, s.object_time = 0, now, 0, 0
end

--- Somebody asked while `length` waited.
function stats.asked(s, length)
    add(s.queue_length, length)
end

--- Somebody got one after `seconds`.
function stats.waited(s, seconds)
    s.acquired = s.acquired + 1
    add(s.queue_latency, seconds)
end

--- Somebody had one for `seconds`.
function stats.held(s, seconds)
    add(s.hold_time, seconds)
end

--- To be called before the number of objects, or of busy ones, changes.
function stats.utilisation(s, now, n_busy, n)
    local passed = now - s.at
    s.busy_time, s.object_time, s.at = s.busy_time + n_busy * passed, s.object_time + n * passed, now
end

--- What was counted in this period.
-- @treturn table
function stats.report(s)
    return {
        acquired = s.acquired,
        utilisation = s.object_time > 0 and s.busy_time / s.object_time or 0,
        queue_length = quantiles(s.queue_length),
        queue_latency = quantiles(s.queue_latency),
        hold_time = quantiles(s.hold_time),
    }
end

return stats
