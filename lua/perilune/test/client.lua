--- The test client: sends bytes as told, takes what comes back, reads HTTP/1.x responses.
--
-- It reads to the end of file like Test::Nginx's, unless it is told how many responses to
-- wait for. It is lenient about nothing: a chunked body that breaks the grammar is reported.
-- @module perilune.test.client

local posix = require "perilune.test.posix"
local sock = require "perilune.test.sock"

local M = {}

local TRICKLE_RUN, TRICKLE_PAUSE = 64, 0.001

-- Splits packets into single bytes, with a short pause after every 64.
local function trickled(packets)
    local out, count = {}, 0
    for _, packet in ipairs(packets) do
        for i = 1, #packet.value do
            local delay = i == 1 and packet.delay or nil
            if count > 0 and count % TRICKLE_RUN == 0 then
                delay = (delay or 0) + TRICKLE_PAUSE
            end
            out[#out + 1] = { value = packet.value:sub(i, i), delay = delay }
            count = count + 1
        end
    end
    return out
end

-- Sends what the socket takes now. Returns true while there is more to send.
local function send_some(conv)
    local packet = conv.packets[conv.index]
    if packet.delay and not packet.waited then
        packet.waited = true
        conv.resume_at = posix.now() + packet.delay
        return true
    end
    if conv.at <= #packet.value then
        local n, err = sock.send(conv.fd, packet.value, conv.at, #packet.value)
        if not n then
            conv.send_error = err
            return false
        end
        conv.at = conv.at + n
    end
    if conv.at > #packet.value then
        conv.index, conv.at = conv.index + 1, 1
    end
    return conv.packets[conv.index] ~= nil
end

local function after_sending(conv, options)
    conv.sending = false
    if options.shutdown and not conv.send_error then
        sock.shutdown(conv.fd, options.shutdown)
    end
end

local function receive(conv)
    while true do
        local data, err = sock.recv(conv.fd)
        if data == false then
            return
        elseif not data then
            conv.reset, conv.eof = err, true
            return
        elseif data == "" then
            conv.eof = true
            return
        end
        conv.parts[#conv.parts + 1] = data
        conv.deadline = posix.now() + conv.timeout
    end
end

local function turn(conv, options)
    local now = posix.now()
    local held = conv.resume_at and conv.resume_at > now
    local limit = (held and conv.resume_at or conv.deadline) - now
    local readable, writable = sock.poll(conv.fd, true, conv.sending and not held, limit)
    if readable then
        receive(conv)
    end
    if writable and not conv.eof then
        conv.deadline = posix.now() + conv.timeout
        if not send_some(conv) then
            after_sending(conv, options)
        end
    end
    if not held and not readable and not writable and posix.now() >= conv.deadline then
        conv.timed_out = true
    elseif held then
        conv.deadline = math.max(conv.deadline, posix.now() + conv.timeout)
    end
end

local function enough(conv, options)
    if conv.sending or not options.responses or #conv.parts == conv.checked then
        return false
    end
    conv.checked = #conv.parts
    return M.count(table.concat(conv.parts), options.heads) >= options.responses
end

-- After the responses: is the connection still open? Extra bytes are kept.
local function watch_close(conv, options)
    local limit = posix.now() + (options.expect == "closed" and conv.timeout or 0.15)
    while not conv.eof and posix.now() < limit do
        if sock.poll(conv.fd, true, false, limit - posix.now()) then
            receive(conv)
        end
    end
end

--- Talks to the server once.
-- @tparam number port on 127.0.0.1
-- @tparam table packets list of `{value=, delay=}`
-- @tparam table options timeout (seconds of silence), shutdown (nil, 0, 1 or 2), trickle,
--   responses (stop after so many), expect ("open" or "closed"), heads, middle_delay
-- @treturn ?table data, eof, timed_out, reset, send_error; nil when it cannot connect
-- @treturn ?string message
function M.talk(port, packets, options)
    local fd, err = sock.connect(options.host or "127.0.0.1", port, options.timeout)
    if not fd then
        return nil, err
    end
    local conv = {
        fd = fd, parts = {}, index = 1, at = 1, sending = #packets > 0, checked = 0,
        timeout = options.timeout, deadline = posix.now() + options.timeout,
        packets = options.trickle and trickled(packets) or packets,
    }
    for i, packet in ipairs(packets) do
        packet.waited = nil
        if i > 1 then
            packet.delay = packet.delay or options.middle_delay
        end
    end
    while not conv.eof and not conv.timed_out and not enough(conv, options) do
        turn(conv, options)
    end
    if options.responses and not conv.eof and not conv.timed_out then
        watch_close(conv, options)
    end
    sock.close(fd)
    conv.data = table.concat(conv.parts)
    return conv
end

local methods = {}
local Response = { __name = "perilune.test.response", __index = methods }

--- The value of a header: repeated ones joined with ", ", nil when absent.
function methods:header(name)
    local values = self.headers[name:lower():gsub("_", "-")]
    return values and table.concat(values, ", ")
end

local function parse_head(res, head)
    res.code = head:match("^HTTP/[%d.]+ +(%d%d%d)%f[^%d]") or ""
    local last
    for line in head:gmatch("([^\n]*)\n") do
        line = line:gsub("\r$", "")
        local name, value = line:match("^([^%s:]+)%s*:[ \t]*(.-)[ \t]*$")
        if name then
            last = name:lower():gsub("_", "-")
            res.headers[last] = res.headers[last] or {}
            table.insert(res.headers[last], value)
        elseif last and line:match("^[ \t]") then
            local list = res.headers[last]
            list[#list] = list[#list] .. "\n" .. line
        end
    end
end

-- Reads the trailer lines after the last chunk; returns the position behind them.
local function trailers(raw, at)
    while true do
        local line_end = raw:find("\r\n", at, true)
        if not line_end then
            return nil
        elseif line_end == at then
            return at + 2
        end
        at = line_end + 2
    end
end

local function dechunk(res, raw)
    local at, out = 1, {}
    while true do
        local size, after = raw:match("^[ \t]*(%x+)[ \t]*\r\n()", at)
        if not size then
            local rest = raw:sub(at, at + 60)
            res.problem = rest == "" and "no last chunk found"
                or "invalid chunked body: " .. rest
            return
        end
        local length = tonumber(size, 16)
        if length == 0 then
            at = trailers(raw, after)
            break
        end
        if #raw < after + length - 1 then
            res.problem = "invalid chunked data (chunk cut short)"
            return
        end
        out[#out + 1] = raw:sub(after, after + length - 1)
        if raw:sub(after + length, after + length + 1) ~= "\r\n" then
            res.problem = "invalid chunked data (expected CRLF after the chunk)"
            return
        end
        at = after + length + 2
    end
    res.body = table.concat(out)
    if not at then
        res.problem = "no end of the last chunk"
        return
    end
    res.left, res.complete = raw:sub(at), true
end

--- Reads the first response in `data`.
-- @tparam string data
-- @tparam ?boolean is_head the request was a HEAD
-- @treturn table code (string, "" when unreadable), headers, raw_headers, body, left (bytes
--   behind it), complete (its end is certain), problem (what is wrong with it)
function M.parse(data, is_head)
    local res = setmetatable({
        code = "", headers = {}, raw_headers = "", body = data, left = "",
    }, Response)
    local head_end = data:find("\r\n\r\n", 1, true)
    if not head_end then
        return res
    end
    res.raw_headers = data:sub(1, head_end + 1)
    parse_head(res, res.raw_headers)
    local raw = data:sub(head_end + 4)
    res.body = raw
    local code = tonumber(res.code) or 0
    local length = tonumber(res:header("Content-Length"))
    if is_head or code == 304 or code == 204 or (code >= 100 and code < 200 and code ~= 101) then
        res.body, res.left, res.complete = "", raw, true
    elseif code == 101 then
        return res
    elseif (res:header("Transfer-Encoding") or ""):lower() == "chunked" then
        dechunk(res, raw)
    elseif length then
        res.body, res.left = raw:sub(1, length), raw:sub(length + 1)
        res.complete = #raw >= length
        if not res.complete then
            res.warning = ("response body truncated: %d expected, but got %d"):format(length, #raw)
        end
    end
    return res
end

--- How many whole responses `data` starts with.
function M.count(data, heads)
    local n = 0
    while data ~= "" do
        local res = M.parse(data, heads and heads[n + 1])
        if not res.complete then
            return n
        end
        n, data = n + 1, res.left
    end
    return n
end

return M
