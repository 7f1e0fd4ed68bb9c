--- Cookies of a client (RFC 6265, and what its revision, RFC 6265bis, adds): a store that takes them from responses
-- and gives them to requests.
--
-- A cookie without Domain goes back to its host only. A Domain must be a suffix of the host by whole labels, and not
-- a public suffix: a single label, or one of the list. Secure cookies go over https only, and can neither be set nor
-- shadowed over http. What has expired is dropped; none lives longer than 400 days.

local date = require "perilune.http.date"
local dns = require "perilune.core.dns"
local failure = require "perilune.failure"
local json = require "perilune.json"
local options = require "perilune.options"
local public_suffix = require "perilune.http.public_suffix"
local time = require "perilune.time"

local cookies = {}
local Store = {}
local mt = { __index = Store, __name = "http.cookie_store" }

local OPTIONS = { path = "string", public_suffix = { "table", "function", "string", "boolean" }, accept = "function" }
local MOST, MOST_SIZE, MOST_AGE = 3000, 4096, 400 * 86400
local ATTRIBUTE_MOST = 1024

local function is_address(host)
    return host:find(":", 1, true) ~= nil or host:find("^[%d%.]+$") ~= nil
end

--- Is `host` the domain, or below it?
local function matches_domain(host, domain)
    return host == domain or (not is_address(host) and host:sub(-#domain - 1) == "." .. domain)
end

local function matches_path(path, of)
    return path == of or path:sub(1, #of) == of and (of:sub(-1) == "/" or path:sub(#of + 1, #of + 1) == "/")
end

local function default_path(target)
    local path = target:match("^[^?]*"):match("^(/.*)/[^/]*$")
    return path and path ~= "" and path or "/"
end

local function trim(s)
    return s:match("^%s*(.-)%s*$")
end

--- The expiry of a cookie: seconds since 1970, nil for a session; Max-Age counts before Expires.
local function expiry(attributes)
    local age, now = attributes["max-age"], time.now()
    if age and age:find("^%-?%d+$") then
        return now + math.min(tonumber(age), MOST_AGE)
    end
    local at = attributes.expires and date(attributes.expires)
    return at and math.min(at, now + MOST_AGE)
end

--- Reads the value of a Set-Cookie field.
-- @tparam string text
-- @treturn table `name value attributes` (names in lower case), or nil
function cookies.parse(text)
    if text:find("[%z\1-\8\10-\31\127]") then
        return nil
    end
    local pair, rest = text:match("^([^;]*)(.*)$")
    local name, value = pair:match("^([^=]*)=(.*)$")
    if not name or trim(name) == "" or #trim(name) + #trim(value) > MOST_SIZE then
        return nil
    end
    local attributes = {}
    for attribute in rest:gmatch(";([^;]*)") do
        local key, v = attribute:match("^([^=]*)=?(.*)$")
        if #trim(v) <= ATTRIBUTE_MOST then
            attributes[trim(key):lower()] = trim(v)
        end
    end
    return { name = trim(name), value = trim(value), attributes = attributes }
end

--- May a cookie of this domain be set by this host? Then its domain, and whether it is for the host only.
local function scope(self, host, domain)
    domain = domain and domain:lower():gsub("^%.", "") or ""
    if domain:find("[\128-\255]") then
        domain = dns.to_ascii(domain) or domain
    end
    if domain == "" then
        return host, true
    elseif not matches_domain(host, domain) then
        return nil
    elseif not domain:find(".", 1, true) or self.is_public_suffix(domain) then
        if domain ~= host then
            return nil
        end
        return host, true
    end
    return domain, domain == host and is_address(host)
end

local function put(self, cookie)
    local key = ("%s;%s;%s"):format(cookie.domain, cookie.path, cookie.name)
    local old = self.by_key[key]
    cookie.created = old and old.created or self.next
    self.next = self.next + 1
    if cookie.expires and cookie.expires <= time.now() then
        cookie = nil
    end
    self.count = self.count + (cookie and 1 or 0) - (old and 1 or 0)
    self.by_key[key] = cookie
    if self.count > MOST then
        self:clear_oldest()
    end
end

--- Would it shadow a Secure cookie of that name, which only https may do (RFC 6265bis section 5.7)?
local function shadows_secure(self, name, domain, path)
    for _, c in pairs(self.by_key) do
        if c.secure and c.name == name and (matches_domain(domain, c.domain) or matches_domain(c.domain, domain))
            and matches_path(path, c.path) then
            return true
        end
    end
    return false
end

--- Do the prefix of its name and SameSite allow it?
local function keeps_promises(name, a, is_secure, is_host_only)
    local lower = name:lower()
    if lower:find("^__secure%-") and not is_secure then
        return false
    elseif lower:find("^__host%-") and not (is_secure and is_host_only and a.path == "/") then
        return false
    end
    return is_secure or (a.samesite or ""):lower() ~= "none"
end

--- Takes one cookie.
-- @tparam table u of `url.parse`
-- @tparam string text of a Set-Cookie field
-- @treturn boolean was it accepted?
function Store:set(u, text)
    local c = cookies.parse(text)
    if not c then
        return false
    end
    local a = c.attributes
    local domain, is_host_only = scope(self, u.host, a.domain)
    local is_secure, is_https = a.secure ~= nil, u.scheme == "https"
    local path = a.path and a.path:sub(1, 1) == "/" and a.path or default_path(u.target)
    if not domain or (is_secure and not is_https) or not keeps_promises(c.name, a, is_secure, is_host_only) then
        return false
    elseif not is_https and shadows_secure(self, c.name, domain, path) then
        return false
    end
    local cookie = { name = c.name, value = c.value, domain = domain, host_only = is_host_only, secure = is_secure,
        path = path, http_only = a.httponly ~= nil, same_site = a.samesite, expires = expiry(a) }
    if self.accept and not self.accept(cookie, u.url) then
        return false
    end
    put(self, cookie)
    return true
end

--- Takes the cookies of a response.
function Store:take(u, headers)
    for _, text in ipairs(headers:get_all("set-cookie")) do
        self:set(u, text)
    end
end

--- The cookies that go to a URL: longest paths first, then the oldest.
-- @tparam table u of `url.parse`
-- @treturn table array of `name value …`
function Store:matching(u)
    local found, now, path = {}, time.now(), u.target:match("^[^?]*")
    for key, c in pairs(self.by_key) do
        if c.expires and c.expires <= now then
            self.by_key[key], self.count = nil, self.count - 1
        elseif (c.host_only and c.domain == u.host or not c.host_only and matches_domain(u.host, c.domain))
            and matches_path(path, c.path) and (not c.secure or u.scheme == "https") then
            found[#found + 1] = c
        end
    end
    table.sort(found, function(a, b)
        if #a.path ~= #b.path then
            return #a.path > #b.path
        end
        return a.created < b.created
    end)
    return found
end

--- Adds a Cookie field to a flat array of fields.
function Store:give(u, fields)
    local parts = {}
    for _, c in ipairs(self:matching(u)) do
        parts[#parts + 1] = c.name .. "=" .. c.value
    end
    if #parts > 0 then
        fields[#fields + 1], fields[#fields + 2] = "Cookie", table.concat(parts, "; ")
    end
end

--- All cookies that have not expired.
-- @treturn table array
function Store:all()
    local found = {}
    for _, c in pairs(self.by_key) do
        found[#found + 1] = c
    end
    table.sort(found, function(a, b)
        return a.created < b.created
    end)
    return found
end

--- Drops all cookies.
function Store:clear()
    self.by_key, self.count = {}, 0
end

--- The third of the cookies that is oldest goes.
function Store:clear_oldest()
    local all = self:all()
    self:clear()
    for i = math.floor(#all / 3) + 1, #all do
        local c = all[i]
        self.by_key[("%s;%s;%s"):format(c.domain, c.path, c.name)] = c
        self.count = self.count + 1
    end
end

--- Writes the cookies that outlive a session to a file, readable by its owner only; `all` writes the others, too.
-- @tparam[opt] string path of the store by default
-- @tparam[opt] boolean all
-- @treturn boolean true; or nil and an error object
function Store:save(path, all)
    local kept = {}
    for _, c in ipairs(self:all()) do
        if c.expires or all then
            kept[#kept + 1] = c
        end
    end
    if #kept == 0 then
        kept = json.empty_array
    end
    return require("perilune.core.client").write_secret(path or self.path, json.encode(kept))
end

--- Is it a cookie as `save` writes them?
local function is_saved(c)
    return type(c) == "table" and type(c.name) == "string" and type(c.value) == "string" and type(c.domain) == "string"
        and type(c.path) == "string" and (c.expires == nil or type(c.expires) == "number")
end

local function load(self, path)
    local file = io.open(path)
    if not file then
        return
    end
    local text = file:read("*a")
    file:close()
    local ok, list = pcall(json.decode, text)
    for _, c in ipairs(ok and type(list) == "table" and list or { false }) do
        if not is_saved(c) then
            error(failure.new("invalid", path .. " is not a file of cookies"), 0)
        end
        put(self, c)
    end
end

--- What says whether a domain is a public suffix.
local function suffixes(option)
    if type(option) == "function" then
        return option
    elseif type(option) ~= "table" and option ~= false then
        return public_suffix.of_file(type(option) == "string" and option or nil)
    end
    local set = {}
    for _, suffix in ipairs(option or {}) do
        set[suffix] = true
    end
    return function(domain)
        return set[domain] == true
    end
end

--- A store.
-- @tparam[opt] table opts `path` (a file to begin with, and for `save`), `public_suffix` (a function that says
-- whether a domain is a public suffix, an array of them, the path of a list as of publicsuffix.org, or false; the
-- system's list by default), `accept` (`fn(cookie, url)`: false refuses it)
-- @treturn store
function cookies.store(opts)
    opts = options.check(opts, OPTIONS, "http.cookie_store", 2)
    local self = setmetatable({ by_key = {}, count = 0, next = 1, path = opts.path, accept = opts.accept,
        is_public_suffix = suffixes(opts.public_suffix) }, mt)
    if self.path then
        load(self, self.path)
    end
    return self
end

return cookies
