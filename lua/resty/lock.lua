--- `resty.lock`: locks of all workers, kept in a shared dictionary. One key of an object at a time.

local ffi = require "ffi"

local lock = { _VERSION = "0.09" }
local Lock = {}
local mt = { __index = Lock }

--- What an object holds is given up when it is collected.
local function release(self)
    local key = self.key
    if key ~= nil then
        self.key = nil
        return self.dict:delete(key)
    end
    return nil, "unlocked"
end

--- An object that can hold a lock.
-- @tparam string name of a lua_shared_dict
-- @tparam[opt] table options seconds: `exptime` (30) a lock lives, `timeout` (5) to wait at most, `step` (0.001) of the
-- first wait, `max_step` (0.5) of a wait; `ratio` (2) by which waits grow
-- @treturn table|nil nil and a text
function lock.new(_, name, options)
    local dict, o = ngx.shared[name], options or {}
    if not dict then
        return nil, "dictionary not found"
    end
    local timeout = o.timeout or 5
    local exptime = o.exptime or 30
    local held = { dict = dict }
    local guard = ffi.gc(ffi.new("char[1]"), function()
        release(held)
    end)
    return setmetatable({
        held = held,
        guard = guard,
        exptime = exptime,
        timeout = math.min(timeout, exptime),
        step = o.step or 0.001,
        ratio = o.ratio or 2,
        max_step = o.max_step or 0.5,
    }, mt)
end

local function try(self, key)
    local ok, err = self.held.dict:add(key, true, self.exptime)
    if ok then
        self.held.key = key
        return true
    elseif err ~= "exists" then
        return nil, err
    end
    return false
end

--- Waits until the key is ours.
-- @treturn number|nil seconds waited; nil and "timeout", "locked" (this object holds one) or an error of the dictionary
function Lock:lock(key)
    if not key then
        return nil, "nil key"
    elseif self.held.key ~= nil then
        return nil, "locked"
    end
    local step, left, waited = self.step, self.timeout, 0
    local ok, err = try(self, key)
    while ok == false and left > 0 do
        local nap = math.min(step, left)
        ngx.sleep(nap)
        waited, left = waited + nap, left - nap
        step = math.max(math.min(step * self.ratio, self.max_step), 0.001)
        ok, err = try(self, key)
    end
    if ok then
        return waited
    end
    return nil, err or "timeout"
end

--- Gives the key up.
-- @return 1; nil and "unlocked"
function Lock:unlock()
    local ok, err = release(self.held)
    if not ok then
        return nil, err
    end
    return 1
end

--- Lets the held lock live `seconds` from now (default: as long as a new one).
-- @return true; nil and "unlocked" or an error of the dictionary
function Lock:expire(seconds)
    local key = self.held.key
    if key == nil then
        return nil, "unlocked"
    end
    local ok, err = self.held.dict:replace(key, true, seconds or self.exptime)
    if ok then
        return true
    end
    return nil, err
end

return lock
