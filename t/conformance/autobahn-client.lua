--- A client for Autobahn's fuzzing server: takes every case it has, one after the other, and echoes.
--
-- Usage: wstest -m fuzzingserver -s spec.json                      (or python3 -m autobahntestsuite.wstest)
--        perilune run t/conformance/autobahn-client.lua [url]      (ws://127.0.0.1:9001)
-- with spec.json: {"url": "ws://127.0.0.1:9001", "outdir": "reports", "cases": ["*"]}
--
-- The server writes its reports when the last case is over; `reports/index.json` has the verdict of each.

local websocket = require "perilune.websocket"

local SIZE = 32 * 1024 * 1024
local AGENT = "perilune"
local base = arg[1] or "ws://127.0.0.1:9001"

local function connect(path)
    return await(websocket.connect(base .. path, {
        compression = true, compression_level = 1, max_frame_payload = SIZE, max_message_size = SIZE,
    }))
end

local function echo(ws)
    for message, is_binary in ws:each() do
        ws:send(message, is_binary)
    end
    await(ws:close())
end

local counter = connect("/getCaseCount")
local n = tonumber((counter:receive()))
await(counter:close())
for case = 1, n do
    local ok, err = pcall(function()
        echo(connect(("/runCase?case=%d&agent=%s"):format(case, AGENT)))
    end)
    if not ok then
        print(("case %d: %s"):format(case, tostring(err)))
    end
end
local reporter = connect("/updateReports?agent=" .. AGENT)
reporter:receive()
print(n .. " cases run")
