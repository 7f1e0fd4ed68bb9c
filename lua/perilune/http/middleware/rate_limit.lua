--- A limit on requests a client may make in a time, counted together by all workers in a shared dictionary.
--
-- The window slides: what was counted in the window before this one counts as far as it still reaches into the last
-- `window` seconds. Who asks for more gets 429 with Retry-After; every answer says what is left (RateLimit-Limit,
-- RateLimit-Remaining, RateLimit-Reset in seconds). What is refused is not counted.
--
-- Options: `dict` (name of a `lua_shared_dict`; required), `most` (requests; required), `window` (seconds; 60), `key`
-- (function(req) → text, nil: this request is not limited; by default the address of the client), `name` (before the
-- keys, for several limits in one dictionary).

local answer = require "perilune.http.answer"
local define = require "perilune.http.middleware.define"
local time = require "perilune.time"

local function address(req)
    return req.remote_addr
end

--- Counts one more request, unless it is one too many.
-- @treturn boolean may it go on?
-- @treturn number requests that are left
-- @treturn number seconds until the window ends
local function count(dict, key, most, window)
    local now = time.now()
    local index = math.floor(now / window)
    local share = 1 - (now - index * window) / window
    local current = ("%s:%d"):format(key, index)
    local before = dict:get(("%s:%d"):format(key, index - 1)) or 0
    local n = assert(dict:incr(current, 1, 0, 2 * window))
    local left = most - n - before * share
    if left < 0 then
        dict:incr(current, -1)
    end
    return left >= 0, math.max(0, math.floor(left)), math.ceil(share * window)
end

local function refusal(reset)
    return { status = 429, headers = { ["Retry-After"] = ("%d"):format(reset) }, body = "too many requests\n" }
end

local function dictionary(name)
    local dict = name and require("perilune.shared")[name]
    if not dict then
        error(("middleware.rate_limit: no lua_shared_dict is named '%s'"):format(tostring(name)), 0)
    end
    return dict
end

return define("rate_limit", { dict = "string", most = "count", window = "seconds", key = "function", name = "string" },
    function(o)
        local dict, key_of, window = dictionary(o.dict), o.key or address, o.window or 60
        local most = o.most or error("middleware.rate_limit: option 'most' is needed", 0)
        local prefix = (o.name or "rate") .. ":"
        if window == 0 then
            error("middleware.rate_limit: option 'window' must be more than 0", 0)
        end
        return function(handler)
            return function(req)
                local key = key_of(req)
                if key == nil then
                    return handler(req)
                end
                local may, left, reset = count(dict, prefix .. key, most, window)
                local res = answer.of((may and handler or refusal)(may and req or reset))
                res.headers:set("RateLimit-Limit", ("%d"):format(most))
                res.headers:set("RateLimit-Remaining", ("%d"):format(left))
                res.headers:set("RateLimit-Reset", ("%d"):format(reset))
                return res
            end
        end
    end)
