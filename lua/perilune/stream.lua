--- Streams: many values, with backpressure.
--
-- `put` gives a deferred that becomes true once the value is accepted, false when the stream is closed; `take` gives
-- a deferred of the next value, nil once the stream is closed and empty. At most `capacity` values are held for
-- takers that are not there yet. Streams are connected into graphs by operators, all of which are methods:
-- `s:map(f):filter(g)`. A source that is connected to several sinks sends each value to all of them, at the pace of
-- the slowest.
--
-- Making, putting, taking: stream/base.lua. How a message travels: stream/core.lua and stream/link.lua. Operators:
-- stream/{connect,transform,batch,rate,buffer,source}.lua; composable ones without a stream in between:
-- stream/xform.lua.

local base = require "perilune.stream.base"

for _, name in ipairs { "connect", "transform", "batch", "rate", "buffer", "source", "dot" } do
    require("perilune.stream." .. name)
end

return base.stream
