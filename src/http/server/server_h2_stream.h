/* What HTTP/2 on a server's connection keeps: the connection's part and one record a stream. The
 * record lives until the session has closed the stream and whoever held its exchange has let go.
 *
 * Internal to the server_h2 files. */
#ifndef HTTP_SERVER_H2_STREAM_H
#define HTTP_SERVER_H2_STREAM_H

#include "http/h2_stream.h"
#include "http/server/server_conn.h"

/* Pseudo-fields and such of the one head that is coming in. */
struct server_h2_head {
    struct slice scheme, authority; /* in the exchange's pool */
    struct buf cookies;             /* crumbs, joined */
    bool is_too_large;
};

enum server_h2_ending {
    SERVER_H2_OPEN,
    SERVER_H2_NOTICED, /* the peer was told to open no more streams, and has not said that it knows
                        */
    SERVER_H2_GOING,   /* new streams are not taken any more */
};

struct server_h2 {
    struct server_conn *conn;
    struct h2_link link;
    struct list streams;
    struct list held; /* answered streams whose bytes are not out, in that order; by s.news */
    struct server_h2_stream *fresh; /* its head is complete, the app does not know yet */
    struct server_h2_head head;
    unsigned n_streams;
    uint8_t ending;
    uint64_t put;             /* bytes that have been queued for the peer */
    struct exchange *sending; /* whose head is being sent, to be counted */
    bool may_send_data;       /* data may go to the connection's queue now */
    bool is_mid_head;         /* a head is incomplete since conn->since */
    bool has_preface;         /* the peer's */
    bool is_dead;             /* the connection has been closed */
};

struct server_h2_stream {
    struct h2_stream s;
    struct list node; /* in h2->streams */
    struct server_h2 *h2;
    struct exchange *x; /* NULL: none any more */
    bool has_body;      /* the response has one on the wire */
    bool is_by_peer;    /* it is closed because the peer has reset it */
    size_t dropped;     /* bytes of it that nobody wanted */
    struct timer timer;
    uint64_t moved_at; /* when bytes moved last, by clock_ms() */
    uint64_t sent;     /* bytes of the response's body that the session has */
    uint64_t put;      /* of a held one: h2->put when its answer was complete */
    bool is_paced;     /* asleep until time has passed: the exchange's send_rate is used up */
};

/* A record for stream `id`, which carries `x`. */
struct server_h2_stream *server_h2_stream_new(struct server_h2 *h2, int32_t id, struct exchange *x);

/* Takes it off the connection; it has no exchange any more. */
void server_h2_stream_remove(struct server_h2_stream *st);

/* Frees a record that was removed. */
void server_h2_stream_free(void *st);

/* The exchange, which is the app's from now on, is not this stream's any more; NULL: there was
 * none. What it had queued is dropped. */
struct exchange *server_h2_stream_let_go(struct server_h2_stream *st);

/* The answer is out, but the peer still sends: what comes is dropped, for `ms` and up to a limit;
 * then the rest is refused (RFC 9113 section 8.1). */
void server_h2_stream_drain(struct server_h2_stream *st, uint64_t ms);

/* h2_events.on_data */
void server_h2_stream_on_data(void *user, void *stream, struct slice data);

/* h2_events.on_end */
void server_h2_stream_on_end(void *user, void *stream);

/* exchange_transport.read_body */
enum body_result server_h2_stream_read_body(struct exchange *x, struct slice *data);

/* exchange_transport.wait_body */
void server_h2_stream_wait_body(struct exchange *x);

/* How many bytes of body may go to the session now; none: it is woken when it is time. */
size_t server_h2_stream_allowance(struct server_h2_stream *st);

/* exchange_transport.has_whole_body */
bool server_h2_stream_has_whole_body(const struct exchange *x);

/* Is there something for a waiting reader? */
bool server_h2_stream_has_body_news(const struct server_h2_stream *st);

/* Begins to mind the time until bytes move. */
void server_h2_stream_watch_time(struct server_h2_stream *st);

#endif
