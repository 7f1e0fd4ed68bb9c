-- A name server for one zone, over UDP and TCP. Names under "echo" answer with the address of whoever asks.
-- perilune run app.lua PORT
local frame = require "perilune.frame"
local message = require "perilune.dns.message"
local task = require "perilune.task"
local tcp = require "perilune.tcp"
local udp = require "perilune.udp"

local MOST_OVER_UDP = 512
local NAME_ERROR, REFUSED = 3, 5
local soa = {
    name = "example.test", type = "SOA", ttl = 60, mname = "ns.example.test", rname = "root.example.test", serial = 1,
    refresh = 3600, retry = 600, expire = 86400, minimum = 60,
}
local zone = { -- name, type, records
    ["www.example.test"] = {
        A = { { address = "192.0.2.10" }, { address = "192.0.2.11" } },
        AAAA = { { address = "2001:db8::10" } },
    },
    ["example.test"] = {
        SOA = { soa },
        MX = { { preference = 10, exchange = "mail.example.test" } },
        TXT = { { text = "served by Lua" } },
    },
}

--- The records of a name by type; nil: there is no such name.
local function known(name, from)
    if name == "echo.example.test" then
        return { A = { { ttl = 0, address = from } } }
    end
    return zone[name]
end

local function records(query, list)
    local all = {}
    for i, record in ipairs(list or {}) do
        all[i] = { ttl = 300 }
        for field, value in pairs(record) do
            all[i][field] = value
        end
        all[i].name, all[i].type = query.name, query.type
    end
    return all
end

--- Names of others are not ours to judge. For a name of the zone the SOA says how long an answer without records
-- may be kept, be it that there is no such name, or that it has no such records.
local function answer(query, from)
    local name = query.name:lower()
    if name ~= soa.name and name:sub(-#soa.name - 1) ~= "." .. soa.name then
        return { rcode = REFUSED }
    end
    local types = known(name, from)
    local found = records(query, types and types[query.type])
    return { rcode = types and 0 or NAME_ERROR, answers = found, authority = #found == 0 and { soa } or nil }
end

local function reply(bytes, from)
    local query = message.read_query(bytes)
    if not query then
        return nil
    end
    return message.write_reply(query, answer(query, from)), query
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
