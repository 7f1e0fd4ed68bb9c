--- Middleware: a function from handler to handler. Tells how long the handler took in a Server-Timing field.

local time = require "perilune.time"

return function(handler)
    return function(req)
        local start = time.monotonic()
        local res = handler(req)
        if type(res) == "table" and res.headers then
            local ms = (time.monotonic() - start) * 1000
            res.headers["Server-Timing"] = ("app;dur=%.3f"):format(ms)
        end
        return res
    end
end
