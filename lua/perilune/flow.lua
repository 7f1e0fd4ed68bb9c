--- Pools of things that are costly to make: connections, workers.
--
--     local pool = flow.pool { generate = connect, destroy = close, max_per_key = 16 }
--     local c = await(pool:acquire("db"))     …     pool:release("db", c)
--
-- Objects belong to a key. One is made when none is free and both caps allow it; else who asks waits, in order. A
-- controller gives back what is not needed: once in `control_period` it keeps as many objects as would have been busy
-- for `target_utilisation` of the time. Figures and controller are base/usage, which the pools of the HTTP client
-- stand on as well.

local check_options = require("perilune.options").check
local argument = require "perilune.argument"
local deferred = require "perilune.deferred"
local deferred_core = require "perilune.deferred.core"
local failure = require "perilune.failure"
local ring = require "perilune.ring"
local sys = require "perilune.core.sys"
local timers = require "perilune.timers"
local usage = require "perilune.core.usage"

local flow = {}
local Pool = {}
local mt = { __index = Pool, __name = "pool" }

local DEFAULTS = {
    max_per_key = 64,
    max_total = 1024,
    max_queue = 65536,
    target_utilisation = 0.9,
    control_period = 10,
    min_idle = 0,
}
local FUNCTIONS = { generate = "function", destroy = "function", stats_callback = "function" }

local KNOWN = {
    max_per_key = "count", max_total = "count", max_queue = "count", min_idle = "count", control_period = "seconds",
    target_utilisation = "number",
}
for name in pairs(FUNCTIONS) do
    KNOWN[name] = "function"
end

--- A pool.
-- @tparam table options `generate(key)` → object or a deferred of one; `destroy(key, object)`; `max_per_key` (64);
-- `max_total` (1024); `max_queue` (65536): who may wait for one key; `target_utilisation` (0.9); `control_period` (10
-- seconds); `min_idle` (0): free objects a key keeps; `stats_callback(stats by key)`, called once in a control period
-- @treturn pool
function flow.pool(options)
    check_options(options, KNOWN, "flow.pool", 2)
    if not (options and options.generate) then
        error("flow.pool: option 'generate' is needed", 2)
    end
    for _, name in ipairs { "max_per_key", "max_total", "control_period" } do
        if options[name] == 0 then
            error(("flow.pool: option '%s' must be more than 0"):format(name), 2)
        end
    end
    local target = options.target_utilisation
    if target and not (target > 0 and target <= 1) then
        error("flow.pool: option 'target_utilisation' must be more than 0, at most 1", 2)
    end
    local self = { keys = {}, total = 0, is_closed = false }
    for name, value in pairs(DEFAULTS) do
        self[name] = options[name] or value
    end
    for name in pairs(FUNCTIONS) do
        self[name] = options[name]
    end
    return setmetatable(self, mt)
end

-- ---------------------------------------------------------------------------------------------------------------------

local function key_of(self, key)
    local k = self.keys[key]
    if not k then
        k = { free = ring.new(), queue = ring.new(), n = 0, busy = {}, n_busy = 0, making = 0 }
        k.usage = usage.new(timers.now())
        self.keys[key] = k
        self:_watch()
    end
    return k
end

local function destroy(self, key, object)
    if self.destroy then
        local ok, err = xpcall(self.destroy, debug.traceback, key, object)
        if not ok then
            sys.log("error", "a pool's destroy failed: " .. tostring(err))
        end
    end
end

local function count_busy(k, change)
    usage.pass(k.usage, timers.now(), k.n_busy, k.n)
    k.n_busy = k.n_busy + change
end

--- Gives an object to `d`, who has asked for it.
local function give(k, d, asked_at, object)
    local now = timers.now()
    k.busy[object] = now
    count_busy(k, 1)
    usage.waited(k.usage, now - asked_at)
    d:success(object)
end

--- The next one in the queue who still wants one.
local function next_waiter(k)
    while k.queue.n > 0 do
        local d, asked_at = k.queue:pop(), k.queue:pop()
        if deferred_core.is_wanted(d) then
            return d, asked_at
        end
    end
end

local make_more

--- An object is free: for who waits, or for later.
local function offer(self, key, k, object)
    local d, asked_at = next_waiter(k)
    if d then
        give(k, d, asked_at, object)
    elseif self.is_closed then
        self.total, k.n = self.total - 1, k.n - 1
        destroy(self, key, object)
    else
        k.free:push(object)
    end
end

local function made(self, key, k, object)
    k.making = k.making - 1
    offer(self, key, k, object)
end

local function not_made(self, key, k, err)
    k.making, k.n, self.total = k.making - 1, k.n - 1, self.total - 1
    local d = next_waiter(k)
    if d then
        d:error(err)
    end
    make_more(self, key, k)
end

local function make(self, key, k)
    usage.pass(k.usage, timers.now(), k.n_busy, k.n)
    k.n, k.making, self.total = k.n + 1, k.making + 1, self.total + 1
    local ok, object = xpcall(self.generate, failure.traced, key)
    local d = ok and deferred.to_deferred(object) or deferred.error_deferred(object)
    if d:is_realized() and ok and d:error_value() == nil then
        return made(self, key, k, d:success_value())
    end
    d:on_realized(function(value)
        made(self, key, k, value)
    end, function(err)
        not_made(self, key, k, err)
    end)
end

--- Makes objects for those who wait, as far as the caps allow.
make_more = function(self, key, k)
    while k.queue.n / 2 > k.making and k.n < self.max_per_key and self.total < self.max_total and not self.is_closed do
        make(self, key, k)
    end
end

--- Takes a free object of another key apart, so that one of this key can be made.
local function make_room(self, key)
    for other, k in pairs(self.keys) do
        if other ~= key and k.free.n > 0 then
            self:dispose(other, k.free:peek(1))
            return
        end
    end
end

-- ---------------------------------------------------------------------------------------------------------------------

--- An object of `key`: a free one, a new one, or the next one that is released. Whoever is cancelled leaves the
-- queue.
-- @param key anything but nil
-- @treturn deferred of the object; fails with `too_large` when too many wait, `closed`, or the error of generate
function Pool:acquire(key)
    if key == nil then
        argument.bad("key", "acquire", "a value expected")
    elseif self.is_closed then
        return deferred.error_deferred(failure.new("closed", "the pool is closed"))
    end
    local k = key_of(self, key)
    local d = deferred._personal()
    usage.asked(k.usage, k.queue.n / 2)
    if k.free.n > 0 then
        give(k, d, timers.now(), k.free:pop())
        return d
    elseif k.queue.n / 2 >= self.max_queue then
        return deferred.error_deferred(failure.new("too_large", "too many wait for an object of this pool"))
    end
    k.queue:push(d)
    k.queue:push(timers.now())
    if self.total >= self.max_total and k.n < self.max_per_key then
        make_room(self, key)
    end
    make_more(self, key, k)
    return d
end

--- Gives an object back.
function Pool:release(key, object)
    local k = self.keys[key]
    local since = k and k.busy[object]
    if not since then
        argument.bad("object", "release", "it is not acquired from this pool")
    end
    k.busy[object] = nil
    count_busy(k, -1)
    usage.held(k.usage, timers.now() - since)
    offer(self, key, k, object)
end

local function take_from_free(k, object)
    local is_found = false
    for _ = 1, k.free.n do
        local other = k.free:pop()
        if other == object and not is_found then
            is_found = true
        else
            k.free:push(other)
        end
    end
    return is_found
end

--- Destroys an object, acquired or not; another one is made when somebody waits.
-- @treturn boolean false when it is not of this pool
function Pool:dispose(key, object)
    local k = self.keys[key]
    if not k then
        return false
    elseif k.busy[object] then
        usage.held(k.usage, timers.now() - k.busy[object])
        k.busy[object] = nil
        count_busy(k, -1)
    elseif not take_from_free(k, object) then
        return false
    end
    usage.pass(k.usage, timers.now(), k.n_busy, k.n)
    k.n, self.total = k.n - 1, self.total - 1
    destroy(self, key, object)
    for other, each in pairs(self.keys) do
        make_more(self, other, each)
    end
    return true
end

--- Runs `fn(object, …)` in the running task with an object of `key`; it is released afterwards, disposed when fn
-- fails.
-- @return what fn returns
function Pool:with(key, fn, ...)
    local object = deferred.await(self:acquire(key))
    local results = { xpcall(fn, failure.traced, object, ...) }
    if not results[1] then
        self:dispose(key, object)
        error(results[2], 0)
    end
    self:release(key, object)
    return unpack(results, 2, table.maxn(results))
end

--- Destroys what is free, and what is in use once it is released; who waits gets the error `closed`.
function Pool:close()
    self.is_closed = true
    for key, k in pairs(self.keys) do
        for d in next_waiter, k do
            d:error(failure.new("closed", "the pool is closed"))
        end
        while k.free.n > 0 do
            self:dispose(key, k.free:peek(1))
        end
    end
    if self.timer then
        timers.stop(self.timer)
        self.timer = nil
    end
end

--- Figures of a key since the last control period: `objects busy free waiting utilisation`, `acquired`, and quantiles
-- `{p50, p90, p95, p99, p999}` of `queue_length`, `queue_latency` and `hold_time` (seconds).
-- @treturn ?table nil when there is no such key
function Pool:stats(key)
    local k = self.keys[key]
    if not k then
        return nil
    end
    usage.pass(k.usage, timers.now(), k.n_busy, k.n)
    local s = usage.report(k.usage)
    s.objects, s.busy, s.free, s.waiting = k.n, k.n_busy, k.free.n, k.queue.n / 2
    return s
end

-- ---------------------------------------------------------------------------------------------------------------------
-- The controller

--- As many objects as were needed, and no more, are kept.
local function shrink(self, key, k)
    local wanted = math.max(usage.wanted(k.usage, k.n, self.target_utilisation), k.n_busy) + self.min_idle
    while k.free.n > 0 and k.n > wanted do
        self:dispose(key, k.free:peek(1))
    end
    if k.n == 0 and k.queue.n == 0 then
        self.keys[key] = nil
    end
end

--- Called once in a control period.
function Pool:on_timer()
    local all, reports = {}, {}
    self.timer = nil
    for key in pairs(self.keys) do
        all[#all + 1] = key
    end
    for _, key in ipairs(all) do
        local k = self.keys[key]
        reports[key] = self:stats(key)
        shrink(self, key, k)
        usage.reset(k.usage, timers.now())
    end
    self:_watch()
    if self.stats_callback then
        local ok, err = xpcall(self.stats_callback, debug.traceback, reports)
        if not ok then
            sys.log("error", "a pool's stats_callback failed: " .. tostring(err))
        end
    end
end

--- The timer runs while there is a key; the process does not wait for it.
function Pool:_watch()
    if not self.timer and not self.is_closed and next(self.keys) ~= nil then
        self.timer = timers.start(self.control_period, self, true)
    end
end

return flow
