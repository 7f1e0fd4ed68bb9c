--- Encodings and digests: escape_uri, base64, md5, crc32, quote_sql_str and their kin.

local ffi = require "ffi"
local native = require "ngx.api.native"

local C, to_string, room = native.C, ffi.string, native.room
local type, tostring = type, tostring
local digest = ffi.new("unsigned char[20]")

local codec = {}

--- As OpenResty: nil is the empty string, other values by tostring.
local function text_of(s)
    if type(s) == "string" then
        return s
    end
    return s == nil and "" or tostring(s)
end

--- Percent-encodes.
-- @tparam string s
-- @tparam[opt=2] number kind 0: a whole URI, 1: its arguments, 2: a component, 3 to 6: less
function codec.escape_uri(s, kind)
    s = text_of(s)
    if kind == nil then
        kind = 2
    elseif type(kind) ~= "number" then
        error('"type" is not a number', 0)
    elseif kind < 0 or kind > 6 then
        error('"type" ' .. tostring(kind) .. " out of range", 0)
    end
    local out = room(3 * #s)
    return to_string(out, C.ffi_codec_escape(s, #s, kind, out))
end

--- Decodes percent-encoding; '+' is a space.
function codec.unescape_uri(s)
    s = text_of(s)
    local out = room(#s)
    return to_string(out, C.ffi_codec_unescape(s, #s, out))
end

local function encode(s, is_padded, is_url)
    local out = room(math.floor((#s + 2) / 3) * 4)
    return to_string(out, C.ffi_codec_base64(s, #s, is_padded and 1 or 0, is_url and 1 or 0, out))
end

local function decode(s, is_url, is_lenient)
    local out = room(#s + 3)
    local n = C.ffi_codec_unbase64(s, #s, is_url and 1 or 0, is_lenient and 1 or 0, out)
    if n < 0 then
        return nil
    end
    return to_string(out, n)
end

--- Base64; `no_padding` leaves the '=' out.
function codec.encode_base64(s, no_padding)
    if no_padding ~= nil and type(no_padding) ~= "boolean" then
        error("bad argument #2 to 'encode_base64' (boolean expected, got " .. type(no_padding) .. ")", 2)
    end
    return encode(text_of(s), not no_padding, false)
end

--- The bytes of a base64 text; nil when it is malformed.
function codec.decode_base64(s)
    if type(s) ~= "string" then
        error("string argument only", 2)
    end
    return decode(s, false, false)
end

--- As decode_base64; skips what is not of the alphabet.
function codec.decode_base64mime(s)
    if type(s) ~= "string" then
        error("string argument only", 2)
    end
    return decode(s, false, true)
end

codec.url = {
    encode = function(s)
        return encode(text_of(s), false, true)
    end,
    decode = function(s)
        return decode(s, true, false)
    end,
}

local hex_room = ffi.new("uint16_t[16]")
local hex_pairs = ffi.new("uint16_t[256]")
for i = 0, 255 do
    ffi.copy(hex_pairs + i, ("%02x"):format(i), 2)
end

--- MD5 as 32 hex digits.
function codec.md5(s)
    s = text_of(s)
    C.tls_digest_md5(s, #s, digest)
    -- Written out: a loop here would be compiled before those of its callers, and they would have to go around it.
    local h, p, d = hex_room, hex_pairs, digest
    h[0], h[1], h[2], h[3] = p[d[0]], p[d[1]], p[d[2]], p[d[3]]
    h[4], h[5], h[6], h[7] = p[d[4]], p[d[5]], p[d[6]], p[d[7]]
    h[8], h[9], h[10], h[11] = p[d[8]], p[d[9]], p[d[10]], p[d[11]]
    h[12], h[13], h[14], h[15] = p[d[12]], p[d[13]], p[d[14]], p[d[15]]
    return to_string(h, 32)
end

--- MD5 as 16 bytes.
function codec.md5_bin(s)
    s = text_of(s)
    C.tls_digest_md5(s, #s, digest)
    return to_string(digest, 16)
end

--- SHA-1 as 20 bytes.
function codec.sha1_bin(s)
    s = text_of(s)
    C.tls_digest_sha1(s, #s, digest)
    return to_string(digest, 20)
end

--- HMAC-SHA-1 as 20 bytes.
function codec.hmac_sha1(key, s)
    key, s = text_of(key), text_of(s)
    C.tls_digest_hmac_sha1(key, #key, s, #s, digest)
    return to_string(digest, 20)
end

--- CRC-32, for short texts.
function codec.crc32_short(s)
    s = text_of(s)
    return tonumber(C.ffi_codec_crc32(s, #s))
end

--- CRC-32, for long texts: the same.
codec.crc32_long = codec.crc32_short

--- A literal for MySQL, quotes included.
function codec.quote_sql_str(s)
    s = text_of(s)
    local out = room(2 * #s + 2)
    return to_string(out, C.ffi_codec_quote_sql(s, #s, out))
end

return codec
