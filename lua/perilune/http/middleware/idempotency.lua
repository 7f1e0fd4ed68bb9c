--- Idempotency keys (draft-ietf-httpapi-idempotency-key-header): a client that does not know whether its request was
-- done sends it again with the same `Idempotency-Key`, and gets the answer of the first time; the handler runs once.
--
-- While the first one is under way another one is answered 409. The same key with another request (method, target or
-- body) is answered 422, a key that is missing where one is `required`, or malformed, 400. Answers are kept in a shared
-- dictionary, for all workers; those of 500 and above, and those whose body is a stream, are not: such a request may
-- be tried again. A replayed answer says `Idempotent-Replayed: true`.
--
-- Options: `dict` (name of a `lua_shared_dict`; required), `ttl` (seconds that answers are kept; 86400), `lease`
-- (seconds after which a request that has no answer counts as lost with its worker; 60), `required` (boolean, false),
-- `methods` (array; POST and PATCH), `scope` (function(req) → text: whose keys these are; by default `req.user`, else
-- the field Authorization: nobody gets what is kept for somebody else), `max_size` (bytes of the request; 1 MB).

local answer = require "perilune.http.answer"
local crypto = require "perilune.crypto"
local deferred = require "perilune.deferred"
local define = require "perilune.http.middleware.define"
local failure = require "perilune.failure"
local headers = require "perilune.http.headers"

local KEY_MOST = 255

local function default_scope(req)
    local user = rawget(req, "user")
    return (type(user) == "string" or type(user) == "number") and tostring(user) or req.headers["authorization"] or ""
end

--- The key of a field, a string of structured fields or as most clients write it; nil when it is none.
local function key_of(field)
    local text = field:match('^"([\32-\126]+)"$') or field
    if #text > KEY_MOST or text:find('[^\33-\126]') or text:find('["\\]') or text == "" then
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
local function known(dict, key, mark, lease)
    for _ = 1, 3 do
        local added, why = dict:add(key, { mark = mark }, lease)
        local kept = not added and why == "exists" and dict:get(key)
        if added then
            return nil
        elseif not kept and why ~= "exists" then
            error(failure.new("no_resources", "the idempotency key could not be stored: " .. tostring(why)), 0)
        elseif kept and kept.mark ~= mark then
            return problem(422, "the idempotency key was used for another request")
        elseif kept and not kept.status then
            return problem(409, "a request with this idempotency key is under way")
        elseif kept then
            return replay(kept)
        end
    end
    return problem(409, "a request with this idempotency key is under way")
end

local function keep(dict, key, mark, res, ttl)
    local body = res.body
    if type(body) == "table" and getmetatable(body) == nil and type(body[1]) == "string" then
        body = table.concat(body)
        res.body = body
    end
    if res.status >= 500 or body ~= nil and type(body) ~= "string" then
        dict:delete(key)
        return
    end
    dict:set(key, { mark = mark, status = res.status, headers = headers.plain(res.headers), body = body }, ttl)
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
    local text = deferred.await(req:text())
    return #text <= max_size and hash(req.method, req.target, text) or nil
end

return define("idempotency", { dict = "string", ttl = "seconds", lease = "seconds", required = "boolean",
    methods = "table", scope = "function", max_size = "bytes" }, function(o)
    local dict = require("perilune.shared")[o.dict or ""]
    if not dict then
        error(("middleware.idempotency: no lua_shared_dict is named '%s'"):format(tostring(o.dict)), 0)
    end
    local methods, scope, max_size = methods_of(o), o.scope or default_scope, o.max_size or 1048576
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
            local mark = mark_of(req, max_size)
            if not mark then
                return problem(413, "the body is too long")
            end
            local key = "idempotency:" .. hash(scope(req) or "", name)
            local res = known(dict, key, mark, o.lease or 60)
            if res then
                return res
            end
            local ok, own = xpcall(run, failure.traced, req)
            if not ok then
                dict:delete(key)
                error(own, 0)
            end
            keep(dict, key, mark, own, o.ttl or 86400)
            return own
        end
    end
end)
