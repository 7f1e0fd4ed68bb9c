-- Fetches many URLs at once. Every request is started before the first one is awaited; the pool limits how many
-- connections there are for one host.
local http = require "perilune.http"

local urls = { ... }
local done = 0

local function show()
    local width = 30
    local filled = math.floor(done / #urls * width)
    io.stderr:write(("\r[%s%s] %d/%d"):format(("#"):rep(filled), ("-"):rep(width - filled), done, #urls))
end

local pending = {}
for i, url in ipairs(urls) do
    pending[i] = http.get(url, { as = "string", total_timeout = 60, throw_exceptions = false })
    pending[i]:on_realized(function()
        done = done + 1
        show()
    end, function()
        done = done + 1
        show()
    end)
end

local lines = {}
for i, d in ipairs(pending) do
    local ok, res = try_await(d)
    lines[i] = ok and ("%s %d, %d bytes"):format(urls[i], res.status, #res.body) or ("%s %s"):format(urls[i], res.code)
end
io.stderr:write("\n")
print(table.concat(lines, "\n"))
