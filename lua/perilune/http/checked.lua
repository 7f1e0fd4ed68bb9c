--- Tables that handlers return, looked at before they are taken for responses: a value that was meant to be JSON would
-- otherwise be an empty page.

require "perilune.core.http" -- makes the metatable of requests
local piece = require "perilune.http.piece"
local suggest = require "perilune.suggest"
local sys = require "perilune.core.sys"

local FIELDS = { "status", "headers", "body", "trailers", "cookies", "flash", "content_length", "is_sent" }

local request_mt = debug.getregistry()["perilune.request"]

local checked = {}

--- Names that mean something elsewhere.
local OTHERS = { code = "status", status_code = "status" }

--- Names that are fields, or have been told of.
local known = {}

for _, name in ipairs(FIELDS) do
    known[name] = true
end

local function bad(what)
    error("the handler returned a bad response: " .. what, 0)
end

--- Of a table that looks like a value, not like a response.
local function bad_table(what)
    bad(what .. "; http.json(value) makes a response of a value")
end

--- Tells in the log, once for each, of fields that mean nothing and are near to those that do. Others may be some
-- middleware's.
-- @tparam table res
function checked.spelling(res)
    for key in next, getmetatable(res) == nil and res or {} do
        if type(key) == "string" and not known[key] then
            known[key] = true
            local meant = OTHERS[key] and ("; did you mean '%s'?"):format(OTHERS[key]) or suggest(key, FIELDS, 1)
            if meant ~= "" then
                sys.log("error", ("a handler's response has a field '%s', which means nothing%s"):format(key, meant))
            end
        end
    end
end

--- Raises for a table without metatable that has keys, but none of a response, and for a request.
-- @tparam table res
-- @treturn table the same
function checked.response(res)
    local key, mt = next(res), getmetatable(res)
    if mt == request_mt then
        bad("a request, as if it were its own answer")
    elseif key == nil or mt ~= nil then
        return res
    end
    for _, name in ipairs(FIELDS) do
        if res[name] ~= nil then
            return res
        end
    end
    bad_table(("a table with the key '%s', but without status, headers and body"):format(tostring(key)))
end

--- The pieces of a body in one; raises for a table that is no array of strings.
-- @tparam table body
-- @treturn string
function checked.joined(body)
    local text, why = piece.joined(body)
    return text or bad_table("its body is " .. why)
end

--- The length that a handler promises; raises for what is none.
-- @tparam[opt] number length bytes
-- @treturn number the same
function checked.length(length)
    if length ~= nil and not (type(length) == "number" and length >= 0 and length % 1 == 0 and length < 2 ^ 53) then
        bad(("content_length: a whole number of bytes expected, got %s"):format(tostring(length)))
    end
    return length
end

--- The fields behind a body; raises for what is no table.
-- @tparam[opt] table fields
-- @treturn table the same
function checked.trailers(fields)
    if fields and type(fields) ~= "table" then
        bad("trailers: a table expected, got a " .. type(fields))
    end
    return fields
end

return checked
