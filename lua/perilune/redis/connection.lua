--- One connection to Redis: commands go out as they come, answers settle their deferreds in the same order. So many
-- tasks can use one connection at once, and what they ask in one turn is one packet.

local deferred = require "perilune.deferred"
local failure = require "perilune.failure"
local resp = require "perilune.redis.resp"
local ring = require "perilune.ring"
local tcp = require "perilune.tcp"
local timers = require "perilune.timers"

local await = deferred.await

local connection = {}
local Connection = {}
local mt = { __index = Connection, __name = "redis connection" }

--- Nobody will answer any more: who waits is told.
local function fail(self, err)
    if self.failure then
        return
    end
    self.failure = err
    if self.timer then
        timers.stop(self.timer)
        self.timer = nil
    end
    self.stream:abort()
    while self.pending.n > 0 do
        local d = self.pending:pop()
        if d then
            d:error(err)
        end
    end
    self.on_message(nil)
end

local function settle(d, value)
    if not d then
        return -- the answer of a command that is part of another one
    elseif value == resp.null then
        d:success(nil)
    elseif failure.is(value) then
        d:error(value)
    else
        d:success(value)
    end
end

local function on_answer(self, value)
    self.answered = self.answered + 1
    if self.is_subscribed then
        self.on_message(value)
    elseif self.pending.n > 0 then
        settle(self.pending:pop(), value)
    else
        error(failure.new("protocol", "Redis has answered what nobody asked"), 0)
    end
end

local pump

local function on_chunk(self, chunk)
    local ok, err = true, failure.new("closed", "Redis has closed the connection")
    if chunk ~= nil then
        ok, err = pcall(self.decoder.feed, self.decoder, chunk)
    end
    if chunk == nil or not ok then
        fail(self, failure.is(err) and err or failure.new("error", tostring(err)))
    elseif self.pending.n > 0 or self.is_subscribed then
        pump(self, self.stream:take())
    else
        self.is_reading = false
    end
end

--- Reads as long as answers are awaited.
function pump(self, taken)
    self.is_reading = true
    taken:on_realized(function(chunk)
        on_chunk(self, chunk)
    end, function(err)
        fail(self, err)
    end)
end

--- Is it of use? One that has idled is asked whether the other end is still there: a command that has been sent is
-- never sent again.
function Connection:is_open()
    if self.failure == nil and not self.is_reading then
        local taken = self.stream:take()
        if taken:is_realized() then
            fail(self, failure.new("closed", "Redis has closed the connection"))
        else
            pump(self, taken)
        end
    end
    return self.failure == nil
end

--- Called once in a `timeout` while answers are awaited: none since the last time means that none will come.
function Connection:on_timer()
    self.timer = nil
    if self.pending.n == 0 or self.failure then
        return
    elseif self.answered == self.answered_before and self.waited then
        fail(self, failure.new("timeout", ("Redis has not answered for %g s"):format(self.timeout)))
        return
    end
    self.waited = true
    self:_watch()
end

function Connection:_watch()
    self.answered_before = self.answered
    self.timer = timers.start(self.timeout, self, true)
end

--- Sends bytes; `d` (false: nobody) gets the answer.
local function ask(self, d)
    self.pending:push(d)
    if not self.timer and self.timeout then
        self.waited = true
        self:_watch()
    end
end

--- Sends a command.
-- @tparam string text of `resp.encode`
-- @treturn deferred of the answer: a string, number or array, nil for null; fails with code `redis` (an error that
-- Redis tells), or as the connection does
function Connection:send(text)
    if not self:is_open() then
        return deferred.error_deferred(self.failure)
    end
    local d = deferred.deferred()
    ask(self, d)
    self.stream:put(text):on_realized(nil, function() end)
    return d
end

--- Sends several commands at once, of which the last one's answer is of interest.
function Connection:send_all(texts)
    for _ = 1, #texts - 1 do
        ask(self, false)
    end
    return self:send(table.concat(texts))
end

--- From now on what comes are messages for `fn`; nil when the connection has ended.
function Connection:listen(fn)
    self.is_subscribed, self.on_message = true, fn
    self:is_open()
end

--- Closes the connection; who still waits fails with `closed`.
function Connection:close()
    fail(self, failure.new("closed", "the connection to Redis was closed"))
end

local function nothing() end

--- Connects, says who we are, and chooses the database.
-- @tparam table o `host port path tls server_name user password db timeout connection_timeout`
-- @treturn connection in the running task; raises what `tcp.connect` fails with, and `redis` for a wrong password
function connection.open(o)
    local stream = await(tcp.connect { host = o.host, port = o.port, path = o.path, tls = o.tls,
        server_name = o.server_name, timeout = o.connection_timeout, keepalive = true })
    local self = setmetatable({ stream = stream, pending = ring.new(), answered = 0, timeout = o.timeout,
        on_message = nothing, is_reading = false }, mt)
    self.decoder = resp.decoder(function(value)
        on_answer(self, value)
    end)
    local ok, err = pcall(function()
        if o.password then
            await(self:send(resp.encode(o.user and { "AUTH", o.user, o.password } or { "AUTH", o.password })))
        end
        if o.db and o.db ~= 0 then
            await(self:send(resp.encode { "SELECT", o.db }))
        end
    end)
    if not ok then
        self:close()
        error(err, 0)
    end
    return self
end

return connection
