--- Redirects of the client (RFC 9110 section 15.4): which are followed, as what, and what is left behind.

local body_source = require "perilune.http.body_source"
local failure = require "perilune.failure"
local url = require "perilune.http.url"
local way = require "perilune.http.way"

local redirect = {}

local MOST = 20
local FOLLOWED = { [301] = true, [302] = true, [303] = true, [307] = true, [308] = true }

--- Fields that belong to a body.
local OF_BODY = { ["content-type"] = true, ["content-encoding"] = true, ["content-language"] = true }

--- Fields that another origin must not see, or that name the first one.
local OF_URL = { authorization = true } -- of digest, which covers the URL
local SECRET = { authorization = true, cookie = true, ["proxy-authorization"] = true, host = true }

local function without(fields, unwanted)
    local kept = {}
    for i = 1, #fields, 2 do
        if not unwanted[fields[i]:lower()] then
            kept[#kept + 1], kept[#kept + 2] = fields[i], fields[i + 1]
        end
    end
    return kept
end

local function refuse(code, ...)
    return nil, failure.new(code, string.format(...))
end

--- 303, and by old custom 301 and 302 of a POST, are followed by GET.
local function becomes_get(method, status)
    if method == "HEAD" or method == "GET" then
        return false
    end
    return status == 303 or (status < 303 and method == "POST")
end

--- What has been asked for. The same with other cookies is something else: a page that sets one and leads to itself.
local function visit(method, u, cookies)
    return table.concat({ method, u.url, cookies }, " ")
end

--- The cookies of a store that a URL will get, as text.
local function cookies_for(self, target)
    local fields = {}
    if self.options.cookie_store then
        self.options.cookie_store:give(target, fields)
    end
    return fields[2] or ""
end

local function cookies_sent(self)
    for i = 1, self.options.cookie_store and #self.fields or 0, 2 do
        if self.fields[i]:lower() == "cookie" then
            return self.fields[i + 1]
        end
    end
    return ""
end

local function check(self, target, status)
    local o = self.options
    local turns_to_get = becomes_get(self.method, status)
    if #self.trace > (o.max_redirects or MOST) then
        return refuse("too_many_redirects", "more than %d redirects, the last from %s", o.max_redirects or MOST,
            self.url_text)
    elseif self.url.scheme == "https" and target.scheme == "http" and not o.allow_downgrade then
        return refuse("insecure_redirect", "%s leads to %s://%s", self.url_text, target.scheme, target.authority)
    elseif not turns_to_get and not body_source.is_replayable(self.source) then
        return refuse("redirect_body", "%s asks for the body again, which was a stream", self.url_text)
    end
    if self.visited[visit(turns_to_get and "GET" or self.method, target, cookies_for(self, target))] then
        return refuse("redirect_loop", "%s leads back to %s", self.url_text, target.url)
    end
    return true
end

local function leave_behind(self, target, status)
    if becomes_get(self.method, status) then
        self.method, self.source = "GET", nil
        self.fields = without(self.fields, OF_BODY)
    end
    if self.digest_answers then
        self.fields, self.digest_answers = without(self.fields, OF_URL), nil
    end
    if target.origin ~= self.url.origin then
        self.fields, self.has_host = without(self.fields, SECRET), nil
    elseif self.options.cookie_store then
        self.fields = without(self.fields, { cookie = true })
    end
end

--- Where the response points: nil when nowhere; nil and an error object when to several places.
local function location_of(self, res)
    local values = FOLLOWED[res.status] and res.headers:get_all("location") or {}
    for i = 2, #values do
        if values[i] ~= values[1] then
            return refuse("invalid_redirect", "%s leads to '%s' and to '%s'", self.url_text, values[1], values[i])
        end
    end
    return values[1]
end

--- Turns the call to where the response points.
-- @tparam table self the call
-- @tparam table res the response
-- @treturn boolean true: send again; false: the response is the answer; nil and an error object
function redirect.follow(self, res)
    local location, err = location_of(self, res)
    if err then
        return nil, err
    elseif not location then
        return false
    end
    local target
    target, err = url.parse(url.resolve(self.url, location))
    if not target then
        local text = ("%s leads to '%s'"):format(self.url_text, url.masked(location))
        return nil, failure.new("invalid_redirect", text, err)
    end
    self.trace = self.trace or {}
    self.visited = self.visited or {}
    self.visited[visit(self.method, self.url, cookies_sent(self))] = true
    self.trace[#self.trace + 1] = self.url_text
    local ok, why = check(self, target, res.status)
    if not ok then
        return nil, why
    end
    if target.origin ~= self.url.origin then
        self.key, self.way, self.proxy, err = way.of(self.options, target)
        if err then
            return nil, err
        end
    end
    leave_behind(self, target, res.status)
    self.url, self.url_text = target, target.url
    if self.options.cookie_store then
        self.options.cookie_store:give(target, self.fields)
    end
    return true
end

return redirect
