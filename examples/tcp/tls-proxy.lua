-- Ends TLS and hands the bytes on, both ways, each end as fast as the other reads. The server behind hears of the
-- client's address by the PROXY protocol.
-- perilune run tls-proxy.lua PORT BACKEND_PORT [CERTIFICATE KEY]
local task = require "perilune.task"
local tcp = require "perilune.tcp"

local tls = arg[3] and { certificate = arg[3], key = arg[4] } or { self_signed = { names = { "localhost" } } }

local function copy(from, to)
    for chunk in from:each() do
        await(to:put(chunk))
    end
    await(to:shutdown())
end

local server = tcp.start_server(function(client, info)
    local backend = await(tcp.connect {
        host = "127.0.0.1", port = tonumber(arg[2]), timeout = 5,
        proxy_protocol = { version = 2, peer = info.peer, local_address = info.local_address },
    })
    task.defer(function()
        backend:abort()
    end)
    local up = task.spawn(copy, client, backend)
    copy(backend, client)
    await(up)
end, { port = tonumber(arg[1] or 7443), tls = tls, idle_timeout = 300 })

print("TLS on port " .. server:port())
