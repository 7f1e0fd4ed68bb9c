--- What the option `as` makes of a response: `string`, `json`, `stream`, `lines`, `sse`, `file`.

local deferred = require "perilune.deferred"
local lines = require "perilune.http.lines"
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
    out:on_closed(function()
        source:close()
    end)
    return out
end

coerce.lines = function(call, res, finish)
    local emit_line
    local cut = lines.cutter(function(text)
        emit_line(text)
    end)
    finish(call, nil, set_body(res, transformed(res.body, function(piece, emit)
        emit_line = emit
        cut(piece)
    end)))
end

--- Those that are modules of their own are loaded when they are first asked for.
coerce.sse = function(...)
    require("perilune.http.event_stream").open(...)
end

coerce.file = function(...)
    require("perilune.http.download").open(...)
end

return coerce
