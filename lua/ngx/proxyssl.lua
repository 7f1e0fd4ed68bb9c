--- The connection to a server that a request is passed on to, in proxy_ssl_certificate_by_lua and
-- proxy_ssl_verify_by_lua: which version of TLS it speaks.

local tls = require "ngx.api.tls"

local proxyssl = { version = "0.1" }

tls.tell_versions(proxyssl, tls.C.ngx_http_lua_ffi_proxy_ssl_get_tls1_version)

return proxyssl
