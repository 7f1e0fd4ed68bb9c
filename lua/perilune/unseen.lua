--- Errors that nobody has seen: logged once whatever carries them (a deferred, a stream) is garbage.
--
-- Only a collector can tell that nobody will ever look. So the carrier gets a guard, a userdata that is collected
-- together with it and then writes the log line; whoever looks at the error disarms the guard. While there are armed
-- guards the collector is nudged by small steps, so that the line comes within seconds on an idle process as well.
-- The ends of what was cancelled, or whose client has left, are no faults: they are logged as `info`.

local failure = require "perilune.failure"
local sys = require "perilune.core.sys"
local core = require "perilune.core.task"

local NUDGE, STEP = 0.1, 200 -- seconds between two steps; size of a step as collectgarbage has it
local CYCLES = 3
local OWN = "@" .. sys.lua_dir() .. "/"

local unseen = {}

--- guard → {text, where} of the armed ones
local armed = setmetatable({}, { __mode = "k" })
local n_armed, cycles_left, is_nudging = 0, 0, false

local prototype = newproxy(true)

getmetatable(prototype).__gc = function(guard)
    local record = armed[guard]
    if not record then
        return
    end
    armed[guard], n_armed = nil, n_armed - 1
    sys.log(record.level, ("%s failed and nobody waits for it%s: %s"):format(record.what, record.where, record.text))
end

local function nudge()
    is_nudging = false
    if n_armed == 0 or cycles_left == 0 then
        return
    end
    if collectgarbage("step", STEP) then
        cycles_left = cycles_left - 1
    end
    unseen._nudge_later()
end

--- Does not keep the process alive.
function unseen._nudge_later()
    if not is_nudging then
        is_nudging = true
        core.background_timer(NUDGE, nudge)
    end
end

local function is_usual(err)
    return failure.is(err, "cancelled") or failure.is(err, "closed")
end

--- Where a function was defined, as " (from FILE:LINE)".
local function place_of(fn)
    local info = debug.getinfo(fn, "S")
    return info.what == "C" and "" or (" (from %s:%d)"):format(info.short_src, info.linedefined)
end

--- The innermost place outside of this library, as " (at FILE:LINE)"; empty when there is none.
-- @tparam[opt=" (at %s:%d)"] string form
-- @treturn string
function unseen.here(form)
    for level = 3, 12 do
        local info = debug.getinfo(level, "Sl")
        if not info then
            break
        end
        if info.what ~= "C" and info.source:sub(1, #OWN) ~= OWN then
            return (form or " (at %s:%d)"):format(info.short_src, info.currentline)
        end
    end
    return ""
end

--- Watches over a failed `carrier` (a table: gets the field `guard`).
-- @tparam table carrier
-- @param err its error
-- @tparam string what "a task", "a deferred", "a stream"
-- @tparam[opt] function|string origin the function it stands for, or a text of a place; else the place that called
function unseen.watch(carrier, err, what, origin)
    if carrier.guard then
        return
    end
    local where = type(origin) == "function" and place_of(origin) or origin or unseen.here(" (failed at %s:%d)")
    local guard = newproxy(prototype)
    local level = is_usual(err) and "info" or "error"
    armed[guard] = { what = what, where = where, text = failure.describe(err), level = level }
    n_armed, cycles_left = n_armed + 1, CYCLES
    rawset(carrier, "guard", guard)
    unseen._nudge_later()
end

--- Somebody has seen the error of `carrier`.
function unseen.seen(carrier)
    local guard = rawget(carrier, "guard")
    if guard then
        carrier.guard = nil
        if armed[guard] then
            armed[guard], n_armed = nil, n_armed - 1
        end
    end
end

return unseen
