--- Dictionaries that all workers share: `require("perilune.shared").NAME` for each `lua_shared_dict NAME size;`.
--
-- They have the methods of `ngx.shared` (perilune.shared_dict), with tables as values, and what is below:
-- compare-and-swap, update, fetch, watch, stats. How fetch and watch work: shared_fetch.lua, shared_watch.lua.

local buffer = require "string.buffer"
local ffi = require "ffi"
local argument = require "perilune.argument"
local shared_dict = require "perilune.shared_dict"
local shared_fetch = require "perilune.shared_fetch"
local shared_watch = require "perilune.shared_watch"

local C = ffi.C
local OK, CHANGED, TRIES = 0, 5, 1000
local LEAST, MOST = 8192, 2 ^ 38 -- bytes of a declared one

local Dict = {}
local mt = { __index = Dict, __name = "shared dictionary" }

for name, method in pairs(shared_dict.methods) do
    Dict[name] = method
end

shared_dict.set_decoder(function(p, n)
    return buffer.decode(ffi.string(p, n))
end)

--- A value as it can be stored: tables as their bytes.
local function encoded(value)
    if type(value) == "table" then
        return setmetatable({ buffer.encode(value) }, shared_dict.encoded_mt)
    end
    return value
end

for _, name in ipairs { "set", "safe_set", "add", "safe_add", "replace" } do
    local plain = shared_dict.methods[name]
    Dict[name] = function(dict, key, value, exptime, flags)
        return plain(dict, key, encoded(value), exptime, flags)
    end
end

local expected_item, new_item = ffi.new("struct dict_item"), ffi.new("struct dict_item")

local function swap(dict, key, expected, value, exptime)
    local d = shared_dict.pointer(dict)
    local why
    key, why = shared_dict.key_of(key)
    if not key then
        return nil, why
    elseif not shared_dict.fill(expected_item, expected) or not shared_dict.fill(new_item, value) then
        return nil, "bad value type"
    end
    new_item.ttl, new_item.flags = (exptime or 0) * 1000, 0
    local result = C.ffi_shared_swap(d, key, #key, expected_item, new_item)
    if result == OK then
        return true
    end
    return false, result == CHANGED and "changed" or "no memory"
end

--- Stores `value` when the entry is still `expected`; nil stands for no entry on either side.
-- Tables are compared by their bytes: use `update` for them.
-- @tparam string key
-- @param expected what must be there
-- @param value what is to be there
-- @tparam[opt=0] number exptime seconds, 0 for ever
-- @treturn boolean|nil true; false and "changed" or "no memory"; nil and what is wrong with an argument
function Dict:cas(key, expected, value, exptime)
    if exptime and exptime < 0 then
        error('bad "exptime" argument', 2)
    end
    return swap(self, key, encoded(expected), encoded(value), exptime)
end

--- Changes an entry by a function of its value, again when another worker was faster: `fn(value)` → new value (nil
-- deletes). It must not wait, and may be called several times.
-- @tparam string key
-- @tparam function fn
-- @tparam[opt=0] number exptime seconds, 0 for ever
-- @return true and the new value; nil and "no memory", "changed" (1,000 times in vain), or what get says
function Dict:update(key, fn, exptime)
    argument.check(fn, "function", "fn", "update")
    local ok, why
    for _ = 1, TRIES do
        local old, expected = shared_dict.get_raw(self, key)
        if old == nil and expected then
            return nil, expected
        elseif expected == nil then
            expected = old
        end
        local new = fn(old)
        ok, why = swap(self, key, expected, encoded(new), exptime)
        if ok then
            return true, new
        elseif why ~= "changed" then
            return nil, why
        end
    end
    return nil, why
end

--- The value of `key`, loaded when there is none: `loader(key)` runs once, however many tasks and workers ask; the
-- others wait for its value. When its worker dies, another one loads; when it fails, whoever waits in that worker fails
-- with it, and other workers try themselves. A loader that gives nil stores nothing.
-- @tparam string key
-- @tparam number ttl seconds that a loaded value lives, 0 for ever
-- @tparam function loader may await; its value is stored
-- @tparam[opt] table options `lease`: seconds (default 30) after which a loader that is not done counts as dead
-- @treturn deferred of the value
function Dict:fetch(key, ttl, loader, options)
    return shared_fetch.fetch(self, key, ttl, loader, options)
end

--- The values of `key` as they change: a stream of `{value=}` (no value: the entry is gone; `is_list`: it is a list),
-- the first one at once.
-- Who reads slowly gets the latest value and misses those between. Expiry and eviction are not told.
-- @tparam string key
-- @treturn stream
function Dict:watch(key)
    return shared_watch.watch(self, key)
end

local counts = { "entries", "hits", "misses", "evicted", "expired", "mended", "capacity", "used", "shards" }

--- Counts since the server's start, of all workers.
-- @treturn table `entries`, `hits`, `misses` of get, `evicted`, `expired` (removed), `mended` (operations undone
-- because their worker died inside), `capacity`, `used` (bytes), `shards`
function Dict:stats()
    local stats, out = ffi.new("struct dict_stats"), {}
    C.ffi_shared_stats(shared_dict.pointer(self), stats)
    for _, name in ipairs(counts) do
        out[name] = tonumber(stats[name])
    end
    return out
end

local shared = {}

--- A dictionary in a process that has no configuration: a script, a test, the interactive interpreter. Where there is
-- one already the same; in a server only a `lua_shared_dict` makes them, so that all workers have it.
-- @tparam string name
-- @tparam[opt=1048576] number bytes
-- @treturn dictionary also `require("perilune.shared").NAME` from now on
function shared.declare(name, bytes)
    if type(name) ~= "string" or name == "" or name == "declare" then
        argument.bad("name", "shared.declare", "a name expected")
    elseif bytes ~= nil and (type(bytes) ~= "number" or not (bytes >= LEAST and bytes <= MOST)) then
        argument.bad("bytes", "shared.declare", "a number from 8192 to 2^38 expected")
    elseif rawget(shared, name) == nil then
        local pointer = shared_dict.declare(name, bytes or 1048576)
        if not pointer then
            error(("shared.declare: a server's dictionaries stand in its configuration: lua_shared_dict %s 1m;")
                :format(name), 2)
        end
        shared[name] = setmetatable({ pointer, name = name }, mt)
    end
    return rawget(shared, name)
end

shared_dict.each(function(name, pointer)
    shared[name] = setmetatable({ pointer, name = name }, mt)
end)

return shared
