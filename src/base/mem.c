/* The heap, and free lists in front of it.
 *
 * Everything that allocates goes through here, so that running out is handled in one place: the
 * process stops and whoever supervises it starts another. A mem_cache belongs to one thread. Under
 * AddressSanitizer an object that waits in a cache is poisoned behind its first word, so that a use
 * after give is still found. */
#include "base/mem.h"

#include <malloc.h>
#include <stdlib.h>
#include <sys/mman.h>

#include "base/check.h"

#if defined(__has_feature)
#if __has_feature(address_sanitizer) && !defined(__SANITIZE_ADDRESS__)
#define __SANITIZE_ADDRESS__ 1
#endif
#endif

#if defined(__SANITIZE_ADDRESS__)
#include <sanitizer/asan_interface.h>

static void hide(const struct mem_cache *c, void *p)
{
    __asan_poison_memory_region((char *)p + sizeof(void *), c->size - sizeof(void *));
}

static void unhide(const struct mem_cache *c, void *p)
{
    __asan_unpoison_memory_region(p, c->size);
}
#else
static inline void hide(const struct mem_cache *c, void *p)
{
    UNUSED(c);
    UNUSED(p);
}

static inline void unhide(const struct mem_cache *c, void *p)
{
    UNUSED(c);
    UNUSED(p);
}
#endif

NORETURN static void stop(size_t n)
{
    PANIC("out of memory: %zu bytes wanted", n);
}

void *mem_alloc(size_t n)
{
    void *p = malloc(n > 0 ? n : 1);

    if (UNLIKELY(!p))
        stop(n);
    return p;
}

void *mem_zalloc(size_t n)
{
    void *p = calloc(1, n > 0 ? n : 1);

    if (UNLIKELY(!p))
        stop(n);
    return p;
}

void *mem_realloc(void *p, size_t n)
{
    void *q;

    if (n == 0) {
        free(p);
        return NULL;
    }
    q = realloc(p, n);
    if (UNLIKELY(!q))
        stop(n);
    return q;
}

char *mem_strdup(struct slice s)
{
    char *z;

    CHECK(s.n < SIZE_MAX);
    z = mem_alloc(s.n + 1);
    if (s.n > 0)
        memcpy(z, s.p, s.n);
    z[s.n] = '\0';
    return z;
}

void mem_trim(void)
{
    (void)malloc_trim(0);
}

void *mem_share(size_t n)
{
    void *p = mmap(NULL, n, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);

    if (p == MAP_FAILED)
        stop(n);
    return p;
}

void mem_unshare(void *p, size_t n)
{
    if (p)
        munmap(p, n);
}

void mem_free(void *p)
{
    free(p);
}

void *mem_cache_take(struct mem_cache *c)
{
    void *p = c->free;

    if (UNLIKELY(!p)) {
        CHECK(c->size >= sizeof(void *));
        return mem_alloc(c->size);
    }
    memcpy(&c->free, p, sizeof(void *));
    c->count--;
    unhide(c, p);
    return p;
}

void mem_cache_give(struct mem_cache *c, void *p)
{
    if (UNLIKELY(c->count >= c->most)) {
        mem_free(p);
        return;
    }
    memcpy(p, &c->free, sizeof(void *));
    c->free = p;
    c->count++;
    hide(c, p);
}

void mem_cache_trim(struct mem_cache *c)
{
    while (c->free)
        mem_free(mem_cache_take(c));
}
