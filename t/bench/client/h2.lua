-- h2.lua URL COUNT: fetches the URL so often by HTTP/2, 100 streams at a time on one connection, and prints
-- microseconds of CPU for each.
local http = require "perilune.http"
local url, n = arg[1], tonumber(arg[2])
local options = { pool = http.connection_pool { force_h2c = true, connections_per_host = 1 }, as = "string" }
local task = require "perilune.task"

local function burst(count)
    local left = count
    local function fetch()
        while left > 0 do
            left = left - 1
            assert(await(http.get(url, options)).body == "hello")
        end
    end
    local all = {}
    for i = 1, 100 do
        all[i] = task.spawn(fetch)
    end
    for i = 1, 100 do
        await(all[i])
    end
end

burst(math.floor(n / 10))
local begin = os.clock()
burst(n)
print(("h2-100-streams %.2f"):format((os.clock() - begin) / n * 1e6))
