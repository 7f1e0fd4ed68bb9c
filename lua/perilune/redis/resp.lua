--- The protocol of Redis (RESP, version 2): commands as bytes, bytes as answers.
--
-- A decoder is fed with what comes, however it is cut, and gives each answer that is whole to a function. It holds no
-- more than one answer and a chunk, and looks at no byte twice.

local failure = require "perilune.failure"
local null = require("perilune.json").null

local byte, find, sub, format = string.byte, string.find, string.sub, string.format
local concat = table.concat

local resp = { null = null }
local Decoder = {}
local mt = { __index = Decoder, __name = "redis decoder" }

local LINE_MOST, BULK_MOST, ARRAY_MOST, DEPTH_MOST = 65536, 512 * 1024 * 1024, 1024 * 1024, 32
local PLUS, MINUS, COLON, DOLLAR, STAR = byte("+-:$*", 1, 5)

local function text_of(value, i)
    local kind = type(value)
    if kind == "string" then
        return value
    elseif kind == "number" then
        return value % 1 == 0 and math.abs(value) < 2 ^ 53 and format("%d", value) or format("%.17g", value)
    end
    error(("bad argument #%d to a Redis command (string or number expected, got %s)"):format(i, kind), 0)
end

--- A command as it is sent.
-- @tparam table args array of strings and numbers, the name first
-- @tparam[opt=#args] number n
-- @treturn string; raises for values of other types
function resp.encode(args, n)
    n = n or #args
    local out = { format("*%d\r\n", n) }
    for i = 1, n do
        local text = text_of(args[i], i - 1)
        out[i + 1] = format("$%d\r\n%s\r\n", #text, text)
    end
    return concat(out)
end

local function protocol(what)
    error(failure.new("protocol", "Redis has answered with " .. what), 0)
end

--- An error of Redis as an object: `kind` is its first word, such as WRONGTYPE.
local function error_of(line)
    local err = failure.new("redis", line)
    err.kind = line:match("^%u+")
    return err
end

--- A decoder.
-- @tparam function fn called with each answer: a string, a number, an array, `resp.null`, an error object
-- @treturn decoder
function resp.decoder(fn)
    return setmetatable({ fn = fn, pieces = {}, have = 0, need = 1, stack = {} }, mt)
end

--- A value is whole: it goes into the array it is part of, or to whoever listens.
local function deliver(self, value)
    local stack = self.stack
    local top = stack[#stack]
    while top do
        top.n = top.n + 1
        top.array[top.n] = value
        if top.n < top.most then
            return
        end
        stack[#stack] = nil
        value, top = top.array, stack[#stack]
    end
    self.fn(value)
end

local function length_of(line, most)
    local n = tonumber(find(line, "^%-?%d+$") and line)
    if not n or n > most or n < -1 then
        protocol("a bad length")
    end
    return n
end

local function begin_array(self, line)
    local n = length_of(line, ARRAY_MOST)
    if n == -1 then
        deliver(self, null)
    elseif n == 0 then
        deliver(self, {})
    elseif #self.stack == DEPTH_MOST then
        protocol("too many levels")
    else
        self.stack[#self.stack + 1] = { array = {}, n = 0, most = n }
    end
end

local function take_line(self, kind, line)
    if kind == PLUS then
        deliver(self, line)
    elseif kind == COLON then
        deliver(self, tonumber(find(line, "^%-?%d+$") and line) or protocol("a bad number"))
    elseif kind == MINUS then
        deliver(self, error_of(line))
    elseif kind == STAR then
        begin_array(self, line)
    elseif kind == DOLLAR then
        local n = length_of(line, BULK_MOST)
        if n == -1 then
            deliver(self, null)
        else
            self.bulk = n
        end
    else
        protocol("what is no answer")
    end
end

--- Takes what is whole of `text` from `at` on; the place of the rest, and how many bytes from there are needed.
local function take(self, text, at)
    while true do
        local bulk = self.bulk
        if bulk then
            if #text - at + 1 < bulk + 2 then
                return at, bulk + 2
            elseif sub(text, at + bulk, at + bulk + 1) ~= "\r\n" then
                protocol("a string without its end")
            end
            self.bulk = nil
            deliver(self, sub(text, at, at + bulk - 1))
            at = at + bulk + 2
        else
            local cr = find(text, "\r\n", at, true)
            if not cr then
                if #text - at > LINE_MOST then
                    protocol("a line that is too long")
                end
                return at, #text - at + 2
            end
            take_line(self, byte(text, at), sub(text, at + 1, cr - 1))
            at = cr + 2
        end
    end
end

--- Takes bytes; raises an error object with code `protocol` for what is no RESP.
-- @tparam string chunk
function Decoder:feed(chunk)
    local pieces = self.pieces
    pieces[#pieces + 1] = chunk
    self.have = self.have + #chunk
    if self.have < self.need then
        return
    end
    local text = #pieces == 1 and chunk or concat(pieces)
    local at, need = take(self, text, 1)
    local rest = sub(text, at)
    self.pieces, self.have, self.need = { rest ~= "" and rest or nil }, #rest, need
end

return resp
