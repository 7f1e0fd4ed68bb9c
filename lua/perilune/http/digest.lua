--- Digest authentication (RFC 7616): MD5 and SHA-256, with and without `-sess`, qop `auth` and `auth-int`.

local challenge = require "perilune.http.challenge"
local core = require "perilune.core.client"
local sys = require "perilune.core.sys"

local digest = {}

local HASHES = { MD5 = "md5", ["MD5-SESS"] = "md5", ["SHA-256"] = "sha256", ["SHA-256-SESS"] = "sha256" }
local BEST_FIRST = { "SHA-256", "SHA-256-SESS", "MD5", "MD5-SESS" }

--- The hash of the body that is sent, nil when it is not in memory.
local function body_hash(self, algorithm)
    local text = self.source and self.source.core or ""
    return type(text) == "string" and core.digest(HASHES[algorithm], text) or nil
end

--- How a challenge can be answered: "auth", "auth-int" (which covers the body), "" for one from before there was a
-- choice; nil: it cannot.
local function quality(c, self)
    if not c.qop then
        return ""
    end
    local offered = {}
    for name in c.qop:lower():gmatch("[^%s,]+") do
        offered[name] = true
    end
    return offered.auth and "auth" or offered["auth-int"] and body_hash(self, "MD5") and "auth-int" or nil
end

--- The best challenge that can be answered, and its algorithm.
local function choose(self, res)
    local offered = {}
    for _, value in ipairs(res.headers:get_all("www-authenticate")) do
        for _, c in ipairs(challenge.parse(value)) do
            local algorithm = (c.algorithm or "MD5"):upper()
            if c.scheme == "digest" and c.nonce and not offered[algorithm] and quality(c, self) then
                offered[algorithm] = c
            end
        end
    end
    for _, name in ipairs(BEST_FIRST) do
        if offered[name] then
            return offered[name], name
        end
    end
end

local function hex(bytes)
    return (bytes:gsub(".", function(c)
        return ("%02x"):format(c:byte())
    end))
end

local function quoted(text)
    return '"' .. text:gsub('["\\]', "\\%0") .. '"'
end

local function compute(c, algorithm, self, user, password, cnonce)
    local function h(text)
        return core.digest(HASHES[algorithm], text)
    end
    local qop = quality(c, self)
    local a1 = h(("%s:%s:%s"):format(user, c.realm or "", password))
    if algorithm:find("SESS", 1, true) then
        a1 = h(("%s:%s:%s"):format(a1, c.nonce, cnonce))
    end
    local a2 = self.method .. ":" .. self.url.target
    if qop == "auth-int" then
        a2 = a2 .. ":" .. body_hash(self, algorithm)
    end
    if qop == "" then
        return h(a1 .. ":" .. c.nonce .. ":" .. h(a2))
    end
    return h(table.concat({ a1, c.nonce, "00000001", cnonce, qop, h(a2) }, ":"))
end

local function credentials(option)
    if type(option) == "table" then
        return option[1], option[2]
    end
    return option:match("^([^:]*):(.*)$")
end

local function authorization(c, algorithm, self)
    local user, password = credentials(self.options.digest_auth)
    local cnonce, qop = hex(sys.random_bytes(12)), quality(c, self)
    local response = compute(c, algorithm, self, user, password or "", cnonce)
    local parts = {
        "username=" .. quoted(user), "realm=" .. quoted(c.realm or ""), "nonce=" .. quoted(c.nonce),
        ('uri="%s"'):format(self.url.target), ('response="%s"'):format(response),
        "algorithm=" .. (c.algorithm or "MD5"),
    }
    if qop ~= "" then
        parts[#parts + 1] = ("qop=%s, nc=00000001"):format(qop)
    end
    if qop ~= "" or algorithm:find("SESS", 1, true) then
        parts[#parts + 1] = ('cnonce="%s"'):format(cnonce)
    end
    if c.opaque then
        parts[#parts + 1] = "opaque=" .. quoted(c.opaque)
    end
    return "Digest " .. table.concat(parts, ", ")
end

--- Is a challenge to be answered: the first, and a second one that says that only the nonce was too old?
local function is_due(self, c)
    local n = self.digest_answers or 0
    return n == 0 or n == 1 and (c.stale or ""):lower() == "true"
end

--- Answers the challenge of a 401: puts the Authorization field into the call. A challenge is answered once, and only
-- one of the origin that was asked at first: another could guess the password from the answer.
-- @tparam table self the call
-- @tparam table res the response
-- @treturn boolean true: send again
function digest.answer(self, res)
    if self.url.origin ~= self.first_origin then
        return false
    end
    local c, algorithm = choose(self, res)
    if not c or not is_due(self, c) then
        return false
    end
    self.digest_answers = (self.digest_answers or 0) + 1
    local kept = {}
    for i = 1, #self.fields, 2 do
        if self.fields[i]:lower() ~= "authorization" then
            kept[#kept + 1], kept[#kept + 2] = self.fields[i], self.fields[i + 1]
        end
    end
    kept[#kept + 1], kept[#kept + 2] = "Authorization", authorization(c, algorithm, self)
    self.fields = kept
    return true
end

return digest
