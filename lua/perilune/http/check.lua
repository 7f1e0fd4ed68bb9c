--- What options of requests and pools must be, beyond their kinds.

local dns = require "perilune.dns"
local known_options = require "perilune.http.options"
local options = require "perilune.options"

local check = {}

--- Raises when an option that tells how an origin is reached is malformed.
-- @tparam table o of a request or of a pool
-- @tparam string where what the text begins with
-- @tparam number level whom the error is put down to, as of `error`
function check.way(o, where, level)
    dns._check_address(o, "local_address", where, level + 1)
    for _, version in ipairs(o.http_versions or {}) do
        if version ~= "2" and version ~= "1.1" then
            error(("%s: option 'http_versions' holds '2' and '1.1', not '%s'"):format(where, tostring(version)),
                level + 1)
        end
    end
    dns._check_family(o.family, where, level + 1)
    if o.resolver and not pcall(dns._core, o.resolver) then
        error(where .. ": option 'resolver' must be a resolver of perilune.dns", level + 1)
    end
end

--- Raises when `o` are no options of a request.
-- @tparam table o
-- @tparam string where
-- @tparam number level
function check.request(o, where, level)
    options.check(o, known_options, where, level + 1)
    check.way(o, where, level + 1)
end

return check
