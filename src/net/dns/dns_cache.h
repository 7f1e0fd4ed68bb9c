/* Answers kept for as long as they hold: a table with a bound on its memory; what was asked for
 * least recently goes first. */
#ifndef NET_DNS_CACHE_H
#define NET_DNS_CACHE_H

#include "base/list.h"
#include "net/dns/dns_answer.h"

enum { DNS_CACHE_BUCKETS = 256 };

struct dns_cache {
    struct list buckets[DNS_CACHE_BUCKETS];
    struct list used; /* least recently used first */
    size_t bytes, most_bytes;
    unsigned entries, evicted;
};

/* Makes it empty; it will hold `most_bytes` at most (0: nothing). */
void dns_cache_init(struct dns_cache *c, size_t most_bytes);

/* Forgets everything. */
void dns_cache_clear(struct dns_cache *c);

/* The answer under `key` (any case) that still holds, borrowed; NULL when there is none. */
struct dns_answer *dns_cache_get(struct dns_cache *c, struct slice key);

/* Keeps `a` (a reference of its own) for `ttl_ms`, in place of what is there. */
void dns_cache_put(struct dns_cache *c, struct slice key, struct dns_answer *a, uint64_t ttl_ms);

#endif
