/* Most numbers of services are integers or have few decimals: those are written without printf,
 * which is where an encoder's time goes. Most strings hold nothing that needs an escape: they are
 * looked through while they are copied. */
#include "bind/json_text.h"

#include <math.h>
#include <stdio.h>

#include "base/encode.h"
#include "base/num.h"

enum { DECIMALS = 4, SCALE = 10000 };

/* Appends ".25" for 2500 of 10000. */
static void add_fraction(struct buf *out, int64_t fraction)
{
    char digits[DECIMALS];
    int n = DECIMALS;

    for (int i = DECIMALS - 1; i >= 0; i--, fraction /= 10)
        digits[i] = (char)('0' + fraction % 10);
    while (digits[n - 1] == '0')
        n--;
    buf_add_char(out, '.');
    buf_add(out, digits, (size_t)n);
}

const char *json_text_number(double d, struct buf *out)
{
    int64_t scaled;
    char text[32];
    int n;

    if (fabs(d) <= 0x1p53 && d == (double)(int64_t)d) {
        buf_add_int(out, (int64_t)d);
        return NULL;
    }
    if (!isfinite(d))
        return "a number is not finite";
    scaled = fabs(d) < 1e9 ? (int64_t)(fabs(d) * SCALE + 0.5) : 0;
    if (scaled && (double)scaled / SCALE == fabs(d)) {
        if (d < 0)
            buf_add_char(out, '-');
        buf_add_int(out, scaled / SCALE);
        add_fraction(out, scaled % SCALE);
        return NULL;
    }
    n = snprintf(text, sizeof text, "%.14g", d);
    buf_add(out, text, (size_t)n);
    return NULL;
}

/* The top bits of those of eight bytes that a string of JSON cannot hold as they are, or that are
 * not ASCII. There may be false ones above a true one. */
static inline uint64_t odd_bytes(uint64_t w)
{
    const uint64_t ones = ~(uint64_t)0 / 255, high = ones * 0x80;
    uint64_t quote = w ^ (ones * '"'), escape = w ^ (ones * '\\');

    return ((w - ones * 0x20) | (w + ones) | w | (quote - ones) | (escape - ones)) & high;
}

/* Copies eight bytes; what is odd among them. */
static inline uint64_t copy_word(char *to, const char *from)
{
    uint64_t w;

    memcpy(&w, from, sizeof w);
    memcpy(to, &w, sizeof w);
    return odd_bytes(w);
}

/* Same of four to seven, the middle ones twice. */
static inline uint64_t copy_halves(char *to, const char *from, size_t n)
{
    uint32_t first, last;

    memcpy(&first, from, sizeof first);
    memcpy(&last, from + n - sizeof last, sizeof last);
    memcpy(to, &first, sizeof first);
    memcpy(to + n - sizeof last, &last, sizeof last);
    return odd_bytes(first | (uint64_t)last << 32);
}

/* Same of one to three. */
static inline uint64_t copy_bytes(char *to, const char *from, size_t n)
{
    const uint64_t even = ~(uint64_t)0 / 255 * 'a' << 24;
    uint8_t first = (uint8_t)from[0], middle = (uint8_t)from[n / 2], last = (uint8_t)from[n - 1];

    to[0] = (char)first;
    to[n / 2] = (char)middle;
    to[n - 1] = (char)last;
    return odd_bytes(even | (uint64_t)last << 16 | (uint64_t)middle << 8 | first);
}

/* Copies a string while it is looked through, word by word, the last one overlapping the one
 * before. False: it cannot stay as it is, and what was copied means nothing. */
static bool copy_plain(char *to, struct slice s)
{
    uint64_t odd = 0;

    if (s.n >= 8) {
        for (size_t i = 0; i + 8 <= s.n; i += 8)
            odd |= copy_word(to + i, s.p + i);
        return !(odd | copy_word(to + s.n - 8, s.p + s.n - 8));
    }
    if (s.n >= 4)
        return !copy_halves(to, s.p, s.n);
    return s.n == 0 || !copy_bytes(to, s.p, s.n);
}

void json_text_string(struct slice s, struct buf *out, char before, char after)
{
    char *to = buf_reserve(out, s.n + 4), *start = to;

    if (before)
        *to++ = before;
    *to++ = '"';
    if (LIKELY(copy_plain(to, s))) {
        to += s.n;
    } else {
        out->n += (size_t)(to - start);
        encode_json(out, s);
        to = start = buf_reserve(out, 2);
    }
    *to++ = '"';
    if (after)
        *to++ = after;
    out->n += (size_t)(to - start);
}
