--- A message for the next page: `flash = value` in a response is what `await(req:flash())` gives to the next request
-- that asks, once. Kept in the session, inside whose middleware it must stand.

local answer = require "perilune.http.answer"
local await = require("perilune.deferred").await
local define = require "perilune.http.middleware.define"

local function take(session)
    local value = session.data._flash
    session.data._flash = nil
    return value
end

return define("flash", {}, function()
    return function(handler)
        return function(req)
            local asked
            rawset(req, "flash", function(self)
                asked = asked or self:session():chain(take)
                return asked
            end)
            local res = answer.of(handler(req))
            if res.flash ~= nil then
                await(req:session()).data._flash = res.flash
                res.flash = nil
            end
            return res
        end
    end
end)
