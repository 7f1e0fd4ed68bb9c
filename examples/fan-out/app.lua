--- Fan-out and fan-in: one request asks several services at the same time and answers with what has come in time.

local deferred = require "perilune.deferred"
local json = require "perilune.json"
local task = require "perilune.task"

local app = {}

--- Stands for a call to another server: how long it takes, and what it says.
local SERVICES = {
    price = { 0.02, function(id) return 10 * id end },
    stock = { 0.01, function(id) return id % 3 end },
    reviews = { 30, function() return "never in time" end },
    advice = { 0.01, function() error({ code = "closed", message = "the service is down" }) end },
}

local function ask(name, id)
    local seconds, answer = SERVICES[name][1], SERVICES[name][2]
    return task.sleep(seconds):chain(function()
        return answer(id)
    end)
end

--- Every service is asked at once; each may take a fifth of a second, then its work is cancelled. When the client goes
-- away, so are all.
function app.product(req)
    local id = tonumber(req.query.id) or 1
    local names, calls = { "price", "stock", "reviews", "advice" }, {}
    for i, name in ipairs(names) do
        calls[i] = ask(name, id):timeout(0.2)
    end
    local result = { id = id, missing = {} }
    for i, outcome in ipairs(await(deferred.zip_all(unpack(calls)))) do
        if outcome.ok then
            result[names[i]] = outcome.value
        else
            result.missing[#result.missing + 1] = names[i] .. ": " .. outcome.error.code
        end
    end
    return { headers = { ["Content-Type"] = "application/json" }, body = json.encode(result) .. "\n" }
end

return app
