--- Sessions: `await(req:session())` gives the visitor's, whose `data` is a table that the next requests find again.
--
-- Nothing is read before a handler asks, nothing is stored before there is data, and no cookie is set before that.
-- `s:renew()` at login gives it another identifier, `s:destroy()` ends it; `s.is_new`, `s.created` (seconds since
-- 1970). `data` takes what LuaJIT's `string.buffer` encodes. Requests at the same time each have their own copy; the
-- last one that changes it counts.
--
-- Options: where it is kept, one of `keys` (in the cookie, encrypted with these), `dict` (name of a
-- `lua_shared_dict`), `redis` (a client of perilune.redis) and `store` (one of your own, see http/session.lua); `name`
-- of the cookie ("session"), `idle` (seconds without a request that asks for it; 3600), `absolute` (seconds since it
-- began; 86400), `persistent` (boolean, false: the cookie ends with the browser), `attributes` of the cookie (HttpOnly,
-- SameSite=Lax, and Secure when the request came by https). An answer whose handler asked for the session is
-- `private` to caches.
--
-- While the store cannot be asked, who asks for the session, or has changed it, is answered 503 with Retry-After.

local answer = require "perilune.http.answer"
local cookie = require "perilune.http.cookie"
local define = require "perilune.http.middleware.define"
local failure = require "perilune.failure"
local kinds = require "perilune.http.kinds"
local options = require "perilune.options"
local session = require "perilune.http.session"
local store_of = require "perilune.http.store"

local STORES = { { "keys", "perilune.http.session.cookie" }, { "dict", "perilune.http.session.dict" },
    { "redis", "perilune.http.session.redis" } }
local METHODS_OF_STORE = { "load", "save", "delete" }

local function attributes_of(o, req)
    local defaults = { secure = req.scheme == "https" }
    return options.together(defaults, o.attributes)
end

--- The field that sets the cookie, or deletes it when `id` is false.
local function set_cookie(res, req, o, id, left)
    local attributes = attributes_of(o, req)
    if not id then
        attributes.max_age, id = 0, ""
    elseif o.persistent then
        attributes.max_age = math.ceil(left)
    end
    res.headers:add("Set-Cookie", cookie.format(o.name, id, attributes))
end

--- Is it that the store cannot be asked? Not when the session is too large for it, or the client has left.
local function is_of_store(err)
    return failure.is(err) and err.code ~= "too_large" and err.code ~= "cancelled"
end

--- Stores what has changed, sets the cookie of `res`, and keeps caches from giving it to others: it may tell what the
-- session holds.
-- @return res, or what is answered in its place
local function commit(res, req, o, own)
    local ok, id, left = pcall(session.commit, own)
    if ok then
        answer.default(res, "Cache-Control", "private")
        if id ~= nil then
            set_cookie(res, req, o, id, left)
        end
    elseif res.is_sent or not is_of_store(id) then
        error(id, 0)
    else
        answer.drop_body(res)
        return answer.unavailable("session", id)
    end
    return res
end

return define("session", { keys = { "string", "table" }, dict = "string", redis = "table", store = "table",
    name = kinds.token, idle = "some_seconds", absolute = "some_seconds", persistent = "boolean",
    attributes = "table" }, function(given)
    local o = options.together({ name = "session", idle = 3600, absolute = 86400 }, given,
        { store = store_of(given, "middleware.session", STORES, METHODS_OF_STORE) })
    cookie.check_attributes(o.attributes, "middleware.session", o.name)
    local function ask(req)
        local asked = rawget(req, o)
        if not asked then
            asked = session.load(o, (req.cookies or {})[o.name])
            rawset(req, o, asked)
        end
        return asked
    end
    return function(handler)
        local function run(req)
            return answer.of(handler(req))
        end
        return function(req)
            rawset(req, "session", ask)
            local ok, res = xpcall(run, failure.traced, req)
            local asked = rawget(req, o)
            if not ok and asked and is_of_store(res) and res == asked:error_value() then
                return answer.unavailable("session", res)
            elseif not ok then
                error(res, 0)
            end
            local own = asked and asked:success_value()
            return own and commit(res, req, o, own) or res
        end
    end
end)
