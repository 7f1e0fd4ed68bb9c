--- Framing: a duplex stream of bytes becomes a duplex stream of messages.
--
-- Each function takes a stream (anything with `each`, `take`, `put`, `close`) and returns one whose `take` gives whole
-- messages and whose `put` writes them with their frame. Every kind has a cap on the size of a message: what passes it
-- is an error with code `too_large`, and an input that ends within a message one with code `truncated`; after either
-- the stream gives that error for ever. Errors of the stream below are its own.
--
-- A codec is a table: `decode(bytes, at, state)` → message, place behind it; or nil and, when it is known, how many
-- bytes from `at` on are needed. `encode(message)` → string or array of strings. Both may raise. To add a kind: a
-- codec, and a function that checks its options.

local argument = require "perilune.argument"
local deferred = require "perilune.deferred"
local failure = require "perilune.failure"
local options = require "perilune.options"
local task = require "perilune.task"

local frame = {}
local Framed = {}
local mt = { __index = Framed, __name = "framed stream" }

local byte, char, sub, find = string.byte, string.char, string.sub, string.find

--- Bytes that a message has at most, when nothing else is said.
frame.MAX = 1024 * 1024

local function too_large(max)
    return failure.new("too_large", ("a message is larger than %d bytes"):format(max))
end

--- Decodes from what is there: a message, or nil and how many bytes are needed.
local function decode(self)
    local message, place = self.codec.decode(self.bytes, self.at, self.state)
    if message == nil then
        return nil, place
    elseif type(place) ~= "number" or place < self.at or place > #self.bytes + 1 then
        error(("decode must return the place behind the message, from %d to %d, not %s"):format(self.at,
            #self.bytes + 1, tostring(place)), 0)
    elseif place - self.at > self.most then
        error(too_large(self.max), 0)
    end
    self.at = place
    if self.at > #self.bytes then
        self.bytes, self.at = "", 1
    end
    return message
end

--- Puts together what fill has read; it lies in pieces when whoever waited for more has given up.
local function gather(self)
    local parts = self.parts
    if parts then
        self.bytes, self.at, self.parts = #parts == 1 and parts[1] or table.concat(parts), 1, nil
    end
end

--- Waits until there are `needed` bytes, or more than before. False at the end of the input.
local function fill(self, needed)
    local parts = { sub(self.bytes, self.at) }
    local n = #parts[1]
    local goal = math.max(needed or 0, n + 1)
    self.bytes, self.at, self.parts = "", 1, parts
    while n < goal do
        local chunk = self.next_chunk(self.of)
        if chunk == nil then
            break
        end
        parts[#parts + 1] = chunk
        n = n + #chunk
    end
    gather(self)
    return n >= goal
end

--- A message, when one is whole, or nil and how many bytes are needed. What cannot be decoded stays so.
local function try_next(self)
    gather(self)
    if self.failure then
        error(self.failure, 0)
    end
    local ok, message, needed = pcall(decode, self)
    if ok and message == nil and (#self.bytes - self.at + 1 > self.most or needed and needed > self.most) then
        ok, message = false, too_large(self.max)
    end
    if not ok then
        self.failure = message
        error(message, 0)
    end
    return message, needed
end

local function next_message(self)
    while true do
        local message, needed = try_next(self)
        if message ~= nil then
            return message
        elseif not fill(self, needed) then
            if #self.bytes == 0 then
                return nil
            end
            self.failure = failure.new("truncated", "the stream ended within a message")
        end
    end
end

local function is_over(d)
    return not d or d:is_realized()
end

--- The next message, in turn. One that is given up loses nothing.
-- @treturn deferred of it, or of nil at the end
function Framed:take()
    local before = is_over(self.last) and self.taking or self.last
    if is_over(before) then
        local ok, message = pcall(try_next, self)
        if ok and message ~= nil then
            return deferred.success_deferred(message)
        end
        self.taking = task.spawn(next_message, self)
        self.last = self.taking
        return self.taking
    end
    local d
    d = task.spawn(function()
        while not is_over(before) do
            before:shield():try_await() -- who gives up waiting does not give up that one
            before = self.taking -- that may have given up its turn
        end
        self.taking = d
        return next_message(self)
    end)
    self.last = d
    return d
end

--- Iterates over the messages in the running task; raises when the input is malformed or ends within a message.
function Framed:each()
    return next_message, self
end

--- Writes a message.
-- @treturn deferred as `put` of the stream below
function Framed:put(message)
    return self.below:put(self.codec.encode(message))
end

--- A stream of the messages with all operators: put into it to write, take from it to read; closing it closes the
-- stream below.
-- @treturn stream
function Framed:stream()
    return require("perilune.stream.duplex")(function()
        return self:take()
    end, function(message)
        return self:put(message)
    end, function()
        self:close()
    end)
end

--- Ends our side; see the stream below.
function Framed:shutdown()
    return self.below:shutdown()
end

--- Closes the stream below.
function Framed:close()
    return self.below:close()
end

--- Closes the stream below at once.
function Framed:abort()
    return self.below:abort()
end

--- Gives the stream below back, with bytes that were read and belong to no message yet.
-- @return stream
-- @treturn string
function Framed:unwrap()
    gather(self)
    return self.below, sub(self.bytes, self.at)
end

local function check_stream(stream, where)
    if type(stream) ~= "table" or type(stream.each) ~= "function" then
        argument.bad("stream", where, "a stream expected, got " .. type(stream), 3)
    end
end

local function wrap(stream, codec, max, overhead)
    local next_chunk, of = stream:each()
    return setmetatable({
        below = stream, codec = codec, state = {}, bytes = "", at = 1, max = max, most = max + (overhead or 0),
        next_chunk = next_chunk, of = of,
    }, mt)
end

local function check_size(bytes, max)
    if bytes > max then
        error(failure.new("too_large", ("a message of %d bytes is larger than %d"):format(bytes, max)), 0)
    end
end

--- What `encode` gives, unless it has more than `max` bytes.
local function encode_capped(encode, max)
    return function(message)
        local data = encode(message)
        local bytes = 0
        for _, part in ipairs(type(data) == "table" and data or { data }) do
            bytes = bytes + #tostring(part)
        end
        check_size(bytes, max)
        return data
    end
end

--- A framing of one's own.
-- @param stream bytes both ways
-- @tparam table codec `{decode=, encode=, max=}`: see above
function frame.codec(stream, codec)
    check_stream(stream, "frame.codec")
    codec = options.check(codec, { decode = "function", encode = "function", max = "bytes" }, "frame.codec", 2)
    if not codec.decode or not codec.encode then
        error("frame.codec: 'decode' and 'encode' are needed", 2)
    end
    local max = codec.max or frame.MAX
    return wrap(stream, { decode = codec.decode, encode = encode_capped(codec.encode, max) }, max)
end

local function check_text(message, max, where)
    if type(message) ~= "string" then
        error(("%s: a message must be a string, not a %s"):format(where, type(message)), 4)
    end
    check_size(#message, max)
end

local function decode_delimited(delimiter, max, trims_cr)
    local length = #delimiter
    return function(bytes, at, state)
        local from = math.max(at, at + (state.scanned or 0) - length + 1)
        local first, last = find(bytes, delimiter, from, true)
        if not first then
            state.scanned = #bytes - at + 1
            return nil
        end
        state.scanned = 0
        if trims_cr and first > at and byte(bytes, first - 1) == 13 then
            first = first - 1
        end
        if first - at > max then
            error(too_large(max), 0)
        end
        return sub(bytes, at, first - 1), last + 1
    end
end

local function delimited(stream, delimiter, max, where, line_end)
    local terminator = line_end or delimiter
    return wrap(stream, {
        decode = decode_delimited(delimiter, max, line_end ~= nil),
        encode = function(message)
            check_text(message, max, where)
            if find(message, delimiter, 1, true) then
                error(where .. ": a message must not hold the delimiter", 3)
            end
            return { message, terminator }
        end,
    }, max, #delimiter + 1)
end

--- Lines: LF or CR LF at the end, which is cut off.
-- Options: `max` (65536 bytes), `crlf` (write CR LF; false).
-- @param stream bytes both ways
-- @tparam[opt] table opts
function frame.lines(stream, opts)
    check_stream(stream, "frame.lines")
    opts = options.check(opts, { max = "bytes", crlf = "boolean" }, "frame.lines", 2)
    return delimited(stream, "\n", opts.max or 65536, "frame.lines", opts.crlf and "\r\n" or "\n")
end

--- Messages that end with a delimiter, which is cut off.
-- Options: `delimiter`, `max`.
function frame.delimited(stream, opts)
    check_stream(stream, "frame.delimited")
    opts = options.check(opts, { max = "bytes", delimiter = "string" }, "frame.delimited", 2)
    if not opts.delimiter or opts.delimiter == "" then
        error("frame.delimited: option 'delimiter' is needed", 2)
    end
    return delimited(stream, opts.delimiter, opts.max or frame.MAX, "frame.delimited")
end

--- Messages of one size.
-- Option: `bytes`.
function frame.fixed(stream, opts)
    check_stream(stream, "frame.fixed")
    opts = options.check(opts, { bytes = "bytes" }, "frame.fixed", 2)
    local n = opts.bytes
    if not n or n < 1 then
        error("frame.fixed: option 'bytes' is needed", 2)
    end
    return wrap(stream, {
        decode = function(bytes, at)
            if #bytes - at + 1 < n then
                return nil, n
            end
            return sub(bytes, at, at + n - 1), at + n
        end,
        encode = function(message)
            check_text(message, n, "frame.fixed")
            if #message ~= n then
                error(("frame.fixed: a message must have %d bytes, not %d"):format(n, #message), 3)
            end
            return message
        end,
    }, n)
end

--- The number that `n` bytes at `at` stand for; beyond 2^53 only its size matters, and that is too large.
local function number_at(bytes, at, n, is_little)
    local v = 0
    for i = 0, n - 1 do
        v = v * 256 + byte(bytes, is_little and at + n - 1 - i or at + i)
    end
    return v
end

local function number_bytes(v, n, is_little)
    local all = {}
    for i = 1, n do
        all[is_little and i or n + 1 - i] = char(v % 256)
        v = math.floor(v / 256)
    end
    return table.concat(all)
end

--- LEB128 as protobuf has it. The number and how many bytes it took; nil when it is not whole.
local function varint_at(bytes, at)
    local v, scale = 0, 1
    for i = 0, 9 do
        local b = byte(bytes, at + i)
        if not b then
            return nil
        end
        v = v + b % 128 * scale
        if b < 128 then
            return v, i + 1
        end
        scale = scale * 128
    end
    error(failure.new("protocol", "a varint has more than 10 bytes"), 0)
end

local function varint_bytes(v)
    local all = {}
    while v >= 128 do
        all[#all + 1] = char(128 + v % 128)
        v = math.floor(v / 128)
    end
    all[#all + 1] = char(v)
    return table.concat(all)
end

local function decode_prefixed(read_length, max)
    return function(bytes, at)
        local n, head = read_length(bytes, at)
        if not n then
            return nil
        elseif n > max then
            error(too_large(max), 0)
        elseif #bytes - at + 1 < head + n then
            return nil, head + n
        end
        return sub(bytes, at + head, at + head + n - 1), at + head + n
    end
end

--- Messages behind their length.
-- Options: `bytes` of the length: 1, 2, 4, 8 or "varint"; `endian` "big" (the default) or "little"; `max`.
function frame.length_prefixed(stream, opts)
    check_stream(stream, "frame.length_prefixed")
    opts = options.check(opts, { bytes = { "count", "string" }, endian = "string", max = "bytes" },
        "frame.length_prefixed", 2)
    local size, is_little = opts.bytes, opts.endian == "little"
    if size ~= 1 and size ~= 2 and size ~= 4 and size ~= 8 and size ~= "varint" then
        error("frame.length_prefixed: option 'bytes' must be 1, 2, 4, 8 or \"varint\"", 2)
    elseif opts.endian and opts.endian ~= "big" and not is_little then
        error("frame.length_prefixed: option 'endian' must be \"big\" or \"little\"", 2)
    end
    local is_varint = size == "varint"
    local max = math.min(opts.max or frame.MAX, is_varint and math.huge or 256 ^ size - 1)
    local read = is_varint and varint_at or function(bytes, at)
        if #bytes - at + 1 >= size then
            return number_at(bytes, at, size, is_little), size
        end
    end
    return wrap(stream, {
        decode = decode_prefixed(read, max),
        encode = function(message)
            check_text(message, max, "frame.length_prefixed")
            return { is_varint and varint_bytes(#message) or number_bytes(#message, size, is_little), message }
        end,
    }, max, 10)
end

local function netstring_at(bytes, at, max)
    local _, last, digits = find(bytes, "^(%d+):", at)
    if not last then
        if #bytes - at + 1 > 12 or find(bytes, "^%d*[^%d:]", at) or byte(bytes, at) == 58 then
            error(failure.new("protocol", "not a netstring"), 0)
        end
        return nil
    end
    local n = tonumber(digits)
    if #digits > 1 and byte(digits) == 48 then
        error(failure.new("protocol", "not a netstring"), 0)
    elseif n > max then
        error(too_large(max), 0)
    elseif #bytes < last + n + 1 then
        return nil, last + n + 1 - at + 1
    elseif byte(bytes, last + n + 1) ~= 44 then
        error(failure.new("protocol", "a netstring does not end with a comma"), 0)
    end
    return sub(bytes, last + 1, last + n), last + n + 2
end

--- Netstrings: "5:hello,".
-- Option: `max`.
function frame.netstring(stream, opts)
    check_stream(stream, "frame.netstring")
    local max = options.check(opts, { max = "bytes" }, "frame.netstring", 2).max or frame.MAX
    return wrap(stream, {
        decode = function(bytes, at)
            return netstring_at(bytes, at, max)
        end,
        encode = function(message)
            check_text(message, max, "frame.netstring")
            return { #message .. ":", message, "," }
        end,
    }, max, 14)
end

return frame
