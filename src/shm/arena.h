/* Blocks of memory inside a mapping that processes share. The caller holds the lock of the arena;
 * every change goes through its journal, so that it can be taken back.
 *
 * Addresses are told in units of 8 bytes from the start of the arena, 0 for none. */
#ifndef SHM_ARENA_H
#define SHM_ARENA_H

#include "shm/journal.h"

enum {
    ARENA_UNIT = 8,
    ARENA_SMALL = 64,
    ARENA_STEPS = 8,
    ARENA_BINS = ARENA_SMALL + 27 * ARENA_STEPS
};

struct arena {
    struct journal journal;
    uint32_t units;                       /* the size of the arena, this header included */
    uint32_t free_units;                  /* in free blocks */
    uint64_t map[(ARENA_BINS + 63) / 64]; /* bins that hold anything */
    uint32_t bins[ARENA_BINS];            /* their first block, by size */
};

/* Makes `size` bytes at `a` an arena of one free block, which begins after the first `header`
 * bytes; those are the caller's, after struct arena. */
void arena_init(struct arena *a, size_t header, size_t size);

/* A block whose data, behind its first 4 bytes, may be written to: `size` counts them. Its words
 * are noted in the journal. 0: there is no room in one piece. */
uint32_t arena_alloc(struct arena *a, size_t size);

/* Gives a block back. */
void arena_free(struct arena *a, uint32_t block);

/* Bytes in a block, its first 4 included. */
size_t arena_size(const struct arena *a, uint32_t block);

/* Bytes in free blocks, counted in pieces of `piece` units. */
size_t arena_free_in(const struct arena *a, uint32_t piece);

/* Calls `fn` for each block from the lowest to the highest; false when the blocks do not add up to
 * the arena or its lists do not hold just the free ones. For tests and the doubtful. */
bool arena_check(const struct arena *a, uint32_t first, void (*fn)(void *user, uint32_t block),
                 void *user);

/* Where unit `at` is. */
static inline void *arena_at(const struct arena *a, uint32_t at)
{
    return (char *)a + (size_t)at * ARENA_UNIT;
}

#endif
