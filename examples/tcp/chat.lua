-- A chat room: whatever one says, all the others read. The first line is the name.
local frame = require "perilune.frame"
local task = require "perilune.task"
local tcp = require "perilune.tcp"

local room = {}

local function tell(text, except)
    for lines in pairs(room) do
        if lines ~= except then
            lines:put(text) -- a client that does not read fills its own queue and is cut off by write_timeout
        end
    end
end

local server = tcp.start_server(function(stream)
    local lines = frame.lines(stream, { max = 1000 })
    lines:put("Who are you?")
    local name = await(lines:take())
    if not name then
        return
    end
    room[lines] = true
    task.defer(function()
        room[lines] = nil
        tell("* " .. name .. " has left")
    end)
    tell("* " .. name .. " is here", lines)
    lines:put("Welcome, " .. name)
    for text in lines:each() do
        tell("<" .. name .. "> " .. text, lines)
    end
end, { port = tonumber(arg[1] or 7001), write_timeout = 10 })

print("chat on port " .. server:port())
