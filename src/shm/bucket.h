/* Leaky buckets by key, in a dictionary that processes share: each request adds one drop, and they
 * run out at a steady rate. */
#ifndef SHM_BUCKET_H
#define SHM_BUCKET_H

#include "shm/dict.h"

enum { BUCKET_DROP = 1000 }; /* drops are counted in thousandths */

struct bucket {
    uint64_t rate;   /* thousandths of a drop that run out in a second; not 0 */
    uint64_t most;   /* what it holds above the drop that may always come */
    uint64_t excess; /* out: what it holds above that, this drop included */
};

/* Lets a drop fall into the bucket of `key` if there is room for it. With `is_trial` nothing is
 * changed: there is room, or was not. DICT_EXISTS: it is full; DICT_NO_MEMORY: there is no place
 * for another bucket, although the least recently used gave way. */
enum dict_result bucket_add(struct dict *d, struct slice key, struct bucket *b, bool is_trial);

#endif
