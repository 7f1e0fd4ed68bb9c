--- Request bodies: as a stream that reads from the connection only when it is taken from, or as one string.
--
-- A server loads this at its start; streams are loaded when the first body is read as one.

local core = require "perilune.core.http"
local deferred = require "perilune.deferred"
local unseen = require "perilune.unseen"

local body = {}

--- Settles `d` with the next piece (bytes, nil at the end), now or when the connection has been read again. Nothing
-- is read for somebody who has given up.
local function settle(req, self, d)
    if d:is_realized() then
        return
    end
    local data, err = core.read(req)
    if data == "" then
        self:close()
        d:success(nil)
    elseif data then
        d:success(data)
    elseif err then
        self:close(err)
        unseen.seen(self) -- whoever asked for the piece is told
        d:error(err)
    else
        core.on_body(req, function()
            settle(req, self, d)
        end)
    end
end

--- One piece: a deferred of bytes, nil at the end. Those who ask while others wait are served after them.
local function pull(req, self)
    local before, d = self.asked, deferred._personal()
    if before and not before:is_realized() then
        local function go_on()
            settle(req, self, d)
        end
        before:on_realized(go_on, go_on)
    else
        settle(req, self, d)
    end
    self.asked = d
    return d
end

--- The body of a request as a stream of strings.
-- @treturn stream
function body.of_request(req)
    return require("perilune.stream")._pulling(function(self)
        return pull(req, self)
    end)
end

--- Settles `d` with the whole body, now or when all of it has come.
local function settle_all(req, d)
    local data, err = core.read_all(req, function()
        settle_all(req, d)
    end)
    if data then
        d:success(data)
    elseif err then
        d:error(err)
    end
end

--- The whole body: a deferred of a string, the same one however often it is asked for.
-- @treturn deferred
function body.read_all(req)
    local d = rawget(req, "_text")
    if not d then
        d = deferred.deferred()
        rawset(req, "_text", d)
        settle_all(req, d)
    end
    return d
end

return body
