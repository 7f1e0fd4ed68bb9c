/* They stand in the program's table of dynamic symbols, where ffi.C finds them. */
#include "app/lua/ffi_nginx.h"

#include "app/app.h"
#include "app/listeners.h"
#include "app/lua/ffi_errlog.h"
#include "app/lua/ffi_ngx.h"
#include "app/lua/lua_step.h"
#include "base/encode.h"
#include "base/num.h"

unsigned char *ngx_hex_dump(unsigned char *out, const unsigned char *p, size_t n)
{
    char *to = (char *)out;

    for (size_t i = 0; i < n; i++)
        to = encode_hex_digits(to, p[i]);
    return (unsigned char *)to;
}

intptr_t ngx_atoi(const unsigned char *p, size_t n)
{
    int64_t v;

    return num_parse_u63(slice_of((const char *)p, n), &v) ? (intptr_t)v : -1;
}

intptr_t ngx_hextoi(const unsigned char *p, size_t n)
{
    int64_t v;

    return num_parse_hex(slice_of((const char *)p, n), &v) ? (intptr_t)v : -1;
}

int ngx_lua_ffi_disable_listening_unix_socket(const struct ffi_nginx_str *name)
{
    struct slice s = slice_of((const char *)name->p, name->n);

    if (lua_current_context() != LUA_CONTEXT_INIT_WORKER)
        return -1;
    return listeners_leave_unix(app_conf_current(), s) ? 0 : -1;
}

intptr_t ngx_parse_time(const struct ffi_nginx_str *text, uintptr_t is_in_seconds)
{
    struct slice s = slice_of((const char *)text->p, text->n);
    int64_t ms;

    if (!num_parse_msec(s, &ms))
        return -1;
    if (!is_in_seconds)
        return (intptr_t)ms;
    return slice_has_suffix(s, SLICE("ms")) ? -1 : (intptr_t)(ms / 1000);
}

int ngx_http_lua_ffi_get_ctx_ref(void *request, int *is_handshake, int *handshake_ref)
{
    enum { NONE = -2 };
    double ref = NONE;

    (void)request;
    if (is_handshake)
        *is_handshake = 0;
    if (handshake_ref)
        *handshake_ref = NONE;
    return ffi_ngx_number(FFI_NGX_CTX_REF, &ref) ? FFI_NGX_NO_REQUEST : (int)ref;
}

int ngx_stream_lua_ffi_get_ctx_ref(void *session, int *is_handshake, int *handshake_ref)
{
    return ngx_http_lua_ffi_get_ctx_ref(session, is_handshake, handshake_ref);
}

int ngx_http_lua_ffi_raw_log(void *request, int level, const unsigned char *text, size_t n)
{
    (void)request;
    return ffi_errlog_write(level, (const char *)text, n);
}

int ngx_stream_lua_ffi_raw_log(void *session, int level, const unsigned char *text, size_t n)
{
    return ngx_http_lua_ffi_raw_log(session, level, text, n);
}
