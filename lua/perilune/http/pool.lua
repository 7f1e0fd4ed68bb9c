--- Connection pools of the client.

local check = require "perilune.http.check"
local core = require "perilune.core.client"
local of_requests = require "perilune.http.options"
local options = require "perilune.options"

local pool = {}
local methods = {}
local mt = { __index = methods, __name = "http.connection_pool" }

local known = {
    connections_per_host = "number", total_connections = "number", max_queue_size = "number", max_requests = "number",
    idle_timeout = "seconds", max_age = "seconds", pool_timeout = "seconds", connection_timeout = "seconds",
    request_timeout = "seconds", read_timeout = "seconds", total_timeout = "seconds", middleware = "function",
    request_options = "table",
}

--- What a pool and a request both may say.
local SHARED = {
    "tls", "insecure", "proxy", "no_proxy", "proxy_headers", "proxy_tunnel", "proxy_tls", "proxy_insecure",
    "local_address", "resolver", "family", "log_activity",
}
for _, name in ipairs(SHARED) do
    known[name] = of_requests[name]
end

--- What the requests of a pool have where they do not say otherwise.
local function defaults_of(opts)
    local own = {}
    for _, name in ipairs(SHARED) do
        own[name] = opts[name]
    end
    if next(own) == nil then
        return opts.request_options
    end
    return options.together(own, opts.request_options)
end

--- A pool.
-- Limits: `connections_per_host` (8), `total_connections` (1024), `max_queue_size` (65536 waiting requests of an
-- origin), `idle_timeout` (60 s; 0: never), `max_age` of a connection, `max_requests` on one. Timeouts of its
-- requests: `pool_timeout`, `connection_timeout` (30 s), `request_timeout`, `read_timeout`, `total_timeout`. How they
-- get there: `tls`, `insecure`, `proxy` and what belongs to it, `local_address`, `resolver`, `family`.
-- `request_options`: what its requests have where they do not say otherwise; `middleware`: a function from client to
-- client.
-- @tparam[opt] table opts
-- @treturn pool
function pool.new(opts)
    opts = options.check(opts, known, "http.connection_pool", 2)
    check.way(opts, "http.connection_pool", 2)
    if opts.request_options then
        check.request(opts.request_options, "http.connection_pool: request_options", 2)
    end
    return setmetatable({ core = core.pool(opts), middleware = opts.middleware, defaults = defaults_of(opts) }, mt)
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
