--- Connections between streams, one class for each way in which a message may travel (see stream/core.lua).
--
-- Link      as it is, mapped or tested: the simple ones
-- Consume   to a function; its result does not matter
-- Via       to a function that answers when it is ready for the next message, false to end
-- Realize   deferreds: their values
-- Expand    to any number of messages: mapcat and xforms
-- Every class has `offer`, `finish` (the source has ended), `cut` (this connection has) and `accepted` (the sink has
-- taken what it could not take at once). `done`, where there is one, is the deferred that says how it went.

local core = require "perilune.stream.core"
local deferred = require "perilune.deferred"
local deferred_core = require "perilune.deferred.core"
local ring = require "perilune.ring"
local unseen = require "perilune.unseen"

local PENDING, SUCCESS, ERROR = deferred_core.PENDING, deferred_core.SUCCESS, deferred_core.ERROR
local STATE, VALUE = 1, 2
local is_deferred = deferred.is_deferred

local M = {}

local Base = {}

--- An error that the sink has got as well need not be seen twice.
local function fail(done, err, has_sink)
    if done[STATE] == PENDING then
        deferred_core.settle(done, ERROR, err, has_sink)
    end
end

function Base:finish(failure)
    if self.sink and self.downstream then
        core.close(self.sink, failure)
    end
    if self.done and failure ~= nil then
        fail(self.done, failure, self.sink and self.downstream)
    elseif self.done then
        self.done:success(true)
    end
end

function Base:cut()
    if self.done and self.failure ~= nil then
        fail(self.done, self.failure, self.sink)
    elseif self.done then
        self.done:success(self.is_stopped or false)
    end
end

function Base:accepted()
    core.answered(self, true)
end

--- A message was not accepted in time: it is withdrawn.
function Base:on_timer()
    self.timer, self.is_cut = nil, true
    if self.downstream and self.sink then
        core.close(self.sink)
    end
    core.sever(self)
end

local function class()
    local c = {}
    for name, fn in pairs(Base) do
        c[name] = fn
    end
    c.__index = c
    return c
end

-- ---------------------------------------------------------------------------------------------------------------------

local Link = class()

function Link:offer(v)
    return core.push(self, self, v)
end

local Consume = class()

function Consume:offer(v)
    local ok, err = pcall(self.fn, v)
    return ok or core.broken(self, err)
end

local Via = class()

--- What the function answered: false ends the connection, an error breaks it.
local function take_answer(self, state, value)
    if state == ERROR then
        core.broken(self, value)
    elseif value == false then
        self.is_stopped = self.stops_well
        core.sever(self)
    elseif self.is_waiting then
        core.answered(self, true)
    end
    return state ~= ERROR and (value ~= false or self.stops_well or false)
end

function Via:offer(v)
    local ok, answer = pcall(self.fn, v)
    if not ok then
        return core.broken(self, answer)
    elseif not is_deferred(answer) then
        return take_answer(self, SUCCESS, answer)
    elseif answer[STATE] >= SUCCESS then
        unseen.seen(answer)
        return take_answer(self, answer[STATE], answer[VALUE])
    end
    core.wait(self)
    deferred_core.attach(answer, self)
    return true
end

function Via:react(d)
    if not self.is_severed then
        take_answer(self, d[STATE], d[VALUE])
    end
end

local Realize = class()

--- Delivers a message that is there now; of one that was waited for the answer is given.
local function deliver(self, v)
    if not self.is_waiting then
        return core.deliver(self, self.sink, v)
    end
    local ok = core.admit(self.sink, v)
    if ok == nil then
        core.line_up(self.sink, v, self)
    else
        core.answered(self, ok)
    end
    return true
end

function Realize:offer(v)
    v = deferred.unwrap(v)
    if not is_deferred(v) then
        return deliver(self, v)
    end
    core.wait(self)
    deferred_core.attach(v, self)
    return true
end

function Realize:react(d)
    if self.is_severed then
        return
    elseif d[STATE] == ERROR then
        core.broken(self, d[VALUE])
        return
    end
    local v = deferred.unwrap(d)
    if is_deferred(v) then
        deferred_core.attach(v, self)
    elseif v == nil then
        core.broken(self, "a deferred in a stream has succeeded with nil")
    else
        deliver(self, v)
    end
end

local Expand = class()

--- Moves what the step has made on to the sink, as far as there is room.
function Expand:flush()
    local rest, sink = self.rest, self.sink
    while rest.n > 0 do
        local v = rest:pop()
        local ok = core.admit(sink, v)
        if ok == nil then
            if not self.is_waiting then
                core.wait(self)
            end
            core.line_up(sink, v, self)
            return true
        elseif not ok then
            core.sever(self)
            return false
        end
    end
    if self.is_over then
        core.close(sink, self.failure)
    elseif self.is_waiting then
        core.answered(self, true)
    end
    return true
end

Expand.accepted = Expand.flush

function Expand:offer(v)
    local ok, is_over = pcall(self.step, v)
    if not ok then
        return core.broken(self, is_over)
    end
    self.is_over = is_over
    return self:flush()
end

function Expand:finish(failure)
    local ok, err = true, nil
    if self.last and failure == nil then
        ok, err = pcall(self.last)
    end
    self.is_over = true
    if not ok then
        failure = err
    end
    self.failure = failure
    self:flush()
end

-- ---------------------------------------------------------------------------------------------------------------------

--- Puts a connection of `kind` to work.
-- @tparam table kind one of this module's classes
-- @tparam stream source
-- @tparam ?stream sink
-- @tparam table fields of the connection
-- @treturn connection
function M.connect(kind, source, sink, fields)
    source, sink = source.source_side or source, sink and sink.sink_side or sink
    local c = setmetatable(fields, kind)
    c.source, c.sink = source, sink or false
    c.map, c.test = c.map or false, c.test or false
    c.is_simple = kind == Link and not c.timeout
    c.is_severed, c.is_waiting = false, false
    if c.downstream == nil then
        c.downstream = true
    end
    local conns = { unpack(source.conns) }
    conns[#conns + 1] = c
    source.conns, source.n_conns = conns, #conns
    if sink then
        sink:_add_source(c)
        if sink:is_closed() then
            core.sever(c)
            return c
        end
    end
    core.refresh(source)
    core.pump(source)
    return c
end

--- The connection that an Expand's step emits to: `emit(v)` queues a message.
function M.expand(source, sink, make_step, fields)
    local rest = ring.new()
    fields = fields or {}
    fields.rest = rest
    fields.step, fields.last = make_step(function(v)
        rest:push(v)
    end)
    return M.connect(Expand, source, sink, fields)
end

M.Link, M.Consume, M.Via, M.Realize = Link, Consume, Via, Realize

return M
