--- Connection pools of the client.

local check = require "perilune.http.check"
local core = require "perilune.core.client"
local of_requests = require "perilune.http.options"
local options = require "perilune.options"
local proxy = require "perilune.http.proxy"
local sys = require "perilune.core.sys"
local timers = require "perilune.timers"

local pool = {}
local methods = {}
local mt = { __index = methods, __name = "http.connection_pool" }

--- C keeps counts in 32 bits, HTTP/2 its windows in 31 (RFC 9113 section 6.9.1). What lets nothing through would have
-- requests wait for ever, or fail. A connection's window begins with 65535 and only grows.
local MOST = 2 ^ 31 - 1
local SOME = options.whole(1, MOST)

local known = {
    connections_per_host = SOME, total_connections = SOME, max_queue_size = SOME, max_requests = options.whole(0, MOST),
    idle_timeout = "seconds", max_age = "seconds", pool_timeout = "seconds", connection_timeout = "seconds",
    request_timeout = "seconds", read_timeout = "seconds", middleware = "function",
    request_options = "table", http2 = "table", control_period = "seconds", target_utilisation = "number",
    stats_callback = "function",
}

local CONTROL_PERIOD, TARGET_UTILISATION = 60, 0.9

local of_http2 = {
    max_streams = SOME, stream_window = SOME, connection_window = options.whole(65535, MOST), header_list = SOME,
    ping_interval = "seconds", ping_timeout = "seconds",
}

--- What a pool and a request both may say.
local SHARED = {
    "tls", "insecure", "proxy", "no_proxy", "proxy_headers", "proxy_tunnel", "proxy_tls", "proxy_insecure",
    "local_address", "resolver", "family", "log_activity", "cache", "http_versions", "force_h2c", "total_timeout",
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

--- What would fail each request is told where the pool is made; the proxy of a request may be another.
local function check_proxy(of, where, level)
    local named = of and of.proxy
    if type(named) ~= "string" then
        return
    end
    local p, err = proxy.parse(named)
    if not p then
        error(where .. ": " .. err.message, level + 1)
    end
end

--- Once in a control period: tells the figures, closes free connections that were not needed.
local Controller = {}
Controller.__index = Controller

function Controller:on_timer()
    local of = self.pools.one
    if not of or of.is_shut then
        return
    end
    local figures = self.callback and of:stats()
    core.pool_fit(of.core, self.target)
    timers.start(self.period, self, true)
    if figures then
        local ok, err = xpcall(self.callback, debug.traceback, figures)
        if not ok then
            sys.log("error", "a pool's stats_callback failed: " .. tostring(err))
        end
    end
end

--- A pool that nobody has any more may be collected in spite of its timer.
local function control(of, opts)
    local controller = setmetatable({
        pools = setmetatable({ one = of }, { __mode = "v" }),
        period = opts.control_period or CONTROL_PERIOD,
        target = opts.target_utilisation or TARGET_UTILISATION,
        callback = opts.stats_callback,
    }, Controller)
    if controller.period > 0 then
        timers.start(controller.period, controller, true)
    end
end

--- A pool.
-- Limits: `connections_per_host` (8), `total_connections` (1024), `max_queue_size` (65536 waiting requests of an
-- origin, beside those for which a connection is being made),
-- `idle_timeout` (60 s; 0: never), `max_age` of a connection, `max_requests` on one. Timeouts of its
-- requests: `pool_timeout`, `connection_timeout` (30 s), `request_timeout`, `read_timeout`, `total_timeout`. How they
-- get there: `tls`, `insecure`, `proxy` and what belongs to it, `local_address`, `resolver`, `family`,
-- `http_versions`, `force_h2c`.
-- `http2`: `max_streams` (100), `stream_window` (1 MiB), `connection_window` (8 MiB), `header_list` (64 KiB),
-- `ping_interval` (none), `ping_timeout` (10 s).
-- Once in a `control_period` (60 s; 0: never) each origin keeps as many connections as would have been at work for
-- `target_utilisation` (0.9) of it, and `stats_callback(stats)` is told the figures of that period.
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
    check_proxy(opts, "http.connection_pool", 2)
    check_proxy(opts.request_options, "http.connection_pool: request_options", 2)
    options.check(opts.http2, of_http2, "http.connection_pool: http2", 2)
    local target = opts.target_utilisation
    if target and not (target > 0 and target <= 1) then
        error("http.connection_pool: bad option 'target_utilisation' (more than 0, at most 1 expected)", 2)
    end
    local made = { core = core.pool(opts), middleware = opts.middleware, defaults = defaults_of(opts) }
    control(made, opts)
    return setmetatable(made, mt)
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

--- Figures by origin.
-- Counts: `connections idle dialling queue`, as they are; `requests opened reused retried failed`, since the beginning.
-- Since the last control period: `utilisation`, the share of their time in which connections were at work, and
-- quantiles `{p50, p90, p95, p99, p999}` of `queue_length` (found by a request), `queue_latency` (seconds until it had
-- a connection) and `latency` (seconds from then on until its response was complete).
-- @treturn table
function methods:stats()
    return core.pool_stats(self.core)
end

--- Free connections close; requests that wait for one fail with `closed`; those that are on go on to their end.
function methods:shutdown()
    self.is_shut = true
    core.pool_close(self.core)
end

return pool
