-- A reverse proxy as a handler: bodies stream both ways, and no more is read from one side than the other takes.
local http = require "perilune.http"

local port, target = ...
local server = http.start_server(function(req)
    return http.proxy(req, target, {
        headers = { ["X-Forwarded-For"] = req.remote_addr, ["X-Forwarded-Host"] = req.headers.host },
        read_timeout = 60,
    })
end, { port = tonumber(port), address = "127.0.0.1" })
print("proxy on port " .. server:port())
io.stdout:flush()
await(server:wait_for_close())
