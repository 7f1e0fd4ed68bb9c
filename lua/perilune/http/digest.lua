--- Digest authentication (RFC 7616): MD5 and SHA-256, with and without `-sess`, qop `auth`.

local core = require "perilune.core.client"
local sys = require "perilune.core.sys"

local digest = {}

local HASHES = { MD5 = "md5", ["MD5-SESS"] = "md5", ["SHA-256"] = "sha256", ["SHA-256-SESS"] = "sha256" }
local BEST_FIRST = { "SHA-256", "SHA-256-SESS", "MD5", "MD5-SESS" }

--- The parameters of the challenges of one field value: an array of tables.
local function challenges(value)
    local found, current = {}, nil
    for word, rest in ("," .. value):gmatch(",%s*([^,=%s]+)%s*([^,\"]*\"?[^\"]*\"?[^,]*)") do
        local name = word
        if rest:sub(1, 1) ~= "=" and rest:find("=", 1, true) then
            current = { scheme = word:lower() }
            found[#found + 1] = current
            name, rest = rest:match("^([^=%s]+)%s*(=.*)$")
        end
        local text = rest and (rest:match('^=%s*"(.-)"%s*$') or rest:match("^=%s*(%S*)"))
        if current and name and text then
            current[name:lower()] = text
        end
    end
    return found
end

--- The best challenge that can be answered.
local function choose(res)
    local offered = {}
    for _, value in ipairs(res.headers:get_all("www-authenticate")) do
        for _, c in ipairs(challenges(value)) do
            if c.scheme == "digest" and c.nonce then
                offered[(c.algorithm or "MD5"):upper()] = offered[(c.algorithm or "MD5"):upper()] or c
            end
        end
    end
    for _, name in ipairs(BEST_FIRST) do
        if offered[name] then
            return offered[name], name
        end
    end
end

local function has_auth(qop)
    return ("," .. (qop or "") .. ","):gsub("%s", ""):find(",auth,", 1, true) ~= nil
end

local function hex(bytes)
    return (bytes:gsub(".", function(c)
        return ("%02x"):format(c:byte())
    end))
end

local function compute(c, algorithm, self, user, password, cnonce)
    local function h(text)
        return core.digest(HASHES[algorithm], text)
    end
    local a1 = h(("%s:%s:%s"):format(user, c.realm or "", password))
    if algorithm:find("SESS", 1, true) then
        a1 = h(("%s:%s:%s"):format(a1, c.nonce, cnonce))
    end
    local a2 = h(self.method .. ":" .. self.url.target)
    if has_auth(c.qop) then
        return h(table.concat({ a1, c.nonce, "00000001", cnonce, "auth", a2 }, ":"))
    end
    return h(a1 .. ":" .. c.nonce .. ":" .. a2)
end

local function credentials(option)
    if type(option) == "table" then
        return option[1], option[2]
    end
    return option:match("^([^:]*):(.*)$")
end

local function authorization(c, algorithm, self)
    local user, password = credentials(self.options.digest_auth)
    local cnonce = hex(sys.random_bytes(12))
    local response = compute(c, algorithm, self, user, password or "", cnonce)
    local parts = {
        ('username="%s"'):format(user), ('realm="%s"'):format(c.realm or ""), ('nonce="%s"'):format(c.nonce),
        ('uri="%s"'):format(self.url.target), ('response="%s"'):format(response),
        "algorithm=" .. (c.algorithm or "MD5"),
    }
    if has_auth(c.qop) then
        parts[#parts + 1] = ('qop=auth, nc=00000001, cnonce="%s"'):format(cnonce)
    end
    if c.opaque then
        parts[#parts + 1] = ('opaque="%s"'):format(c.opaque)
    end
    return "Digest " .. table.concat(parts, ", ")
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
    local c, algorithm = choose(res)
    if not c or (self.digest_nonce and c.stale ~= "true") or self.digest_nonce == c.nonce then
        return false
    end
    self.digest_nonce = c.nonce
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
