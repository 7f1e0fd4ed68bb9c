--- What `log_activity` writes: each attempt of a request as it goes over the wire, secrets masked.
--
-- `log_activity = true` writes to the log at the level `debug`, a level's name at that one, a function gets each line.
-- Lines begin with the number of the call and `>` for what we send, `<` for what comes, `*` for what happens. Values of
-- Authorization, Proxy-Authorization, Cookie, Set-Cookie and of fields whose names hold "token", "secret", "key" or
-- "password" are shown as `***`; of bodies the first kilobyte is shown.

local sys = require "perilune.core.sys"

local activity = {}
local Log = {}
Log.__index = Log

local SHOWN = 1024
local LEVELS = { debug = true, info = true, notice = true, warn = true, error = true }
local WORDS = { "token", "secret", "key", "password" }

local last = 0

local function is_secret(name)
    for _, word in ipairs(WORDS) do
        if name:find(word, 1, true) then
            return true
        end
    end
    return false
end

--- The value of a field as it may be shown.
function activity.masked(name, value)
    local lower = name:lower()
    if lower == "authorization" or lower == "proxy-authorization" then
        local scheme = value:match("^(%S+)%s")
        return scheme and scheme .. " ***" or "***"
    elseif lower == "cookie" then
        return (value:gsub("=[^;]*", "=***"))
    elseif lower == "set-cookie" then
        return (value:gsub("=[^;]*", "=***", 1))
    end
    return is_secret(lower) and "***" or value
end

--- Bytes as one line: what cannot be shown is escaped.
local function visible(bytes)
    local text = bytes:sub(1, SHOWN):gsub("[^\32-\126]", function(c)
        return c == "\n" and "\\n" or c == "\r" and "\\r" or ("\\x%02x"):format(c:byte())
    end)
    return #bytes > SHOWN and text .. "..." or text
end

function Log:line(mark, text)
    self.write(("%d %s %s"):format(self.number, mark, text))
end

--- Bytes of a body.
function Log:bytes(mark, bytes)
    if bytes ~= "" then
        self:line(mark, ("%d bytes: %s"):format(#bytes, visible(bytes)))
    end
end

--- An attempt begins.
function Log:request(method, target, host, fields, body)
    self:line(">", ("%s %s"):format(method, target))
    if host ~= "" then
        self:line(">", "Host: " .. host)
    end
    for i = 1, #fields, 2 do
        self:line(">", fields[i] .. ": " .. activity.masked(fields[i], fields[i + 1]))
    end
    if type(body) == "string" then
        self:bytes(">", body)
    end
end

--- A head has come, as it was received.
function Log:head(text)
    for one in text:gmatch("([^\r\n]+)") do
        local name, value = one:match("^([^%s:]+):%s*(.*)$")
        self:line("<", name and name .. ": " .. activity.masked(name, value) or one)
    end
end

--- Is it a value of the option?
function activity.is_option(option)
    return type(option) ~= "string" or LEVELS[option] == true
end

--- The log of one call.
-- @param option of the request
function activity.of(option)
    local write = option
    if type(option) ~= "function" then
        local level = option == true and "debug" or option
        write = function(line)
            sys.log(level, "http client: " .. line)
        end
    end
    last = last + 1
    return setmetatable({ number = last, write = write }, Log)
end

return activity
