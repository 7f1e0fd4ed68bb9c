--- Lists of hosts that are not asked through a proxy.
--
-- A list is an array, or a text with commas or blanks between. Entries: `*`; a name, which means what is below it, too
-- (`example.org`, `.example.org`); an address; a network (`10.0.0.0/8`, `fd00::/8`). A name or an IPv4 address may have
-- a port behind it (`example.org:8080`).

local dns = require "perilune.core.dns"

local no_proxy = {}

local function entries(list)
    if type(list) == "table" then
        return list
    end
    local found = {}
    for entry in list:gmatch("[^,%s]+") do
        found[#found + 1] = entry
    end
    return found
end

--- The bytes of an address as an array of numbers, nil for a name.
local function bytes_of(host)
    local packed = dns.pack_address(host)
    return packed and { packed:byte(1, -1) }
end

local function is_in_network(host, network, bits)
    local address, of = bytes_of(host), bytes_of(network)
    if not address or not of or #address ~= #of or bits > #of * 8 then
        return false
    end
    for i = 1, math.ceil(bits / 8) do
        local shift = 2 ^ math.max(8 * i - bits, 0)
        if math.floor(address[i] / shift) ~= math.floor(of[i] / shift) then
            return false
        end
    end
    return true
end

local function matches_one(host, port, entry)
    entry = tostring(entry):lower():gsub("^%.", "")
    local name, wanted = entry:match("^([^:]*):(%d+)$")
    if name then
        entry = name
        if tonumber(wanted) ~= port then
            return false
        end
    end
    local network, bits = entry:match("^([%x:%.]+)/(%d+)$")
    if network then
        return is_in_network(host, network, tonumber(bits))
    end
    entry = entry:match("^%[(.*)%]$") or entry
    if entry:find("[\128-\255]") then
        entry = dns.to_ascii(entry) or entry
    end
    return entry == "*" or host == entry or (not dns.is_address(host) and host:sub(-#entry - 1) == "." .. entry)
end

--- Is a host on the list?
-- @tparam string host in lower case
-- @tparam number port
-- @tparam table|string list
-- @treturn boolean
function no_proxy.matches(host, port, list)
    for _, entry in ipairs(entries(list)) do
        if matches_one(host, port, entry) then
            return true
        end
    end
    return false
end

return no_proxy
