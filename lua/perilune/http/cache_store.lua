--- Where caches keep responses: in the memory of one worker, least recently used first to go, or in a dictionary that
-- workers share. A store holds, for each URL, an array of the variants that requests have met.

local store = {}
local Memory = {}
Memory.__index = Memory
local Shared = {}
Shared.__index = Shared

--- Bytes that an entry is counted with beside its texts.
local OVERHEAD = 512

--- The bytes that variants are counted with.
function store.size_of(variants)
    local size = OVERHEAD
    for _, v in ipairs(variants) do
        size = size + OVERHEAD + #v.head + #v.body
        for name, value in pairs(v.asked) do
            size = size + #name + #value
        end
    end
    return size
end

local function unlink(node)
    node.before.after, node.after.before = node.after, node.before
end

local function link(self, node)
    local newest = self.ring.before
    node.before, node.after = newest, self.ring
    newest.after, self.ring.before = node, node
end

local function drop(self, node)
    unlink(node)
    self.nodes[node.key] = nil
    self.size = self.size - node.size
end

function Memory:get(key)
    local node = self.nodes[key]
    if not node then
        return nil
    end
    unlink(node)
    link(self, node)
    return node.value
end

function Memory:set(key, value)
    self:delete(key)
    local size = store.size_of(value) + #key
    if size > self.most then
        return
    end
    local node = { key = key, value = value, size = size }
    self.nodes[key] = node
    link(self, node)
    self.size = self.size + size
    while self.size > self.most do
        drop(self, self.ring.after)
    end
end

function Memory:delete(key)
    local node = self.nodes[key]
    if node then
        drop(self, node)
    end
end

function Memory:clear()
    self.nodes, self.size, self.ring = {}, 0, {}
    self.ring.before, self.ring.after = self.ring, self.ring
end

--- A store in memory.
-- @tparam number most bytes
function store.memory(most)
    local self = setmetatable({ most = most }, Memory)
    self:clear()
    return self
end

function Shared:get(key)
    return (self.dict:get(key))
end

function Shared:set(key, value)
    self.dict:set(key, value)
end

function Shared:delete(key)
    self.dict:delete(key)
end

function Shared:clear()
    self.dict:flush_all()
end

--- A store in a dictionary of perilune.shared, whose size bounds it.
function store.shared(dict)
    return setmetatable({ dict = dict }, Shared)
end

return store
