--- tcpsock:setkeepalive: a connection goes to the pool of its peer.

local core = require "perilune.core.stream"
local dial = require "perilune.core.connect"
local native = require "ngx.api.native"
local ngx_core = require "perilune.core.ngx"
local pool = require "ngx.api.pool"
local socket_core = require "perilune.core.socket"
local tcp = require "ngx.api.connect"

local slots = tcp.slots
local DEBUG = 8
local CORE, KEY, POOL = slots.CORE, slots.KEY, slots.POOL
local buffered, is_open = core.buffered, core.is_open

local function idle_time(ms)
    if ms == nil then
        return (select(2, socket_core.timeouts()))
    end
    local n = tonumber(ms)
    if not n then
        error("bad argument #1 to 'setkeepalive' (number expected, got " .. type(ms) .. ")", 3)
    end
    return math.max(math.floor(n), 0)
end

--- The pool of the socket's peer, made when it is not there.
local function pool_of(self, n, size)
    if size ~= nil and not tonumber(size) then
        error("bad argument #2 to 'setkeepalive' (number expected, got " .. type(size) .. ")", 3)
    end
    local p = pool.get(self[KEY])
    if p then
        return p
    end
    if size == nil then
        size = socket_core.pool_size()
    end
    size = math.floor(tonumber(size))
    if size <= 0 then
        error("bad argument #" .. n + 1 .. " to '?' (bad \"pool_size\" option value: " .. size .. ")", 3)
    end
    return pool.make(self[KEY], size)
end

--- Why it cannot be kept, or nil.
local function obstacle(self, s)
    if not s or self[slots.READ_CLOSED] or self[slots.WRITE_CLOSED] or not is_open(s) then
        return s and dial.is_connecting(s) and "socket busy connecting" or "closed"
    end
    core.check(s)
    return tcp.busy_with(s) or buffered(s) > 0 and "unread data in buffer" or nil
end

--- Keeps the connection for the next one who connects to the same peer.
-- @tparam[opt] number ms how long it may idle, 0: for ever
-- @tparam[opt] number size of the pool, when this makes it
-- @treturn ?number 1
-- @treturn ?string error
function tcp.methods:setkeepalive(...)
    local n = select("#", ...)
    if type(self) ~= "table" then
        tcp.bad_self(self, "setkeepalive")
    elseif n > 2 then
        tcp.count_arguments(n + 1, 1, 3)
    end
    local ms, size = ...
    ms = idle_time(ms)
    local s = self[CORE]
    local why = obstacle(self, s)
    if why then
        return nil, why
    end
    if native.C.ffi_ngx_is_exiting() ~= 0 then
        native.log_line(DEBUG, "lua tcp socket set keepalive while process exiting, closing connection")
        tcp.drop(self)
        return 1
    end
    local p = pool_of(self, n, size)
    if ngx_core.is_logged(DEBUG) then
        native.log_line(DEBUG, "lua tcp socket keepalive timeout: " .. (ms > 0 and ms .. " ms" or "unlimited"))
    end
    local is_counted = self[POOL] ~= false
    self[CORE], self[POOL] = false, false
    local ok, err = pool.put(p, s, ms, is_counted)
    if ok then
        return 1
    end
    return nil, err
end

return tcp
