/* Passing requests on to other servers: one request on its way, by the settings of proxy_conf.h.
 *
 * proxy_step takes the visit over. Its files, lowest first: proxy_conf (what was said), proxy_uri
 * (what is asked for), proxy_target (where to), proxy_request (what is sent), proxy_rewrite
 * (Location, cookies), proxy_response (what of the answer is passed on), proxy_switch (upgrades),
 * proxy_try (attempts), proxy_cache, proxy_cache_keep (what is kept), proxy_store (what becomes a
 * file), proxy_range (a part of an answer), proxy_slices, proxy_slices_fetch (an answer in parts),
 * proxy_leave (a server is let go of), proxy_pace (how fast), proxy_ahead (read before the client
 * takes it), proxy_abandon (without a client), proxy_pump (the answer's body), proxy_step (the
 * course of events: body in, server chosen, head, the next server). */
#ifndef APP_PROXY_PROXY_H
#define APP_PROXY_PROXY_H

#include "app/proxy/proxy_conf.h"
#include "app/proxy/upstream.h"
#include "app/visit.h"
#include "loop/timer.h"

struct balancer;
struct cache_zone;
struct proxy_ahead;
struct proxy_cache;
struct proxy_store;
struct range;

/* One request on its way. In the exchange's pool. */
struct proxy {
    struct visit *v;
    const struct proxy_conf *conf;
    struct proxy_pass pass; /* with the target worked out */
    struct upstream *upstream;
    struct upstream_peer *peer;
    struct client_exchange *up;
    struct balancer *balancer; /* of balancer_by_lua; NULL: has not run */
    upstream_tried tried;
    unsigned tries;
    uint64_t started_ms, attempt_ms;
    struct slice authority;   /* $proxy_host */
    struct addr local;        /* of proxy_bind */
    struct slice bound;       /* what the client is told of its server, see sticky.h */
    struct slice ws_key;      /* that we made up for the server; empty: none */
    uint64_t rate;            /* bytes a second that are read of an answer; 0: any */
    struct timer pace;        /* until more of it may be read */
    struct client_way how;    /* context and name of TLS where that is spoken; whether HTTP/2 is */
    struct body_spool *spool; /* the request's body; NULL: none, or not read ahead */
    struct slice own_body;    /* of proxy_set_body */
    struct upstream_try *history;         /* newest first */
    const struct client_response *cached; /* the head of what was kept, once it is the answer */
    const struct cache_zone *cache_zone;  /* NULL: none */
    struct proxy_cache *cache; /* NULL: it has nothing to do with one; see proxy_cache.h */
    struct proxy_ahead *ahead; /* what the client has not taken yet; NULL: nothing ever was kept */
    struct proxy_store *store; /* the file it becomes; NULL: none; see proxy_store.h */
    const struct range *part;  /* all that the client gets of it; NULL: the whole */
    int64_t part_skips, part_left;
    const struct err *late;    /* the answer has failed, behind what is kept */
    struct slice cache_status; /* $upstream_cache_status; p == NULL: nobody has looked */
    bool is_streaming_body;    /* the request's body is passed on as it comes */
    bool is_flushing;          /* each piece goes to the client at once */
    bool has_begun;            /* the answer */
    bool has_left;             /* `up` is over; kept for the variables */
    bool is_abandoned;         /* see proxy_abandon.h */
    void (*on_request)(struct proxy *p, int status); /* see proxy_request.h */
};

/* The content step of proxy_pass, grpc_pass and fastcgi_pass: arg is a struct proxy_pass *. */
enum step_result proxy_step(struct visit *v, const struct step *s);

/* Passes a request on by these settings, for those who are no step; `pass` is copied. The exchange
 * is answered. */
void proxy_start(struct visit *v, const struct proxy_conf *conf, const struct proxy_pass *pass);

/* The proxy of a visit, NULL: none. */
static inline struct proxy *proxy_of(const struct visit *v)
{
    return v->proxy;
}

/* The request target for the server. */
struct slice proxy_uri(struct proxy *p);

/* What is left of a server's head, which may be one that was kept, is put into the exchange's
 * response. */
void proxy_response_take(struct proxy *p, const struct client_response *up);

/* The head that the answer is made of: NULL as long as there is none. */
static inline const struct client_response *proxy_response_of(const struct proxy *p)
{
    return p->cached ? p->cached : p->up ? &p->up->res : NULL;
}

/* Its trailers, when it has ended. */
void proxy_response_take_trailers(struct proxy *p);

/* X-Accel-Redirect: does the answer come from `to` with `query` (p == NULL: none) instead? */
bool proxy_response_elsewhere(const struct proxy *p, struct slice *to, struct slice *query);

/* What of the server's head is said of the answer all the same. */
void proxy_response_take_for_elsewhere(struct proxy *p);

/* What of it is said of the error page that takes the answer's place. */
void proxy_response_take_for_page(struct proxy *p);

/* Does each piece go to the client at once, by the settings or by X-Accel-Buffering? */
bool proxy_response_is_flushed(const struct proxy *p);

/* proxy_intercept_errors: does an error page take its place? */
bool proxy_response_is_replaced(const struct proxy *p);

/* Is that a field of the connection, which says nothing of the answer? */
bool proxy_response_is_of_connection(const struct client_response *up, const struct header *h);

#endif
