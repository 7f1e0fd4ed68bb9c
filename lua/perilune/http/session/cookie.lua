--- Sessions that live in the cookie itself, encrypted: nothing to keep on the server, nothing to take back. Who has
-- copied such a cookie can use it until it expires, also after a logout; it must fit into 4,096 bytes.

local cookie = require "perilune.http.cookie"
local failure = require "perilune.failure"
local time = require "perilune.time"

local Store = {}
local mt = { __index = Store, __name = "session store (cookie)" }

local CONTEXT, MOST = "session", 3900

function Store:load(key)
    local text, which = cookie.decrypt(CONTEXT, key, self.keys)
    local expires, record = (text or ""):match("^(%d+):(.*)$")
    local ttl = expires and tonumber(expires) - time.now()
    if not ttl or ttl <= 0 then
        return nil
    end
    return { text = record, ttl = which == 1 and ttl or 0 }
end

function Store:save(_, text, ttl)
    local value = cookie.encrypt(CONTEXT, ("%d:"):format(time.now() + ttl) .. text, self.keys)
    if #value > MOST then
        error(failure.new("too_large", ("a session of %d bytes does not fit into a cookie"):format(#text)), 0)
    end
    return value
end

function Store.delete()
    return true
end

--- @tparam string|table keys as of `cookie.encrypt`
-- @treturn store
return function(keys)
    cookie.check_keys(keys)
    return setmetatable({ keys = keys }, mt)
end
