--- Tunnels of bytes: CONNECT (RFC 9110 section 9.3.6) and extended CONNECT (RFC 8441), asked for and answered.
--
-- Both ends are streams as perilune.tcp gives them. Over HTTP/2 a tunnel is one stream of a connection that other
-- requests share; its flow is that of the stream.

local byte_stream = require "perilune.byte_stream"
local client = require "perilune.core.client"
local deferred = require "perilune.deferred"
local failure = require "perilune.failure"
local headers = require "perilune.http.headers"
local of_requests = require "perilune.http.options"
local options = require "perilune.options"
local pool = require "perilune.http.pool"
local response = require "perilune.http.response"
local upgrade = require "perilune.core.upgrade"
local url = require "perilune.http.url"
local way = require "perilune.http.way"
require "perilune.http.call" -- tells sinks what becomes of their requests

local tunnel = {}

local known = options.together(byte_stream.options, { protocol = "string", headers = "table", pool = "table" })
for _, name in ipairs {
    "tls", "insecure", "server_name", "resolver", "family", "local_address", "unix_path", "http_versions", "force_h2c",
    "pool_timeout", "connection_timeout", "request_timeout", "total_timeout",
} do
    known[name] = of_requests[name]
end

--- What is told of the request; `self` is the sink.
local events = {}

function events.head(self, status, head)
    local own = status >= 200 and status <= 299 and client.tunnel(self.id)
    if own then
        local stream = byte_stream.new(own, self.opts)
        stream.status, stream.headers = status, response.headers_of(head)
        if not self.d:success(stream) then
            stream:abort()
        end
        return
    end
    local err = failure.new("status", "the server answered " .. status)
    err.status, err.headers = status, response.headers_of(head)
    client.forget(self.id)
    self.d:error(err)
end

function events.failed(self, err)
    self.d:error(err)
end

local function fields_of(opts)
    local fields = {}
    headers.visit(opts.headers or {}, function(name, value)
        fields[#fields + 1], fields[#fields + 2] = name, tostring(value)
    end)
    return fields
end

--- What is sent as target and authority.
local function line_of(u, target, opts)
    if opts.protocol then
        return u.target, u.authority
    end
    return target, target
end

--- Asks a server for a tunnel.
--
-- `tunnel("https://server/", "db.example:5432")` is a CONNECT; with `protocol` it is an extended CONNECT to the path of
-- the URL, which takes HTTP/2, and `target` is nil.
-- @tparam string at the server's URL
-- @tparam ?string target "host:port"
-- @tparam[opt] table opts `protocol`, `headers`, `pool`; how the server is reached, and timeouts, as of a request;
-- those of byte streams
-- @treturn deferred of a stream of perilune.tcp, with `status` and `headers` of the answer; fails as requests do, with
-- `status` (`err.status`, `err.headers`) when the server refuses, `no_protocol` when it takes no extended CONNECT
function tunnel.connect(at, target, opts)
    opts = options.check(opts, known, "http.tunnel", 2)
    if opts.protocol == nil and not (type(target) == "string" and target:find("^[^%s/@]+:%d+$")) then
        error("http.tunnel: bad argument 'target' (\"host:port\" expected)", 2)
    end
    local u, err = url.parse(at)
    if not u then
        return deferred.error_deferred(err)
    end
    local key, to, _, problem = way.of(opts, u)
    if problem then
        return deferred.error_deferred(problem)
    end
    local sink = { events = events, opts = opts }
    sink.d = deferred.deferred(function()
        client.cancel(sink.id)
    end)
    local line, authority = line_of(u, target, opts)
    sink.id, err = client.send((opts.pool or pool.default()).core, key or u.key, to or u, sink, "CONNECT", line,
        authority, fields_of(opts), nil, {
            protocol = opts.protocol, pool_timeout = opts.pool_timeout, connection_timeout = opts.connection_timeout,
            request_timeout = opts.request_timeout, total_timeout = opts.total_timeout,
        })
    if not sink.id then
        sink.d:error(err)
    end
    return sink.d
end

--- What a request asks a tunnel to.
-- @tparam table req of a handler
-- @treturn ?string "host:port" of a CONNECT, the path of an extended one; nil: the request is no CONNECT
-- @treturn ?string the protocol of an extended CONNECT
function tunnel.target(req)
    return upgrade.tunnel_to(req)
end

--- Answers a CONNECT with 200 and takes its stream over. The exchange is over: the access log has its line, what the
-- handler returns does not count, and of the request only fields that were read before can be read.
-- @tparam table req of a handler
-- @tparam[opt] table opts `headers` of the answer; those of byte streams
-- @treturn stream of perilune.tcp; raises an error object: `invalid` (no CONNECT), `closed`
function tunnel.accept(req, opts)
    opts = options.check(opts, known, "http.accept_tunnel", 2)
    local own, err = upgrade.tunnel(req, headers.plain(opts.headers))
    if not own then
        error(err, 2)
    end
    return byte_stream.new(own, opts)
end

return tunnel
