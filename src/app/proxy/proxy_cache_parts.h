/* A request and its cache from inside: what proxy_cache (looking, waiting, serving) and
 * proxy_cache_keep (what the server answers) share. */
#ifndef APP_PROXY_PROXY_CACHE_PARTS_H
#define APP_PROXY_PROXY_CACHE_PARTS_H

#include "app/proxy/cache_file.h"
#include "app/proxy/proxy_cache.h"
#include "base/clock.h"

struct proxy_cache {
    struct proxy *p;
    const struct cache_conf *conf;
    struct cache_index index;
    struct slice key;
    unsigned char main[CACHE_INDEX_KEY], digest[CACHE_INDEX_KEY];
    struct cache_note note;
    struct cache_file file; /* what was found; fd -1: nothing */
    struct cache_draft draft;
    struct cache_head head; /* of the draft */
    struct client_response shown;
    struct timer poll;
    uint64_t since_ms, poll_ms;
    int64_t fetching_since;
    void (*go)(struct proxy *p);
    bool may_keep; /* what the server answers */
    bool is_fetching;
    bool is_validating; /* the server is asked whether `file` is still good */
};

/* Seconds since 1970. */
static inline int64_t proxy_cache_now(void)
{
    return clock_wall_ms() / 1000;
}

/* Logs that `what` failed. */
void proxy_cache_complain(const struct proxy_cache *c, const char *what, const struct err *e);

/* The digest of this request's variant, by the fields that `vary` names. */
void proxy_cache_variant(const struct proxy_cache *c, struct slice vary, unsigned char *out);

/* Others may fetch it now. */
void proxy_cache_end_fetch(struct proxy_cache *c);

#endif
