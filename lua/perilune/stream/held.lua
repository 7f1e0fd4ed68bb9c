--- What a stream holds: its buffer, and the queue of putters as pairs of a message and its owner.

local deferred_core = require "perilune.deferred.core"
local sys = require "perilune.core.sys"

local SUCCESS, PENDING = deferred_core.SUCCESS, deferred_core.PENDING
local STATE, WORK = 1, 3
local settle, is_wanted, deferred_mt = deferred_core.settle, deferred_core.is_wanted, deferred_core.mt

local held = {}

--- Has the owner given up? Then the message does not count any more.
local function is_dead(owner)
    if getmetatable(owner) == deferred_mt then
        return not is_wanted(owner)
    end
    return owner.is_cut
end

--- Drops puts that have given up from the front.
local function drop_dead(putters)
    repeat
        putters:pop()
        putters:pop()
        if putters.n == 0 then
            return false
        end
    until not is_dead(putters:peek(2))
    return true
end

--- Is there a put that counts? (Here and below, loops that hardly ever run are functions of their own: a loop inside
-- of a small function keeps LuaJIT from compiling whatever calls it.)
local function has_putter(s)
    local putters = s.putters
    if not putters or putters.n == 0 then
        return false
    end
    return not is_dead(putters:peek(2)) or drop_dead(putters)
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

--- Calls functions of the user, an error in which is logged.
local function run_all(callbacks, what)
    for i = 1, callbacks and #callbacks or 0 do
        local ok, err = xpcall(callbacks[i], debug.traceback)
        if not ok then
            sys.log("error", what .. " failed: " .. tostring(err))
        end
    end
end

--- A copy of an array without `item`.
local function without(list, item)
    local rest = {}
    for i = 1, #list do
        if list[i] ~= item then
            rest[#rest + 1] = list[i]
        end
    end
    return rest
end

--- Nobody will take any more: who waits is told that his message was not accepted.
local function refuse_putters(s)
    local putters = s.putters
    while putters and putters.n > 0 do
        putters:pop()
        local owner = putters:pop()
        if getmetatable(owner) == deferred_mt and owner[STATE] == PENDING then
            owner[WORK] = false
            settle(owner, SUCCESS, false)
        end
    end
end

held.run_all, held.without, held.refuse_putters = run_all, without, refuse_putters
held.has_putter, held.is_empty, held.has_room, held.keep = has_putter, is_empty, has_room, keep

return held
