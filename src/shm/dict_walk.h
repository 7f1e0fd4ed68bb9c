/* What goes through all entries of a dictionary: shard by shard, each locked meanwhile, oldest
 * first. */
#ifndef SHM_DICT_WALK_H
#define SHM_DICT_WALK_H

#include "shm/dict.h"

struct dict_stats {
    uint64_t entries, hits, misses, evicted, expired;
    uint64_t mended;         /* operations taken back because their process died */
    uint64_t capacity, used; /* bytes */
    uint32_t shards;
};

/* Lets every entry expire; they stay for dict_get_stale until their room is needed. */
void dict_walk_flush_all(struct dict *d);

/* Frees expired entries, at most `most` of them (0: all); how many went. */
unsigned dict_walk_flush_expired(struct dict *d, unsigned most);

/* Calls `fn` for the key of each entry that has not expired, at most `most` of them (0: all). The
 * key is borrowed, and a lock is held: `fn` must not touch the dictionary. */
void dict_walk_keys(struct dict *d, unsigned most, void (*fn)(void *user, struct slice key),
                    void *user);

/* Calls `fn` for one entry of each shard, expired or not: the one that was used the longest time
 * ago. Key and value (empty: it is a number or a list) are borrowed; `fn` as above. */
void dict_walk_oldest(struct dict *d, void (*fn)(void *user, struct slice key, struct slice value),
                      void *user);

/* Counts. */
void dict_walk_stats(struct dict *d, struct dict_stats *out);

/* Stores what `from` has in `to`, oldest first, so that the newest stay when room is short. For
 * a dictionary that changes its size. */
void dict_walk_copy(struct dict *from, struct dict *to);

/* For tests: is every shard sound? */
bool dict_walk_check(struct dict *d);

#endif
