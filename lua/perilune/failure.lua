--- Error objects of the world: `{code=, message=, cause=}` with `tostring`.
--
-- `code` is a documented, stable string (`"timeout"`, `"closed"`, …); `message` is for people; `cause` may be
-- another error.

local hint = require "perilune.hint"

local failure = {}

local mt = debug.getregistry()["perilune.error"]

--- Makes an error object.
-- @tparam string code stable code
-- @tparam string message text for people
-- @param[opt] cause the error behind it
-- @treturn table the object; not raised
function failure.new(code, message, cause)
    return setmetatable({ code = code, message = message, cause = cause }, mt)
end

--- Makes the error object of a request that is being answered: `status` is the answer it deserves.
-- @tparam number status
-- @tparam string code
-- @tparam string message
-- @param[opt] cause
-- @treturn table the object; not raised
function failure.refusal(status, code, message, cause)
    local err = failure.new(code, message, cause)
    err.status = status
    return err
end

--- Is `value` an error object (with that code, when one is given)?
-- @param value anything
-- @tparam[opt] string code
-- @treturn boolean
function failure.is(value, code)
    return getmetatable(value) == mt and (code == nil or value.code == code)
end

local GONE = { cancelled = true, closed = true, reset = true, truncated = true, tls_alert = true }

--- Has the other side just gone, or was the task cancelled? That is a usual end of a connection, and no news for a log.
-- @param value what was raised
-- @treturn boolean
function failure.is_gone(value)
    return failure.is(value) and GONE[value.code] or false
end

--- A message handler for xpcall: a text becomes an error object with code "error"; either keeps in `traceback` where
-- it was raised, for logs, where the calls are gone by the time somebody looks. An end that is no fault, such as a
-- client that leaves, has `false` there already: the text would cost more than all else about it.
-- @param err what was raised
-- @treturn table|any
function failure.traced(err)
    if type(err) == "string" then
        err = failure.new("error", err .. hint.of(err))
    end
    if getmetatable(err) == mt and err.traceback == nil then
        err.traceback = (debug.traceback("", 2):gsub("^\n", ""))
    end
    return err
end

--- The text of what was raised. A table of a program's own, which has no text, is told by its code and message.
local function text_of(err)
    if type(err) ~= "table" or getmetatable(err) then
        return tostring(err)
    end
    local parts = {}
    for _, name in ipairs { "code", "message" } do
        local kind = type(err[name])
        if kind == "string" or kind == "number" then
            parts[#parts + 1] = err[name]
        end
    end
    return parts[1] and table.concat(parts, ": ") or tostring(err)
end

--- What was raised, with its traceback when it has one: for logs, never for clients.
-- @treturn string
function failure.describe(err)
    local traceback = getmetatable(err) == mt and err.traceback
    return traceback and tostring(err) .. "\n" .. traceback or text_of(err)
end

return failure
