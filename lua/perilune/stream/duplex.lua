--- A connection as a stream with all operators: what its method `stream()` gives.
--
-- Takes ask the connection for one value at a time, and the next put is taken once the last was sent, so either side
-- is held up as by the connection itself. A put is answered when the connection is given the value, so what goes wrong
-- with it ends the stream instead.

local stream = require "perilune.stream"
local failure = require "perilune.failure"
local task = require "perilune.task"

--- Makes one.
-- @tparam function take → the next value or a deferred of it; nil at the end
-- @tparam function send (value) → a deferred of when the next may come, false once nothing more is taken; may raise
-- @tparam function close called at the end of the puts, with what was raised; that the other side has gone, or is
-- silent, is no news, any other error is told to the log
-- @treturn stream
-- @treturn stream its sink alone
return function(take, send, close)
    local sink = stream.stream(0)
    local function over(err)
        close(err)
        if err ~= nil and not failure.is_gone(err) and not failure.is(err, "timeout") then
            task.detach(error, err, 0)
        end
    end
    sink:consume_async(send):on_realized(function()
        over()
    end, over)
    return stream.splice(sink, stream.to_source(take)), sink
end
