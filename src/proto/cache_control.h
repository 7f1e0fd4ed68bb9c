/* Cache-Control of responses (RFC 9111 section 5.2.2, RFC 5861), as a cache that many share reads
 * it. */
#ifndef PROTO_CACHE_CONTROL_H
#define PROTO_CACHE_CONTROL_H

#include "base/slice.h"

struct cache_control {
    bool forbids;       /* no-store, no-cache or private */
    bool allows;        /* public, s-maxage or must-revalidate: also what was asked for with
                           Authorization (RFC 9111 section 3.5) */
    bool is_shared_age; /* max_age is that of s-maxage */
    int64_t max_age;    /* seconds, s-maxage before max-age; -1: not said */
    int64_t stale_while_revalidate, stale_if_error; /* seconds, 0: not said */
};

#define CACHE_CONTROL_NONE ((struct cache_control){.max_age = -1})

/* Adds what one field says. Of several ages the smallest counts; an age that is no number is 0, so
 * that nothing counts as fresh by mistake. */
void cache_control_add(struct cache_control *c, struct slice value);

#endif
