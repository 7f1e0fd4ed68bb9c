--- Error objects of the world: `{code=, message=, cause=}` with `tostring`.
--
-- `code` is a documented, stable string (`"timeout"`, `"closed"`, …); `message` is for people; `cause` may be
-- another error.

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

--- Is `value` an error object (with that code, when one is given)?
-- @param value anything
-- @tparam[opt] string code
-- @treturn boolean
function failure.is(value, code)
    return getmetatable(value) == mt and (code == nil or value.code == code)
end

return failure
