--- A request through the middleware that reads fields and bodies: whatever a client sends, it gets an answer of the
-- kit and never an error of ours. The first line is `METHOD target`, then fields, an empty line, the body. Only what
-- the server lets through is tried: names that are tokens, values without control bytes.

local http = require "perilune.http"
local is_token = require "perilune.http.token"
local test = require "perilune.test"

local mw, key = http.middleware, ("k"):rep(32)
local STATUS = { [200] = true, [204] = true, [206] = true, [303] = true, [304] = true, [400] = true, [401] = true,
    [403] = true, [404] = true, [405] = true, [406] = true, [409] = true, [412] = true, [413] = true, [415] = true,
    [416] = true, [422] = true }

-- A store of idempotency keys in memory.
local kept = {}
local store = {
    begin = function(_, name, text)
        local found = kept[name]
        kept[name] = found or text
        return found
    end,
    finish = function(_, name, _, text)
        kept[name] = text
    end,
}

local routes = http.router()
routes:any("/", function(req)
    return { headers = { ETag = '"e"', ["Last-Modified"] = "Sun, 06 Nov 1994 08:49:37 GMT" },
        cookies = { seen = req.cookies.seen and "again" or "first" }, body = req.accepts.type or "none" }
end)
routes:get("/user/:name/*rest", function(req)
    return http.json { name = req.params.name, rest = req.params.rest }
end)
routes:get("/basic", function() return "in" end, { middleware = { mw.basic_auth { users = { ada = "secret" } } } })
routes:get("/bearer", function() return "in" end, { middleware = { mw.jwt { key = key } } })
routes:post("/csrf", function() return "in" end, { middleware = { mw.csrf { keys = key } } })

local app = mw.around(routes.handler, {
    mw.proxy_headers { trusted = { "127.0.0.1", "10.0.0.0/8" } }, mw.request_id { trust = true },
    mw.trace_context { respond = true }, mw.access_log { write = function() end }, mw.security_headers(),
    mw.cors { origins = { "https://a.example" }, credentials = true }, mw.body_limit { bytes = 2000 },
    mw.conditional(), mw.method_override { query = "_method" },
    mw.negotiate { types = { "text/html", "application/json" }, languages = { "en", "de-CH" }, charsets = { "utf-8" } },
    mw.cookies { keys = key, encrypt = true, plain = { "session" } }, mw.session { keys = key }, mw.flash(),
    mw.params { max_size = 1000, max_fields = 8, max_depth = 4 }, mw.idempotency { store = store },
    mw.static { root = "t/fuzz/lua", prefix = "/static" },
})

local function take_apart(input)
    local head, body = input:match("^(.-)\n\n(.*)$")
    head, body = head or input, body or ""
    local method, target = head:match("^(%u+) (/[\33-\126]*)")
    local fields = {}
    for line in (head:match("\n.*") or ""):gmatch("[^\n]+") do
        local name, value = line:match("^([^:]+):%s*(.-)%s*$")
        if is_token(name) and not value:find("[%z\1-\8\10-\31\127]") then
            fields[#fields + 1] = { name, value }
        end
    end
    return method, target, fields, body
end

return function(input)
    local method, target, fields, body = take_apart(input)
    if not method or target:find("%%%X") or target:find("%%%x%X") or target:find("%%.?$") then
        return
    end
    local res = await(test.request(app, { method = method, path = target, headers = fields, body = body }))
    assert(STATUS[res.status], res.status)
    for name, value in res.headers:each() do
        assert(is_token(name) and not tostring(value):find("[%z\1-\8\10-\31\127]"), name)
    end
    kept = next(kept, next(kept)) and {} or kept
end
