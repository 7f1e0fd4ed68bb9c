--- What a stream holds: its buffer, and the queue of putters as pairs of a message and its owner.

local deferred_core = require "perilune.deferred.core"

local PENDING, STATE = deferred_core.PENDING, 1
local deferred_mt = deferred_core.mt

local held = {}

--- Has the owner given up? Then the message does not count any more.
local function is_dead(owner)
    if getmetatable(owner) == deferred_mt then
        return owner[STATE] ~= PENDING
    end
    return owner.is_cut
end

--- Puts that have given up are dropped from the front. True when one that counts is there.
local function has_putter(s)
    local putters = s.putters
    while putters and putters.n > 0 do
        if not is_dead(putters:peek(2)) then
            return true
        end
        putters:pop()
        putters:pop()
    end
    return false
end

local function is_empty(s)
    return not (s.items and s.items.n > 0) and not has_putter(s)
end

--- Room in the buffer, which is measured in messages or by a metric.
local function has_room(s, v)
    if s.metric then
        return s.total + s.metric(v) <= s.capacity
    end
    return s.items.n < s.capacity
end

local function keep(s, v)
    s.items:push(v)
    if s.metric then
        local weight = s.metric(v)
        s.weights:push(weight)
        s.total = s.total + weight
    end
end

held.has_putter, held.is_empty, held.has_room, held.keep = has_putter, is_empty, has_room, keep

return held
