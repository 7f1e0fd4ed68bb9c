--- Forms and multipart bodies: whatever comes is a form or a refusal with 400, 413 or 415, the same one however it is
-- cut. The first byte chooses the kind and the cut; lines end with LF in the input, so that it can make CRLF easily.

local failure = require "perilune.failure"
local http = require "perilune.http"
local test = require "perilune.test"

local MULTIPART, URLENCODED = "multipart/form-data; boundary=b", "application/x-www-form-urlencoded"
local OPTIONS = { max_size = 3000, max_fields = 5, max_memory = 100, max_file_size = 1000, max_header_size = 200 }

local function cut(text, size)
    local pieces = {}
    for at = 1, #text, size do
        pieces[#pieces + 1] = text:sub(at, at + size - 1)
    end
    return pieces
end

local function shown(value)
    if type(value) ~= "table" then
        return tostring(value)
    end
    return ("%s %s %s %d"):format(value.filename, value.content_type, value:read(), value.size)
end

--- What comes of a form, as text.
local function outcome(kind, text, size)
    local req = test.make_request { method = "POST", headers = { ["Content-Type"] = kind }, body = cut(text, size) }
    local ok, form = try_await(http.form(req, OPTIONS))
    for _, path in ipairs(req.temp_files) do
        os.remove(path)
    end
    if not ok then
        assert(failure.is(form, "invalid") and (form.status == 400 or form.status == 415)
            or failure.is(form, "too_large") and form.status == 413, form)
        return "refused"
    end
    local out = {}
    for name, value in pairs(form) do
        assert(type(name) == "string")
        out[#out + 1] = name .. "=" .. shown(value)
    end
    table.sort(out)
    return table.concat(out, "\n")
end

return function(input)
    local first = input:byte() or 0
    local kind = first % 2 == 0 and MULTIPART or URLENCODED
    local text = input:sub(2)
    if first % 4 == 0 then
        text = text:gsub("\n", "\r\n")
    end
    local whole = outcome(kind, text, math.max(1, #text))
    assert(outcome(kind, text, 1) == whole, "another outcome, byte by byte")
    assert(outcome(kind, text, 2 + math.floor(first / 4) % 16) == whole, "another outcome, cut")
end
