--- Operators with one deferred upstream: chain, catch, finally, connect, shield.
--
-- Each is a stage between `source` and `out` (see deferred/core.lua). What a function of the user returns goes
-- through `resolve`, which waits for deferreds to any depth.

local core = require "perilune.deferred.core"
local failure = require "perilune.failure"
local queue = require "perilune.deferred.queue"
local unseen = require "perilune.unseen"

local PENDING, SUCCESS, ERROR = core.PENDING, core.SUCCESS, core.ERROR
local STATE, VALUE, WORK = 1, 2, 3
local mt, settle, attach = core.mt, core.settle, core.attach

local stage = {}

--- Downstream was settled or cancelled by somebody else: what only it wanted is given up in turn.
local function abandon(self)
    return core.detach(self.source, self)
end

local function class(react, what)
    local c = { react = react, abandon = abandon, what = what }
    c.__index = c
    return c
end

--- Puts a stage of `kind` between `source` and a new deferred.
local function between(source, kind, fn, match)
    local self = setmetatable({ source = source, out = false, fn = fn, match = match }, kind)
    local out = core.new(self)
    self.out = out
    attach(source, self)
    return out
end

--- The innermost of deferreds that have succeeded with deferreds.
local function peel(x)
    while getmetatable(x) == mt and x[STATE] == SUCCESS do
        x = x[VALUE]
    end
    return x
end

local Follow

--- Settles `out`, which is pending, with `result`; with its outcome when it is a deferred.
-- @tparam deferred out
-- @param result anything
function stage.resolve(out, result)
    result = peel(result)
    if getmetatable(result) ~= mt then
        settle(out, SUCCESS, result)
    elseif result[STATE] == ERROR then
        unseen.seen(result)
        settle(out, ERROR, result[VALUE])
    elseif result == out then
        settle(out, ERROR, failure.new("invalid", "a deferred cannot wait for itself"))
    else
        local work = out[WORK]
        local fn = type(work) == "table" and work.fn or nil
        local follow = setmetatable({ source = result, out = out, fn = fn }, Follow)
        out[WORK] = follow
        attach(result, follow)
    end
end

local resolve = stage.resolve

Follow = class(function(self, d)
    if self.out[STATE] == PENDING then
        resolve(self.out, d)
    end
end)

--- Settles `out` with what `fn(value)` returns or raises.
local function apply(out, fn, value)
    local ok, result = pcall(fn, value)
    if out[STATE] ~= PENDING then
        return
    elseif ok then
        resolve(out, result)
    else
        settle(out, ERROR, result)
    end
end

local function pass_on(out, d)
    settle(out, d[STATE], d[VALUE])
end

local Chain = class(function(self, d)
    local out = self.out
    if out[STATE] ~= PENDING then
        return
    elseif d[STATE] == ERROR then
        pass_on(out, d)
    else
        apply(out, self.fn, d[VALUE])
    end
end, "a stage of a chain")

local Catch = class(function(self, d)
    local out, match = self.out, self.match
    if out[STATE] ~= PENDING then
        return
    elseif d[STATE] == SUCCESS or match and not match(d[VALUE]) then
        pass_on(out, d)
    else
        apply(out, self.fn, d[VALUE])
    end
end, "a handler of errors")

--- The function of `finally` has ended: the outcome of what it stands behind, unless it failed itself.
local Conclude = class(function(self, d)
    local out = self.out
    if out[STATE] == PENDING then
        pass_on(out, d[STATE] == ERROR and d or self.fn)
    end
end)

local Finally = class(function(self, d)
    local out = self.out
    local ok, result = pcall(self.fn)
    result = peel(result)
    if out[STATE] ~= PENDING then
        return
    elseif not ok then
        settle(out, ERROR, result)
    elseif getmetatable(result) == mt then
        local conclude = setmetatable({ source = result, out = out, fn = d }, Conclude)
        out[WORK] = conclude
        attach(result, conclude)
    else
        pass_on(out, d)
    end
end, "a stage of finally")

--- Cancelled early, the function of finally runs all the same.
function Finally:abandon()
    local upstream = core.detach(self.source, self)
    if self.source[STATE] == PENDING then
        queue.push(self, self.source)
    end
    return upstream
end

--- What `shield` puts in between: nothing is given up.
local Shield = class(function(self, d)
    if self.out[STATE] == PENDING then
        pass_on(self.out, d)
    end
end)

function Shield:abandon()
    core.remove_consumer(self.source, self)
end

function stage.chain(d, fn)
    return between(d, Chain, fn)
end

function stage.catch(d, match, fn)
    return between(d, Catch, fn, match)
end

function stage.finally(d, fn)
    return between(d, Finally, fn)
end

function stage.shield(d)
    return between(d, Shield)
end

--- Conveys the outcome of `a` into `b`. False when `b` is settled already.
-- @treturn boolean
function stage.connect(a, b)
    if b[STATE] ~= PENDING then
        return false
    end
    local work = b[WORK]
    resolve(b, a)
    if work and b[STATE] == PENDING then
        b[WORK] = work
    end
    return true
end

stage.peel = peel

return stage
