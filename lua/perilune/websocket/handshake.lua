--- What a client's handshake says, over HTTP/1.1 and HTTP/2 alike.

local core = require "perilune.core.websocket_client"
local failure = require "perilune.failure"
local headers = require "perilune.http.headers"
local identity = require "perilune.http.identity"
local is_token = require "perilune.http.token"

local handshake = {}

--- Fields that the handshake is made of, which are options or nobody's business.
local OURS = {
    connection = true, upgrade = true, ["content-length"] = true, ["transfer-encoding"] = true,
    ["sec-websocket-accept"] = true, ["sec-websocket-extensions"] = true, ["sec-websocket-key"] = true,
    ["sec-websocket-protocol"] = true, ["sec-websocket-version"] = true,
}

local function check(name, value)
    if not is_token(name) or value:find("[%z\r\n]") then
        error(failure.new("invalid", "a header field that cannot be sent: " .. tostring(name)), 0)
    end
end

local function check_own(name, value)
    check(name, value)
    if OURS[name:lower()] then
        error(failure.new("invalid", "a header field that the handshake itself sends: " .. name), 0)
    end
end

--- The caller's own fields.
-- @treturn table array of name, value, name, value, …
-- @treturn table which names are there, in lower case
-- @treturn ?string the value of Host, which is not among them
local function own_fields(given)
    local fields, named, host = {}, {}, nil
    headers.visit(given or {}, function(name, value)
        value = tostring(value)
        check_own(name, value)
        named[name:lower()] = true
        if name:lower() == "host" then
            host = value
        else
            fields[#fields + 1], fields[#fields + 2] = name, value
        end
    end)
    return fields, named, host
end

--- The fields of a handshake but those that HTTP/1.1 and HTTP/2 have each for itself.
-- @tparam table u of `url.parse`
-- @tparam table opts of `websocket.connect`
-- @treturn table array of name, value, name, value, …
-- @treturn string whom to ask for: the value of Host
function handshake.fields(u, opts)
    local fields, named, host = own_fields(opts.headers)
    local function add(name, value)
        if value and not named[name:lower()] then
            check(name, value)
            fields[#fields + 1], fields[#fields + 2] = name, value
        end
    end
    add("Sec-WebSocket-Extensions", core.offer(opts))
    add("Sec-WebSocket-Protocol", opts.sub_protocols and table.concat(opts.sub_protocols, ", "))
    add("Origin", opts.origin)
    add("Authorization", identity.authorization(opts, u))
    local cookie, err = identity.cookie(opts.cookies)
    if err then
        error(err, 0)
    end
    add("Cookie", cookie)
    if opts.cookie_store and not opts.cookies and not named.cookie then
        opts.cookie_store:give(u, fields)
    end
    return fields, host or u.authority
end

--- May the server choose this sub-protocol?
-- @tparam ?string protocol nil: it chose none
-- @tparam table opts of `websocket.connect`
-- @treturn boolean
function handshake.is_offered(protocol, opts)
    for _, name in ipairs(opts.sub_protocols or {}) do
        if name == protocol then
            return true
        end
    end
    return protocol == nil
end

return handshake
