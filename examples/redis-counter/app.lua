--- A counter that all workers, and all servers, share: it lives in Redis.
--
-- `nginx.redis` is Debian's package lua-nginx-redis, unchanged. Connections are kept in the pool of the worker.

local redis = require "nginx.redis"

local app = {}

--- Where Redis is: $REDIS ("unix:/path" or "host:port"), which the configuration lets through with `env REDIS;`.
local function connect()
    local where = os.getenv("REDIS") or "127.0.0.1:6379"
    local client = redis:new()
    client:set_timeout(1000)
    local ok, err
    if where:find("^unix:") then
        ok, err = client:connect(where)
    else
        ok, err = client:connect(where:match("^(.*):(%d+)$"))
    end
    if not ok then
        error("no connection to Redis at " .. where .. ": " .. err)
    end
    return client
end

--- Counts the visit and answers with how many there were of this path.
function app.count(req)
    local client = connect()
    local n, err = client:incr("visits:" .. req.path)
    if not n then
        return { status = 502, body = "Redis: " .. err .. "\n" }
    end
    client:set_keepalive(60000, 20)
    return n .. "\n"
end

return app
