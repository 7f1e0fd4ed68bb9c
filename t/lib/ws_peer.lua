--- A WebSocket client written by hand, for t/44-*.t: it says what a test tells it to, right or wrong, and tells
-- what came back. Nothing of the server's own code is used.
--
-- Run as: perilune run t/lib/ws_peer.lua PORT SCRIPT.lua; the script gets this module as its argument.

local sock, posix = require "perilune.test.sock", require "perilune.test.posix"
local bit = require "bit"

local peer = { port = tonumber(arg[1]), sleep = posix.sleep }
local Conn = {}
Conn.__index = Conn

local KEY = "dGhlIHNhbXBsZSBub25jZQ=="

local function read_some(self, deadline)
    while posix.now() < deadline do
        sock.poll(self.fd, true, false, 0.05)
        local data, err = sock.recv(self.fd)
        if data == "" or data == nil then
            self.ended = data == "" and "eof" or err
            return false
        elseif data then
            self.bytes = self.bytes .. data
            return true
        end
    end
    self.ended = "time"
    return false
end

--- Sends bytes, all at once or `step` at a time.
function Conn:raw(bytes, step)
    step = step or #bytes
    local at = 1
    while at <= #bytes do
        local n = sock.send(self.fd, bytes, at, math.min(at + step - 1, #bytes))
        if not n then
            return self
        elseif n == 0 then
            sock.poll(self.fd, false, true, 1)
        end
        at = at + n
    end
    return self
end

local function masked(payload, mask)
    local out = {}
    for i = 1, #payload do
        out[i] = string.char(bit.bxor(payload:byte(i), mask:byte((i - 1) % 4 + 1)))
    end
    return table.concat(out)
end

--- A frame: `opts.fin` (true), `opts.rsv` (0), `opts.mask` (four bytes, or false for none), `opts.length` (what the
-- head says in place of the payload's length).
function peer.frame(opcode, payload, opts)
    opts = opts or {}
    local n = opts.length or #payload
    local mask = opts.mask == nil and "\1\2\3\4" or opts.mask
    local bits = mask and 128 or 0
    local head = string.char((opts.fin == false and 0 or 128) + (opts.rsv or 0) * 16 + opcode)
    if n < 126 then
        head = head .. string.char(bits + n)
    elseif n < 65536 then
        head = head .. string.char(bits + 126, math.floor(n / 256), n % 256)
    else
        head = head .. string.char(bits + 127, 0, 0, 0, 0, math.floor(n / 2 ^ 24), math.floor(n / 65536) % 256,
            math.floor(n / 256) % 256, n % 256)
    end
    return mask and head .. mask .. masked(payload, mask) or head .. payload
end

function Conn:send(opcode, payload, opts)
    return self:raw(peer.frame(opcode, payload, opts), opts and opts.step)
end

--- A connection after its handshake; `opts`: path, headers (text), key, version. `self.head` is the answer's head.
function peer.connect(opts)
    opts = opts or {}
    local self = setmetatable({ fd = assert(sock.connect("127.0.0.1", peer.port, 5)), bytes = "" }, Conn)
    self:raw(("GET %s HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        .. "Sec-WebSocket-Key: %s\r\nSec-WebSocket-Version: %s\r\n%s\r\n"):format(opts.path or "/", opts.key or KEY,
        opts.version or "13", opts.headers or ""))
    if opts.more then
        self:raw(opts.more)
    end
    local deadline = posix.now() + 10
    while not self.bytes:find("\r\n\r\n", 1, true) do
        if not read_some(self, deadline) then
            break
        end
    end
    local stop = select(2, self.bytes:find("\r\n\r\n", 1, true)) or #self.bytes
    self.head, self.bytes = self.bytes:sub(1, stop), self.bytes:sub(stop + 1)
    return self
end

local function take(self, n, deadline)
    while #self.bytes < n do
        if not read_some(self, deadline) then
            return nil
        end
    end
    local piece = self.bytes:sub(1, n)
    self.bytes = self.bytes:sub(n + 1)
    return piece
end

--- The next frame as `opcode, payload, first byte`; or nil and how the connection stands: "eof", "time", an error.
function Conn:receive(seconds)
    local deadline = posix.now() + (seconds or 10)
    local head = take(self, 2, deadline)
    if not head then
        return nil, self.ended
    end
    local first, n = head:byte(1, 2)
    if n >= 126 then
        local size = n == 126 and 2 or 8
        local more = take(self, size, deadline)
        n = 0
        for i = 1, size do
            n = n * 256 + more:byte(i)
        end
    end
    return first % 16, take(self, n, deadline), first
end

--- What comes until the end, in words: "text hello", "close 1002", "eof".
function Conn:tell(seconds)
    local names = { [0] = "continuation", "text", "binary", [8] = "close", [9] = "ping", [10] = "pong" }
    local out = {}
    while true do
        local opcode, payload = self:receive(seconds)
        if not opcode then
            out[#out + 1] = payload
            return table.concat(out, " ")
        elseif opcode == 8 then
            payload = #payload >= 2 and tostring(payload:byte(1) * 256 + payload:byte(2)) or "none"
        elseif #payload > 40 then
            payload = #payload .. " bytes"
        end
        out[#out + 1] = names[opcode] .. " " .. payload
    end
end

function Conn:close()
    sock.close(self.fd)
end

assert(loadfile(arg[2]))(peer)
