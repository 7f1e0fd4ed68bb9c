--- How long the handler took, as a browser shows it: Server-Timing (W3C), in milliseconds. `req:mark(name)` in the
-- handler adds the time since the last mark, or since the beginning.
--
-- Options: `name` ("total").

local answer = require "perilune.http.answer"
local define = require "perilune.http.middleware.define"
local kinds = require "perilune.http.kinds"
local is_token = require "perilune.http.token"
local read = require("perilune.timers").read

return define("timing", { name = kinds.token }, function(o)
    local total = o.name or "total"
    return function(handler)
        return function(req)
            local start, parts = read(), {}
            local last = start
            rawset(req, "mark", function(_, name)
                if not is_token(name) then
                    error("bad argument 'name' to mark (a token expected)", 2)
                end
                local t = read()
                parts[#parts + 1] = ("%s;dur=%.3f"):format(name, (t - last) * 1000)
                last = t
            end)
            local res = answer.of(handler(req))
            parts[#parts + 1] = ("%s;dur=%.3f"):format(total, (read() - start) * 1000)
            res.headers:add("Server-Timing", table.concat(parts, ", "))
            return res
        end
    end
end)
