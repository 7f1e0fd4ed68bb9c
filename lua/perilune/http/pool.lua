--- Connection pools of the client.

local core = require "perilune.core.client"
local of_requests = require "perilune.http.options"
local options = require "perilune.options"
local tls = require "perilune.http.tls"

local pool = {}
local methods = {}
local mt = { __index = methods, __name = "http.connection_pool" }

local known = {
    connections_per_host = "number", total_connections = "number", max_queue_size = "number", max_requests = "number",
    idle_timeout = "seconds", max_age = "seconds", pool_timeout = "seconds", connection_timeout = "seconds",
    request_timeout = "seconds", read_timeout = "seconds", total_timeout = "seconds", middleware = "function",
    request_options = "table", tls = "any", insecure = "boolean", http_versions = "table", force_h2c = "boolean",
    http2 = "table",
}

local of_http2 = {
    max_streams = "count", stream_window = "bytes", connection_window = "bytes", header_list = "bytes",
    ping_interval = "seconds", ping_timeout = "seconds",
}

--- A pool.
-- Limits: `connections_per_host` (8), `total_connections` (1024), `max_queue_size` (65536 waiting requests of an
-- origin), `idle_timeout` (60 s; 0: never), `max_age` of a connection, `max_requests` on one. Timeouts of its
-- requests: `pool_timeout`, `connection_timeout` (30 s), `request_timeout`, `read_timeout`, `total_timeout`.
-- `http2`: `max_streams` (100), `stream_window` (1 MiB), `connection_window` (8 MiB), `header_list` (64 KiB),
-- `ping_interval` (none), `ping_timeout` (10 s).
-- `request_options`: what its requests have where they do not say otherwise; `middleware`: a function from client to
-- client.
-- @tparam[opt] table opts
-- @treturn pool
function pool.new(opts)
    opts = options.check(opts, known, "http.connection_pool", 2)
    if opts.request_options then
        options.check(opts.request_options, of_requests, "http.connection_pool: request_options", 2)
    end
    options.check(opts.http2, of_http2, "http.connection_pool: http2", 2)
    local defaults = opts.request_options
    if opts.tls or opts.insecure or opts.http_versions or opts.force_h2c then
        defaults = options.together({
            tls = (opts.tls or opts.insecure) and tls.of(opts.tls) or nil, insecure = opts.insecure,
            http_versions = opts.http_versions, force_h2c = opts.force_h2c,
        }, defaults)
    end
    return setmetatable({ core = core.pool(opts), middleware = opts.middleware, defaults = defaults }, mt)
end

local default

--- The pool of those that name none: one in each worker.
-- @treturn pool
function pool.default()
    default = default or pool.new()
    return default
end

--- Is `x` a pool?
function pool.is_pool(x)
    return getmetatable(x) == mt
end

--- Counts by origin: `connections idle dialling queue requests opened reused retried failed`.
-- @treturn table
function methods:stats()
    return core.pool_stats(self.core)
end

--- Free connections close; requests that wait for one fail with `closed`; those that are on go on to their end.
function methods:shutdown()
    core.pool_close(self.core)
end

return pool
