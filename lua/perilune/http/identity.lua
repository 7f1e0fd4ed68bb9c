--- Who a client says it is: the values of `Authorization` and `Cookie`, from options of a request and from its URL.

local core = require "perilune.core.client"
local failure = require "perilune.failure"
local url = require "perilune.http.url"

local identity = {}

local function credentials(option)
    return type(option) == "table" and option[1] .. ":" .. (option[2] or "") or option
end

--- The value of `Authorization`.
-- @tparam table o options: `basic_auth`, `bearer` or `oauth_token`, `user_info`, `digest_auth` (answered later)
-- @tparam table u of `url.parse`
-- @treturn ?string nil: none
function identity.authorization(o, u)
    if o.basic_auth then
        return "Basic " .. core.base64(credentials(o.basic_auth))
    elseif o.bearer or o.oauth_token then
        return "Bearer " .. (o.bearer or o.oauth_token)
    end
    local info = o.user_info or u.userinfo
    if info and not o.digest_auth then
        return "Basic " .. core.base64(url.credentials(info))
    end
end

local function is_one_cookie(name, value)
    return type(name) == "string" and name:find("^[^%c%s=;]+$") and value ~= nil and not tostring(value):find("[%c;]")
end

--- The value of `Cookie`. What would be read as another cookie is refused.
-- @tparam ?table cookies name → value, or a table with `value`
-- @treturn ?string nil: there are none; or nil and an error object
function identity.cookie(cookies)
    if cookies == nil then
        return nil
    end
    local parts = {}
    for name, value in pairs(cookies) do
        if type(value) == "table" then
            value = value.value
        end
        if not is_one_cookie(name, value) then
            return nil, failure.new("invalid", ("a cookie that cannot be sent: '%s'"):format(tostring(name)))
        end
        parts[#parts + 1] = name .. "=" .. tostring(value)
    end
    if #parts == 0 then
        return nil
    end
    table.sort(parts)
    return table.concat(parts, "; ")
end

return identity
