--- Request bodies: as a stream that reads from the connection only when it is taken from, or as one string.

local core = require "perilune.core.http"
local deferred = require "perilune.deferred"
local stream = require "perilune.stream"

local body = {}

--- One piece: a deferred of bytes, nil at the end. While it waits, the connection is read again.
local function pull(req, self)
    local data, err = core.read(req)
    if data == "" then
        self:close()
        return deferred.success_deferred(nil)
    elseif data then
        return deferred.success_deferred(data)
    elseif err then
        self:close(err)
        return deferred.error_deferred(err)
    end
    local d = deferred.deferred()
    core.on_body(req, function()
        pull(req, self):on_realized(function(value)
            d:success(value)
        end, function(e)
            d:error(e)
        end)
    end)
    return d
end

--- The body of a request as a stream of strings.
-- @treturn stream
function body.of_request(req)
    return stream._pulling(function(self)
        return pull(req, self)
    end)
end

--- The whole body: a deferred of a string.
-- @treturn deferred
function body.read_all(req)
    local d = deferred.deferred()
    local function attempt()
        local data, err = core.read_all(req, function()
            d._retry()
        end)
        if data then
            d:success(data)
        elseif err then
            d:error(err)
        end
    end
    d._retry = attempt
    attempt()
    return d
end

return body
