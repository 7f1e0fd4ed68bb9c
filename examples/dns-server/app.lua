-- A name server for one zone, over UDP and TCP. Names under "echo" answer with the address of whoever asks.
-- perilune run app.lua PORT
local frame = require "perilune.frame"
local message = require "perilune.dns.message"
local task = require "perilune.task"
local tcp = require "perilune.tcp"
local udp = require "perilune.udp"

local MOST_OVER_UDP = 512
local zone = {
    ["www.example.test A"] = { { address = "192.0.2.10" }, { address = "192.0.2.11" } },
    ["www.example.test AAAA"] = { { address = "2001:db8::10" } },
    ["example.test MX"] = { { preference = 10, exchange = "mail.example.test" } },
    ["example.test TXT"] = { { text = "served by Lua" } },
}
local soa = {
    name = "example.test", type = "SOA", ttl = 60, mname = "ns.example.test", rname = "root.example.test", serial = 1,
    refresh = 3600, retry = 600, expire = 86400, minimum = 60,
}

local function answers(query, from)
    local name = query.name:lower()
    if name == "echo.example.test" and query.type == "A" then
        return { { name = query.name, type = "A", ttl = 0, address = from } }
    end
    local all = {}
    for i, record in ipairs(zone[name .. " " .. query.type] or {}) do
        all[i] = { name = query.name, type = query.type, ttl = 300 }
        for field, value in pairs(record) do
            all[i][field] = value
        end
    end
    return all
end

local function reply(bytes, from)
    local query = message.read_query(bytes)
    if not query then
        return nil
    end
    local found = answers(query, from)
    return message.write_reply(query, { rcode = #found == 0 and 3 or 0, answers = found,
        authority = #found == 0 and { soa } or nil }), query
end

local socket = udp.socket { address = "127.0.0.1", port = tonumber(arg[1] or 5300) }

tcp.start_server(function(stream, info)
    local messages = frame.length_prefixed(stream, { bytes = 2 })
    for bytes in messages:each() do
        local text = reply(bytes, info.peer.host)
        if not text then
            return
        end
        await(messages:put(text))
    end
end, { address = "127.0.0.1", port = socket:port(), idle_timeout = 10 })

task.spawn(function()
    for m in socket:each() do
        local text, query = reply(m.message, m.host)
        if text and #text > MOST_OVER_UDP then
            text = message.write_reply(query, { is_truncated = true })
        end
        if text then
            socket:put { host = m.host, port = m.port, message = text }
        end
    end
end)

print("DNS on port " .. socket:port())
