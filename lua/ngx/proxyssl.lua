--- The connection to a server that a request is passed on to, in proxy_ssl_certificate_by_lua and
-- proxy_ssl_verify_by_lua.

local tls = require "ngx.api.tls"

local proxyssl = {
    version = "0.1",
    SSL3_VERSION = 0x0300,
    TLS1_VERSION = 0x0301,
    TLS1_1_VERSION = 0x0302,
    TLS1_2_VERSION = 0x0303,
    TLS1_3_VERSION = 0x0304,
}

--- The version of TLS, as TLS numbers it.
-- @treturn ?number
-- @treturn ?string error
function proxyssl.get_tls1_version()
    local number = tls.C.ngx_http_lua_ffi_proxy_ssl_get_tls1_version(tls.request(), tls.message)
    if number < 0 then
        return nil, tls.why()
    end
    return number
end

--- The version of TLS as text: "TLSv1.3".
-- @treturn ?string
-- @treturn ?string error
function proxyssl.get_tls1_version_str()
    local number, err = proxyssl.get_tls1_version()
    if not number then
        return nil, err
    end
    return tls.versions[number]
end

return proxyssl
