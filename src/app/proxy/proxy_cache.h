/* proxy_cache: the part of a cache in a request that is passed on. Internal to the files of the
 * proxy; those that come before proxy_step. */
#ifndef APP_PROXY_PROXY_CACHE_H
#define APP_PROXY_PROXY_CACHE_H

#include "app/proxy/proxy.h"

struct proxy_cache; /* p->cache; in the exchange's pool */

enum proxy_cache_turn {
    PROXY_CACHE_ASK,    /* the server is asked */
    PROXY_CACHE_SERVE,  /* proxy_cache_serve answers */
    PROXY_CACHE_BEHIND, /* the same, and the server is asked behind the client's back */
    PROXY_CACHE_WAIT,   /* another request fetches it: `go` is called once */
};

/* Looks for an answer in p->cache_zone. */
enum proxy_cache_turn proxy_cache_begin(struct proxy *p, void (*go)(struct proxy *p));

/* The same again, in `go`. */
enum proxy_cache_turn proxy_cache_go_on(struct proxy *p);

/* Answers with what was found, after the server has been let go of. */
void proxy_cache_serve(struct proxy *p);

/* The method for the server, where the client's is `method`. */
struct slice proxy_cache_method(const struct proxy_cache *c, struct slice method);

/* Is that a field of requests by which the cache asks on its own account, and not the client? */
bool proxy_cache_asks_itself(enum header_id id);

/* Adds the conditions of a validation to p->up->req. */
void proxy_cache_add_fields(struct proxy *p);

/* The server has failed (bits of enum proxy_next), or nobody was there: is what was kept the answer
 * now? */
bool proxy_cache_covers(struct proxy *p, unsigned bits);

/* The server's head has come: is what was kept the answer, being still good, or better than that?
 */
bool proxy_cache_takes_head(struct proxy *p);

/* It is not: the answer of p->up is kept, if it may be. */
void proxy_cache_keep(struct proxy *p);

/* A piece of it. With `is_last` it is whole. */
void proxy_cache_add(struct proxy *p, struct slice bytes, bool is_last);

/* Is the server to be heard out, although the client is gone? */
bool proxy_cache_wants_rest(const struct proxy *p);

/* Whatever was begun comes to nothing now; others may fetch it. */
void proxy_cache_end(struct proxy *p);

/* The same, and what is open is closed. */
void proxy_cache_free(struct proxy *p);

#endif
