--- The clients: connect, let one event be published after another, each when all have had the one before, and tell how
-- many events came. Before the first and after the last a line is printed, so that the CPU used between can be read.

local http = require "perilune.http"
local task = require "perilune.task"
local tcp = require "perilune.tcp"

local port, clients, events = tonumber(arg[1]), tonumber(arg[2]), tonumber(arg[3])
local got, all_have = 0, require("perilune.deferred").deferred()
local wanted = math.huge

local function listen(i)
    local s = await(tcp.connect { host = "127.0.0.1", port = port, local_address = "127.0.0." .. 2 + i % 8 })
    s:put("GET /events HTTP/1.1\r\nHost: localhost\r\n\r\n")
    for chunk in s:each() do
        local _, n = chunk:gsub("event: tick", "")
        got = got + n
        if got >= wanted then
            wanted = math.huge
            all_have:success(true)
        end
    end
    error "a connection ended"
end

local function publish()
    all_have = require("perilune.deferred").deferred()
    wanted = got + clients
    local res = await(http.get(("http://127.0.0.1:%d/publish"):format(port)))
    assert(tonumber(await(res:text())) == clients, "not all listen")
    await(all_have)
end

for i = 1, clients do
    task.spawn(listen, i)
    if i % 100 == 0 then
        await(task.sleep(0.02))
    end
end
await(task.sleep(1))
for _ = 1, 10 do
    publish()
end
io.write("begin\n")
io.flush()
io.read()
for _ = 1, events do
    publish()
end
io.write(("end %d\n"):format(events * clients))
io.flush()
io.read()
os.exit(0)
