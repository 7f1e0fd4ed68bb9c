--- Signatures of texts: HMAC with SHA-256 (RFC 2104), base64url, and comparison that does not tell how much is right.

local bit = require "bit"
local codec = require "ngx.api.codec"
local core = require "perilune.core.client"

local signature = {}

local BLOCK = 64

local function sha256(text)
    return (core.digest("sha256", text):gsub("%x%x", function(hex)
        return string.char(tonumber(hex, 16))
    end))
end

local function masked(key, mask)
    return (key:gsub(".", function(c)
        return string.char(bit.bxor(c:byte(), mask))
    end))
end

--- HMAC-SHA-256.
-- @tparam string key
-- @tparam string text
-- @treturn string 32 bytes
function signature.hmac_sha256(key, text)
    key = #key > BLOCK and sha256(key) or key
    key = key .. ("\0"):rep(BLOCK - #key)
    return sha256(masked(key, 0x5c) .. sha256(masked(key, 0x36) .. text))
end

--- Are two texts equal? Takes as long whichever byte differs; only the lengths may be learnt.
-- @tparam string a
-- @tparam string b
-- @treturn boolean
function signature.equals(a, b)
    if #a ~= #b then
        return false
    end
    local difference = 0
    for i = 1, #a do
        difference = bit.bor(difference, bit.bxor(a:byte(i), b:byte(i)))
    end
    return difference == 0
end

--- base64url without padding, and back (nil when it is malformed).
signature.encode, signature.decode = codec.url.encode, codec.url.decode

--- base64 back to bytes; nil when it is malformed.
signature.decode_base64 = codec.decode_base64

return signature
