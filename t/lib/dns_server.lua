--- A name server for tests, on a free port of 127.0.0.1, over UDP and TCP.
--
-- `start(zone)`: `zone["name TYPE"]` is an array of records without name and type, or a table with `rcode`,
-- `delay` (seconds), `is_lost`, `is_truncated` (over UDP), `lost` (how many queries are lost before one is answered)
-- beside it. Names that are not there get NXDOMAIN with an SOA record of `zone.negative_ttl`. `server.asked` lists
-- what was asked: "name TYPE udp".

local failure = require "perilune.failure"
local message = require "perilune.dns.message"
local task = require "perilune.task"
local udp = require "perilune.udp"

local dns_server = {}
local Server = {}
Server.__index = Server

local function soa(ttl)
    return { name = "test", type = "SOA", ttl = ttl, mname = "ns.test", rname = "root.test", serial = 1, refresh = 1,
        retry = 1, expire = 1, minimum = ttl }
end

local function answers_of(entry, query)
    local all = {}
    for i, r in ipairs(entry) do
        local copy = { name = query.name, type = query.type, ttl = 300 }
        for k, v in pairs(r) do
            copy[k] = v
        end
        all[i] = copy
    end
    return all
end

--- The reply to a query, nil when it is lost.
function Server:reply(bytes, transport)
    local query = message.read_query(bytes)
    if not query then
        return nil
    end
    local key = query.name:lower() .. " " .. query.type
    self.asked[#self.asked + 1] = key .. " " .. transport
    local entry = self.zone[key] or { rcode = self.zone[query.name:lower()] and 0 or 3 }
    if entry.lost and entry.lost > 0 then
        entry.lost = entry.lost - 1
        return nil
    elseif entry.is_lost then
        return nil
    end
    if entry.delay then
        await(task.sleep(entry.delay))
    end
    if entry.is_truncated and transport == "udp" then
        return message.write_reply(query, { is_truncated = true })
    end
    local answers = answers_of(entry, query)
    local ttl = self.zone.negative_ttl
    return message.write_reply(query, { rcode = entry.rcode, answers = answers,
        authority = #answers == 0 and ttl and { soa(ttl) } or nil })
end

local function serve_udp(self)
    for m in self.udp:each() do
        task.spawn(function()
            local reply = self:reply(m.message, "udp")
            if reply then
                self.udp:put { host = m.host, port = m.port, message = reply }
            end
        end)
    end
end

local function start_tcp(self)
    local frame = require "perilune.frame"
    return require("perilune.tcp").start_server(function(stream)
        local messages = frame.length_prefixed(stream, { bytes = 2 })
        for bytes in messages:each() do
            local reply = self:reply(bytes, "tcp")
            if reply then
                await(messages:put(reply))
            end
        end
    end, { address = "127.0.0.1", port = self.udp:port() })
end

--- Opens both on one port: where the one that is free for UDP is taken for TCP, on the next one.
local function open_both(self, port)
    repeat
        self.udp = udp.socket { address = "127.0.0.1", port = port }
        local ok, tcp = pcall(start_tcp, self)
        self.tcp = ok and tcp
        if not ok then
            self.udp:abort()
            if port or not failure.is(tcp, "address_in_use") then
                error(tcp, 0)
            end
        end
    until ok
end

--- Starts one.
-- @tparam table zone
-- @tparam[opt] table options `port`, `tcp` (over TCP as well)
-- @treturn server with `address` ("127.0.0.1:port"), `asked`, `zone`
function dns_server.start(zone, options)
    local self = setmetatable({ zone = zone, asked = {} }, Server)
    local port = options and options.port
    if options and options.tcp then
        open_both(self, port)
    else
        self.udp = udp.socket { address = "127.0.0.1", port = port }
    end
    self.address = "127.0.0.1:" .. self.udp:port()
    task.spawn(serve_udp, self)
    return self
end

function Server:stop()
    self.udp:abort()
    if self.tcp then
        self.tcp:close(0)
    end
end

--- A server for `zone` and a resolver that asks it: server, resolver, and `all(name, options)`, which is what a lookup
-- says as one text. Options: those of `dns.resolver`, and `tcp`.
function dns_server.world(zone, opts)
    opts = opts or {}
    local server = dns_server.start(zone, { tcp = opts.tcp })
    local o = { name_servers = server.address, hosts = false, search = "", timeout = 2, tries = 2 }
    for name, value in pairs(opts) do
        o[name] = value
    end
    o.tcp = nil
    local resolver = require("perilune.dns").resolver(o)
    return server, resolver, function(name, options)
        local ok, v = try_await(resolver:lookup(name, options))
        return ok and table.concat(v, " ") or v.code
    end
end

return dns_server
