--- Options of WebSockets: their names, types and ranges.

local is_token = require "perilune.http.token"
local options = require "perilune.options"

local websocket_options = {}

local LEVEL, WINDOW_BITS = options.whole(1, 9), options.whole(9, 15)

local COMMON = {
    sub_protocols = "table", headers = "table", max_frame_payload = options.whole(125, 2 ^ 40),
    max_message_size = "bytes", watermark = "bytes", compression = "boolean", no_context_takeover = "boolean",
    peer_no_context_takeover = "boolean", pieces = "boolean", compression_level = LEVEL,
    compression_memory_level = LEVEL, compression_threshold = "bytes", window_bits = WINDOW_BITS,
    peer_window_bits = WINDOW_BITS, heartbeat_interval = "seconds", heartbeat_timeout = "seconds",
    heartbeat_payload = "string", close_timeout = "seconds", typed = "boolean",
}

local SERVER = options.together(COMMON, { origin = { "string", "table", "function" } })
local CLIENT = options.together(COMMON, {
    handshake_timeout = "seconds", tls = { "boolean", "table", "userdata" }, server_name = "string",
    insecure = "boolean", resolver = "table", family = "string",
    local_address = "string", path = "string", origin = "string", proxy = { "string", "boolean" },
    no_proxy = { "string", "table" }, proxy_headers = "table", proxy_tls = "any", proxy_insecure = "boolean",
    http2 = "boolean", pool = "table", cookie_store = "table", cookies = "table", bearer = "string",
    basic_auth = { "string", "table" },
    follow_redirects = "boolean", max_redirects = "count", allow_downgrade = "boolean",
})

local HEARTBEAT_MOST = 125 -- of a control frame, RFC 6455 section 5.5

local function check_texts(what, opts)
    for i, name in ipairs(opts.sub_protocols or {}) do
        if not is_token(name) then
            error(("%s: option 'sub_protocols': no token (RFC 9110) at place %d"):format(what, i), 4)
        end
    end
    if opts.heartbeat_payload and #opts.heartbeat_payload > HEARTBEAT_MOST then
        error(("%s: option 'heartbeat_payload' must have at most %d bytes"):format(what, HEARTBEAT_MOST), 4)
    end
end

--- Raises at the caller of whoever has called us by a tail call.
local function check(what, opts, known)
    opts = options.check(opts, known, what, 3)
    check_texts(what, opts)
    return opts
end

--- Checks the options of a server; raises at the caller's caller.
-- @tparam string what the function they are for
-- @tparam[opt] table opts
-- @treturn table opts, or an empty one
function websocket_options.server(what, opts)
    return check(what, opts, SERVER)
end

--- The same for a client.
function websocket_options.client(what, opts)
    return check(what, opts, CLIENT)
end

local EVENTS = { open = "function", message = "function", closed = "function" }

--- Checks the events of a handler; raises at the caller's caller.
function websocket_options.events(what, events)
    if options.check(events, EVENTS, what, 4).message == nil then
        error(what .. ": a function 'message' is needed", 4)
    end
end

--- The options of a client as those of a request that goes through a proxy: always by a tunnel.
function websocket_options.for_proxy(opts)
    local of_tls = opts.tls
    if type(of_tls) == "boolean" then
        of_tls = nil
    end
    return {
        proxy = opts.proxy, no_proxy = opts.no_proxy, proxy_headers = opts.proxy_headers, proxy_tls = opts.proxy_tls,
        proxy_insecure = opts.proxy_insecure, proxy_tunnel = true, tls = of_tls, server_name = opts.server_name,
        insecure = opts.insecure, resolver = opts.resolver, family = opts.family, local_address = opts.local_address,
    }
end

return websocket_options
