--- Streams: many values, with backpressure.
--
-- `put` gives a deferred that becomes true once the value is accepted (false after the stream was closed);
-- `take` gives a deferred
-- of the next value, nil once the stream is drained. At most `capacity` values are held for takers that are not
-- there yet.

local deferred = require "perilune.deferred"
local failure = require "perilune.failure"

local success = deferred.success_deferred

local stream = {}
local Stream = {}
local mt = { __index = Stream, __name = "stream" }

--- Most takes or puts that may wait on one stream.
stream.MAX_PENDING = 16384

local function fifo()
    return { first = 1, last = 0 }
end

local function push(q, v)
    q.last = q.last + 1
    q[q.last] = v
end

local function pop(q)
    local v = q[q.first]
    q[q.first] = nil
    q.first = q.first + 1
    return v
end

local function size(q)
    return q.last - q.first + 1
end

--- A stream.
-- @tparam[opt=0] number capacity values held
-- @treturn stream
function stream.stream(capacity)
    return setmetatable({ capacity = capacity or 0, values = fifo(), takers = fifo(), putters = fifo() }, mt)
end

--- Is `x` a stream?
-- @treturn boolean
function stream.is_stream(x)
    return getmetatable(x) == mt
end

--- Offers a value; nil cannot be put.
-- @treturn deferred of true, or of false when the stream is closed
function Stream:put(value)
    if value == nil then
        error("bad argument 'value' to put (nil cannot be a value of a stream)", 2)
    end
    if self.is_closed then
        return success(false)
    end
    while size(self.takers) > 0 do
        if pop(self.takers):success(value) then
            return success(true)
        end
    end
    if size(self.values) < self.capacity then
        push(self.values, value)
        return success(true)
    end
    if size(self.putters) >= stream.MAX_PENDING then
        return deferred.error_deferred(failure.new("too_large", "too many pending puts"))
    end
    local d = deferred.deferred()
    push(self.putters, { d, value })
    return d
end

local function refill(self)
    while size(self.putters) > 0 and size(self.values) < math.max(self.capacity, 1) do
        local p = pop(self.putters)
        if p[1]:success(true) then
            push(self.values, p[2])
            return
        end
    end
end

--- Asks for the next value.
-- @treturn deferred of the value, or of nil when the stream is drained; fails when the producer failed
function Stream:take()
    if size(self.values) == 0 then
        refill(self)
    end
    if size(self.values) > 0 then
        local value = pop(self.values)
        if self.capacity > 0 then
            refill(self)
        end
        return success(value)
    end
    if self.is_closed then
        return self.failure and deferred.error_deferred(self.failure) or success(nil)
    end
    if self.pull then
        return self.pull(self)
    end
    while size(self.takers) > 0 and self.takers[self.takers.first]:is_realized() do
        pop(self.takers) -- those who have given up
    end
    if size(self.takers) >= stream.MAX_PENDING then
        return deferred.error_deferred(failure.new("too_large", "too many pending takes"))
    end
    local d = deferred._personal()
    push(self.takers, d)
    return d
end

--- Ends the stream: values that are held can still be taken, then takers get nil. With `err`, takers fail instead.
-- @param[opt] err error object
function Stream:close(err)
    if self.is_closed then
        return
    end
    self.is_closed, self.failure = true, err
    while size(self.takers) > 0 do
        local d = pop(self.takers)
        if err then
            d:error(err)
        else
            d:success(nil)
        end
    end
    if self.on_close then
        self.on_close(err)
    end
end

--- Iterates over the values in the running task; raises when the producer failed.
function Stream:each()
    return function()
        return deferred.await(self:take())
    end
end

--- A source whose `take` is `pull(self)` → deferred; for bodies read from the network.
function stream._pulling(pull)
    local s = stream.stream(0)
    s.pull = pull
    return s
end

return stream
