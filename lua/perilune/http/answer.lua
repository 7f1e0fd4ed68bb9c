--- Answers: what a handler has returned, in the one form that middleware works on.
--
-- A handler may return nothing, a string, a table or a deferred of these. `answer.of` waits and makes a table of it
-- with `status`, `headers` (a header list) and `body`, which belongs to the caller: a table that a handler returns to
-- every request is not touched.

local checked = require "perilune.http.checked"
local deferred = require "perilune.deferred"
local headers = require "perilune.http.headers"
local json = require "perilune.json"

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
