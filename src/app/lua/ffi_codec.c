/* The sets of characters are ngx's; they differ from those of RFC 3986 in what they leave alone. */
#include "app/lua/ffi_codec.h"

#include <string.h>

#include "app/lua/ffi_ngx.h"
#include "base/crc32.h"
#include "base/encode.h"
#include "proto/url.h"

static int is_kept(unsigned char c, int type)
{
    if ((c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'))
        return 1;
    if (c < 0x21 || c > 0x7e)
        return 0;
    if (type == 0)
        return !strchr("#%?", c);
    if (type == 1)
        return !strchr("#%?+", c);
    if (type == 3)
        return !strchr("\"#%'", c);
    if (type == 4)
        return !strchr("\"%'", c);
    if (type > 4)
        return c != '%';
    return strchr("-._~!'()*", c) != NULL;
}

size_t ffi_codec_escape(const char *p, size_t n, int type, char *out)
{
    char *at = out;

    for (size_t i = 0; i < n; i++) {
        unsigned char c = (unsigned char)p[i];

        if (is_kept(c, type)) {
            *at++ = p[i];
            continue;
        }
        *at++ = '%';
        at = encode_hex_capitals(at, c);
    }
    return (size_t)(at - out);
}

size_t ffi_codec_unescape(const char *p, size_t n, char *out)
{
    bool is_well_formed;

    return (size_t)(encode_unpercent(out, slice_of(p, n), true, &is_well_formed) - out);
}

int ffi_codec_next_arg(const char *p, size_t n, size_t *at, char *room, struct ffi_str *name,
                       struct ffi_str *value)
{
    struct slice rest = slice_of(p + *at, n - *at), raw_name, raw_value;
    bool has_value;

    if (*at >= n || !url_next_arg(&rest, &raw_name, &raw_value, &has_value)) {
        *at = n;
        return 0;
    }
    *at = rest.p ? (size_t)(rest.p - p) : n;
    name->p = room;
    name->n = ffi_codec_unescape(raw_name.p, raw_name.n, room);
    value->p = room + name->n;
    value->n = has_value ? ffi_codec_unescape(raw_value.p, raw_value.n, room + name->n) : 0;
    return has_value ? 1 : 2;
}

size_t ffi_codec_base64(const char *p, size_t n, int is_padded, int is_url, char *out)
{
    return encode_base64_to(out, slice_of(p, n), is_url != 0, is_padded != 0);
}

/* As nginx reads it: the padding may be missing, and nothing after it counts. */
ptrdiff_t ffi_codec_unbase64(const char *p, size_t n, int is_url, int is_lenient, char *out)
{
    uint32_t bits = 0;
    unsigned have = 0;
    char *at = out;

    for (size_t i = 0; i < n && p[i] != '='; i++) {
        uint32_t value = encode_base64_digit(p[i], is_url != 0);

        if (value > 63 && is_lenient)
            continue;
        if (value > 63)
            return -1;
        bits = bits << 6 | value;
        if (++have % 4 == 0) {
            *at++ = (char)(bits >> 16);
            *at++ = (char)(bits >> 8);
            *at++ = (char)bits;
        }
    }
    if (have % 4 == 1)
        return -1;
    if (have % 4 == 2)
        *at++ = (char)(bits >> 4);
    if (have % 4 == 3) {
        *at++ = (char)(bits >> 10);
        *at++ = (char)(bits >> 2);
    }
    return at - out;
}

uint32_t ffi_codec_crc32(const char *p, size_t n)
{
    return crc32_add(0, slice_of(p, n));
}

static char sql_escape(char c)
{
    switch (c) {
    case '\0':
        return '0';
    case '\b':
        return 'b';
    case '\n':
        return 'n';
    case '\r':
        return 'r';
    case '\t':
        return 't';
    case 26:
        return 'Z';
    case '\\':
    case '\'':
    case '"':
        return c;
    default:
        return 0;
    }
}

size_t ffi_codec_quote_sql(const char *p, size_t n, char *out)
{
    char *at = out;

    *at++ = '\'';
    for (size_t i = 0; i < n; i++) {
        char e = sql_escape(p[i]);

        if (e)
            *at++ = '\\';
        *at++ = e ? e : p[i];
    }
    *at++ = '\'';
    return (size_t)(at - out);
}

void ffi_codec_replace(const char *p, size_t n, char find, char replace, char *out)
{
    for (size_t i = 0; i < n; i++)
        out[i] = p[i] == find ? replace : p[i];
}
