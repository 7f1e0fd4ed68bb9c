--- Requests with bodies that are too long are answered 413, before the handler runs when the length is told, otherwise
-- when the handler has read too much. `client_max_body_size` is the limit of the server; this one is for some routes.
--
-- Options: `bytes` (1 MB).

local answer = require "perilune.http.answer"
local define = require "perilune.http.middleware.define"
local failure = require "perilune.failure"
local stream = require "perilune.stream"
local unseen = require "perilune.unseen"

local function refusal()
    return { status = 413, body = "the body is too long\n" }
end

--- The body as a stream that fails once it has given more than `most` bytes.
local function limited(body, most, too_long)
    local n = 0
    return stream._pulling(function(self)
        return body:take():chain(function(piece)
            n = n + (piece and #piece or 0)
            if n > most then
                self:close(too_long)
                unseen.seen(self) -- who asked for the piece is told
                error(too_long, 0)
            elseif piece == nil then
                self:close()
            end
            return piece
        end)
    end)
end

--- Everything that reads the body from now on reads the limited one.
local function limit(req, most, too_long)
    local body = limited(req.body, most, too_long)
    rawset(req, "body", body)
    rawset(req, "_text", nil)
    rawset(req, "text", function(self)
        local whole = rawget(self, "_text") or body:collect():chain(table.concat)
        rawset(self, "_text", whole)
        return whole
    end)
end

return define("body_limit", { bytes = "bytes" }, function(o)
    local most = o.bytes or 1048576
    return function(handler)
        local function run(req)
            return answer.of(handler(req))
        end
        return function(req)
            local length = req.content_length
            if length and length > most then
                return refusal()
            elseif length or not req.body then
                return handler(req)
            end
            local too_long = failure.refusal(413, "too_large", "the request body is longer than " .. most .. " bytes")
            limit(req, most, too_long)
            local ok, res = xpcall(run, failure.traced, req)
            if ok then
                return res
            elseif res == too_long then
                return refusal()
            end
            error(res, 0)
        end
    end
end)
