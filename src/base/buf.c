/* Growing bytes.
 *
 * Capacity doubles, so that appending costs a constant amount per byte. MOST is the hard cap:
 * limits that depend on configuration are upheld by the callers long before, so passing it is a bug
 * and stops the process. Nothing may be appended to a buffer from the buffer's own memory, which
 * moves. */
#include "base/buf.h"

#include <stdio.h>

#include "base/check.h"
#include "base/mem.h"
#include "base/num.h"

enum { LEAST = 64, PRINT_GUESS = 128, DIGITS_MOST = 21 };

static const size_t MOST = (size_t)1 << 32;

void buf_free(struct buf *b)
{
    mem_free(b->p);
    *b = BUF_EMPTY;
}

void buf_grow(struct buf *b, size_t more)
{
    size_t size = MAX(b->size * 2, (size_t)LEAST);

    CHECK(b->n <= MOST && more <= MOST - b->n);
    while (size < b->n + more)
        size *= 2;
    b->p = mem_realloc(b->p, size);
    b->size = size;
}

void buf_add(struct buf *b, const void *p, size_t n)
{
    if (n == 0)
        return;
    memcpy(buf_reserve(b, n), p, n);
    b->n += n;
}

void buf_add_int(struct buf *b, int64_t v)
{
    b->n += num_format(buf_reserve(b, DIGITS_MOST), v);
}

void buf_vprintf(struct buf *b, const char *fmt, va_list ap)
{
    va_list again;
    int n;

    va_copy(again, ap);
    buf_reserve(b, PRINT_GUESS);
    n = vsnprintf(b->p + b->n, b->size - b->n, fmt, ap);
    CHECK(n >= 0);
    if ((size_t)n >= b->size - b->n) {
        buf_reserve(b, (size_t)n + 1);
        vsnprintf(b->p + b->n, b->size - b->n, fmt, again);
    }
    va_end(again);
    b->n += (size_t)n;
}

void buf_printf(struct buf *b, const char *fmt, ...)
{
    va_list ap;

    va_start(ap, fmt);
    buf_vprintf(b, fmt, ap);
    va_end(ap);
}

void buf_drop(struct buf *b, size_t n)
{
    CHECK(n <= b->n);
    b->n -= n;
    if (n > 0 && b->n > 0)
        memmove(b->p, b->p + n, b->n);
}

const char *buf_cstr(struct buf *b)
{
    if (!b->p)
        return "";
    *buf_reserve(b, 1) = '\0';
    return b->p;
}
