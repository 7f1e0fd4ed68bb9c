--- Buffers with rules of their own: measured by a metric, dropping, sliding.
--
-- A measured one has a `metric`, which stream/core.lua asks for the size of each value. A dropping or sliding one has
-- a `store(self, value)` in place of the usual buffer: it always accepts.

local argument = require "perilune.argument"
local base = require "perilune.stream.base"
local link = require "perilune.stream.link"
local ring = require "perilune.ring"

local stream, Stream = base.stream, base.methods

local function store_dropping(self, v)
    if self.items.n < self.capacity then
        self.items:push(v)
    else
        self.dropped = self.dropped + 1
    end
    return true
end

local function store_sliding(self, v)
    if self.items.n >= self.capacity then
        self.items:pop()
        self.dropped = self.dropped + 1
    end
    self.items:push(v)
    return true
end

--- A stream that holds values up to a total size. A put that would exceed the limit waits for room; a value above
-- the limit waits for its taker.
-- @tparam number limit
-- @tparam[opt] function metric the size of a value, always the same for the same one; 1 by default
-- @treturn stream
function stream.buffered(limit, metric)
    argument.check_positive(limit, "limit", "buffered")
    local s = stream.stream(limit, { description = "buffer" })
    if metric then
        s.metric, s.weights, s.total = metric, ring.new(), 0
    end
    return s
end

local function lossy(limit, what, store)
    argument.check_positive(limit, "limit", what)
    local s = stream.stream(limit, { description = what })
    s.store, s.dropped = store, 0
    return s
end

--- A stream that accepts every value and drops the newest ones while it holds `limit`. Its field `dropped` counts
-- them.
-- @treturn stream
function stream.dropping(limit)
    return lossy(limit, "dropping", store_dropping)
end

--- The same, but it drops the oldest.
-- @treturn stream
function stream.sliding(limit)
    return lossy(limit, "sliding", store_sliding)
end

for method, make in pairs { buffer = stream.buffered, dropping = stream.dropping, sliding = stream.sliding } do
    --- This stream, connected to such a buffer.
    -- @treturn stream
    Stream[method] = function(self, limit, metric)
        argument.check_positive(limit, "limit", method)
        local out = make(limit, metric)
        link.connect(link.Link, self, out, { label = method })
        return out
    end
end
