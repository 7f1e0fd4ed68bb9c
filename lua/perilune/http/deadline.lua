--- When `total_timeout` is over, which holds for all that is done for one request.

local failure = require "perilune.failure"
local options = require "perilune.options"
local timers = require "perilune.timers"

local deadline = {}

--- The least that an attempt is given, so that it ends by its own clock: 0 would be no limit.
local LEAST = 0.001

--- The time at which a request that begins now is to be complete.
-- @tparam table o options of the request
-- @treturn number of `timers.now`; `math.huge` without a limit
function deadline.of(o)
    local total = o.total_timeout or 0
    return total > 0 and timers.now() + total or math.huge
end

--- Seconds until then.
function deadline.left(at)
    return at - timers.now()
end

--- The options of another attempt, which may take what is left.
-- @tparam table o options; not changed
-- @tparam number at of `deadline.of`
-- @treturn table
function deadline.within(o, at)
    if at == math.huge then
        return o
    end
    return options.together(o, { total_timeout = math.max(deadline.left(at), LEAST) })
end

--- What the request fails with then.
-- @param[opt] cause one that says the same already is that
-- @treturn table an error object
function deadline.failure(cause)
    if failure.is(cause, "total_timeout") then
        return cause
    end
    return failure.new("total_timeout", "not complete in time", cause)
end

return deadline
