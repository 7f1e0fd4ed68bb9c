/* Owned bytes that grow, with a hard cap. An empty buffer owns no memory. */
#ifndef BASE_BUF_H
#define BASE_BUF_H

#include <stdarg.h>

#include "base/base.h"
#include "base/slice.h"

struct buf {
    char *p;
    size_t n;    /* bytes in use */
    size_t size; /* bytes allocated */
};

#define BUF_EMPTY ((struct buf){NULL, 0, 0})

/* Frees the memory and empties `b`. */
void buf_free(struct buf *b);

/* For buf_reserve: makes room. */
void buf_grow(struct buf *b, size_t more);

/* Room for `more` bytes behind the end (n is unchanged); returns where they go. Grows
 * geometrically. */
static inline char *buf_reserve(struct buf *b, size_t more)
{
    if (UNLIKELY(b->size - b->n < more || !b->p))
        buf_grow(b, more);
    return b->p + b->n;
}

/* Appends. */
void buf_add(struct buf *b, const void *p, size_t n);

/* Appends a slice. */
static inline void buf_add_slice(struct buf *b, struct slice s)
{
    buf_add(b, s.p, s.n);
}

/* Appends a literal. */
#define buf_add_lit(b, literal) buf_add((b), (literal), sizeof(literal) - 1)

/* Appends one byte. */
static inline void buf_add_char(struct buf *b, char c)
{
    *buf_reserve(b, 1) = c;
    b->n++;
}

/* Appends a decimal number. */
void buf_add_int(struct buf *b, int64_t v);

/* Appends formatted text. */
void buf_printf(struct buf *b, const char *fmt, ...) PRINTF_LIKE(2, 3);

/* Same, from a va_list. */
void buf_vprintf(struct buf *b, const char *fmt, va_list ap);

/* Drops the first `n` bytes (n <= b->n), keeping the rest. */
void buf_drop(struct buf *b, size_t n);

/* The bytes in use, borrowed until the next change. */
static inline struct slice buf_slice(const struct buf *b)
{
    return (struct slice){b->p ? b->p : "", b->n};
}

/* A terminated view of the bytes (the terminator is not counted). */
const char *buf_cstr(struct buf *b);

#endif
