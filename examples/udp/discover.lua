-- Finding each other on a network by multicast, the way mDNS does: every node asks the group who is there and answers
-- those who ask.
-- perilune run discover.lua NAME [PORT INTERFACE]
local task = require "perilune.task"
local udp = require "perilune.udp"

local GROUP = "239.255.42.42"
local name, port, interface = arg[1] or "node", tonumber(arg[2] or 4242), arg[3]

local socket = udp.socket {
    port = port, reuseaddr = true, reuseport = true,
    multicast = { groups = { GROUP }, interface = interface, ttl = 1 },
}

task.spawn(function()
    for m in socket:each() do
        local kind, who = m.message:match("^(%u+) (%w+)$")
        if kind == "WHO" and who ~= name then
            socket:put { host = GROUP, port = port, message = "HERE " .. name }
        elseif kind == "HERE" and who ~= name then
            print(name .. " sees " .. who .. " at " .. m.host)
        end
    end
end)

for _ = 1, 5 do
    await(socket:put { host = GROUP, port = port, message = "WHO " .. name })
    await(task.sleep(0.2))
end
socket:close()
