/* They are found by ffi.C under these names, so each is a function of its own. */
#include "app/lua/ffi_nginx_openssl.h"

#include "app/tls/ffi_nginx_tls.h"
#include "bind/lib_stream.h"
#include "net/tls/tls.h"
#include "net/tls/tls_info.h"

static int give(const struct stream *s, void *(*pointer)(const struct stream *s), void **out)
{
    if (!s)
        return FFI_NGINX_TLS_FAILED;
    *out = pointer(s);
    return FFI_NGINX_TLS_OK;
}

static int of_request(void *(*pointer)(const struct stream *s), void **out)
{
    const char *unused;

    return give(ffi_nginx_tls_client(&unused), pointer, out);
}

static int of_socket(void *socket, void *(*pointer)(const struct stream *s), void **out)
{
    const struct lib_stream *ls = lib_stream_of(socket);
    const struct stream *s = ls ? ls->wire.stream : NULL;

    return give(s && tls_is(s) ? s : NULL, pointer, out);
}

#define BOTH(name, parameter, answer)                                                              \
    int ngx_http_lua_resty_openssl_aux_get_##name(void *parameter, void **out)                     \
    {                                                                                              \
        (void)parameter;                                                                           \
        return answer;                                                                             \
    }                                                                                              \
    int ngx_stream_lua_resty_openssl_aux_get_##name(void *parameter, void **out)                   \
    {                                                                                              \
        (void)parameter;                                                                           \
        return answer;                                                                             \
    }

BOTH(request_ssl, request, of_request(tls_info_pointer, out))
BOTH(request_ssl_ctx, request, of_request(tls_info_ctx_pointer, out))
BOTH(socket_ssl, socket, of_socket(socket, tls_info_pointer, out))
BOTH(socket_ssl_ctx, socket, of_socket(socket, tls_info_ctx_pointer, out))
