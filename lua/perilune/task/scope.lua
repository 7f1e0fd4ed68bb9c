--- Scopes: a task that ends after everything it has started.
--
-- The scope is the work behind its deferred. Cancelling it cancels the parts, but the deferred is settled only when
-- all of them have ended (`ends_late`), with the reason that came first.

local core = require "perilune.deferred.core"
local failure = require "perilune.failure"

local PENDING, SUCCESS, ERROR = core.PENDING, core.SUCCESS, core.ERROR
local STATE, WORK = 1, 3

local scope = {}
local Scope = { ends_late = true, what = "a scope" }
Scope.__index = Scope

local function end_scope(self)
    local out = self.out
    if out[STATE] ~= PENDING then
        return
    end
    out[WORK] = self
    if self.error ~= nil then
        core.settle(out, ERROR, self.error)
    else
        core.settle(out, SUCCESS, self.value)
    end
end

--- Gives up whatever still runs; the first reason counts.
local function stop(self, reason)
    if self.error == nil then
        self.error = reason
    end
    if self.is_stopping then
        return
    end
    self.is_stopping = true
    for i = 1, #self.parts do
        local handle = self.parts[i][WORK]
        if type(handle) == "userdata" then
            core.abandon(handle, reason)
        end
    end
end

--- A part has ended: not when its deferred is settled, which a cancel does at once, but when its task is over.
local function part_ended(self, d)
    for i = 1, #self.parts do
        if self.parts[i] == d then
            table.remove(self.parts, i)
            break
        end
    end
    self.n = self.n - 1
    if self.n == 0 then
        end_scope(self)
    end
end

local function start(self, fn, keep)
    local d
    d = self.task.spawn(function(...)
        local ok, value = xpcall(fn, failure.traced, ...)
        if ok and keep then
            self.value = value
        elseif not ok then
            stop(self, value)
        end
        part_ended(self, d)
        if not ok then
            error(value, 0)
        end
        return value
    end, unpack(self.arguments or {}))
    self.parts[#self.parts + 1], self.n = d, self.n + 1
    -- the scope looks at its parts' errors itself
    core.attach(d, { react = function() end })
    return d
end

--- Starts `fn(...)` as a part of the scope.
-- @tparam function fn
-- @treturn deferred of its first result
function Scope:spawn(fn, ...)
    if self.out[STATE] ~= PENDING then
        error("the scope has ended", 2)
    end
    self.arguments = { ... }
    local d = start(self, fn, false)
    self.arguments = nil
    if self.is_stopping then
        core.abandon(d[WORK], self.error)
    end
    return d
end

--- Cancels every part.
-- @param[opt] reason as of `deferred:cancel`
function Scope:cancel(reason)
    stop(self, core.to_reason(reason))
end

function Scope:abandon(reason)
    stop(self, reason)
end

--- For task.scope.
-- @tparam table task the module
-- @tparam function fn
-- @treturn deferred
function scope.run(task, fn)
    local self = setmetatable({ task = task, parts = {}, n = 0, value = nil, error = nil, fn = fn }, Scope)
    self.out = core.new(self)
    self.arguments = { self }
    start(self, fn, true)
    self.arguments = nil
    return self.out
end

return scope
