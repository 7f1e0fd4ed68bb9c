--- Streamed bodies: a stream fed by a task (server-sent events), and an iterator.

local stream = require "perilune.stream"
local task = require "perilune.task"

local app = {}

--- A server-sent event every second. When the client goes away the stream is closed and the task ends.
function app.clock(req)
    local events = stream.stream(1)
    local count = tonumber(req.query.count) or math.huge
    local every = tonumber(req.query.every) or 1
    task.spawn(function()
        local n = 0
        while n < count do
            n = n + 1
            if not await(events:put(("id: %d\ndata: %s\n\n"):format(n, os.date("!%H:%M:%S")))) then
                return
            end
            if n < count then
                await(task.sleep(every))
            end
        end
        events:close()
    end):catch(function(err)
        events:close(err)
    end)
    return {
        headers = { ["Content-Type"] = "text/event-stream", ["Cache-Control"] = "no-store" },
        body = events,
    }
end

--- Numbers, made while they are sent: the iterator is asked for more only as fast as the client reads.
function app.numbers(req)
    local n, last = 0, tonumber(req.query.to) or 1000
    return {
        headers = { ["Content-Type"] = "text/plain" },
        body = function()
            n = n + 1
            if n <= last then
                return n .. "\n"
            end
        end,
    }
end

return app
