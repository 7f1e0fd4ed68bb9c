/* Encodings of bytes as text. Each writer appends to a buffer; each decoder says whether the input
 * was well formed. */
#ifndef BASE_ENCODE_H
#define BASE_ENCODE_H

#include "base/base.h"
#include "base/buf.h"
#include "base/slice.h"

enum encode_set {
    ENCODE_COMPONENT, /* all but RFC 3986 unreserved: as encodeURIComponent without !'()* */
    ENCODE_PATH, /* keeps what may stand in a path, '/' included, and [ and ]; escapes space, % ? #,
                    " < > \ ^ ` { | }, controls and >= 0x7f, as nginx does */
    ENCODE_VALUE,   /* what a `rewrite` puts into a URL: as ENCODE_PATH, and & + ; */
    ENCODE_VISIBLE, /* of a URL that is ready: only space and controls, which no field may hold */
};

/* Percent-encodes. */
void encode_percent(struct buf *out, struct slice in, enum encode_set set);

/* Percent-decodes into room for in.n bytes at `to` (which may be where `in` lies); returns the end
 * of what was written. `plus` turns '+' into a space. A '%' without two hex digits is kept as it is
 * and sets *is_well_formed to false; nothing sets it to true. */
char *encode_unpercent(char *to, struct slice in, bool plus, bool *is_well_formed);

/* Writes the two digits of `c` to `to`; returns what stands behind them. */
static inline char *encode_hex_digits(char *to, unsigned char c)
{
    *to++ = "0123456789abcdef"[c >> 4];
    *to++ = "0123456789abcdef"[c & 15];
    return to;
}

/* The same with capital letters. */
static inline char *encode_hex_capitals(char *to, unsigned char c)
{
    *to++ = "0123456789ABCDEF"[c >> 4];
    *to++ = "0123456789ABCDEF"[c & 15];
    return to;
}

/* Hexadecimal, lower case. */
void encode_hex(struct buf *out, struct slice in);

/* As nginx writes into logs what others have sent: quotes, backslashes and all but printable ASCII
 * as \\xHH. */
void encode_log(struct buf *out, struct slice in);

/* RFC 4648 base64; `url` for the URL-safe alphabet, `pad` for '='. */
void encode_base64(struct buf *out, struct slice in, bool url, bool pad);

/* The same, to `out`, which has room for (n + 2) / 3 * 4 bytes; how many were written. */
size_t encode_base64_to(char *out, struct slice in, bool url, bool pad);

/* The value of a digit, or a number above 63. */
uint32_t encode_base64_digit(char c, bool url);

/* Strict base64 (padding optional when `url`); false on anything else. */
bool encode_unbase64(struct buf *out, struct slice in, bool url);

/* & < > " ' as entities. */
void encode_html(struct buf *out, struct slice in);

/* The inside of a JSON string; bytes that are not UTF-8 become U+FFFD. */
void encode_json(struct buf *out, struct slice in);

#endif
