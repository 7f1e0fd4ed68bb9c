/* Which bytes may stand where: one table of classes for every parser of this layer.
 *
 * To add a class, give it the next bit in grammar.h and set that bit in the table for its bytes;
 * t/unit/proto/grammar.c states each class a second time, as text, and compares. */
#include "proto/grammar.h"

#include <endian.h>

/* clang-format off */
const uint8_t grammar_classes[256] = {
      0,   0,   0,   0,   0,   0,   0,   0,   0,   2,   0,   0,   0,   0,   0,   0, /* 00 */
      0,   0,   0,   0,   0,   0,   0,   0,   0,   0,   0,   0,   0,   0,   0,   0, /* 10 */
      2, 199,  66,   3, 199,   3, 199, 199, 198, 198, 199, 199, 198, 199,  71,   2, /* 20 */
    223, 223, 223, 223, 223, 223, 223, 223, 223, 223,  66, 198,  66, 198,  66,   2, /* 30 */
     66, 239, 239, 239, 239, 239, 239, 231, 231, 231, 231, 231, 231, 231, 231, 231, /* 40 */
    231, 231, 231, 231, 231, 231, 231, 231, 231, 231, 231,  66,  66,  66,  67, 199, /* 50 */
     67, 239, 239, 239, 239, 239, 239, 231, 231, 231, 231, 231, 231, 231, 231, 231, /* 60 */
    231, 231, 231, 231, 231, 231, 231, 231, 231, 231, 231,  66,  67,  66, 199,   0, /* 70 */
     66,  66,  66,  66,  66,  66,  66,  66,  66,  66,  66,  66,  66,  66,  66,  66, /* 80 */
     66,  66,  66,  66,  66,  66,  66,  66,  66,  66,  66,  66,  66,  66,  66,  66, /* 90 */
     66,  66,  66,  66,  66,  66,  66,  66,  66,  66,  66,  66,  66,  66,  66,  66, /* a0 */
     66,  66,  66,  66,  66,  66,  66,  66,  66,  66,  66,  66,  66,  66,  66,  66, /* b0 */
     66,  66,  66,  66,  66,  66,  66,  66,  66,  66,  66,  66,  66,  66,  66,  66, /* c0 */
     66,  66,  66,  66,  66,  66,  66,  66,  66,  66,  66,  66,  66,  66,  66,  66, /* d0 */
     66,  66,  66,  66,  66,  66,  66,  66,  66,  66,  66,  66,  66,  66,  66,  66, /* e0 */
     66,  66,  66,  66,  66,  66,  66,  66,  66,  66,  66,  66,  66,  66,  66,  66, /* f0 */
};
/* clang-format on */

size_t grammar_span(struct slice s, unsigned classes)
{
    size_t i = 0;

    while (i < s.n && grammar_is(s.p[i], classes))
        i++;
    return i;
}

/* Eight bytes, the first of them lowest. */
static inline uint64_t load(const char *p)
{
    uint64_t w;

    memcpy(&w, p, sizeof w);
    return le64toh(w);
}

/* The top bits of those bytes that are below `least` or DEL. A borrow can raise a false one, but
 * only above a true one: the lowest is always true. */
static inline uint64_t controls(uint64_t w, unsigned least)
{
    const uint64_t ones = ~(uint64_t)0 / 255, high = ones * 0x80;
    uint64_t del = w ^ (ones * 0x7f);

    return (((w - ones * least) & ~w) | ((del - ones) & ~del)) & high;
}

size_t grammar_span_visible(struct slice s)
{
    size_t i = 0;

    for (; i + 8 <= s.n; i += 8) {
        uint64_t found = controls(load(s.p + i), 0x21);

        if (found)
            return i + (size_t)__builtin_ctzll(found) / 8;
    }
    while (i < s.n && (unsigned char)s.p[i] > 0x20 && s.p[i] != 0x7f)
        i++;
    return i;
}

size_t grammar_span_value(struct slice s)
{
    size_t i = 0;

    while (i + 8 <= s.n) {
        uint64_t found = controls(load(s.p + i), 0x20);

        i += found ? (size_t)__builtin_ctzll(found) / 8 : 8;
        if (found && s.p[i] != '\t')
            return i;
        i += found != 0;
    }
    while (i < s.n && grammar_is(s.p[i], GRAMMAR_VALUE))
        i++;
    return i;
}

int grammar_hex(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    c |= 0x20;
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}
