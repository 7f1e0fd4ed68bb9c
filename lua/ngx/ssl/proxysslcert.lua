--- Our certificate for a server that a request is passed on to, in proxy_ssl_certificate_by_lua.
--
-- Chains and keys are DER strings, or objects of ngx.ssl's parse_ functions. A key follows its chain.

local tls = require "ngx.api.tls"

local C, request, message, done = tls.C, tls.request, tls.message, tls.done

local cert = { version = "0.1" }

--- The connection forgets the certificate of `proxy_ssl_certificate`.
-- @treturn ?boolean true
-- @treturn ?string error
function cert.clear_certs()
    return done(C.ngx_http_lua_ffi_proxy_ssl_clear_certs(request(), message))
end

--- Gives it a chain in DER.
-- @tparam string der
-- @treturn ?boolean true
-- @treturn ?string error
function cert.set_der_cert(der)
    return done(C.ngx_http_lua_ffi_proxy_ssl_set_der_certificate(request(), der, #der, message))
end

--- And its key in DER.
function cert.set_der_priv_key(der)
    return done(C.ngx_http_lua_ffi_proxy_ssl_set_der_private_key(request(), der, #der, message))
end

--- Gives it a chain.
-- @tparam cdata chain
-- @treturn ?boolean true
-- @treturn ?string error
function cert.set_cert(chain)
    return done(C.ngx_http_lua_ffi_proxy_ssl_set_cert(request(), chain, message))
end

--- And its key.
function cert.set_priv_key(key)
    return done(C.ngx_http_lua_ffi_proxy_ssl_set_priv_key(request(), key, message))
end

return cert
