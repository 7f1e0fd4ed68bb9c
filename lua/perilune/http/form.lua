--- Forms as a whole: a table of what was filled in, whichever way the browser has sent it.
--
-- A field is a string; a file `{filename=, content_type=, headers=, size=}` with its content in `body`, or at `path`
-- when the form is larger than what is kept in memory: that file goes with the exchange (form/file.lua). Of a repeated
-- name the last one counts; who wants all of them takes the parts one by one (`http.multipart`). A form that is
-- malformed fails with code `invalid` and `status` 400, one beyond a limit with `too_large` and 413.

local deferred = require "perilune.deferred"
local failure = require "perilune.failure"
local file = require "perilune.http.form.file"
local multipart = require "perilune.http.multipart"
local options = require "perilune.options"
local request = require "perilune.http.request"
local task = require "perilune.task"

local form = {}

local OPTIONS = { max_size = "bytes", max_fields = "count", max_memory = "bytes", max_file_size = "bytes",
    max_header_size = "bytes" }

local function fail(code, status, message)
    error(failure.refusal(status, code, message), 0)
end

local function too_long(what)
    fail("too_large", 413, what .. " is too long")
end

--- The bytes of a stream, at most `room` of them.
local function collect(body, room)
    local pieces, n = {}, 0
    for piece in body:each() do
        n = n + #piece
        if n > room then
            body:close()
            too_long("the form")
        end
        pieces[#pieces + 1] = piece
    end
    return table.concat(pieces), n
end

--- A part that is a file; `room` for the form, `memory` of it for what stays there.
local function receive(req, part, o, room, memory)
    local sink = file.sink(req, memory)
    for piece in part.body:each() do
        if sink.size + #piece > math.min(room, o.max_file_size) then
            part.body:close()
            sink:drop()
            too_long(sink.size + #piece > room and "the form" or "a file of the form")
        end
        sink:write(piece)
    end
    return sink:close(part)
end

local function of_parts(req, o)
    local fields, room, memory = {}, o.max_size, o.max_memory
    for part in multipart.parts(req, { max_parts = o.max_fields, max_header_size = o.max_header_size }):each() do
        local value, n
        if part.filename then
            value = receive(req, part, o, room, memory)
            n = value.size
        else
            value, n = collect(part.body, math.min(room, memory))
        end
        room = room - n
        memory = memory - (part.filename and value.path and 0 or n)
        fields[part.name] = value
    end
    return fields
end

local function of_text(req, o)
    local text = collect(req.body, o.max_size)
    local _, pairs_more = text:gsub("&", "")
    if text:find("%%%X") or text:find("%%%x%X") or text:find("%%%x?$") then
        fail("invalid", 400, "malformed form: '%' without two hexadecimal digits")
    elseif pairs_more >= o.max_fields then
        fail("too_large", 413, ("more than %d fields"):format(o.max_fields))
    end
    return request.parse_args(text, o.max_fields)
end

--- What kind of form a request brings: "multipart", "urlencoded", or nil for none.
-- @tparam table req
-- @treturn string|nil
function form.kind(req)
    local kind = (req.headers["content-type"] or ""):lower():match("^[^;%s]*")
    return kind == "multipart/form-data" and "multipart" or kind == "application/x-www-form-urlencoded" and "urlencoded"
        or nil
end

--- Reads the form that a request brings.
-- Options: `max_size` (bytes of all fields and files together; 1 MB), `max_fields` (100), `max_memory` (bytes of them
-- that are kept in memory, 1 MB; a file that does not fit goes to a temporary file), `max_file_size` (bytes of one,
-- none), `max_header_size` (bytes of the header of a part, 8192).
-- @tparam table req
-- @tparam[opt] table opts
-- @treturn deferred of name → string or file; fails with `invalid` (400; 415 when there is no form) or `too_large`
-- (413)
function form.read(req, opts)
    request.expect(req, "http.form")
    local given = options.check(opts, OPTIONS, "http.form", 2)
    local o = { max_size = given.max_size or 1048576, max_fields = given.max_fields or 100,
        max_memory = given.max_memory or 1048576, max_file_size = given.max_file_size or math.huge,
        max_header_size = given.max_header_size }
    local kind = form.kind(req)
    if not kind then
        return deferred.error_deferred(failure.refusal(415, "invalid", "the request brings no form"))
    end
    return task.spawn(kind == "multipart" and of_parts or of_text, req, o)
end

return form
