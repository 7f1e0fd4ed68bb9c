-- Sends everything back, and waits for clients that read slowly.
local tcp = require "perilune.tcp"

local server = tcp.start_server(function(stream)
    for chunk in stream:each() do
        await(stream:put(chunk))
    end
end, { port = tonumber(arg[1] or 7000), idle_timeout = 60 })

print("echo on port " .. server:port())
