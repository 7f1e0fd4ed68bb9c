--- Deferreds: one value, later.
--
-- A deferred is settled once, with a value or an error. `await(d)` suspends the running task until then. Listeners
-- are called on a later turn of the loop, never from inside the call that settles. Whoever does not want the outcome
-- any more says so (`cancel`, `timeout`, settling a result early, the end of a task that awaits): when nobody is left
-- who wants it, the work behind it is stopped, however far upstream it is.
--
-- What a deferred is made of: deferred/core.lua. Operators: deferred/{stage,combine,loop}.lua. Time: timers.lua.
-- Errors that nobody looks at: unseen.lua.

local argument = require "perilune.argument"
local combine = require "perilune.deferred.combine"
local core = require "perilune.deferred.core"
local failure = require "perilune.failure"
local loop = require "perilune.deferred.loop"
local queue = require "perilune.deferred.queue"
local stage = require "perilune.deferred.stage"
local sys = require "perilune.core.sys"
local timers = require "perilune.timers"
local unseen = require "perilune.unseen"

local PENDING, CLAIMED, SUCCESS, ERROR = core.PENDING, core.CLAIMED, core.SUCCESS, core.ERROR
local STATE, VALUE, WORK = 1, 2, 3
local check, check_optional = argument.check, argument.check_optional
local Deferred, mt, settle = core.methods, core.mt, core.settle

local deferred = {}

local function check_deferred(x, name, what)
    if getmetatable(x) ~= mt then
        argument.bad(name, what, "deferred expected, got " .. type(x), 3)
    end
end

-- ---------------------------------------------------------------------------------------------------------------------
-- Making

--- A pending deferred.
-- @tparam[opt] function on_cancel called with the reason when nobody wants the outcome any more; stops the work
-- behind it
-- @treturn deferred
function deferred.deferred(on_cancel)
    check_optional(on_cancel, "function", "on_cancel", "deferred")
    if core.is_tracking then
        return core.new(on_cancel)
    end
    return setmetatable({ PENDING, false, on_cancel or false, false }, mt)
end

--- A deferred that already has the value.
-- @treturn deferred
function deferred.success_deferred(value)
    return setmetatable({ SUCCESS, value, false, false }, mt)
end

--- A deferred that has already failed with `err`.
-- @treturn deferred
function deferred.error_deferred(err)
    return core.settled(ERROR, err)
end

--- Is `x` a deferred?
-- @treturn boolean
function deferred.is_deferred(x)
    return getmetatable(x) == mt
end

--- `x` itself when it is a deferred; else a deferred that has it as its value. A deferred that has succeeded with a
-- deferred is peeled.
-- @treturn deferred
function deferred.to_deferred(x)
    x = stage.peel(x)
    return getmetatable(x) == mt and x or deferred.success_deferred(x)
end

--- Peels what has succeeded: the value, the value of the deferred that is its value, and so on. Pending and failed
-- deferreds are returned as they are.
deferred.unwrap = stage.peel

--- From now on each deferred remembers where it was made, which the log line of an unseen error tells. Costs about a
-- microsecond each; PERILUNE_DEBUG=1 in the environment switches it on.
-- @tparam boolean is_on
function deferred.track(is_on)
    core.is_tracking = is_on
end

-- ---------------------------------------------------------------------------------------------------------------------
-- Settling

--- May somebody with this token settle a deferred that is not simply pending?
local function is_allowed(d, state, token)
    if state ~= CLAIMED or token == nil then
        return false
    elseif token ~= d.token then
        error("bad argument 'token' (not the token of this deferred's claim)", 3)
    end
    d[STATE] = PENDING
    return true
end

local early = failure.new("cancelled", "the outcome was settled without it")

--- Somebody has settled the result of an operator. What a function or a task stands behind is settled by just that.
local function settled_early(work)
    if type(work) == "table" then
        core.give_up(work:abandon(early), early, ERROR, early, true)
    end
end

--- Settles with a value. False when it was settled already, or claimed by somebody else. The result of an operator
-- may be settled like any other: its later stages do not run, and what only it wanted is cancelled.
-- @param value
-- @param[opt] token of the claim
-- @treturn boolean
function Deferred:success(value, token)
    local state = self[STATE]
    if state ~= PENDING and not is_allowed(self, state, token) then
        return false
    end
    local work = self[WORK]
    settle(self, SUCCESS, value)
    if work then
        settled_early(work)
    end
    return true
end

--- Settles with an error, like `success`.
-- @treturn boolean
function Deferred:error(err, token)
    local state = self[STATE]
    if state ~= PENDING and not is_allowed(self, state, token) then
        return false
    end
    local work = self[WORK]
    settle(self, ERROR, err)
    if work then
        settled_early(work)
    end
    return true
end

--- Reserves the right to settle it: from now on only who has the token can, and neither timeout nor cancel does.
-- @return token, nil when it is settled or claimed
function Deferred:claim()
    if self[STATE] ~= PENDING then
        return nil
    end
    self[STATE] = CLAIMED
    self.token = {}
    return self.token
end

--- Gives up waiting: the work behind it is stopped and the deferred fails with `reason`.
-- @param[opt] reason an error object, or the text of one with code `cancelled`
-- @treturn boolean false when it was settled already
function Deferred:cancel(reason)
    if self[STATE] ~= PENDING then
        return false
    end
    reason = core.to_reason(reason)
    core.give_up(self, reason, ERROR, reason, true)
    return true
end

--- id of timer → seconds of the timeout, or {seconds, value} when it succeeds with a value
local limits = {}

function Deferred:on_timer(id)
    local limit = limits[id]
    limits[id] = false
    self[VALUE] = false
    if self[STATE] ~= PENDING then
        return
    end
    local seconds = type(limit) == "table" and limit[1] or limit
    local err = failure.new("timeout", ("no answer within %g s"):format(seconds))
    if type(limit) == "table" then
        core.give_up(self, err, SUCCESS, limit[2])
    else
        core.give_up(self, err, ERROR, err)
    end
end

--- Fails with code `timeout` after `seconds`, stopping the work behind it; with `value` given, succeeds with that. Of
-- several timeouts the first to pass counts. Without `seconds` nothing happens.
-- @tparam ?number seconds 0 or less: in the next turn
-- @treturn deferred itself
function Deferred:timeout(seconds, ...)
    if seconds == nil or self[STATE] >= SUCCESS then
        return self
    elseif type(seconds) ~= "number" or seconds ~= seconds or seconds > 1e9 then
        argument.bad("seconds", "timeout", "a number up to 1e9 expected")
    end
    local before = self[VALUE]
    if before then
        if timers.left(before) <= seconds then
            return self
        end
        timers.stop(before)
    end
    local id = timers.start(math.max(seconds, 0), self)
    self[VALUE] = id
    limits[id] = select("#", ...) > 0 and { seconds, (...) } or seconds
    return self
end

-- ---------------------------------------------------------------------------------------------------------------------
-- Listening

local Listener = {}
Listener.__index = Listener

function Listener:react(d)
    local fn = self[d[STATE] == SUCCESS and 1 or 2]
    if fn then
        local ok, err = xpcall(fn, debug.traceback, d[VALUE])
        if not ok then
            sys.log("error", "deferred listener failed: " .. tostring(err))
        end
    end
end

--- Two functions that can be added to deferreds and taken away again.
-- @tparam ?function on_success called with the value
-- @tparam ?function on_error called with the error
-- @treturn listener
function deferred.listener(on_success, on_error)
    check_optional(on_success, "function", "on_success", "listener")
    check_optional(on_error, "function", "on_error", "listener")
    return setmetatable({ on_success or false, on_error or false }, Listener)
end

--- Calls `on_success(value)` or `on_error(err)` on a later turn once settled, in the order in which they were added;
-- either may be nil. An error in them is logged and harms nobody else.
-- @treturn deferred itself
function Deferred:on_realized(on_success, on_error)
    check_optional(on_success, "function", "on_success", "on_realized")
    check_optional(on_error, "function", "on_error", "on_realized")
    core.attach(self, setmetatable({ on_success or false, on_error or false }, Listener))
    return self
end

--- Adds a listener made by `deferred.listener`.
-- @treturn boolean true
function Deferred:add_listener(listener)
    if type(listener) ~= "table" or not listener.react then
        argument.bad("listener", "add_listener", "listener expected, got " .. type(listener))
    end
    core.attach(self, listener)
    return true
end

--- Takes a listener away. False when it is not there, or the deferred is settled already.
-- @treturn boolean
function Deferred:cancel_listener(listener)
    return self[STATE] < SUCCESS and core.remove_consumer(self, listener)
end

--- Has it been settled?
-- @treturn boolean
function Deferred:is_realized()
    local sleep = self[STATE] == PENDING and core.sleep_of(self)
    if sleep and timers.now() >= sleep.deadline then
        sleep:abandon()
        settle(self, SUCCESS, true)
    end
    return self[STATE] >= SUCCESS
end

--- The value if it has succeeded, else `default`.
function Deferred:success_value(default)
    if self:is_realized() and self[STATE] == SUCCESS then
        return self[VALUE]
    end
    return default
end

--- The error if it has failed, else `default`.
function Deferred:error_value(default)
    if self[STATE] == ERROR then
        unseen.seen(self)
        return self[VALUE]
    end
    return default
end

function mt.__tostring(self)
    if self[STATE] < SUCCESS then
        return "<< … >>"
    elseif self[STATE] == SUCCESS then
        return "<< " .. tostring(self[VALUE]) .. " >>"
    end
    return "<< ERROR: " .. tostring(self[VALUE]) .. " >>"
end

-- ---------------------------------------------------------------------------------------------------------------------
-- Operators

--- A deferred of `fn(value)`; deferreds that `fn` returns are waited for, to any depth; an error skips it. More
-- functions are further stages.
-- @tparam function fn
-- @treturn deferred
function Deferred:chain(fn, ...)
    check(fn, "function", "fn", "chain")
    local out = stage.chain(self, fn)
    for i = 1, select("#", ...) do
        local more = select(i, ...)
        check(more, "function", "fn", "chain")
        out = stage.chain(out, more)
    end
    return out
end

--- The same for a value that may be a deferred or not.
function deferred.chain(x, fn, ...)
    return deferred.to_deferred(x):chain(fn, ...)
end

local function has_code(code)
    return function(err)
        return type(err) == "table" and err.code == code
    end
end

--- A deferred of `handler(err)` when this one fails; a value passes. With `match`, other errors pass too.
-- @tparam[opt] string|function match the error's code, or a function of the error that answers whether to handle it
-- @tparam function handler
-- @treturn deferred
function Deferred:catch(match, handler)
    if handler == nil then
        match, handler = nil, match
    end
    check(handler, "function", "handler", "catch")
    if type(match) == "string" then
        match = has_code(match)
    elseif match ~= nil then
        check(match, "function", "match", "catch")
    end
    return stage.catch(self, match, handler)
end

--- A deferred of the same outcome, settled after `fn()` has run, and after the deferred that it may return. An error
-- of fn takes the outcome's place. fn runs whatever happens, also when the result is cancelled.
-- @tparam function fn
-- @treturn deferred
function Deferred:finally(fn)
    check(fn, "function", "fn", "finally")
    return stage.finally(self, fn)
end

--- Conveys this one's outcome into `other`. False when that is settled already.
-- @tparam deferred other
-- @treturn boolean
function Deferred:connect(other)
    check_deferred(other, "other", "connect")
    return stage.connect(self, other)
end

--- The same for a value that may be a deferred or not.
function deferred.connect(a, b)
    check_deferred(b, "b", "connect")
    return stage.connect(a, b)
end

--- A deferred of the same outcome that may be cancelled without any effect on this one.
-- @treturn deferred
function Deferred:shield()
    return stage.shield(self)
end

deferred.zip, deferred.zip_all, deferred.alt = combine.zip, combine.zip_all, combine.alt
deferred.recur = loop.recur

--- Calls `fn(...)`, again with the arguments that it (or the deferred it returns) names by `recur`, until it returns
-- something else: that is the outcome.
-- @tparam function fn
-- @param ... at most four arguments of the first turn
-- @treturn deferred
function deferred.loop(fn, ...)
    check(fn, "function", "fn", "loop")
    return loop.loop(fn, ...)
end

deferred.await, deferred.try_await = core.await, core.try_await
Deferred.await, Deferred.try_await = core.await, core.try_await

-- ---------------------------------------------------------------------------------------------------------------------
-- For this library

local function no_work() end

--- A pending deferred of something that only one can have: it is given up when nobody waits for it any more.
function deferred._personal()
    return setmetatable({ PENDING, false, no_work, false }, mt)
end

deferred._sleep, deferred._later = core.sleep, queue.later

return deferred
