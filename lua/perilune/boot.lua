--- First Lua code of every process: what Lua 5.2 has, the scheduler-aware coroutine functions and the globals `await`
-- and `try_await`.
-- Required once by the program before anything else runs.

require "perilune.lua52"
require "perilune.coroutines"

local deferred = require "perilune.deferred"

rawset(_G, "await", deferred.await)
rawset(_G, "try_await", deferred.try_await)

if os.getenv("PERILUNE_DEBUG") then
    deferred.track(true)
end

return true
