--- A line for each request: who asked for what, how it was answered, how long that took. `access_log` of the
-- configuration writes one for whatever a server answers, with the bytes that were sent; this one is for routes, and
-- knows what middleware has found: the user, the request's name, its trace.
--
-- Options: `format` ("combined", as nginx has it, "json", or function(entry) → text; nil: no line), `write`
-- (function(line); by default the error log, level info), `skip` (function(req, res) → boolean). An entry has `time`
-- (seconds since 1970), `remote_addr`, `user`, `method`, `target`, `protocol`, `status`, `bytes` (nil when the body is
-- not a string), `duration` (seconds until the answer was ready), `referer`, `user_agent`, `id`, `trace`.

local answer = require "perilune.http.answer"
local define = require "perilune.http.middleware.define"
local failure = require "perilune.failure"
local json = require "perilune.json"
local read = require("perilune.timers").read
local sys = require "perilune.core.sys"
local time = require "perilune.time"

--- Bytes that could break a line apart, or out of its quotes, as nginx writes them.
local function escaped(text)
    return (tostring(text):gsub('["\\%c\127-\255]', function(c)
        return ("\\x%02X"):format(c:byte())
    end))
end

local function quoted(text)
    return text and escaped(text) or "-"
end

local formats = { json = json.encode }

function formats.combined(e)
    return ('%s - %s [%s] "%s %s %s" %d %s "%s" "%s"'):format(quoted(e.remote_addr), quoted(e.user),
        os.date("!%d/%b/%Y:%H:%M:%S +0000", e.time), escaped(e.method), escaped(e.target), escaped(e.protocol),
        e.status, e.bytes and ("%d"):format(e.bytes) or "-", quoted(e.referer), quoted(e.user_agent))
end

local function to_log(line)
    sys.log("info", line)
end

local function entry_of(req, began)
    return { time = began, remote_addr = req.remote_addr, method = req.method, target = req.target,
        protocol = req.protocol, referer = req.headers["referer"], user_agent = req.headers["user-agent"] }
end

local function microseconds(seconds)
    return math.floor(seconds * 1e6 + 0.5) / 1e6
end

local function complete(e, req, res, start)
    local user = rawget(req, "user")
    local trace = rawget(req, "trace")
    e.status, e.duration, e.id = res.status, microseconds(read() - start), req.id
    e.bytes = type(res.body) == "string" and #res.body or res.body == nil and 0 or nil
    e.user = (type(user) == "string" or type(user) == "number") and user or nil
    e.trace = trace and trace.id
    return e
end

return define("access_log", { format = { "string", "function" }, write = "function", skip = "function" }, function(o)
    local format = type(o.format) == "function" and o.format or formats[o.format or "combined"]
    if not format then
        error("middleware.access_log: option 'format' must be \"combined\", \"json\" or a function", 0)
    end
    local write = o.write or to_log
    return function(handler)
        local function run(req)
            return answer.of(handler(req))
        end
        return function(req)
            local start, e = read(), entry_of(req, time.now())
            local ok, res = xpcall(run, failure.traced, req)
            local told = ok and res or { status = failure.is(res) and res.status or 500 }
            if not (o.skip and o.skip(req, told)) then
                local line = format(complete(e, req, told, start))
                if line then
                    write(line)
                end
            end
            if not ok then
                error(res, 0)
            end
            return res
        end
    end
end)
