--- Microseconds for each match among 1,000 routes with two parameters, best of three; each route is asked for in turn,
-- its handler called.

local http = require "perilune.http"

local ROUTES, N = 1000, 1000000
local routes, paths = http.router(), {}
for i = 0, ROUTES - 1 do
    routes:get(("/api/thing%d/:id/parts/:part"):format(i), function(req)
        return req.params.part
    end)
    paths[i] = ("/api/thing%d/17/parts/wheel"):format(i)
end

local handle, req = routes.handler, { method = "GET" }
local best = math.huge
for _ = 1, 3 do
    local before = os.clock()
    for i = 0, N - 1 do
        req.path, req.params = paths[i % ROUTES], nil
        if handle(req) ~= "wheel" then
            error "not found"
        end
    end
    best = math.min(best, (os.clock() - before) * 1e6 / N)
end
print(("%.3f"):format(best))
