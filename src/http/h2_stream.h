/* A stream of HTTP/2 as either side keeps it: bytes that have come and were not read, bytes that
 * are to go, how far each direction is. What an exchange makes of it is server_h2's and
 * client_h2's business; h2_tunnel makes a stream of bytes of it.
 *
 * What comes is kept here, never more than the window of the stream, which opens again only by what
 * was read. So a reader that is slow stops its own stream. The window that all streams share opens
 * at once, so that the others go on, unless so much is kept that memory would not be bounded: then
 * what is kept is withheld from it, and given back by reading. */
#ifndef HTTP_H2_STREAM_H
#define HTTP_H2_STREAM_H

#include "base/buf.h"
#include "base/list.h"
#include "net/outq.h"
#include "proto/h2_session.h"

enum { H2_FRAME_HEAD = 9 };

enum h2_in { H2_IN_HEAD, H2_IN_BODY, H2_IN_ENDED };

enum h2_out {
    H2_OUT_NONE,
    H2_OUT_HEAD, /* the head waits for what may follow at once */
    H2_OUT_BODY,
    H2_OUT_LAST, /* all of the body has been given */
    H2_OUT_SENT, /* … and is with the connection */
};

struct h2_stream;

/* The connection's part. */
struct h2_link {
    struct h2_session *session;
    struct list news; /* streams with something to be done outside of the session */
    size_t held;      /* bytes kept for readers */
    size_t withheld;  /* of the shared window: not given back because of those */
    size_t window;    /* that size */
    void (*schedule)(struct h2_link *l);     /* what is to be sent goes before the turn ends */
    void (*abandon)(struct h2_stream *left); /* its owner has left, the peer has not ended */
};

struct h2_stream {
    struct list news;     /* in link->news, or in none */
    struct h2_link *link; /* NULL: the connection is gone */
    void *owner;          /* who has the stream since the exchange was detached; NULL: nobody */
    void (*on_news)(struct h2_stream *st); /* then: something has changed */
    int32_t id;
    uint8_t in, out_state; /* enum h2_in, h2_out */
    bool is_closed;        /* by the session */
    bool is_asleep;        /* the session waits for h2_session_resume */
    uint32_t code;         /* with which it was closed */
    struct outq out;       /* what the session has not asked for yet */
    struct slice direct;   /* behind `out`: borrowed from the app while it sends */
    struct buf body;       /* what has come */
    size_t body_at;        /* read up to here */
};

/* A stream of the link. */
void h2_stream_init(struct h2_stream *st, struct h2_link *link, int32_t id);

/* Leaves the link; drops what it holds. */
void h2_stream_deinit(struct h2_stream *st);

/* Leaves the link, which does not count any more what it holds for its reader. */
void h2_stream_leave(struct h2_stream *st);

/* There is something to be done outside of the session. */
void h2_stream_note(struct h2_stream *st);

/* Keeps data that has come. */
void h2_stream_receive(struct h2_stream *st, struct slice data);

/* `n` bytes have come that nobody wants. */
void h2_stream_drop(struct h2_stream *st, size_t n);

/* Is there something to read? */
static inline bool h2_stream_has_data(const struct h2_stream *st)
{
    return st->body.n > st->body_at;
}

/* Takes all that has come, valid until more comes or is read. Empty: there is nothing. */
struct slice h2_stream_read(struct h2_stream *st);

/* Moves what has come to the end of `to`. */
void h2_stream_take(struct h2_stream *st, struct buf *to);

/* Moves the next `n` bytes of `out` and `direct` to the end of `q` as one frame, behind its head.
 * An error: a file could not be read; nothing was added. */
const struct err *h2_stream_send(struct h2_stream *st, struct outq *q, struct slice head, size_t n);

/* Drops both queues. */
void h2_stream_clear(struct h2_stream *st);

/* There is more for the session in `out`, or the end; it may have waited for that. */
void h2_stream_wake(struct h2_stream *st);

#endif
