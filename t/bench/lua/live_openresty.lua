--- The same handlers for nginx's Lua module; the WebSocket library is Debian's lua-nginx-websocket.

local server = require "nginx.websocket.server"

local live = {}
local EVENT = "data: " .. ("x"):rep(100) .. "\n\n"

function live.ws()
    local ws = assert(server:new { timeout = 600000, max_payload_len = 1048576 })
    while true do
        local message, kind = ws:recv_frame()
        if not message or kind == "close" then
            return
        end
        ws:send_binary(message)
    end
end

function live.events()
    while ngx.print(EVENT) and ngx.flush(true) do
        ngx.sleep(0.02)
    end
end

return live
