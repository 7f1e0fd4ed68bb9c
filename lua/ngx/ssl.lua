--- Choosing certificates in ssl_certificate_by_lua, and facts of the connection in any phase.
--
-- Functions answer nil and a text when they fail. Chains and keys are DER strings, or objects that the parse_ functions
-- make, which are worth keeping: to parse is the dearest part. Such an object is OpenSSL's own: a STACK_OF(X509) *, an
-- EVP_PKEY *.

local ffi = require "ffi"
local tls = require "ngx.api.tls"

ffi.cdef "int SSL_session_reused(const void *ssl);"

local C, request, message = tls.C, tls.request, tls.message
local done, object = tls.done, tls.object

local ssl = { _VERSION = "0.1" }

--- The connection forgets its certificates and keys.
-- @treturn ?boolean true
-- @treturn ?string error
function ssl.clear_certs()
    return done(C.ngx_http_lua_ffi_ssl_clear_certs(request(), message))
end

local function der_of(rc, room)
    if rc > 0 then
        return ffi.string(room, rc)
    end
    return nil, tls.why()
end

--- A chain in PEM as DER: its certificates one after another.
-- @tparam string pem
-- @treturn ?string
-- @treturn ?string error
function ssl.cert_pem_to_der(pem)
    local room = ffi.new("unsigned char[?]", #pem)
    return der_of(C.ngx_http_lua_ffi_cert_pem_to_der(pem, #pem, room, message), room)
end

--- A key in PEM as DER.
-- @tparam string pem
-- @tparam[opt] string passphrase
-- @treturn ?string
-- @treturn ?string error
function ssl.priv_key_pem_to_der(pem, passphrase)
    local room = ffi.new("unsigned char[?]", #pem)
    return der_of(C.ngx_http_lua_ffi_priv_key_pem_to_der(pem, #pem, passphrase, room, message), room)
end

--- Gives the connection a chain. Its key must follow.
-- @tparam string der
-- @treturn ?boolean true
-- @treturn ?string error
function ssl.set_der_cert(der)
    return done(C.ngx_http_lua_ffi_ssl_set_der_certificate(request(), der, #der, message))
end

--- Gives the connection the key of its chain.
-- @tparam string der
-- @treturn ?boolean true
-- @treturn ?string error
function ssl.set_der_priv_key(der)
    return done(C.ngx_http_lua_ffi_ssl_set_der_private_key(request(), der, #der, message))
end

--- A chain as an object, for set_cert.
-- @tparam string pem
-- @treturn ?cdata
-- @treturn ?string error
function ssl.parse_pem_cert(pem)
    return object(C.ngx_http_lua_ffi_parse_pem_cert(pem, #pem, message), C.ngx_http_lua_ffi_free_cert)
end

--- A key as an object, for set_priv_key.
-- @tparam string pem
-- @tparam[opt] string passphrase
-- @treturn ?cdata
-- @treturn ?string error
function ssl.parse_pem_priv_key(pem, passphrase)
    if passphrase then
        local der, err = ssl.priv_key_pem_to_der(pem, passphrase)
        if not der then
            return nil, err
        end
        return ssl.parse_der_priv_key(der)
    end
    return object(C.ngx_http_lua_ffi_parse_pem_priv_key(pem, #pem, message), C.ngx_http_lua_ffi_free_priv_key)
end

--- As parse_pem_cert, from DER.
function ssl.parse_der_cert(der)
    return object(C.ngx_http_lua_ffi_parse_der_cert(der, #der, message), C.ngx_http_lua_ffi_free_cert)
end

--- As parse_pem_priv_key, from DER.
function ssl.parse_der_priv_key(der)
    return object(C.ngx_http_lua_ffi_parse_der_priv_key(der, #der, message), C.ngx_http_lua_ffi_free_priv_key)
end

--- Gives the connection a chain that was parsed. Its key must follow.
-- @treturn ?boolean true
-- @treturn ?string error
function ssl.set_cert(cert)
    return done(C.ngx_http_lua_ffi_set_cert(request(), cert, message))
end

--- Gives the connection the key of its chain.
-- @treturn ?boolean true
-- @treturn ?string error
function ssl.set_priv_key(key)
    return done(C.ngx_http_lua_ffi_set_priv_key(request(), key, message))
end

--- Asks the client for a certificate; `$ssl_client_verify` tells later what came of it.
-- @tparam[opt] cdata authorities of parse_pem_cert, which the client is told; the configured ones when nil
-- @tparam[opt] number depth the configured one when nil
-- @tparam[opt] cdata trusted more authorities, which it is not told
-- @treturn ?boolean true
-- @treturn ?string error
function ssl.verify_client(authorities, depth, trusted)
    return done(C.ngx_http_lua_ffi_ssl_verify_client(request(), authorities, trusted, depth or -1, message))
end

--- The name that the client asked for; nil when it named none.
-- @treturn ?string
-- @treturn ?string error
function ssl.server_name()
    return tls.text(C.ngx_http_lua_ffi_ssl_server_name(request(), tls.pointer, tls.size, message), tls.pointer)
end

local kinds = { [0] = "unix", "inet", "inet6" }
local kind, port = ffi.new "int[1]", ffi.new "unsigned short[1]"

local function address(read)
    local bytes, err = tls.text(read(request(), tls.pointer, tls.size, kind, message), tls.pointer)
    if not bytes then
        return nil, err
    end
    return bytes, kinds[kind[0]]
end

--- Our address: its bytes (4, 16, or a path) and its kind.
-- @treturn ?string
-- @treturn ?string "inet", "inet6", "unix"; or the error
function ssl.raw_server_addr()
    return address(C.ngx_http_lua_ffi_ssl_raw_server_addr)
end

--- The client's address, likewise.
function ssl.raw_client_addr()
    return address(C.ngx_http_lua_ffi_ssl_raw_client_addr)
end

--- Our port; nil on a Unix socket.
-- @treturn ?number
-- @treturn ?string error
function ssl.server_port()
    if C.ngx_http_lua_ffi_ssl_server_port(request(), port, message) ~= 0 then
        return nil, tls.why()
    end
    return port[0]
end

tls.tell_versions(ssl, C.ngx_http_lua_ffi_ssl_get_tls1_version)

--- OpenSSL's object of the client's connection (SSL *), for libraries that call OpenSSL. Valid as long as that lives.
-- @treturn ?cdata
-- @treturn ?string error
function ssl.get_req_ssl_pointer()
    local pointer = C.ngx_http_lua_ffi_get_req_ssl_pointer(request(), message)
    if pointer == nil then
        return nil, tls.why()
    end
    return pointer
end

--- The one of the connection to the server that the request is passed on to, in the handshake with it or while its
-- answer is passed on.
-- @treturn ?cdata
-- @treturn ?string error
function ssl.get_upstream_ssl_pointer()
    local pointer = C.ngx_http_lua_ffi_get_upstream_ssl_pointer(request(), message)
    if pointer == nil then
        return nil, tls.why()
    end
    return pointer
end

--- Was an earlier session resumed?
-- @tparam[opt] cdata pointer of a connection; the client's when nil
-- @treturn ?boolean
-- @treturn ?string error
function ssl.ssl_session_reused(...)
    local pointer = ...
    if select("#", ...) == 0 then
        local err
        pointer, err = ssl.get_req_ssl_pointer()
        if not pointer then
            return nil, err
        end
    elseif type(pointer) ~= "cdata" or pointer == nil then
        return nil, "bad ssl"
    end
    return C.SSL_session_reused(pointer) == 1
end

--- The random number of the client in this handshake.
-- @tparam[opt=32] number most how many bytes of it; 0: the answer is how many there are
-- @treturn ?string
-- @treturn ?string error
function ssl.get_client_random(most)
    return tls.copy(C.ngx_http_lua_ffi_ssl_client_random, most or 32)
end

--- The server's, likewise.
function ssl.get_server_random(most)
    return tls.copy(C.ngx_http_lua_ffi_ssl_server_random, most or 32)
end

--- The session's master key, 48 bytes unless `most` is given: a secret.
function ssl.get_session_master_key(most)
    return tls.copy(C.ngx_http_lua_ffi_ssl_session_master_key, most or 48)
end

--- Material for keys of another protocol on this connection (RFC 5705).
-- @tparam number length in bytes
-- @tparam string label
-- @tparam[opt] string context
-- @treturn ?string
-- @treturn ?string error
function ssl.export_keying_material(length, label, context)
    local room = ffi.new("unsigned char[?]", length)
    local ok, err = done(C.ngx_http_lua_ffi_ssl_export_keying_material(request(), room, length, label, #label, context,
        context and #context or 0, context and 1 or 0, message))
    if not ok then
        return nil, err
    end
    return ffi.string(room, length)
end

--- The same of early data (RFC 8446 section 7.5).
function ssl.export_keying_material_early(length, label, context)
    local room = ffi.new("unsigned char[?]", length)
    local ok, err = done(C.ngx_http_lua_ffi_ssl_export_keying_material_early(request(), room, length, label, #label,
        context or "", context and #context or 0, message))
    if not ok then
        return nil, err
    end
    return ffi.string(room, length)
end

local MOST_CIPHERS = 255
local ciphers, n_ciphers = ffi.new("unsigned short[?]", MOST_CIPHERS), ffi.new "unsigned short[1]"

--- The numbers of the ciphers that both sides have, ours first.
-- @tparam[opt=true] boolean filter_grease leaves out those that are offered in jest (RFC 8701)
-- @treturn ?table
-- @treturn ?string error
function ssl.get_req_shared_ssl_ciphers(filter_grease)
    n_ciphers[0] = MOST_CIPHERS
    local ok, err = done(C.ngx_http_lua_ffi_req_shared_ssl_ciphers(request(), ciphers, n_ciphers,
        filter_grease == false and 0 or 1, message))
    if not ok then
        return nil, err
    end
    local list = {}
    for i = 1, n_ciphers[0] do
        list[i] = ciphers[i - 1]
    end
    return list
end

return ssl
