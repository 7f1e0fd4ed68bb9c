--- Sessions in Redis: for all workers of all machines.

local client_of = require "perilune.http.redis_client"
local deferred = require "perilune.deferred"

local Store = {}
local mt = { __index = Store, __name = "session store (Redis)" }

local PREFIX = "session:"

local function milliseconds(ttl)
    return math.max(1, math.floor(ttl * 1000))
end

function Store:load(key)
    return deferred.zip(self.db:get(PREFIX .. key), self.db:pttl(PREFIX .. key)):chain(function(found)
        return found[1] and { text = found[1], ttl = found[2] / 1000 } or nil
    end)
end

local function nothing() end

--- A session that is not there any more is not made again: another request has ended it.
function Store:save(key, text, ttl, is_new)
    if is_new then
        return self.db:set(PREFIX .. key, text, "PX", milliseconds(ttl)):chain(nothing)
    end
    return self.db:set(PREFIX .. key, text, "PX", milliseconds(ttl), "XX"):chain(nothing)
end

function Store:touch(key, ttl)
    return self.db:pexpire(PREFIX .. key, milliseconds(ttl))
end

function Store:delete(key)
    return self.db:del(PREFIX .. key)
end

--- @tparam table db a client of perilune.redis
-- @treturn store
return function(db)
    return setmetatable({ db = client_of(db) }, mt)
end
