-- server.lua FILE: what the client's scenarios ask, on a free port of 127.0.0.1, which is printed: / is "hello",
-- anything else the file.
local http = require "perilune.http"

local server = http.start_server(function(req)
    if req.path == "/" then
        return "hello"
    end
    return { body = http.file(arg[1]) }
end, { port = 0, address = "127.0.0.1", http2 = true, keepalive_requests = 1e9 })
print(server:port())
io.stdout:flush()
