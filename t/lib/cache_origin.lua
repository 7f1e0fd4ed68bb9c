-- A server that answers as a test says, and a client with a clock of its own.
local http = require "perilune.http"
local o = { now = 1700000000, asked = 0 }
function o.date(offset) return os.date("!%a, %d %b %Y %H:%M:%S GMT", o.now + (offset or 0)) end
o.server = http.start_server(function(req)
    o.asked, o.last = o.asked + 1, req
    local res = o.answer(req)
    res.headers = res.headers or {}
    res.headers.Date = res.headers.Date or o.date()
    return res
end, { port = 0, address = "127.0.0.1" })
o.base = "http://127.0.0.1:" .. o.server:port()
o.cache = http.cache { clock = function() return o.now end }
function o.says(headers, body, status)
    o.answer = function()
        local own = {}
        for k, v in pairs(headers) do own[k] = v end
        return { status = status or 200, headers = own, body = body or "body" }
    end
end
function o.get(path, opts)
    opts = opts or {}
    opts.cache, opts.throw_exceptions = opts.cache or o.cache, false
    opts.url = o.base .. path
    local before, d = o.asked, http.request(opts)
    local ok, res = try_await(d)
    if not ok then return print(path, res.code) end
    local text = await(res:text())
    print(path, res.status, text, res.cache_status, o.asked - before, res.headers.age)
    return res
end
return o
