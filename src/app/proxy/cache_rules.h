/* What proxy_cache and its kin say, and what it means for an answer: whether it is kept, and for
 * how long. */
#ifndef APP_PROXY_CACHE_RULES_H
#define APP_PROXY_CACHE_RULES_H

#include "app/proxy/cache_zone.h"
#include "proto/cache_head.h"

/* proxy_cache_valid */
struct cache_valid {
    int status; /* 0: any */
    int64_t seconds;
    struct cache_valid *next;
};

/* Values that are looked at in turn: proxy_cache_bypass, proxy_no_cache. */
struct cache_condition {
    struct script *value;
    struct cache_condition *next;
};

/* What the directives of a level say. */
struct cache_conf {
    const struct location *owner;
    const struct cache_zone *zone; /* NULL: proxy_cache is off, or has variables */
    struct script *zone_name;      /* those; NULL: it has none */
    struct script *key;            /* NULL: what the server is asked for */
    struct cache_valid *valid;
    struct cache_condition *bypass, *no_cache;
    uint64_t methods;                /* bits of enum method */
    unsigned min_uses, use_stale;    /* bits of enum proxy_next */
    uint64_t lock_timeout, lock_age; /* ms */
    uint64_t max_range_offset;       /* UINT64_MAX: any */
    bool has_lock, does_revalidate, updates_behind, converts_head;
};

/* What holds where nothing is said. */
extern const struct cache_conf cache_defaults;

/* An answer, as the rules look at it. */
struct cache_answer {
    int status;
    const struct header_list *headers;
    unsigned ignored; /* bits of enum proxy_ignore */
    bool is_slice;    /* it was asked for as a part: 206 is what it should be */
    bool is_private;  /* it was asked for with the client's own Authorization */
};

/* The cache for requests of that method, in `*out`; NULL: none. 0; or the status of an error. `c`
 * may be NULL. */
int cache_rules_zone(const struct cache_conf *c, struct visit *v, const struct cache_zone **out);

/* May it be kept? Then fills in, of the head, made, valid_until, age, stale_… and vary (borrowed).
 */
bool cache_rules_keep(const struct cache_conf *c, const struct cache_answer *a, int64_t now,
                      struct cache_head *out);

/* Does that Range field (p == NULL: none) begin so far in that the server is asked for the part? */
bool cache_rules_is_far(const struct cache_conf *c, struct slice range);

/* Is one of the values neither empty nor "0"? */
bool cache_rules_holds(const struct cache_condition *list, struct visit *v);

/* What tells the variants of a response apart that has this Vary: a digest of the fields of the
 * request that it names. */
void cache_rules_variant(struct slice vary, struct slice main, const struct header_list *request,
                         unsigned char *out);

#endif
