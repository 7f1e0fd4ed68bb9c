--- TCP and Unix sockets: servers and clients of any protocol.

local argument = require "perilune.argument"
local byte_stream = require "perilune.byte_stream"
local bytes = require "perilune.core.stream"
local core = require "perilune.core.tcp"
local deferred = require "perilune.deferred"
local dns = require "perilune.dns"
local failure = require "perilune.failure"
local options = require "perilune.options"
local sys = require "perilune.core.sys"
local secure = require "perilune.core.secure"
local task_core = require "perilune.core.task"
local tls = require "perilune.tls"

local tcp = {}
local Server = {}
local mt = { __index = Server, __name = "tcp.server" }

local known_server = options.together(byte_stream.options, {
    port = "port", address = "string", path = "string", listen_fd = "small", backlog = "small", reuseport = "boolean",
    ipv6only = "boolean", max_connections = "count", proxy_protocol = "boolean", handshake_timeout = "seconds",
    tls = { "table", "userdata" },
})
local known_client = options.together(byte_stream.options, {
    host = "string", port = "port", path = "string", local_address = "string", local_port = "port", family = "string",
    resolver = "table", timeout = "seconds", connect_timeout = "seconds", send_buffer = "bytes", recv_buffer = "bytes",
    proxy_protocol = "table", tls = { "boolean", "table", "userdata" }, server_name = "string", alpn = "table",
    session = "userdata", pins = "table", insecure = "boolean",
})

local function handshake_ms(server)
    return math.floor((server.opts.handshake_timeout or 10) * 1000)
end

--- Who the client is when a proxy says so at the start.
local function read_proxy(server, own, info)
    bytes.set_timeouts(own, handshake_ms(server), 0)
    local said, code = byte_stream.waiting(core.read_proxy, own)
    if not said then
        error(failure.new(code, "no header of the PROXY protocol at the start of the connection"), 0)
    end
    info.proxy = info.peer
    info.peer, info.local_address = said.peer or info.peer, said.local_address or info.local_address
end

--- What comes before the handler, in the running task: the words of a proxy, the handshake of TLS.
local function greet(server, stream, info)
    local own = stream.core
    stream.is_greeting = true
    if server.opts.proxy_protocol then
        read_proxy(server, own, info)
    end
    if server.tls then
        bytes.set_timeouts(own, handshake_ms(server), handshake_ms(server))
        if not secure.start(own, server.tls, true) then
            error(failure.new("protocol", "bytes before the handshake of TLS"), 0)
        end
        byte_stream.handshake(own)
        info.tls = secure.info(own)
    end
    stream.is_greeting = nil
end

--- Of all servers: task → stream while the handler runs, stream → stream while the connection is being closed.
local connections = {}

--- The task of a connection. The handler is called in its place: a stack that stays small is most of what a connection
-- that idles costs.
local function serve(server, own)
    local stream, info = byte_stream.new(own, server.kind), server.has_info and byte_stream.info(own)
    connections[task_core.current()] = stream
    server.open = server.open + 1
    if server.is_greeting then
        greet(server, stream, info)
    end
    byte_stream.begin(stream)
    return server.handler(stream, info)
end

--- How a connection ends when its peer goes away, with or without a goodbye.

--- Strangers who do not speak what is spoken here, or who are silent for too long, are no fault of ours.
local function log_failure(stream, err, text)
    if stream.is_greeting then
        sys.log("info", "tcp connection ended before it began: " .. tostring(err))
        return
    end
    local is_usual = failure.is_gone(err) or stream.has_timed_out and failure.is(err, "timeout")
    sys.log(is_usual and "info" or "error", "tcp handler failed: " .. (is_usual and tostring(err) or text))
end

local function forget(key, stream)
    local server = stream.server
    connections[key] = nil
    server.open = server.open - 1
    core.released(server.core)
    if server.is_closing and server.open == 0 then
        server.closed:success(true)
    end
end

local function fail(key, stream, err, text)
    log_failure(stream, err, text)
    if not stream.is_detached then
        bytes.close(stream.core, true)
    end
    forget(key, stream)
end

local function close(stream)
    if stream.is_detached then
        return forget(stream, stream)
    end
    stream:close():on_realized(function()
        forget(stream, stream)
    end)
end

--- A handler that has returned a deferred is through when that is settled.
local function finish(stream, result)
    local ok, err = pcall(deferred.await, result) -- which is how a server that is closed ends it, too
    connections[task_core.current()] = nil
    connections[stream] = stream
    if ok then
        close(stream)
    else
        fail(stream, stream, err, failure.describe(err))
    end
end

--- What C calls when the task of a connection has ended.
-- @tparam userdata id the task
-- @tparam boolean is_done it has not failed
-- @param result what the handler has returned, or raised
-- @tparam[opt] string text the error with its traceback
function tcp._ended(id, is_done, result, text)
    local stream = connections[id]
    if not is_done then
        return fail(id, stream, result, text)
    end
    connections[id] = nil
    if deferred.is_deferred(result) then
        connections[task_core.spawn_detached(finish, stream, result)] = stream
    else
        connections[stream] = stream
        close(stream)
    end
end

local function check_server(opts)
    opts = options.check(opts, known_server, "tcp.start_server", 3)
    byte_stream.check(opts, "tcp.start_server", 3)
    if opts.path == "" then
        error("tcp.start_server: option 'path' must not be empty", 3)
    end
    dns._check_address(opts, "address", "tcp.start_server", 3)
    return opts
end

--- Starts a server: `handler(stream, info)` runs as a task for each connection. When it returns (or the deferred that
-- it returns succeeds) the connection is closed after what was put has been sent; when it fails, it is reset.
-- Options: `port` (0: a free one), `address` ("0.0.0.0"), `path` (a Unix socket), `listen_fd` (an inherited listening
-- socket), `backlog`, `reuseport`, `ipv6only`, `max_connections` (who comes beyond waits in the kernel's queue),
-- `tls` (a context of perilune.tls, or the options of one), `proxy_protocol` (versions 1 and 2 are read),
-- `handshake_timeout` (10), and those of streams: `nodelay` (true),
-- `keepalive` (true or `{idle=, interval=, count=}`), `read_timeout`, `write_timeout`, `idle_timeout`,
-- `high_watermark`, `low_watermark`, `shutdown_timeout` (15).
-- `info`: `peer` and `local_address` as `{host=, port=}`; `proxy` when a proxy spoke; `tls` as `stream:tls()`.
-- @tparam function handler
-- @tparam[opt] table opts
-- @treturn server; raises an error object with code `address_in_use`, … when it cannot listen
function tcp.start_server(handler, opts)
    argument.check(handler, "function", "handler", "tcp.start_server")
    opts = check_server(opts)
    local self = setmetatable({
        handler = handler, opts = opts, open = 0, closed = deferred.deferred(),
        tls = opts.tls and tls.context(opts.tls), is_greeting = opts.tls or opts.proxy_protocol,
    }, mt)
    self.has_info = self.is_greeting or byte_stream.takes_info(handler)
    self.kind = byte_stream.kind(opts, self)
    local listener, err = core.listen({
        host = opts.address or "0.0.0.0", port = opts.port or 0, path = opts.path, listen_fd = opts.listen_fd,
        backlog = opts.backlog, reuseport = opts.reuseport, ipv6only = opts.ipv6only,
        max_connections = opts.max_connections,
    }, {
        accepted = function(own)
            return serve(self, own)
        end,
    })
    if not listener then
        error(err, 0)
    end
    self.core = listener
    return self
end

--- The port that it listens on; nil for a Unix socket and once closed.
-- @treturn number
function Server:port()
    return (select(2, core.listener_address(self.core)))
end

--- How many connections there are.
-- @treturn number
function Server:count()
    return self.open
end

local function kill(server)
    local reason = failure.new("closed", "the server is closed")
    for key, stream in pairs(connections) do
        if stream.server == server and key == stream then
            stream:abort()
        elseif stream.server == server then
            task_core.cancel(key, reason)
        end
    end
end

--- Ends: no more connections; handlers have `timeout` to end by themselves, then they are cancelled.
-- @tparam[opt=15] number timeout in seconds; 0: at once
-- @treturn deferred of true once there is no connection any more
function Server:close(timeout)
    core.stop(self.core)
    self.is_closing = true
    if self.open == 0 then
        self.closed:success(true)
        return self.closed
    end
    local timer = task_core.timer(timeout or 15, function()
        kill(self)
    end)
    self.closed:on_realized(function()
        timer:stop()
    end)
    return self.closed
end

--- A deferred that succeeds once the server is closed.
function Server:wait_for_close()
    return self.closed
end

--- Options that say nothing without another one: a forgotten `tls` would leave a connection with pins bare.
local needs = { local_port = "local_address", server_name = "tls", alpn = "tls", pins = "tls", session = "tls",
    insecure = "tls" }

local function check_client(opts)
    opts = options.check(opts, known_client, "tcp.connect", 3)
    byte_stream.check(opts, "tcp.connect", 3)
    for name, other in pairs(needs) do
        if opts[name] and not opts[other] then
            error(("tcp.connect: option '%s' needs '%s'"):format(name, other), 3)
        end
    end
    if opts.path == "" or not opts.path and not (opts.host and opts.port) then
        error("tcp.connect: options 'host' and 'port', or 'path', are needed", 3)
    end
    dns._check_address(opts, "local_address", "tcp.connect", 3)
    dns._check_family(opts.family, "tcp.connect", 3)
    return opts
end

local known_proxy = { version = "count", peer = "table", local_address = "table" }
local known_end = { host = "string", port = "port" }

--- What a proxy says of whom it speaks for.
local function proxy_header(said)
    local where = "tcp.connect: proxy_protocol"
    options.check(said, known_proxy, where, 4)
    options.check(said.peer, known_end, where .. ": peer", 4)
    options.check(said.local_address, known_end, where .. ": local_address", 4)
    if said.version ~= nil and said.version ~= 1 and said.version ~= 2 then
        error(where .. ": version must be 1 or 2", 4)
    end
    local header, is_known = core.proxy_header(said.version or 2, said.peer, said.local_address)
    if not is_known and (said.peer or said.local_address) then
        error(where .. ": peer and local_address must be {host=, port=} with addresses of one family", 4)
    end
    return header
end

local default_context

--- The context of a client: its own, one made of options, or the one that believes the system's authorities.
local function client_context(value)
    if type(value) == "userdata" then
        tls._check(value, "client", "tcp.connect: option 'tls'", 4)
        return value
    elseif type(value) == "table" then
        return tls.client_context(value)
    end
    default_context = default_context or tls.client_context()
    return default_context
end

local function core_options(opts)
    local o = {
        host = opts.host, port = opts.port, path = opts.path, local_host = opts.local_address,
        local_port = opts.local_address and (opts.local_port or 0), timeout = opts.timeout,
        connect_timeout = opts.connect_timeout, send_buffer = opts.send_buffer, recv_buffer = opts.recv_buffer,
        preamble = opts.proxy_protocol and proxy_header(opts.proxy_protocol),
    }
    if opts.tls then
        o.tls = client_context(opts.tls)
        o.server_name, o.session, o.insecure = opts.server_name, opts.session, opts.insecure
        o.alpn, o.pins = tls._peer_texts(opts, "tcp.connect", 3)
        byte_stream.warn_insecure(opts.insecure, opts.server_name or opts.host)
    end
    return o
end

--- Connects. The addresses of a name are tried one beside the other (RFC 8305); the first that answers wins.
-- Options: `host` and `port`, or `path` (a Unix socket); `local_address`, `local_port`, `family` and `resolver` of
-- perilune.dns, `timeout` (30 s for everything: resolving, connecting, the handshake), `connect_timeout` (for each
-- address), `send_buffer`, `recv_buffer`, `proxy_protocol` = `{version=2, peer=, local_address=}` (a header that says
-- so), and those of streams, see `start_server`. With `tls` (true, a context of perilune.tls, or options of one for
-- clients): `server_name` (the host), `alpn` (array), `session` (of `stream:tls_session`), `pins` (array of
-- "sha256/…": the key must be one of them), `insecure` (the certificate is not verified; the log says so).
-- @tparam table opts
-- @treturn deferred of a stream; fails with an error object whose `stage` is "resolve", "connect" or "handshake", and
-- whose message has each address that failed
function tcp.connect(opts)
    opts = check_client(opts)
    local o, kind = core_options(opts), byte_stream.kind(opts)
    local request
    local d = deferred.deferred(function()
        core.cancel(request)
    end)
    request = core.connect(o, dns._core(opts.resolver), opts.family, function(own, code, text, stage)
        if own then
            o = nil -- until here it keeps the session
            local stream = byte_stream.new(own, kind)
            stream.peer_name = opts.host
            d:success(byte_stream.begin(stream))
            return
        end
        local err = failure.new(code, text)
        err.stage = stage
        d:error(err)
    end)
    return d
end

return tcp
