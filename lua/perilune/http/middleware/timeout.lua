--- A limit on the time that a handler may take to answer: then it is cancelled, with all that it waits for, and the
-- client gets 503. A body that streams afterwards is not limited.
--
-- Options: `seconds` (30), `status` (400 to 599; 503).

local answer = require "perilune.http.answer"
local define = require "perilune.http.middleware.define"
local deferred = require "perilune.deferred"
local failure = require "perilune.failure"
local kinds = require "perilune.http.kinds"
local task = require "perilune.task"

return define("timeout", { seconds = "some_seconds", status = kinds.refusal }, function(o)
    local refusal = { status = o.status or 503, body = "the answer took too long\n" }
    return function(handler)
        local function run(req)
            return answer.of(handler(req))
        end
        return function(req)
            local late = failure.new("timeout", "the handler took too long")
            local work = task.spawn(run, req)
            local ok, res = deferred.try_await(work:timeout(o.seconds or 30, late))
            if ok and res ~= late then
                return res
            elseif ok then
                return refusal
            end
            error(res, 0)
        end
    end
end)
