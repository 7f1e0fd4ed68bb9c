--- Middleware: a function from handler to handler. Tells how long the handler took in a Server-Timing field.

local sys = require "perilune.core.sys"

return function(handler)
    return function(req)
        local start = sys.monotonic()
        local res = handler(req)
        if type(res) == "table" and res.headers then
            local ms = (sys.monotonic() - start) * 1000
            res.headers["Server-Timing"] = ("app;dur=%.3f"):format(ms)
        end
        return res
    end
end
