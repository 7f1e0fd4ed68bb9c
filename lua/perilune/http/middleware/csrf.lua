--- Requests that another site makes a visitor's browser send are refused: 403.
--
-- Requests that change something (all but GET, HEAD, OPTIONS, TRACE, and what asks for a WebSocket, which looks at
-- Origin itself) must come from our own pages. First by what the browser says itself: Sec-Fetch-Site, else Origin, else
-- Referer. Then by a token that only our pages know, in the field `X-CSRF-Token` or in the form's field `_csrf` (read
-- from `req.fields`, so for forms the middleware `params` stands outside): by default bound to a cookie that is signed
-- (double submit), with `session = true` kept in the visitor's session. `req:csrf_token()` gives it, another text each
-- time so that compression does not betray it; a deferred with `session`, too. An answer to whose handler it was given
-- is `private` to caches.
--
-- Options: `keys` (a key or an array, which sign the cookie) or `session` (boolean); `origins` (array of other origins
-- that may, "https://app.example.org"), `token` (boolean, true: ask for the token, too), `cookie` (its name, "csrf"),
-- `header` ("X-CSRF-Token"), `field` ("_csrf").

local answer = require "perilune.http.answer"
local bit = require "bit"
local cookie = require "perilune.http.cookie"
local crypto = require "perilune.crypto"
local deferred = require "perilune.deferred"
local define = require "perilune.http.middleware.define"
local kinds = require "perilune.http.kinds"
local upgrade = require "perilune.core.upgrade"

local await, bxor = deferred.await, bit.bxor

local SAFE = { GET = true, HEAD = true, OPTIONS = true, TRACE = true }
local SECRET = 32

local function may_change(req)
    return not SAFE[req.method] and not upgrade.is_asked(req)
end

local function combined(a, b)
    local out = {}
    for i = 1, #a do
        out[i] = string.char(bxor(a:byte(i), b:byte(i)))
    end
    return table.concat(out)
end

local function masked(secret)
    local mask = crypto.random(SECRET)
    return crypto.base64url(mask .. combined(secret, mask))
end

local function is_token_of(secret, token)
    local bytes = type(token) == "string" and crypto.unbase64url(token)
    if not bytes or #bytes ~= 2 * SECRET then
        return false
    end
    return crypto.equals(combined(bytes:sub(1, SECRET), bytes:sub(SECRET + 1)), secret)
end

local function set_of(origins)
    local set = {}
    for _, origin in ipairs(origins or {}) do
        set[origin:lower()] = true
    end
    return set
end

--- Does the browser say that the request comes from elsewhere? What says nothing of it is no browser of these days; the
-- token decides.
local function is_foreign(req, allowed)
    local origin = req.headers["origin"] or (req.headers["referer"] or ""):match("^%a[%w+.-]*://[^/?#]*")
    if origin and allowed[origin:lower()] then
        return false
    end
    local site = req.headers["sec-fetch-site"]
    if site then
        return site ~= "same-origin" and site ~= "none"
    end
    local host = origin and origin:lower():match("^https?://(.+)$")
    return origin ~= nil and host ~= (req.headers["host"] or ""):lower()
end

--- Secrets in a signed cookie: the value is read at once, the cookie set when somebody asks for a token.
local function cookie_place(o)
    local name = o.cookie or "csrf"
    return function(req)
        local place = { name = name }
        local value = cookie.unsign(name, (req.cookies or {})[name], o.keys)
        place.secret = value and #value == SECRET and value
        function place.make()
            place.is_told = true
            if not place.secret then
                place.secret = crypto.random(SECRET)
                place.set = cookie.sign(name, place.secret, o.keys)
            end
            return masked(place.secret)
        end
        return place
    end
end

local function session_place()
    return function(req, is_needed)
        local place = {}
        if is_needed then
            place.secret = await(req:session()).data._csrf
        end
        function place.make()
            return req:session():chain(function(session)
                session.data._csrf = session.data._csrf or crypto.random(SECRET)
                return masked(session.data._csrf)
            end)
        end
        return place
    end
end

local function refusal(why)
    return { status = 403, body = why .. "\n" }
end

local function check(o)
    if (o.keys == nil) == (not o.session) then
        error("middleware.csrf: one of the options 'keys' and 'session' is needed", 0)
    end
    if o.keys then
        cookie.check_keys(o.keys, "middleware.csrf")
    end
end

return define("csrf", { keys = { "string", "table" }, session = "boolean", origins = { each = kinds.origin },
    token = "boolean", cookie = kinds.token, header = kinds.token, field = "string" }, function(o)
    check(o)
    local allowed, place_of = set_of(o.origins), o.keys and cookie_place(o) or session_place()
    local header, field = o.header or "X-CSRF-Token", o.field or "_csrf"
    return function(handler)
        return function(req)
            local is_checked = may_change(req)
            if is_checked and is_foreign(req, allowed) then
                return refusal("the request comes from another site")
            end
            local place = place_of(req, is_checked)
            if is_checked and o.token ~= false then
                local token = req.headers[header] or (rawget(req, "fields") or {})[field]
                if not place.secret or not is_token_of(place.secret, token) then
                    return refusal("the token of the form is missing or not right")
                end
            end
            rawset(req, "csrf_token", place.make)
            local res = answer.of(handler(req))
            if place.is_told then
                answer.default(res, "Cache-Control", "private")
            end
            if place.set then
                res.headers:add("Set-Cookie", cookie.format(place.name, place.set, { secure = req.scheme == "https" }))
            end
            return res
        end
    end
end)
