--- A connection to where a URL points, for protocols other than HTTP's requests: through the proxy that the options
-- name, with TLS when the URL says so.

local core = require "perilune.core.client"
local deferred = require "perilune.deferred"
local way = require "perilune.http.way"

--- Connects.
-- @tparam table o options as of a request: `proxy` and what belongs to it, `tls`, `insecure`, `server_name`,
-- `local_address`, `resolver`, `family`, `unix_path`
-- @tparam table u of `url.parse`
-- @tparam number seconds for all of it
-- @treturn deferred of a stream of perilune.core.stream; fails as requests do
return function(o, u, seconds)
    local _, to, _, err = way.of(o, u)
    if err then
        return deferred.error_deferred(err)
    end
    local request
    local d = deferred.deferred(function()
        core.connect_cancel(request)
    end)
    request = core.connect(to or u, seconds, function(own, why)
        if own then
            d:success(own)
        else
            d:error(why)
        end
    end)
    return d
end
