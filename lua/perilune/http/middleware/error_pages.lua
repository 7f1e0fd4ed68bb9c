--- Errors for people and for programs: an error that a handler raises, and an answer of 400 and above whose body is
-- text or none, become a page, or problem details (RFC 9457) for who accepts JSON rather than HTML.
--
-- An error object with a `status` of 400 to 599 is answered with that; those of reading the request have theirs. Any
-- other is 500, is written to the log, and its text is not told: also that of a client, whose `status` is what somebody
-- else has answered. Answers with a body that is not plain text stay as they are.
--
-- Options: `page` (function(problem, req) → HTML, in place of the built-in page; `problem` has `status`, `title`,
-- `detail`), `debug` (boolean, false: tell the text of every error; for development).

local accept = require "perilune.http.accept"
local answer = require "perilune.http.answer"
local define = require "perilune.http.middleware.define"
local failure = require "perilune.failure"
local json = require "perilune.json"
local phrase = require "perilune.http.status"
local sys = require "perilune.core.sys"

--- Codes of errors of our clients, of HTTP and of WebSockets: their status is not about the request.
local OF_CLIENTS = { status = true, handshake = true }

local PAGE = [[
<!DOCTYPE html>
<html lang="en"><head><meta charset="utf-8"><title>%d %s</title></head>
<body><h1>%d %s</h1><p>%s</p></body></html>
]]

local function wants_html(req)
    local field = req.headers["accept"]
    local for_programs = math.max(accept.quality(field, "type", "application/problem+json"),
        accept.quality(field, "type", "application/json"))
    return accept.quality(field, "type", "text/html") > for_programs
end

local ESCAPED = { ["&"] = "&amp;", ["<"] = "&lt;", [">"] = "&gt;", ['"'] = "&quot;" }

local function escape(text)
    return (text:gsub('[&<>"]', ESCAPED))
end

local function built_in_page(problem)
    return PAGE:format(problem.status, problem.title, problem.status, problem.title, escape(problem.detail or ""))
end

--- Problem details, their members always in the same order.
local function to_json(problem)
    local text = ('{"status":%d,"title":%s'):format(problem.status, json.encode(problem.title))
    return text .. (problem.detail and ',"detail":' .. json.encode(problem.detail) or "") .. "}"
end

--- Puts the body of an error into `res`, which keeps its other fields.
local function describe(res, detail, req, page)
    local problem = { status = res.status, title = phrase(res.status), detail = detail ~= "" and detail or nil }
    answer.vary(res, "Accept")
    if wants_html(req) then
        res.headers:set("Content-Type", "text/html; charset=utf-8")
        res.body = page(problem, req)
    else
        res.headers:set("Content-Type", "application/problem+json")
        res.body = to_json(problem)
    end
    return res
end

local function is_replaceable(res)
    local kind = res.headers["content-type"]
    return res.status >= 400 and (res.body == nil or type(res.body) == "string")
        and (kind == nil or kind:lower():find("^text/plain") ~= nil)
end

--- Status and text of what was raised.
local function of_error(err, is_open)
    local status = failure.is(err) and not OF_CLIENTS[err.code] and err.status
    if type(status) == "number" and status >= 400 and status <= 599 then
        return status, err.message
    end
    sys.log("error", failure.describe(err))
    return 500, is_open and failure.describe(err) or nil
end

return define("error_pages", { page = "function", debug = "boolean" }, function(o)
    local page = o.page or built_in_page
    return function(handler)
        local function run(req)
            return answer.of(handler(req))
        end
        return function(req)
            local ok, res = xpcall(run, failure.traced, req)
            if ok and not is_replaceable(res) then
                return res
            elseif ok then
                return describe(res, (res.body or ""):gsub("%s+$", ""), req, page)
            elseif failure.is(res, "cancelled") then
                error(res, 0)
            end
            local status, detail = of_error(res, o.debug)
            return describe(answer.of { status = status }, detail, req, page)
        end
    end
end)
