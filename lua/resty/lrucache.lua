--- `resty.lrucache`: a cache of one worker, of so many entries; the least recently used gives way.
--
-- An entry is a node of a ring, most recently used first; nodes of what is deleted are kept for reuse at the old end.

local now = require("ngx.api.time").now

local lrucache = { _VERSION = "0.15" }
local Cache = {}
local mt = { __index = Cache }

local function detach(node)
    node.prev.next, node.next.prev = node.next, node.prev
end

local function put_behind(node, other)
    node.prev, node.next = other, other.next
    other.next.prev = node
    other.next = node
end

--- A cache.
-- @tparam number size entries, at least 1
-- @treturn table|nil the cache, or nil and "size too small"
function lrucache.new(size)
    if size < 1 then
        return nil, "size too small"
    end
    local ring = {}
    ring.prev, ring.next = ring, ring
    return setmetatable({ nodes = {}, ring = ring, n = 0, size = math.floor(size) }, mt)
end

local function touch(self, node)
    detach(node)
    put_behind(node, self.ring)
end

--- The value of `key`, nil and the value that has expired, or nothing; the third result are the flags.
-- @param key anything but nil
-- @return value, value that has expired, flags
function Cache:get(key)
    local node = self.nodes[key]
    if not node then
        return nil
    end
    touch(self, node)
    if node.expires and node.expires < now() then
        return nil, node.value, node.flags
    end
    return node.value, nil, node.flags
end

local function new_node(self)
    if self.n < self.size then
        self.n = self.n + 1
        return {}
    end
    local node = self.ring.prev
    detach(node)
    if node.key ~= nil then
        self.nodes[node.key] = nil
    end
    return node
end

--- Stores.
-- @param key anything but nil
-- @param value
-- @tparam[opt] number ttl seconds, for ever when it is missing
-- @tparam[opt] number flags an unsigned number of 32 bits
function Cache:set(key, value, ttl, flags)
    local node = self.nodes[key]
    if node then
        detach(node)
    else
        node = new_node(self)
        self.nodes[key], node.key = node, key
    end
    put_behind(node, self.ring)
    node.value, node.expires = value, ttl and now() + ttl or nil
    node.flags = type(flags) == "number" and flags >= 0 and flags or 0
end

--- Deletes.
-- @return false when there was none
function Cache:delete(key)
    local node = self.nodes[key]
    if not node then
        return false
    end
    self.nodes[key] = nil
    node.key, node.value = nil, nil
    detach(node)
    put_behind(node, self.ring.prev)
    return true
end

--- Entries, the expired ones included.
function Cache:count()
    local n = 0
    for _ in pairs(self.nodes) do
        n = n + 1
    end
    return n
end

--- The most entries it can hold.
function Cache:capacity()
    return self.size
end

--- The keys, most recently used first.
-- @tparam[opt=0] number most 0: all
-- @tparam[opt] table into filled instead of a new table
function Cache:get_keys(most, into)
    local keys, n, node = into or {}, 0, self.ring.next
    while node ~= self.ring and (not most or most == 0 or n < most) do
        if node.key ~= nil then
            n = n + 1
            keys[n] = node.key
        end
        node = node.next
    end
    if into then
        keys[n + 1] = nil
    end
    return keys
end

--- Deletes everything.
function Cache:flush_all()
    local ring = self.ring
    ring.prev, ring.next = ring, ring
    self.nodes, self.n = {}, 0
end

return lrucache
