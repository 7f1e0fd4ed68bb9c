--- WebSockets of a client over HTTP/2 (RFC 8441): an extended CONNECT on a connection of the HTTP client's pool, which
-- other requests share.

local client = require "perilune.core.client"
local connection = require "perilune.websocket.connection"
local core = require "perilune.core.websocket_client"
local deferred = require "perilune.deferred"
local failure = require "perilune.failure"
local handshake = require "perilune.websocket.handshake"
local pool = require "perilune.http.pool"
local response = require "perilune.http.response"
local way = require "perilune.http.way"
require "perilune.http.call" -- tells sinks what becomes of their requests

local over_h2 = {}

--- The options of the HTTP client that say how the server is reached.
local function reach_of(u, opts)
    return {
        tls = type(opts.tls) ~= "boolean" and opts.tls or nil, insecure = opts.insecure, server_name = opts.server_name,
        resolver = opts.resolver, family = opts.family, local_address = opts.local_address, unix_path = opts.path,
        proxy = opts.proxy, no_proxy = opts.no_proxy, proxy_headers = opts.proxy_headers, proxy_tls = opts.proxy_tls,
        proxy_insecure = opts.proxy_insecure, proxy_tunnel = opts.proxy and true or nil,
        force_h2c = u.scheme == "http" or nil,
    }
end

--- What is told of the request; `self` is the sink.
local events = {}

function events.head(self, status, head)
    local fields = response.headers_of(head)
    if self.opts.cookie_store then
        self.opts.cookie_store:take(self.url, fields)
    end
    local protocol = fields["sec-websocket-protocol"]
    local problem = (status < 200 or status > 299) and "the server answered " .. status
        or not handshake.is_offered(protocol, self.opts) and "the server chose a sub-protocol that was not offered"
    local raw = not problem and core.adopt_call(self.id, self.opts, fields["sec-websocket-extensions"])
    if raw then
        self.d:success(connection.of_client(raw, fields, self.opts.typed))
        return
    end
    local err = failure.new("handshake", problem or "the server chose extensions that were not offered")
    err.status, err.headers = status, fields
    client.forget(self.id)
    self.d:error(err)
end

function events.failed(self, err)
    self.d:error(err)
end

--- Connects.
-- @tparam table u of `url.parse`, http or https
-- @tparam table opts of `websocket.connect`
-- @tparam number timeout seconds
-- @treturn deferred of a connection; fails with code `no_protocol` when the server speaks no HTTP/2, or not for this
function over_h2.connect(u, opts, timeout)
    local key, target, forward, err = way.of(reach_of(u, opts), u)
    if err then
        return deferred.error_deferred(err)
    elseif forward then
        return deferred.error_deferred(failure.new("no_protocol", "there is no tunnel through this proxy"))
    end
    local fields, host = handshake.fields(u, opts)
    fields[#fields + 1], fields[#fields + 2] = "Sec-WebSocket-Version", "13"
    local sink = { events = events, opts = opts, url = u }
    sink.d = deferred.deferred(function()
        client.cancel(sink.id)
    end)
    sink.id, err = client.send((opts.pool or pool.default()).core, key or u.key, target or u, sink, "CONNECT", u.target,
        host, fields, nil, {
            protocol = "websocket", connection_timeout = timeout, request_timeout = timeout,
        })
    if not sink.id then
        sink.d:error(err)
    end
    return sink.d
end

return over_h2
