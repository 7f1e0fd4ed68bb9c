/* Connections to origins, kept for reuse and limited in number; requests that wait for one.
 *
 * An origin is whatever answers to one key: scheme, host, port and how it is reached. A request
 * takes the connection that became free last, else a new one is made while the limits allow, else
 * it waits; waiters are served in their order. A connection that is being made belongs to nobody in
 * particular: the first waiter takes whatever is ready first, and a connection that nobody waits
 * for any more is not made.
 *
 * Where HTTP/2 is spoken requests share a connection as far as the server allows; another one is
 * made when there is room on none. What will be spoken shows when the first connection is there:
 * until then only one is made for an origin that offers a choice.
 *
 * What a server has certainly not looked at (REFUSED_STREAM, GOAWAY) is sent again, a few times. A
 * request that met a connection which the server had closed, before any byte of an answer, is
 * sent again once on a fresh one where that does no harm. */
#ifndef HTTP_CLIENT_POOL_H
#define HTTP_CLIENT_POOL_H

#include "http/client/client_dial.h"
#include "http/client/client_exchange.h"
#include "http/client/client_h2.h"

struct client_pool;
struct client_origin;

struct client_pool_options {
    unsigned connections_per_host; /* 8; 0: no limit */
    unsigned total_connections;    /* 1024; 0: no limit */
    unsigned max_queue_size; /* 65536, for each origin, beside those a connection is made for */
    unsigned max_idle;       /* free connections kept for an origin; 0: no limit of its own */
    unsigned max_requests;   /* on one connection; 0: no limit */
    uint64_t idle_timeout;   /* 60 s: how long a free connection is kept; 0: for ever */
    uint64_t max_age;        /* of a connection; 0: any */
    bool measures;           /* each origin has a gauge */
    struct client_h2_options http2;
};

/* The defaults above. */
extern const struct client_pool_options client_pool_defaults;

struct client_pool_stats {
    unsigned connections, idle, dialling, queue;
    uint64_t requests, opened, reused, retried, failed;
};

/* A pool without connections. `dialer` makes them; it is not copied. */
struct client_pool *client_pool_new(const struct client_pool_options *o,
                                    const struct client_dialer *dialer);

/* Those who wait fail with err_closed; free connections close now, the others after their exchange.
 * The pool is freed when the last has gone. Clears the pointer. */
void client_pool_close(struct client_pool **p);

/* The origin of that key, made with `way` (copied) when it is not there. Valid until control
 * returns to the loop, or as long as it has connections or waiters. */
struct client_origin *client_pool_origin(struct client_pool *p, struct slice key,
                                         const struct client_way *way);

/* The origin of that key, or NULL. */
struct client_origin *client_pool_find(struct client_pool *p, struct slice key);

/* Sends `x`, now or when there is a connection. Failures are told by on_failed, never before
 * return.
 */
void client_pool_submit(struct client_origin *o, struct client_exchange *x);

/* Calls `fn` for every origin. */
void client_pool_each(struct client_pool *p, void (*fn)(void *user, struct client_origin *o),
                      void *user);

/* The key of an origin. */
struct slice client_origin_key(const struct client_origin *o);

/* What an origin has and did. */
struct client_pool_stats client_origin_stats(const struct client_origin *o);

/* How it has been used since the pool's last client_pool_fit, up to now; NULL: the pool does not
 * measure. */
const struct usage *client_origin_usage(struct client_origin *o);

/* A period is over: each origin of a pool that measures keeps as many connections as would have
 * been at work for the share `target` of it, and its gauge begins anew. */
void client_pool_fit(struct client_pool *p, double target);

#endif
