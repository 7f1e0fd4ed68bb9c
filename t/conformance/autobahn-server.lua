--- The server for Autobahn's fuzzing client: echoes what it gets, compressed when asked.
--
-- Usage: perilune run t/conformance/autobahn-server.lua [port]     (9001)
--        wstest -m fuzzingclient -s spec.json                      (or python3 -m autobahntestsuite.wstest)
-- with spec.json: {"outdir": "reports", "servers": [{"url": "ws://127.0.0.1:9001"}], "cases": ["*"]}
--
-- `reports/index.json` has the verdict of each case.

local http = require "perilune.http"
local websocket = require "perilune.websocket"

local SIZE = 32 * 1024 * 1024 -- the largest messages are 16 MB, in one frame

local echo = websocket.handler(function(ws)
    for message, is_binary in ws:each() do
        ws:send(message, is_binary)
    end
end, { compression = true, compression_level = 1, max_frame_payload = SIZE, max_message_size = SIZE })

local server = http.start_server(echo, { port = tonumber(arg[1]) or 9001, address = "127.0.0.1" })
print("listening on 127.0.0.1:" .. server:port())
