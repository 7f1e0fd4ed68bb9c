--- ngx.socket.tcp: connections that a request makes, as OpenResty has them. Connecting and keeping are in connect and
-- keepalive.
--
-- A socket is a table; slot CORE holds the stream (perilune.core.stream) once there is one. What may wait asks the
-- stream, and when that says WAIT yields and asks again. A stream belongs to the request that connected it: the core
-- refuses others with "bad request", and closes it when the request ends.

local context = require "ngx.api.context"
local core = require "perilune.core.stream"
local dial = require "perilune.core.connect"
local failures = require "ngx.api.failures"
local native = require "ngx.api.native"
local ngx_core = require "perilune.core.ngx"
local pool = require "ngx.api.pool"
local socket_core = require "perilune.core.socket"

local C, WAIT = native.C, core.WAIT
local read, read_line, read_all, read_some = core.read, core.read_line, core.read_all, core.read_some
local read_until, write, drained, is_open = core.read_until, core.write, core.drained, core.is_open
local busy, check = core.busy, core.check
local text_of, system_text = failures.text_of, failures.system_text
local set_options = require("perilune.core.tcp").set_options
local is_address = require("perilune.core.dns").is_address

local type, select, setmetatable = type, select, setmetatable
local floor = math.floor

local CORE, KEY, CONNECT_MS, SEND_MS, READ_MS, POOL, LOCAL, READ_CLOSED, WRITE_CLOSED = 1, 2, 3, 4, 5, 6, 7, 8, 9
local HOST, DELAYS, TRANSPARENT = 10, 11, 12
local ERR, DEBUG = 4, 8

local tcp = {}
--- Also the metatable of sockets, where libraries look for methods.
local methods = {}
methods.__index = methods

--- In a session of `stream` its lines say so.
local function told(message)
    if C.ffi_ngx_is_session() ~= 0 and message:sub(1, 4) == "lua " then
        return "stream " .. message
    end
    return message
end

local function log(message, level)
    if socket_core.log_errors() then
        native.log_line(level or ERR, told(message))
    end
end

--- Whom a stream `s` was connected to, for the log: ", upstream: host:port(address)".
local function upstream_text(host, s)
    local address = socket_core.peer(s)
    return host and ", upstream: " .. host .. (address and "(" .. address .. ")" or "") or ""
end

--- A socket without methods: every slot is in its array.
local function blank()
    return { false, false, 0, 0, 0, false, false, false, false, false, false, false }
end

--- A socket of its own.
function tcp.new(...)
    if select("#", ...) > 0 then
        error("expecting zero arguments, but got " .. select("#", ...), 2)
    end
    context.check(context.waiting)
    return setmetatable(blank(), methods)
end

local function count_arguments(n, least, most)
    if n < least or n > most then
        local expected = least == most and tostring(least) or least .. (most == least + 1 and " or " or " to ") .. most
        error("expecting " .. expected .. " argument" .. (most == 1 and "" or "s")
            .. " (including the object), but got " .. n, 3)
    end
end

--- A line of the debug level about the sockets of this file.
local function debug_log(text, is_whole)
    if ngx_core.is_logged(DEBUG) then
        native.log_line(DEBUG, told((is_whole and "lua " or "lua tcp socket ") .. text))
    end
end

--- Raises an error about argument `n`, the socket being the first; in C's way it is not counted when called as a
-- method, and a function that was called by no name has none.
local function bad_argument(n, what)
    local info = debug.getinfo(2, "n")
    if info.namewhat == "method" then
        n = n - 1
    end
    error(("bad argument #%d to '%s' (%s)"):format(n, info.name or "?", what), 3)
end

local function bad_self(self, name)
    error("bad argument #1 to '" .. name .. "' (table expected, got " .. type(self) .. ")", 3)
end

--- The connection is gone for good.
local function drop(self)
    local s = self[CORE]
    if is_open(s) then
        core.close(s)
    end
    self[CORE] = false
    if self[POOL] then
        pool.lose(self[POOL])
        self[POOL] = false
    end
end

--- Who uses the stream already, as text, or nil.
local function busy_with(s)
    if dial.is_connecting(s) then
        return "socket busy connecting"
    end
    local reading, writing = busy(s)
    return reading and "socket busy reading" or writing and "socket busy writing"
end

-- receiving

local function read_failed(self, s, op, err, partial)
    if err == "truncated" then -- a peer need not say goodbye in TLS, as in nginx
        if op == read_all then
            return partial
        end
        err = "closed"
    end
    if err == "busy" then
        return nil, dial.is_connecting(s) and "socket busy connecting" or "socket busy reading"
    end
    if err == "timeout" then
        log("lua tcp socket read timed out" .. upstream_text(self[HOST], s))
        return nil, "timeout", partial or ""
    end
    self[READ_CLOSED] = true
    if err ~= "closed" and err ~= "client_aborted" then
        log("recv() failed (" .. system_text(err) .. ")" .. upstream_text(self[HOST], s))
    end
    if self[WRITE_CLOSED] then
        drop(self)
    end
    return nil, text_of(err), partial or ""
end

local function not_readable(self)
    log("attempt to receive data on a closed socket: " .. (self[KEY] or "never connected"))
    if self[CORE] and dial.is_connecting(self[CORE]) then
        return nil, "socket busy connecting"
    end
    return nil, "closed"
end

--- Goes on with a read that has to wait.
local function await_read(self, s, op, a, b)
    local data, err, partial
    repeat
        context.wait()
        data, err, partial = op(s, a, b)
    until data ~= WAIT
    if data or not err then
        return data
    end
    return read_failed(self, s, op, err, partial)
end

local function bad_receive(what)
    error("bad argument #1 to 'receive' (" .. what .. ")", 4)
end

local function pattern_op(pattern)
    if pattern == nil or pattern == "*l" then
        return read_line, true
    elseif pattern == "*a" then
        return read_all
    end
    local n = tonumber(pattern)
    if not n then
        bad_receive(type(pattern) == "string" and "bad pattern argument: " .. pattern or "bad argument")
    end
    n = n < 0 and -floor(-n) or floor(n)
    if n < 0 then
        bad_receive("bad number argument")
    end
    return read, n
end

--- Receives `n` bytes, a line ("*l", the default) or everything until the peer ends ("*a").
-- @treturn ?string data
-- @treturn ?string error
-- @treturn ?string what came before the error
function methods:receive(...)
    if type(self) ~= "table" then
        bad_self(self, "receive")
    end
    local pattern = ...
    if select("#", ...) > 1 then
        count_arguments(select("#", ...) + 1, 1, 2)
    end
    local s = self[CORE]
    if not s or self[READ_CLOSED] or not is_open(s) then
        return not_readable(self)
    end
    local op, arg = read_line, true
    if pattern ~= nil then
        op, arg = pattern_op(pattern)
    end
    local data, err, partial = op(s, arg)
    if data == WAIT then
        return await_read(self, s, op, arg)
    elseif data then
        return data
    end
    return read_failed(self, s, op, err, partial)
end

--- Receives what is there, at most `most` bytes.
function methods:receiveany(...)
    if type(self) ~= "table" then
        bad_self(self, "receiveany")
    end
    count_arguments(select("#", ...) + 1, 2, 2)
    local s = self[CORE]
    local most = tonumber((...))
    if not s or self[READ_CLOSED] or not is_open(s) then
        return not_readable(self)
    end
    if not most or most < 1 then
        bad_argument(2, "bad max argument")
    end
    most = floor(most)
    debug_log("calling receiveany() method to read at most " .. most .. " bytes")
    debug_log("read any")
    local data, err, partial = read_some(s, most)
    if data == WAIT then
        return await_read(self, s, read_some, most)
    elseif data then
        return data
    end
    return read_failed(self, s, read_some, err, partial)
end

local function is_inclusive(options)
    if options == nil then
        return false
    elseif type(options) ~= "table" then
        error("bad argument #2 to 'receiveuntil' (table expected, got " .. type(options) .. ")", 3)
    end
    local inclusive = options.inclusive
    if inclusive ~= nil and type(inclusive) ~= "boolean" then
        error('bad "inclusive" option value type: ' .. type(inclusive), 3)
    end
    return inclusive
end

--- An iterator over what comes before each `pattern`.
-- @tparam string pattern
-- @tparam[opt] table options `inclusive`: the pattern is part of the data
-- @treturn function iterator(size): data, or error as of receive; with a size pieces of the data, nil after the last
function methods:receiveuntil(...)
    if type(self) ~= "table" then
        bad_self(self, "receiveuntil")
    end
    count_arguments(select("#", ...) + 1, 2, 3)
    local pattern, options = ...
    if type(pattern) ~= "string" and type(pattern) ~= "number" then
        error("bad argument #1 to 'receiveuntil' (string expected, got " .. type(pattern) .. ")", 2)
    end
    local inclusive = is_inclusive(options)
    if pattern == "" then
        return nil, "pattern is empty"
    end
    local scanner = core.scanner(pattern, inclusive)
    return function(...)
        if select("#", ...) > 1 then
            error("expecting 0 or 1 argument, but seen " .. select("#", ...), 2)
        end
        local size = (...) and floor(tonumber((...)) or error("bad argument #1 (number expected)", 2)) or 0
        local s = self[CORE]
        if not s or self[READ_CLOSED] or not is_open(s) then
            return nil, "closed"
        end
        size = size > 0 and size or 0
        local data, err, partial = read_until(s, scanner, size)
        if data == WAIT then
            return await_read(self, s, read_until, scanner, size)
        elseif data then
            return data
        elseif not err then
            return nil, nil, nil
        end
        return read_failed(self, s, read_until, err, partial)
    end
end

-- sending

local function write_failed(self, s, err)
    if err == "busy" then
        return nil, dial.is_connecting(s) and "socket busy connecting" or "socket busy writing"
    end
    if err == "timeout" then
        log("lua tcp socket write timed out" .. upstream_text(self[HOST], s))
    else
        err = failures.of_write(err)
        log("send() failed (" .. system_text(err) .. ")" .. upstream_text(self[HOST], s))
    end
    self[WRITE_CLOSED] = true
    if self[READ_CLOSED] then
        drop(self)
    end
    return nil, text_of(err)
end

--- With tcp_nodelay: what is sent from now on does not wait for the peer to confirm what came before.
local function stop_delays(self, s)
    self[DELAYS] = false
    set_options(s, true)
    debug_log("socket tcp_nodelay", true)
end

--- Sends data: text, a number, or an array of data.
-- @treturn ?number bytes
-- @treturn ?string error
function methods:send(...)
    if select("#", ...) ~= 1 then
        error("expecting 2 arguments (including the object), but got " .. select("#", ...) + 1, 2)
    end
    if type(self) ~= "table" then
        bad_self(self, "send")
    end
    local s = self[CORE]
    if not s or self[WRITE_CLOSED] or not is_open(s) then
        if s and dial.is_connecting(s) then
            return nil, "socket busy connecting"
        end
        log("attempt to send data on a closed socket: " .. (self[KEY] or "never connected"))
        return nil, "closed"
    end
    if self[DELAYS] then
        stop_delays(self, s)
    end
    local n, done, text = write(s, (...))
    if done == true then
        return n
    elseif not n then
        if done == "invalid" then
            error("bad argument #1 to 'send' (" .. text .. ")", 2)
        end
        return write_failed(self, s, done)
    end
    local ok, err = drained(s)
    while ok == WAIT do
        context.wait()
        ok, err = drained(s)
    end
    if ok then
        return n
    end
    return write_failed(self, s, err)
end

-- the rest

--- Closes the connection.
function methods:close(...)
    if type(self) ~= "table" then
        bad_self(self, "close")
    end
    if select("#", ...) > 0 then
        error("expecting 1 argument (including the object) but seen " .. select("#", ...) + 1, 2)
    end
    local s = self[CORE]
    if not s then
        return nil, "closed"
    end
    check(s)
    local why = busy_with(s)
    if why then
        return nil, why
    end
    if not is_open(s) then
        drop(self)
        return nil, "closed"
    end
    drop(self)
    return 1
end

local function milliseconds(value)
    value = tonumber(value) or 0
    if value < 0 or value >= 2 ^ 31 then
        error("bad timeout value", 3)
    end
    return floor(value)
end

local function set_timeouts(self, connect, send, receive)
    self[CONNECT_MS], self[SEND_MS], self[READ_MS] = connect, send, receive
    if self[CORE] then
        socket_core.limit(self[CORE], receive, send)
    end
end

--- Limits connect, send and receive to `ms` milliseconds without progress each; 0: what the configuration says.
function methods:settimeout(...)
    if select("#", ...) ~= 1 then
        error("ngx.socket settimeout: expecting 2 arguments (including the object) but seen "
            .. select("#", ...) + 1, 2)
    end
    local ms = milliseconds((...))
    set_timeouts(self, ms, ms, ms)
end

--- The same, each of its own.
function methods:settimeouts(...)
    if select("#", ...) ~= 3 then
        error("ngx.socket settimeouts: expecting 4 arguments (including the object) but seen "
            .. select("#", ...) + 1, 2)
    end
    local connect, send, receive = ...
    set_timeouts(self, milliseconds(connect), milliseconds(send), milliseconds(receive))
end

--- How often the connection came from the pool.
function methods:getreusedtimes(...)
    if type(self) ~= "table" then
        bad_self(self, "getreusedtimes")
    end
    count_arguments(select("#", ...) + 1, 1, 1)
    local s = self[CORE]
    if s and dial.is_connecting(s) then
        return 0
    elseif not s or not is_open(s) or (self[READ_CLOSED] and self[WRITE_CLOSED]) then
        return nil, "closed"
    end
    return core.uses(s)
end

--- The descriptor.
function methods:getfd()
    if not self[CORE] or not is_open(self[CORE]) then
        return nil, "closed"
    end
    return core.fd(self[CORE])
end

--- The address to connect from.
function methods:bind(...)
    count_arguments(select("#", ...) + 1, 2, 3)
    local address, port = ...
    if port ~= nil then
        local n = tonumber(port)
        if not n then
            return nil, "expecting port to be a number, but got " .. type(port)
        elseif n < 0 or n > 65535 then
            return nil, "bad port number: " .. n
        end
    end
    if not is_address(tostring(address)) then
        return nil, "bad address"
    end
    debug_log("bind ip: " .. address .. (port and ", port: " .. port or ""))
    self[LOCAL] = port and address .. ":" .. port or tostring(address)
    return 1
end

tcp.is_address, tcp.upstream_text, tcp.system_text = is_address, upstream_text, system_text
tcp.blank, tcp.methods = blank, methods
tcp.slots = {
    CORE = CORE, KEY = KEY, CONNECT_MS = CONNECT_MS, SEND_MS = SEND_MS, READ_MS = READ_MS, POOL = POOL, LOCAL = LOCAL,
    READ_CLOSED = READ_CLOSED, WRITE_CLOSED = WRITE_CLOSED, HOST = HOST, DELAYS = DELAYS,
    TRANSPARENT = TRANSPARENT,
}
tcp.text_of, tcp.log, tcp.drop, tcp.busy_with = text_of, log, drop, busy_with
tcp.count_arguments, tcp.bad_self, tcp.debug_log = count_arguments, bad_self, debug_log

return tcp
