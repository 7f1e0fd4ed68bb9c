/* The operations on borrowed bytes that are too long to be inline. They read only what the slice
 * covers and accept an empty slice whose pointer is NULL. */
#include "base/slice.h"

static bool is_blank(char c)
{
    return c == ' ' || c == '\t';
}

struct slice slice_trim(struct slice s)
{
    while (s.n > 0 && is_blank(s.p[0])) {
        s.p++;
        s.n--;
    }
    while (s.n > 0 && is_blank(s.p[s.n - 1]))
        s.n--;
    return s;
}

ssize_t slice_find(struct slice s, char c)
{
    const char *at = s.n > 0 ? memchr(s.p, c, s.n) : NULL;

    return at ? at - s.p : -1;
}

int slice_cmp(struct slice a, struct slice b)
{
    size_t n = MIN(a.n, b.n);
    int order = n > 0 ? memcmp(a.p, b.p, n) : 0;

    if (order != 0)
        return order;
    return (a.n > b.n) - (a.n < b.n);
}

struct slice slice_cut(struct slice *rest, char sep)
{
    struct slice whole = *rest;
    ssize_t at = slice_find(whole, sep);

    if (at < 0) {
        *rest = (struct slice){NULL, 0};
        return whole;
    }
    *rest = slice_from(whole, (size_t)at + 1);
    return slice_of(whole.p, (size_t)at);
}
