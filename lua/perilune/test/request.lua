--- Builds the bytes to send from the request sections of a block.
--
-- The result is a list of connections to make; each is `{packets=, head=}`, where a packet is
-- `{value=, delay=}` (seconds to wait before it) and `head` tells that the request is a HEAD.
-- Missing parts are added as Test::Nginx adds them: `Host`, `Connection: close`, the HTTP
-- version and Content-Length. A `raw_request` is sent untouched.
-- @module perilune.test.request

local regex = require "perilune.test.regex"

local M = {}

local function is_array(value)
    return type(value) == "table" and value.value == nil and not regex.is_regex(value)
end

--- Reads `more_headers`: returns the header lines and whether the body is chunked.
local function more_headers(value, index)
    if type(value) == "table" then
        value = value[index] or error("more_headers lacks an entry for request " .. index, 0)
    end
    local out, chunked = {}, false
    for line in (value or ""):gmatch("[^\n]+") do
        if not line:match("^%s*#") then
            local name, text = line:match("^(.-):%s*(.*)$")
            name, text = name or line, text or ""
            chunked = chunked or (name:lower() == "transfer-encoding" and text == "chunked")
            out[#out + 1] = name .. ": " .. text:gsub("\r$", "") .. "\r\n"
        end
    end
    return table.concat(out), chunked
end

local function has_header(headers, name)
    return ("\n" .. headers):lower():find("\n" .. name, 1, true) ~= nil
end

local function head_lines(headers, chunked, connection, content, server_name)
    local out = {}
    if not has_header(headers, "host:") then
        out[#out + 1] = "Host: " .. server_name .. "\r\n"
    end
    if not has_header(headers, "connection") then
        out[#out + 1] = "Connection: " .. connection .. "\r\n"
    end
    out[#out + 1] = headers
    if content and not chunked and not has_header(headers, "content-length:") then
        out[#out + 1] = "Content-Length: " .. #content .. "\r\n"
    end
    return table.concat(out) .. "\r\n"
end

-- Turns the text of a request into bytes; also tells where the body starts in both.
local function complete(text, options)
    local line, rest = text:match("^([^\n]*)\n?(.*)$")
    local method, url, version = line:match("^%s*(%S+) *(%S*) *(%S*)%s*$")
    if not method then
        error("request line is not 'METHOD url [version]': " .. line, 0)
    end
    local explicit = options.chunked or has_header(options.headers, "content-length:")
    if not explicit and rest ~= "" then
        rest = rest:match("^%s*(.-)%s*$")
    end
    local content = rest ~= "" and rest or nil
    local head = ("%s %s %s\r\n"):format(method, url == "" and "/" or url,
        version == "" and "HTTP/1.1" or version)
        .. head_lines(options.headers, options.chunked, options.connection, content,
            options.server_name)
    return head, rest, #text - #text:match("^[^\n]*\n?(.*)$")
end

-- Cuts the completed request where the packets of the written one ended.
local function cut(packets, head, body, line_length)
    local out, offset, sent = {}, 0, 0
    local whole = head .. body
    for i, packet in ipairs(packets) do
        local hash = type(packet) == "table"
        offset = offset + #(hash and packet.value or packet)
        local stop
        if i == #packets then
            stop = #whole
        elseif offset < line_length then
            stop = offset
        else
            stop = math.min(#head + offset - line_length, #whole)
        end
        out[i] = {
            value = whole:sub(sent + 1, stop),
            delay = hash and tonumber(packet.delay_before) or nil,
        }
        sent = stop
    end
    return out
end

local function one_request(value, index, sections, context, connection)
    local headers, chunked = more_headers(sections.more_headers, index)
    local packets = is_array(value) and value or { value }
    local texts = {}
    for i, packet in ipairs(packets) do
        texts[i] = type(packet) == "table" and packet.value or tostring(packet)
    end
    local text = context.expand(table.concat(texts))
    local head, body, line_length = complete(text, {
        headers = context.expand(headers), chunked = chunked, connection = connection,
        server_name = context.server_name,
    })
    if #packets == 1 then
        packets = { text }
    end
    return {
        packets = cut(packets, head, body, line_length),
        heads = { head:match("^HEAD ") ~= nil },
    }
end

local function raw_requests(value, expand)
    local packets = {}
    for i, item in ipairs(is_array(value) and value or { value }) do
        local hash = type(item) == "table"
        packets[i] = {
            value = expand(tostring(hash and item.value or item)),
            delay = hash and tonumber(item.delay_before or item.delay) or nil,
        }
    end
    local heads = { (packets[1] and packets[1].value or ""):match("^%s*HEAD%s") ~= nil }
    return { { packets = packets, heads = heads } }
end

local function pipelined(list, sections, context)
    if not is_array(list) then
        error("pipelined_requests must be an array", 0)
    end
    local bytes, heads = {}, {}
    for i, item in ipairs(list) do
        local connection = i == #list and "close" or "keep-alive"
        local one = one_request(item, i, sections, context, connection)
        bytes[i], heads[i] = one.packets[1].value, one.heads[1]
    end
    return { { packets = { { value = table.concat(bytes) } }, heads = heads } }
end

-- Drops blank and comment lines before the request line.
local function strip_comments(text)
    local again = true
    while again do
        local n, m
        text, n = text:gsub("^%s*#[^\n]+%s+", "")
        text, m = text:gsub("^%s+", "")
        again = n + m > 0
    end
    return text
end

--- Builds everything that the block sends.
-- @tparam table sections values by name
-- @tparam table context `expand(text)` and `server_name`
-- @treturn table connections to make (empty without a request); raises a message on bad input
function M.build(sections, context)
    if sections.raw_request then
        return raw_requests(sections.raw_request, context.expand)
    elseif sections.pipelined_requests then
        return pipelined(sections.pipelined_requests, sections, context)
    end
    local value = sections.request
    if value == nil then
        return {}
    end
    if not is_array(value) then
        local text = strip_comments(tostring(value))
        return { one_request(text, 1, sections, context, "close") }
    end
    local out = {}
    for i, item in ipairs(value) do
        out[i] = one_request(item, i, sections, context, "close")
    end
    return out
end

return M
