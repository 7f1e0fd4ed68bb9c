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
kinds.url = { text = "URL of http or https", shown = url.masked, is = function(value)
    return type(value) == "string" and url.parse(value) ~= nil
end }

--- A media type without parameters, or "*" for all of them.
kinds.media_type = { text = "media type", is = function(value)
    local kind, more = (type(value) == "string" and value or ""):match("^([^/]*)/([^/]*)$")
    return value == "*" or is_token(kind) and is_token(more) and more ~= "*"
end }

local function is_text(value)
    return type(value) == "string" or type(value) == "number" or type(value) == "boolean"
end

local function is_field(key, value)
    if type(value) ~= "table" then
        return type(key) == "string" and is_text(value)
    elseif type(key) == "number" then
        return type(value[1]) == "string" and is_text(value[2])
    end
    for _, one in ipairs(value) do
        if not is_text(one) then
            return false
        end
    end
    return next(value) == nil or value[1] ~= nil
end

--- Header fields in each form that they may be given in; whether they can be sent is another question.
kinds.fields = { text = "table of header fields", is_table = true, is = function(value)
    if type(value) ~= "table" then
        return false
    elseif getmetatable(value) ~= nil then
        return true
    end
    for key, one in pairs(value) do
        if not is_field(key, one) then
            return false
        end
    end
    return true
end }

--- Whatever keeps cookies.
kinds.cookie_store = { text = "store: a table with the methods take and give", is_table = true, is = function(value)
    return type(value) == "table" and type(value.take) == "function" and type(value.give) == "function"
end }

--- What workers share. Those of ngx.shared take no tables.
kinds.shared_dict = { text = "dictionary of perilune.shared", is_table = true, is = function(value)
    return (getmetatable(value) or kinds).__name == "shared dictionary"
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
