-- download.lua URL: reads a large body as a stream; prints its bytes and by how many KiB the process grew meanwhile.
local http = require "perilune.http"

local function resident()
    local file = io.open "/proc/self/status"
    local text = file:read "*a"
    file:close()
    return tonumber(text:match "VmHWM:%s*(%d+)"), tonumber(text:match "VmRSS:%s*(%d+)")
end

local res = await(http.get(arg[1]))
local _, before = resident()
local bytes = 0
for piece in res.body:each() do
    bytes = bytes + #piece
end
print(("download %d %d"):format(bytes, resident() - before))
