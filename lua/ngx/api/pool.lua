--- Idle connections of ngx.socket.tcp, by the name of their peer, and those who wait for one where the number of
-- connections is limited.
--
-- A pool is made by the first connection that is kept, or by connect{pool_size=}. Idle connections close themselves
-- when their peer does, or in time (perilune.core.stream park), and are then swept out. A pool that has none left goes.
-- A pool with a backlog counts its connections: those that idle and those in use; who finds too many waits in `queue`
-- until one of them goes or is put back.

local context = require "ngx.api.context"
local core = require "perilune.core.stream"
local ngx_core = require "perilune.core.ngx"
local tasks = require "perilune.core.task"
local native = require "ngx.api.native"

local park, unpark, close, is_open, on_lost = core.park, core.unpark, core.close, core.is_open, core.on_lost

local pool = {}

local DEBUG = 8

--- name → pool
local pools = {}

local function debug_log(text)
    if ngx_core.is_logged(DEBUG) then
        native.log_line(DEBUG, "lua tcp socket " .. text)
    end
end

local sweep

--- The pool of that name, or nil.
function pool.get(name)
    return pools[name]
end

--- The pool of that name, made when it is not there.
-- @tparam string name
-- @tparam number size connections that may idle
-- @tparam[opt] number backlog how many may wait for a connection; nil: connections are not counted
function pool.make(name, size, backlog)
    local p = pools[name]
    if not p then
        p = { name = name, size = size, backlog = backlog, connections = 0, first = 1, last = 0, queue = {} }
        p.gone = function()
            sweep(p)
        end
        p.lost = function()
            pool.lose(p)
        end
        pools[name] = p
        debug_log(('keepalive create connection pool for key "%s"'):format(name))
        debug_log("connection pool size: " .. size)
    end
    return p
end

--- Nobody has a connection of it, and nobody waits: the pool goes.
local function free_unused(p)
    if p.connections <= 0 and not p.queue[1] and pools[p.name] == p then
        pools[p.name] = nil
        debug_log(('keepalive: free connection pool for "%s"'):format(p.name))
    end
end

--- Forgets those that have closed themselves.
sweep = function(p)
    local last = p.first - 1
    for i = p.first, p.last do
        local s = p[i]
        p[i] = nil
        if is_open(s) then
            last = last + 1
            p[last] = s
        else
            p.connections = p.connections - 1
        end
    end
    p.last = last
    free_unused(p)
end

--- Takes an idle connection.
-- @treturn ?stream
function pool.take(p)
    while p.last >= p.first do
        local s = p[p.last]
        p[p.last] = nil
        p.last = p.last - 1
        if unpark(s) then
            return s
        end
        p.connections = p.connections - 1
    end
end

--- Wakes the first who waits for a connection.
local function wake(p)
    local queue = p.queue
    while queue[1] do
        local waiter = table.remove(queue, 1)
        if not waiter.is_gone then
            waiter.is_granted = true
            tasks.wake(waiter.task, waiter.number)
            return
        end
    end
end

--- Keeps a connection for `ms` milliseconds (0: for ever), in the place of the oldest when there are too many.
-- @tparam boolean is_counted it was connected through the pool
-- @treturn boolean false: it is closed now
-- @treturn ?string error: the peer has ended it, or has sent something
function pool.put(p, s, ms, is_counted)
    local ok, has_input = park(s, ms)
    if not ok then
        if is_counted then
            pool.lose(p)
        end
        return false, has_input and "connection in dubious state" or "closed"
    end
    if p.last - p.first + 1 >= p.size then
        close(p[p.first])
        p[p.first] = nil
        p.first = p.first + 1
        if is_counted then
            p.connections = p.connections - 1
        end
        debug_log(('keepalive: connection pool "%s" is full: the oldest is closed'):format(p.name))
    elseif not is_counted then
        p.connections = p.connections + 1
    end
    p.last = p.last + 1
    p[p.last] = s
    on_lost(s, p.gone)
    wake(p)
    return true
end

--- A connection of the pool is no more.
function pool.lose(p)
    p.connections = p.connections - 1
    wake(p)
    free_unused(p)
end

--- Counts a connection that is about to be made; waits while there are too many, for at most `ms` milliseconds.
-- @treturn ?stream|boolean an idle connection that has come back, or true: make one
-- @treturn ?string error
function pool.enter(p, ms)
    p.connections = p.connections + 1
    if not p.backlog then
        return true
    end
    if p.connections > p.size + p.backlog then
        p.connections = p.connections - 1
        return nil, "too many waiting connect operations"
    end
    if p.connections <= p.size then
        return true
    end
    debug_log(('queue connect operation for connection pool "%s", connections: %d'):format(p.name, p.connections))
    local waiter = {}
    waiter.task, waiter.number = tasks.sleep(ms / 1000)
    p.queue[#p.queue + 1] = waiter
    context.wait(function()
        waiter.is_gone = true
        debug_log("abort queueing")
        if waiter.is_granted then
            wake(p)
        end
        pool.lose(p)
    end)
    ngx_core.stop_sleep()
    waiter.is_gone = true
    if not waiter.is_granted then
        p.connections = p.connections - 1
        return nil, "queued timeout"
    end
    local s = pool.take(p)
    if s then
        p.connections = p.connections - 1
    end
    return s or true
end

--- The worker is about to end: nobody asks for the idle ones any more, and their peers need not wait.
function pool.drain()
    for _, p in pairs(pools) do
        for i = p.first, p.last do
            close(p[i])
        end
    end
end

return pool
