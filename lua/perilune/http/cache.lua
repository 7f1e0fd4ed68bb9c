--- A private HTTP cache for the client (RFC 9111).
--
-- A cache stands between a call and the connection: each attempt of a call, a redirect's too, asks it first (`before`),
-- and each answer passes through it (`after_head`, `after_failure`). What is stored was decoded; a body is stored when
-- all of it has come, so what is cut short or left unread is not. Responses that are not `public` are kept apart by
-- Authorization and Cookie, as if Vary named them: the users of a program may be many.

local kinds = require "perilune.http.kinds"
local options = require "perilune.options"
local policy = require "perilune.http.cache_policy"
local response = require "perilune.http.response"
local store = require "perilune.http.cache_store"
local time = require "perilune.time"
local url = require "perilune.http.url"

local cache = {}
local Cache = {}
local mt = { __index = Cache, __name = "http.cache" }

local OPTIONS = {
    max_size = "bytes", max_entry_size = "bytes", stale_if_error = "seconds", shared = kinds.shared_dict,
    clock = "function",
}
local VARIANTS_MOST = 16
local SAFE = { GET = true, HEAD = true, OPTIONS = true, TRACE = true }
local ERRORS = { [500] = true, [502] = true, [503] = true, [504] = true }
local CONDITIONAL = { ["if-none-match"] = true, ["if-modified-since"] = true, ["if-match"] = true,
    ["if-unmodified-since"] = true, ["if-range"] = true, range = true }

--- The fields of a request by lower-case name; repeats are joined.
local function by_name(fields)
    local found = {}
    for i = 1, #fields, 2 do
        local name, value = fields[i]:lower(), fields[i + 1]
        found[name] = found[name] and found[name] .. ", " .. value or value
    end
    return found
end

--- What the value of Vary, and privacy, say a response depends on: name → value of the request.
local function dependence(headers, control, asked)
    local found = {}
    for _, value in ipairs(headers:get_all("vary")) do
        for name in value:gmatch("[^,%s]+") do
            found[name:lower()] = asked[name:lower()] or ""
        end
    end
    if not control.public then
        found.authorization, found.cookie = asked.authorization or "", asked.cookie or ""
    end
    return found
end

local function fits(variant, asked, is_raw)
    if variant.is_raw ~= is_raw then
        return false
    end
    for name, value in pairs(variant.asked) do
        if (asked[name] or "") ~= value then
            return false
        end
    end
    return true
end

local function find(self, state)
    for i, v in ipairs(self.store:get(state.key) or {}) do
        if fits(v, state.asked, state.is_raw) then
            return v, i
        end
    end
end

--- Puts a variant first among those of its URL, in place of the one that such a request has met before; nil: that one
-- is forgotten.
local function put(self, state, variant)
    local before, kept = self.store:get(state.key), { variant }
    for _, v in ipairs(before or {}) do
        if not fits(v, state.asked, state.is_raw) and #kept < VARIANTS_MOST then
            kept[#kept + 1] = v
        end
    end
    if #kept > 0 then
        self.store:set(state.key, kept)
    elseif before then
        self.store:delete(state.key)
    end
end

--- An answer is not stored. One that is older is not the current one any more, unless the server has failed.
local function pass_over(self, state, status)
    if status < 500 and not state.control["no-store"] then
        put(self, state, nil)
    end
end

local function keep(self, state, status, head, body)
    local headers = response.headers_of(head)
    local control = policy.of(headers)
    local lifetime = policy.lifetime(status, headers, state.came)
    if #body > self.max_entry_size or not policy.is_storable(state.control, status, headers)
        or not policy.is_of_use(headers, lifetime, self.stale_if_error) then
        pass_over(self, state, status)
        return
    end
    put(self, state, {
        status = status, head = head, body = body, control = control, lifetime = lifetime, came = state.came,
        age = policy.initial_age(headers, state.sent, state.came), is_raw = state.is_raw,
        asked = dependence(headers, control, state.asked),
    })
end

--- Answers a call with what is stored.
local function answer(self, call, variant, how)
    local age = variant.age + math.max(self.clock() - variant.came, 0)
    call.cache_status = how
    self.counts[how] = self.counts[how] + 1
    call:answer(variant.status, policy.with_age(variant.head, age), call.method == "HEAD" and "" or variant.body)
end

--- Conditions that validate a stored response (section 4.3.1).
local function conditions(variant, fields)
    local headers = response.headers_of(variant.head)
    local all = {}
    for i = 1, #fields do
        all[i] = fields[i]
    end
    if headers["etag"] then
        all[#all + 1], all[#all + 2] = "If-None-Match", headers["etag"]
    end
    if headers["last-modified"] then
        all[#all + 1], all[#all + 2] = "If-Modified-Since", headers["last-modified"]
    end
    return all
end

--- Validates what was used although it is stale, once at a time.
local function validate_later(self, call, state)
    if self.validating[state.key] then
        return
    end
    self.validating[state.key] = true
    local function over()
        self.validating[state.key] = nil
    end
    call:again_for_cache():on_realized(over, over)
end

--- Has the caller a cache of his own? The conditions of unsafe requests are none of ours.
local function is_conditional(call, asked)
    for name in pairs(asked) do
        if CONDITIONAL[name] and SAFE[call.method] then
            return true
        end
    end
    return false
end

--- What is stored for an attempt, and what it is good for; nil: nothing. HEAD is answered by a fresh one only.
local function look_up(self, call, state)
    local variant = not state.control["no-store"] and find(self, state)
    if not variant then
        return nil
    end
    local verdict = call.must_validate and "validate" or policy.judge(state.control, variant, state.sent)
    if call.method == "HEAD" and verdict ~= "fresh" then
        return nil
    end
    return variant, verdict
end

--- An attempt is about to be sent. True: it has been answered. Else the fields to send.
function Cache:before(call, fields)
    call.cache_state = nil
    local asked = by_name(fields)
    if is_conditional(call, asked) then
        return false, fields
    end
    local state = { key = call.url.url, asked = asked, control = policy.of_request(asked),
        is_raw = call.options.decompress == false, sent = self.clock() }
    call.cache_state = state
    if call.method ~= "GET" and call.method ~= "HEAD" or call.source then
        return false, fields
    end
    local variant, verdict = look_up(self, call, state)
    if verdict == "fresh" or verdict == "stale" then
        answer(self, call, variant, verdict == "fresh" and "hit" or "stale")
        if verdict == "stale" then
            validate_later(self, call, state)
        end
        return true
    elseif state.control["only-if-cached"] then
        call.cache_status = "miss"
        call:answer(504, "HTTP/1.1 504 Gateway Timeout\r\nContent-Length: 0\r\n\r\n", "")
        return true
    end
    state.variant = variant
    return false, variant and conditions(variant, fields) or fields
end

--- An unsafe request has changed what its URL, and those that the answer names, stand for (section 4.4).
local function invalidate(self, call, state, status, headers)
    if status >= 400 then
        return
    end
    self.store:delete(state.key)
    for _, name in ipairs { "location", "content-location" } do
        local target = headers[name] and url.parse(url.resolve(call.url, headers[name]))
        if target and target.origin == call.url.origin then
            self.store:delete(target.url)
        end
    end
end

--- The stored response has been found to be the current one; or another one, which is then asked for.
local function freshen(self, call, state, head)
    local old = state.variant
    if not policy.is_validated_by(response.headers_of(old.head), response.headers_of(head)) then
        put(self, state, nil)
        call:resend()
        return
    end
    local fresh = options.together(old)
    fresh.head = policy.freshened(old.head, head)
    local headers = response.headers_of(fresh.head)
    fresh.control, fresh.came = policy.of(headers), state.came
    fresh.lifetime = policy.lifetime(old.status, headers, state.came)
    fresh.age = policy.initial_age(response.headers_of(head), state.sent, state.came)
    put(self, state, policy.is_storable(state.control, old.status, headers) and fresh or nil)
    answer(self, call, fresh, "revalidated")
end

--- A head has come, `body` with it when that is complete. True: the call has been answered otherwise. Else a function
-- that takes each piece of the body that is still to come, and nil at its end; or nil: it is of no interest.
function Cache:after_head(call, status, head, body)
    local state = call.cache_state
    if not state then
        return false
    end
    call.cache_state, state.came = nil, self.clock()
    if not SAFE[call.method] then
        invalidate(self, call, state, status, response.headers_of(head))
        return false
    elseif call.method ~= "GET" or call.source then
        return false
    elseif status == 304 and state.variant then
        freshen(self, call, state, head)
        return true
    elseif ERRORS[status] and self:covers(call, state) then
        return true
    end
    call.cache_status = "miss"
    self.counts.miss = self.counts.miss + 1
    if body then
        keep(self, state, status, head, body)
        return false
    end
    return false, self:collector(state, status, head)
end

--- Collects a body while it is read, as long as it may be stored.
function Cache:collector(state, status, head)
    local pieces, size = {}, 0
    return function(piece)
        if not pieces then
            return
        elseif not piece then
            keep(self, state, status, head, table.concat(pieces))
            pieces = nil
            return
        end
        pieces[#pieces + 1], size = piece, size + #piece
        if size > self.max_entry_size then
            pass_over(self, state, status)
            pieces = nil
        end
    end
end

--- A stale response stands in for an error, if it may.
function Cache:covers(call, state)
    local variant = state.variant
    if not variant or not policy.covers_error(state.control, variant, self.clock(), self.stale_if_error) then
        return false
    end
    answer(self, call, variant, "stale")
    return true
end

--- An attempt has failed. True: the call has been answered otherwise.
function Cache:after_failure(call)
    local state = call.cache_state
    call.cache_state = nil
    return state ~= nil and call.method == "GET" and self:covers(call, state)
end

--- Everything is forgotten.
function Cache:clear()
    self.store:clear()
end

--- What is stored for a URL is forgotten.
-- @tparam string text
function Cache:delete(text)
    local u = url.parse(text)
    if u then
        self.store:delete(u.url)
    end
end

--- How many answers were a `hit`, a `miss`, `revalidated`, `stale`; and `size` in bytes, of a cache in memory.
-- @treturn table
function Cache:stats()
    return options.together(self.counts, { size = self.store.size })
end

--- A cache.
-- Options: `max_size` (64 MiB), `max_entry_size` (8 MiB; larger bodies are not stored), `shared` (a dictionary of
-- perilune.shared instead of this worker's memory), `stale_if_error` (seconds for which a stale response may stand in
-- for an error where nobody says anything; none), `clock` (a function that gives the time, for tests).
-- @tparam[opt] table opts
-- @treturn cache
function cache.new(opts)
    opts = options.check(opts, OPTIONS, "http.cache", 3)
    return setmetatable({
        store = opts.shared and store.shared(opts.shared) or store.memory(opts.max_size or 64 * 1048576),
        max_entry_size = opts.max_entry_size or 8 * 1048576, stale_if_error = opts.stale_if_error,
        clock = opts.clock or time.now, counts = { hit = 0, miss = 0, revalidated = 0, stale = 0 }, validating = {},
    }, mt)
end

--- Is `x` a cache?
function cache.is_cache(x)
    return getmetatable(x) == mt
end

return cache
