--- Operators that make a stream of another: map, filter, transform, realize_each, mapcat, reductions, zip, concat,
-- partition_by; and reduce, which makes a deferred.
--
-- The simple ones are connections (stream/link.lua). The others are tasks that take from a *tap*, a stream connected
-- to the source, and put into the result: plain code that waits where it has to.

local argument = require "perilune.argument"
local base = require "perilune.stream.base"
local deferred = require "perilune.deferred"
local link = require "perilune.stream.link"
local task = require "perilune.task"
local xform = require "perilune.stream.xform"

local stream, Stream = base.stream, base.methods

local await, is_deferred = deferred.await, deferred.is_deferred

local Reduced = { __name = "reduced" }

local function operator(self, kind, name, fields)
    local out = stream.stream(0)
    fields.label = name
    link.connect(kind, self, out, fields)
    return out
end

--- A stream of `fn(value)`. fn must not await; a deferred that it returns is a value like any other: see
-- realize_each. With more streams, the values of all are taken together: `a:map(fn, b)` is of `fn(a's, b's)`.
-- @tparam function fn when it fails, the result fails with that error
-- @treturn stream
function Stream:map(fn, ...)
    argument.check(fn, "function", "fn", "map")
    if select("#", ...) > 0 then
        return self:zip(...):map(function(values)
            return fn(unpack(values))
        end)
    end
    return operator(self, link.Link, "map", { map = fn })
end

--- A stream of the values for which `fn(value)` is true.
-- @treturn stream
function Stream:filter(fn)
    argument.check(fn, "function", "fn", "filter")
    return operator(self, link.Link, "filter", { test = fn })
end

--- A stream of the values of deferreds, in their order; others pass. An error ends it with that error.
-- @treturn stream
function Stream:realize_each()
    return operator(self, link.Realize, "realize_each", {})
end

--- A stream of what an xform makes of the values.
-- @tparam function x see perilune.stream.xform
-- @tparam[opt=0] number capacity of the result
-- @treturn stream
function Stream:transform(x, capacity)
    argument.check(x, "function", "fn", "transform")
    local out = stream.stream(capacity)
    link.expand(self, out, x, { label = "transform" })
    return out
end

--- A stream of the elements of the arrays `fn(value)`.
-- @treturn stream
function Stream:mapcat(fn)
    argument.check(fn, "function", "fn", "mapcat")
    return self:transform(xform.mapcat(fn))
end

--- Ends a reduce: to be returned by its function.
function stream.reduced(value)
    return setmetatable({ value = value }, Reduced)
end

local function fold(fn, acc, v)
    local result = fn(acc, v)
    if is_deferred(result) then
        result = await(result)
    end
    return result, getmetatable(result) == Reduced
end

--- A deferred of `fn(… fn(fn(init, v1), v2) …)`. Without init the first value takes its place. fn may return a
-- deferred, and `stream.reduced(value)` to end: then what is left stays in the stream.
-- @tparam function fn of what was reached and the next value
-- @param[opt] init
-- @treturn deferred
function Stream:reduce(fn, init)
    argument.check(fn, "function", "fn", "reduce")
    return task.spawn(function()
        local acc, is_over = init
        if acc == nil then
            acc = await(self:take())
        end
        for v in self:each() do
            acc, is_over = fold(fn, acc, v)
            if is_over then
                return acc.value
            end
        end
        return acc
    end)
end

--- A stream of everything that `reduce` reaches in turn, beginning with init.
-- @treturn stream
function Stream:reductions(fn, init)
    argument.check(fn, "function", "fn", "reductions")
    return stream._operator({ self }, "reductions", function(tap, put)
        local acc, is_over = init
        if acc == nil then
            acc = await(tap:take())
        end
        if acc == nil or not put(acc) then
            return
        end
        for v in tap:each() do
            acc, is_over = fold(fn, acc, v)
            if not put(is_over and acc.value or acc) or is_over then
                return
            end
        end
    end)
end

--- An operator that is a task: `body(tap, put, …)` takes from one tap for each source; `put(v)` waits until v is
-- accepted and answers false when nobody wants more.
function stream._operator(sources, name, body, capacity)
    local out, taps = stream.stream(capacity), {}
    local function put(v)
        return await(out:put(v))
    end
    for i, source in ipairs(sources) do
        taps[i] = stream.stream(0)
        link.connect(link.Link, source, taps[i], { label = name })
    end
    local worker = task.detach(function()
        local ok, err = pcall(body, taps[1], put, taps, out)
        out:close(not ok and err or nil)
    end)
    out:on_closed(function()
        worker:cancel("the stream was closed")
        for i = 1, #taps do
            taps[i]:close()
        end
    end)
    taps[1].outputs, taps[1].label = { out }, name
    return out
end

--- A stream of arrays: the first values of all, the second ones, … until one of the streams ends.
-- @param ... streams
-- @treturn stream
function Stream:zip(...)
    return stream._operator({ self, ... }, "zip", function(_, put, taps)
        while true do
            local values = {}
            for i = 1, #taps do
                values[i] = await(taps[i]:take())
                if values[i] == nil then
                    return
                end
            end
            if not put(values) then
                return
            end
        end
    end)
end

--- From a stream of streams (or arrays) one of all their values, in order.
-- @treturn stream
function Stream:concat()
    return stream._operator({ self }, "concat", function(tap, _, _, out)
        for inner in tap:each() do
            inner = stream.to_source(inner)
            if not await(inner:drain_into(out)) then
                return
            end
        end
    end)
end

--- A stream of streams, a new one whenever `fn(value)` changes. Take all of one before waiting for the next.
-- @treturn stream
function Stream:partition_by(fn)
    argument.check(fn, "function", "fn", "partition_by")
    return stream._operator({ self }, "partition_by", function(tap, put)
        local part, key
        for v in tap:each() do
            local new_key = fn(v)
            if part == nil or new_key ~= key then
                if part then
                    part:close()
                end
                part, key = stream.stream(0), new_key
                if not put(part) then
                    return
                end
            end
            await(part:put(v))
        end
        if part then
            part:close()
        end
    end)
end
