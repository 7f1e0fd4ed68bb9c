--- The metatable of `ndk.set_var`: what the set_… directives of nginx's set-misc module do, as functions from a text to
-- a text.

local codec = require "ngx.api.codec"

local BASE32 = "0123456789abcdefghijklmnopqrstuv"

--- What cannot be decoded.
local FAILED = -1

local function digit(bits)
    local i = bit.band(bits, 31) + 1
    return BASE32:sub(i, i)
end

local function encode_base32(s)
    local out, held, n = {}, 0, 0
    for i = 1, #s do
        held, n = bit.band(held, 31) * 256 + s:byte(i), n + 8
        while n >= 5 do
            n = n - 5
            out[#out + 1] = digit(bit.rshift(held, n))
        end
    end
    if n > 0 then
        out[#out + 1] = digit(bit.lshift(held, 5 - n))
    end
    return table.concat(out) .. ("="):rep(-#out % 8)
end

local function decode_base32(s)
    local out, held, n = {}, 0, 0
    for c in s:gsub("=+$", ""):lower():gmatch(".") do
        local i = BASE32:find(c, 1, true)
        if not i then
            return nil
        end
        held, n = bit.band(held, 255) * 32 + i - 1, n + 5
        if n >= 8 then
            n = n - 8
            out[#out + 1] = string.char(bit.band(bit.rshift(held, n), 255))
        end
    end
    return table.concat(out)
end

local function encode_hex(s)
    return (s:gsub(".", function(c)
        return ("%02x"):format(c:byte())
    end))
end

local function decode_hex(s)
    if #s % 2 == 1 or s:find("%X") then
        return nil
    end
    return (s:gsub("..", function(pair)
        return string.char(tonumber(pair, 16))
    end))
end

local json_escapes = { ['"'] = '\\"', ["\\"] = "\\\\", ["\b"] = "\\b", ["\f"] = "\\f", ["\n"] = "\\n",
    ["\r"] = "\\r", ["\t"] = "\\t" }

local function quote_json(s)
    return '"' .. s:gsub('[%c"\\\127]', function(c)
        return json_escapes[c] or ("\\u%04x"):format(c:byte())
    end) .. '"'
end

local functions = {
    set_escape_uri = codec.escape_uri,
    set_unescape_uri = codec.unescape_uri,
    set_quote_sql_str = codec.quote_sql_str,
    set_quote_json_str = quote_json,
    set_encode_base64 = codec.encode_base64,
    set_decode_base64 = codec.decode_base64,
    set_encode_base32 = encode_base32,
    set_decode_base32 = decode_base32,
    set_encode_hex = encode_hex,
    set_decode_hex = decode_hex,
    set_md5 = codec.md5,
    set_sha1 = function(s)
        return encode_hex(codec.sha1_bin(s))
    end,
}

local function get(_, name)
    name = tostring(name)
    local fn = functions[name]
    if not fn then
        error('ndk.set_var: directive "' .. name .. '" not found or does not use ndk_set_var_value', 2)
    end
    return function(text)
        local value = fn(tostring(text))
        if not value then
            error("calling directive " .. name .. " failed with code " .. FAILED, 2)
        end
        return value
    end
end

local function refuse()
    error("not allowed", 2)
end

return { __index = get, __newindex = refuse }
