--- Middleware: functions from handler to handler, which do something before, after or instead of it.
--
-- `middleware.NAME(opts)` makes one of those that are shipped; each is a file of the folder of this name, is read when
-- first asked for, and may stand by its module's name in the directive `middleware`, then with its defaults. To add
-- one: a file that returns `define(name, options, make)` of middleware/define.lua, and its name in `NAMES`.

local suggest = require "perilune.suggest"

local NAMES = {
    "access_log", "basic_auth", "bearer_auth", "body_limit", "compress", "concurrency", "conditional", "cookies",
    "cors", "csrf", "error_pages", "flash", "idempotency", "jwt", "method_override", "negotiate", "params",
    "proxy_headers", "rate_limit", "request_id", "security_headers", "session", "static", "timeout", "timing",
    "trace_context",
}

local middleware = {}

--- Puts middleware around a handler.
-- @tparam function handler
-- @tparam table list array of functions from handler to handler, the first one outermost
-- @treturn function handler
function middleware.around(handler, list)
    for i = #list, 1, -1 do
        local wrap = list[i]
        local ok, wrapped = pcall(wrap, handler)
        if not ok then
            error(("middleware %d: %s"):format(i, tostring(wrapped)), 0)
        elseif type(wrapped) ~= "function" then
            error(("middleware %d did not return a function"):format(i), 0)
        end
        handler = wrapped
    end
    return handler
end

return setmetatable(middleware, { __index = function(_, name)
    for _, known in ipairs(NAMES) do
        if known == name then
            return require("perilune.http.middleware." .. name)
        end
    end
    error(("no middleware is named '%s'%s"):format(tostring(name), suggest(tostring(name), NAMES)), 2)
end })
