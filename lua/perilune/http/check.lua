--- What options of requests and pools must be, beyond their kinds.

local activity = require "perilune.http.activity"
local client_tls = require "perilune.http.tls"
local coerce = require "perilune.http.coerce"
local dns = require "perilune.dns"
local hedge = require "perilune.http.hedge"
local known_options = require "perilune.http.options"
local options = require "perilune.options"
local params = require "perilune.http.params"
local retry = require "perilune.http.retry"
local tls = require "perilune.tls"

local check = {}

--- Raises unless a TLS option is nothing, options, or a context for clients.
local function check_tls(o, name, where, level)
    local value = o[name]
    if value ~= nil and type(value) ~= "table" then
        tls._check(value, "client", ("%s: option '%s'"):format(where, name), level + 1)
    elseif value then
        local ok, err = pcall(client_tls.of, value)
        if not ok and type(err) == "string" then
            err = err:match("tls%.client_context: (.*)$") or err
            error(("%s: option '%s': %s"):format(where, name, err), level + 1)
        elseif not ok then
            error(err, 0)
        end
    end
end

--- Raises unless an option is nothing, "user:password", or a table of both.
local function check_credentials(o, name, where, level)
    local value = o[name]
    if type(value) == "string" and not value:find(":", 1, true)
        or type(value) == "table" and (type(value[1]) ~= "string" or type(value[2] or "") ~= "string") then
        error(("%s: option '%s' must hold a user and a password"):format(where, name), level + 1)
    elseif type(value) == "table" and value[1]:find(":", 1, true) then
        error(("%s: option '%s': a user has no colon"):format(where, name), level + 1)
    end
end

local function check_as(o, where, level)
    if o.as and (o.as == "is_whole" or not coerce[o.as]) then
        error(("%s: option 'as' must be string, json, stream, lines, sse or file, not '%s'"):format(where, o.as),
            level + 1)
    elseif o.save_to and o.save_to:find("%z") then
        error(where .. ": option 'save_to' must be a path, without NUL", level + 1)
    end
end

--- Raises when an option that may be a table has an option of its own that is wrong.
local function check_tables(o, where, level)
    if type(o.retry) == "table" then
        options.check(o.retry, retry.OPTIONS, where .. ": retry", level + 1)
    end
    if type(o.reconnect) == "table" then
        options.check(o.reconnect, require("perilune.http.event_stream").OPTIONS, where .. ": reconnect", level + 1)
    end
    if type(o.hedge) == "table" then
        options.check(o.hedge, hedge.OPTIONS, where .. ": hedge", level + 1)
    end
end

--- Raises when an option that a pool and a request both may have is malformed.
-- @tparam table o of a request or of a pool
-- @tparam string where what the text begins with
-- @tparam number level whom the error is put down to, as of `error`
function check.way(o, where, level)
    dns._check_address(o, "local_address", where, level + 1)
    if o.http_versions and o.http_versions[1] == nil then
        error(where .. ": option 'http_versions' holds '2' and '1.1', not nothing", level + 1)
    end
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
    if o.cache and not require("perilune.http.cache").is_cache(o.cache) then
        error(where .. ": option 'cache' must be a cache of http.cache", level + 1)
    elseif not activity.is_option(o.log_activity) then
        error(("%s: option 'log_activity' must be a level, not '%s'"):format(where, o.log_activity), level + 1)
    end
    check_tls(o, "tls", where, level + 1)
    check_tls(o, "proxy_tls", where, level + 1)
end

--- Raises when `o` are no options of a request.
-- @tparam table o
-- @tparam string where
-- @tparam number level
function check.request(o, where, level)
    options.check(o, known_options, where, level + 1)
    check.way(o, where, level + 1)
    if o.http_version and o.http_version ~= "1.0" and o.http_version ~= "1.1" then
        error(("%s: option 'http_version' must be '1.0' or '1.1', not '%s'"):format(where, o.http_version), level + 1)
    elseif o.multi_param_style and not params.styles[o.multi_param_style] then
        error(("%s: option 'multi_param_style' must be default, array or indexed, not '%s'"):format(where,
            o.multi_param_style), level + 1)
    end
    check_credentials(o, "basic_auth", where, level + 1)
    check_credentials(o, "digest_auth", where, level + 1)
    check_as(o, where, level + 1)
    check_tables(o, where, level + 1)
end

return check
