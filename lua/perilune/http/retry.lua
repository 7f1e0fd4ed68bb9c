--- When a failed request is sent again, and after how long.
--
-- `retry = { count = 2, backoff = 0.1, max_backoff = 10, jitter = 0.5, statuses = { 429, 502, 503, 504 }, codes = { …
-- }, methods = { … } }`, or a number (the count), or true (the defaults). The wait doubles each time; `jitter` is the
-- part of it that is left to chance. A Retry-After field of the server counts instead, up to `max_backoff`.

local kinds = require "perilune.http.kinds"
local options = require "perilune.options"
local time = require "perilune.time"

local retry = {}

local function set(list)
    local s = {}
    for _, v in ipairs(list) do
        s[v] = true
    end
    return s
end

local DEFAULTS = {
    count = 2, backoff = 0.1, max_backoff = 10, jitter = 0.5,
    statuses = set { 429, 502, 503, 504 },
    codes = set { "refused", "reset", "closed", "truncated", "unreachable", "no_address", "connect_timeout",
        "resolve_timeout", "request_timeout", "name_server" },
    methods = set { "GET", "HEAD", "PUT", "DELETE", "OPTIONS", "TRACE" },
}

--- The options: name → kind.
retry.OPTIONS = {
    count = "count", backoff = "seconds", max_backoff = "seconds", jitter = kinds.share,
    statuses = { each = options.whole(200, 599) }, codes = { each = "string" }, methods = { each = kinds.token },
}

--- The policy that an option names.
-- @param option number, true or table
-- @treturn table
function retry.policy(option)
    if option == true then
        option = {}
    elseif type(option) == "number" then
        option = { count = option }
    end
    local p = {}
    for name, default in pairs(DEFAULTS) do
        local value = option[name]
        if type(default) == "table" then
            p[name] = value and set(value) or default
        else
            p[name] = value or default
        end
    end
    return p
end

local function wait(p, tries)
    local full = math.min(p.backoff * 2 ^ tries, p.max_backoff)
    return full * (1 - p.jitter * math.random())
end

local function count(self)
    local tries = self.retries or 0
    if tries >= self.retry.count then
        return nil
    end
    self.retries = tries + 1
    return tries
end

--- Seconds to wait before the next attempt after an error; nil: give up.
function retry.after_failure(self, err)
    local p = self.retry
    if not p.codes[err.code] or not p.methods[self.method] then
        return nil
    end
    local tries = count(self)
    return tries and wait(p, tries)
end

local function seconds_of(field)
    if not field then
        return nil
    elseif field:match("^%d+$") then
        return tonumber(field)
    end
    local at = require("perilune.http.date")(field)
    return at and math.max(at - time.now(), 0)
end

--- Seconds to wait before the next attempt after an answer; nil: it is the answer.
function retry.after_answer(self, res)
    local p = self.retry
    if not p.statuses[res.status] or not p.methods[self.method] then
        return nil
    end
    local asked = seconds_of(res.headers["retry-after"])
    if asked and asked > p.max_backoff then
        return nil
    end
    local tries = count(self)
    return tries and (asked or wait(p, tries))
end

return retry
