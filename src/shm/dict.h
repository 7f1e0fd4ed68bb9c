/* Dictionaries that the processes of a server share: keys and values are bytes, the least recently
 * used entries give way when there is no room, entries may expire. A process may be killed in the
 * middle of any call: the others find the dictionary as it was before that call or after it.
 *
 *     struct zone *z = zone_new(SLICE("sessions"), 10 << 20);      before the fork
 *     struct dict *d = dict_open(z);                               before the fork or after it
 *
 *     item = (struct dict_item){.type = DICT_STRING, .p = p, .n = n, .ttl = 300000};
 *     dict_store(d, key, &item, DICT_SET);
 *     if (dict_get(d, key, &item) == DICT_OK) …                    item.p until the next dict_get
 *
 * Lists are in dict_list.h, what goes through all entries in dict_walk.h. Nothing here waits but
 * for the lock of a shard, which is held for well under a microsecond. */
#ifndef SHM_DICT_H
#define SHM_DICT_H

#include "base/slice.h"
#include "shm/zone.h"

struct dict; /* this process's view of it */

enum dict_type {
    DICT_NIL = 0,
    DICT_BOOLEAN = 1,
    DICT_NUMBER = 3,
    DICT_STRING = 4,
    DICT_LIST = 5,
    DICT_TABLE = 6, /* bytes, like a string; whoever stored them knows the encoding */
};

enum dict_result {
    DICT_OK,
    DICT_NOT_FOUND,  /* or expired */
    DICT_EXISTS,     /* DICT_ADD: it is there */
    DICT_NO_MEMORY,  /* no room, and nothing more that may be evicted */
    DICT_WRONG_TYPE, /* a list where a value is wanted, or the reverse, or not a number */
    DICT_CHANGED,    /* dict_swap: it is not what was expected */
};

enum dict_mode {
    DICT_SET = 0,
    DICT_ADD = 1,
    DICT_REPLACE = 2,
    DICT_SAFE = 4,  /* evicts nothing */
    DICT_KEEPS = 8, /* what is there stays when there is no room for what is to be there */
};

enum { DICT_KEY_MOST = 65535, DICT_ZONE_LEAST = 8192 };

/* Places in a shard are words of 32 bits, and there are 64 shards. */
#define DICT_ZONE_MOST ((size_t)256 << 30)

struct dict_item {
    const char *p; /* of strings and tables */
    size_t n;
    double number;       /* of numbers; 0 or 1 of booleans */
    int64_t ttl;         /* ms; 0: for ever. Out: what is left, negative when expired */
    uint32_t flags;      /* the user's own */
    int32_t type;        /* enum dict_type */
    int32_t is_stale;    /* out: it has expired */
    int32_t is_forcible; /* out: entries that had not expired were evicted for it */
};

struct dict_incr {
    double by;
    double init;      /* with has_init: what a missing entry counts as */
    int64_t init_ttl; /* ms, of an entry that is made; 0: for ever */
    double value;     /* out */
    int32_t has_init;
    int32_t is_forcible; /* out, see struct dict_item */
};

/* The dictionary in a zone of DICT_ZONE_LEAST to DICT_ZONE_MOST bytes, which is formatted when it
 * is new. Holds the zone. */
struct dict *dict_open(struct zone *z);

/* One more view of what `d` shows. */
struct dict *dict_reopen(const struct dict *d);

/* Gives this process's view up and clears the pointer; NULL is allowed. What is stored stays. */
void dict_close(struct dict **d);

/* Looks an entry up and makes it the most recently used. */
enum dict_result dict_get(struct dict *d, struct slice key, struct dict_item *out);

/* The same for one that may have expired: DICT_OK and is_stale then, as long as nobody needed its
 * room. */
enum dict_result dict_get_stale(struct dict *d, struct slice key, struct dict_item *out);

/* Stores a copy of `item`; one of type DICT_NIL deletes. `mode`: DICT_SET, DICT_ADD (only when
 * there is none) or DICT_REPLACE (only when there is one), with DICT_SAFE where nothing may be
 * evicted for it. */
enum dict_result dict_store(struct dict *d, struct slice key, struct dict_item *item,
                            unsigned mode);

/* Stores `item` when what is there (DICT_NIL: nothing) is equal to `expected` in type and value. */
enum dict_result dict_swap(struct dict *d, struct slice key, const struct dict_item *expected,
                           struct dict_item *item);

/* What there is under a key (DICT_NIL: nothing) becomes what is to be there: DICT_NIL deletes.
 * item->p is borrowed; a new value is the caller's memory. False: it stays as it is. Runs with a
 * lock held: it must be quick, and not touch any dictionary. */
typedef bool (*dict_change_fn)(void *user, struct dict_item *item);

/* Reads, changes and stores as one operation. `mode`: DICT_SET, with DICT_SAFE, DICT_KEEPS. */
enum dict_result dict_change(struct dict *d, struct slice key, unsigned mode, dict_change_fn fn,
                             void *user);

/* Deletes; it is no failure when there is none. */
void dict_delete(struct dict *d, struct slice key);

/* Adds to a number. */
enum dict_result dict_incr(struct dict *d, struct slice key, struct dict_incr *incr);

/* Milliseconds that an entry has left; 0: for ever. */
enum dict_result dict_ttl(struct dict *d, struct slice key, int64_t *ttl_out);

/* Gives an entry `ttl` milliseconds from now; 0: for ever. */
enum dict_result dict_expire(struct dict *d, struct slice key, int64_t ttl);

/* For `ms` from now on dict_is_watched is true for `key`; others with the same hash share its fate.
 */
void dict_watch(struct dict *d, struct slice key, int64_t ms);

/* Does anybody want to know of changes of `key`? Cheap when nobody watches anything. */
bool dict_is_watched(const struct dict *d, struct slice key);

/* The name of its zone. */
const char *dict_name(const struct dict *d);

/* Bytes as asked for. */
size_t dict_capacity(const struct dict *d);

/* Bytes in free blocks of a page or more, in whole pages: smaller blocks hold more. */
size_t dict_free_space(struct dict *d);

#endif
