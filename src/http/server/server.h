/* An HTTP server: connections accepted from listeners, each carrying exchanges for one callback. */
#ifndef HTTP_SERVER_H
#define HTTP_SERVER_H

#include "base/list.h"
#include "base/log.h"
#include "http/exchange.h"
#include "net/stream.h"

struct proxy_proto;

/* What is known of a connection that is handed over. */
struct server_stream {
    const struct addr *peer;         /* of the connection, whoever speaks for the client */
    const struct proxy_proto *proxy; /* what a proxy said of the client; NULL: nothing */
    struct slice in;                 /* bytes that were read already */
    uint64_t id, since_ms;
    unsigned passes; /* 0: it was accepted here */
};

struct server {
    const struct http_settings *settings; /* for connections until an exchange chooses its own */
    void (*on_exchange)(struct exchange *x,
                        void *user); /* a head has been read; state is HANDLING */
    void (*on_bad_request)(struct exchange *x, int status,
                           void *user); /* same, but the head was bad: answer this status, then the
                                           connection closes */
    /* Not HTTP: takes over connections once they are there, after their handshake if `tls` is set.
     * `s` is theirs; `id` numbers connections. NULL: HTTP is spoken */
    void (*on_stream)(struct server *server, struct stream *s, const struct server_stream *about);
    void *user;
    struct tls_ctx *tls; /* connections begin with TLS by this context; NULL: in the clear */
    struct log_ctx log;
    struct list conns;
    unsigned n_conns;
    bool speaks_http2;       /* with clients that want it */
    bool has_proxy_protocol; /* connections begin with its header */
    bool is_draining;
    bool is_crowded;
    void (*on_idle)(struct server *s); /* draining, and the last connection has gone; may be NULL */
    void (*on_closed)(struct server *s); /* a connection has gone; may be NULL */
};

/* Prepares a server without connections. */
void server_init(struct server *s, const struct http_settings *settings, void *user);

/* Serves HTTP on an accepted socket, which it owns from now on. Reads from it within this turn
 * of the loop, but not before returning. */
void server_adopt(struct server *s, int fd, const struct addr *peer);

enum { SERVER_PASSES_MOST = 7 };

/* The same on a stream that comes from another server here, as `about` says; its `passes`, one more
 * than there, must not be above SERVER_PASSES_MOST. No header of the PROXY protocol is awaited:
 * s->has_proxy_protocol must be false. */
void server_adopt_stream(struct server *s, struct stream *stream,
                         const struct server_stream *about);

/* The number of a connection that comes in another way. */
uint64_t server_next_id(void);

/* Graceful end: idle connections close now (unless a request has just come in), busy ones after
 * their exchange, new ones when they have had a short time to send their first request; then
 * on_idle (from the loop). */
void server_drain(struct server *s);

/* While a server is crowded, no connection is kept alive, and of those that are idle already some,
 * the oldest, close now (not before returning). Returns how many. */
unsigned server_set_crowded(struct server *s, bool is_crowded);

/* Closes every connection now; exchanges are aborted. The server may be freed once the turn of the
 * loop has ended. */
void server_close_all(struct server *s);

#endif
