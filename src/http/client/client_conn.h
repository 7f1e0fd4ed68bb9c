/* A connection to a server, over any stream: input, output, life. What is spoken on it is the
 * protocol's business (client_h1).
 *
 * It belongs to an owner (a pool), which gives it exchanges while it is free and is told when it is
 * free again or has closed. A connection is closed at once and freed at the end of the turn, so who
 * goes on after an upcall looks at `stream` (NULL: closed). Internal to the client's files. */
#ifndef HTTP_CLIENT_CONN_H
#define HTTP_CLIENT_CONN_H

#include "http/client/client_exchange.h"
#include "http/conn_input.h"
#include "loop/loop.h"
#include "proto/http1_body.h"

struct client_conn;

/* May be called from inside client_exchange_read, client_exchange_forget and
 * client_exchange_cancel, never while an exchange is being started. */
struct client_conn_owner {
    void (*on_free)(struct client_conn *c); /* may take another exchange */
    /* `x`, in state WAITING, is not carried any more, the answer had not begun; to be failed or
     * queued. `is_unseen`: the server has not looked at it. May be NULL where one exchange at a
     * time is carried */
    void (*on_lost)(struct client_conn *c, struct client_exchange *x, const struct err *why,
                    bool is_unseen);
    void (*on_closed)(struct client_conn *c, struct client_exchange *lost,
                      const struct err *why); /* c is gone. `lost`: what it carried when the answer
                                                 had not begun; no longer carried, state WAITING,
                                                 valid during the call. NULL: nothing */
};

/* Called from the loop only. */
struct client_conn_protocol {
    void (*on_readable)(struct client_conn *c);
    void (*on_work)(struct client_conn *c);    /* after every event and when scheduled */
    void (*on_expired)(struct client_conn *c); /* NULL: it starts no timer */
    int (*wants)(const struct client_conn *c); /* IO_READ or 0 */
    /* the owner's: sends the request of `x`, NEW or QUEUED, where there is room. No callback and no
     * upcall before return */
    void (*start)(struct client_conn *c, struct client_exchange *x);
    unsigned (*room)(const struct client_conn *c);   /* exchanges that it takes now */
    bool (*is_settled)(const struct client_conn *c); /* room() is what it will be; NULL: always */
    /* the stream is closed, on_closed follows; may be NULL */
    void (*on_end)(struct client_conn *c, const struct err *why);
};

enum client_conn_phase {
    CLIENT_CONN_FREE,
    CLIENT_CONN_BUSY,
    CLIENT_CONN_DRAIN, /* the rest of a response that nobody wants is dropped */
};

struct client_conn {
    struct list node; /* the owner's */
    void *user;       /* the owner's */
    const struct client_conn_owner *owner;
    const struct client_conn_protocol *protocol;
    void *state;           /* the protocol's */
    struct stream *stream; /* NULL: closed */
    struct client_exchange *x;
    struct outq out;
    struct conn_input in;
    struct http1_body body;
    struct loop_call later;
    struct timer timer; /* of an unanswered Expect, or of draining */
    uint64_t opened_ms, free_since_ms;
    const struct err *send_err; /* the peer takes no more; what it has sent is read first */
    uint32_t served;
    uint32_t dropped; /* bytes while draining; before that, 1xx heads */
    uint8_t phase, watched, reads;
    bool is_running;   /* inside an event: on_work follows */
    bool is_blocked;   /* the stream took no more */
    bool is_body_held; /* until 100 Continue */
    bool is_prompt;    /* small pieces do not wait for an acknowledgement (TCP_NODELAY) */
    bool has_eof;
    bool has_answered;  /* a request of it */
    bool must_close;    /* after this exchange */
    bool is_background; /* the owner's: free, and does not keep the loop going */
};

/* A free connection on `s`, which it owns from now on. */
struct client_conn *client_conn_open(struct stream *s, const struct client_conn_protocol *protocol,
                                     const struct client_conn_owner *owner, void *user);

/* Closes a free connection; on_closed is not called. */
void client_conn_close(struct client_conn **c);

/* Closes it, with an error for what it carries; on_closed is called. Nothing when closed already.
 */
void client_conn_end(struct client_conn *c, const struct err *why);

/* It carries c->x no more. */
void client_conn_let_go(struct client_conn *c);

/* Gives the stream, unread input and unsent output away; on_closed is called without an error. */
struct stream *client_conn_take_stream(struct client_conn *c, struct buf *in, struct outq *out);

/* Can it take an exchange? */
static inline bool client_conn_is_free(const struct client_conn *c)
{
    return c->phase == CLIENT_CONN_FREE && c->stream;
}

/* The unread input; contiguous, valid until the next call that reads. */
struct slice client_conn_input(const struct client_conn *c);

/* Takes the first `n` bytes off the input. */
void client_conn_consume(struct client_conn *c, size_t n);

/* Reads once behind the unread input; answers as stream_read, sets has_eof. STREAM_AGAIN also when
 * the buffer is full. */
ssize_t client_conn_read(struct client_conn *c);

/* From now on small pieces go at once. */
void client_conn_set_prompt(struct client_conn *c);

/* Queues bytes; much at once is offered to the stream before it is copied. */
void client_conn_write(struct client_conn *c, struct slice s);

/* Sends what is queued as far as it goes; no upcalls. A broken stream shows in stream->err. */
void client_conn_flush(struct client_conn *c);

/* Has what is queued sent at the very end of the turn, together with the output of other
 * connections; on_work follows. False: it is to be sent now. */
bool client_conn_flush_late(struct client_conn *c) MUST_USE;

/* Has on_work called before the turn's work ends; nothing to do inside an event, which on_work
 * follows anyway. */
void client_conn_work_soon(struct client_conn *c);

/* The same, at the very end of the turn. */
void client_conn_work_late(struct client_conn *c);

/* Has on_work called once more, also from inside it. */
void client_conn_call(struct client_conn *c);

#endif
