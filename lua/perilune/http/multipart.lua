--- multipart/form-data (RFC 7578) as it arrives: a stream of parts, each with a stream of its bytes.
--
-- Nothing is kept but what one part needs: a piece of the body is looked through for the delimiter and handed on as it
-- came, not copied, unless its end could be the beginning of a delimiter. So a part of any size goes through in
-- constant memory, and who reads slowly stops the client. Parts come one after the other: asking for the next one
-- drops what is left of this one. Whatever is not as the RFCs want it fails with code `invalid` and `status` 400, what
-- is beyond a limit with `too_large` and 413.
--
-- The reader (`self`): `input` the body, `buffer` bytes of which those from `at` on have not been read, `delimiter`,
-- `part` the current one, `parts` how many there were, `state`: "data" inside a part or the preamble, "head" behind a
-- delimiter, "end" behind the last.

local deferred = require "perilune.deferred"
local failure = require "perilune.failure"
local headers = require "perilune.http.headers"
local is_token = require "perilune.http.token"
local options = require "perilune.options"
local request = require "perilune.http.request"
local stream = require "perilune.stream"
local task = require "perilune.task"
local unseen = require "perilune.unseen"

local find, sub = string.find, string.sub

local multipart = {}

local OPTIONS = { max_parts = "count", max_part_size = "bytes", max_header_size = "bytes" }

local function fail(code, message)
    error(failure.refusal(code == "too_large" and 413 or 400, code, message), 0)
end

local function invalid(what)
    fail("invalid", "malformed multipart body: " .. what)
end

--- Where the end of the buffer could be the beginning of a delimiter; nil: nowhere.
local function partial(self)
    local buffer, delimiter = self.buffer, self.delimiter
    local from = math.max(self.at, #buffer - #delimiter + 2)
    while true do
        from = find(buffer, "\r", from, true)
        if not from or sub(buffer, from) == sub(delimiter, 1, #buffer - from + 1) then
            return from
        end
        from = from + 1
    end
end

--- The bytes before `stop`, which is read next; nil when there are none.
local function take_data(self, stop)
    local buffer, at = self.buffer, self.at
    self.at = stop
    if stop == at then
        return nil
    end
    return at == 1 and stop > #buffer and buffer or sub(buffer, at, stop - 1)
end

--- What the current part has next: bytes; false at its end; nil when more of the body is needed.
local function scan(self)
    if self.state ~= "data" then
        return false
    end
    local first = find(self.buffer, self.delimiter, self.at, true)
    if first == self.at then
        self.at, self.state = first + #self.delimiter, "head"
        return false
    end
    return take_data(self, first or partial(self) or #self.buffer + 1)
end

local function count(self, data)
    self.size = self.size + #data
    if self.part and self.size > self.max_part_size then
        fail("too_large", ("a part is longer than %d bytes"):format(self.max_part_size))
    elseif not self.part and self.size > self.max_header_size then
        invalid("no delimiter at its beginning")
    end
    return data
end

local function feed(self, piece)
    if piece == nil then
        invalid("it ends inside a part")
    end
    self.buffer, self.at = self.at > #self.buffer and piece or sub(self.buffer, self.at) .. piece, 1
end

--- A deferred of the next bytes of the current part, nil at its end.
local function next_data(self)
    local data = scan(self)
    if data == nil then
        return self.input:take():chain(function(piece)
            feed(self, piece)
            return next_data(self)
        end)
    end
    return deferred.success_deferred(data and count(self, data) or nil)
end

--- Waits until there are `n` bytes to be read.
local function need(self, n)
    while #self.buffer - self.at + 1 < n do
        feed(self, deferred.await(self.input:take()))
    end
end

--- Takes a line of at most `room` bytes, without its end.
local function take_line(self, room)
    while true do
        local at, last = self.at, find(self.buffer, "\r\n", self.at, true)
        if (last or #self.buffer) - at > room then
            fail("too_large", "the header of a part is too long")
        elseif last then
            self.at = last + 2
            return sub(self.buffer, at, last - 1)
        end
        need(self, #self.buffer - at + 2)
    end
end

local function read_fields(self)
    local fields, room = headers.new(), self.max_header_size
    while true do
        local line = take_line(self, room)
        if line == "" then
            return fields
        end
        local name, value = line:match("^([^:]*):[ \t]*(.-)[ \t]*$")
        if not is_token(name) or value:find("[%z\r\n]") then
            invalid("a header line that is none")
        end
        fields:add(name, value)
        room = room - #line - 2
    end
end

--- The parameters of a field value such as `form-data; name="a"`: name → text. Browsers write a quote inside as %22,
-- line ends as %0D and %0A; older programs put a backslash before a quote.
local function parameters(text)
    local found, at = {}, (text:find(";", 1, true) or #text + 1)
    while at <= #text do
        local _, last, name, quoted = text:find('^;[ \t]*([^=;" \t]*)=(")', at)
        local value
        if quoted then
            local from = last + 1
            repeat
                last = text:find('"', last + 1, true)
            until not last or text:sub(last - 1, last - 1) ~= "\\" or last == from
            value = last and text:sub(from, last - 1):gsub('\\"', '"')
        else
            _, last, name, value = text:find("^;[ \t]*([^=;\" \t]*)=([^;\" \t]*)", at)
        end
        if not value or not is_token(name) or found[name:lower()] then
            return nil
        end
        found[name:lower()] = value
        at = text:match("^[ \t]*()", last + 1)
        if at <= #text and text:sub(at, at) ~= ";" then
            return nil
        end
    end
    return found
end

local function unescaped(text)
    return text and text:gsub("%%22", '"'):gsub("%%0[Dd]", "\r"):gsub("%%0[Aa]", "\n")
end

local function body_of(self, part)
    return stream._pulling(function(s)
        if self.part ~= part then
            return deferred.error_deferred(failure.new("closed", "the next part has been asked for"))
        end
        local ok, d = pcall(next_data, self)
        if not ok then
            s:close(d)
            unseen.seen(s)
            return deferred.error_deferred(d)
        end
        return d:chain(function(data)
            if data == nil then
                s:close()
            end
            return data
        end)
    end)
end

local function make_part(self, fields)
    local disposition = fields["content-disposition"] or ""
    local named = disposition:lower():find("^form%-data[ \t]*;") and parameters(disposition)
    if not named or not named.name then
        invalid("a part without a name")
    end
    local kind = fields["content-type"]
    local charset = kind and (parameters(kind) or {}).charset
    local part = { name = unescaped(named.name), filename = unescaped(named.filename), headers = fields,
        content_type = kind and kind:match("^[^;%s]+"):lower() or "text/plain", charset = charset and charset:lower() }
    part.body = body_of(self, part)
    return part
end

--- The next part, nil after the last one; in a task.
local function next_part(self)
    while self.state == "data" do
        deferred.await(next_data(self))
    end
    if self.state == "end" then
        return nil
    end
    need(self, 2)
    if sub(self.buffer, self.at, self.at + 1) == "--" then
        self.state, self.part, self.buffer, self.at = "end", nil, "", 1
        return nil
    elseif not take_line(self, self.max_header_size):find("^[ \t]*$") then
        invalid("text behind a delimiter")
    end
    self.parts = self.parts + 1
    if self.parts > self.max_parts then
        fail("too_large", ("more than %d parts"):format(self.max_parts))
    end
    local part = make_part(self, read_fields(self))
    self.part, self.state, self.size = part, "data", 0
    return part
end

--- The boundary that a Content-Type tells, or nil.
-- @tparam string|nil content_type
-- @treturn string|nil
function multipart.boundary(content_type)
    if not (content_type or ""):lower():find("^multipart/form%-data[ \t]*;") then
        return nil
    end
    local boundary = (parameters(content_type) or {}).boundary
    if boundary and #boundary >= 1 and #boundary <= 70 and not boundary:find("[^%w'()+_,%-./:=? ]")
        and boundary:sub(-1) ~= " " then
        return boundary
    end
end

--- The parts of a request.
-- Options: `max_parts` (100), `max_part_size` (bytes, none), `max_header_size` (bytes of one part's header, 8192).
-- A part: `name`, `filename` (as the client says it; nil for a plain field), `content_type`, `charset`, `headers`,
-- `body` (stream of strings).
-- @tparam table req
-- @tparam[opt] table opts
-- @treturn stream of parts; taking fails with `invalid` or `too_large`, which have a `status`
function multipart.parts(req, opts)
    request.expect(req, "http.multipart")
    local o = options.check(opts, OPTIONS, "http.multipart", 2)
    local boundary = multipart.boundary(req.headers["content-type"])
    local self = { input = req.body, buffer = "\r\n", at = 1, delimiter = boundary and "\r\n--" .. boundary,
        state = "data", parts = 0, size = 0, max_parts = o.max_parts or 100,
        max_part_size = o.max_part_size or math.huge, max_header_size = o.max_header_size or 8192 }
    return stream._pulling(function(s)
        return task.spawn(function()
            local ok, part = pcall(boundary and next_part or invalid,
                boundary and self or "no boundary in its Content-Type")
            if not ok then
                s:close(part)
                unseen.seen(s) -- who asked for the part is told
                error(part, 0)
            elseif part == nil then
                s:close()
            end
            return part
        end)
    end)
end

return multipart
