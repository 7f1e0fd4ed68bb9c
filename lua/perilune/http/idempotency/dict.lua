--- Idempotency keys in a shared dictionary: for all workers of one machine, lost when the server ends.

local dict_of = require "perilune.http.dict"
local failure = require "perilune.failure"

local Store = {}
local mt = { __index = Store, __name = "store of idempotency keys (dictionary)" }

local TRIES = 3 -- an entry may expire between two calls

function Store:begin(key, text, ttl)
    for _ = 1, TRIES do
        local added, why = self.dict:add(key, text, ttl)
        local kept = not added and why == "exists" and self.dict:get(key)
        if added then
            return nil
        elseif kept then
            return kept
        elseif why ~= "exists" then
            error(failure.new("no_resources", "the idempotency key could not be stored: " .. tostring(why)), 0)
        end
    end
    return text
end

function Store:finish(key, begun, text, ttl)
    local _ = self.dict:cas(key, begun, text, ttl) or text and self.dict:cas(key, nil, text, ttl)
end

--- @tparam string name of a `lua_shared_dict`
-- @treturn store
return function(name)
    return setmetatable({ dict = dict_of(name) }, mt)
end
