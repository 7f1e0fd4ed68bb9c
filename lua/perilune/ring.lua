--- First in, first out, without garbage: a ring of values that grows by doubling.
--
-- The values are at [1..size]; nil cannot be held.

local band = bit.band

local Ring = {}
Ring.__index = Ring

local ring = {}

--- An empty ring.
-- @treturn ring its field `n` is how many values it holds
function ring.new()
    return setmetatable({ false, false, false, false, false, false, false, false, head = 0, n = 0, size = 8 }, Ring)
end

local function grow(self)
    local size, head = self.size, self.head
    for i = 1, head do
        self[size + i] = self[i] -- what has wrapped around
    end
    for i = 1, size do
        if i <= head then
            self[i] = false
        else
            self[size + i] = self[size + i] or false
        end
    end
    self.size = size * 2
end

--- Puts a value at the end.
function Ring:push(value)
    local n, size = self.n, self.size
    if n == size then
        grow(self)
        size = self.size
    end
    self[band(self.head + n, size - 1) + 1] = value
    self.n = n + 1
end

--- Takes the first value. The ring must not be empty.
function Ring:pop()
    local i = self.head + 1
    local value = self[i]
    self[i] = false
    self.head = band(i, self.size - 1)
    self.n = self.n - 1
    return value
end

--- The value at place `i`, 1 the first; it stays.
function Ring:peek(i)
    return self[band(self.head + i - 1, self.size - 1) + 1]
end

return ring
