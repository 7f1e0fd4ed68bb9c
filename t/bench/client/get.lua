-- get.lua URL COUNT: fetches the URL so often, 64 at a time, and prints microseconds of CPU for each.
local http, task = require "perilune.http", require "perilune.task"

local url, count = arg[1], tonumber(arg[2])
local pool = http.connection_pool { connections_per_host = 64 }

local function fetch(n)
    local left, tasks = n, {}
    for i = 1, 64 do
        tasks[i] = task.spawn(function()
            while left > 0 do
                left = left - 1
                await(http.get(url, { pool = pool, as = "string" }))
            end
        end)
    end
    for _, t in ipairs(tasks) do
        await(t)
    end
end

fetch(math.floor(count / 10))
local begin = os.clock()
fetch(count)
print(("get-64 %.2f"):format((os.clock() - begin) / count * 1e6))
