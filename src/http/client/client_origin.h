/* An origin of a pool: its connections, who waits for one, what was counted. Internal to the files
 * of the pool: client_pool (brings waiters and connections together), client_queue (waiters),
 * client_idle (free connections). */
#ifndef HTTP_CLIENT_ORIGIN_H
#define HTTP_CLIENT_ORIGIN_H

#include "base/clock.h"
#include "base/map.h"
#include "http/client/client_conn.h"
#include "http/client/client_gauge.h"
#include "http/client/client_pool.h"
#include "http/client/client_way.h"

enum client_origin_protocol { ORIGIN_UNKNOWN, ORIGIN_HTTP1, ORIGIN_HTTP2 };

/* What the pool does when something has changed. */
struct client_pool_steps {
    void (*pump)(struct client_origin *o); /* a waiter or a connection has come or gone */
    void (*told)(struct client_pool *p);   /* those who were refused know by now */
};

struct client_pool {
    struct client_pool_options o;
    const struct client_dialer *dialer;
    const struct client_pool_steps *steps;
    struct map origins; /* key → struct client_origin * */
    struct list starved;
    unsigned n_open; /* connections and attempts of all origins */
    bool is_closed;
};

struct client_origin {
    struct client_pool *pool;
    struct slice key;
    struct client_way_copy way;
    struct list idle, shared, busy, queue, dials; /* shared: at work, and there is room for more */
    struct list starved_node;
    unsigned n_conns, n_idle, n_queue, n_dials;
    struct timer timer;     /* of the connection that has been free longest */
    struct loop_call later; /* to fail those who cannot be queued */
    struct list refused;
    struct client_pool_stats stats;
    struct client_gauge *gauge;           /* NULL: nobody asks */
    enum client_origin_protocol protocol; /* that it spoke last */
    struct pool memory;
};

/* A new one, which is not among the pool's yet. */
struct client_origin *client_origin_new(struct client_pool *p, struct slice key,
                                        const struct client_way *way);

/* Frees an empty one. */
void client_origin_free(struct client_origin *o);

/* Has it neither connections nor anybody who waits? */
bool client_origin_is_empty(const struct client_origin *o);

/* From now on HTTP/1.1 is spoken with it (RFC 9113 section 7), where the choice is ours; what goes
 * on over HTTP/2 goes on to its end. */
void client_origin_fall_back(struct client_origin *o);

/* To be called before n_conns or n_idle changes: counts how busy it was. */
static inline void client_origin_count(struct client_origin *o)
{
    if (o->gauge)
        usage_pass(&o->gauge->usage, clock_us_now(), o->n_conns - o->n_idle, o->n_conns);
}

#endif
