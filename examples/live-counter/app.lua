--- A counter that everybody watches: server-sent events fed by the bus, across workers.

local bus = require "perilune.bus"
local stream = require "perilune.stream"

local app = {}

local count = 0

--- Counts one and tells everybody. (The number is this worker's; with several, keep it in perilune.shared.)
function app.hit()
    count = count + 1
    await(bus.publish("counter", count, { scope = "all" }))
    return count .. "\n"
end

--- An event for each new number. A browser that is slow misses some and sees the newest; when it leaves, the
-- subscription ends with the body.
function app.live(req)
    local wanted = tonumber(req.query.events) or math.huge
    local numbers = bus.subscribe("counter", { stream = stream.sliding(1) })
    local events = numbers:map(function(n)
        wanted = wanted - 1
        if wanted <= 0 then
            numbers:close()
        end
        return ("data: %d\n\n"):format(n)
    end)
    return {
        headers = { ["Content-Type"] = "text/event-stream", ["Cache-Control"] = "no-store" },
        body = events,
    }
end

return app
