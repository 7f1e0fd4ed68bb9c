/* One server asked by one health check, again and again. health.c says when and what follows;
 * health_http.c and health_stream.c ask. */
#ifndef APP_PROXY_HEALTH_PROBE_H
#define APP_PROXY_HEALTH_PROBE_H

#include "app/proxy/health.h"
#include "base/list.h"
#include "http/client/client_pool.h"
#include "loop/timer.h"
#include "net/outq.h"

struct health_probe {
    struct list node;
    struct health_check *check;
    struct upstream_peer *peer;
    struct timer timer;     /* of the next question; of stream also the time for an answer */
    unsigned fails, passes; /* in a row */
    /* `why` NULL: the server is as it must be; else what it failed at. The question is over. */
    void (*on_done)(struct health_probe *p, const char *why);
    struct buf in; /* what has come of the answer */
    struct client_way way;
    struct client_pool *pool; /* of http */
    struct client_exchange *up;
    void *dial; /* of stream */
    struct stream *stream;
    struct outq out;
};

/* Asks over HTTP. */
void health_http_ask(struct health_probe *p);

/* Stops asking; harmless when nothing is asked. */
void health_http_stop(struct health_probe *p);

/* Asks by a connection, and what `match` says to send over it. */
void health_stream_ask(struct health_probe *p);

/* As health_http_stop. */
void health_stream_stop(struct health_probe *p);

#endif
