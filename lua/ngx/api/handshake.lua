--- TLS on sockets of ngx.socket.tcp.

local ffi = require "ffi"
local context = require "ngx.api.context"
local core = require "perilune.core.stream"
local socket_core = require "perilune.core.socket"
local secure = require "perilune.core.secure"
local tcp = require "ngx.api.keepalive"
local native = require "ngx.api.native"

local C, ERROR, DEBUG = native.C, 4, 8
local WAIT = core.WAIT
local slots = tcp.slots
local CORE, CERTIFICATE, STORE = slots.CORE, "certificate", "store"

ffi.cdef "void *SSL_get_SSL_CTX(const void *ssl);"

--- settings → TLS context
local contexts = {}

local function context_of(credential)
    if credential and type(credential[1]) == "string" then
        return socket_core.tls(credential[1], credential[2])
    end
    local place = socket_core.place()
    local made, err = contexts[place], nil
    if not made then
        made, err = socket_core.tls()
        contexts[place] = made
    end
    return made, err
end

local function is_pem(value)
    return type(value) == "string" and value:find("-----BEGIN ", 1, true) ~= nil
end

--- Shows the server this certificate when it asks for one. Before sslhandshake.
-- @tparam ?cdata|string certificate of ngx.ssl's parse_ functions, or PEM; nil: none any more
-- @tparam ?cdata|string key likewise
function tcp.methods:setclientcert(certificate, key)
    if certificate == nil and key == nil then
        self[CERTIFICATE] = nil
        return true
    elseif not certificate or not key then
        return nil, "client certificate must be supplied with corresponding private key"
    elseif type(certificate) ~= "cdata" and not is_pem(certificate) then
        return nil, "bad cert arg: cdata expected, got " .. type(certificate)
    elseif type(key) ~= "cdata" and not is_pem(key) then
        return nil, "bad pkey arg: cdata expected, got " .. type(key)
    elseif type(key) ~= type(certificate) then
        return nil, "bad pkey arg: " .. type(certificate) .. " expected, got " .. type(key)
    end
    self[CERTIFICATE] = { certificate, key }
    return true
end

--- Believes the authorities of this store instead of those of `lua_ssl_trusted_certificate`. Before sslhandshake.
-- @tparam ?cdata store an OpenSSL X509_STORE *; nil, or NULL: those of the directive again
-- @treturn ?boolean true
-- @treturn ?string error
function tcp.methods:settrustedstore(store)
    if store ~= nil and type(store) ~= "cdata" then
        return nil, "bad store arg: cdata expected, got " .. type(store)
    end
    local s = self[CORE]
    if not s or not core.is_open(s) then
        return nil, "closed"
    elseif secure.info(s) then
        return nil, "ssl handshake already done; trusted store cannot be changed on an established TLS connection"
    end
    self[STORE] = store
    return true
end

local session_type = ffi.typeof "void *"

--- The session of the connection, for programs: cdata in http, userdata in `stream`, as in OpenResty.
local function session_of(s)
    if C.ffi_ngx_is_session() ~= 0 then
        return secure.session(s, true)
    end
    local bare = secure.session(s, true, true)
    return bare and ffi.gc(ffi.cast(session_type, bare), secure.free_session)
end

local function is_session(value)
    return type(value) == "userdata" or ffi.istype(session_type, value)
end

local HOSTNAME_MISMATCH, IP_ADDRESS_MISMATCH = 62, 64

--- Answers in OpenResty's words; `result` is how the certificate was judged.
function tcp.handshake_failed(self, name, err, text, result, judgement)
    tcp.drop(self)
    if err == "timeout" then
        return nil, "timeout"
    elseif result == HOSTNAME_MISMATCH or result == IP_ADDRESS_MISMATCH then
        tcp.log('lua ssl certificate does not match host "' .. name .. '"')
        return nil, "certificate host mismatch"
    elseif result and result ~= 0 then
        tcp.log("lua ssl certificate verify error: (" .. result .. ": " .. judgement .. ")")
        return nil, result .. ": " .. judgement
    elseif err == "tls_material" then
        return nil, "ssl set client private key failed"
    end
    if text then -- nginx's own line, whatever lua_socket_log_errors says
        native.log_line(ERROR, "SSL_do_handshake() failed (SSL: " .. text .. ")")
    else
        tcp.log("lua ssl handshake failed: " .. err)
    end
    return nil, "handshake failed"
end

--- Waits until the handshake is over.
-- @treturn ?boolean true
-- @treturn ?string code; what TLS says, and how the peer's certificate was judged: a number and text
function tcp.handshake(s)
    while true do
        local ok, code, text, result, judgement = secure.handshake(s)
        if ok ~= WAIT then
            return ok, code, text, result, judgement
        end
        context.wait()
    end
end

--- The handshake, from the first byte to the last.
local function shake(self, s, tls, peer)
    local certificate, key = unpack(self[CERTIFICATE] or {})
    local ok, code = secure.start(s, tls, false, peer.name, nil, peer.session, not peer.verify, peer.status,
        certificate, key, self[STORE])
    if not ok then
        return nil, code
    end
    socket_core.own(s, self[slots.READ_MS], self[slots.SEND_MS])
    return tcp.handshake(s)
end

--- Begins TLS on the connection, and goes on once it stands.
-- @param[opt] session of an earlier handshake to resume; false: no session is wanted back
-- @tparam[opt] string name of the server, for SNI and for the check of its certificate
-- @tparam[opt=false] boolean verify the server's certificate
-- @tparam[opt] boolean status asks the server to staple an OCSP response, which is not looked at
-- @treturn ?cdata|boolean the session; true: none was wanted, or the server gives it later (getsslsession)
-- @treturn ?string error
function tcp.methods.sslhandshake(...)
    local n = select("#", ...)
    if n < 1 or n > 5 then
        error("ngx.socket sslhandshake: expecting 1 ~ 5 arguments (including the object), but seen " .. n, 2)
    end
    local self, session, name, verify, status = ...
    if name and type(name) ~= "string" then
        error("bad argument #2 to 'sslhandshake' (string expected, got " .. type(name) .. ")", 2)
    end
    local s = tcp.stream_of(self)
    if not s then
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
            native.log_line(DEBUG, 'lua ssl server name: "' .. name .. '"')
        end
        local peer = { session = is_session(session) and session or nil, name = name, verify = verify, status = status }
        local ok, code, text, result, judgement = shake(self, s, tls, peer)
        if not ok then
            return tcp.handshake_failed(self, name, code, text, result, judgement)
        end
    end
    return session ~= false and session_of(s) or true
end

--- The newest session that the server has given; before it has, that of the handshake.
function tcp.methods:getsslsession()
    local s = self[CORE]
    if not s or not core.is_open(s) then
        return nil, "closed"
    elseif not secure.info(s) then
        return nil, "not an SSL connection"
    end
    local session = session_of(s)
    if session then
        return session
    end
    return nil, "no session"
end

--- OpenSSL's object of the connection (SSL *), for libraries that call OpenSSL. Valid while the socket is open.
-- @treturn ?cdata
-- @treturn ?string error
function tcp.methods:getsslpointer()
    local s = self[CORE]
    if not s or not core.is_open(s) then
        return nil, "closed"
    end
    local pointer = secure.pointer(s)
    if not pointer then
        return nil, "not an SSL connection"
    end
    return ffi.cast("void *", pointer)
end

--- Its context (SSL_CTX *).
-- @treturn ?cdata
-- @treturn ?string error
function tcp.methods:getsslctx()
    local pointer, err = self:getsslpointer()
    if not pointer then
        return nil, err
    end
    return ffi.C.SSL_get_SSL_CTX(pointer)
end

return tcp
