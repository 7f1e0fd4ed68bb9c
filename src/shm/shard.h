/* A part of a dictionary: a lock, an arena, a hash table and the order of last use. Internal to
 * shm/dict*.c.
 *
 * Everything between shard_enter and shard_leave is one operation, or several with a journal_commit
 * between them. */
#ifndef SHM_SHARD_H
#define SHM_SHARD_H

#include "shm/arena.h"
#include "shm/dict.h"
#include "shm/lock.h"

struct shard {
    struct arena arena; /* the journal is in it */
    struct lock lock;
    uint32_t newest __attribute__((aligned(8))), oldest; /* entries by last use: one word */
    uint32_t n_entries;
    uint32_t doomed; /* a list that is in no table any more and is being freed */
    uint32_t first;  /* the arena's first block */
    uint32_t mask;   /* of buckets */
    uint64_t hits, misses, evicted, expired, mended;
    uint32_t buckets[];
};

/* In the arena; its value begins behind the key, at a multiple of 8. */
struct entry {
    uint32_t head; /* the arena's */
    uint32_t hash;
    uint32_t next; /* in its bucket */
    uint16_t key_n;
    uint8_t type; /* enum dict_type */
    uint8_t spare;
    uint32_t newer, older;
    uint32_t value_n;
    uint32_t flags;
    int64_t expires; /* wall clock, ms; 0: never */
    char key[];
};

/* The value of a DICT_LIST, and one of its elements: blocks of the arena. */
struct shard_list {
    uint32_t first, last, n;
};

struct shard_element {
    uint32_t head; /* the arena's */
    uint32_t prev, next;
    uint32_t n;
    uint64_t type;
    char value[];
};

enum { SHARD_WATCHED = 32 };

struct dict_head {
    uint64_t magic, seed;
    uint32_t n_shards; /* a power of two */
    uint32_t shift;
    uint64_t shard_size;
    _Atomic int64_t watched_until;                    /* the latest of the following */
    _Atomic int64_t key_watched_until[SHARD_WATCHED]; /* by hash: wall clock, ms */
    uint64_t spare[3];
};

struct dict {
    struct zone *zone;
    struct dict_head *head;
    char *copy; /* what dict_get hands out */
    size_t copy_room;
};

/* The hash of a key in this dictionary. */
uint64_t shard_hash(const struct dict *d, struct slice key);

/* Makes `size` zeroed bytes a shard. */
void shard_init(struct shard *s, size_t size);

/* Shard number `i`. */
struct shard *shard_at(const struct dict *d, uint32_t i);

/* Locks it, and mends it when its last user was killed. */
void shard_enter(struct shard *s);

/* Enters the shard of `key`. */
struct shard *shard_enter_for(const struct dict *d, struct slice key, uint32_t *hash_out);

/* Commits and unlocks. */
void shard_leave(struct shard *s);

/* The entry of `key`, expired or not; 0: none. */
uint32_t shard_find(const struct shard *s, struct slice key, uint32_t hash);

/* Makes an entry the most recently used. */
void shard_touch(struct shard *s, uint32_t at);

/* A new entry with room for `n` bytes of value; it is in no table yet. 0: no room. */
uint32_t shard_new(struct shard *s, struct slice key, uint32_t hash, size_t n);

/* Puts an entry into the table, as the most recently used. */
void shard_insert(struct shard *s, uint32_t at);

/* Takes an entry out of the table and frees it, unless it is a list: that is doomed, and to be
 * freed by shard_sweep after a commit. */
void shard_remove(struct shard *s, uint32_t at);

/* Removes an entry of any type and commits. */
void shard_delete(struct shard *s, uint32_t at);

/* Frees what is doomed, committing as it goes. */
void shard_sweep(struct shard *s);

/* Removes up to two expired entries from the old end, and with `by_force` whatever is the oldest
 * before them; commits. How many went. */
unsigned shard_expire(struct shard *s, int64_t now, bool by_force);

/* shard_new, evicting until there is room; commits. 0: there is none still. */
uint32_t shard_new_by_force(struct shard *s, struct slice key, uint32_t hash, size_t n,
                            int64_t now);

/* For tests: does everything in the shard fit together? */
bool shard_check(const struct shard *s);

/* An entry by its place. */
static inline struct entry *shard_entry(const struct shard *s, uint32_t at)
{
    return arena_at(&s->arena, at);
}

/* Where the value of an entry begins. */
static inline char *shard_value(struct entry *e)
{
    return e->key + (((size_t)e->key_n + 7) & ~(size_t)7);
}

/* Copies `n` bytes into this process's memory and lets `out` point there. */
void shard_copy(struct dict *d, const char *p, size_t n, struct dict_item *out);

/* Has it expired? */
static inline bool shard_is_expired(const struct entry *e, int64_t now)
{
    return e->expires != 0 && e->expires <= now;
}

/* shard_expire without force: what every call does on its way. */
static inline void shard_expire_some(struct shard *s, int64_t now)
{
    if (s->oldest && UNLIKELY(shard_is_expired(shard_entry(s, s->oldest), now)))
        shard_expire(s, now, false);
}

#endif
