--- The queue of what happens "on a later turn": reactions to deferreds that were settled.
--
-- An entry is a reactor and the deferred it reacts to; `reactor:react(d)` is called outside of any task. Entries that
-- are added while the queue is worked off belong to the same turn, up to BUDGET of them, so that a chain of a million
-- stages needs no stack and few turns, and yet the loop looks at its sockets in between.

local core = require "perilune.core.task"
local ffi = require "ffi"
local sys = require "perilune.core.sys"

ffi.cdef "void ffi_task_ask_turn(void);"

local C = ffi.C
local band = bit.band

local BUDGET = 4096

local queue = {}

--- a ring: entry i (from 0) is at [i + 1] of both arrays
local reactors, subjects = {}, {}
local size, head, count = 64, 0, 0
local is_working = false

for i = 1, size do
    reactors[i], subjects[i] = false, false
end

local function grow()
    local more_reactors, more_subjects = {}, {}
    for i = 1, size * 2 do
        local from = band(head + i - 1, size - 1) + 1
        more_reactors[i] = i <= count and reactors[from] or false
        more_subjects[i] = i <= count and subjects[from] or false
    end
    reactors, subjects = more_reactors, more_subjects
    head, size = 0, size * 2
end

--- Calls `reactor:react(subject)` on a later turn.
-- @tparam table reactor
-- @param subject anything but nil
local function push(reactor, subject)
    if count == size then
        grow()
    end
    local i = band(head + count, size - 1) + 1
    reactors[i], subjects[i] = reactor, subject
    count = count + 1
    if count == 1 and not is_working then
        C.ffi_task_ask_turn()
    end
end

local function work()
    for _ = 1, BUDGET do
        if count == 0 then
            return
        end
        local i = head + 1
        local reactor, subject = reactors[i], subjects[i]
        reactors[i], subjects[i] = false, false
        head, count = band(i, size - 1), count - 1
        reactor:react(subject)
    end
end

core.on_turn(function()
    is_working = true
    local ok, err = xpcall(work, debug.traceback)
    is_working = false
    if not ok then
        sys.log("error", "a reaction to a deferred failed: " .. tostring(err))
    end
    if count > 0 then
        C.ffi_task_ask_turn()
    end
end)

local Call = {}
Call.__index = Call

function Call:react(argument)
    local ok, err = xpcall(self[1], debug.traceback, argument, self[2])
    if not ok then
        sys.log("error", "deferred listener failed: " .. tostring(err))
    end
end

--- Calls `fn(a, b)` on a later turn; an error in it is logged.
-- @tparam function fn
function queue.later(fn, a, b)
    push(setmetatable({ fn, b }, Call), a == nil and false or a)
end

--- Is nothing queued?
-- @treturn boolean
function queue.is_empty()
    return count == 0
end

queue.push = push

return queue
