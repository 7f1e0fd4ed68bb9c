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
    request_options = "table", tls = "any", insecure = "boolean",
}

--- A pool.
-- Limits: `connections_per_host` (8), `total_connections` (1024), `max_queue_size` (65536 waiting requests of an
-- origin), `idle_timeout` (60 s; 0: never), `max_age` of a connection, `max_requests` on one. Timeouts of its
-- requests: `pool_timeout`, `connection_timeout` (30 s), `request_timeout`, `read_timeout`, `total_timeout`.
-- `request_options`: what its requests have where they do not say otherwise; `middleware`: a function from client to
-- client.
-- @tparam[opt] table opts
-- @treturn pool
function pool.new(opts)
    opts = options.check(opts, known, "http.connection_pool", 2)
    if opts.request_options then
        options.check(opts.request_options, of_requests, "http.connection_pool: request_options", 2)
    end
    local defaults = opts.request_options
    if opts.tls or opts.insecure then
        defaults = defaults or {}
        defaults.tls = defaults.tls or tls.of(opts.tls)
        defaults.insecure = defaults.insecure or opts.insecure
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
