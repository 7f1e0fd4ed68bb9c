--- ngx.req.socket and ngx.flush of sessions in `stream`. The connection stays theirs: ngx.say and the socket write to
-- it in the order in which they are called.

local bytes = require "perilune.core.stream"
local context = require "ngx.api.context"
local core = require "perilune.core.session"
local socket_core = require "perilune.core.socket"
local tcp = require "ngx.api.handshake"
local tcp_core = require "perilune.core.tcp"
local secure = require "perilune.core.secure"
local udp = require "ngx.api.udp"
local native = require "ngx.api.native"
local minding = require "ngx.api.minding"

local WAIT, CORE, READ_MS, SEND_MS = bytes.WAIT, tcp.slots.CORE, tcp.slots.READ_MS, tcp.slots.SEND_MS

local DEBUG, INFO = 8, 7

local session = {}

--- Waits until everything has been sent.
-- @treturn ?number 1
-- @treturn ?string error
function session.flush()
    local own, why = core.stream()
    if not own then
        return nil, why
    end
    local ok, err = bytes.drained(own)
    while ok == WAIT do
        context.wait()
        ok, err = bytes.drained(own)
    end
    if ok then
        return 1
    elseif err == "timeout" then
        native.log_line(INFO, "client timed out (110: Connection timed out)")
    end
    return nil, tcp.text_of(err)
end

local methods = {}
for _, name in ipairs { "receive", "receiveany", "receiveuntil", "send", "settimeout", "settimeouts", "getfd" } do
    methods[name] = tcp.methods[name]
end
local mt = { __index = methods, __name = "request socket" }
local minding_mt = { __index = setmetatable(minding.reads(methods), mt), __name = "request socket" }

--- Sends, unless our side has been ended.
function methods:send(...)
    if self.is_shut then
        return nil, "closed"
    end
    return tcp.methods.send(self, ...)
end

--- What ends a session that cannot be looked at: its status, and a line in the log.
local ENDS = { full = { 400, "preread buffer full" }, timeout = { 200, "preread timed out" } }

--- Looks at the first `size` bytes that the client sends, which stay there. In preread only.
-- @tparam number size
-- @treturn ?string
-- @treturn ?string error
function methods:peek(size)
    if ngx.get_phase() ~= "preread" then
        error("API disabled in the context of content_by_lua*", 2)
    end
    local own = self[CORE]
    socket_core.limit(own, core.preread_timeout(), 0)
    local data, err = core.peek(own, size)
    while data == WAIT do
        context.wait()
        data, err = core.peek(own, size)
    end
    socket_core.limit(own, self[READ_MS], self[SEND_MS])
    if err == "consumed" then
        error("attempt to peek on a consumed socket", 2)
    end
    if ENDS[err] then
        ngx.log(ngx.ERR, ENDS[err][2])
        ngx.exit(ENDS[err][1])
    end
    if data then
        return data
    end
    return nil, tcp.text_of(err)
end

--- Ends our side; the client may go on.
-- @tparam string direction "send"
function methods:shutdown(direction)
    if direction ~= "send" then
        error("bad shutdown argument: " .. tostring(direction), 2)
    end
    local own = self[CORE]
    if not own or not bytes.is_open(own) then
        return nil, "closed"
    end
    if self.is_shut then
        return nil, "already shutdown"
    end
    if select(2, bytes.buffered(own)) > 0 then
        return nil, "socket busy writing"
    end
    core.shutdown()
    native.log_line(DEBUG, "stream lua shutdown socket write direction")
    self.is_shut = true
    return 1
end

local function tls_facts(own)
    local info = secure.info(own)
    return { protocol = info.version, cipher = info.cipher, session_reused = info.is_resumed }
end

--- Why TLS cannot be begun, as text, or nil.
local function busy_with(own)
    local why = tcp.busy_with(own)
    if why then
        return why
    end
    local _, unsent = bytes.buffered(own)
    return unsent > 0 and "socket busy writing" or nil
end

--- Begins TLS as its server, with the certificates and rules of the `server` block (STARTTLS). What the client has sent
-- and nobody has read, `peek` included, is the beginning of its handshake.
-- @treturn ?table `protocol`, `cipher`, `session_reused`
-- @treturn ?string error "ssl not configured for this server", "timeout", "handshake failed", "closed", …
function methods:serversslhandshake(...)
    if select("#", ...) > 0 then
        error("ngx.socket serversslhandshake: expecting 1 argument (the object), but seen " .. select("#", ...) + 1, 2)
    end
    local own = self[CORE]
    if not own or not bytes.is_open(own) then
        return nil, "closed"
    end
    bytes.check(own)
    native.log_line(DEBUG, "stream lua tcp socket server ssl handshake")
    local why = busy_with(own)
    if why then
        return nil, why
    elseif secure.info(own) then
        return tls_facts(own)
    end
    local ok, err = core.start_tls()
    if not ok then
        return nil, err
    end
    local text
    ok, err, text = tcp.handshake(own)
    if not ok or not core.has_tls() then
        return tcp.handshake_failed(self, nil, err or "refused", text)
    end
    return tls_facts(own)
end

--- A session of UDP: what has come is there, nothing is waited for.
local datagrams = { send = udp.methods.send, settimeout = udp.methods.settimeout, close = udp.methods.close }
local datagrams_mt = { __index = datagrams, __name = "udp socket" }

--- The next datagram that has come, or the next `size` bytes (8192) of it: a longer one is given in pieces.
-- @treturn ?string
-- @treturn ?string error "no more data"
function datagrams:receive(size)
    local own = self[CORE]
    if not own or not bytes.is_open(own) then
        return nil, "closed"
    end
    local data, most = self.rest or tcp_core.try_read(own, 65536), udp.message_size(size or 8192)
    if not data then
        return nil, "no more data"
    end
    self.rest = #data > most and data:sub(most + 1) or nil
    return data:sub(1, most)
end

--- The client's connection as a socket; datagrams of a UDP session.
-- @treturn ?socket
-- @treturn ?string error
function session.socket()
    local own, is_udp, minds_end = core.request()
    if not own then
        return nil, is_udp
    end
    if is_udp then
        return setmetatable({ own, 0, false }, datagrams_mt)
    end
    local sock = tcp.blank()
    sock[CORE] = own
    return setmetatable(sock, minds_end and minding_mt or mt)
end

return session
