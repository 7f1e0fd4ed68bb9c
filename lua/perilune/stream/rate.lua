--- Streams and time: throttle, periodically.

local argument = require "perilune.argument"
local base = require "perilune.stream.base"
local deferred = require "perilune.deferred"
local task = require "perilune.task"
local timers = require "perilune.timers"

local stream, Stream = base.stream, base.methods

local await = deferred.await

local EPSILON = 1e-9 -- of a value: sums of fractions of seconds are not exact

--- Waits until `wanted` units of credit are there; credit grows with time, up to `most`.
local function spend(state, rate, most)
    local now = timers.now()
    state.credit = math.min(most, state.credit + (now - state.at) * rate)
    state.at = now
    while state.credit < 1 - EPSILON do
        task.nap((1 - state.credit) / rate)
        now = timers.now()
        state.credit = state.credit + (now - state.at) * rate
        state.at = now
    end
    state.credit = state.credit - 1
end

--- Ticks at multiples of the period; one that falls into a put that waits is left out.
local function tick(out, period, delay, fn)
    local due = timers.now() + delay
    while true do
        local left = due - timers.now()
        if left > 0 then
            task.nap(left)
        end
        local v = fn()
        if v == nil or not await(out:put(v)) then
            return
        end
        local missed = math.floor((timers.now() - due) / period + 1e-9)
        due = due + (math.max(missed, 0) + 1) * period
    end
end

--- A stream of the same values, at most `rate` of them a second. Time that was not used is kept as credit for up
-- to `backlog` values; there is none at the beginning. Closing the result closes the source.
-- @tparam number rate values a second
-- @tparam[opt=rate] number backlog
-- @treturn stream
function Stream:throttle(rate, backlog)
    argument.check_positive(rate, "rate", "throttle")
    backlog = math.max(backlog or rate, 1)
    return stream._operator({ self }, "throttle", function(tap, put)
        local state = { credit = 0, at = timers.now() }
        for v in tap:each() do
            spend(state, rate, backlog)
            if not put(v) then
                return
            end
        end
    end)
end

--- A source of `fn()`, called every `period` seconds. It holds one value and pauses while that is not taken;
-- ticks missed meanwhile are not made up. It ends when it is closed, when fn returns nil, and with the error of
-- fn.
-- @tparam number period seconds
-- @tparam[opt] number delay seconds before the first one; by default up to the next multiple of the period
-- @tparam function fn may await
-- @treturn stream
function stream.periodically(period, delay, fn)
    if fn == nil then
        delay, fn = nil, delay
    end
    argument.check_positive(period, "period", "periodically")
    argument.check(fn, "function", "fn", "periodically")
    local out = stream.stream(1, { description = "periodically" })
    local worker = task.detach(function()
        local ok, err = pcall(tick, out, period, delay or period - timers.now() % period, fn)
        out:close(not ok and err or nil)
    end)
    out:on_closed(function()
        worker:cancel("the stream was closed")
    end)
    return out:source_only()
end
