--- One loader a machine: what `fetch` of perilune.shared does.
--
-- Who loads has an entry of its own, `fetch\0KEY`, with its process number; it lives as long as the lease. In each
-- worker one task stands for all that ask for a key there: it loads, or watches the entry of who does, which changes
-- when the loading is over. It is nobody's child: whoever asked first may go. A loader that dies, or whose lease ends,
-- tells nobody, so now and then the task looks.

local check_options = require("perilune.options").check
local argument = require "perilune.argument"
local deferred = require "perilune.deferred"
local ffi = require "ffi"
local failure = require "perilune.failure"
local shared_dict = require "perilune.shared_dict"
local shared_watch = require "perilune.shared_watch"
local sys = require "perilune.core.sys"
local task = require "perilune.task"

local C = ffi.C
local OPTIONS = { lease = "seconds" }
local LEASE, LOOK = 30, 0.1

--- What tasks of this worker wait for: dictionary name and key → list of deferreds.
local waiting = {}

local shared_fetch = { _look = LOOK }

local function mark_of(key)
    return "fetch\0" .. key
end

--- True when this worker is to load now; also when there is no room for the mark of a loader.
local function claim(dict, key, lease)
    local mark, me = mark_of(key), sys.pid()
    local added, why = dict:add(mark, me, lease)
    if added or why ~= "exists" then
        return true
    end
    local owner = dict:get(mark)
    if type(owner) == "number" and owner ~= me and C.ffi_shared_is_gone(owner) ~= 0 then
        return dict:cas(mark, owner, me, lease) == true
    end
    return false
end

local function load(dict, key, ttl, loader)
    local ok, value = xpcall(function()
        return deferred.await(loader(key))
    end, failure.traced)
    if ok and value ~= nil then
        local stored, why = dict:set(key, value, ttl)
        if not stored then
            sys.log("warn", ("fetch: \"%s\" is not stored: %s"):format(key, why))
        end
    end
    dict:cas(mark_of(key), sys.pid(), nil)
    if not ok then
        error(value, 0)
    end
    return value
end

--- Waits until there may be something new about the loader; the deferred of the next change is kept in `state`.
local function wait(state)
    state.change = state.change or state.watch:take()
    if deferred.await(state.change:shield():timeout(shared_fetch._look, LOOK)) ~= LOOK then
        state.change = nil
    end
end

--- Loads, or waits for another worker that does.
local function obtain(dict, key, ttl, loader, lease, state)
    while true do
        local value = dict:get(key)
        if value ~= nil then
            return value
        elseif claim(dict, key, lease) then
            value = dict:get(key)
            if value == nil then
                return load(dict, key, ttl, loader)
            end
            dict:cas(mark_of(key), sys.pid(), nil)
            return value
        end
        state.watch = state.watch or shared_watch.watch(dict, mark_of(key))
        wait(state)
    end
end

local function obtain_watching(dict, key, ttl, loader, lease)
    local state = {}
    local ok, value = xpcall(obtain, failure.traced, dict, key, ttl, loader, lease, state)
    if state.watch then
        state.watch:close()
    end
    if not ok then
        error(value, 0)
    end
    return value
end

local function settle_all(id, method, value)
    local list = waiting[id]
    waiting[id] = nil
    for _, d in ipairs(list) do
        d[method](d, value)
    end
end

local function start(id, dict, key, ttl, loader, lease)
    waiting[id] = {}
    task.detach(obtain_watching, dict, key, ttl, loader, lease):on_realized(function(value)
        settle_all(id, "success", value)
    end, function(err)
        settle_all(id, "error", err)
    end)
end

local function check(ttl, loader, options)
    if type(ttl) ~= "number" or ttl < 0 then
        argument.bad("ttl", "fetch", "a number of seconds expected", 3)
    end
    argument.check(loader, "function", "loader", "fetch", 3)
    check_options(options, OPTIONS, "fetch", 3)
end

--- See Dict:fetch in perilune.shared.
function shared_fetch.fetch(dict, key, ttl, loader, options)
    check(ttl, loader, options)
    local why, value
    key, why = shared_dict.key_of(key)
    if key then
        value, why = dict:get(key)
    end
    if value ~= nil then
        return deferred.success_deferred(value)
    elseif type(why) == "string" then
        return deferred.error_deferred(failure.new("invalid", why))
    end
    local id = dict.name .. "\0" .. key
    if not waiting[id] then
        start(id, dict, key, ttl, loader, options and options.lease or LEASE)
    end
    local d = deferred.deferred()
    table.insert(waiting[id], d)
    return d
end

return shared_fetch
