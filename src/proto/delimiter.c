/* The table says, for each number of matched bytes, how many of them are still matched when the
 * next byte is another one: the longest end of the matched part that is also its beginning. While
 * nothing is matched the search skips to the first byte of the pattern with memchr, which is what
 * most of the input meets. */
#include "proto/delimiter.h"

#include <string.h>

#include "base/check.h"

size_t delimiter_size(size_t n)
{
    return sizeof(struct delimiter) + n * sizeof(uint32_t) + n;
}

struct delimiter *delimiter_init(void *memory, struct slice pattern)
{
    struct delimiter *d = memory;
    unsigned char *copy = (unsigned char *)(d->next + pattern.n);
    uint32_t k = 0;

    CHECK(pattern.n > 0 && pattern.n < UINT32_MAX);
    memcpy(copy, pattern.p, pattern.n);
    d->n = (uint32_t)pattern.n;
    d->pattern = copy;
    d->next[0] = 0;
    for (uint32_t i = 1; i < d->n; i++) {
        d->next[i] = k;
        while (k && copy[i] != copy[k])
            k = d->next[k];
        if (copy[i] == copy[k])
            k++;
    }
    return d;
}

bool delimiter_find(const struct delimiter *d, struct slice in, uint32_t *matched_inout,
                    size_t *used_out)
{
    const char *p = in.p, *end = in.p + in.n;
    uint32_t k = *matched_inout;

    while (p < end) {
        unsigned char c = (unsigned char)*p;

        if (k == 0 && c != d->pattern[0]) {
            p = memchr(p, d->pattern[0], (size_t)(end - p));
            if (!p)
                p = end;
            continue;
        }
        while (k && c != d->pattern[k])
            k = d->next[k];
        p++;
        if (c == d->pattern[k] && ++k == d->n) {
            *matched_inout = 0;
            *used_out = (size_t)(p - in.p);
            return true;
        }
    }
    *matched_inout = k;
    *used_out = in.n;
    return false;
}
