--- What a deferred is: its states, who waits for it, how it is settled, awaited and given up.
--
-- A deferred is an array of four slots, which costs 104 bytes and half the time of named fields: STATE; VALUE, the
-- outcome, or while it is pending the number of the timer of its timeout; WORK, what stands behind it; CONSUMER, who
-- wants it.
--
-- WORK is a function called with the reason when nobody wants the outcome any more, a light userdata (the task that
-- makes it), or a *stage*: a table that stands between deferreds upstream and this one. A stage has
--   stage:react(d)          the upstream d was settled: settle what is downstream
--   stage:abandon(reason)   downstream is not wanted any more; may return one deferred upstream to be given up in
-- turn To add an operator, write such a stage (deferred/stage.lua) and `attach` it upstream.
--
-- CONSUMER is the ticket (a number) of one waiting task, one reactor (anything with `react`), or a List of them. When
-- the last one leaves a pending deferred that has WORK, it is given up: so cancelling travels upstream, but never to
-- a deferred that somebody else waits for, nor to one without work behind it.

local core = require "perilune.core.task"
local coroutines = require "perilune.coroutines"
local failure = require "perilune.failure"
local ffi = require "ffi"
local queue = require "perilune.deferred.queue"
local sys = require "perilune.core.sys"
local timers = require "perilune.timers"
local unseen = require "perilune.unseen"

ffi.cdef [[
void ffi_task_wake(double ticket);
bool ffi_task_is_waiting(double ticket);
double ffi_task_begin_wait(void);
double ffi_task_begin_sleep(double seconds);
]]

local C = ffi.C
local yield, WAIT = coroutines.yield, core.WAIT
local push = queue.push

local PENDING, CLAIMED, SUCCESS, ERROR = 0, 1, 2, 3 -- at least SUCCESS: settled
local STATE, VALUE, WORK, CONSUMER = 1, 2, 3, 4

local M = { PENDING = PENDING, CLAIMED = CLAIMED, SUCCESS = SUCCESS, ERROR = ERROR, is_tracking = false }

local Deferred = {}
local mt = { __index = Deferred, __name = "deferred" }

M.methods, M.mt = Deferred, mt

local OF_RESPONSES = { status = true, headers = true, body = true, trailers = true }

--- What is read of a response that nobody has awaited would be nil, and its page empty without a word.
setmetatable(Deferred, {
    __index = function(_, name)
        if OF_RESPONSES[name] then
            error(("a deferred has no field '%s'; was an await forgotten?"):format(name), 2)
        end
    end,
})

-- ---------------------------------------------------------------------------------------------------------------------
-- Consumers

local List = {} -- metatable: [1..n] consumers or false, `live` of them; `at` (of long ones): consumer → index

local LONG = 32

local function append(list, c)
    local n = list.n + 1
    list[n], list.n, list.live = c, n, list.live + 1
    if list.at then
        list.at[c] = n
    elseif n > LONG then
        list.at = {}
        for i = 1, n do
            if list[i] then
                list.at[list[i]] = i
            end
        end
    end
end

local function add_consumer(d, c)
    local old = d[CONSUMER]
    if not old then
        d[CONSUMER] = c
    elseif getmetatable(old) == List then
        append(old, c)
    else
        d[CONSUMER] = setmetatable({ old, c, n = 2, live = 2 }, List)
    end
end

local function index_of(list, c)
    if list.at then
        return list.at[c]
    end
    for i = 1, list.n do
        if list[i] == c then
            return i
        end
    end
end

--- Takes a consumer away. True when it was there.
local function remove_consumer(d, c)
    local old = d[CONSUMER]
    if old == c then
        d[CONSUMER] = false
        return true
    elseif not old or getmetatable(old) ~= List then
        return false
    end
    local i = index_of(old, c)
    if not i then
        return false
    end
    old[i], old.live = false, old.live - 1
    if old.at then
        old.at[c] = nil
    end
    if old.live == 0 then
        d[CONSUMER] = false
    end
    return true
end

local function deliver(c, d)
    if type(c) == "number" then
        C.ffi_task_wake(c)
    elseif getmetatable(c) ~= List then
        push(c, d)
    else
        for i = 1, c.n do
            if c[i] then
                deliver(c[i], d)
            end
        end
    end
end

-- ---------------------------------------------------------------------------------------------------------------------
-- Settling

--- What is written about a failed deferred that nobody has seen.
local function watch(d, work)
    local what, origin = "a deferred", rawget(d, "place")
    if type(work) == "function" then
        origin = origin or work
    elseif type(work) == "table" then
        what, origin = work.what or what, origin or work.fn
    end
    unseen.watch(d, d[VALUE], what, origin)
end

--- Settles a pending deferred. The caller has seen to what stands behind it.
-- @tparam[opt] boolean is_given_up nobody wants the outcome: an error that nobody looks at is no fault
local function settle(d, state, value, is_given_up)
    local timer, work, c = d[VALUE], d[WORK], d[CONSUMER]
    d[STATE], d[VALUE], d[WORK] = state, value, false
    if timer then
        timers.stop(timer)
    end
    if c then
        d[CONSUMER] = false
        deliver(c, d)
    elseif state == ERROR and not is_given_up then
        watch(d, work)
    end
end

local function to_reason(reason)
    if type(reason) == "string" or reason == nil then
        return failure.new("cancelled", reason or "cancelled")
    end
    return reason
end

--- Tells the work behind a deferred that nobody wants the outcome. May return a deferred upstream to be given up in
-- turn.
local function abandon(work, reason)
    local kind = type(work)
    if kind == "table" then
        return work:abandon(reason)
    elseif kind == "userdata" then
        core.cancel(work, reason)
        return nil
    end
    local ok, err = xpcall(work, debug.traceback, reason)
    if not ok then
        sys.log("error", "a function that stops the work behind a deferred failed: " .. tostring(err))
    end
end

--- Cancels a pending deferred and what only it wanted upstream, however long the chain is.
-- @param state,value its outcome
-- @tparam[opt] boolean is_given_up nobody wants to know its error
local function give_up(d, reason, state, value, is_given_up)
    while d and d[STATE] == PENDING do
        local work, upstream = d[WORK], nil
        if work then
            d[WORK] = false
            upstream = abandon(work, reason)
            if type(work) == "table" and work.ends_late then
                return -- it settles `d` itself once its parts have ended
            end
        end
        if d[STATE] == PENDING then
            settle(d, state, value, is_given_up)
        end
        d, state, value, is_given_up = upstream, ERROR, reason, true
    end
end

--- Consumer `c` of `d` is not interested any more. Returns `d` when it has to be given up.
local function detach(d, c)
    if remove_consumer(d, c) and not d[CONSUMER] and d[STATE] == PENDING and d[WORK] then
        return d
    end
end

--- The same, and gives it up.
local function release(d, c, reason)
    give_up(detach(d, c), reason, ERROR, reason, true)
end

-- ---------------------------------------------------------------------------------------------------------------------
-- Sleeping

--- The work behind a sleep: no timer at all while only tasks wait for it, who have one of their own.
local Sleep = {}
Sleep.__index = Sleep

function Sleep:abandon()
    if self.id then
        timers.stop(self.id)
    end
end

function Sleep:on_timer()
    local d = self.out
    self.id = nil
    if d[STATE] == PENDING then
        d[WORK] = false
        settle(d, SUCCESS, true)
    end
end

local function arm(sleep)
    if not sleep.id then
        sleep.id = timers.start(math.max(sleep.deadline - timers.now(), 0), sleep)
    end
end

local function sleep_of(d)
    local work = d[WORK]
    return work and getmetatable(work) == Sleep and work
end

--- A deferred that succeeds with true `seconds` from now.
-- @treturn deferred
function M.sleep(seconds)
    local sleep = setmetatable({ deadline = timers.now() + seconds, out = false }, Sleep)
    local d = setmetatable({ PENDING, false, sleep, false }, mt)
    sleep.out = d
    if timers.mock() then
        arm(sleep)
    end
    return d
end

--- Begins a wait that ends when d is settled; of a sleep: by the task's own timer.
-- @treturn number ticket, below 0 outside of a task
local function begin_wait(d)
    local sleep = sleep_of(d)
    local ticket
    if sleep and not sleep.id then
        ticket = C.ffi_task_begin_sleep(math.max(sleep.deadline - timers.now(), 0))
    else
        ticket = C.ffi_task_begin_wait()
    end
    if ticket >= 0 then
        add_consumer(d, ticket)
    end
    return ticket
end

-- ---------------------------------------------------------------------------------------------------------------------
-- Reacting and waiting

--- Lets `reactor:react(d)` be called on a later turn once `d` is settled.
local function attach(d, reactor)
    if d[STATE] >= SUCCESS then
        if d[STATE] == ERROR then
            unseen.seen(d)
        end
        push(reactor, d)
        return
    end
    local sleep = sleep_of(d)
    if sleep then
        arm(sleep)
    end
    add_consumer(d, reactor)
end

--- The running task was cancelled while it waited. A value that had come before is not lost: it is returned, and the
-- next wait raises the reason. What ends late (a scope) is waited for.
-- @return the error to raise, or nil
local function interrupted(d, ticket, err, is_late)
    if is_late and d[STATE] == SUCCESS and type(err) == "table" then
        core.postpone_cancel(err)
        return nil
    end
    if d[STATE] < SUCCESS then
        local work = d[WORK]
        release(d, ticket, err)
        while type(work) == "table" and work.ends_late and d[STATE] < SUCCESS and not d[WORK] do
            add_consumer(d, C.ffi_task_begin_wait())
            yield(WAIT)
        end
    end
    return err
end

--- Suspends the running task until `d` is settled.
-- @return the error to raise, or nil
local function wait(d)
    local ticket = begin_wait(d)
    if ticket < 0 then
        error("await outside of a task", 3)
    end
    local err, is_late = yield(WAIT)
    if err ~= nil then
        return interrupted(d, ticket, err, is_late)
    end
    if d[STATE] == PENDING and sleep_of(d) then
        d[WORK] = false
        settle(d, SUCCESS, true)
    end
end

--- Waits for a deferred: its value, or its error raised. Other values are returned as they are.
-- @param d a deferred, or any value
function M.await(d)
    if getmetatable(d) ~= mt then
        return d
    end
    if d[STATE] < SUCCESS then
        local err = wait(d)
        if err ~= nil then
            error(err, 0)
        end
    end
    if d[STATE] == SUCCESS then
        return d[VALUE]
    end
    unseen.seen(d)
    error(d[VALUE], 0)
end

--- Waits without raising: true and the value, or false and the error. Only a cancel of the running task is raised.
-- @treturn boolean
-- @return value or error
function M.try_await(d)
    if getmetatable(d) ~= mt then
        return true, d
    end
    if d[STATE] < SUCCESS then
        local err = wait(d)
        if err ~= nil then
            error(err, 0)
        end
    end
    if d[STATE] == SUCCESS then
        return true, d[VALUE]
    end
    unseen.seen(d)
    return false, d[VALUE]
end

-- ---------------------------------------------------------------------------------------------------------------------
-- Making

--- A pending deferred.
-- @tparam[opt] function|table work see above
-- @treturn deferred
function M.new(work)
    local d = setmetatable({ PENDING, false, work or false, false }, mt)
    if M.is_tracking then
        d.place = unseen.here(" (made at %s:%d)")
    end
    return d
end

--- A settled one. A failed one is watched: its error is logged when nobody looks at it.
function M.settled(state, value)
    local d = setmetatable({ state, value, false, false }, mt)
    if state == ERROR then
        unseen.watch(d, value, "a deferred", unseen.here(" (made at %s:%d)"))
    end
    return d
end

--- Would a value be received? Not by who was cancelled, even if the task does not know it yet.
function M.is_wanted(d)
    local c = d[CONSUMER]
    return d[STATE] == PENDING and (type(c) ~= "number" or C.ffi_task_is_waiting(c))
end

M.settle, M.give_up, M.to_reason, M.abandon = settle, give_up, to_reason, abandon
M.attach, M.detach, M.release = attach, detach, release
M.add_consumer, M.remove_consumer = add_consumer, remove_consumer
M.sleep_of, M.watch = sleep_of, watch

return M
