-- backend.lua PORT: what the scenarios `proxy` and `backend-call` ask.
require("perilune.http").start_server(function()
    return "hello"
end, { port = tonumber(arg[1]), address = "127.0.0.1", keepalive_requests = 1e9 })
