--- Bodies of requests: from whatever form an option has to what the connection can send.
--
-- A source is `{ core = …, write = fn or nil, type = media type or nil }`. `core` is what perilune.core.client takes: a
-- string, a file `{ path, offset, length }`, a number (of bytes that `write` will give) or true (an unknown number).
-- `write(push)` runs in a task of its own; `push(bytes)` waits while the connection is slower.

local core = require "perilune.core.client"
local deferred = require "perilune.deferred"
local failure = require "perilune.failure"
local json = require "perilune.json"
local options = require "perilune.options"
local params = require "perilune.http.params"
local piece = require "perilune.http.piece"
local stream = require "perilune.stream"
local sys = require "perilune.core.sys"

local body_source = {}

--- What a part of multipart may say.
local PART = { name = "string", part_name = "string", content = "any", file_name = "string", mime_type = "string",
    charset = "string" }

local function of_stream(s)
    return { core = true, stream = s, write = function(push)
        for each in s:each() do
            push(piece.to_bytes(each))
        end
    end }
end

local function of_iterator(fn)
    return { core = true, write = function(push)
        for each in fn do
            push(piece.to_bytes(deferred.await(each)))
        end
    end }
end

--- A source of a body as responses of handlers have them: string, array of strings, stream, iterator, file.
-- @return table, or nil when there is nothing to send
function body_source.of(body)
    local kind = type(body)
    if body == nil then
        return nil
    elseif kind == "string" then
        return { core = body }
    elseif kind == "function" then
        return of_iterator(body)
    elseif stream.is_stream(body) then
        return of_stream(body)
    elseif kind == "table" and body.is_http_file then
        return { core = { path = body.path, offset = body.offset, length = body.length } }
    elseif kind == "table" and not getmetatable(body) then
        local text, why = piece.joined(body)
        return { core = text or error("a body is " .. why, 0) }
    end
    error("a body must be a string, an array of strings, a stream, an iterator or a file, not a " .. kind, 0)
end

local function boundary()
    local random = sys.random_bytes(16):gsub(".", function(c)
        return ("%02x"):format(c:byte())
    end)
    return "perilune-" .. random
end

--- Quotes, CR and LF in names of parts, as browsers write them.
local function quoted(name)
    return '"' .. tostring(name):gsub('[\r\n"]', { ["\r"] = "%0D", ["\n"] = "%0A", ['"'] = "%22" }) .. '"'
end

local function part_head(part, mark)
    local lines = { "--" .. mark, "Content-Disposition: form-data; name=" .. quoted(part.name or part.part_name) }
    local file_name = part.file_name
    local content = part.content
    if not file_name and type(content) == "table" and content.is_http_file then
        file_name = content.path:match("[^/]*$")
    end
    if file_name then
        lines[2] = lines[2] .. "; filename=" .. quoted(file_name)
    end
    local mime_type = part.mime_type or (file_name and "application/octet-stream")
    if mime_type then
        if (mime_type .. (part.charset or "")):find "[%c]" then
            error("'mime_type' and 'charset' of a part must be one line", 0)
        end
        lines[3] = "Content-Type: " .. mime_type .. (part.charset and "; charset=" .. part.charset or "")
    end
    return table.concat(lines, "\r\n") .. "\r\n\r\n"
end

--- Size of a source in bytes, nil when it is not known.
local function size_of(source)
    local c = source.core
    if type(c) == "string" then
        return #c
    elseif type(c) == "table" then
        local size = c.length or core.file_size(c.path)
        return size and (c.length or size - (c.offset or 0))
    end
    return type(c) == "number" and c or nil
end

local function write_source(source, push)
    if source.write then
        source.write(push)
    else
        push(source.core)
    end
end

--- A multipart/form-data body (RFC 7578). When the size of each part is known the whole has a Content-Length.
-- @tparam table parts array of `{ name=, content=, file_name=, mime_type=, charset= }`
-- @treturn table source
function body_source.multipart(parts)
    local mark, pieces, total = boundary(), {}, 0
    if parts[1] == nil then
        error("'multipart' is an array of parts, at least one", 0)
    end
    for i, part in ipairs(parts) do
        options.check(part, PART, "part " .. i .. " of 'multipart'", -1)
        if part.name == nil and part.part_name == nil or part.content == nil then
            error(("part %d of 'multipart' lacks its name or content"):format(i), 0)
        end
        local source = body_source.of(type(part.content) == "number" and tostring(part.content) or part.content)
        local head, size = part_head(part, mark), size_of(source)
        total = total and size and total + #head + size + 2
        pieces[#pieces + 1] = { core = head }
        pieces[#pieces + 1] = source
        pieces[#pieces + 1] = { core = "\r\n" }
    end
    local last = "--" .. mark .. "--\r\n"
    pieces[#pieces + 1] = { core = last }
    return { core = total and total + #last or true, type = "multipart/form-data; boundary=" .. mark,
        write = function(push)
            for _, each in ipairs(pieces) do
                write_source(each, push)
            end
        end }
end

local function of_json(value)
    local ok, text = pcall(json.encode, value)
    if not ok then
        error(failure.new("invalid", "the value of 'json' cannot be encoded", text), 0)
    end
    return { core = text, type = "application/json" }
end

--- The source that the options of a request name, or nil.
-- @tparam table o options
function body_source.of_options(o)
    local n = (o.body ~= nil and 1 or 0) + (o.json ~= nil and 1 or 0) + (o.form_params and 1 or 0)
        + (o.multipart and 1 or 0)
    if n > 1 then
        error("only one of the options body, json, form_params and multipart may be given", 0)
    elseif o.json ~= nil then
        return of_json(o.json)
    elseif o.multipart then
        return body_source.multipart(o.multipart)
    elseif o.form_params and o.content_type and o.content_type:find("json", 1, true) then
        return of_json(o.form_params)
    elseif o.form_params then
        return { core = params.encode(o.form_params, o.multi_param_style), type = "application/x-www-form-urlencoded" }
    end
    return body_source.of(o.body)
end

--- Can the body be sent a second time?
-- @tparam table|nil source
-- @treturn boolean
function body_source.is_replayable(source)
    return not source or not source.stream and (not source.write or type(source.core) == "number")
end

return body_source
