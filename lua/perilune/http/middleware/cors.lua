--- Cross-origin requests (the CORS protocol of the Fetch standard): which pages of other origins may read answers.
--
-- Options: `origins` ("*", an array, or function(origin, req) → boolean; required), `methods` (array: GET, HEAD, POST,
-- PUT, PATCH, DELETE), `headers` (array of request fields that are allowed; those that are asked for by default),
-- `expose` (array of response fields that a page may read), `credentials` (boolean, false), `max_age` (seconds that a
-- browser may keep the answer to a preflight). "*" with `credentials` is refused: every site could read what is its
-- visitor's. A preflight is answered here, 204; it never reaches the handler. An origin that is not allowed gets the
-- answer without any of the fields, so that its page cannot read it.

local answer = require "perilune.http.answer"
local define = require "perilune.http.middleware.define"
local headers = require "perilune.http.headers"
local kinds = require "perilune.http.kinds"

local ORIGINS, TOKENS = { each = kinds.origin }, { each = kinds.token }
local METHODS = { "GET", "HEAD", "POST", "PUT", "PATCH", "DELETE" }

local function set_of(list)
    local set = {}
    for _, v in ipairs(list) do
        set[v:lower()] = true
    end
    return set
end

local function chooser(origins, has_credentials)
    if type(origins) == "function" then
        return origins
    elseif type(origins) == "table" then
        local set = set_of(origins)
        return function(origin)
            return set[origin:lower()] == true
        end
    elseif origins == "*" and has_credentials then
        error("middleware.cors: option 'credentials' needs 'origins' that are named", 0)
    elseif origins == "*" then
        return function()
            return true
        end
    end
    error("middleware.cors: option 'origins' must be \"*\", an array or a function", 0)
end

--- The fields that every answer to an allowed origin has.
local function allow(list, origin, o)
    list:set("Access-Control-Allow-Origin", o.origins == "*" and "*" or origin)
    if o.credentials then
        list:set("Access-Control-Allow-Credentials", "true")
    end
end

local function preflight(req, origin, is_allowed, o)
    local list = headers.new()
    local asked = req.headers["access-control-request-headers"]
    list:set("Vary", "Origin, Access-Control-Request-Method, Access-Control-Request-Headers")
    if is_allowed then
        local allowed = o.headers and table.concat(o.headers, ", ") or asked
        allow(list, origin, o)
        list:set("Access-Control-Allow-Methods", table.concat(o.methods or METHODS, ", "))
        list["Access-Control-Allow-Headers"] = allowed
        list["Access-Control-Max-Age"] = o.max_age and ("%d"):format(o.max_age)
    end
    return { status = 204, headers = list }
end

return define("cors", { origins = { "string", ORIGINS, "function" }, methods = TOKENS, headers = TOKENS,
    expose = TOKENS, credentials = "boolean", max_age = "seconds" }, function(o)
    local may = chooser(o.origins, o.credentials)
    return function(handler)
        return function(req)
            local origin = req.headers["origin"]
            local is_allowed = origin ~= nil and may(origin, req)
            if origin and req.method == "OPTIONS" and req.headers["access-control-request-method"] then
                return preflight(req, origin, is_allowed, o)
            end
            local res = answer.of(handler(req))
            if o.origins ~= "*" then
                answer.vary(res, "Origin")
            end
            if is_allowed then
                allow(res.headers, origin, o)
                res.headers["Access-Control-Expose-Headers"] = o.expose and table.concat(o.expose, ", ")
            end
            return res
        end
    end
end)
