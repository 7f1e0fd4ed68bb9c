/* They stand in the program's table of dynamic symbols, where ffi.C finds them. */
#include "app/lua/ffi_nginx.h"

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
