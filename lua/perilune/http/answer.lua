--- Answers: what a handler has returned, in the one form that middleware works on.
--
-- A handler may return nothing, a string, a table or a deferred of these. `answer.of` waits and makes a table of it
-- with `status`, `headers` (a header list) and `body`, which belongs to the caller: a table that a handler returns to
-- every request is not touched.

local checked = require "perilune.http.checked"
local core = require "perilune.core.http"
local deferred = require "perilune.deferred"
local headers = require "perilune.http.headers"
local json = require "perilune.json"
local sys = require "perilune.core.sys"

local answer = {}
local mt = { __name = "answer" }

local FIELDS = { "body", "trailers", "content_length" }

local function of_table(res)
    local own = { status = res.status or 200, headers = headers.new(headers.plain(res.headers)) }
    if getmetatable(res) == nil then
        for k, v in pairs(res) do
            if own[k] == nil then
                own[k] = v
            end
        end
    else
        for _, name in ipairs(FIELDS) do
            own[name] = res[name]
        end
    end
    return setmetatable(own, mt)
end

--- The answer that a handler has returned, or the deferred of one that it has returned; waits for that.
-- @param res
-- @param why raised when `res` is nil, as Lua's functions tell that they have failed
-- @treturn table `status headers body …`, the caller's own
function answer.of(res, why)
    if res == nil and why ~= nil then
        error(why, 0)
    end
    res = deferred.await(res)
    local kind = type(res)
    if kind == "table" then
        return getmetatable(res) == mt and res or of_table(checked.response(res))
    elseif kind == "string" then
        return setmetatable({ status = 200, headers = headers.new(), body = res }, mt)
    elseif res == nil then
        return setmetatable({ status = 204, headers = headers.new() }, mt)
    elseif res == true then -- of http.proxy: it has been sent, nothing can be changed any more
        return setmetatable({ status = 200, headers = headers.new(), is_sent = true }, mt)
    end
    error("the handler returned a bad response: a " .. kind, 0)
end

--- Sets a field that the answer does not have.
-- @tparam table res of `answer.of`
-- @tparam string name
-- @tparam string value
function answer.default(res, name, value)
    if res.headers[name] == nil then
        res.headers:set(name, value)
    end
end

--- Adds a name to Vary, unless it is there, or all is.
-- @tparam table res of `answer.of`
-- @tparam string name
function answer.vary(res, name)
    local vary = res.headers["vary"]
    if vary == nil or vary == "" then
        res.headers:set("Vary", name)
        return
    end
    local names = "," .. vary:lower():gsub("%s", "") .. ","
    if vary ~= "*" and not names:find("," .. name:lower() .. ",", 1, true) then
        res.headers:set("Vary", vary .. ", " .. name)
    end
end

local OF_BODY = { "Content-Type", "Content-Length", "Content-Encoding", "Content-Language", "Content-Range" }

--- The length of a body that is known before it is sent.
local function length_of(res)
    local body = res.body
    if type(body) == "string" then
        return #body
    end
    local is_file = type(body) == "table" and body.is_http_file
    return is_file and body.length or res.content_length or tonumber(res.headers["content-length"])
end

--- Gives a 304 the ETag and the Vary that the answer of 200 in whose place it stands would have, compressed or not
-- (RFC 9110 section 15.4.5).
local function tag_as_sent(req, res)
    if type(res.body) == "table" and getmetatable(res.body) == nil then
        res.body = checked.joined(res.body)
    end
    if type(res.body) == "string" and res.body ~= "" then
        answer.default(res, "Content-Type", "text/plain")
    end
    local etag, varies = core.unmodified(req, headers.plain(res.headers), length_of(res))
    if etag and res.headers["etag"] then
        res.headers["ETag"] = etag ~= "" and etag or nil
    end
    if varies then
        answer.vary(res, "Accept-Encoding")
    end
end

--- Takes the body away; a stream is closed.
-- @tparam table res of `answer.of`
function answer.drop_body(res)
    if type(res.body) == "table" and type(res.body.close) == "function" then
        res.body:close()
    end
    res.body = nil
end

--- Makes an answer of 200 that of a condition, without its body and the fields that describe it.
-- @tparam table req
-- @tparam table res of `answer.of`
-- @tparam number status 304 or 412
-- @treturn table res
function answer.by_condition(req, res, status)
    if status == 304 then
        tag_as_sent(req, res)
    end
    res.status = status
    for _, name in ipairs(OF_BODY) do
        res.headers[name] = nil
    end
    answer.drop_body(res)
    return res
end

--- For while what a middleware stands on cannot be asked; the error log says why.
-- @tparam string who
-- @param err
-- @tparam[opt=1] number seconds
-- @treturn table res 503 with Retry-After
function answer.unavailable(who, err, seconds)
    sys.log("error", who .. ": " .. tostring(err))
    return answer.of { status = 503, headers = { ["Retry-After"] = ("%d"):format(seconds or 1) }, body = "try again\n" }
end

--- A response of a value as JSON (`http.json`).
-- @param value as for `json.encode`, which raises when it cannot be written
-- @tparam[opt=200] number status
-- @tparam[opt] table fields more header fields, `{Name = value}`
-- @treturn table response
function answer.json(value, status, fields)
    local list = headers.new(headers.plain(fields))
    if list["content-type"] == nil then
        list:set("Content-Type", "application/json")
    end
    return { status = status or 200, headers = list, body = json.encode(value) }
end

return answer
