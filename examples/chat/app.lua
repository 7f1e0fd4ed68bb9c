--- A chat room over WebSocket: a group, and a loop for each member.

local json = require "perilune.json"
local websocket = require "perilune.websocket"

local room = websocket.group()

local app = {}

local function tell(who, text, except)
    room:broadcast(json.encode { who = who, text = text, members = room:size() }, { except = except })
end

--- `/chat/ws?name=Ada`: a member of the room until it leaves.
app.room = websocket.handler(function(ws, req)
    local name = (req.query.name or "somebody"):sub(1, 40)
    room:join(ws)
    tell("room", name .. " is here")
    for text in ws:each() do
        tell(name, text:sub(1, 2000))
    end
    room:leave(ws)
    tell("room", name .. " has left")
end, { max_message_size = 8192, max_frame_payload = 8192, heartbeat_interval = 30, compression = true,
    no_context_takeover = true })

return app
