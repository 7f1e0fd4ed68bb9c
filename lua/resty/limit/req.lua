--- `resty.limit.req`: so many requests a second, with a burst: the leaky bucket of nginx's limit_req.
--
-- A key's entry is its excess in thousandths of a request, and when that was; two workers never change it at once
-- (compare-and-swap).

local shared = require "perilune.shared"
local time = require "ngx.api.time"

local req = { _VERSION = "0.09" }
local Limiter = {}
local mt = { __index = Limiter }

--- A limiter.
-- @tparam string name of a lua_shared_dict
-- @tparam number rate requests a second
-- @tparam number burst requests beyond that, which are to wait
-- @treturn table|nil nil and "shared dict not found"
function req.new(name, rate, burst)
    local dict = shared[name]
    if not dict then
        return nil, "shared dict not found"
    end
    assert(rate > 0 and burst >= 0)
    return setmetatable({ dict = dict, rate = rate * 1000, burst = burst * 1000 }, mt)
end

local function parse(text)
    local excess, at = text:match("^(%S+) (%S+)$")
    return tonumber(excess), tonumber(at)
end

local function next_excess(self, text, now)
    if type(text) ~= "string" then
        return 0
    end
    local excess, at = parse(text)
    return math.max(excess - self.rate * math.abs(now - at) + 1000, 0)
end

--- One more request.
-- @tparam string key
-- @tparam boolean commit does it count, or is it only asked for?
-- @treturn number|nil seconds it should wait, and the excess in requests; nil and "rejected" or an error
function Limiter:incoming(key, commit)
    local now, excess = time.now(), nil
    if not commit then
        excess = next_excess(self, self.dict:get(key), now)
    else
        local ok, err = self.dict:update(key, function(text)
            excess = next_excess(self, text, now)
            if excess > self.burst then
                return text
            end
            return ("%.17g %.17g"):format(excess, now)
        end)
        if not ok then
            return nil, err
        end
    end
    if excess > self.burst then
        return nil, "rejected"
    end
    return excess / self.rate, excess / 1000
end

--- A request that was counted does not count.
-- @return true; nil and an error
function Limiter:uncommit(key)
    local ok, err = self.dict:update(key, function(text)
        if type(text) == "string" then
            local excess, at = parse(text)
            text = ("%.17g %.17g"):format(math.max(excess - 1000, 0), at)
        end
        return text
    end)
    if ok then
        return true
    end
    return nil, err
end

--- Another rate, in requests a second.
function Limiter:set_rate(rate)
    self.rate = rate * 1000
end

--- Another burst, in requests.
function Limiter:set_burst(burst)
    self.burst = burst * 1000
end

return req
