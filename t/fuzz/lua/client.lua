--- What servers send to the client, as far as Lua reads it. Each line is tried as a URL, a cookie, cache directives, a
-- challenge; the whole as an event stream and as answers of Redis, the same ones however they are cut.

local cookies = require "perilune.http.cookies"
local digest = require "perilune.http.digest"
local failure = require "perilune.failure"
local headers = require "perilune.http.headers"
local policy = require "perilune.http.cache_policy"
local event_stream = require "perilune.http.event_stream"
local resp = require "perilune.redis.resp"
local stream = require "perilune.stream"
local url = require "perilune.http.url"

local BASE = assert(url.parse("https://h.example/a/b?c"))

local function cut(text, size)
    local pieces = {}
    for at = 1, #text, size do
        pieces[#pieces + 1] = text:sub(at, at + size - 1)
    end
    return pieces
end

local function shown(value, out)
    if type(value) == "table" and not getmetatable(value) then
        out[#out + 1] = "{"
        for _, one in ipairs(value) do
            shown(one, out)
        end
        out[#out + 1] = "}"
    else
        out[#out + 1] = type(value) .. " " .. (failure.is(value) and value.message or tostring(value))
    end
end

local function redis(text, size)
    local out = {}
    local decoder = resp.decoder(function(value)
        shown(value, out)
    end)
    for _, piece in ipairs(cut(text, size)) do
        local ok, err = pcall(decoder.feed, decoder, piece)
        if not ok then
            assert(failure.is(err, "protocol"), err)
            out[#out + 1] = "refused"
            break
        end
    end
    return table.concat(out, "\n")
end

local function events(text, size)
    local out = {}
    local res = { status = 200, headers = { ["content-type"] = "text/event-stream" } }
    res.body = stream.to_source(cut(text, size))
    event_stream.open({ options = {} }, res, function() end)
    for event in res.body:each() do
        out[#out + 1] = ("%s|%s|%s|%s"):format(event.event, event.data, tostring(event.id), tostring(event.retry))
    end
    return table.concat(out, "\n")
end

local function fields(line)
    local list = headers.new { ["Cache-Control"] = line, Expires = line, Date = line, Age = line, Vary = line,
        ["WWW-Authenticate"] = line, ["Last-Modified"] = line }
    local lifetime = policy.lifetime(200, list, 1e9)
    assert(lifetime == nil or lifetime == lifetime, "no number")
    policy.is_storable(headers.new {}, 200, list)
    policy.initial_age(list, 1e9, 1e9 + 1)
    digest.answer({ options = { digest_auth = "user:password" }, fields = {}, method = "GET", url = BASE },
        { headers = list })
end

local function of_line(line)
    local store = cookies.store { public_suffix = { "example" } }
    store:set(BASE, line)
    local given = {}
    store:give(BASE, given)
    -- A tab may stand within a name or a value (RFC 6265bis section 5.6).
    assert(not given[2] or not given[2]:find("[%z\1-\8\10-\31\127]"), "a cookie with a control byte")
    local u = url.parse(line)
    if u then
        assert(u.host ~= "" and not u.target:find("[%c ]"), u.target)
        assert(url.parse(u.url).url == u.url, u.url)
    end
    u = url.parse(url.resolve(BASE, line))
    assert(not u or not u.target:find("[%c ]"), line)
    fields(line)
end

return function(input)
    local size = 2 + (input:byte() or 0) % 16
    for line in input:gmatch("[^\n]+") do
        if not line:find("[%z\1-\8\10-\31\127]") then
            of_line(line)
        end
    end
    local text = input:gsub("\n", "\r\n")
    for _, read in ipairs { redis, events } do
        local whole = read(text, math.max(1, #text))
        assert(read(text, 1) == whole, "another outcome, byte by byte")
        assert(read(text, size) == whole, "another outcome, cut")
    end
    assert(events(input, 1) == events(input, size), "another outcome, LF alone")
end
