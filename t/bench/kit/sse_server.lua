--- Events for many clients: `GET /publish` sends one to all of them.

local http = require "perilune.http"

local events = http.sse_channel { keep = 0, most = 100000 }

http.start_server(function(req)
    if req.path == "/publish" then
        events:publish { event = "tick", data = ("x"):rep(100) }
        return tostring(events:listeners())
    elseif req.path == "/events" then
        return events:subscribe(req)
    end
    return "hello"
end, { port = tonumber(arg[1]), address = "127.0.0.1" })
