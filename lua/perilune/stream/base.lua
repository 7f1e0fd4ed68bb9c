--- Streams themselves: making, putting, taking, ending. The operators are methods that other files of this folder
-- add.

local check_options = require("perilune.options").check
local argument = require "perilune.argument"
local core = require "perilune.stream.core"
local deferred = require "perilune.deferred"
local deferred_core = require "perilune.deferred.core"
local failure = require "perilune.failure"
local ring = require "perilune.ring"
local unseen = require "perilune.unseen"

local PENDING, SUCCESS = deferred_core.PENDING, deferred_core.SUCCESS
local STATE = 1
local success, await = deferred.success_deferred, deferred.await

local stream = {}
local Stream = {}
local mt = { __index = Stream, __name = "stream" }

--- What the files of the operators add to; `splice_mt` is the metatable of splices (stream/connect.lua).
local base = { splice_mt = false }

--- What most puts and takes answer: settled for good, so one of each is enough.
local TRUE, FALSE, NIL = success(true), success(false), success(nil)

--- Most takes or puts that may wait on one stream; one more fails with code `too_large`.
stream.MAX_PENDING = 16384

local OPTIONS = {
    xform = "function", description = { "string", "table" }, permanent = "boolean", max_pending = "count",
}

--- Less than none is none, as in Manifold.
local function check_capacity(capacity)
    if capacity == nil then
        return 0
    elseif type(capacity) ~= "number" or capacity ~= math.huge and capacity % 1 ~= 0 then
        error("bad argument 'capacity' to stream.stream (a whole number expected, got "
            .. (type(capacity) == "number" and capacity or type(capacity)) .. ")", 3)
    end
    return math.max(capacity, 0)
end

local function new(capacity)
    return setmetatable({
        capacity = capacity,
        items = capacity > 0 and ring.new() or false,
        conns = {},
        n_conns = 0,
        waiting = 0,
        through = false,
        takers = false,
        putters = false,
        has_ended = false,
        is_pumping = false,
        sources = false,
    }, mt)
end

--- A stream.
-- @tparam[opt=0] number capacity values held for takers that are not there yet
-- @tparam[opt] table options `xform`: what becomes of each value (stream.xform); `description`: a name or a table for
-- `describe` and `dot`; `permanent`: closing it does nothing; `max_pending`
-- @treturn stream
function stream.stream(capacity, options)
    capacity = check_capacity(capacity)
    local s = new(capacity)
    if not options then
        return s
    end
    check_options(options, OPTIONS, "stream.stream", 2)
    s.label, s.is_permanent, s.max_pending = options.description, options.permanent, options.max_pending
    if options.xform then
        return stream._with_xform(s, options)
    end
    return s
end

--- Is `x` a stream?
-- @treturn boolean
function stream.is_stream(x)
    local kind = getmetatable(x)
    return kind ~= nil and (kind == mt or kind == base.splice_mt)
end

-- ---------------------------------------------------------------------------------------------------------------------
-- Puts

local function no_work() end

--- How many of a ring's pairs still count; those that have given up are thrown out.
local function sweep(pairs_ring, place)
    local kept = {}
    for _ = 1, pairs_ring.n, 2 do
        local first, second = pairs_ring:pop(), pairs_ring:pop()
        local d = place == 1 and first or second
        if not deferred.is_deferred(d) or d[STATE] == PENDING then
            kept[#kept + 1] = first
            kept[#kept + 1] = second
        end
    end
    for i = 1, #kept do
        pairs_ring:push(kept[i])
    end
    return pairs_ring.n / 2
end

local function is_full(self, waiting, place)
    local most = self.max_pending or stream.MAX_PENDING
    return waiting and waiting.n >= 2 * most and sweep(waiting, place) >= most
end

--- Offers a value; nil cannot be put. Cancelling the deferred, or the task that awaits it, withdraws the value.
-- @treturn deferred of true, or of false when the stream is closed; fails with `too_large` when too many wait
function Stream:put(value)
    if value == nil then
        argument.bad("value", "put", "nil cannot be a value of a stream")
    end
    local ok = core.put_now(self, value)
    if ok then
        return TRUE
    elseif ok == false then
        return FALSE
    elseif is_full(self, self.putters, 2) then
        return deferred.error_deferred(failure.new("too_large", "too many pending puts"))
    end
    local d = setmetatable({ PENDING, false, no_work, false }, deferred_core.mt)
    core.line_up(self, value, d)
    return d
end

--- The same, but gives up after `seconds`: then the deferred has the value `timeout_value` and the message is
-- dropped.
-- @param value
-- @tparam number seconds 0: only if it is accepted at once
-- @param[opt=false] timeout_value
-- @treturn deferred
function Stream:try_put(value, seconds, timeout_value)
    if timeout_value == nil then
        timeout_value = false
    end
    if seconds > 0 then
        return self:put(value):timeout(seconds, timeout_value)
    end
    if value == nil then
        argument.bad("value", "try_put", "nil cannot be a value of a stream")
    end
    local ok = core.put_now(self, value)
    if ok == nil then
        return success(timeout_value)
    end
    return ok and TRUE or FALSE
end

-- ---------------------------------------------------------------------------------------------------------------------
-- Takes

local NO_DEFAULT = {}

local function add_taker(self, default)
    local takers = self.takers
    if is_full(self, takers, 1) then
        return deferred.error_deferred(failure.new("too_large", "too many pending takes"))
    end
    if not takers then
        takers = ring.new()
        self.takers = takers
    end
    local d = setmetatable({ PENDING, false, no_work, false }, deferred_core.mt)
    takers:push(d)
    takers:push(default == nil and NO_DEFAULT or { default })
    self.through = false
    return d
end

local function take_ended(self, default)
    if self.failure ~= nil then
        unseen.seen(self)
        return setmetatable({ deferred_core.ERROR, self.failure, false, false }, deferred_core.mt)
    end
    return default == nil and NIL or success(default)
end

--- (A function of its own: LuaJIT compiles none that makes closures, and `take` has to be compiled.)
local function pull_or(self, default)
    return self:pull():chain(function(v)
        return v == nil and default or v
    end)
end

--- Asks for the next value.
-- @param[opt=nil] default instead of nil once the stream is drained
-- @treturn deferred of the value, or of nil when the stream is closed and empty; fails when the producer failed
function Stream:take(default)
    local value = core.shift(self)
    if value ~= nil then
        return setmetatable({ SUCCESS, value, false, false }, deferred_core.mt)
    elseif self.has_ended then
        return take_ended(self, default)
    elseif self.pull then
        return default == nil and self:pull() or pull_or(self, default)
    end
    return add_taker(self, default)
end

--- The same, but gives up after `seconds` with `timeout_value`; nothing is lost by that.
-- @tparam number seconds 0: only what is there now
-- @param[opt=nil] timeout_value
-- @param[opt=nil] default once the stream is drained
-- @treturn deferred
function Stream:try_take(seconds, timeout_value, default)
    if seconds > 0 then
        return self:take(default):timeout(seconds, timeout_value)
    end
    local value = core.shift(self)
    if value ~= nil then
        return success(value)
    end
    return self.has_ended and take_ended(self, default) or success(timeout_value)
end

local function next_value(self)
    local value = core.shift(self)
    if value ~= nil then
        return value
    end
    return await(self:take())
end

--- Iterates over the values in the running task; raises when the producer failed.
function Stream:each()
    return next_value, self
end

-- ---------------------------------------------------------------------------------------------------------------------
-- Ends

--- Ends the stream: values that are held can still be taken, then takers get nil. With `err`, takers fail instead.
-- Closing a closed stream, or a permanent one, does nothing.
-- @param[opt] err error object
function Stream:close(err)
    core.close(self, err)
end

--- Is nothing accepted any more?
-- @treturn boolean
function Stream:is_closed()
    return self.has_ended
end

--- Is it closed and everything taken?
-- @treturn boolean
function Stream:is_drained()
    return self.has_ended and core.is_empty(self)
end

local function when(self, list, is_so, fn, what)
    if is_so then
        core.run_all({ fn }, "a function of " .. what)
    else
        self[list] = self[list] or {}
        table.insert(self[list], fn)
    end
    return self
end

--- Calls `fn()` when the stream is closed; at once when it is.
-- @treturn stream itself
function Stream:on_closed(fn)
    argument.check(fn, "function", "fn", "on_closed")
    return when(self, "closed_callbacks", self:is_closed(), fn, "on_closed")
end

--- Calls `fn()` when the stream is closed and empty; at once when it is.
-- @treturn stream itself
function Stream:on_drained(fn)
    argument.check(fn, "function", "fn", "on_drained")
    return when(self, "drained_callbacks", self:is_drained(), fn, "on_drained")
end

-- ---------------------------------------------------------------------------------------------------------------------
-- For this library

function Stream:_add_source(c)
    local sources = self.sources or {}
    self.sources = { c, unpack(sources) }
end

function Stream:_forget_source(c)
    local rest = {}
    for _, other in ipairs(self.sources or {}) do
        if other ~= c then
            rest[#rest + 1] = other
        end
    end
    self.sources = rest
end

--- A source whose `take` is `pull(self)` → deferred, nil at the end; for bodies read from the network.
function stream._pulling(pull)
    local s = new(0)
    s.pull = pull
    return s
end

base.stream, base.methods = stream, Stream

return base
