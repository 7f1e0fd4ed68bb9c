/* The state between two bytes is how many continuation bytes are wanted and in which range the next
 * one must lie: the first continuation byte of E0, ED, F0 and F4 has a narrower range than 80..BF
 * (RFC 3629 section 4), which is all that keeps out overlong forms, surrogates and what lies beyond
 * U+10FFFF. ASCII is skipped eight bytes at a time. */
#include "base/utf8.h"

#define ALL_HIGH_BITS 0x8080808080808080ULL

static size_t skip_ascii(const char *p, size_t n)
{
    size_t i = 0;
    uint64_t word;

    for (; i + sizeof word <= n; i += sizeof word) {
        memcpy(&word, p + i, sizeof word);
        if (word & ALL_HIGH_BITS)
            break;
    }
    while (i < n && !(p[i] & 0x80))
        i++;
    return i;
}

static bool begin(struct utf8 *u, uint8_t c)
{
    if (c < 0xc2 || c > 0xf4)
        return false;
    u->left = c < 0xe0 ? 1 : c < 0xf0 ? 2 : 3;
    u->low = c == 0xe0 ? 0xa0 : c == 0xf0 ? 0x90 : 0x80;
    u->top = c == 0xed ? 0x9f : c == 0xf4 ? 0x8f : 0xbf;
    return true;
}

/* A byte where a continuation byte is wanted. */
static bool go_on(struct utf8 *u, uint8_t c)
{
    if (c < u->low || c > u->top)
        return false;
    u->left--;
    u->low = 0x80;
    u->top = 0xbf;
    return true;
}

bool utf8_read(struct utf8 *u, struct slice s)
{
    for (size_t i = 0; i < s.n; i++) {
        if (u->left == 0)
            i += skip_ascii(s.p + i, s.n - i);
        if (i == s.n)
            return true;
        if (!(u->left > 0 ? go_on : begin)(u, (uint8_t)s.p[i]))
            return false;
    }
    return true;
}

bool utf8_is_valid(struct slice s)
{
    struct utf8 u = {0, 0, 0};

    return utf8_read(&u, s) && utf8_is_complete(&u);
}

size_t utf8_take(struct slice s, bool *is_valid)
{
    struct utf8 u = {0, 0, 0};
    size_t n = 1;

    *is_valid = (uint8_t)s.p[0] < 0x80 || begin(&u, (uint8_t)s.p[0]);
    while (u.left > 0 && n < s.n && go_on(&u, (uint8_t)s.p[n]))
        n++;
    if (u.left > 0)
        *is_valid = false;
    return n;
}
