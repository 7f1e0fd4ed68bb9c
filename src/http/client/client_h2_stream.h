/* What HTTP/2 on a client's connection keeps: the connection's part and one record a stream, which
 * lives until the session has closed the stream and its exchange or its tunnel has let go. When the
 * connection goes, a response that has begun keeps what had come of it.
 *
 * Internal to the client_h2 files: client_h2_head, client_h2_in, client_h2_stream, client_h2_out,
 * client_h2. */
#ifndef HTTP_CLIENT_H2_STREAM_H
#define HTTP_CLIENT_H2_STREAM_H

#include "http/client/client_h2.h"
#include "http/h2_stream.h"

/* The head that is coming in: one at a time on a connection. */
struct client_h2_head {
    struct buf text; /* "HTTP/2 200", then a line for each field */
    unsigned n;      /* fields */
    int status;
};

struct client_h2 {
    struct h2_link link;
    struct client_conn *conn;
    const struct client_h2_options *options;
    struct list streams;
    struct client_h2_head head;
    struct client_exchange *sending; /* whose head is being sent, to be counted */
    unsigned n_streams, n_open;      /* records; streams that the session has open */
    unsigned n_active;               /* records that somebody waits for */
    uint64_t read_ms;                /* when something came last */
    char reason[160];                /* what the server said, or did, to end it; may be empty */
    bool has_room_news;              /* the owner is to be told */
    bool has_pinged;
    bool is_urgent;   /* something noted does not wait for more input */
    bool is_released; /* it does not keep the loop going */
    bool is_broken;   /* the server has broken a rule */
    bool is_dead;     /* the connection is closed */
    bool wants_http1; /* the server has said so in a GOAWAY */
};

struct client_h2_stream {
    struct h2_stream s;
    struct list node; /* in h2->streams */
    struct client_h2 *h2;
    struct client_exchange *x; /* NULL: it has let go */
    struct header_list informational;
    int informational_status; /* 0: none to be told */
    unsigned n_informational, dropped;
    uint64_t received;            /* of the body */
    const struct err *err;        /* why the response cannot go on */
    const struct err *length_err; /* how its length differs from what the head has said */
    struct timer timer;           /* of an unanswered Expect */
    bool has_new_head;            /* to be told */
    bool is_body_held;            /* until 100 Continue */
    bool is_by_peer;              /* the server has reset it */
    bool is_active;               /* counted in n_active */
    bool is_unwanted;             /* reset it when our side has ended */
};

/* h2_events.on_field */
bool client_h2_head_on_field(void *user, void *stream, struct slice name, struct slice value);

/* h2_events.on_head_end */
void client_h2_head_on_end(void *user, void *stream, bool is_trailers, bool is_too_large,
                           size_t wire);

/* The request of `x`, NEW or QUEUED, on a stream of its own. No upcall before return. */
void client_h2_stream_start(struct client_h2 *h2, struct client_exchange *x);

/* Does what was noted about streams: upcalls to users. */
void client_h2_stream_settle(struct client_h2 *h2);

/* The connection is gone: exchanges fail, or keep what had come. */
void client_h2_stream_lose_all(struct client_h2 *h2, const struct err *why);

/* A connection that takes no more requests is not kept for answers that have come whole: they wait
 * for their readers without it. */
void client_h2_stream_part_whole(struct client_h2 *h2);

/* A held head may go, or fails: the server's SETTINGS have come. */
void client_h2_stream_note_settings(struct client_h2 *h2);

/* h2_events of the same names */
void client_h2_in_on_data_head(void *user, void *stream, size_t n, bool is_last);
void client_h2_in_on_data(void *user, void *stream, struct slice data);               /* likewise */
void client_h2_in_on_end(void *user, void *stream);                                   /* likewise */
void client_h2_in_on_close(void *user, void *stream, uint32_t code, bool is_by_peer); /* likewise */

/* Sends the head of a stream's request and what can go with it. */
void client_h2_out_head(struct client_h2_stream *st);

/* The body that waited for 100 Continue may go. */
void client_h2_out_release(struct client_h2_stream *st);

/* client_transport.write */
void client_h2_out_write(struct client_exchange *x, const struct chunk *c);

/* h2_events of the same names */
enum h2_pull client_h2_out_on_pull(void *user, void *stream, size_t most, size_t *n);
void client_h2_out_on_output(void *user, struct slice bytes); /* likewise */
bool client_h2_out_on_output_data(void *user, void *stream, struct slice head,
                                  size_t n);              /* likewise */
void client_h2_out_on_end_sent(void *user, void *stream); /* likewise */

#endif
