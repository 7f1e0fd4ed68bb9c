/* An arena: many small allocations that end together. Embedded in its owner (an exchange, a
 * configuration).
 *
 * The first block may be given by the owner, so that a short-lived pool never calls malloc. */
#ifndef BASE_POOL_H
#define BASE_POOL_H

#include "base/base.h"
#include "base/slice.h"

struct pool_block;
struct pool_cleanup;

struct pool {
    char *next, *end;              /* free room in the current block */
    struct pool_block *blocks;     /* blocks from the heap */
    struct pool_cleanup *cleanups; /* run newest first */
    char *first;                   /* the owner's block, may be NULL */
    size_t first_size;
};

/* Makes `p` empty; `first` of `size` bytes (may be NULL, 0) is used before the heap and stays the
 * owner's. */
void pool_init(struct pool *p, void *first, size_t size);

/* Runs the cleanups, frees every block, leaves `p` as after pool_init. */
void pool_reset(struct pool *p);

/* Slow path of pool_alloc. */
void *pool_alloc_slow(struct pool *p, size_t n);

/* `n` bytes aligned for any object, not cleared; live until pool_reset. */
static inline void *pool_alloc(struct pool *p, size_t n)
{
    /* The room is a multiple of 16: when `n` fits, so does `n` rounded up, which cannot overflow
     * then. */
    if (LIKELY((size_t)(p->end - p->next) >= n)) {
        void *r = p->next;
        p->next += (n + 15) & ~(size_t)15;
        return r;
    }
    return pool_alloc_slow(p, n);
}

/* `n` cleared bytes. */
void *pool_zalloc(struct pool *p, size_t n);

#define pool_new(p, type) ((type *)pool_zalloc((p), sizeof(type)))

/* A copy of `s`, terminated (the terminator is not counted). */
struct slice pool_dup(struct pool *p, struct slice s);

/* A terminated copy as a C string. */
char *pool_strdup(struct pool *p, struct slice s);

/* The same with ASCII capitals made small. */
struct slice pool_lower(struct pool *p, struct slice s);

/* Room for one more element of `size` bytes behind the `n` that `array` (NULL: none) has: the array
 * itself, or a larger copy in the pool, with `*room` as its new capacity. */
void *pool_grow(struct pool *p, void *array, unsigned n, unsigned *room, size_t size);

/* printf into the pool; terminated. */
struct slice pool_printf(struct pool *p, const char *fmt, ...) PRINTF_LIKE(2, 3);

/* `fn(arg)` runs when the pool is reset, newest first. */
void pool_on_reset(struct pool *p, void (*fn)(void *arg), void *arg);

#endif
