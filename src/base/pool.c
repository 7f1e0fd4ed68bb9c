/* The arena behind exchanges and configurations.
 *
 * Allocation moves a pointer through the current block. When the block is full a new one comes from
 * the heap, each twice as large as the one before up to BLOCK_MOST; a request that is large against
 * the next block gets a block of its own and the current one stays in use. Blocks form one list,
 * newest first, which pool_reset frees. The newest ordinary block tells how large the next one is.
 * First blocks are kept for other pools: a request that needs more than its owner's room then costs
 * no malloc.
 * Cleanups live in the pool itself: they may still allocate from it and register more cleanups,
 * which then run too. The room left is always a multiple of ALIGN. */
#include "base/pool.h"

#include <stdarg.h>
#include <stdio.h>

#include "base/check.h"
#include "base/mem.h"

enum {
    ALIGN = 16,
    BLOCK_LEAST = 4096,
    BLOCK_MOST = 65536,
    KEPT = 64,
    PRINT_GUESS = 128,
    ROOM_FIRST = 4
};

struct pool_block {
    struct pool_block *next;
    size_t size; /* of the newest ordinary block, this one or one behind it; 0: none */
} __attribute__((aligned(ALIGN)));

static struct mem_cache first_blocks = {NULL, BLOCK_LEAST, 0, KEPT}; /* process-wide: shared */

struct pool_cleanup {
    struct pool_cleanup *next;
    void (*fn)(void *arg);
    void *arg;
};

/* Where an empty pool points, so that no bytes at all are not at NULL. */
static const char nothing[ALIGN] __attribute__((aligned(ALIGN)));

static void use_first(struct pool *p)
{
    uintptr_t skip = -(uintptr_t)p->first & (ALIGN - 1);

    p->blocks = NULL;
    p->cleanups = NULL;
    p->next = p->end = (char *)(uintptr_t)nothing;
    if (p->first_size > skip) {
        p->next = p->first + skip;
        p->end = p->next + ((p->first_size - skip) & ~(size_t)(ALIGN - 1));
    }
}

void pool_init(struct pool *p, void *first, size_t size)
{
    p->first = first;
    p->first_size = first ? size : 0;
    use_first(p);
}

/* Is it the first ordinary block? Those for one large request, before and behind it, have the size
 * of the one that they follow. */
static bool is_first(const struct pool_block *b)
{
    return b->size == BLOCK_LEAST && (!b->next || b->next->size == 0);
}

void pool_reset(struct pool *p)
{
    struct pool_cleanup *c;
    struct pool_block *b, *next;

    while ((c = p->cleanups) != NULL) {
        p->cleanups = c->next;
        c->fn(c->arg);
    }
    for (b = p->blocks; b; b = next) {
        next = b->next;
        if (is_first(b))
            mem_cache_give(&first_blocks, b);
        else
            mem_free(b);
    }
    use_first(p);
}

static struct pool_block *add_block(struct pool *p, struct pool_block *b, size_t size)
{
    b->next = p->blocks;
    b->size = size;
    p->blocks = b;
    return b;
}

void *pool_alloc_slow(struct pool *p, size_t n)
{
    size_t last = p->blocks ? p->blocks->size : 0;
    size_t size = last == 0 ? BLOCK_LEAST : MIN(last * 2, (size_t)BLOCK_MOST);
    size_t need = (n + ALIGN - 1) & ~(size_t)(ALIGN - 1);
    size_t room = size - sizeof(struct pool_block);
    char *at;

    CHECK(n <= SIZE_MAX / 2);
    if (need > room / 4)
        return add_block(p, mem_alloc(sizeof(struct pool_block) + need), last) + 1;
    at = (char *)(add_block(p, last ? mem_alloc(size) : mem_cache_take(&first_blocks), size) + 1);
    p->next = at + need;
    p->end = at + room;
    return at;
}

void *pool_zalloc(struct pool *p, size_t n)
{
    return memset(pool_alloc(p, n), 0, n);
}

struct slice pool_lower(struct pool *p, struct slice s)
{
    char *copy = pool_strdup(p, s);

    for (size_t i = 0; i < s.n; i++) {
        if (copy[i] >= 'A' && copy[i] <= 'Z')
            copy[i] = (char)(copy[i] | 0x20);
    }
    return slice_of(copy, s.n);
}

void *pool_grow(struct pool *p, void *array, unsigned n, unsigned *room, size_t size)
{
    void *larger;

    if (n < *room)
        return array;
    *room = *room ? *room * 2 : ROOM_FIRST;
    larger = pool_zalloc(p, *room * size);
    if (n > 0)
        memcpy(larger, array, n * size);
    return larger;
}

char *pool_strdup(struct pool *p, struct slice s)
{
    char *z = pool_alloc(p, s.n + 1);

    if (s.n > 0)
        memcpy(z, s.p, s.n);
    z[s.n] = '\0';
    return z;
}

struct slice pool_dup(struct pool *p, struct slice s)
{
    return slice_of(pool_strdup(p, s), s.n);
}

struct slice pool_printf(struct pool *p, const char *fmt, ...)
{
    char guess[PRINT_GUESS];
    va_list ap;
    char *text;
    int n;

    va_start(ap, fmt);
    n = vsnprintf(guess, sizeof(guess), fmt, ap);
    va_end(ap);
    CHECK(n >= 0);
    if ((size_t)n < sizeof(guess))
        return pool_dup(p, slice_of(guess, (size_t)n));
    text = pool_alloc(p, (size_t)n + 1);
    va_start(ap, fmt);
    vsnprintf(text, (size_t)n + 1, fmt, ap);
    va_end(ap);
    return slice_of(text, (size_t)n);
}

void pool_on_reset(struct pool *p, void (*fn)(void *arg), void *arg)
{
    struct pool_cleanup *c = pool_alloc(p, sizeof(*c));

    c->fn = fn;
    c->arg = arg;
    c->next = p->cleanups;
    p->cleanups = c;
}
