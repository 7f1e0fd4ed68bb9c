--- A connection as a duplex stream of bytes: what `perilune.tcp` gives.
--
-- `take` and `each` give chunks as they come, `put` accepts data until `high_watermark` bytes wait to be sent, and then
-- holds its caller up until no more than `low_watermark` do. Several tasks may use one stream; chunks go to takers in
-- the order in which they asked.

local argument = require "perilune.argument"
local bytes = require "perilune.core.stream"
local core = require "perilune.core.tcp"
local coroutines = require "perilune.coroutines"
local deferred = require "perilune.deferred"
local failure = require "perilune.failure"
local options = require "perilune.options"
local secure = require "perilune.core.secure"
local sys = require "perilune.core.sys"
local later_take = require "perilune.takers"
local task = require "perilune.task"
local tasks = require "perilune.core.task"
local tls = require "perilune.tls"

local wait, WAIT = coroutines.wait, bytes.WAIT
local success, failed = deferred.success_deferred, deferred.error_deferred
local take, read_some, write, buffered = bytes.take, bytes.read_some, bytes.write, bytes.buffered
local try_read = core.try_read

local CHUNK, HIGH = 65536, 65536
local TRUE = success(true)

local byte_stream = {}
local Stream = {}

local messages = {
    reset = "connection reset by peer", timeout = "no progress in time", closed = "connection closed",
    busy = "another task uses it, or bytes wait to be read or sent",
    unreachable = "host or network unreachable", truncated = "connection ended without close_notify of TLS",
    protocol = "malformed TLS", tls_alert = "the peer has ended TLS with an alert",
    tls_flood = "too many messages of TLS itself",
}

local function problem(self, code)
    self.has_timed_out = self.has_timed_out or code == "timeout"
    return self.failure or failure.new(code, messages[code] or code)
end

--- Makes the same call again until it need not wait.
local function waiting(call, a, b)
    local result, code, text = call(a, b)
    while result == WAIT do
        wait()
        result, code, text = call(a, b)
    end
    return result, code, text
end

--- What a read that gave no data means: nil at the end, else an error raised.
local function ended(self, code, err)
    if code == WAIT then
        error(err, 0)
    elseif code == "closed" and not self.failure then
        return nil
    end
    error(problem(self, code), 0)
end

local function touch(self)
    if self.idle_timeout then
        self.active_at = tasks.clock()
    end
end

--- The next chunk, for the running task. A connection that idles is inside this, with whatever stack that takes.
local function next_chunk(self)
    local data, code, err = take(self.core)
    if not data then
        return ended(self, code, err)
    elseif self.idle_timeout then
        self.active_at = tasks.clock()
    end
    return data
end

--- The next chunk.
-- @treturn deferred of a string, or of nil once the peer has ended its side; fails with `reset`, `timeout`, …
function Stream:take()
    if self.takers and #self.takers > 0 then
        return later_take(self, next_chunk)
    end
    local data, code = try_read(self.core, CHUNK)
    if data then
        touch(self)
        return success(data)
    elseif data == false then
        return later_take(self, next_chunk)
    elseif code == "closed" and not self.failure then
        return success(nil)
    end
    return failed(problem(self, code))
end

local function next_in_turn(self)
    if self.takers and #self.takers > 0 then
        return deferred.await(self:take())
    end
    return next_chunk(self)
end

--- Iterates over the chunks in the running task; raises when the connection breaks.
-- @treturn function for the loop, and its argument
function Stream:each()
    return next_in_turn, self
end

--- Runs `fn` once no more than `most` bytes wait to be sent. One at a time: a stream has one waiting writer. Several
-- may wait for that, and give up waiting.
local function when_drained(self, most, fn)
    local before, d = self.draining, deferred.deferred()
    self.draining = d
    task.detach(function()
        if before then
            before:shield():try_await()
        end
        local ok, code = waiting(bytes.drained, self.core, most)
        if self.draining == d then
            self.draining = nil
        end
        if not ok then
            d:error(problem(self, code))
            return
        end
        touch(self)
        if fn then
            fn()
        end
        d:success(true)
    end):on_realized(nil, function(err)
        if self.draining == d then
            self.draining = nil
        end
        d:error(err)
    end)
    return d:shield()
end

--- Sends data: a string, a number, or an array of them, nested up to 16 deep. Other data raises a string.
-- @treturn deferred of true once there is room for more, of false when the stream is closed; fails with `reset`, …
function Stream:put(data)
    if not data or data == true then
        argument.bad("data", "put", "string, number or array table expected, got " .. type(data))
    end
    local n, is_sent, text = write(self.core, data, true)
    if not n then
        if is_sent == "closed" and not self.failure then
            return success(false)
        elseif text then
            argument.bad("data", "put", text)
        end
        return failed(problem(self, is_sent))
    end
    touch(self)
    if is_sent or not self.draining and select(2, buffered(self.core)) <= self.high_watermark then
        return TRUE
    end
    return self.draining and self.draining:shield() or when_drained(self, self.low_watermark)
end

--- Ends our side once everything is sent; the peer may go on.
-- @treturn deferred of true
function Stream:shutdown()
    return when_drained(self, 0, function()
        bytes.shutdown(self.core)
    end)
end

local function stop_watching(self)
    if self.idle_timer then
        self.idle_timer:stop()
        self.idle_timer = nil
    end
end

local function finish(self, is_reset)
    stop_watching(self)
    bytes.close(self.core, is_reset)
    return true
end

--- What the peer has sent and nobody took would make the kernel reset the connection, and what we sent last be lost: so
-- our side is ended first, and the peer has some time to end its own.
local function close_gently(self, has_input)
    when_drained(self, 0):await()
    if has_input or core.has_input(self.core) then
        bytes.shutdown(self.core)
        repeat
            local data = waiting(read_some, self.core, CHUNK)
        until not data
    end
    return true
end

--- Closes the connection: what was put is sent first, for at most `shutdown_timeout`.
-- @treturn deferred of true once it is closed
function Stream:close()
    if self.closing or not bytes.is_open(self.core) then
        return self.closing and self.closing:shield() or TRUE
    end
    local has_input = core.has_input(self.core)
    if not has_input and select(2, buffered(self.core)) == 0 then
        finish(self, false)
        return TRUE
    end
    local closed = deferred.deferred()
    self.closing = closed
    local timer = tasks.timer(self.shutdown_timeout, function()
        finish(self, true) -- which ends what the task waits for
    end)
    local function settle(is_reset)
        timer:stop()
        finish(self, is_reset)
        closed:success(true)
    end
    task.detach(function()
        close_gently(self, has_input)
        settle(false)
    end):on_realized(nil, function()
        settle(true)
    end)
    return closed:shield()
end

--- Closes the connection at once: the peer sees a reset. Takers and putters fail with code `closed`.
function Stream:abort()
    self.failure = self.failure or failure.new("closed", "the stream was aborted")
    finish(self, true)
end

--- Is it open?
-- @treturn boolean
function Stream:is_open()
    return bytes.is_open(self.core)
end

--- Bytes that wait to be sent.
-- @treturn number
function Stream:queued()
    return (select(2, buffered(self.core)))
end

--- The handshake of a stream that has just become one of TLS, in the running task.
-- @param own value of "perilune.core.stream"
-- @tparam string|nil pins
function byte_stream.handshake(own, pins)
    local is_done, code, text = waiting(secure.handshake, own, pins)
    if not is_done then
        local err = failure.new(code, text or messages[code] or code)
        err.stage = "handshake"
        error(err, 0)
    end
end

local known_tls = {
    context = "userdata", is_server = "boolean", server_name = "string", alpn = "table", session = "userdata",
    insecure = "boolean", pins = "table",
}

--- Whom the certificate must name. Nobody goes unverified because a name was forgotten.
local function peer_name(self, opts)
    local name = opts.server_name or self.peer_name or nil
    if not name and not opts.is_server and not opts.insecure then
        error("start_tls: option 'server_name' is needed: whom the certificate must name", 3)
    end
    return name
end

--- Goes over to TLS on the live connection (STARTTLS). Nothing may be unread or unsent, nobody may wait to read.
-- Options: `context` (of perilune.tls, needed), `is_server` (false), and for clients `server_name` (the host that was
-- connected to), `alpn` (array), `session`, `pins` (array), `insecure`.
-- @tparam table opts
-- @treturn deferred of true once the handshake is done; fails with a code of TLS, or `busy`
function Stream:start_tls(opts)
    opts = options.check(opts, known_tls, "start_tls", 2)
    tls._check(opts.context, opts.is_server and "server" or "client", "start_tls: option 'context'", 2)
    local names, pins = tls._peer_texts(opts, "start_tls", 2)
    local server_name = peer_name(self, opts)
    if self.pumping or self.draining then
        return failed(problem(self, "busy"))
    end
    local ok, code = secure.start(self.core, opts.context, opts.is_server, server_name, names, opts.session,
        opts.insecure)
    if not ok then
        return failed(problem(self, code))
    end
    byte_stream.warn_insecure(opts.insecure, server_name)
    local d = deferred.deferred()
    task.spawn(function()
        local is_done, err = pcall(byte_stream.handshake, self.core, pins)
        if is_done then
            d:success(true)
        else
            self.failure = self.failure or err
            finish(self, true)
            d:error(err)
        end
    end)
    return d
end

--- Says in the log that nobody has verified the peer.
function byte_stream.warn_insecure(is_insecure, name)
    if is_insecure then
        sys.log("warn", ("insecure: the certificate of %s is not verified"):format(name or "the peer"))
    end
end

--- What TLS has agreed on: `version`, `cipher`, `alpn`, `server_name`, `is_resumed`, `is_verified`, and of the peer's
-- certificate, when it has shown one, `peer_certificate` with `subject`, `issuer`, `serial`, `fingerprint`, `starts`,
-- `ends`, `pem`, `pin`. Nil without TLS.
function Stream:tls()
    return secure.info(self.core)
end

--- What a later `tcp.connect` to this server may go on with (option `session`); nil when there is nothing new. Servers
-- of TLS 1.3 give it behind the handshake: ask when the connection has been used.
function Stream:tls_session()
    return secure.session(self.core)
end

--- The connection as a stream with all operators: put into it to send, take from it to receive; closing it closes the
-- connection. Whoever uses it leaves `take` and `each` alone.
-- @treturn stream of strings
function Stream:stream()
    return require("perilune.stream.duplex")(function()
        return self:take()
    end, function(data)
        return self:put(data)
    end, function()
        self:close()
    end)
end

--- Gives the connection away: the value of "perilune.core.stream" under it. This object is of no use afterwards, and
-- the server that made it does not close the connection.
function Stream:detach()
    stop_watching(self)
    self.is_detached = true
    local own = self.core
    self.core = bytes.new()
    return own
end

local function end_of(stream, is_peer)
    local host, port = core.address(stream.core, is_peer)
    return host and { host = host, port = port } or nil
end

--- The peer's address: `{host=, port=}`, nil when closed.
function Stream:peer()
    return end_of(self, true)
end

--- Our own address.
function Stream:local_address()
    return end_of(self, false)
end

local function watch_idle(self)
    local rest = self.active_at + self.idle_timeout - tasks.clock()
    if rest > 0 then
        self.idle_timer = tasks.timer(rest, function()
            watch_idle(self)
        end)
    else
        self.idle_timer = nil
        self.has_timed_out = true
        self.failure = failure.new("timeout", ("nothing happened for %g s"):format(self.idle_timeout))
        finish(self, true)
    end
end

local function ms(seconds)
    return seconds and math.max(math.floor(seconds * 1000), seconds > 0 and 1 or 0) or 0
end

--- The options of a stream, for the tables of those who make them.
byte_stream.options = {
    nodelay = "boolean", keepalive = { "boolean", "table" }, read_timeout = "seconds", write_timeout = "seconds",
    idle_timeout = "seconds", high_watermark = "bytes", low_watermark = "bytes", shutdown_timeout = "seconds",
}

local known_keepalive = { idle = "seconds", interval = "seconds", count = "count" }

--- What `options` cannot say of them.
-- @tparam table opts checked against it
-- @tparam string where
-- @tparam number level as of `error`
function byte_stream.check(opts, where, level)
    local high = opts.high_watermark or HIGH
    if type(opts.keepalive) == "table" then
        options.check(opts.keepalive, known_keepalive, where .. ": keepalive", level + 1)
    end
    if opts.low_watermark and opts.low_watermark > high then
        error(("%s: option 'low_watermark' must not be above 'high_watermark' (%d)"):format(where, high), level + 1)
    end
end

--- All fields that a stream may have are there, so that no look-up goes further.
local function new_kind(opts, server)
    local high = opts.high_watermark or HIGH
    local values = {
        high_watermark = high, low_watermark = opts.low_watermark or math.floor(high / 2),
        shutdown_timeout = opts.shutdown_timeout or 15,
        idle_timeout = (opts.idle_timeout or 0) > 0 and opts.idle_timeout,
        takers = false, pumping = false, stopped = false, pump_number = 0, draining = false, closing = false,
        failure = false, idle_timer = false, is_detached = false, peer_name = false, has_timed_out = false,
        options = opts, server = server or false,
    }
    for name, method in pairs(Stream) do
        values[name] = method
    end
    return { __index = values, __name = "tcp.stream" }
end

local usual = new_kind(options.NONE)

--- What streams with the same options have in common, their metatable: an idle one is to cost little.
-- @tparam table opts checked already; others than those of streams may be among them
-- @tparam[opt] table server whose they are
function byte_stream.kind(opts, server)
    local is_usual = not server
    for name in pairs(byte_stream.options) do
        is_usual = is_usual and opts[name] == nil
    end
    return is_usual and usual or new_kind(opts, server)
end

--- Sets what its options say; not before the handshakes are done, which have timeouts of their own.
function byte_stream.begin(self)
    local opts = self.options
    local keepalive = opts.keepalive
    local times = type(keepalive) == "table" and keepalive or options.NONE
    core.set_options(self.core, opts.nodelay ~= false, keepalive and true or nil, math.ceil(times.idle or 0),
        math.ceil(times.interval or 0), times.count)
    bytes.set_timeouts(self.core, ms(opts.read_timeout), ms(opts.write_timeout))
    if self.idle_timeout then
        self.active_at = tasks.clock()
        watch_idle(self)
    end
    return self
end

--- A stream over an open value of "perilune.core.stream".
-- @param own the value
-- @tparam table kind see `kind`
function byte_stream.new(own, kind)
    return setmetatable({ core = own }, kind)
end

local info_mt = {}

--- What a handler is told of its connection: fields that are set by whoever knows them, the addresses when they are
-- asked for.
-- @param own value of "perilune.core.stream" that was accepted
function byte_stream.info(own)
    return setmetatable({ own }, info_mt)
end

--- Does a handler take a second argument? One that does not is spared it.
-- @treturn boolean
function byte_stream.takes_info(handler)
    local about = debug.getinfo(handler, "u")
    return about.isvararg or about.nparams > 1
end

function info_mt.__index(info, name)
    if name ~= "peer" and name ~= "local_address" then
        return nil
    end
    local host, port = core.end_of(info[1], name == "peer")
    info[name] = { host = host, port = port }
    return info[name]
end

--- Waits for a call of "perilune.core.*" that answers the wait token.
byte_stream.waiting = waiting

return byte_stream
