--- What a stream looks like: describe, downstream, and dot, which draws the graph.

local argument = require "perilune.argument"
local base = require "perilune.stream.base"

local stream, Stream = base.stream, base.methods
local function held(r, width)
    return r and r.n / width or 0
end

--- Name of a stream in a drawing.
local function caption(d)
    local text = d.name
    if d.buffer_capacity > 0 then
        text = ("%s %d/%d"):format(text, d.buffer_size, d.buffer_capacity)
    end
    if d.pending_puts > 0 then
        text = ("%s puts %d"):format(text, d.pending_puts)
    end
    if d.pending_takes > 0 then
        text = ("%s takes %d"):format(text, d.pending_takes)
    end
    return text .. (d.drained and " drained" or d.closed and " closed" or "")
end

local function quote(text)
    return '"' .. tostring(text):gsub('[\\"]', "\\%0"):gsub("\n", "\\n") .. '"'
end

--- Streams that can be reached from `s`, breadth first, numbered; and the lines of what connects them.
local function explore(s)
    local seen, order, lines = { [s] = 1 }, { s }, {}
    local i = 1
    while order[i] do
        for _, pair in ipairs(order[i]:downstream()) do
            local sink = pair[2]
            if not seen[sink] then
                order[#order + 1] = sink
                seen[sink] = #order
            end
            lines[#lines + 1] = ("    s%d -> s%d [label=%s];"):format(i, seen[sink], quote(pair[1]))
        end
        i = i + 1
    end
    return order, lines
end

--- Facts: `name type closed drained permanent buffer_size buffer_capacity pending_puts pending_takes`, and what
-- the option `description` adds.
-- @treturn table
function Stream:describe()
    local from, to = self.source_side or self.sink_side or self, self.sink_side or self.source_side or self
    local d = {
        type = self.source_side and self.sink_side and "splice" or "stream",
        name = type(to.label) == "string" and to.label or "stream",
        closed = to.has_ended,
        drained = from:is_drained(),
        permanent = to.is_permanent or false,
        buffer_capacity = from.capacity,
        buffer_size = held(from.items, 1),
        pending_puts = held(to.putters, 2),
        pending_takes = held(from.takers, 2),
    }
    for name, value in pairs(type(to.label) == "table" and to.label or {}) do
        d[name] = value
    end
    return d
end

--- What this stream is connected to: an array of `{description, stream}`; functions that consume have no stream
-- and are left out.
-- @treturn table
function Stream:downstream()
    local s, list = self.source_side or self, {}
    for _, c in ipairs(s.conns or {}) do
        if c.sink then
            list[#list + 1] = { c.label or "connect", c.sink }
        end
    end
    for _, out in ipairs(s.outputs or {}) do
        list[#list + 1] = { s.label, out }
    end
    return list
end

--- The graph downstream of `s` in the language of Graphviz.
-- @tparam stream s
-- @treturn string
function stream.dot(s)
    if not stream.is_stream(s) then
        argument.bad("s", "stream.dot", "a stream expected, got " .. type(s))
    end
    local order, lines = explore(s.source_side or s)
    local text = { "digraph stream {", "    rankdir=LR; node [shape=box];" }
    for i, each in ipairs(order) do
        text[#text + 1] = ("    s%d [label=%s];"):format(i, quote(caption(each:describe())))
    end
    for _, line in ipairs(lines) do
        text[#text + 1] = line
    end
    text[#text + 1] = "}\n"
    return table.concat(text, "\n")
end

Stream.dot = stream.dot
