--- What `as = "file"` makes of a response: a file, from where an earlier run has stopped when `resume` is set.
--
-- The validator of what is being saved (RFC 9110 section 8.8: a strong ETag, else Last-Modified) stands in a file
-- beside it, PATH.validator, until it is complete. Who goes on sends it as If-Range, so that the rest of another
-- version is never put behind the beginning of this one; without one nothing is resumed that an earlier run began. With
-- `retry` a body that is cut short is gone on with in the same way.

local core = require "perilune.core.client"
local deadline = require "perilune.http.deadline"
local failure = require "perilune.failure"
local headers = require "perilune.http.headers"
local options = require "perilune.options"
local retry = require "perilune.http.retry"
local task = require "perilune.task"

local download = {}

--- Bytes that are there already.
local function size_of(o)
    return core.file_size(o.save_to) or 0
end

local function note_path(o)
    return o.save_to .. ".validator"
end

local function read_note(o)
    local file = io.open(note_path(o), "rb")
    local text = file and file:read("*a")
    if file then
        file:close()
    end
    return text ~= "" and text or nil
end

--- What says that two responses have the same bytes; nil: nothing does.
local function validator_of(res)
    local etag = res.headers["etag"]
    if etag and etag:sub(1, 1) == '"' then
        return etag
    end
    return not etag and res.headers["last-modified"] or nil
end

local function write_note(o, res)
    local validator = o.resume and validator_of(res)
    if validator then
        local file = io.open(note_path(o), "wb")
        if file then
            file:write(validator)
            file:close()
        end
    else
        os.remove(note_path(o))
    end
end

--- Adds the fields that ask for what is missing of a file that is there in part.
-- @tparam table o options of the request
-- @tparam table fields flat array
function download.ask_for_rest(o, fields)
    local size, validator = size_of(o), read_note(o)
    if size > 0 and validator then
        fields[#fields + 1], fields[#fields + 2] = "Range", ("bytes=%d-"):format(size)
        fields[#fields + 1], fields[#fields + 2] = "If-Range", validator
    end
end

--- Where the file begins to be written, and its size when it is whole.
local function place_of(res, size)
    if res.status ~= 206 then
        local length = tonumber(res.headers["content-length"] or "")
        return 0, length and not res.headers["content-encoding"] and length or nil
    end
    local first, total = (res.headers["content-range"] or ""):match("^bytes (%d+)%-%d+/([%d%*]+)$")
    if tonumber(first) ~= size then
        error(failure.new("protocol", "the server sent another part of the file than was asked for"), 0)
    end
    return size, tonumber(total)
end

--- Saves the body of one response; raises when it is cut short.
local function save(o, res)
    local at, total = place_of(res, o.resume and size_of(o) or 0)
    local file, err = io.open(o.save_to, at > 0 and "ab" or "wb")
    if not file then
        error(failure.new("io", err), 0)
    end
    if at == 0 then
        write_note(o, res)
    end
    local ok, why = pcall(function()
        for piece in res.body:each() do
            local written, problem = file:write(piece)
            if not written then
                error(failure.new("io", problem), 0)
            end
            at = at + #piece
            if o.on_progress then
                o.on_progress(at, total)
            end
        end
    end)
    file:close()
    if not ok then
        error(why, 0)
    end
    return at
end

--- Does an answer with 416 say that the file has its whole length already?
local function is_whole(o, res)
    local total = (res.headers["content-range"] or ""):match("^bytes %*/(%d+)$")
    return total ~= nil and core.file_size(o.save_to) == tonumber(total)
end

--- Asks for the rest: the response, nil when there is none.
local function ask_again(call)
    local o = call.options
    local again = options.together(deadline.within(o, call.deadline))
    again.as, again.save_to, again.resume, again.on_progress = nil, nil, nil, nil
    again.throw_exceptions, again.unexceptional_status = nil, nil -- what is not the rest belongs in no file
    local more = { "Accept-Encoding", "identity" }
    download.ask_for_rest(o, more)
    local list = {}
    headers.visit(o.headers or {}, function(name, value)
        list[#list + 1] = { name, value }
    end)
    for i = 1, #more, 2 do
        list[#list + 1] = { more[i], more[i + 1] }
    end
    again.headers = list
    local ok, res = try_await(require("perilune.http.client").request(again))
    if ok then
        return res
    elseif res.status == 416 and is_whole(o, res.response) then
        res.response:close()
        return nil
    end
    error(res, 0)
end

--- Saves, and goes on after what the policy of retries allows.
local function run(res, call)
    local o = call.options
    local state = { retry = o.retry and retry.policy(o.retry), method = o.method and o.method:upper() or "GET" }
    while res do
        local ok, result = pcall(save, o, res)
        if ok then
            os.remove(note_path(o))
            return result
        end
        res:close()
        local delay = state.retry and o.resume and type(result) == "table" and retry.after_failure(state, result)
        if not delay or delay >= deadline.left(call.deadline) then
            error(result, 0)
        end
        await(task.sleep(delay))
        res = ask_again(call)
    end
    os.remove(note_path(o))
    return size_of(o)
end

local function finish_with(call, res, size, finish)
    rawset(res, "size", size)
    rawset(res, "body", require("perilune.http").file(call.options.save_to))
    finish(call, nil, res)
end

--- Saves the body of a response and ends the call.
function download.open(call, res, finish)
    local saving = task.spawn(run, res, call)
    call.saving = saving
    saving:on_realized(function(size)
        finish_with(call, res, size, finish)
    end, function(err)
        finish(call, err)
    end)
end

--- 416 is what a file that was complete already is answered with; any other 416 is an error.
function download.finish_whole(call, res, finish)
    local o = call.options
    res:close()
    if is_whole(o, res) then
        os.remove(note_path(o))
        finish_with(call, res, size_of(o), finish)
        return
    end
    local err = failure.new("status", "416 Range Not Satisfiable from " .. call.url_text)
    err.status, err.response = res.status, res
    finish(call, err)
end

return download
