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
-- long as the streams in between are empty and idle; such a stream has its connection in the field `through`.
--
-- Closing travels both ways at once: a sink that closes severs the connections that lead to it, and a source without
-- connections closes. What is held can still be taken; when nothing is left, the sinks are closed, with the source's
-- error.

local deferred_core = require "perilune.deferred.core"
local failure = require "perilune.failure"
local held = require "perilune.stream.held"
local queue = require "perilune.deferred.queue"
local ring = require "perilune.ring"
local sys = require "perilune.core.sys"
local timers = require "perilune.timers"
local unseen = require "perilune.unseen"

local SUCCESS, ERROR, PENDING = deferred_core.SUCCESS, deferred_core.ERROR, deferred_core.PENDING
local STATE, VALUE, WORK = 1, 2, 3
local settle, deferred_mt = deferred_core.settle, deferred_core.mt
local has_putter, is_empty, has_room, keep = held.has_putter, held.is_empty, held.has_room, held.keep

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

--- Can a put go straight through this stream?
local function refresh(s)
    local c = s.n_conns == 1 and s.waiting == 0 and not (s.is_pumping or s.has_ended) and s.conns[1]
    s.through = c and c.is_simple and not (s.takers and s.takers.n > 0) and c or false
end

-- ---------------------------------------------------------------------------------------------------------------------
-- What is held

local function run_all(callbacks, what)
    for i = 1, callbacks and #callbacks or 0 do
        local ok, err = xpcall(callbacks[i], debug.traceback)
        if not ok then
            sys.log("error", what .. " failed: " .. tostring(err))
        end
    end
end

local function note_drained(s)
    if s.has_ended and not s.is_drained_told and is_empty(s) then
        s.is_drained_told = true
        run_all(s.drained_callbacks, "a function of on_drained")
        s.drained_callbacks = nil
    end
end

--- Moves messages of putters into the buffer as long as there is room.
local function refill(s)
    while s.items and has_putter(s) and has_room(s, s.putters:peek(1)) do
        local v, owner = s.putters:pop(), s.putters:pop()
        keep(s, v)
        tell(owner)
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

--- Gives the message to a waiting taker. False when none is left who wants it.
local function hand(s, v)
    local takers = s.takers
    while takers.n > 0 do
        local d = takers:pop()
        takers:pop()
        if d[STATE] == PENDING then
            d[WORK] = false
            settle(d, SUCCESS, v)
            if takers.n == 0 then
                refresh(s)
            end
            return true
        end
    end
    refresh(s)
    return false
end

-- ---------------------------------------------------------------------------------------------------------------------
-- The pump

local function offer_all(s, v)
    local conns, is_accepted = s.conns, false
    for i = 1, #conns do
        local c = conns[i]
        if not c.is_severed and c:offer(v) then
            is_accepted = true
        end
    end
    return is_accepted
end

--- The source has nothing more: what is downstream ends, too.
local function finish(s)
    local conns = s.conns
    s.conns, s.n_conns, s.through = {}, 0, false
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

--- Offers what is held, message by message, until a connection waits or nothing is left.
pump = function(s)
    if s.is_pumping or s.waiting > 0 then
        return
    elseif depth > DEPTH then
        queue.later(pump, s)
        return
    end
    s.is_pumping, depth = true, depth + 1
    while s.n_conns > 0 and s.waiting == 0 do
        local v, owner = next_message(s)
        if v ~= nil then
            offer_all(s, v)
            if owner then
                tell(owner)
            end
            if s.putters then
                refill(s)
            end
        elseif s.has_ended then
            finish(s)
        elseif not s.pull or not pull_one(s) then
            break
        end
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
    elseif s.n_conns > 0 and s.waiting == 0 and not s.is_pumping and depth <= DEPTH then
        s.is_pumping, depth = true, depth + 1
        local is_accepted = offer_all(s, v)
        s.is_pumping, depth = false, depth - 1
        pump(s)
        return is_accepted
    end
    return M.store(s, v)
end

--- Into the buffer, when there is room.
function M.store(s, v)
    if s.store then
        return s:store(v)
    elseif s.items and not has_putter(s) and has_room(s, v) then
        keep(s, v)
        if s.n_conns > 0 and s.waiting == 0 and not s.is_pumping then
            queue.later(pump, s) -- too deep to offer it now
        end
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
    if s.n_conns > 0 and s.waiting == 0 and not s.is_pumping then
        queue.later(pump, s)
    end
end

--- A function of the user has failed: the connection is cut, downstream ends with the error.
local function broken(c, err)
    if c.sink then
        close(c.sink, err)
    end
    c.failure = err
    sever(c)
    return false
end

--- Sends a message along `c`, through simple connections as far as it goes without waiting.
-- @treturn boolean false when it was not delivered and never will be
local function push(c, v)
    while true do
        local map, test = c.map, c.test
        if map then
            local ok, result = pcall(map, v)
            if not ok or result == nil then
                return broken(c, ok and "a function of map returned nil" or result)
            end
            v = result
        elseif test then
            local ok, result = pcall(test, v)
            if not ok then
                return broken(c, result)
            elseif not result then
                return true
            end
        end
        local sink = c.sink
        local through = sink.through
        if not through then
            return M.deliver(c, sink, v)
        end
        c = through
    end
end

--- Puts a message of connection `c` into `sink`.
-- @treturn boolean as push
function M.deliver(c, sink, v)
    local ok = admit(sink, v)
    if ok == nil then
        wait(c)
        line_up(sink, v, c)
        return true
    elseif not ok then
        sever(c)
    end
    return ok
end

--- A put along the one connection of a stream.
local function put_through(s, c, v)
    s.through, s.is_pumping = false, true
    local ok = push(c, v)
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

local function without(list, item)
    local rest = {}
    for i = 1, #list do
        if list[i] ~= item then
            rest[#rest + 1] = list[i]
        end
    end
    return rest
end

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
        deferred_core.give_up(s.pulled, M.unwanted, ERROR, M.unwanted)
    end
    for _, c in ipairs(s.sources or {}) do
        sever(c)
    end
    if err ~= nil and not is_told and s.n_conns == 0 then
        unseen.watch(s, err, "a stream", s.origin)
    end
    run_all(s.closed_callbacks, "a function of on_closed")
    s.closed_callbacks = nil
    pump(s)
    note_drained(s)
end

M.wait, M.answered, M.push, M.admit, M.broken = wait, answered, push, admit, broken
M.shift, M.is_empty, M.line_up, M.refresh = shift, is_empty, line_up, refresh
M.sever, M.close, M.tell, M.run_all = sever, close, tell, run_all

--- Starts the pump of a stream that has got a connection.
function M.start(s)
    refresh(s)
    pump(s)
end

return M
