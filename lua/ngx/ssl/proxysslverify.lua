--- How the certificate of a server was judged, in proxy_ssl_verify_by_lua. Numbers are OpenSSL's (X509_V_ERR_…), 0: it
-- is fine.

local tls = require "ngx.api.tls"

local C, request, message = tls.C, tls.request, tls.message

local verify = { version = "0.1" }

local PHASE = "proxy_ssl_verify"

--- Puts another judgement in place of OpenSSL's.
-- @tparam number result
-- @treturn ?boolean true
-- @treturn ?string error
function verify.set_verify_result(result)
    tls.check(PHASE)
    return tls.done(C.ngx_http_lua_ffi_proxy_ssl_set_verify_result(request(), result, message))
end

--- The judgement so far.
-- @treturn ?number
-- @treturn ?string error
function verify.get_verify_result()
    tls.check(PHASE)
    local result = C.ngx_http_lua_ffi_proxy_ssl_get_verify_result(request(), message)
    if result < 0 then
        return nil, tls.why()
    end
    return result
end

--- The certificate, as OpenSSL's object (X509 *).
-- @treturn ?cdata
-- @treturn ?string error
function verify.get_verify_cert()
    tls.check(PHASE)
    return tls.object(C.ngx_http_lua_ffi_proxy_ssl_get_verify_cert(request(), message),
        C.ngx_http_lua_ffi_proxy_ssl_free_verify_cert)
end

return verify
