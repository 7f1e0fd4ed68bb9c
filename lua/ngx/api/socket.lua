--- ngx.socket and ngx.req.socket.

local context = require "ngx.api.context"
local minding = require "ngx.api.minding"
local native = require "ngx.api.native"
local socket_core = require "perilune.core.socket"
local tcp = require "ngx.api.handshake"
local udp = require "ngx.api.udp"

local CORE, DELAYS = tcp.slots.CORE, tcp.slots.DELAYS

local socket = {}

--- A TCP socket that is not connected.
socket.tcp = tcp.new
socket.stream = tcp.new

--- A datagram socket without a peer.
socket.udp = udp.new

--- A connected TCP socket.
-- @treturn ?socket
-- @treturn ?string error
function socket.connect(...)
    local sock = tcp.new()
    local ok, err = sock:connect(...)
    if ok then
        return sock
    end
    return nil, err
end

local function subset(names)
    local methods = {}
    for _, name in ipairs(names) do
        methods[name] = tcp.methods[name]
    end
    methods.__index = methods
    return methods
end

local body_mt = subset { "receive", "receiveany", "receiveuntil", "settimeout", "settimeouts", "getfd", "getoption",
    "setoption" }
local raw_mt = subset { "receive", "receiveany", "receiveuntil", "send", "settimeout", "settimeouts", "getfd",
    "getoption", "setoption" }
local minding_mt = { __index = setmetatable(minding.reads(raw_mt), raw_mt) }

--- The request's body as a socket; with `raw` the connection itself, which is HTTP's no longer.
-- @treturn ?socket
-- @treturn ?string error
local function request_socket(...)
    if select("#", ...) > 1 then
        error("expecting 0 or 1 argument, but got " .. select("#", ...), 2)
    end
    local raw = ...
    if context.session[native.C.ffi_ngx_context()] then
        return require("ngx.api.session").socket()
    end
    context.check(context.answering)
    local s, minds_end = socket_core.request(raw)
    if not s then
        return nil, minds_end
    end
    local sock = tcp.blank()
    sock[CORE] = s
    sock[DELAYS] = raw and socket_core.is_nodelay() or false
    socket_core.own(s, 0, 0)
    return setmetatable(sock, minds_end and minding_mt or raw and raw_mt or body_mt)
end

return { api = socket, request = request_socket }
