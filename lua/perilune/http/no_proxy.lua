--- Lists of hosts that are not asked through a proxy.
--
-- A list is an array, or a text with commas or blanks between. Entries: `*`; a name, which means what is below it, too
-- (`example.org`, `.example.org`, `*.example.org`); an address; a network (`10.0.0.0/8`, `fd00::/8`). A port may follow
-- (`example.org:8080`, `[::1]:8080`).

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

--- An entry in its parts: the host, and what follows it. An IPv6 address has brackets when a port follows.
local function split(entry)
    if entry:find("^%[") then
        return entry:match("^%[(.-)%](.*)$")
    elseif entry:find(":.*:") then
        return entry:match("^([^/]*)(.*)$")
    end
    return entry:match("^([^:/]*)(.*)$")
end

local function is_at_or_below(host, name)
    name = name:gsub("^%*?%.", ""):gsub("%.$", "")
    if name:find("[\128-\255]") then
        name = dns.to_ascii(name) or name
    end
    return host == name or (name ~= "" and host:sub(-#name - 1) == "." .. name)
end

local function matches_one(host, port, entry)
    local name, rest = split(tostring(entry):lower())
    local wanted, bits = (rest or ""):match("^:(%d+)$"), (rest or ""):match("^/(%d+)$")
    if not name or rest ~= "" and not bits and tonumber(wanted) ~= port then
        return false
    elseif bits then
        return is_in_network(host, name, tonumber(bits))
    elseif name == "*" then
        return true
    elseif dns.is_address(host) or dns.is_address(name) then
        return is_in_network(host, name, #(dns.pack_address(name) or "") * 8)
    end
    return is_at_or_below(host, name)
end

--- Is a host on the list?
-- @tparam string host in lower case
-- @tparam number port
-- @tparam table|string list
-- @treturn boolean
function no_proxy.matches(host, port, list)
    host = host:gsub("%.$", "")
    for _, entry in ipairs(entries(list)) do
        if matches_one(host, port, entry) then
            return true
        end
    end
    return false
end

return no_proxy
