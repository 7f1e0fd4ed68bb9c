--- batch: arrays of values, by number, by size, and by time.

local argument = require "perilune.argument"
local base = require "perilune.stream.base"
local deferred = require "perilune.deferred"
local timers = require "perilune.timers"

local stream, Stream = base.stream, base.methods

local await = deferred.await

local LATE = {}

--- The next value; LATE when the oldest one of the batch may wait no longer.
local function next_value(tap, batch, latency)
    if not latency or #batch == 0 then
        return await(tap:take())
    end
    local left = batch.since + latency - timers.now()
    return await(tap:try_take(math.max(left, 0), LATE))
end

local function collect(tap, put, max, latency, metric)
    local batch, size = {}, 0
    local function emit()
        local whole = batch
        whole.since = nil
        batch, size = {}, 0
        return put(whole)
    end
    while true do
        local v = next_value(tap, batch, latency)
        if v == nil then
            return #batch > 0 and emit()
        end
        local weight = v ~= LATE and metric(v) or 0
        if #batch > 0 and (v == LATE or size + weight > max) and not emit() then
            return
        end
        if v ~= LATE then
            batch.since = batch.since or timers.now()
            batch[#batch + 1], size = v, size + weight
            if size >= max and not emit() then
                return
            end
        end
    end
end

local function one()
    return 1
end

--- A stream of arrays of values. One is emitted as soon as it has reached `max`; before a value that would exceed
-- it; when its first value has waited for `latency`; and at the end. A value above `max` is emitted alone.
-- @tparam number max values, or the sum of their metric
-- @tparam[opt] number latency seconds
-- @tparam[opt] function metric the size of a value; 1 by default
-- @treturn stream
function Stream:batch(max, latency, metric)
    argument.check_positive(max, "max", "batch")
    if latency ~= nil then
        argument.check_positive(latency, "latency", "batch")
    end
    return stream._operator({ self }, "batch", function(tap, put)
        collect(tap, put, max, latency, metric or one)
    end)
end
