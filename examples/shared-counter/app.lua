--- Workers that count together: one counter, a report that one of them makes for all, changes as they happen.

local failure = require "perilune.failure"
local shared = require "perilune.shared"
local stream = require "perilune.stream"
local task = require "perilune.task"

local app = {}

--- POST /count: one more, whichever worker it reaches.
function app.count()
    local n, err = shared.counts:incr("visits", 1, 0)
    if not n then
        error(failure.new("no_resources", err))
    end
    return { status = 200, body = ("%d\n"):format(n) }
end

--- GET /report: takes a while to make, so it is made once in ten seconds, by one worker.
function app.report()
    return shared.counts:fetch("report", 10, function()
        await(task.sleep(0.05)) -- the work
        shared.counts:incr("reports", 1, 0)
        return ("visits so far: %d\n"):format(shared.counts:get("visits") or 0)
    end)
end

--- GET /live: server-sent events with the count, as often as the client can take them. `?last=N` ends at N.
function app.live(req)
    local last, events = tonumber(req.query.last), stream.stream(0)
    task.spawn(function()
        local changes = shared.counts:watch("visits")
        task.defer(function()
            changes:close()
        end)
        for change in changes:each() do
            local n = change.value or 0
            if not await(events:put(("data: %d\n\n"):format(n))) or n == last then
                break
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

return app
