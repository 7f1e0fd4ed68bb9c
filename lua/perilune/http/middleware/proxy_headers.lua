--- Behind proxies: address, scheme and host as the client had them, from X-Forwarded-For, -Proto and -Host, as far as
-- proxies that are trusted tell them.
--
-- The list of X-Forwarded-For is read from its end: each address was added by the hop after it. The first one that is
-- not a trusted proxy is the client, `req.remote_addr`; what stands before it could be invented. Nothing is taken
-- when the connection itself comes from somebody else.
--
-- Options: `trusted` (array of addresses and of IPv4 networks, "10.0.0.0/8"; "unix:" is a Unix socket; required),
-- `most` (hops, at most; 10).

local bit = require "bit"
local define = require "perilune.http.middleware.define"

local function number_of(address)
    local a, b, c, d = address:match("^(%d+)%.(%d+)%.(%d+)%.(%d+)$")
    if not a or math.max(a, b, c, d) > 255 then
        return nil
    end
    return bit.tobit(((a * 256 + b) * 256 + c) * 256 + d)
end

local function network(text)
    local address, bits = text:match("^([%d.]+)/(%d+)$")
    local number = address and number_of(address)
    if not number or tonumber(bits) > 32 then
        error(("middleware.proxy_headers: '%s' is neither an address nor an IPv4 network"):format(text), 0)
    end
    local mask = tonumber(bits) == 0 and 0 or bit.lshift(-1, 32 - bits)
    return { mask = mask, number = bit.band(number, mask) }
end

--- A function that says whether an address is among the trusted ones.
local function truster(list)
    local exact, networks = {}, {}
    for _, text in ipairs(list) do
        if text:find("/", 1, true) then
            networks[#networks + 1] = network(text)
        else
            exact[text:lower()] = true
        end
    end
    return function(address)
        local number = number_of(address)
        for _, net in ipairs(number and networks or {}) do
            if bit.band(number, net.mask) == net.number then
                return true
            end
        end
        return exact[address:lower()] == true
    end
end

--- An element of the list as an address: without brackets and port.
local function bare(text)
    return text:match("^%[([%x:.]+)%]") or text:match("^([%d.]+):%d+$") or text:match("^[%x:.]+$")
end

--- The address of the client, and how many trusted hops there were.
local function client_of(list, is_trusted, most)
    local hops = {}
    for text in list:gmatch("[^,%s]+") do
        hops[#hops + 1] = text
    end
    local found
    for i = #hops, math.max(1, #hops - most + 1), -1 do
        local address = bare(hops[i])
        if not address then
            return found
        end
        found = address
        if not is_trusted(address) then
            return found
        end
    end
    return found
end

local function last(list)
    return list and list:match("([^,%s]+)%s*$")
end

return define("proxy_headers", { trusted = "table", most = "count" }, function(o)
    if not o.trusted then
        error("middleware.proxy_headers: option 'trusted' is needed", 0)
    end
    local is_trusted = truster(o.trusted)
    return function(handler)
        return function(req)
            if not is_trusted(req.remote_addr or "") then
                return handler(req)
            end
            local fields = req.headers
            local client = client_of(fields["x-forwarded-for"] or "", is_trusted, o.most or 10)
            local scheme, host = last(fields["x-forwarded-proto"]), last(fields["x-forwarded-host"])
            if client then
                rawset(req, "remote_addr", client)
            end
            if scheme and (scheme:lower() == "http" or scheme:lower() == "https") then
                rawset(req, "scheme", scheme:lower())
            end
            if host and host:find("^[%w%-._:%[%]]+$") then
                rawset(req, "host", (host:lower():gsub(":%d+$", "")))
            end
            return handler(req)
        end
    end
end)
