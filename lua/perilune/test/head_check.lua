--- What a server refuses to send of a handler's answer, in the words of its log (app/lua/lua_answer).

local is_token = require "perilune.http.token"

local function bad(what, ...)
    error("the handler returned a bad response: " .. what:format(...), 0)
end

local function check_field(name, value)
    local kind = type(value)
    if kind ~= "string" and kind ~= "number" then
        bad('header "%s": value must be a string or a number, not a %s', name, kind)
    elseif not is_token(name) then
        bad('header "%s": not a valid name', name)
    elseif tostring(value):find("[%z\1-\8\10-\31\127]") then
        bad('header "%s": a value must not hold control characters', name)
    end
end

--- Raises when the head of the answer cannot be sent.
-- @tparam table res of `answer.of`
return function(res)
    local status = res.status
    if type(status) ~= "number" or status % 1 ~= 0 or status < 200 or status > 999 then
        bad("status: an integer from 200 to 999 expected")
    end
    for name, value in res.headers:each() do
        check_field(name, value)
    end
end
