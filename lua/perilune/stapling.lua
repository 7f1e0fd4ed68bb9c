--- ssl_stapling: asks the responders of the server's certificates, and asks again in time.
--
-- One task for each certificate, in each worker. A response that was good is shown until the time it names for the
-- next one, whatever happens meanwhile; it is asked for anew after an hour, or before that time.

local core = require "perilune.core.ssl"
local sys = require "perilune.core.sys"
local task = require "perilune.task"

local KEEP, AGAIN, LEAST = 3600, 300, 10
local MOST_BYTES, MOST_SECONDS = 65536, 60

local stapling = {}

local function ask(url, request, chain)
    local http = require "perilune.http"
    local response = await(http.post(url, {
        body = request,
        content_type = "application/ocsp-request",
        as = "string",
        max_body_size = MOST_BYTES,
        total_timeout = MOST_SECONDS,
        keep_alive = false,
    }))
    local ok, more = core.ocsp_check(response.body, chain)
    if not ok then
        error(more, 0)
    end
    return response.body, more
end

--- Seconds until a response is to be asked for again: `next_update`, when it ends, may be unknown.
local function pause(next_update)
    local left = next_update and next_update - os.time() or KEEP
    return math.max(LEAST, math.min(KEEP, left / 2))
end

local function look_after(certificate, url, request)
    local ends
    while true do
        local ok, response, next_update = pcall(ask, url, request, certificate.chain)
        if ok then
            certificate.set(response)
            ends = next_update
            task.nap(pause(next_update))
        else
            sys.log("error", ('OCSP response of "%s" for certificate "%s" cannot be used: %s'):format(url,
                certificate.file, tostring(response)))
            if ends and ends <= os.time() then
                certificate.set("")
            end
            task.nap(AGAIN)
        end
    end
end

local function ignore(certificate, why)
    sys.log("warn", ('"ssl_stapling" ignored, %s for certificate "%s"'):format(why, certificate.file))
end

--- Begins to look after the responses.
-- @tparam table list of certificates: {file=, chain=, responder= or nil, set=}, see app/tls/lib_stapling.c
function stapling.start(list)
    for _, certificate in ipairs(list) do
        local request, err = core.ocsp_request(certificate.chain)
        local url = certificate.responder or request and core.ocsp_responder(certificate.chain)
        if not request then
            ignore(certificate, err)
        elseif not url then
            ignore(certificate, "no OCSP responder URL")
        else
            task.spawn(look_after, certificate, url, request)
        end
    end
end

return stapling
