/* Bytes as text and back.
 *
 * Writers reserve for the worst case once and then write without checks; a decoder that answers
 * false leaves `out` as it was. To add a set to percent-encoding, add its row of 256 bits to
 * `kept`. */
#include "base/encode.h"

#include "base/check.h"
#include "base/num.h"
#include "base/utf8.h"

/* One bit a byte value: those that encode_percent leaves as they are. */
static const uint64_t kept[][4] = {
    /* RFC 3986 section 2.3: A-Z a-z 0-9 - . _ ~ */
    [ENCODE_COMPONENT] = {0x03ff600000000000, 0x47fffffe87fffffe, 0, 0},
    /* 0x21 to 0x7e without " # % < > ? \ ^ ` { | } */
    [ENCODE_PATH] = {0x2fffffd200000000, 0x47fffffeafffffff, 0, 0},
    /* 0x21 to 0x7e without " # % & + ; < > ? \ ^ ` { | } */
    [ENCODE_VALUE] = {0x27fff79200000000, 0x47fffffeafffffff, 0, 0},
    /* all but 0x00 to 0x20 and 0x7f */
    [ENCODE_VISIBLE] = {0xfffffffe00000000, 0x7fffffffffffffff, UINT64_MAX, UINT64_MAX},
};

/* Where to write up to `each` bytes for every byte of `in`. */
static char *room_for(struct buf *out, struct slice in, size_t each)
{
    CHECK(in.n < SIZE_MAX / 8);
    return buf_reserve(out, in.n * each + each);
}

static void written_to(struct buf *out, const char *end)
{
    out->n = (size_t)(end - out->p);
}

void encode_percent(struct buf *out, struct slice in, enum encode_set set)
{
    char *to = room_for(out, in, 3);

    for (size_t i = 0; i < in.n; i++) {
        unsigned char c = (unsigned char)in.p[i];

        if (kept[set][c >> 6] >> (c & 63) & 1) {
            *to++ = (char)c;
        } else {
            *to++ = '%';
            to = encode_hex_capitals(to, c);
        }
    }
    written_to(out, to);
}

/* The byte behind the '%' at `i`, or -1. */
static int escaped_byte(struct slice in, size_t i)
{
    int high, low;

    if (in.n - i < 3)
        return -1;
    high = num_hex_digit(in.p[i + 1]);
    low = num_hex_digit(in.p[i + 2]);
    return high < 0 || low < 0 ? -1 : high << 4 | low;
}

char *encode_unpercent(char *to, struct slice in, bool plus, bool *is_well_formed)
{
    for (size_t i = 0; i < in.n; i++) {
        char c = in.p[i];

        if (c == '%') {
            int byte = escaped_byte(in, i);

            if (byte >= 0) {
                c = (char)byte;
                i += 2;
            } else {
                *is_well_formed = false;
            }
        } else if (c == '+' && plus) {
            c = ' ';
        }
        *to++ = c;
    }
    return to;
}

void encode_hex(struct buf *out, struct slice in)
{
    char *to = room_for(out, in, 2);

    for (size_t i = 0; i < in.n; i++)
        to = encode_hex_digits(to, (unsigned char)in.p[i]);
    written_to(out, to);
}

void encode_log(struct buf *out, struct slice in)
{
    char *to = room_for(out, in, 4);

    for (size_t i = 0; i < in.n; i++) {
        unsigned char c = (unsigned char)in.p[i];

        if (LIKELY(c >= ' ' && c < 0x7f && c != '"' && c != '\\')) {
            *to++ = (char)c;
            continue;
        }
        *to++ = '\\';
        *to++ = 'x';
        to = encode_hex_capitals(to, c);
    }
    written_to(out, to);
}

static const char base64_digits[2][65] = {
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/",
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_",
};

size_t encode_base64_to(char *out, struct slice in, bool url, bool pad)
{
    const char *digits = base64_digits[url];
    const unsigned char *p = (const unsigned char *)in.p;
    char *to = out;
    size_t n = in.n;
    uint32_t v;

    for (; n >= 3; n -= 3, p += 3) {
        v = (uint32_t)p[0] << 16 | (uint32_t)p[1] << 8 | p[2];
        *to++ = digits[v >> 18];
        *to++ = digits[v >> 12 & 63];
        *to++ = digits[v >> 6 & 63];
        *to++ = digits[v & 63];
    }
    if (n > 0) {
        v = (uint32_t)p[0] << 16 | (n > 1 ? (uint32_t)p[1] << 8 : 0);
        *to++ = digits[v >> 18];
        *to++ = digits[v >> 12 & 63];
        if (n > 1)
            *to++ = digits[v >> 6 & 63];
        for (; pad && n < 3; n++)
            *to++ = '=';
    }
    return (size_t)(to - out);
}

void encode_base64(struct buf *out, struct slice in, bool url, bool pad)
{
    out->n += encode_base64_to(buf_reserve(out, in.n / 3 * 4 + 4), in, url, pad);
}

uint32_t encode_base64_digit(char c, bool url)
{
    if (c >= 'A' && c <= 'Z')
        return (uint32_t)(c - 'A');
    if (c >= 'a' && c <= 'z')
        return (uint32_t)(c - 'a') + 26;
    if (c >= '0' && c <= '9')
        return (uint32_t)(c - '0') + 52;
    if (c == (url ? '-' : '+'))
        return 62;
    return c == (url ? '_' : '/') ? 63 : 64;
}

/* Takes the padding off `*in`. False when there is too much or too little of it. */
static bool take_padding(struct slice *in, bool is_optional)
{
    size_t pads = 0;

    while (pads < 2 && pads < in->n && in->p[in->n - 1 - pads] == '=')
        pads++;
    if (in->n % 4 != 0 && (pads > 0 || !is_optional))
        return false;
    in->n -= pads;
    return in->n % 4 != 1;
}

bool encode_unbase64(struct buf *out, struct slice in, bool url)
{
    uint32_t bits = 0;
    unsigned count = 0;
    char *to;

    if (!take_padding(&in, url))
        return false;
    to = room_for(out, in, 1);
    for (size_t i = 0; i < in.n; i++) {
        uint32_t v = encode_base64_digit(in.p[i], url);

        if (v > 63)
            return false;
        bits = bits << 6 | v;
        count += 6;
        if (count >= 8) {
            count -= 8;
            *to++ = (char)(bits >> count);
        }
    }
    /* RFC 4648 section 3.5: bits that encode nothing are zero, else two texts would mean the same.
     */
    if (bits & ((1u << count) - 1))
        return false;
    written_to(out, to);
    return true;
}

static struct slice html_entity(char c)
{
    switch (c) {
    case '&':
        return SLICE("&amp;");
    case '<':
        return SLICE("&lt;");
    case '>':
        return SLICE("&gt;");
    case '"':
        return SLICE("&quot;");
    case '\'':
        return SLICE("&#39;");
    default:
        return SLICE_EMPTY;
    }
}

void encode_html(struct buf *out, struct slice in)
{
    size_t from = 0;

    for (size_t i = 0; i < in.n; i++) {
        struct slice entity = html_entity(in.p[i]);

        if (entity.n == 0)
            continue;
        buf_add(out, in.p + from, i - from);
        buf_add_slice(out, entity);
        from = i + 1;
    }
    if (from < in.n)
        buf_add(out, in.p + from, in.n - from);
}

static void add_json_escape(struct buf *out, unsigned char c)
{
    static const char short_form[0x20] = {
        ['\b'] = 'b', ['\f'] = 'f', ['\n'] = 'n', ['\r'] = 'r', ['\t'] = 't'};
    char letter = c < 0x20 ? short_form[c] : (char)c, digits[2];

    if (letter) {
        buf_add_char(out, '\\');
        buf_add_char(out, letter);
        return;
    }
    buf_add_lit(out, "\\u00");
    encode_hex_digits(digits, c);
    buf_add(out, digits, sizeof(digits));
}

/* RFC 8259 section 7. */
static bool is_plain_json(unsigned char c)
{
    return c >= 0x20 && c < 0x80 && c != '"' && c != '\\';
}

void encode_json(struct buf *out, struct slice in)
{
    while (in.n > 0) {
        size_t n = 0;
        bool is_valid;

        while (n < in.n && is_plain_json((unsigned char)in.p[n]))
            n++;
        buf_add(out, in.p, n);
        in = slice_from(in, n);
        if (in.n == 0)
            return;
        n = utf8_take(in, &is_valid);
        if (!is_valid)
            buf_add_lit(out, "\xef\xbf\xbd");
        else if (n > 1)
            buf_add(out, in.p, n);
        else
            add_json_escape(out, (unsigned char)in.p[0]);
        in = slice_from(in, n);
    }
}
