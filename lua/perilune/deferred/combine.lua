--- Operators with many deferreds upstream: zip, zip_all, alt.
--
-- A Gather stands behind the result; each source gets an Item, the reactor that knows its number. As soon as the
-- outcome is known, or nobody wants it, the sources that are still pending are released: who has no other use is
-- cancelled.

local core = require "perilune.deferred.core"
local failure = require "perilune.failure"
local unseen = require "perilune.unseen"

local PENDING, SUCCESS, ERROR = core.PENDING, core.SUCCESS, core.ERROR
local STATE, VALUE, WORK, CONSUMER = 1, 2, 3, 4
local mt, settle = core.mt, core.settle

local combine = {}

local Item = {}
Item.__index = Item

function Item:react(d)
    local gather = self.gather
    if gather.out[STATE] == PENDING then
        gather:take(self, d)
    end
end

local Gather = {}
Gather.__index = Gather

--- Lets go of every source that is still pending.
function Gather:abandon(reason)
    for i = 1, #self.items do
        local item = self.items[i]
        core.release(item.source, item, reason)
    end
end

local known = failure.new("cancelled", "the outcome is known without it")

local function finish(gather, state, value)
    settle(gather.out, state, value)
    gather:abandon(known)
end

--- A source that was not even looked at, because the outcome was known before.
local function pass_over(d)
    if getmetatable(d) == mt and d[STATE] == PENDING and d[WORK] and not d[CONSUMER] then
        core.give_up(d, known, ERROR, known, true)
    end
end

local function class(take)
    local c = setmetatable({ take = take, abandon = Gather.abandon }, Gather)
    c.__index = c
    return c
end

--- Watches all sources that are deferreds; settled ones at once, in their order.
local function gather_from(kind, n, sources)
    local gather = setmetatable({ items = {}, values = { n = n }, left = n, out = false }, kind)
    local out = core.new(gather)
    gather.out = out
    for i = 1, n do
        local d = sources[i]
        if getmetatable(d) ~= mt then
            d = setmetatable({ SUCCESS, d, false, false }, mt)
        end
        local item = setmetatable({ gather = gather, source = d, index = i }, Item)
        gather.items[i] = item
        if d[STATE] >= SUCCESS then
            unseen.seen(d)
            item:react(d)
        else
            core.attach(d, item)
        end
        if out[STATE] ~= PENDING then
            for rest = i + 1, n do
                pass_over(sources[rest])
            end
            break
        end
    end
    return out
end

local Zip = class(function(self, item, d)
    if d[STATE] == ERROR then
        return finish(self, ERROR, d[VALUE])
    end
    self.values[item.index], self.left = d[VALUE], self.left - 1
    if self.left == 0 then
        finish(self, SUCCESS, self.values)
    end
end)

local ZipAll = class(function(self, item, d)
    local is_ok = d[STATE] == SUCCESS
    self.values[item.index] = is_ok and { ok = true, value = d[VALUE] } or { ok = false, error = d[VALUE] }
    self.left = self.left - 1
    if self.left == 0 then
        finish(self, SUCCESS, self.values)
    end
end)

local Alt = class(function(self, _, d)
    finish(self, d[STATE], d[VALUE])
end)

--- A deferred of an array of the values of all arguments, in their order, and their number `n`. Fails as soon as one
-- fails; those still pending are then cancelled unless somebody else waits for them.
-- @param ... deferreds or values
-- @treturn deferred
function combine.zip(...)
    local n = select("#", ...)
    if n == 0 then
        return core.settled(SUCCESS, { n = 0 })
    end
    return gather_from(Zip, n, { ... })
end

--- A deferred of an array with `{ok=true, value=}` or `{ok=false, error=}` for each argument. It never fails.
-- @param ... deferreds or values
-- @treturn deferred
function combine.zip_all(...)
    local n = select("#", ...)
    if n == 0 then
        return core.settled(SUCCESS, { n = 0 })
    end
    return gather_from(ZipAll, n, { ... })
end

--- What is settled already among sources: one of them, each with the same chance; nil when none is.
local function pick_settled(n, sources)
    local found, chosen = 0, nil
    for i = 1, n do
        local d = sources[i]
        if getmetatable(d) ~= mt or d[STATE] >= SUCCESS then
            found = found + 1
            if math.random(found) == 1 then
                chosen = i
            end
        end
    end
    return chosen
end

--- A deferred of the outcome of whichever argument is settled first, value or error. The others are cancelled unless
-- somebody else waits for them. Among arguments that are settled already one is taken at random.
-- @param ... at least one deferred or value
-- @treturn deferred
function combine.alt(...)
    local n = select("#", ...)
    if n == 0 then
        error("bad argument to alt (at least one deferred or value expected)", 2)
    end
    local sources = { ... }
    local chosen = pick_settled(n, sources)
    if chosen then
        sources[1], sources[chosen] = sources[chosen], sources[1]
    end
    return gather_from(Alt, n, sources)
end

return combine
