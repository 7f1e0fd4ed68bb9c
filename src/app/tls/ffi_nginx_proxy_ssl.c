/* The connection to a server. The functions stand in the program's table of dynamic symbols, where
 * ffi.C finds them. */
#include "app/tls/ffi_nginx_proxy_ssl.h"

#include "app/proxy/proxy.h"
#include "app/tls/ffi_nginx_tls.h"
#include "http/client/client_h1.h"
#include "net/tls/tls.h"
#include "net/tls/tls_info.h"
#include "net/tls/tls_verify.h"

int ngx_http_lua_ffi_proxy_ssl_get_tls1_version(void *r, const char **err)
{
    const struct stream *s = ffi_nginx_tls_server(LUA_CONTEXT_NONE, err);

    UNUSED(r);
    return s ? tls_info_version_number(s) : FFI_NGINX_TLS_FAILED;
}

int ngx_http_lua_ffi_proxy_ssl_get_verify_result(void *r, const char **err)
{
    const struct stream *s = ffi_nginx_tls_server(LUA_CONTEXT_PROXY_VERIFY, err);

    UNUSED(r);
    return s ? (int)tls_verify_result(s) : FFI_NGINX_TLS_FAILED;
}

int ngx_http_lua_ffi_proxy_ssl_set_verify_result(void *r, int result, const char **err)
{
    struct stream *s = ffi_nginx_tls_server(LUA_CONTEXT_PROXY_VERIFY, err);

    UNUSED(r);
    if (!s)
        return FFI_NGINX_TLS_FAILED;
    tls_verify_set_result(s, result);
    return FFI_NGINX_TLS_OK;
}

void *ngx_http_lua_ffi_proxy_ssl_get_verify_cert(void *r, const char **err)
{
    const struct stream *s = ffi_nginx_tls_server(LUA_CONTEXT_PROXY_VERIFY, err);
    void *x509 = s ? tls_verify_certificate(s) : NULL;

    UNUSED(r);
    if (s && !x509)
        *err = "no certificate";
    return x509;
}

void ngx_http_lua_ffi_proxy_ssl_free_verify_cert(void *x509)
{
    tls_verify_free_certificate(x509);
}

void *ngx_http_lua_ffi_get_upstream_ssl_pointer(void *r, const char **err)
{
    const struct visit *v = lua_current_visit();
    const struct proxy *p = v ? proxy_of(v) : NULL;
    const struct stream *s = ffi_nginx_tls_server(LUA_CONTEXT_NONE, err);

    UNUSED(r);
    if (!s && p && p->up)
        s = client_h1_stream(p->up);
    if (s && tls_is(s))
        return tls_info_pointer(s);
    *err = "bad upstream connection";
    return NULL;
}
