--- A limit on requests a client may make in a time, counted together by all workers in a shared dictionary, or by all
-- machines in Redis.
--
-- The window slides: what was counted in the window before this one counts as far as it still reaches into the last
-- `window` seconds. Who asks for more gets 429 with Retry-After; every answer says what is left (RateLimit-Limit,
-- RateLimit-Remaining, RateLimit-Reset in seconds). What is refused is not counted. Machines that share a Redis go by
-- their own clocks, which are to agree.
--
-- Options: `dict` (name of a `lua_shared_dict`) or `redis` (a client of perilune.redis), one of them required; `most`
-- (requests; required), `window` (seconds; 60), `key` (function(req) → text, nil: this request is not limited; by
-- default the address of the client), `name` (before the keys, for several limits in one place), `fail_closed`
-- (boolean, false: while Redis cannot be asked nobody is limited, and the log says so; true: 503).

local answer = require "perilune.http.answer"
local client_of = require "perilune.http.redis_client"
local define = require "perilune.http.middleware.define"
local dict_of = require "perilune.http.dict"
local sys = require "perilune.core.sys"
local time = require "perilune.time"
local try_await = require("perilune.deferred").try_await

local function address(req)
    return req.remote_addr
end

--- Counts one more request in a dictionary, unless it is one too many: how many are left, below 0 for one too many.
local function count_in_dict(dict, current, before, most, share, window)
    local n = assert(dict:incr(current, 1, 0, 2 * window))
    local left = most - n - (dict:get(before) or 0) * share
    if left < 0 then
        dict:incr(current, -1)
    end
    return left
end

local SCRIPT = [[
local n = redis.call("INCR", KEYS[1])
if n == 1 then redis.call("PEXPIRE", KEYS[1], ARGV[3]) end
local left = ARGV[1] - n - (redis.call("GET", KEYS[2]) or 0) * ARGV[2]
if left < 0 then redis.call("DECR", KEYS[1]) end
return tostring(left)
]]

--- The same in Redis; nil when that cannot be asked.
local function count_in_redis(db, current, before, most, share, window)
    local ok, left = try_await(db:script(SCRIPT, { current, before }, { most, share, math.ceil(2000 * window) }))
    if not ok then
        sys.log("error", "rate limit: " .. tostring(left))
        return nil
    end
    return tonumber(left)
end

--- @treturn number|nil requests that are left
-- @treturn number seconds until the window ends
local function count(o, key)
    local now, window = time.now(), o.window
    local index = math.floor(now / window)
    local share = 1 - (now - index * window) / window
    local name = o.prefix .. "{" .. key .. "}:"
    return o.count(o.place, name .. index, name .. index - 1, o.most, share, window), math.ceil(share * window)
end

local function refusal(reset)
    return { status = 429, headers = { ["Retry-After"] = ("%d"):format(reset) }, body = "too many requests\n" }
end

local function check(o)
    if (o.dict == nil) == (o.redis == nil) then
        error("middleware.rate_limit: one of the options 'dict' and 'redis' is needed", 0)
    elseif not o.most then
        error("middleware.rate_limit: option 'most' is needed", 0)
    end
end

local function tell(res, most, left, reset)
    res.headers:set("RateLimit-Limit", ("%d"):format(most))
    res.headers:set("RateLimit-Remaining", ("%d"):format(math.max(0, left)))
    res.headers:set("RateLimit-Reset", ("%d"):format(reset))
    return res
end

return define("rate_limit", { dict = "string", redis = "table", most = "some", window = "some_seconds",
    key = "function", name = "string", fail_closed = "boolean" }, function(given)
    check(given)
    local key_of = given.key or address
    local o = { most = given.most, window = given.window or 60, prefix = (given.name or "rate") .. ":",
        place = given.redis and client_of(given.redis, "middleware.rate_limit")
            or dict_of(given.dict, "middleware.rate_limit"),
        count = given.redis and count_in_redis or count_in_dict }
    return function(handler)
        return function(req)
            local key = key_of(req)
            if key == nil then
                return handler(req)
            end
            local left, reset = count(o, key)
            if left == nil and given.fail_closed then
                return { status = 503, headers = { ["Retry-After"] = "1" }, body = "try again\n" }
            elseif left == nil then
                return handler(req)
            end
            return tell(left < 0 and answer.of(refusal(reset)) or answer.of(handler(req)), o.most, left, reset)
        end
    end
end)
