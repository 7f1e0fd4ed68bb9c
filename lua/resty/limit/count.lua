--- `resty.limit.count`: so many requests in a window of time that begins with the first of them.

local count = { _VERSION = "0.09" }
local Limiter = {}
local mt = { __index = Limiter }

--- A limiter.
-- @tparam string name of a lua_shared_dict
-- @tparam number limit requests in a window
-- @tparam number window seconds
-- @treturn table|nil nil and "shared dict not found"
function count.new(name, limit, window)
    local dict = ngx.shared[name]
    if not dict then
        return nil, "shared dict not found"
    end
    assert(limit > 0 and window > 0)
    return setmetatable({ dict = dict, limit = limit, window = window }, mt)
end

--- One more request.
-- @tparam string key
-- @tparam boolean commit does it count, or is it only asked for?
-- @treturn number|nil 0 and what is left; nil and "rejected" or an error
function Limiter:incoming(key, commit)
    local left, err
    if commit then
        left, err = self.dict:incr(key, -1, self.limit, self.window)
    else
        left = (self.dict:get(key) or self.limit) - 1
    end
    if not left then
        return nil, err
    elseif left < 0 then
        return nil, "rejected"
    end
    return 0, left
end

--- A request that was counted does not count.
-- @treturn number|nil what is left; nil and an error
function Limiter:uncommit(key)
    local left, err = self.dict:incr(key, 1)
    if not left and err == "not found" then
        return self.limit
    end
    return left, err
end

return count
