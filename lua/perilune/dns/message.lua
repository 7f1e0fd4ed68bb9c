--- DNS messages for those who write name servers: questions read, replies written (RFC 1035).
--
-- A record is `{name=, type=, ttl=, ...}` with the fields of its type as `dns.resolve` gives them. To add a type, add a
-- row to `types`: its number and a function that returns the data of a record.

local message = {}

local char, byte, concat = string.char, string.byte, table.concat

local function u16(n)
    return char(math.floor(n / 256) % 256, n % 256)
end

local function u32(n)
    return u16(math.floor(n / 65536)) .. u16(n % 65536)
end

local function name(text)
    local labels = {}
    for label in text:gmatch("[^.]+") do
        if #label > 63 then
            error("label is longer than 63 bytes: " .. label, 0)
        end
        labels[#labels + 1] = char(#label) .. label
    end
    return concat(labels) .. "\0"
end

local function string_of(text)
    return char(#text) .. text
end

local function ipv4(text)
    local a, b, c, d = text:match("^(%d+)%.(%d+)%.(%d+)%.(%d+)$")
    return char(a, b, c, d)
end

local function groups(text)
    local all = {}
    for group in text:gmatch("%x+") do
        all[#all + 1] = u16(tonumber(group, 16))
    end
    return all
end

local function ipv6(text)
    local head, tail = text:match("^(.-)::(.*)$")
    local left, right = groups(head or text), groups(tail or "")
    return concat(left) .. ("\0\0"):rep(8 - #left - #right) .. concat(right)
end

local function target(r)
    return name(r.target)
end

local types = {
    A = { 1, function(r) return ipv4(r.address) end },
    NS = { 2, target },
    CNAME = { 5, target },
    SOA = { 6, function(r)
        return name(r.mname) .. name(r.rname) .. u32(r.serial) .. u32(r.refresh) .. u32(r.retry) .. u32(r.expire)
            .. u32(r.minimum)
    end },
    PTR = { 12, target },
    MX = { 15, function(r) return u16(r.preference) .. name(r.exchange) end },
    TXT = { 16, function(r)
        local all = {}
        for i, text in ipairs(r.strings or { r.text }) do
            all[i] = string_of(text)
        end
        return concat(all)
    end },
    AAAA = { 28, function(r) return ipv6(r.address) end },
    SRV = { 33, function(r) return u16(r.priority) .. u16(r.weight) .. u16(r.port) .. name(r.target) end },
    NAPTR = { 35, function(r)
        return u16(r.order) .. u16(r.preference) .. string_of(r.flags) .. string_of(r.service) .. string_of(r.regexp)
            .. name(r.replacement)
    end },
    CAA = { 257, function(r) return char(r.flags) .. string_of(r.tag) .. r.value end },
}

local names = {}
for type_name, row in pairs(types) do
    names[row[1]] = type_name
end

local function read_name(bytes, at)
    local labels = {}
    while true do
        local n = byte(bytes, at)
        if not n or n > 63 or at + n > #bytes then
            return nil
        elseif n == 0 then
            return concat(labels, "."), at + 1
        end
        labels[#labels + 1] = bytes:sub(at + 1, at + n)
        at = at + n + 1
    end
end

--- Reads a query with one question.
-- @tparam string bytes
-- @treturn table|nil `{id=, name=, type=, is_recursive=}`; nil for anything else
function message.read_query(bytes)
    if #bytes < 17 then
        return nil
    end
    local id, flags = byte(bytes, 1) * 256 + byte(bytes, 2), byte(bytes, 3)
    if flags >= 0x80 or byte(bytes, 5) ~= 0 or byte(bytes, 6) ~= 1 then
        return nil
    end
    local host, at = read_name(bytes, 13)
    if not host or at + 3 > #bytes then
        return nil
    end
    local number = byte(bytes, at) * 256 + byte(bytes, at + 1)
    return {
        id = id, name = host, type = names[number] or "TYPE" .. number, is_recursive = flags % 2 == 1,
        question = bytes:sub(13, at + 3), opcode = flags,
    }
end

local function add_records(out, records)
    for _, r in ipairs(records or {}) do
        local row = types[r.type] or error("records of type " .. tostring(r.type) .. " cannot be written", 3)
        local data = row[2](r)
        out[#out + 1] = name(r.name) .. u16(row[1]) .. u16(1) .. u32(r.ttl or 0) .. u16(#data) .. data
    end
    return u16(records and #records or 0)
end

--- Writes the reply to a query.
-- @tparam table query of `read_query`
-- @tparam[opt] table reply `{rcode=0, answers={}, authority={}, is_truncated=false}`
-- @treturn string
function message.write_reply(query, reply)
    reply = reply or {}
    local records = {}
    local counts = u16(1) .. add_records(records, reply.answers) .. add_records(records, reply.authority) .. u16(0)
    local flags = char(0x84 + (reply.is_truncated and 2 or 0) + (query.is_recursive and 1 or 0),
        0x80 + (reply.rcode or 0))
    return u16(query.id) .. flags .. counts .. query.question .. concat(records)
end

return message
