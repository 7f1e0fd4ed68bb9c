--- Changes of entries as streams: what `watch` of perilune.shared does.
--
-- Who watches a key says so in the dictionary, for a few seconds at a time, so that a worker that dies is forgotten.
-- Whatever changes a watched key publishes that on the bus; each worker that hears it looks the value up. Nothing is
-- queued: a watcher is marked, and reads when it is asked.

local bus = require "perilune.core.bus"
local core = require "perilune.core.task"
local deferred = require "perilune.deferred"
local ffi = require "ffi"
local shared_dict = require "perilune.shared_dict"
local stream = require "perilune.stream"

local C = ffi.C
local CHANNEL, RENEW, LIVES_MS = 1, 1, 5000

--- Name of a dictionary → watchers of this worker: `{dict=, key=, is_changed=, taker=, told=, has_told=}`.
local watchers = {}
local is_listening, lost = false, 0

local shared_watch = {}

--- What there is to tell, or nil: several messages may have told of one value. Tables and lists are not compared.
local function event_of(w)
    local value, why = w.dict:get(w.key)
    local is_list = value == nil and type(why) == "string"
    w.is_changed = false
    if not is_list and type(value) ~= "table" and w.has_told and value == w.told then
        return nil
    end
    w.told, w.has_told = value, not is_list
    return { value = value, is_list = is_list or nil }
end

local function change(w)
    local taker = w.taker
    w.is_changed = true
    local event = taker and event_of(w)
    if event then
        w.taker = nil
        taker:success(event)
    end
end

local function on_message(name, key)
    for w in pairs(watchers[name] or {}) do
        if w.key == key or key == "" then
            change(w)
        end
    end
end

local function each_watcher(fn)
    for _, set in pairs(watchers) do
        for w in pairs(set) do
            fn(w)
        end
    end
end

local function renew(w)
    C.ffi_shared_watch(shared_dict.pointer(w.dict), w.key, #w.key, LIVES_MS)
end

--- Says again what is watched. After messages were lost, anything may have changed.
local function tick()
    local is_any, lost_now = false, bus.stats().lost
    each_watcher(function(w)
        is_any = true
        renew(w)
        if lost_now ~= lost then
            change(w)
        end
    end)
    lost = lost_now
    if is_any then
        core.background_timer(RENEW, tick)
    else
        is_listening = false
        bus.unlisten(CHANNEL)
    end
end

local function listen()
    if is_listening then
        return
    end
    is_listening, lost = true, bus.stats().lost
    if not bus.listen(on_message, CHANNEL) then
        error("the bus has no seat left for this process", 4)
    end
    core.background_timer(RENEW, tick)
end

local function forget(w)
    watchers[w.dict.name][w] = nil
    if w.taker then
        w.taker:success(nil)
        w.taker = nil
    end
end

--- See Dict:watch in perilune.shared.
function shared_watch.watch(dict, key)
    local why
    key, why = shared_dict.key_of(key)
    if not key then
        error("bad argument 'key' to watch (" .. why .. ")", 3)
    end
    local w = { dict = dict, key = key, is_changed = true }
    listen()
    renew(w)
    watchers[dict.name] = watchers[dict.name] or {}
    watchers[dict.name][w] = true
    local s = stream._pulling(function()
        local event = w.is_changed and event_of(w)
        if event then
            return deferred.success_deferred(event)
        end
        w.taker = deferred.deferred()
        return w.taker
    end)
    local close = s.close
    s.close = function(self, err)
        forget(w)
        return close(self, err)
    end
    return s
end

return shared_watch
