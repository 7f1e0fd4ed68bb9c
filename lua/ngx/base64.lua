--- Base64 with the URL-safe alphabet, without padding.

local codec = require "ngx.api.codec"

local base64 = { version = "0.1" }

--- @treturn string
function base64.encode_base64url(s)
    if type(s) ~= "string" then
        error("must provide a string", 2)
    end
    return codec.url.encode(s)
end

--- @treturn ?string nil when it is malformed
-- @treturn ?string error
function base64.decode_base64url(s)
    if type(s) ~= "string" then
        return nil, "must provide a string"
    end
    local out = codec.url.decode(s)
    if not out then
        return nil, "invalid input"
    end
    return out
end

return base64
