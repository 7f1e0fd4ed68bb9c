/* Borrowed bytes: a pointer and a length. Owns nothing; not terminated. */
#ifndef BASE_SLICE_H
#define BASE_SLICE_H

#include <string.h>
#include <strings.h>

#include "base/base.h"

struct slice {
    const char *p;
    size_t n;
};

#define SLICE(literal) ((struct slice){(literal), sizeof(literal) - 1})
#define SLICE_EMPTY    ((struct slice){"", 0})
#define SLICE_FMT      "%.*s"
#define SLICE_ARG(s)   (int)(s).n, (s).p

/* The bytes of a terminated string. */
static inline struct slice slice_str(const char *z)
{
    return (struct slice){z, strlen(z)};
}

/* `n` bytes at `p`. */
static inline struct slice slice_of(const char *p, size_t n)
{
    return (struct slice){p, n};
}

/* Same bytes? */
static inline bool slice_eq(struct slice a, struct slice b)
{
    return a.n == b.n && (a.n == 0 || memcmp(a.p, b.p, a.n) == 0);
}

/* Same bytes, ASCII letters compared without case? */
static inline bool slice_ieq(struct slice a, struct slice b)
{
    return a.n == b.n && (a.n == 0 || strncasecmp(a.p, b.p, a.n) == 0);
}

/* Does `s` begin with `prefix`? */
static inline bool slice_has_prefix(struct slice s, struct slice prefix)
{
    return s.n >= prefix.n && (prefix.n == 0 || memcmp(s.p, prefix.p, prefix.n) == 0);
}

/* Does `s` end with `suffix`? */
static inline bool slice_has_suffix(struct slice s, struct slice suffix)
{
    return s.n >= suffix.n &&
           (suffix.n == 0 || memcmp(s.p + s.n - suffix.n, suffix.p, suffix.n) == 0);
}

/* What is left of `s` after its first `n` bytes (n <= s.n). */
static inline struct slice slice_from(struct slice s, size_t n)
{
    return (struct slice){s.p + n, s.n - n};
}

/* `s` without spaces and tabs at both ends. */
struct slice slice_trim(struct slice s);

/* Index of the first `c`, or -1. */
ssize_t slice_find(struct slice s, char c);

/* Byte order, shorter first on a tie; for qsort-like uses. <0, 0, >0. */
int slice_cmp(struct slice a, struct slice b);

/* Cuts `*rest` at the first `sep`: returns what stands before it and leaves what follows. When
 * there is no `sep` the whole is returned and *rest becomes empty with p == NULL. Returns p == NULL
 * when *rest.p is NULL. */
struct slice slice_cut(struct slice *rest, char sep);

#endif
