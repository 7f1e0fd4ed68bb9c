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
-- @tparam function send (value), for a task of its own → false once nothing more is taken; may wait and raise
-- @tparam function close called at the end of the puts, with what was raised; a broken connection is no news, another
-- error is told to the log
-- @treturn stream
-- @treturn stream its sink alone
return function(take, send, close)
    local sink = stream.stream(0)
    local function send_all()
        for value in sink:each() do
            if send(value) == false then
                break
            end
        end
    end
    task.detach(function()
        local ok, err = pcall(send_all)
        err = not ok and err or nil
        sink:close()
        close(err)
        if err and not failure.is(err) then
            error(err, 0)
        end
    end)
    return stream.splice(sink, stream.to_source(take)), sink
end
