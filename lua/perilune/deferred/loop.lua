--- Loops over deferreds without a task: `loop(fn, ...)` calls fn again with what `recur(...)` names.
--
-- In a task a plain `while` with `await` says the same; this one is for code that has no task. Turns that need not
-- wait run in a row, BUDGET of them, and go on in a later turn of the event loop, in constant stack.

local core = require "perilune.deferred.core"
local queue = require "perilune.deferred.queue"
local stage = require "perilune.deferred.stage"

local PENDING, SUCCESS, ERROR = core.PENDING, core.SUCCESS, core.ERROR
local STATE, VALUE = 1, 2
local mt, settle = core.mt, core.settle

local BUDGET = 10000

local loop = {}

local Recur = { __name = "recur" }

local Loop = { what = "a loop" }
Loop.__index = Loop

function Loop:abandon()
    local source = self.source
    return source and core.detach(source, self)
end

--- Takes the result of a turn. True when the next turn is to follow at once, with the arguments in self.
function Loop:take(ok, result)
    local out = self.out
    if out[STATE] ~= PENDING then
        return false
    elseif not ok then
        settle(out, ERROR, result)
        return false
    end
    if getmetatable(result) == mt then
        result = stage.peel(result)
    end
    local kind = getmetatable(result)
    if kind == Recur then
        self.arguments = result
        return true
    elseif kind == mt and result[STATE] < SUCCESS then
        self.source, self.arguments = result, false
        core.attach(result, self)
    else
        stage.resolve(out, result)
    end
    return false
end

--- Runs turns until one waits, ends, or the budget is used up.
function Loop:run()
    local fn = self.fn
    for _ = 1, BUDGET do
        local a = self.arguments
        if not self:take(pcall(fn, a[1], a[2], a[3], a[4])) then
            return
        end
    end
    queue.push(self, self.out)
end

function Loop:react(d)
    if self.out[STATE] ~= PENDING then
        return
    elseif d == self.out then
        return self:run()
    end
    self.source = nil
    if d[STATE] == ERROR then
        settle(self.out, ERROR, d[VALUE])
    elseif self:take(true, d[VALUE]) then
        self:run()
    end
end

--- Names the arguments of the next turn, at most four: to be returned by the function of a loop, or by what it
-- returns.
function loop.recur(a, b, c, d, ...)
    if select("#", ...) > 0 then
        error("bad arguments to recur (at most four expected)", 2)
    end
    return setmetatable({ a, b, c, d }, Recur)
end

--- Calls `fn(...)`; a deferred that it returns is waited for; `recur(...)` lets it be called again; anything else is
-- the outcome.
-- @tparam function fn
-- @param ... at most four arguments of the first turn
-- @treturn deferred
function loop.loop(fn, a, b, c, d, ...)
    if select("#", ...) > 0 then
        error("bad arguments to loop (a function and at most four expected)", 3)
    end
    local self = setmetatable({ fn = fn, out = false, arguments = { a, b, c, d }, source = nil }, Loop)
    local out = core.new(self)
    self.out = out
    self:run()
    return out
end

return loop
