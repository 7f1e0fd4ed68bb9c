-- Posts one message to many receivers. Those that are busy are asked again, with growing waits; the others do not wait
-- for them.
local http = require "perilune.http"

local urls = { ... }
local message = table.remove(urls, 1)

local pending = {}
for i, url in ipairs(urls) do
    pending[i] = http.post(url, {
        json = { event = "message", text = message },
        request_timeout = 10,
        retry = { count = 3, backoff = 0.05, methods = { "POST" } },
    })
end

local failed = 0
for i, d in ipairs(pending) do
    local ok, err = try_await(d)
    if not ok then
        failed = failed + 1
        print(("%s: %s"):format(urls[i], err.status or err.code))
    end
end
print(("%d of %d delivered"):format(#urls - failed, #urls))
os.exit(failed == 0 and 0 or 1)
