--- Connections that a program makes itself: connect, connect_via, drain_into, consume, consume_async; views and
-- splices.

local argument = require "perilune.argument"
local base = require "perilune.stream.base"
local check_options = require("perilune.options").check
local core = require "perilune.stream.core"
local deferred = require "perilune.deferred"
local link = require "perilune.stream.link"

local stream, Stream = base.stream, base.methods

local connect = link.connect

local OPTIONS = { upstream = "boolean", downstream = "boolean", timeout = "seconds",
    description = { "string", "table" } }

local function known_options(options, what)
    local fields = {}
    for name, value in pairs(check_options(options, OPTIONS, what, 3)) do
        fields[name == "description" and "label" or name] = value
    end
    return fields
end

local function check_sink(source, sink, what)
    local is_both = source == sink and source.sink_side and source.source_side ~= source.sink_side
    if source == sink and not is_both then
        argument.bad("sink", what, "a stream cannot be its own sink", 3)
    elseif not stream.is_stream(sink) or sink.is_source_only then
        argument.bad("sink", what, "a stream that takes puts expected", 3)
    end
end

local function with_done(fields)
    fields.done = deferred.deferred()
    return fields
end

--- Sends every value of this stream to `sink`.
-- @tparam stream sink
-- @tparam[opt] table options `downstream` (true): the end of this stream closes the sink; `upstream` (false): the
-- end of the sink closes this stream even when it has other sinks; `timeout`: seconds after which a value that
-- the sink has not accepted is dropped and the connection cut, with `downstream` the sink closed; `description`
-- @treturn stream sink
function Stream:connect(sink, options)
    check_sink(self, sink, "connect")
    connect(link.Link, self, sink, known_options(options, "connect"))
    return sink
end

--- Calls `fn(value)` for every value, the next one once the deferred of a boolean that it returns is settled;
-- false cuts the connection. fn usually puts into `sink`, which is closed with this stream, and whose end cuts
-- the connection.
-- @tparam function fn
-- @tparam stream sink
-- @tparam[opt] table options as of `connect`
-- @treturn deferred true once this stream is exhausted, false when the connection was cut, or the error of fn
function Stream:connect_via(fn, sink, options)
    argument.check(fn, "function", "fn", "connect_via")
    check_sink(self, sink, "connect_via")
    local fields = with_done(known_options(options, "connect_via"))
    fields.fn = fn
    connect(link.Via, self, sink, fields)
    return fields.done
end

--- Sends every value to `sink` and does not close it.
-- @tparam stream sink
-- @treturn deferred true once this stream is exhausted and all was accepted, false when the sink was closed
-- before
function Stream:drain_into(sink)
    check_sink(self, sink, "drain_into")
    local fields = with_done({ downstream = false })
    connect(link.Link, self, sink, fields)
    return fields.done
end

--- Calls `fn(value)` for every value.
-- @tparam function fn its result does not matter, it must not await
-- @treturn deferred true once the stream is exhausted, or the error of the stream or of fn
function Stream:consume(fn)
    argument.check(fn, "function", "fn", "consume")
    local fields = with_done({ fn = fn })
    connect(link.Consume, self, nil, fields)
    return fields.done
end

--- Calls `fn(value)` for every value, the next one once the deferred that it returns is settled. A false ends it.
-- @tparam function fn
-- @treturn deferred true once the stream is exhausted or fn has answered false, or the error
function Stream:consume_async(fn)
    argument.check(fn, "function", "fn", "consume_async")
    local fields = with_done({ fn = fn, stops_well = true })
    connect(link.Via, self, nil, fields)
    return fields.done
end

local Splice = setmetatable({}, { __index = Stream })
local splice_mt = { __index = Splice, __name = "stream" }

base.splice_mt = splice_mt

--- A method of the one side of a splice.
local function of_side(side, name)
    local other = side == "sink_side" and "source" or "sink"
    return function(self, ...)
        local s = self[side]
        if not s then
            error(("this stream is a %s only: it has no '%s'"):format(other, name), 2)
        end
        local result = s[name](s, ...)
        return result == s and self or result
    end
end

for _, name in ipairs { "put", "try_put", "put_all", "is_closed", "on_closed" } do
    Splice[name] = of_side("sink_side", name)
end
for _, name in ipairs { "take", "try_take", "is_drained", "on_drained" } do
    Splice[name] = of_side("source_side", name)
end

function Splice:each()
    return self.source_side:each()
end

function Splice:close(err)
    if self.sink_side then
        self.sink_side:close(err)
    end
    if self.source_side then
        self.source_side:close(err)
        if self.is_source_only then
            core.refuse_putters(self.source_side)
        end
    end
end

--- One stream object of two: puts go to `sink`, takes come from `source`, closing it closes both.
-- @tparam stream sink
-- @tparam stream source
-- @treturn stream
function stream.splice(sink, source)
    return setmetatable({ sink_side = sink, source_side = source }, splice_mt)
end

--- A view that can only be taken from. Closing it closes the stream, and puts that wait are refused.
-- @treturn stream
function Stream:source_only()
    return setmetatable({ source_side = self, is_source_only = true }, splice_mt)
end

--- A view that can only be put into. Closing it closes the stream.
-- @treturn stream
function Stream:sink_only()
    return setmetatable({ sink_side = self, is_sink_only = true }, splice_mt)
end

--- A stream whose values pass an xform: a sink that expands into `tail`.
function stream._with_xform(tail, options)
    local head = stream.stream(0, { permanent = options.permanent })
    head.label = options.description
    link.expand(head, tail, options.xform, { label = "xform" })
    return stream.splice(head, tail)
end

--- Puts every value of an array, an iterator function or a stream, one after the other.
-- @param values
-- @treturn deferred true once all are accepted, false when the stream was closed before
function Stream:put_all(values)
    return stream.to_source(values):drain_into(self)
end
