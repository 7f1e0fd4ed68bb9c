--- What a request asks for in one table, `req.params`: its query, then the fields of its form or of its JSON object,
-- then what the router has found; of equal names the later one counts. `req.fields` is the form, `req.data` the JSON
-- value. A body of another type is left alone. What cannot be read is answered 400, what is too long 413.
--
-- Options: `max_size` (bytes of the body; 1 MB), `max_fields` (100), `max_depth` (nesting of JSON; 32).

local define = require "perilune.http.middleware.define"
local failure = require "perilune.failure"
local form = require "perilune.http.form"
local try_await = require("perilune.deferred").try_await

local function is_json(req)
    local kind = (req.headers["content-type"] or ""):lower():match("^[^;%s]*")
    return kind == "application/json" or kind:find("^application/[%w.-]+%+json$") ~= nil
end

--- Reads the body, if it is of a kind that is known: where it belongs, and a deferred of it.
local function read(req, o)
    if form.kind(req) then
        return "fields", form.read(req, { max_size = o.max_size, max_fields = o.max_fields })
    elseif is_json(req) then
        return "data", req:json { max_size = o.max_size or 1048576, max_depth = o.max_depth or 32 }
    end
end

local function merge(into, from)
    for k, v in pairs(from) do
        if type(k) == "string" then
            into[k] = v
        end
    end
end

return define("params", { max_size = "bytes", max_fields = "count", max_depth = "count" }, function(o)
    return function(handler)
        return function(req)
            local all, found = {}, req.params
            local where, reading = read(req, o)
            merge(all, req.query or {})
            if where then
                local ok, value = try_await(reading)
                if not ok and failure.is(value) and value.status then
                    return { status = value.status, body = value.message .. "\n" }
                elseif not ok then
                    error(value, 0)
                end
                rawset(req, where, value)
                merge(all, type(value) == "table" and value or {})
            end
            merge(all, found or {})
            rawset(req, "params", all)
            return handler(req)
        end
    end
end)
