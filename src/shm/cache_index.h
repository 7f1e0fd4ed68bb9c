/* What the workers know together of a cache whose responses lie in files: which are there, how
 * large they are, until when they are good, who is fetching one, which was used the longest time
 * ago. Keys are the digests that files are named by.
 *
 * A note is there also of what has no file (size 0): it counts uses, and says who fetches it. A
 * fetcher that dies, or takes too long, is one no more. Nothing is evicted by itself, as a file
 * belongs to each note: the caller removes the oldest when there is no room. */
#ifndef SHM_CACHE_INDEX_H
#define SHM_CACHE_INDEX_H

#include "shm/dict.h"

enum { CACHE_INDEX_KEY = 16 };

struct cache_index {
    struct dict *notes, *sums; /* the second: a few numbers that belong to the whole */
};

struct cache_note {
    int64_t used;        /* wall clock, ms */
    int64_t valid_until; /* wall clock, seconds */
    uint64_t size;       /* of the file on its disk, in bytes; 0: there is none */
    uint64_t fetcher;    /* lock_self of the process that fetches it; 0: none does */
    int64_t fetching_since;
    uint64_t uses;
};

/* A digest as bytes. */
struct slice cache_index_key(const unsigned char digest[CACHE_INDEX_KEY]);

/* Counts a use and tells what is known; a new note when nothing was. False: there is no room. */
bool cache_index_use(const struct cache_index *c, const unsigned char *digest,
                     struct cache_note *out) MUST_USE;

/* The caller wants to fetch it; *since_out tells this fetch from others. False: another one does,
 * for less than `most_ms`. */
bool cache_index_fetch(const struct cache_index *c, const unsigned char *digest, int64_t most_ms,
                       int64_t *since_out) MUST_USE;

/* It has come to nothing, or has been put; nothing when another one has taken over meanwhile. */
void cache_index_fetched(const struct cache_index *c, const unsigned char *digest, int64_t since);

/* There is a file of that size now. False: no room for the note. */
bool cache_index_put(const struct cache_index *c, const unsigned char *digest, uint64_t size,
                     int64_t valid_until) MUST_USE;

/* The same for a file that was found; nothing when more is known. */
bool cache_index_found(const struct cache_index *c, const unsigned char *digest, uint64_t size,
                       int64_t valid_until);

/* Forgets it; the file is the caller's to remove. With `used` (not -1) only if that was its last
 * use. */
bool cache_index_drop(const struct cache_index *c, const unsigned char *digest, int64_t used);

/* What was used the longest time ago. False: there is nothing. */
bool cache_index_oldest(const struct cache_index *c, unsigned char *digest_out,
                        struct cache_note *out);

/* Bytes of all files. A process that is killed in the wrong moment leaves it too high by a file. */
uint64_t cache_index_total(const struct cache_index *c);

/* Have the files that were there at the start been looked at? The second says so. */
bool cache_index_is_complete(const struct cache_index *c);
void cache_index_complete(const struct cache_index *c); /* see above */

#endif
