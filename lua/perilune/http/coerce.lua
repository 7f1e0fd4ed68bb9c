--- What the option `as` makes of a response: `string`, `json`, `stream`, `lines`, `sse`, `file`.

local deferred = require "perilune.deferred"
local failure = require "perilune.failure"
local response = require "perilune.http.response"
local stream = require "perilune.stream"
local task = require "perilune.task"

local coerce = {}

--- Those whose body is collected before the response is told.
coerce.is_whole = { string = true, json = true }

local function set_body(res, value)
    rawset(res, "body", value)
    return res
end

coerce["string"] = function(call, res, finish)
    finish(call, nil, set_body(res, res._text))
end

coerce.json = function(call, res, finish)
    local ok, value = pcall(response.decode_json, res._text)
    if ok then
        finish(call, nil, set_body(res, value))
    else
        finish(call, value)
    end
end

coerce.stream = function(call, res, finish)
    finish(call, nil, res)
end

--- A stream made of another by `step(piece or nil, emit)`, which is called with nil at the end.
local function transformed(source, step)
    local ready, done = {}, false
    local function emit(value)
        ready[#ready + 1] = value
    end
    local function take()
        while #ready == 0 and not done do
            local piece = deferred.await(source:take())
            done = piece == nil
            step(piece, emit)
        end
        return table.remove(ready, 1)
    end
    local out = stream._pulling(function()
        if #ready > 0 then
            return deferred.success_deferred(table.remove(ready, 1))
        end
        return task.spawn(take)
    end)
    out.on_close = function()
        source:close()
    end
    return out
end

local LINE_MOST = 1048576

--- A function that cuts pieces into lines (ended by LF, CRLF or CR) and gives each to `line`.
local function line_cutter(line)
    local rest = ""
    return function(piece)
        rest = rest .. (piece or "")
        while true do
            local at, stop = rest:find("\r?\n")
            local cr = rest:find("\r", 1, true)
            if cr and cr < #rest and (not at or cr < at) then
                at, stop = cr, cr
            end
            if not at then
                break
            end
            line(rest:sub(1, at - 1))
            rest = rest:sub(stop + 1)
        end
        if not piece and rest ~= "" then
            line((rest:gsub("\r$", "")))
        elseif #rest > LINE_MOST then
            error(failure.new("too_large", "a line of more than 1 MiB"), 0)
        end
    end
end

coerce.lines = function(call, res, finish)
    local emit_line
    local cut = line_cutter(function(text)
        emit_line(text)
    end)
    finish(call, nil, set_body(res, transformed(res.body, function(piece, emit)
        emit_line = emit
        cut(piece)
    end)))
end

--- One line of an event stream (the WHATWG's HTML standard, server-sent events).
local function take_event_line(event, text)
    local name, value = text:match("^([^:]*):? ?(.*)$")
    if name == "data" then
        event.data = event.data and event.data .. "\n" .. value or value
    elseif name == "event" then
        event.event = value
    elseif name == "id" and not value:find("%z") then
        event.id = value
    elseif name == "retry" and value:find("^%d+$") then
        event.retry = tonumber(value) / 1000
    end
end

coerce.sse = function(call, res, finish)
    local event, last_id, emit_event = {}, nil, nil
    local cut = line_cutter(function(text)
        if text ~= "" then
            take_event_line(event, text)
            return
        end
        last_id = event.id or last_id
        if event.data then
            emit_event({ event = event.event or "message", data = event.data, id = last_id, retry = event.retry })
        end
        event = {}
    end)
    finish(call, nil, set_body(res, transformed(res.body, function(piece, emit)
        emit_event = emit
        if piece then -- an event that is not complete at the end is dropped
            cut(piece)
        end
    end)))
end

local function save(res, o)
    local resumes = o.resume and res.status == 206
    local file, err = io.open(o.save_to, resumes and "ab" or "wb")
    if not file then
        res:close()
        error(failure.new("io", err), 0)
    end
    local at = resumes and file:seek("end") or 0
    local length = tonumber(res.headers["content-length"] or "")
    local total = length and not res.headers["content-encoding"] and at + length or nil
    local ok, why = pcall(function()
        for piece in res.body:each() do
            assert(file:write(piece))
            at = at + #piece
            if o.on_progress then
                o.on_progress(at, total)
            end
        end
    end)
    file:close()
    if not ok then
        res:close()
        error(why, 0)
    end
    return at
end

coerce.file = function(call, res, finish)
    task.spawn(save, res, call.options):on_realized(function(size)
        rawset(res, "size", size)
        finish(call, nil, set_body(res, require("perilune.http").file(call.options.save_to)))
    end, function(err)
        finish(call, err)
    end)
end

return coerce
