--- Proxies for tests, written by hand: they do what a test tells them to, right or wrong.
--
-- `local stub = dofile(os.getenv("TOP") .. "/t/lib/stub_proxy.lua")`

local tcp = require "perilune.tcp"

local stub = {}
local Peer = {}
Peer.__index = Peer

--- Exactly `n` bytes; fewer when the client has ended.
function Peer:exactly(n)
    while #self.bytes < n do
        local piece = await(self.stream:take())
        if not piece then
            break
        end
        self.bytes = self.bytes .. piece
    end
    local got = self.bytes:sub(1, n)
    self.bytes = self.bytes:sub(n + 1)
    return got
end

--- Up to and including the empty line.
function Peer:head()
    while not self.bytes:find("\r\n\r\n", 1, true) do
        local piece = await(self.stream:take())
        if not piece then
            return self.bytes
        end
        self.bytes = self.bytes .. piece
    end
    return self:exactly(select(2, self.bytes:find("\r\n\r\n", 1, true)))
end

--- Sends bytes, `step` at a time, each in a packet of its own as far as we can tell.
function Peer:say(bytes, step)
    for at = 1, #bytes, step or #bytes do
        await(self.stream:put(bytes:sub(at, at + (step or #bytes) - 1)))
        if step then
            await(require("perilune.task").sleep(0.001))
        end
    end
end

--- Joins the client with a server until both have ended.
function Peer:join(host, port)
    local up = await(tcp.connect { host = host, port = port })
    local task = require "perilune.task"
    local back = task.spawn(function()
        for piece in up:each() do
            await(self.stream:put(piece))
        end
        self.stream:shutdown()
    end)
    if self.bytes ~= "" then
        up:put(self.bytes)
    end
    for piece in self.stream:each() do
        await(up:put(piece))
    end
    up:shutdown()
    await(back)
    await(up:close())
end

--- Bytes as hexadecimal digits.
function stub.hex(bytes)
    return (bytes:gsub(".", function(c)
        return ("%02x"):format(c:byte())
    end))
end

--- Hexadecimal digits, blanks between, as bytes.
function stub.bytes(hex)
    return (hex:gsub("%s", ""):gsub("%x%x", function(h)
        return string.char(tonumber(h, 16))
    end))
end

--- A proxy whose connections are handled by `fn(peer)`.
-- @treturn server of perilune.tcp
-- @treturn string "127.0.0.1:port"
function stub.start(fn, opts)
    opts = opts or {}
    opts.address = "127.0.0.1"
    local server = tcp.start_server(function(stream)
        return fn(setmetatable({ stream = stream, bytes = "" }, Peer))
    end, opts)
    return server, "127.0.0.1:" .. server:port()
end

return stub
