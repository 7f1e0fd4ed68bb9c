--- Basic authentication (RFC 7617): who does not say a name and password that are right gets 401.
--
-- Options: `check` (function(user, password, req) → true, or any value that is to be `req.user`, or a deferred of it;
-- nil or false: refused) or `users` (user → password); `realm` ("restricted").

local await = require("perilune.deferred").await
local crypto = require "perilune.crypto"
local define = require "perilune.http.middleware.define"
local kinds = require "perilune.http.kinds"

--- User and password of an Authorization field, or nil.
local function credentials(value)
    local scheme, text = (value or ""):match("^(%a+) +([%w+/]+=*)$")
    local pair = scheme and scheme:lower() == "basic" and crypto.unbase64(text)
    if pair and not pair:find("%c") then
        return pair:match("^([^:]*):(.*)$")
    end
end

local function checker(users)
    for user, password in pairs(users) do
        if type(user) ~= "string" or user:find("[%c:]") then
            error(("middleware.basic_auth: option 'users': '%s' is no user's name"):format(tostring(user)), 0)
        elseif type(password) ~= "string" then
            error(("middleware.basic_auth: option 'users': the password of '%s' must be a string"):format(user), 0)
        end
    end
    return function(user, password)
        local known = users[user]
        local is_right = crypto.equals(known or "", password)
        return known ~= nil and is_right
    end
end

return define("basic_auth", { check = "function", users = "table", realm = kinds.field_value }, function(o)
    if (o.check == nil) == (o.users == nil) then
        error("middleware.basic_auth: one of the options 'check' and 'users' is needed", 0)
    end
    local check = o.check or checker(o.users)
    local challenge = ('Basic realm="%s", charset="UTF-8"'):format((o.realm or "restricted"):gsub('[\\"]', "\\%0"))
    return function(handler)
        return function(req)
            local user, password = credentials(req.headers["authorization"])
            local who = user and await(check(user, password, req))
            if not who then
                return { status = 401, headers = { ["WWW-Authenticate"] = challenge }, body = "unauthorized\n" }
            end
            rawset(req, "user", who == true and user or who)
            return handler(req)
        end
    end
end)
