--- UDP: sockets as duplex streams of messages `{host=, port=, message=}`.
--
-- Messages that are sent in one turn of the loop leave by one system call at its end, and up to 32 are received by one.
-- A deferred of `put` succeeds when the kernel has taken the message; one that is too large fails.

local core = require "perilune.core.udp"
local deferred = require "perilune.deferred"
local dns = require "perilune.dns"
local failure = require "perilune.failure"
local options = require "perilune.options"
local sys = require "perilune.core.sys"

local success, failed = deferred.success_deferred, deferred.error_deferred

local udp = {}
local Socket = {}
local mt = { __index = Socket, __name = "udp.socket" }

--- Bytes that may wait to be sent when nobody waits for `put`.
udp.SEND_QUEUE = 4 * 1024 * 1024

local known = {
    port = "port", address = "string", broadcast = "boolean", multicast = "table", reuseport = "boolean",
    reuseaddr = "boolean", ipv6only = "boolean", recv_buffer = "bytes", send_buffer = "bytes", max_size = "bytes",
    send_queue = "bytes",
}
local known_multicast = { groups = "table", ttl = "count", loop = "boolean", interface = "string" }
local known_connect = options.together(known, {
    host = "string", local_port = "port", local_address = "string", resolver = "table", family = "string",
})
known_connect.address = nil

local function later(self)
    return self.pending.first <= self.pending.last
end

--- What has been sent, in order: numbers of messages, or the error of one.
local function on_sent(self, results)
    local q = self.pending
    for _, result in ipairs(results) do
        local n, err = 1, nil
        if type(result) == "number" then
            n = result
        else
            err = result
        end
        for _ = 1, n do
            local d = q[q.first]
            q[q.first] = nil
            q.first = q.first + 1
            if err then
                d:error(err)
            else
                d:success(true)
            end
        end
    end
    if self.is_closing and not later(self) then
        self:abort()
    end
end

--- Receives a batch when the last one has been handed out. The next message, or nil and perhaps an error.
local function next_message(self)
    if self.at > self.n then
        if self.is_closed then
            return nil
        end
        local n, err = core.receive(self.core, self.batch)
        self.at, self.n = 1, n or 0
        if not n or n == 0 then
            return nil, err
        end
    end
    local m = self.batch[self.at]
    self.batch[self.at] = false
    self.at = self.at + 1
    if m.is_truncated then
        return nil, failure.new("too_large", ("message from %s:%d is longer than max_size"):format(m.host, m.port))
    end
    return m
end

local function on_readable(self)
    while #self.takers > 0 do
        local m, err = next_message(self)
        if m == nil and err == nil then
            core.watch(self.core)
            return
        end
        local d = table.remove(self.takers, 1)
        if m then
            d:success(m)
        else
            d:error(err)
        end
    end
end

--- The next message: `{host=, port=, message=}`.
-- @treturn deferred of it, or of nil once the socket is closed; fails with `too_large` for one that is longer than
-- `max_size`, with `refused` when nobody listens at the other end of a connected socket
function Socket:take()
    local m, err = next_message(self)
    if m then
        return success(m)
    elseif err then
        return failed(err)
    elseif self.is_closed then
        return success(nil)
    end
    local takers, d = self.takers, nil
    d = deferred.deferred(function()
        for i, other in ipairs(takers) do
            if other == d then
                table.remove(takers, i)
                break
            end
        end
        if #takers == 0 then
            core.unwatch(self.core)
        end
    end)
    takers[#takers + 1] = d
    core.watch(self.core)
    return d
end

--- Iterates over the messages in the running task, until the socket is closed.
function Socket:each()
    return function()
        local m, err = next_message(self)
        if m then
            return m
        elseif err then
            error(err, 0)
        end
        return deferred.await(self:take())
    end
end

local function is_port(n)
    return type(n) == "number" and n >= 0 and n <= 65535 and n % 1 == 0
end

local function check_message(m)
    if type(m) == "string" then
        return m
    elseif type(m) ~= "table" or type(m.message) ~= "string" then
        error("bad argument 'message' to put (a table {host=, port=, message=} or, when connected, a string expected)",
            3)
    elseif m.host ~= nil and (type(m.host) ~= "string" or not is_port(m.port)) then
        error("bad argument 'message' to put (host must be a string and port a number from 0 to 65535)", 3)
    end
    return m.message, m.host, m.port
end

local function put_to_name(self, text, host, port)
    return dns.lookup(host, { resolver = self.resolver }):chain(function(addresses)
        return self:put({ message = text, host = addresses[1], port = port })
    end)
end

--- Sends a message: `{host=, port=, message=}`, or on a connected socket a string. A host that is a name is resolved.
-- @treturn deferred of true once the kernel has it, of false when the socket is closed; fails with `too_large`, …
function Socket:put(message)
    local text, host, port = check_message(message)
    if self.is_closed or self.is_closing then
        return success(false)
    elseif not host and not self.is_connected then
        error("put needs host and port on a socket that is not connected", 2)
    elseif core.queued(self.core) > self.send_queue then
        return failed(failure.new("no_resources", "more messages wait to be sent than send_queue allows"))
    end
    local is_queued, err = core.send(self.core, text, host, port)
    if is_queued == false then
        return put_to_name(self, text, host, port)
    elseif not is_queued then
        return failed(err)
    end
    local d, q = deferred.deferred(), self.pending
    q.last = q.last + 1
    q[q.last] = d
    return d
end

--- Sends for a stream. One message that cannot be sent is not the end of the others.
local function send_or_tell(self, message)
    return self:put(message):catch(function(err)
        sys.log("warn", "udp message not sent: " .. tostring(err))
        return true
    end)
end

--- The socket as a stream with all operators: put messages into it to send, take from it to receive; closing it closes
-- the socket. A message that cannot be sent is told to the log, the others go on.
-- @treturn stream of tables as `take` and `put` have them
function Socket:stream()
    return require("perilune.stream.duplex")(function()
        return self:take()
    end, function(message)
        return send_or_tell(self, message)
    end, function()
        self:close()
    end)
end

--- Closes the socket at once: what waits to be sent is dropped, takers get nil.
function Socket:abort()
    if self.is_closed then
        return
    end
    self.is_closed = true
    core.close(self.core)
    local q, takers = self.pending, self.takers
    self.takers = {}
    for i = q.first, q.last do
        q[i]:success(false)
        q[i] = nil
    end
    q.first = q.last + 1
    for _, d in ipairs(takers) do
        d:success(nil)
    end
end

--- Closes the socket once what was put has been sent.
function Socket:close()
    self.is_closing = true
    if not later(self) then
        self:abort()
    end
end

--- The host and the port that the socket is bound to.
-- @treturn string
-- @treturn number
function Socket:address()
    return core.address(self.core)
end

--- The port that the socket is bound to.
-- @treturn number
function Socket:port()
    return (select(2, core.address(self.core)))
end

local function raised(...)
    if not (...) then
        error((select(2, ...)), 0)
    end
    return ...
end

--- Joins a multicast group.
-- @tparam string group address
-- @tparam[opt] string interface its name, or an IPv4 address of it
function Socket:join(group, interface)
    raised(core.member(self.core, group, interface or "", true))
end

--- Leaves a multicast group.
-- @tparam string group address
-- @tparam[opt] string interface
function Socket:leave(group, interface)
    raised(core.member(self.core, group, interface or "", false))
end

local function open(host, port, opts)
    local self = setmetatable({
        batch = {}, at = 1, n = 0, takers = {}, pending = { first = 1, last = 0 },
        send_queue = opts.send_queue or udp.SEND_QUEUE,
    }, mt)
    local multicast = options.check(opts.multicast, known_multicast, "udp.socket: multicast", 3)
    if (multicast.ttl or 0) > 255 then
        error("udp.socket: multicast: option 'ttl' must be at most 255, not " .. multicast.ttl, 3)
    end
    self.core = raised(core.open(host, port, {
        reuseaddr = opts.reuseaddr, reuseport = opts.reuseport, broadcast = opts.broadcast, ipv6only = opts.ipv6only,
        no_loop = multicast.loop == false, recv_buffer = opts.recv_buffer, send_buffer = opts.send_buffer,
        ttl = multicast.ttl, max_size = opts.max_size and math.min(opts.max_size, 65535),
    }, {
        readable = function()
            on_readable(self)
        end,
        sent = function(results)
            on_sent(self, results)
        end,
    }))
    if multicast.interface then
        raised(core.set_interface(self.core, multicast.interface))
    end
    for _, group in ipairs(multicast.groups or {}) do
        self:join(group, multicast.interface)
    end
    return self
end

--- Opens a socket.
-- Options: `port` (0: a free one), `address` ("0.0.0.0"; an IPv6 address for IPv6), `broadcast`, `reuseport`,
-- `reuseaddr`, `ipv6only`, `recv_buffer` and `send_buffer` (bytes), `max_size` (bytes of a message that is received,
-- 65535), `send_queue` (bytes), `multicast` = `{groups=, interface=, ttl=, loop=}`.
-- @tparam[opt] table opts
-- @treturn socket; raises an error object with code `address_in_use`, … when it cannot be opened
function udp.socket(opts)
    opts = options.check(opts, known, "udp.socket", 2)
    dns._check_address(opts, "address", "udp.socket", 2)
    return open(opts.address or "0.0.0.0", opts.port or 0, opts)
end

local function connect_to(address, opts)
    local is_v6 = address:find(":", 1, true)
    local self = open(opts.local_address or (is_v6 and "::" or "0.0.0.0"), opts.local_port or 0, opts)
    local ok, err = core.connect(self.core, address, opts.port)
    if not ok then
        self:abort()
        error(err, 0)
    end
    self.is_connected, self.resolver = true, opts.resolver
    return self
end

--- Opens a socket that sends to one peer and hears from no other.
-- Options: `host` (an address or a name), `port`, `local_address`, `local_port`, `family` and `resolver` (of
-- perilune.dns), and those of `socket` that are not addresses.
-- @tparam table opts
-- @treturn deferred of the socket
function udp.connect(opts)
    opts = options.check(opts, known_connect, "udp.connect", 2)
    if not opts.host or not opts.port then
        error("udp.connect: options 'host' and 'port' are needed", 2)
    end
    dns._check_address(opts, "local_address", "udp.connect", 2)
    dns._check_family(opts.family, "udp.connect", 2)
    local look = { family = opts.family, resolver = opts.resolver }
    return dns.lookup(opts.host, look):chain(function(addresses)
        return connect_to(addresses[1], opts)
    end)
end

return udp
