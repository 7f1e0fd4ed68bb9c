--- Semaphores: at most n holders at a time, served in the order in which they asked.

local core = require "perilune.deferred.core"
local deferred = require "perilune.deferred"
local ring = require "perilune.ring"
local task_core = require "perilune.core.task"

local SUCCESS, WORK = core.SUCCESS, 3

local semaphore = {}
local Semaphore = {}
local mt = { __index = Semaphore, __name = "semaphore" }

local TRUE = deferred.success_deferred(true)

--- A semaphore of `n` permits.
function semaphore.new(n)
    return setmetatable({ permits = n, most = n, waiting = ring.new() }, mt)
end

--- Takes a permit. Who is cancelled while waiting takes none.
-- @treturn deferred of true
function Semaphore:acquire()
    if self.permits > 0 then
        self.permits = self.permits - 1
        return TRUE
    end
    local d = deferred._personal()
    self.waiting:push(d)
    return d
end

--- Takes a permit if there is one now.
-- @treturn boolean
function Semaphore:try_acquire()
    local has_one = self.permits > 0
    if has_one then
        self.permits = self.permits - 1
    end
    return has_one
end

--- Gives a permit back, or on to who has waited longest. Raises when nobody has one.
function Semaphore:release()
    if self.permits == self.most then
        error("release of a permit that nobody holds", 2)
    end
    while self.waiting.n > 0 do
        local d = self.waiting:pop()
        if core.is_wanted(d) then
            d[WORK] = false
            core.settle(d, SUCCESS, true)
            return
        end
    end
    self.permits = self.permits + 1
end

--- Permits that are free.
-- @treturn number
function Semaphore:count()
    return self.permits
end

local function finish(self, ok, ...)
    self:release()
    if not ok then
        error((...), 0)
    end
    return ...
end

--- Runs `fn(...)` in the running task while holding a permit, which is given back however it ends.
-- @tparam function fn may await
-- @return what fn returns
function Semaphore:with(fn, ...)
    if not task_core.current() then
        error("semaphore:with outside of a task", 2)
    end
    deferred.await(self:acquire())
    return finish(self, xpcall(fn, require("perilune.failure").traced, ...))
end

Semaphore.lock, Semaphore.unlock = Semaphore.acquire, Semaphore.release

return semaphore
