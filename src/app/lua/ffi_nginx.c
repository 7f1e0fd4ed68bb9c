/* They stand in the program's table of dynamic symbols, where ffi.C finds them. */
#include "app/lua/ffi_nginx.h"

#include "app/lua/ffi_errlog.h"
#include "base/num.h"

unsigned char *ngx_hex_dump(unsigned char *out, const unsigned char *p, size_t n)
{
    static const char digits[] = "0123456789abcdef";

    for (size_t i = 0; i < n; i++) {
        *out++ = (unsigned char)digits[p[i] >> 4];
        *out++ = (unsigned char)digits[p[i] & 15];
    }
    return out;
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

int ngx_http_lua_ffi_raw_log(void *request, int level, const unsigned char *text, size_t n)
{
    (void)request;
    return ffi_errlog_write(level, (const char *)text, n);
}

int ngx_stream_lua_ffi_raw_log(void *session, int level, const unsigned char *text, size_t n)
{
    return ngx_http_lua_ffi_raw_log(session, level, text, n);
}
