--- `resty.limit.conn`: so many requests at once.

local conn = { _VERSION = "0.09" }
local Limiter = {}
local mt = { __index = Limiter }

--- A limiter.
-- @tparam string name of a lua_shared_dict
-- @tparam number max requests at once
-- @tparam number burst requests beyond that, which are to wait
-- @tparam number delay seconds that a request takes, as a first guess
-- @treturn table|nil nil and "shared dict not found"
function conn.new(name, max, burst, delay)
    local dict = ngx.shared[name]
    if not dict then
        return nil, "shared dict not found"
    end
    assert(max > 0 and burst >= 0 and delay > 0)
    return setmetatable({ dict = dict, max = max, burst = burst, delay = delay }, mt)
end

local function count(self, key, commit)
    if not commit then
        return (self.dict:get(key) or 0) + 1
    end
    return self.dict:incr(key, 1, 0)
end

--- One more request.
-- @tparam string key
-- @tparam boolean commit does it count, or is it only asked for? What counts ends by `leaving`
-- @treturn number|nil seconds it should wait, and the requests at once; nil and "rejected" or an error
function Limiter:incoming(key, commit)
    self.committed = false
    local n, err = count(self, key, commit)
    if not n then
        return nil, err
    elseif n > self.max + self.burst then
        if commit then
            self.dict:incr(key, -1)
        end
        return nil, "rejected"
    end
    self.committed = commit and true or false
    if n > self.max then
        return self.delay * math.floor((n - 1) / self.max), n
    end
    return 0, n
end

--- Did the last `incoming` count?
function Limiter:is_committed()
    return self.committed
end

--- A request that counted is over.
-- @tparam string key
-- @tparam[opt] number latency seconds it took: the guess follows
-- @treturn number|nil requests at once; nil and an error
function Limiter:leaving(key, latency)
    local n, err = self.dict:incr(key, -1)
    if not n then
        return nil, err
    end
    if latency then
        self.delay = (latency + self.delay) / 2
    end
    return n
end

--- A request that was counted does not count.
function Limiter:uncommit(key)
    return self.dict:incr(key, -1)
end

--- Another number of requests at once.
function Limiter:set_conn(max)
    self.max = max
end

--- Another burst.
function Limiter:set_burst(burst)
    self.burst = burst
end

return conn
