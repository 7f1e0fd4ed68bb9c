--- TLS on sockets of ngx.socket.tcp.

local ffi = require "ffi"
local contexts_of = require "perilune.core.tls"
local context = require "ngx.api.context"
local core = require "perilune.core.stream"
local core_ngx = require "perilune.core.ngx"
local socket_core = require "perilune.core.socket"
local secure = require "perilune.core.secure"
local tcp = require "ngx.api.keepalive"

local DEBUG = 8
local WAIT = core.WAIT
local slots = tcp.slots
local CORE, CERTIFICATE = slots.CORE, "certificate"

--- What OpenResty says for a code of ours.
local TEXTS = {
    timeout = "timeout",
    closed = "closed",
}

--- location → TLS context
local contexts = {}

local function context_of(credential)
    local location, options = socket_core.tls()
    if credential then
        options.certificate_pem, options.key_pem = credential[1], credential[2]
        options.certificate, options.key = nil, nil
        return contexts_of.client(options)
    end
    local made, err = contexts[location], nil
    if not made then
        made, err = contexts_of.client(options)
        contexts[location] = made
    end
    return made, err
end

--- Shows the server this certificate when it asks for one. Before sslhandshake.
-- @tparam ?string certificate PEM; nil: none any more
-- @tparam ?string key PEM
function tcp.methods:setclientcert(certificate, key)
    if certificate == nil and key == nil then
        self[CERTIFICATE] = nil
        return true
    elseif not certificate or not key then
        return nil, "client certificate must be supplied with corresponding private key"
    elseif type(certificate) ~= "string" or type(key) ~= "string" then
        return nil, "bad client cert or key: PEM texts expected"
    end
    self[CERTIFICATE] = { certificate, key }
    return true
end

--- What stands for a session outside: programs tell it from `true` by its type, which is cdata in OpenResty.
local boxes = setmetatable({}, { __mode = "k" })
ffi.cdef "struct perilune_tls_session { char unused; };"

local function box(session)
    local outside = session and ffi.new("struct perilune_tls_session")
    if outside then
        boxes[outside] = session
    end
    return outside
end

local function handshake_failed(self, err, text)
    tcp.drop(self)
    if err ~= "timeout" and err ~= "closed" then
        tcp.log("lua ssl handshake failed: " .. (text or err))
    end
    if text and text:find("hostname mismatch", 1, true) then
        return nil, "certificate host mismatch"
    end
    return nil, TEXTS[err] or text or "handshake failed"
end

--- The handshake, from the first byte to the last.
local function shake(self, s, tls, peer)
    local ok, code = secure.start(s, tls, false, peer.name, nil, peer.session, not peer.verify, peer.status)
    local text
    if not ok then
        return nil, code
    end
    socket_core.own(s, self[slots.READ_MS], self[slots.SEND_MS])
    repeat
        ok, code, text = secure.handshake(s)
        if ok == WAIT then
            context.wait()
        end
    until ok ~= WAIT
    return ok, code, text
end

--- Begins TLS on the connection, and goes on once it stands.
-- @param[opt] session of an earlier handshake to resume; false: no session is wanted back
-- @tparam[opt] string name of the server, for SNI and for the check of its certificate
-- @tparam[opt=false] boolean verify the server's certificate
-- @tparam[opt] boolean status asks the server to staple an OCSP response, which is not looked at
-- @treturn ?cdata|boolean the session; true: none was wanted, or the server gives it later (getsslsession)
-- @treturn ?string error
function tcp.methods:sslhandshake(...)
    if select("#", ...) > 4 then
        error("ngx.socket sslhandshake: expecting 1 ~ 5 arguments (including the object), but seen "
            .. select("#", ...) + 1, 2)
    end
    local session, name, verify, status = ...
    local s = self[CORE]
    if not s or not core.is_open(s) then
        return nil, "closed"
    end
    core.check(s)
    local why = tcp.busy_with(s)
    if why then
        return nil, why
    elseif not secure.info(s) then
        local tls, err = context_of(self[CERTIFICATE])
        if not tls then
            return nil, tostring(err.message)
        end
        if name then
            core_ngx.log_line(DEBUG, 'lua ssl server name: "' .. name .. '"')
        end
        local peer = { session = session and boxes[session] or nil, name = name, verify = verify, status = status }
        local ok, code, text = shake(self, s, tls, peer)
        if not ok then
            return handshake_failed(self, code, text)
        end
    end
    return session ~= false and box(secure.session(s, true)) or true
end

--- The newest session that the server has given.
function tcp.methods:getsslsession()
    local s = self[CORE]
    if not s or not core.is_open(s) then
        return nil, "closed"
    elseif not secure.info(s) then
        return nil, "not an SSL connection"
    end
    local session = box(secure.session(s))
    if session then
        return session
    end
    return nil, "no session"
end

return tcp
