--- Idempotency keys in Redis: for all workers of all machines.

local client_of = require "perilune.http.redis_client"

local Store = {}
local mt = { __index = Store, __name = "store of idempotency keys (Redis)" }

local BEGIN = [[
local kept = redis.call("GET", KEYS[1])
if not kept then redis.call("SET", KEYS[1], ARGV[1], "PX", ARGV[2]) end
return kept
]]
local FINISH = [[
local kept = redis.call("GET", KEYS[1])
if kept and kept ~= ARGV[1] then return 0 end
if ARGV[2] then return redis.call("SET", KEYS[1], ARGV[2], "PX", ARGV[3]) end
return redis.call("DEL", KEYS[1])
]]

local function milliseconds(ttl)
    return math.max(1, math.floor(ttl * 1000))
end

function Store:begin(key, text, ttl)
    return self.db:script(BEGIN, { key }, { text, milliseconds(ttl) })
end

function Store:finish(key, begun, text, ttl)
    return self.db:script(FINISH, { key }, { begun, text, text and milliseconds(ttl) })
end

--- @tparam table db a client of perilune.redis
-- @treturn store
return function(db)
    return setmetatable({ db = client_of(db) }, mt)
end
