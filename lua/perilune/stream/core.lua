--- What a stream is: who puts, what it holds, who takes, and how a message travels through connections.
--
-- A message goes to the first of: a waiting taker; the *pump*, which offers it to every connection downstream; the
-- buffer, while there is room; the queue of putters, each with an *owner* to be told once the message is accepted:
-- the deferred of a put, or the connection that brought it. All in the order of the puts.
--
-- A connection (stream/link.lua lists the kinds) stands between `source` and `sink`. `c:offer(v)` hands it a message
-- and answers true, or false when it can deliver no more; when delivery takes time it calls `wait(c)` now and
-- `answered(c, ok)` later, and the pump of its source rests until then. So a source runs one message ahead of its
-- slowest sink. Connections that only map and test are *simple*: `push` walks along them without a call per stage, as
-- long as the streams in between are empty and idle and have no buffer; an idle stream has its connection in the field
-- `through`.
--
-- Closing travels both ways at once: a sink that closes severs the connections that lead to it, and a source without
-- connections closes. What is held can still be taken; when nothing is left, the sinks are closed, with the source's
-- error.

local deferred_core = require "perilune.deferred.core"
local failure = require "perilune.failure"
local held = require "perilune.stream.held"
local queue = require "perilune.deferred.queue"
local ring = require "perilune.ring"
local timers = require "perilune.timers"
local unseen = require "perilune.unseen"

local SUCCESS, ERROR, PENDING = deferred_core.SUCCESS, deferred_core.ERROR, deferred_core.PENDING
local STATE, VALUE, WORK = 1, 2, 3
local settle, is_wanted, deferred_mt = deferred_core.settle, deferred_core.is_wanted, deferred_core.mt
local has_putter, is_empty, has_room, keep = held.has_putter, held.is_empty, held.has_room, held.keep
local run_all, without, refuse_putters = held.run_all, held.without, held.refuse_putters

local DEPTH = 60 -- calls from pump to pump before a stream waits for the next turn

local M = { unwanted = failure.new("cancelled", "the stream was closed") }

local pump, close, sever
local depth = 0

-- ---------------------------------------------------------------------------------------------------------------------
-- Owners of puts, and answers to connections

--- The connection's message will be answered later.
local function wait(c)
    local source = c.source
    c.is_waiting, source.through = true, false
    source.waiting = source.waiting + 1
    if c.timeout then
        c.timer = timers.start(c.timeout, c)
    end
end

local function stop_waiting(c)
    c.is_waiting = false
    c.source.waiting = c.source.waiting - 1
    if c.timer then
        timers.stop(c.timer)
        c.timer = nil
    end
end

--- The message that the connection waits for has been accepted, or it can deliver no more.
local function answered(c, ok)
    if not c.is_waiting then
        return
    end
    stop_waiting(c)
    if not ok then
        sever(c)
    elseif c.source.waiting == 0 then
        pump(c.source)
    end
end

local function tell(owner)
    if getmetatable(owner) ~= deferred_mt then
        return owner:accepted()
    end
    owner[WORK] = false
    settle(owner, SUCCESS, true)
end

--- May the pump take a message before it is held, without overtaking another?
local function is_idle(s)
    return s.n_conns > 0 and s.waiting == 0 and not s.is_pumping
        and not (s.putters and s.putters.n > 0) and not (s.items and s.items.n > 0)
end

--- Can a put go straight through this stream?
local function refresh(s)
    local c = s.n_conns == 1 and not s.has_ended and is_idle(s) and s.conns[1]
    s.through = c and c.is_simple and not (s.takers and s.takers.n > 0) and c or false
end

-- ---------------------------------------------------------------------------------------------------------------------
-- What is held

local function note_drained(s)
    if s.has_ended and not s.is_drained_told and is_empty(s) then
        s.is_drained_told = true
        run_all(s.drained_callbacks, "a function of on_drained")
        s.drained_callbacks = nil
    end
end

--- Moves the message of a putter into the buffer, if there is one and room for it.
local function move_up(s)
    if not s.items or not has_putter(s) or not has_room(s, s.putters:peek(1)) then
        return false
    end
    local v, owner = s.putters:pop(), s.putters:pop()
    keep(s, v)
    tell(owner)
    return true
end

local function move_up_all(s)
    while move_up(s) do end
end

local function refill(s)
    if move_up(s) and has_putter(s) then
        move_up_all(s)
    end
end

--- The next message that is held, or nil; and its owner, to be told when the message has found its place.
local function next_message(s)
    local buffer = s.items
    if buffer and buffer.n > 0 then
        local v = buffer:pop()
        if s.metric then
            s.total = s.total - s.weights:pop()
        end
        return v
    elseif has_putter(s) then
        return s.putters:pop(), s.putters:pop()
    end
end

--- The next message that is held, or nil. Whoever waits for room moves up.
local function shift(s)
    local v, owner = next_message(s)
    if v == nil then
        return nil
    end
    if owner then
        tell(owner)
    end
    if s.putters and s.putters.n > 0 then
        refill(s)
    end
    if s.has_ended then
        note_drained(s)
    end
    return v
end

local hand

local function hand_to_next(s, v)
    while s.takers.n > 0 do
        if hand(s, v, true) then
            return true
        end
    end
    return false
end

--- Gives the message to a waiting taker, of which there is one. False when none is left who wants it.
hand = function(s, v, is_last_try)
    local takers = s.takers
    local d = takers:pop()
    takers:pop()
    if takers.n == 0 then
        refresh(s)
    end
    if is_wanted(d) then
        d[WORK] = false
        settle(d, SUCCESS, v)
        return true
    end
    return not is_last_try and takers.n > 0 and hand_to_next(s, v)
end

-- ---------------------------------------------------------------------------------------------------------------------
-- The pump

local function offer_to_many(conns, v)
    local is_accepted = false
    for i = 1, #conns do
        local c = conns[i]
        if not c.is_severed and c:offer(v) then
            is_accepted = true
        end
    end
    return is_accepted
end

local function offer_all(s, v)
    local conns = s.conns
    if s.n_conns > 1 then
        return offer_to_many(conns, v)
    end
    return conns[1]:offer(v)
end

--- The source has nothing more: what is downstream ends, too.
local function finish(s)
    local conns = s.conns
    s.conns, s.n_conns, s.through = {}, 0, false
    unseen.seen(s)
    for i = 1, #conns do
        local c = conns[i]
        c.is_severed = true
        if c.sink then
            c.sink:_forget_source(c)
        end
        c:finish(s.failure)
    end
end

local function on_pulled(s, d)
    if d[STATE] == ERROR then
        close(s, d[VALUE])
    elseif d[VALUE] == nil then
        close(s)
    else
        s.is_pumping = true
        offer_all(s, d[VALUE])
        s.is_pumping = false
    end
end

local Pull = {}
Pull.__index = Pull

function Pull:react(d)
    local s = self.stream
    s.pulled, s.waiting = nil, s.waiting - 1
    on_pulled(s, d)
    pump(s)
end

--- Asks a stream that produces on demand. True when there was an answer at once.
local function pull_one(s)
    local d = s:pull()
    if d[STATE] >= SUCCESS then
        if d[STATE] == ERROR then
            unseen.seen(d)
        end
        s.is_pumping = false
        on_pulled(s, d)
        s.is_pumping = true
        return true
    end
    s.waiting = s.waiting + 1
    s.pulled = d
    deferred_core.attach(d, setmetatable({ stream = s }, Pull))
    return false
end

--- Offers the next message, or finds that there is none. False when there is nothing more to do for now.
local function pump_one(s)
    local v, owner = next_message(s)
    if v == nil then
        if s.has_ended then
            finish(s)
            return false
        end
        return s.pull and pull_one(s)
    end
    offer_all(s, v)
    if owner then
        tell(owner)
    end
    if s.putters then
        refill(s)
    end
    return true
end

local function pump_more(s)
    while s.n_conns > 0 and s.waiting == 0 and pump_one(s) do end
end

--- Offers what is held, message by message, until a connection waits or nothing is left.
pump = function(s)
    if s.is_pumping or s.waiting > 0 or s.n_conns == 0 then
        if s.has_ended then
            note_drained(s)
        end
        return
    elseif depth > DEPTH then
        queue.later(pump, s)
        return
    end
    s.is_pumping, depth = true, depth + 1
    if pump_one(s) and s.n_conns > 0 and s.waiting == 0 then
        pump_more(s)
    end
    s.is_pumping, depth = false, depth - 1
    refresh(s)
    note_drained(s)
end

--- What a put does when it cannot go straight through: true accepted, false closed, nil there is no room now.
local function admit(s, v)
    if s.has_ended then
        return false
    elseif s.takers and s.takers.n > 0 and hand(s, v) then
        return true
    elseif depth <= DEPTH and is_idle(s) then
        s.is_pumping, depth = true, depth + 1
        local is_accepted = offer_all(s, v)
        s.is_pumping, depth = false, depth - 1
        pump(s)
        return is_accepted
    end
    return M.store(s, v)
end

--- A message is held that was too deep in calls to be offered at once.
local function pump_later(s)
    s.through = false
    if s.n_conns > 0 and s.waiting == 0 and not s.is_pumping then
        queue.later(pump, s)
    end
end

--- Into the buffer, when there is room.
function M.store(s, v)
    if s.store then
        return s:store(v)
    elseif s.items and not has_putter(s) and has_room(s, v) then
        keep(s, v)
        pump_later(s)
        return true
    end
end

--- Puts the message into the queue of those that wait for room.
local function line_up(s, v, owner)
    local putters = s.putters
    if not putters then
        putters = ring.new()
        s.putters = putters
    end
    putters:push(v)
    putters:push(owner)
    pump_later(s)
end

--- A function of the user has failed: the connection is cut, downstream ends with the error.
local function broken(c, err)
    c.failure = err
    if c.sink then
        close(c.sink, err)
    end
    sever(c)
    return false
end

--- Puts a message that has come along connection `c` into `sink`. When that has no room, c waits: its source is the
-- one that pauses, the streams in between hold nothing.
-- @treturn boolean false when it was not delivered and never will be
local function deliver(c, sink, v)
    local ok = admit(sink, v)
    if ok == nil then
        wait(c)
        line_up(sink, v, c)
        return true
    end
    return ok
end

--- Sends a message from `first` on along `c`, through simple connections as far as it goes without waiting, or up to
-- a stream with a buffer, where it may rest while `first` goes on. (It calls itself in place of a loop: so LuaJIT
-- compiles a pipeline into straight code.)
-- @treturn boolean as deliver
local function push(first, c, v)
    if c.map then
        local ok, result = pcall(c.map, v)
        if not ok or result == nil then
            return broken(c, ok and "a function of map returned nil" or result)
        end
        v = result
    elseif c.test then
        local ok, result = pcall(c.test, v)
        if not ok then
            return broken(c, result)
        elseif not result then
            return true
        end
    end
    local sink = c.sink
    local through = sink.through
    if through and not sink.items then
        return push(first, through, v)
    end
    return deliver(first, sink, v)
end

--- A put along the one connection of a stream.
local function put_through(s, c, v)
    s.through, s.is_pumping = false, true
    local ok = push(c, c, v)
    s.is_pumping = false
    if s.waiting == 0 and (s.putters and s.putters.n > 0 or s.items and s.items.n > 0) then
        pump(s)
    else
        refresh(s)
    end
    return ok
end

--- Puts without a deferred: true accepted, false closed, nil there is no room now.
function M.put_now(s, v)
    local c = s.through
    if c then
        return put_through(s, c, v)
    end
    return admit(s, v)
end

-- ---------------------------------------------------------------------------------------------------------------------
-- Ends

--- Takes a connection out: it delivers no more. A source that has no other closes.
sever = function(c)
    if c.is_severed then
        return
    end
    local source = c.source
    c.is_severed = true
    source.conns = without(source.conns, c)
    source.n_conns = #source.conns
    if c.is_waiting then
        stop_waiting(c)
    end
    if c.sink then
        c.sink:_forget_source(c)
    end
    c:cut()
    if source.n_conns == 0 or c.upstream then
        close(source)
        refuse_putters(source)
    end
    refresh(source)
    pump(source)
end

local function dismiss_takers(s, err)
    local takers, has_told = s.takers, false
    while takers and takers.n > 0 do
        local d, default = takers:pop(), takers:pop()
        if d[STATE] == PENDING then
            d[WORK], has_told = false, true
            if err ~= nil then
                settle(d, ERROR, err)
            else
                settle(d, SUCCESS, default[1])
            end
        end
    end
    return has_told
end

--- Nothing more is accepted. What is held can still be taken, then takers get nil, or `err`.
close = function(s, err)
    if s.has_ended or s.is_permanent then
        return
    end
    s.has_ended, s.failure, s.through = true, err, false
    local is_told = dismiss_takers(s, err)
    if s.pulled then
        deferred_core.give_up(s.pulled, M.unwanted, ERROR, M.unwanted, true)
    end
    depth = depth + 1
    for _, c in ipairs(s.sources or {}) do
        if depth > DEPTH then
            queue.later(sever, c)
        else
            sever(c)
        end
    end
    depth = depth - 1
    if err ~= nil and not is_told and s.n_conns == 0 then
        unseen.watch(s, err, "a stream", s.origin)
    end
    run_all(s.closed_callbacks, "a function of on_closed")
    s.closed_callbacks = nil
    pump(s)
    note_drained(s)
end

M.wait, M.pump, M.answered, M.push, M.admit, M.broken = wait, pump, answered, push, admit, broken
M.shift, M.is_empty, M.line_up, M.refresh = shift, is_empty, line_up, refresh
M.deliver, M.sever, M.close, M.run_all, M.refuse_putters = deliver, sever, close, run_all, refuse_putters

return M
