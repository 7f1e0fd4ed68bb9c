--- Request bodies: as a stream that reads from the connection only when it is taken from, or as one string.
--
-- A server loads this at its start; streams are loaded when the first body is read as one.

local core = require "perilune.core.http"
local deferred = require "perilune.deferred"
local failure = require "perilune.failure"
local unseen = require "perilune.unseen"

local body = {}

--- Ends the body with an error, which whoever asked for the piece is told.
local function fail(self, d, err)
    self:close(err)
    unseen.seen(self)
    d:error(err)
end

local settle

--- An error, such as no memory for the bytes, is an end like others: who waits must not wait for ever.
local function settle_later(req, self, d)
    local ok, why = xpcall(settle, failure.traced, req, self, d)
    if not ok then
        fail(self, d, why)
    end
end

--- Settles `d` with the next piece (bytes, nil at the end), now or when the connection has been read again. Nothing
-- is read for somebody who has given up.
settle = function(req, self, d)
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
        fail(self, d, err)
    else
        core.on_body(req, function()
            settle_later(req, self, d)
        end)
    end
end

--- One piece: a deferred of bytes, nil at the end. Those who ask while others wait are served after them.
local function pull(req, self)
    local before, d = self.asked, deferred._personal()
    if before and not before:is_realized() then
        local function go_on()
            settle_later(req, self, d)
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
        local ok, why = xpcall(settle_all, failure.traced, req, d)
        if not ok then
            d:error(why)
        end
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
