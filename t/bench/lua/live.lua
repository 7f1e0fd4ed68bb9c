--- Handlers of the scenarios whose connections stay open, by the native API.

local http = require "perilune.http"
local task = require "perilune.task"
local websocket = require "perilune.websocket"

local live = {}
local LARGE = { max_frame_payload = 1048576 }
local EVENT = ("x"):rep(100)
local PERIOD = 0.02 -- seconds between two events for each client

local function echo(ws, message, is_binary)
    ws:send(message, is_binary)
end

live.ws = websocket.handler({ message = echo }, LARGE)

live.ws_loop = websocket.handler(function(ws)
    for message, is_binary in ws:each() do
        ws:send(message, is_binary)
    end
end, LARGE)

local room = websocket.group()
local BINARY = { binary = true }

live.room = websocket.handler {
    open = function(ws)
        room:join(ws)
    end,
    message = function(_, message)
        room:broadcast(message, BINARY)
    end,
}

local channel

--- What is published goes to all.
function live.events(req)
    if not channel then
        channel = http.sse_channel { keep = 0 }
        task.detach(function()
            while true do
                channel:publish { data = EVENT }
                await(task.sleep(PERIOD))
            end
        end)
    end
    return channel:subscribe(req)
end

--- Each client has its own clock, as in lua-nginx-module.
function live.events_loop(req)
    local sink = http.sse(req)
    task.spawn(function()
        while await(sink:send { data = EVENT }) do
            await(task.sleep(PERIOD))
        end
    end)
    return sink:response()
end

return live
