--- A chat room over WebSocket: a group in each worker, a loop for each member, the bus between the workers.

local bus = require "perilune.bus"
local crypto = require "perilune.crypto"
local json = require "perilune.json"
local task = require "perilune.task"
local websocket = require "perilune.websocket"

local room, me = websocket.group(), crypto.token(6)
local sizes = {} -- members by worker

local app = {}

--- Says something in all workers; with it goes how many members are in this one.
local function tell(message)
    message.worker, message.size = me, room:size()
    bus.publish("chat", message, { scope = "all" })
end

local function members()
    local n = 0
    for _, size in pairs(sizes) do
        n = n + size
    end
    return n
end

local function hear(message)
    sizes[message.worker] = message.size
    if message.text then
        room:broadcast(json.encode { who = message.who, text = message.text, members = members() })
    elseif message.is_new and message.worker ~= me and room:size() > 0 then
        tell {}
    end
end

local messages = bus.subscribe("chat")
task.detach(function()
    for message in messages:each() do
        hear(message)
    end
end)
tell { is_new = true }

--- `/chat/ws?name=Ada`: a member of the room until it leaves.
app.room = websocket.handler(function(ws, req)
    local name = (req.query.name or "somebody"):sub(1, 40)
    room:join(ws)
    tell { who = "room", text = name .. " is here" }
    for text in ws:each() do
        tell { who = name, text = text:sub(1, 2000) }
    end
    room:leave(ws)
    tell { who = "room", text = name .. " has left" }
end, { max_message_size = 8192, max_frame_payload = 8192, heartbeat_interval = 30, compression = true,
    no_context_takeover = true })

return app
