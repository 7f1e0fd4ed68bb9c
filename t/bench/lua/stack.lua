--- The full stack of a service, of what is shipped: the name of the request, a session in a cookie, a JSON body, a
-- limit of rates; compression and the access log are of the configuration.

local http = require "perilune.http"
local notes = require "notes"

local mw = http.middleware

local function handle(req)
    local session = await(req:session())
    if req.method == "GET" then
        session.data.visits = 1
        return "welcome"
    end
    return http.json(notes.page(await(req:json { max_size = 10000 }), session.data.visits))
end

return mw.around(handle, {
    mw.request_id(),
    mw.rate_limit { dict = "rates", most = 1000000000, window = 60 },
    mw.session { keys = "a secret of the benchmark", absolute = 86400, idle = 86400 },
})
