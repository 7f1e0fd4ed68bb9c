--- Kinds of options that HTTP has, as `options.check` takes them.

local is_token = require "perilune.http.token"
local url = require "perilune.http.url"

local kinds = {}

--- Name of a header field, of a method or of a cookie.
kinds.token = { text = "token (no blanks, no separators)", is = is_token }

--- What a header field may say (RFC 9110 section 5.5).
kinds.field_value = { text = "text without control characters", is = function(value)
    return type(value) == "string" and not value:find("[%z\1-\8\10-\31\127]")
end }

--- An origin as browsers send it in the field of this name (RFC 6454 section 6.2).
kinds.origin = { text = "scheme and host, such as https://app.example", is = function(value)
    return type(value) == "string" and (value == "null" or value:find("^%a[%w+.-]*://[^/?#%s@]+$") ~= nil)
end }

--- Where a client can fetch from.
kinds.url = { text = "URL of http or https", is = function(value)
    return type(value) == "string" and url.parse(value) ~= nil
end }

--- A media type without parameters, or "*" for all of them.
kinds.media_type = { text = "media type", is = function(value)
    local kind, more = (type(value) == "string" and value or ""):match("^([^/]*)/([^/]*)$")
    return value == "*" or is_token(kind) and is_token(more) and more ~= "*"
end }

--- Status of an answer that refuses.
kinds.refusal = { text = "status from 400 to 599", is = function(value)
    return type(value) == "number" and value >= 400 and value <= 599 and value % 1 == 0
end }

--- Part of a whole.
kinds.share = { text = "number from 0 to 1", is = function(value)
    return type(value) == "number" and value >= 0 and value <= 1
end }

return kinds
