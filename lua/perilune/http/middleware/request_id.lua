--- A name for each request, in `req.id` and in the answer, so that logs of several machines can be put together.
--
-- Options: `header` ("X-Request-Id"), `trust` (boolean, false: take the name that the client gives, if it is 1 to 128
-- letters, digits and `-_.`). Otherwise it is that of the server, `$request_id`.

local answer = require "perilune.http.answer"
local define = require "perilune.http.middleware.define"
local kinds = require "perilune.http.kinds"

return define("request_id", { header = kinds.token, trust = "boolean" }, function(o)
    local name = o.header or "X-Request-Id"
    return function(handler)
        return function(req)
            local given = o.trust and req.headers[name]
            if given and #given <= 128 and given:find("^[%w%-_.]+$") then
                rawset(req, "id", given)
            end
            local id = req.id
            local res = answer.of(handler(req))
            res.headers:set(name, id)
            return res
        end
    end
end)
