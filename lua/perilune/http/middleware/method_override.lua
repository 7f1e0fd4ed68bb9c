--- PUT, PATCH and DELETE for clients that can only POST: a POST whose field `X-HTTP-Method-Override` names one of them
-- is such a request for the handler. Stand it outside of the router.
--
-- Options: `header` ("X-HTTP-Method-Override"), `query` (name of a query argument that may name it, too; none).

local define = require "perilune.http.middleware.define"
local kinds = require "perilune.http.kinds"

local METHODS = { PUT = true, PATCH = true, DELETE = true }

return define("method_override", { header = kinds.token, query = "string" }, function(o)
    local header = o.header or "X-HTTP-Method-Override"
    return function(handler)
        return function(req)
            if req.method == "POST" then
                local asked = req.headers[header] or o.query and req.query[o.query]
                asked = type(asked) == "string" and asked:upper()
                if METHODS[asked] then
                    rawset(req, "method", asked)
                end
            end
            return handler(req)
        end
    end
end)
