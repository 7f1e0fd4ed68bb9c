--- Sets of keys that issuers publish (RFC 7517): fetched by our client, kept, and fetched again when they are old, or
-- when a token names a key that is not among them, which is how issuers change keys.
--
-- Who asks while a set is being fetched waits for the same answer. When it cannot be fetched the old keys go on to
-- count; when there are none, who asks fails with what fetching has failed with. Tokens with invented names cannot
-- make us fetch more often than once in `cooldown`.

local argument = require "perilune.argument"
local crypto = require "perilune.crypto"
local deferred = require "perilune.deferred"
local failure = require "perilune.failure"
local kinds = require "perilune.http.kinds"
local options = require "perilune.options"
local sys = require "perilune.core.sys"
local task = require "perilune.task"
local time = require "perilune.time"
local urls = require "perilune.http.url"

local jwks = {}
local Set = {}
local mt = { __index = Set, __name = "jwks" }

local OPTIONS = { ttl = "seconds", cooldown = "seconds", request = "table" }
local SIZE_MOST, KEYS_MOST = 262144, 100

--- Keys that are for signatures, in the form of `crypto.key`; others are skipped.
local function read(set)
    local found = {}
    if type(set) ~= "table" or type(set.keys) ~= "table" then
        error(failure.new("invalid", "no set of keys: it has no array 'keys'"), 0)
    end
    for i = 1, math.min(#set.keys, KEYS_MOST) do
        local jwk = set.keys[i]
        local key = type(jwk) == "table" and (jwk.use == nil or jwk.use == "sig") and crypto.key(jwk)
        if key then
            found[#found + 1] = { kid = jwk.kid, alg = jwk.alg, key = key }
        end
    end
    return found
end

local function fetch(self)
    local request = options.together({ total_timeout = 10, max_body_size = SIZE_MOST, as = "json" }, self.request)
    local res = deferred.await(require("perilune.http").get(self.url, request))
    return read(res.body)
end

--- Fetches, or waits for who does.
local function renew(self)
    if not self.fetching then
        self.asked_at = time.now()
        self.fetching = task.detach(fetch, self)
        self.fetching:on_realized(function(keys)
            self.keys, self.fetched_at, self.fetching = keys, time.now(), nil
        end, function(err)
            self.fetching = nil
            sys.log("error", ("keys of %s: %s"):format(urls.masked(self.url), tostring(err)))
        end)
    end
    return self.fetching:shield()
end

local function lookup(keys, kid, alg)
    for _, entry in ipairs(keys) do
        if (kid == nil or entry.kid == kid) and (entry.alg == nil or entry.alg == alg) then
            return entry
        end
    end
end

local function find(self, kid, alg)
    local is_old = not self.fetched_at or time.now() >= self.fetched_at + self.ttl
    local may_ask = not self.asked_at or time.now() >= self.asked_at + self.cooldown
    local key = lookup(self.keys, kid, alg)
    if self.fetching or may_ask and (is_old or not key) then
        local ok, err = deferred.try_await(renew(self))
        if not ok and not self.fetched_at then
            error(err, 0)
        end
        key = lookup(self.keys, kid, alg)
    elseif not self.fetched_at then
        error(failure.new("closed", "the keys could not be fetched a moment ago"), 0)
    end
    return key
end

--- The key of that name; without a name the first one that fits.
-- @tparam string|nil kid
-- @tparam string alg of the token: a key that is for another one is not given
-- @treturn deferred of `{key=, alg=}`, of nil when there is none
function Set:find(kid, alg)
    local key = self.fetched_at and time.now() < self.fetched_at + self.ttl and lookup(self.keys, kid, alg)
    if key then
        return deferred.success_deferred(key)
    end
    return task.spawn(find, self, kid, alg)
end

--- A set of keys.
-- Options: `ttl` (seconds that keys are kept; 300), `cooldown` (seconds between two fetches at least; 30), `request`
-- (options of `http.get`, such as `tls`).
-- @tparam string url
-- @tparam[opt] table opts
-- @treturn set for the option `jwks`
function jwks.new(url, opts)
    argument.check(url, "string", "url", "jwt.jwks", 3)
    if not kinds.url.is(url) then
        error(("jwt.jwks: '%s' is no URL of http or https"):format(urls.masked(url)), 3)
    end
    opts = options.check(opts, OPTIONS, "jwt.jwks", 3)
    return setmetatable({ url = url, ttl = opts.ttl or 300, cooldown = opts.cooldown or 30, request = opts.request,
        keys = {} }, mt)
end

return jwks
