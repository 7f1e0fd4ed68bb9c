--- Conditional requests: an answer with status 200 that the client has already (If-None-Match, If-Modified-Since)
-- becomes 304, one that fails If-Match or If-Unmodified-Since 412. Reading requests only: whether a change may be made
-- has to be known before it is made, for which there is `http.conditions(req, etag, modified)`.
--
-- The answer's ETag and Last-Modified count. Options: `etag` (boolean, true: an answer without both, whose body is a
-- string, gets a weak ETag of its hash).

local answer = require "perilune.http.answer"
local conditions = require "perilune.http.conditions"
local crypto = require "perilune.crypto"
local date = require "perilune.http.date"
local define = require "perilune.http.middleware.define"

local function tag(body)
    return ('W/"%s"'):format(crypto.base64url(crypto.hash("sha256", body):sub(1, 15)))
end

return define("conditional", { etag = "boolean" }, function(o)
    return function(handler)
        return function(req)
            local res = answer.of(handler(req))
            if res.status ~= 200 or req.method ~= "GET" and req.method ~= "HEAD" then
                return res
            end
            local etag, modified = res.headers["etag"], res.headers["last-modified"]
            if not etag and not modified and o.etag ~= false and type(res.body) == "string" then
                etag = tag(res.body)
                res.headers:set("ETag", etag)
            end
            local status = conditions.check(req, etag, modified and date(modified))
            return status and answer.by_condition(req, res, status) or res
        end
    end
end)
