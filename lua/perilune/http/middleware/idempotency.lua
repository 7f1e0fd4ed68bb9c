--- Idempotency keys (draft-ietf-httpapi-idempotency-key-header): a client that does not know whether its request was
-- done sends it again with the same `Idempotency-Key`, and gets the answer of the first time; the handler runs once.
--
-- While the first one is under way another one is answered 409. The same key with another request (method, target or
-- body) is answered 422, a key that is missing where one is `required`, or malformed, 400. Answers of 500 and above,
-- and those whose body is a stream, are not kept: such a request may be tried again. A replayed answer says
-- `Idempotent-Replayed: true`. While the store cannot be asked, requests with a key are answered 503: nothing may be
-- done twice.
--
-- Where answers are kept, one of `dict` (name of a `lua_shared_dict`: all workers of a machine), `redis` (a client of
-- perilune.redis: all machines) and `store` (one of your own). More options: `ttl` (seconds that answers are kept;
-- 86400), `lease` (seconds after which a request that has no answer counts as lost with its worker; 60), `required`
-- (boolean, false), `methods` (array; POST and PATCH), `scope` (function(req) → text: whose keys these are; by default
-- `req.user`, else the field Authorization: nobody gets what is kept for somebody else), `max_size` (bytes of the
-- request; 1 MB).
--
-- A store keeps bytes under keys. It has two methods, each of which may also give a deferred; each is one step, whoever
-- else asks at the same time:
--
--     begin(key, text, ttl)           the bytes that are kept; nil: there were none, now `text` is, for `ttl` seconds
--     finish(key, begun, text, ttl)   `text` in place of `begun`, or of nothing; nil: nothing in place of `begun`; when
--                                     something else is there, it stays
--
-- What is kept is `{mark=, owner=}` of a request under way, then `{mark=, status=, headers=, body=}`.

local buffer = require "string.buffer"
local answer = require "perilune.http.answer"
local crypto = require "perilune.crypto"
local deferred = require "perilune.deferred"
local define = require "perilune.http.middleware.define"
local failure = require "perilune.failure"
local headers = require "perilune.http.headers"
local kinds = require "perilune.http.kinds"
local options = require "perilune.options"
local store_of = require "perilune.http.store"
local sys = require "perilune.core.sys"
local task = require "perilune.task"

local await, try_await = deferred.await, deferred.try_await

local KEY_MOST = 255

local function default_scope(req)
    local user = rawget(req, "user")
    return (type(user) == "string" or type(user) == "number") and tostring(user) or req.headers["authorization"] or ""
end

--- The key of a field, a string of structured fields or as most clients write it; nil when it is none.
local function key_of(field)
    local text = field:match('^"([\32-\126]+)"$') or field:match("^[\33-\126]+$") or ""
    if text == "" or #text > KEY_MOST or text:find('["\\]') then
        return nil
    end
    return text
end

local function hash(...)
    return crypto.base64url(crypto.hash("sha256", table.concat({ ... }, "\0")))
end

local function problem(status, text)
    return { status = status, body = text .. "\n" }
end

local function replay(kept)
    local res = answer.of { status = kept.status, headers = kept.headers, body = kept.body }
    res.headers:set("Idempotent-Replayed", "true")
    return res
end

--- What is to be said of a request that is known: nil when it is new, and from now on under way.
local function known(o, key, mark, begun)
    local text = await(o.store:begin(key, begun, o.lease))
    if text == nil then
        return nil
    end
    local kept = buffer.decode(text)
    if kept.mark ~= mark then
        return problem(422, "the idempotency key was used for another request")
    elseif not kept.status then
        return problem(409, "a request with this idempotency key is under way")
    end
    return replay(kept)
end

--- The answer as it is kept; nil: it is not.
local function kept_text(mark, res)
    local body = res.body
    if type(body) == "table" and getmetatable(body) == nil and type(body[1]) == "string" then
        body = table.concat(body)
        res.body = body
    end
    if res.status >= 500 or res.is_sent or body ~= nil and type(body) ~= "string" then
        return nil
    end
    return buffer.encode { mark = mark, status = res.status, headers = headers.plain(res.headers), body = body }
end

local function tell(o, key, begun, text)
    local ok, err = pcall(function()
        await(o.store:finish(key, begun, text, o.ttl))
    end)
    if not ok then
        sys.log("error", "idempotency: the answer is not kept: " .. tostring(err))
    end
end

--- Tells the store how it ended, also when the client has left. What it says to that changes nothing.
local function finish(o, key, begun, text)
    try_await(task.detach(tell, o, key, begun, text):shield())
end

--- Runs the handler, unless the key is known.
local function once(o, run, req, key, mark)
    local begun = buffer.encode { mark = mark, owner = crypto.random(12) }
    local asked, res = pcall(known, o, key, mark, begun)
    if not asked then
        return answer.unavailable("idempotency", res)
    elseif res then
        return res
    end
    local ok, own = xpcall(run, failure.traced, req)
    finish(o, key, begun, ok and kept_text(mark, own) or nil)
    return ok and own or error(own, 0)
end

local function methods_of(o)
    local set = {}
    for _, method in ipairs(o.methods or { "POST", "PATCH" }) do
        set[method] = true
    end
    return set
end

local function mark_of(req, max_size)
    if (req.content_length or 0) > max_size then
        return nil
    end
    local text = await(req:text())
    return #text <= max_size and hash(req.method, req.target, text) or nil
end

local STORES = { { "dict", "perilune.http.idempotency.dict" }, { "redis", "perilune.http.idempotency.redis" } }
local METHODS_OF_STORE = { "begin", "finish" }

local DEFAULTS = { ttl = 86400, lease = 60, scope = default_scope, max_size = 1048576 }

return define("idempotency", { dict = "string", redis = "table", store = "table", ttl = "some_seconds",
    lease = "some_seconds", required = "boolean", methods = { each = kinds.token },
    scope = "function", max_size = "bytes" }, function(given)
    local o = options.together(DEFAULTS, given,
        { store = store_of(given, "middleware.idempotency", STORES, METHODS_OF_STORE) })
    local methods = methods_of(o)
    return function(handler)
        local function run(req)
            return answer.of(handler(req))
        end
        return function(req)
            local field = req.headers["idempotency-key"]
            if not methods[req.method] or not field and not o.required then
                return handler(req)
            end
            local name = field and key_of(field)
            if not name then
                return problem(400, "the field Idempotency-Key is missing or malformed")
            end
            local mark = mark_of(req, o.max_size)
            if not mark then
                return problem(413, "the body is too long")
            end
            return once(o, run, req, "idempotency:" .. hash(o.scope(req) or "", name), mark)
        end
    end
end)
