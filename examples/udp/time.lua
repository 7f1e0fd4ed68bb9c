-- The time of day in one message: RFC 868, in UTC and in words.
local udp = require "perilune.udp"

local socket = udp.socket { port = tonumber(arg[1] or 7037) }
print("time on port " .. socket:port())
for m in socket:each() do
    socket:put { host = m.host, port = m.port, message = os.date("!%Y-%m-%dT%H:%M:%SZ") }
end
