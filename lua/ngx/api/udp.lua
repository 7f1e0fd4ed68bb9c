--- ngx.socket.udp: datagrams to and from one peer.

local context = require "ngx.api.context"
local core = require "perilune.core.stream"
local datagram = require "perilune.core.datagram"
local ngx_core = require "perilune.core.ngx"
local socket_core = require "perilune.core.socket"
local tcp = require "ngx.api.connect"
local native = require "ngx.api.native"

local WAIT = core.WAIT
local CORE, READ_MS, LOCAL, HOST, TRANSPARENT = 1, 2, 3, 4, 5
local DEBUG = 8
local MOST = 65536

local udp = {}
local methods = {}
methods.__index = methods

--- A socket without a peer.
function udp.new(...)
    if select("#", ...) > 0 then
        error("expecting zero arguments, but got " .. select("#", ...), 2)
    end
    context.check(context.waiting)
    return setmetatable({ false, 0, false, false, false }, methods)
end

local function debug_log(text)
    if ngx_core.is_logged(DEBUG) then
        native.log_line(DEBUG, "lua " .. text)
    end
end

local function parse(n, host, port)
    if n ~= 1 and n ~= 2 then
        error("ngx.socket.udp setpeername: expecting 2 or 3 arguments (including the object), but seen " .. n + 1, 3)
    end
    if type(host) ~= "string" and type(host) ~= "number" then
        error("bad argument #1 to 'setpeername' (string expected, got " .. type(host) .. ")", 3)
    end
    host = tostring(host)
    local why = tcp.bad_host(host)
    if why then
        return nil, why
    elseif n == 1 then
        if host:sub(1, 5):lower() == "unix:" then
            return host
        end
        error("expecting 3 arguments (including the object), but seen 2", 3)
    end
    port = tonumber(port) or error("bad argument #2 to 'setpeername' (number expected, got " .. type(port) .. ")", 3)
    if port < 0 or port > 65535 then
        return nil, "bad port number: " .. port
    end
    return host, port
end

--- Sets whom to talk to: an address or a name and a port, or "unix:/path".
-- @treturn ?number 1
-- @treturn ?string error
function methods:setpeername(...)
    local host, port = parse(select("#", ...), ...)
    context.check(context.waiting)
    if not host then
        return nil, port
    end
    if self[CORE] then
        core.check(self[CORE])
        local reading = core.busy(self[CORE])
        if reading then
            return nil, "socket busy"
        end
        debug_log("reuse socket upstream")
        debug_log("udp socket reconnect without shutting down")
        core.close(self[CORE])
    end
    local s = core.new()
    self[CORE], self[HOST] = s, port and host .. ":" .. port or host
    local ok, err, text = datagram.open(s, host, port, self[LOCAL] or nil, self[TRANSPARENT])
    while ok == WAIT do
        context.wait()
        ok, err, text = datagram.finish(s)
    end
    if not ok then
        self[CORE] = false
        if err == "resolve" then
            return nil, tcp.resolver_text(host, text)
        end
        if not tcp.log_bind_failure(self[LOCAL], err) then
            tcp.log("connect() failed (" .. text .. ")")
        end
        return nil, tcp.text_of(err, text)
    end
    socket_core.own(s, self[READ_MS], 0)
    return 1
end

--- The text of data that can be sent.
local function text_of(data)
    if type(data) ~= "table" then
        return tostring(data)
    end
    local texts = {}
    for i = 1, #data do
        texts[i] = text_of(data[i])
    end
    return table.concat(texts)
end

--- Sends one message: text, a number, or an array of them.
function methods:send(...)
    if select("#", ...) ~= 1 then
        error("expecting 2 arguments (including the object), but got " .. select("#", ...) + 1, 2)
    end
    local s = self[CORE]
    if not s or not core.is_open(s) then
        return nil, "closed"
    end
    core.check(s)
    local data = ...
    local bad = core.bad_data(data)
    if bad then
        error("bad argument #1 to 'send' (" .. bad .. ")", 0)
    end
    local ok, err = datagram.send(s, text_of(data))
    if not ok then
        return nil, err == "too_large" and "message too long" or tcp.text_of(err)
    end
    return 1
end

local function message_size(size)
    if size == nil then
        return MOST
    end
    size = tonumber(size) or error("bad argument #1 to 'receive' (number expected, got " .. type(size) .. ")", 3)
    return size < 0 and MOST or math.min(math.floor(size), MOST)
end

--- Receives one message, of which at most `size` bytes are kept; below 0: all.
function methods:receive(...)
    if select("#", ...) > 1 then
        error("expecting 1 or 2 arguments (including the object), but got " .. select("#", ...) + 1, 2)
    end
    local s, size = self[CORE], message_size((...))
    debug_log("udp socket receive buffer size: " .. size)
    if not s or not core.is_open(s) then
        tcp.log("attempt to receive data on a closed socket: udp")
        return nil, "closed"
    end
    local data, err = datagram.receive(s, size)
    while data == WAIT do
        context.wait()
        data, err = datagram.receive(s, size)
    end
    if data then
        return data
    elseif err == "busy" then
        return nil, "socket busy"
    elseif err == "timeout" then
        tcp.log("lua udp socket read timed out" .. tcp.upstream_text(self[HOST], s))
    else
        tcp.log("recv() failed (" .. tcp.system_text(err) .. ")" .. tcp.upstream_text(self[HOST], s))
    end
    return nil, tcp.text_of(err)
end

--- Limits receive to `ms` milliseconds; 0: what the configuration says.
function methods:settimeout(...)
    if select("#", ...) ~= 1 then
        error("ngx.socket settimeout: expecting at least 2 arguments (including the object) but seen "
            .. select("#", ...) + 1, 2)
    end
    self[READ_MS] = tonumber((...)) or 0
    if self[CORE] then
        socket_core.limit(self[CORE], self[READ_MS], 0)
    end
end

--- The address to send from.
function methods:bind(address)
    if not tcp.is_address(tostring(address)) then
        return nil, "bad address"
    end
    debug_log("udp socket bind ip: " .. address)
    self[LOCAL] = tostring(address)
    return 1
end

--- The one option of sockets that send datagrams: ip-transparent, the address of `bind` may be one of another machine.
function methods:setoption(option, value)
    if option == nil then
        return nil, 'missing the "option" argument'
    elseif value == nil then
        return nil, 'missing the "value" argument'
    elseif option ~= "ip-transparent" then
        return nil, "unsupported option " .. tostring(option)
    end
    return tcp.set_transparent(self, TRANSPARENT, value, "UDP")
end

--- Closes it.
function methods:close(...)
    if select("#", ...) ~= 0 then
        error("expecting 1 argument (including the object) but seen " .. select("#", ...) + 1, 2)
    end
    local s = self[CORE]
    if not s or not core.is_open(s) then
        return nil, "closed"
    end
    core.check(s)
    if core.busy(s) then
        return nil, "socket busy"
    end
    core.close(s)
    self[CORE] = false
    return 1
end

udp.methods, udp.message_size = methods, message_size

return udp
