/* Which bytes may stand where: one table of classes for every parser of this layer.
 *
 * To add a class, give it the next bit in grammar.h and set that bit in the table for its bytes;
 * t/unit/proto/grammar.c states each class a second time, as text, and compares. */
#include "proto/grammar.h"

/* clang-format off */
const uint8_t grammar_classes[256] = {
     0,  0,  0,  0,  0,  0,  0,  0,  0,  2,  0,  0,  0,  0,  0,  0, /* 00 */
     0,  0,  0,  0,  0,  0,  0,  0,  0,  0,  0,  0,  0,  0,  0,  0, /* 10 */
     2,  7,  2,  3,  7,  3,  7,  7,  6,  6,  7,  7,  6,  7,  7,  2, /* 20 */
    31, 31, 31, 31, 31, 31, 31, 31, 31, 31,  2,  6,  2,  6,  2,  2, /* 30 */
     2, 47, 47, 47, 47, 47, 47, 39, 39, 39, 39, 39, 39, 39, 39, 39, /* 40 */
    39, 39, 39, 39, 39, 39, 39, 39, 39, 39, 39,  2,  2,  2,  3,  7, /* 50 */
     3, 47, 47, 47, 47, 47, 47, 39, 39, 39, 39, 39, 39, 39, 39, 39, /* 60 */
    39, 39, 39, 39, 39, 39, 39, 39, 39, 39, 39,  2,  3,  2,  7,  0, /* 70 */
     2,  2,  2,  2,  2,  2,  2,  2,  2,  2,  2,  2,  2,  2,  2,  2, /* 80 */
     2,  2,  2,  2,  2,  2,  2,  2,  2,  2,  2,  2,  2,  2,  2,  2, /* 90 */
     2,  2,  2,  2,  2,  2,  2,  2,  2,  2,  2,  2,  2,  2,  2,  2, /* a0 */
     2,  2,  2,  2,  2,  2,  2,  2,  2,  2,  2,  2,  2,  2,  2,  2, /* b0 */
     2,  2,  2,  2,  2,  2,  2,  2,  2,  2,  2,  2,  2,  2,  2,  2, /* c0 */
     2,  2,  2,  2,  2,  2,  2,  2,  2,  2,  2,  2,  2,  2,  2,  2, /* d0 */
     2,  2,  2,  2,  2,  2,  2,  2,  2,  2,  2,  2,  2,  2,  2,  2, /* e0 */
     2,  2,  2,  2,  2,  2,  2,  2,  2,  2,  2,  2,  2,  2,  2,  2, /* f0 */
};
/* clang-format on */

size_t grammar_span(struct slice s, unsigned classes)
{
    size_t i = 0;

    while (i < s.n && grammar_is(s.p[i], classes))
        i++;
    return i;
}

/* Eight bytes at a time. A borrow can only raise a false alarm above a true one, and the bytes are
 * looked at one by one after any alarm, so byte order does not matter. */
size_t grammar_span_visible(struct slice s)
{
    const uint64_t ones = ~(uint64_t)0 / 255, high = ones * 0x80;
    size_t i = 0;

    for (; i + 8 <= s.n; i += 8) {
        uint64_t w, del;
        memcpy(&w, s.p + i, 8);
        del = w ^ (ones * 0x7f);
        if ((((w - ones * 0x21) & ~w) | ((del - ones) & ~del)) & high)
            break;
    }
    while (i < s.n && (unsigned char)s.p[i] > 0x20 && s.p[i] != 0x7f)
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
