--- Sessions in a shared dictionary: for all workers of one machine, lost when the server ends.

local dict_of = require "perilune.http.dict"
local failure = require "perilune.failure"

local Store = {}
local mt = { __index = Store, __name = "session store (dictionary)" }

local PREFIX = "session:"

function Store:load(key)
    local text = self.dict:get(PREFIX .. key)
    if type(text) ~= "string" then
        return nil
    end
    return { text = text, ttl = self.dict:ttl(PREFIX .. key) or 0 }
end

--- A session that is not there any more is not made again: another request has ended it.
function Store:save(key, text, ttl, is_new)
    local ok, why = self.dict[is_new and "set" or "replace"](self.dict, PREFIX .. key, text, ttl)
    if not ok and why ~= "not found" then
        error(failure.new("no_resources", "the session could not be stored: " .. why), 0)
    end
end

function Store:touch(key, ttl)
    self.dict:expire(PREFIX .. key, ttl)
end

function Store:delete(key)
    self.dict:delete(PREFIX .. key)
end

--- @tparam string name of a `lua_shared_dict`
-- @treturn store
return function(name)
    return setmetatable({ dict = dict_of(name) }, mt)
end
