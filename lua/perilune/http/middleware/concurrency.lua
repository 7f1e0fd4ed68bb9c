--- A limit on how many requests a worker works on at once: the others wait in a queue, and when that is full, or they
-- have waited too long, they are shed: 503 with Retry-After. A place is free again when the handler has answered, and
-- also when it fails or its client leaves.
--
-- Options: `most` (requests at once; required), `queue` (requests that may wait; 0), `wait` (seconds that one may
-- wait; 5), `retry_after` (seconds told to who is shed; 1).

local answer = require "perilune.http.answer"
local define = require "perilune.http.middleware.define"
local deferred = require "perilune.deferred"
local failure = require "perilune.failure"
local semaphore = require "perilune.task".semaphore

--- Waits for a place: true when there is one now.
local function enter(places, state, o)
    if places:try_acquire() then
        return true
    elseif state.waiting >= (o.queue or 0) then
        return false
    end
    state.waiting = state.waiting + 1
    local ok, got = pcall(deferred.await, places:acquire():timeout(o.wait or 5, false))
    state.waiting = state.waiting - 1
    if not ok then
        error(got, 0)
    end
    return got ~= false
end

local function run(handler, req)
    return answer.of(handler(req))
end

return define("concurrency", { most = "some", queue = "count", wait = "seconds", retry_after = "count" }, function(o)
    if not o.most then
        error("middleware.concurrency: option 'most' is needed", 0)
    end
    local places, state = semaphore(o.most), { waiting = 0 }
    local shed = { status = 503, headers = { ["Retry-After"] = ("%d"):format(o.retry_after or 1) }, body = "busy\n" }
    return function(handler)
        return function(req)
            if not enter(places, state, o) then
                return shed
            end
            local ok, res = xpcall(run, failure.traced, handler, req)
            places:release()
            if not ok then
                error(res, 0)
            end
            return res
        end
    end
end)
