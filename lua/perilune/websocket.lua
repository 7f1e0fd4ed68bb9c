--- WebSockets: duplex streams of messages (RFC 6455), compressed when both sides want it (RFC 7692).
--
-- `upgrade` makes one of a request, `connect` one of a URL. A connection has the methods of a stream that matter for
-- messages: `take`, `put`, `each`, `close`; `ws:stream()` is a whole stream, with operators. What happens on the wire
-- is C (http/ws/ws_conn); the files of websocket/ say what waits.

local client = require "perilune.websocket.client"
local connection = require "perilune.websocket.connection"
local core = require "perilune.core.upgrade"
local core_http = require "perilune.core.http"
local core_websocket = require "perilune.core.websocket"
local deferred = require "perilune.deferred"
local failure = require "perilune.failure"
local group = require "perilune.websocket.group"
local headers = require "perilune.http.headers"
local options = require "perilune.websocket.options"

local websocket = { group = group.new, connect = client.connect }

--- Does the request ask for a WebSocket?
-- @tparam table req
-- @treturn boolean
websocket.is_upgrade = core.is_asked

--- Is `x` a WebSocket connection?
-- @treturn boolean
websocket.is_websocket = connection.is_connection

local DEFAULT_PORTS = { http = ":80", https = ":443" }

--- A browser leaves out the port that its scheme implies, other clients and proxies may name it.
local function without_default_port(host, scheme)
    local port = DEFAULT_PORTS[scheme]
    return port and host:sub(-#port) == port and host:sub(1, -#port - 1) or host
end

local function split_origin(url)
    local scheme, host = url:match("^(%a[%w+.-]*)://([^/]+)$")
    return scheme and scheme:lower(), host and host:lower()
end

--- May a page of this origin connect? Without the option, only pages of the host that was asked for may: cookies
-- go along with any page's request, so any page could act for its visitor. Clients that are no browsers say none.
local function is_origin_allowed(req, rule)
    local origin = core_http.header(req, "origin") -- not by req.headers, which would be kept as long as req
    if origin == nil or rule == "*" then
        return true
    elseif type(rule) == "function" then
        return rule(origin, req) and true or false
    elseif type(rule) == "table" then
        for _, allowed in ipairs(rule) do
            if allowed:lower() == origin:lower() then
                return true
            end
        end
        return false
    end
    local scheme, host = split_origin(origin)
    local asked = (core_http.header(req, "host") or ""):lower()
    return host ~= nil and without_default_port(host, scheme) == without_default_port(asked, scheme)
end

local function refused(code, message, status)
    return deferred.error_deferred(failure.refusal(status, code, message))
end

--- What a handler may still want to know of its request when the exchange is over.
local KEPT = { "path", "uri", "query_string", "host", "remote_addr", "id" }

local function keep_fields(req)
    for _, name in ipairs(KEPT) do
        local _ = req[name]
    end
end

--- Makes a WebSocket of the request that a handler has got. The exchange is over then: what the handler returns
-- does not count, and of the request only `path`, `uri`, `query_string`, `host`, `remote_addr`, `id` and fields that
-- were read before can be read.
--
-- Options (all optional): `sub_protocols` array of names, the client's first one that is among them is chosen;
-- `headers` table of fields for the answer; `origin` "*", array of origins, or function(origin, req) → boolean,
-- default: the host that was asked for; `max_frame_payload` bytes (65536); `max_message_size` bytes (1048576);
-- `compression` boolean (false), with `compression_level` 1–9 (6), `compression_memory_level` 1–9 (8),
-- `compression_threshold` bytes (64), `no_context_takeover`, `peer_no_context_takeover` booleans (false),
-- `window_bits`, `peer_window_bits` 9–15 (15); `heartbeat_interval` seconds without input before a ping (none),
-- `heartbeat_timeout` seconds (10), `heartbeat_payload` of the ping, at most 125 bytes ("heartbeat"); `close_timeout`
-- seconds (5); `watermark` bytes of queued output (65536); `pieces` boolean: messages are given as they come, see
-- `ws:receive_piece` (false); `typed` boolean: messages are tables `{data=, binary=}` (false).
-- @tparam table req
-- @tparam[opt] table opts
-- @treturn deferred of the connection; fails with code `invalid` (the request asks for none; `err.status` is what to
-- answer: 400 or 426), `denied` (origin; 403), `closed`
function websocket.upgrade(req, opts)
    opts = options.server("websocket.upgrade", opts)
    local status, reason = core.check(req)
    if status == nil then
        return deferred.error_deferred(reason)
    elseif status ~= 0 then
        return refused("invalid", "no WebSocket: " .. reason, status)
    elseif not is_origin_allowed(req, opts.origin) then
        return refused("denied", "origin not allowed: " .. tostring(core_http.header(req, "origin")), 403)
    end
    keep_fields(req)
    local raw, protocol = core.accept(req, opts.sub_protocols, opts, headers.plain(opts.headers))
    if raw == nil then
        return deferred.error_deferred(protocol)
    end
    return deferred.success_deferred(connection.new(raw, protocol, opts.typed))
end

--- What a request gets that is no WebSocket, or must not be one.
local function refuse(req, err)
    if not core.is_asked(req) then
        return { status = 426, headers = { Upgrade = "websocket" }, body = "this is a WebSocket\n" }
    end
    return { status = err.status or 400, body = tostring(err) .. "\n" }
end

--- Has `fn` a second parameter?
local function wants_request(fn)
    local info = debug.getinfo(fn, "u")
    return info.nparams > 1 or info.isvararg
end

--- Runs `fn(ws, req)` in the task of the request; when it fails the connection is closed.
local function guarded(fn, ws, req)
    local done, err = xpcall(fn, failure.traced, ws, req)
    if not done then
        ws:close(1011)
        error(err, 0)
    end
end

--- Who does not want the request talks in a task of its own, which has nothing of it on its stack.
local function talk_of(fn)
    if not wants_request(fn) then
        return function(ws)
            core_websocket.talk(ws.raw, fn, ws)
        end
    end
    return function(ws, req)
        guarded(fn, ws, req)
        ws:close()
    end
end

--- Sets up what is called of `events`, without anything of its own for each connection.
local function events_of(events)
    options.events("websocket.handler", events)
    local function on_closed(ws)
        local _, code, reason = ws:state()
        events.closed(ws, code, reason)
    end
    return function(ws, req)
        if events.closed then
            ws:on_closed(on_closed)
        end
        if events.open then
            guarded(events.open, ws, req)
        end
        ws:on_message(events.message)
    end
end

--- A handler that upgrades each request. Other requests get 426 or the status of the refusal.
--
-- With a function, that talks: when `fn(ws, req)` returns the connection is closed (1000), when it fails with 1011.
-- With a table, what happens is told: `open(ws, req)` first, `message(ws, message, is_binary)` for each message, see
-- `ws:on_message`, `closed(ws, code, reason)` at the end; an idle connection has no task then.
-- @tparam function|table fn or `{open=, message=, closed=}`, of which `message` is needed
-- @tparam[opt] table opts as for `upgrade`
-- @treturn function handler
function websocket.handler(fn, opts)
    if type(fn) ~= "function" and type(fn) ~= "table" then
        error(("bad argument 'fn' to websocket.handler (a function, or a table with 'message', expected, got %s)")
            :format(type(fn)), 2)
    end
    opts = options.server("websocket.handler", opts)
    local serve = type(fn) == "table" and events_of(fn) or talk_of(fn)
    return function(req)
        local ok, ws = deferred.try_await(websocket.upgrade(req, opts))
        if not ok then
            return refuse(req, ws)
        end
        serve(ws, req)
    end
end

return websocket
