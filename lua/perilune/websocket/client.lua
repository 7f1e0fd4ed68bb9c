--- Connecting to a WebSocket server (RFC 6455 section 4.1): a connection of perilune.tcp, one request, and what the
-- answer must say before the connection is a WebSocket.

local byte_stream = require "perilune.byte_stream"
local bytes = require "perilune.core.stream"
local connect = require "perilune.http.connect"
local connection = require "perilune.websocket.connection"
local core = require "perilune.core.websocket_client"
local deferred = require "perilune.deferred"
local failure = require "perilune.failure"
local handshake = require "perilune.websocket.handshake"
local headers = require "perilune.http.headers"
local is_token = require "perilune.http.token"
local option_tables = require "perilune.options"
local options = require "perilune.websocket.options"
local over_h2 = require "perilune.websocket.over_h2"
local task = require "perilune.task"
local tcp = require "perilune.tcp"
local url = require "perilune.http.url"

local client = {}

local LINES_MOST, LINE_MOST = 100, 8192
local SCHEMES = { ws = "http", wss = "https", http = "http", https = "https" }

local function parse(text)
    local scheme, rest = text:match("^(%a+)(://.*)$")
    local as_http = SCHEMES[(scheme or ""):lower()]
    if not as_http then
        return nil, failure.new("invalid", "not a URL with ws:// or wss://: " .. url.masked(text))
    elseif rest:find("#", 1, true) then -- RFC 6455 section 3
        return nil, failure.new("invalid", "the URL of a WebSocket has no fragment: " .. url.masked(text))
    end
    return url.parse(as_http .. rest)
end

local function request_of(u, key, opts)
    local fields, host = handshake.fields(u, opts)
    local lines = {
        ("GET %s HTTP/1.1"):format(u.target), "Host: " .. host, "Upgrade: websocket", "Connection: Upgrade",
        "Sec-WebSocket-Key: " .. key, "Sec-WebSocket-Version: 13",
    }
    for i = 1, #fields, 2 do
        lines[#lines + 1] = fields[i] .. ": " .. fields[i + 1]
    end
    return table.concat(lines, "\r\n") .. "\r\n\r\n"
end

local function lost(code, what)
    return failure.new(code == "closed" and "truncated" or code or "closed", what)
end

--- The head of the answer: its status and its fields by lower-case name; repeats are joined by commas, but of
-- Set-Cookie `on_cookie` is told.
local function read_head(own, on_cookie)
    local line, code = byte_stream.waiting(bytes.read_line, own)
    local status = line and tonumber(line:match("^HTTP/1%.1 (%d%d%d)[ \r]?"))
    if not status then
        error(line and failure.new("protocol", "no answer of HTTP/1.1") or lost(code, "no answer to the handshake"), 0)
    end
    local fields = {}
    for _ = 1, LINES_MOST do
        line, code = byte_stream.waiting(bytes.read_line, own)
        if line == "" then
            return status, fields
        elseif not line then
            error(lost(code, "the answer to the handshake was cut short"), 0)
        end
        local name, value = line:match("^([^:]*):[ \t]*(.-)[ \t]*$")
        if not is_token(name) or #line > LINE_MOST then
            error(failure.new("protocol", "malformed field in the answer to the handshake"), 0)
        end
        name = name:lower()
        if name == "set-cookie" then
            on_cookie(value)
        end
        fields[name] = fields[name] and fields[name] .. ", " .. value or value
    end
    error(failure.new("too_large", "too many fields in the answer to the handshake"), 0)
end

local function has_token(value, token)
    for word in (value or ""):lower():gmatch("[^,%s]+") do
        if word == token then
            return true
        end
    end
    return false
end

--- What the answer lacks; nil: it is one (section 4.1, the client's checks).
local function problem_of(status, fields, accept, opts)
    if status ~= 101 then
        return "the server answered " .. status
    elseif not has_token(fields.upgrade, "websocket") or not has_token(fields.connection, "upgrade") then
        return "the answer is no upgrade to a WebSocket"
    elseif fields["sec-websocket-accept"] ~= accept then
        return "the answer's Sec-WebSocket-Accept is wrong"
    elseif not handshake.is_offered(fields["sec-websocket-protocol"], opts) then
        return "the server chose a sub-protocol that was not offered"
    end
end

local function shake_hands(own, u, opts)
    local key, accept = core.key()
    local sent, code = bytes.write(own, request_of(u, key, opts))
    if not sent then
        error(lost(code, "the handshake could not be sent"), 0)
    end
    local status, fields = read_head(own, function(text)
        if opts.cookie_store then
            opts.cookie_store:set(u, text)
        end
    end)
    local problem = problem_of(status, fields, accept, opts)
    local raw = not problem and core.adopt(own, opts, fields["sec-websocket-extensions"])
    if not raw then
        local err = failure.new("handshake", problem or "the server chose extensions that were not offered")
        err.status, err.headers = status, fields
        error(err, 0)
    end
    return connection.of_client(raw, fields, opts.typed)
end

--- A connection to the server, through the proxy that the options name.
local function reach(u, opts, timeout)
    if opts.proxy and not opts.path then
        return await(connect(options.for_proxy(opts), u, timeout))
    end
    local target = {
        host = u.host, port = not opts.path and u.port or nil, path = opts.path, timeout = timeout,
        resolver = opts.resolver, family = opts.family, local_address = opts.local_address,
    }
    if u.scheme == "https" then
        target.tls, target.server_name, target.insecure = opts.tls or true, opts.server_name, opts.insecure
    end
    return await(tcp.connect(target)):detach()
end

local function open(u, opts)
    local timeout = opts.handshake_timeout or 30
    if opts.http2 then
        local ok, ws = deferred.try_await(over_h2.connect(u, opts, timeout))
        if ok then
            return ws
        elseif ws.code ~= "no_protocol" then
            error(ws, 0)
        end
    end
    local own = reach(u, opts, timeout)
    bytes.set_timeouts(own, timeout * 1000, timeout * 1000)
    task.defer(function()
        bytes.close(own, true) -- does nothing once the WebSocket has it
    end)
    return shake_hands(own, u, opts)
end

-- --- redirects ---

local FOLLOWED = { [301] = true, [302] = true, [303] = true, [307] = true, [308] = true }
local SECRET = { authorization = true, cookie = true, host = true, ["proxy-authorization"] = true }
local MOST = 5

--- Header fields that another origin may see.
local function without_secrets(given)
    local kept = {}
    headers.visit(given or {}, function(name, value)
        if not SECRET[tostring(name):lower()] then
            kept[#kept + 1] = { name, value }
        end
    end)
    return kept
end

--- Where a refusal of the handshake leads: the URL and the options for it; nil when it is none that is followed.
local function redirected(err, u, opts)
    local location = type(err) == "table" and FOLLOWED[err.status] and err.headers.location
    if not (location and opts.follow_redirects) then
        return nil
    end
    local to, why = parse((url.resolve(u, location):gsub("#.*$", "")))
    if not to then
        error(failure.new("invalid_redirect", ("%s leads to '%s'"):format(u.url, url.masked(location)), why), 0)
    elseif u.scheme == "https" and to.scheme == "http" and not opts.allow_downgrade then
        error(failure.new("insecure_redirect", ("%s leads to %s"):format(u.url, to.origin)), 0)
    elseif to.origin ~= u.origin then
        opts = option_tables.together(opts, { headers = without_secrets(opts.headers) })
        opts.basic_auth, opts.bearer, opts.cookies = nil, nil, nil
    end
    return to, opts
end

local function follow(u, opts)
    local most = opts.max_redirects or MOST
    for _ = 0, most do
        local ok, result = pcall(open, u, opts)
        if ok then
            return result
        end
        local to, with = redirected(result, u, opts)
        if not to then
            error(result, 0)
        end
        u, opts = to, with
    end
    error(failure.new("too_many_redirects", ("more than %d redirects, the last to %s"):format(most, u.url)), 0)
end

--- Connects to `ws://` or `wss://`. Options: those of `websocket.upgrade` but a function as `origin`, and
-- `handshake_timeout` seconds (30: resolving, connecting, TLS, and the same again for the answer); `tls` (a context
-- of perilune.tls, or options of one), `server_name`, `insecure`, `resolver`, `family`, `local_address`, `path` (a Unix
-- socket) as for `tcp.connect`; `origin` a text; `proxy`, `no_proxy`, `proxy_headers`, `proxy_tls`, `proxy_insecure` as
-- for `http.request` (an HTTP proxy is asked for a tunnel); `follow_redirects` (false), `max_redirects` (5),
-- `allow_downgrade` (from wss to ws; false): credentials and cookies stay with the origin they were given for;
-- `cookie_store` of `http.cookie_store`; `cookies` {name = value}, `basic_auth` "user:password" or {user, password},
-- `bearer` as for `http.request`; user info in the URL is basic.
-- @tparam string text URL
-- @tparam[opt] table opts
-- @treturn deferred of a connection; fails with code `invalid` (URL), `handshake` (`err.status` and `err.headers` are
-- the server's answer), `timeout`, `protocol`, `truncated`, those of redirects, those of `tcp.connect`, and through a
-- proxy those of `http.request`
function client.connect(text, opts)
    opts = options.client("websocket.connect", opts)
    if type(text) ~= "string" then
        error("websocket.connect: the URL must be a string, not a " .. type(text), 2)
    end
    return task.spawn(function()
        local u, err = parse(text)
        if not u then
            error(err, 0)
        end
        return follow(u, opts)
    end)
end

return client
