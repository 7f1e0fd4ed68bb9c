--- Servers of t/lib/h2_origin.py, and what tests ask of them; run in the folder of a test, which copies it there.
local http, task = require "perilune.http", require "perilune.task"
local n = 0
local peer = {}
function peer.origin(options)
    n = n + 1
    os.execute(("/usr/bin/python3 $ORIGIN port%d %s & echo $! >pid%d; while [ ! -e port%d ]; do sleep 0.02; done")
        :format(n, options or "", n, n))
    local name = "port" .. n .. ".log"
    return "http://127.0.0.1:" .. io.open("port" .. n):read("*a"), function(pattern)
        local f = io.open(name)
        local _, count = f:read("*a"):gsub(pattern, "")
        f:close() -- who waits asks often
        return count
    end
end
function peer.until_seen(count, pattern, least)
    while count(pattern) < (least or 1) do await(task.sleep(0.01)) end
    return count(pattern)
end
function peer.code(d) local ok, err = try_await(d) return ok and "ok" or err.code end
function peer.text(d) return peer.code(d:chain(function(res) return res:text() end)) end
function peer.pool(o)
    o = o or {}
    o.force_h2c = true
    return http.connection_pool(o)
end
--- A server in front, of these locations; `front(base)` is its URL.
function peer.front(locations, more)
    os.execute("mkdir -p conf logs")
    local f = io.open("conf/perilune.conf", "w")
    f:write((([[
user root; daemon off; master_process off; error_log logs/error.log info; pid logs/m.pid; events {}
http { access_log off; %s server { listen 127.0.0.1:$FRONT; http2 on; %s } }
]]):gsub("%$FRONT", os.getenv("FRONT")):format(more or "", locations)))
    f:close()
    os.execute("$P -p $PWD -c conf/perilune.conf & echo $! >pidfront; while [ ! -s logs/m.pid ]; do sleep 0.02; done")
    local address = { host = "127.0.0.1", port = tonumber(os.getenv("FRONT")) }
    while not try_await(require("perilune.tcp").connect(address)) do
        await(task.sleep(0.02))
    end
    return "http://127.0.0.1:" .. os.getenv("FRONT")
end
return peer
