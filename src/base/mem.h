/* Heap memory. Running out is not an error that callers handle: the process stops, and the master
 * starts another. */
#ifndef BASE_MEM_H
#define BASE_MEM_H

#include "base/base.h"
#include "base/slice.h"

/* `n` bytes, not cleared; never NULL. Release with mem_free. */
void *mem_alloc(size_t n);

/* `n` bytes, cleared; never NULL. */
void *mem_zalloc(size_t n);

/* Grows or shrinks; never NULL for n > 0. */
void *mem_realloc(void *p, size_t n);

/* A terminated copy of `s`. */
char *mem_strdup(struct slice s);

/* Releases; NULL is allowed. */
void mem_free(void *p);

/* `n` bytes, cleared, that the processes forked later have in common; never NULL. They begin at a
 * page. Release with mem_unshare. */
void *mem_share(size_t n);

/* Releases memory of mem_share in this process; NULL is allowed. */
void mem_unshare(void *p, size_t n);

/* Gives the system back the pages in which nothing is. Takes about a microsecond for each free
 * piece of the heap that is larger than one, and up to a hundred for each that the system really
 * takes back. */
void mem_trim(void);

/* A cleared object of `type`. */
#define mem_new(type) ((type *)mem_zalloc(sizeof(type)))

/* Objects of one size, kept for reuse: no malloc in the steady state. Embed as a static or in an
 * owner. */
struct mem_cache {
    void *free;     /* singly linked through the first word */
    size_t size;    /* of an object; >= sizeof(void *) */
    unsigned count; /* objects in `free` */
    unsigned most;  /* objects kept at most */
};

#define MEM_CACHE(type, keep)                                                                      \
    {                                                                                              \
        NULL, sizeof(type), 0, (keep)                                                              \
    }

/* An object, not cleared. */
void *mem_cache_take(struct mem_cache *c);

/* Gives an object back. */
void mem_cache_give(struct mem_cache *c, void *p);

/* Frees what is kept. */
void mem_cache_trim(struct mem_cache *c);

#endif
