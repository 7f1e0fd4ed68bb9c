--- tcpsock:connect: from the pool of the peer, or anew; the options of the socket.

local context = require "ngx.api.context"
local core = require "perilune.core.stream"
local dial = require "perilune.core.connect"
local pool = require "ngx.api.pool"
local socket_core = require "perilune.core.socket"
local tcp = require "ngx.api.tcp"

local WAIT = core.WAIT
local slots = tcp.slots
local CORE, KEY, POOL, READ_CLOSED, WRITE_CLOSED =
    slots.CORE, slots.KEY, slots.POOL, slots.READ_CLOSED, slots.WRITE_CLOSED

local NO_OPTIONS = {}
local CRIT = 3

--- Why a name has no address, as a resolver's answer.
local RESOLVER = {
    timeout = "110: Operation timed out",
    name_server = "2: Server failure",
}

--- What nginx says of a host that cannot be one, or nil.
function tcp.bad_host(host)
    local why
    if host == "" then
        why = "no host"
    elseif host:lower() == "unix:" then
        why = "no path in the unix domain socket"
    elseif host:byte() == 0x5b and not host:find("]", 2, true) then
        why = "invalid host"
    end
    return why and ('failed to parse host name "%s": %s'):format(host, why)
end

local function bad_option(n, name, what, value)
    error(("bad argument #%d to 'connect' (bad \"%s\" option %s: %s)"):format(n, name, what, value), 4)
end

local function check_options(options, n)
    local size, backlog, name = options.pool_size, options.backlog, options.pool
    if size ~= nil and not tonumber(size) then
        bad_option(n, "pool_size", "type", type(size))
    elseif size and tonumber(size) <= 0 then
        bad_option(n, "pool_size", "value", size)
    end
    if tonumber(backlog) and tonumber(backlog) < 0 then
        bad_option(n, "backlog", "value", backlog)
    end
    if name ~= nil and type(name) ~= "string" and type(name) ~= "number" then
        bad_option(n, "pool", "type", type(name))
    end
    size, backlog = tonumber(size), tonumber(backlog)
    return size or backlog and socket_core.pool_size(), backlog, name and tostring(name)
end

--- Host, port (nil for a Unix socket), options; or nil and an error.
local function parse(n, host, port, options)
    if type(host) ~= "string" and type(host) ~= "number" then
        error("bad argument #1 to 'connect' (string expected, got " .. (n == 0 and "no value" or type(host)) .. ")", 3)
    end
    host = tostring(host)
    if type(port) == "table" and options == nil then
        port, options = nil, port
    end
    if type(options) ~= "table" then
        options = NO_OPTIONS
    end
    if tonumber(port) then
        port = math.floor(tonumber(port))
        if port < 0 or port > 65535 then
            return nil, "bad port number: " .. port
        end
        return host, port, options
    elseif host:sub(1, 5):lower() == "unix:" then
        return host, nil, options
    end
    return nil, "missing the port number"
end

--- A connection that is lost with the request counts no more in its pool, be it new or used before.
local function adopt(self, s, p)
    if p then
        core.on_lost(s, p.lost)
    end
    self[CORE], self[POOL], self[READ_CLOSED], self[WRITE_CLOSED] = s, p or false, false, false
    socket_core.own(s, self[slots.READ_MS], self[slots.SEND_MS])
    return 1
end

--- What a resolver's failure is called.
function tcp.resolver_text(host, code)
    return ("%s could not be resolved (%s)"):format(host, RESOLVER[code] or "3: Host not found")
end

--- Logs that it is the address to leave from which cannot be had.
-- @tparam ?string here that address
-- @tparam string err
-- @treturn boolean false: something else has failed
function tcp.log_bind_failure(here, err)
    local is_of_bind = here and err == "no_address"
    if is_of_bind then
        tcp.log("bind(" .. here .. ") failed (" .. tcp.system_text(err) .. ")", CRIT)
    end
    return is_of_bind
end

local function log_failure(self, err, text, host, port)
    if tcp.log_bind_failure(self[slots.LOCAL], err) then
        return
    end
    local why = tcp.system_text(err, text)
    if port then
        tcp.log("connect() failed (" .. why .. "), when connecting to " .. host .. ":" .. port)
    else
        tcp.log("connect() to " .. host .. " failed (" .. why .. ")", CRIT)
    end
end

local function connect_failed(self, p, err, text, host, port)
    self[CORE], self[POOL] = false, false
    if p then
        pool.lose(p)
    end
    if err == "timeout" or (err == "resolve" and text == "timeout" and tcp.is_address(host)) then
        local where = port and host .. ":" .. port or host
        local address = tcp.is_address(host) and "(" .. host .. ")" or ""
        tcp.log("lua tcp socket connect timed out, upstream: " .. where .. address)
        return nil, "timeout"
    elseif err == "host" then
        return nil, text
    elseif err == "resolve" then
        return nil, tcp.resolver_text(host, text)
    end
    log_failure(self, err, text, host, port)
    return nil, tcp.text_of(err, text)
end

--- The thread that waits for a connection is killed.
local function give_up(self, s, p, host)
    if not tcp.is_address(host) and dial.is_resolving(s) then
        tcp.debug_log("abort resolver")
    end
    core.close(s)
    self[CORE], self[POOL] = false, false
    if p then
        pool.lose(p)
    end
end

--- Makes a connection, waiting for it.
local function connect_anew(self, p, host, port)
    local ms = self[slots.CONNECT_MS]
    if ms <= 0 then
        ms = socket_core.timeouts()
    end
    local why = tcp.bad_host(host)
    if why then
        return connect_failed(self, p, "host", why)
    end
    local s = core.new()
    self[CORE] = s
    local ok, err, text = dial.connect(s, host, port, ms, self[slots.LOCAL] or nil, self[slots.TRANSPARENT])
    while ok == WAIT do
        context.wait(function()
            give_up(self, s, p, host)
        end)
        ok, err, text = dial.connected(s)
    end
    if not ok then
        return connect_failed(self, p, err, text, host, port)
    end
    self[slots.DELAYS] = port ~= nil and socket_core.is_nodelay()
    return adopt(self, s, p)
end

--- What the socket was connected to before is closed.
local function leave_old(self)
    local s = self[CORE]
    if not s then
        return
    end
    core.check(s)
    local why = tcp.busy_with(s)
    if why then
        return why
    end
    tcp.debug_log("reuse socket upstream", true)
    tcp.debug_log("reconnect without shutting down")
    tcp.drop(self)
end

--- Connects where the pool has no idle connection; waits when it has too many.
local function connect_through(self, p, host, port)
    local ms = self[slots.CONNECT_MS]
    local s, err = pool.enter(p, ms > 0 and ms or socket_core.timeouts())
    if err == "queued timeout" then
        tcp.log("lua tcp socket queued connect timed out, when trying to connect to "
            .. (port and host .. ":" .. port or host))
        return nil, "timeout"
    elseif not s then
        return nil, err
    elseif s ~= true then
        return adopt(self, s, p)
    end
    return connect_anew(self, p, host, port)
end

--- Connects to `host` and `port`, or to "unix:/path".
-- @tparam[opt] table options pool (name), pool_size, backlog
-- @treturn ?number 1
-- @treturn ?string error
function tcp.methods:connect(...)
    local n = select("#", ...)
    if n < 1 or n > 3 then
        error("ngx.socket connect: expecting 2, 3, or 4 arguments (including the object), but seen " .. n + 1, 2)
    elseif type(self) ~= "table" then
        tcp.bad_self(self, "connect")
    end
    context.check(context.waiting)
    local host, port, options = parse(n, ...)
    if not host then
        return nil, port
    end
    local size, backlog, name
    if options ~= NO_OPTIONS then
        size, backlog, name = check_options(options, n)
    end
    local where = port and host .. ":" .. port or host
    name = name or where
    local why = leave_old(self)
    if why then
        return nil, why
    end
    self[KEY], self[slots.HOST] = name, where
    local p = size and pool.make(name, size, backlog) or pool.get(name)
    if not p then
        return connect_anew(self, nil, host, port)
    end
    local s = pool.take(p)
    if s then
        return adopt(self, s, p)
    end
    return connect_through(self, p, host, port)
end

--- The stream of a socket that was connected once; nil when it is closed.
function tcp.stream_of(self)
    local s = self[CORE]
    if not s and not self[KEY] then
        error("socket is never created nor connected", 3)
    end
    return s and core.is_open(s) and s or nil
end

--- Ends our side; the peer may go on.
-- @tparam string direction "send"
-- @treturn ?number 1
-- @treturn ?string error
function tcp.methods:shutdown(direction)
    if direction ~= "send" then
        error("bad shutdown argument: " .. tostring(direction), 2)
    end
    local s = self[CORE]
    if not s or not core.is_open(s) then
        return nil, "closed"
    end
    core.check(s)
    if self[WRITE_CLOSED] then
        return nil, "already shutdown"
    elseif select(2, core.buffered(s)) > 0 then
        return nil, "socket busy writing"
    end
    core.shutdown(s)
    self[WRITE_CLOSED] = true
    tcp.debug_log("shutdown socket write direction", true)
    return 1
end

--- Says that the address of `bind` may be one of another machine, for the connections to come.
-- @tparam table sock
-- @tparam number slot where the socket keeps it
-- @param value is it so?
-- @tparam string protocol for the log
function tcp.set_transparent(sock, slot, value, protocol)
    sock[slot] = value and value ~= 0
    tcp.debug_log("set " .. protocol .. " upstream with IP_TRANSPARENT", true)
    return 1
end

--- Options of the socket (SO_…): keepalive, reuseaddr, tcp-nodelay, sndbuf, rcvbuf, keepidle, keepintvl, keepcnt; and
-- of one that is to be connected, ip-transparent.
function tcp.methods:setoption(option, value)
    if option == nil then
        return nil, 'missing the "option" argument'
    elseif value == nil then
        return nil, 'missing the "value" argument'
    elseif option == "ip-transparent" then
        return tcp.set_transparent(self, slots.TRANSPARENT, value, "TCP")
    end
    local s = tcp.stream_of(self)
    if not s then
        return nil, "closed"
    end
    return dial.set_option(s, option, value)
end

--- The value of an option.
function tcp.methods:getoption(option)
    local s = tcp.stream_of(self)
    if option == nil then
        return nil, 'missing the "option" argument'
    elseif not s then
        return nil, "closed"
    end
    return dial.get_option(s, option)
end

return tcp
