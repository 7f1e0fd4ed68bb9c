--- Streams from other things, and other things from streams: to_source, to_sink.

local base = require "perilune.stream.base"
local deferred = require "perilune.deferred"
local task = require "perilune.task"

local stream, Stream = base.stream, base.methods

local success, is_deferred = deferred.success_deferred, deferred.is_deferred

--- A source of what `next_one()` returns, asked only when somebody takes; nil ends it, an error fails it.
local function of_function(next_one)
    return stream._pulling(function(self)
        local ok, v = pcall(next_one)
        if not ok then
            self:close(v)
            return self:take()
        elseif v == nil then
            self:close()
        end
        return is_deferred(v) and v or success(v)
    end)
end

local function of_array(values)
    local i = 0
    return of_function(function()
        i = i + 1
        return values[i]
    end)
end

--- One message, or none when the deferred has failed.
local function of_deferred(d)
    local out = stream.stream(1)
    d:on_realized(function(v)
        if v ~= nil then
            out:put(v)
        end
        out:close()
    end, function(err)
        out:close(err)
    end)
    return out
end

local function of_coroutine(co)
    return of_function(function()
        if coroutine.status(co) == "dead" then
            return nil
        end
        local ok, v = coroutine.resume(co)
        if not ok then
            error(v, 0)
        end
        return v
    end)
end

--- Connections, sockets and framed streams have a method that gives a stream: `x`, or that.
local function stream_of(x)
    local has_one = type(x) == "table" and getmetatable(x) ~= nil and type(x.stream) == "function"
    return has_one and x:stream() or x
end

--- A stream of what `x` has to give: the elements of an array; what an iterator function returns until nil (each
-- value is asked for when somebody takes; it may be a deferred); what a coroutine yields; the value of a
-- deferred; a stream itself; that of a connection or a socket.
-- @param x
-- @treturn stream
function stream.to_source(x)
    x = stream_of(x)
    local kind = type(x)
    if stream.is_stream(x) then
        return x
    elseif is_deferred(x) then
        return of_deferred(x)
    elseif kind == "function" then
        return of_function(x)
    elseif kind == "thread" then
        return of_coroutine(x)
    elseif kind == "table" then
        return of_array(x)
    end
    error("bad argument 'x' to to_source (array, function, coroutine, deferred or stream expected, got "
        .. kind .. ")", 2)
end

--- A stream whose values go to `x`: appended to an array; given to a function, which may return a deferred to be
-- waited for, of false to end; the first one into a deferred, then the stream is closed; a stream itself; that of a
-- connection or a socket.
-- @param x
-- @treturn stream
function stream.to_sink(x)
    x = stream_of(x)
    if stream.is_stream(x) then
        return x
    end
    local s = stream.stream(0)
    if is_deferred(x) then
        s:consume_async(function(v)
            x:success(v)
            return false
        end)
    elseif type(x) == "function" then
        s:consume_async(x)
    elseif type(x) == "table" then
        s:consume(function(v)
            x[#x + 1] = v
        end)
    else
        error("bad argument 'x' to to_sink (array, function, deferred or stream expected, got " .. type(x) .. ")", 2)
    end
    return s:sink_only()
end

--- A deferred of an array of all values, once the stream has ended.
-- @treturn deferred
function Stream:collect()
    return task.spawn(function()
        local all = {}
        for v in self:each() do
            all[#all + 1] = v
        end
        return all
    end)
end
