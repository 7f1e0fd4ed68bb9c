/* One request and its response, on any transport. The middle of the one-way street.
 *
 *   transport -- exchange_new, on_exchange --> app -- exchange_start, … --> filters --> transport
 *
 * States only move forward, by one setter: IDLE, HEAD_IN, HANDLING, HEAD_OUT, BODY_OUT, DONE; or
 * DETACHED, ABORTED. The app answers with exchange_respond (whole) or exchange_start,
 * exchange_write…, exchange_end (in pieces). It may do so inside on_exchange or any time later. An
 * exchange lives until the transport is through with it and the last hold of the app is released;
 * then `on_done` has run and the pool is freed. */
#ifndef HTTP_EXCHANGE_H
#define HTTP_EXCHANGE_H

#include "base/err.h"
#include "base/log.h"
#include "base/pool.h"
#include "http/message.h"
#include "http/settings.h"
#include "net/addr.h"
#include "net/outq.h"

enum exchange_state {
    EXCHANGE_IDLE,
    EXCHANGE_HEAD_IN,
    EXCHANGE_HANDLING,
    EXCHANGE_HEAD_OUT,
    EXCHANGE_BODY_OUT,
    EXCHANGE_DONE,
    EXCHANGE_DETACHED,
    EXCHANGE_ABORTED
};

enum body_result {
    BODY_DATA,   /* a piece, valid until the loop or the next read of any exchange */
    BODY_WAIT,   /* none now: exchange_wait_body */
    BODY_END,    /* complete; trailers are in req.trailers */
    BODY_FAILED, /* x->body_err tells: err_too_large, err_truncated, err_timeout, err_protocol */
};

/* Whoever wanted to go on asking, and has ended its side, is gone; until when nothing is to be done
 * for it any more. The app says so, in this order. */
enum exchange_end {
    EXCHANGE_ENDS_NEVER,
    EXCHANGE_ENDS_UNANSWERED, /* until the answer has begun */
    EXCHANGE_ENDS_MIDWAY,     /* until the app has given all of it */
};

struct exchange;
struct exchange_transport;
struct filter;
struct body_spool;
struct body_reader;
struct proxy_proto;
struct tcp_figures;

/* What the app fills in; all optional, called from the loop unless noted. */
struct exchange_user {
    /* the peer is gone; answers are ignored from now on */
    void (*on_cancel)(struct exchange *x, const struct err *why);
    /* it is over, once; the pool still alive: logging. May be called inside exchange_end */
    void (*on_done)(struct exchange *x);
    void (*on_drained)(struct exchange *x); /* one-shot, see exchange_wait_drained */
    void (*on_body)(struct exchange *x);    /* one-shot, see exchange_wait_body */
};

struct exchange {
    const struct exchange_transport *transport;
    void *conn; /* the transport's connection or stream */
    enum exchange_state state;
    unsigned holds;
    const struct http_settings *settings;
    struct exchange_user user;
    void *app;                /* the app's own data */
    struct slice server_name; /* for log lines; the app sets it once it has chosen */
    struct body_spool *spool; /* the whole request body, when somebody asked for it */
    const struct body_reader
        *reader; /* changes the request body as it is read; NULL: nothing does */
    void *reader_data;
    struct filter *filters; /* outermost first; NULL: straight to the transport */
    struct filter *paused;  /* hold pieces back, nearest to the wire first; see filter_pause */
    struct request req;
    struct response res;
    const struct err *body_err, *abort_err;
    struct log_ctx log;
    const struct addr *peer, *local;             /* local: NULL until exchange_local asked */
    struct tcp_figures *figures;                 /* NULL until exchange_figures asked */
    const struct proxy_proto *proxied;           /* what a proxy said of the client; or NULL */
    uint64_t connection_id, connection_requests; /* $connection, $connection_requests */
    uint64_t connected_ms;                       /* clock_ms() when the connection was made */
    uint64_t start_ms, send_since; /* clock_ms: first byte of the head; the response's head sent */
    int64_t start_wall_ms;
    uint64_t request_length; /* head and body bytes received */
    int64_t body_received;   /* bytes of the body handed out, without framing */
    int64_t body_left;       /* of the promised content_length; -1: nothing was promised */
    uint64_t bytes_sent, body_bytes_sent;
    int64_t send_rate; /* bytes a second, 0: no limit; -1: what the settings say */
    size_t drain_goal; /* on_drained is due when no more than this is queued */
    bool keep_alive;   /* decided when the head goes out; the app may clear it before */
    bool is_waiting_body, is_waiting_drained;
    bool has_body_read; /* read_body was asked at least once */
    bool has_ended;     /* the app has given the last piece */
    bool is_complete;   /* the last piece has gone out: a filter may end a response early */
    bool is_head;       /* asked for by HEAD; the app may change req.method, this stays */
    bool has_file;      /* a piece of the response was a file */
    enum exchange_end ends_with_client;
    struct pool pool; /* its first block lies behind this */
};

/* "HANDLING" … */
const char *exchange_state_name(enum exchange_state s);

/* Appends what a peer has sent, for a log line: control bytes as \xHH. */
void exchange_add_shown(struct buf *out, struct slice s);

/* What a client has sent, for a log line: control bytes as \xHH. In the pool if not `s` itself. */
struct slice exchange_shown(struct exchange *x, struct slice s);

/* The descriptor of the connection, which HTTP/2 shares with others; -1: there is none (any more).
 */
int exchange_socket(const struct exchange *x);

/* Our address of the connection, asked from the socket once; NULL when it has none any more. */
const struct addr *exchange_local(struct exchange *x);

/* What the kernel knows now of the way to the client. NULL: it is not of TCP, or has gone; with
 * `logs_connection` what was known when a response had ended stays. */
const struct tcp_figures *exchange_figures(struct exchange *x);

/* Keeps `x` alive; pairs with exchange_release. */
void exchange_hold(struct exchange *x);

/* Gives up a hold; the last one frees. */
void exchange_release(struct exchange *x);

/* --- answering (app) --- */

/* Has the head gone out, or can it not any more? */
static inline bool exchange_has_started(const struct exchange *x)
{
    return x->state >= EXCHANGE_HEAD_OUT;
}

/* Sends the head: x->res with content_length (-1: of unknown length), through the filters. HEAD,
 * 204, 304: bodies that follow are dropped. State becomes HEAD_OUT. Not allowed after it has
 * started. */
void exchange_start(struct exchange *x);

/* Sends a piece through the filters; starts the response when it was not. A body longer or shorter
 * than the promised length is cut or aborts. Ignored after ABORTED. c->is_last: the end. */
void exchange_write(struct exchange *x, const struct chunk *c);

/* Ends the response; with nothing written the body is empty. Ending again does nothing. */
void exchange_end(struct exchange *x);

/* A whole response in one go: x->res.status and headers as set, this body; `keeper`: see struct
 * chunk. */
void exchange_respond_kept(struct exchange *x, struct slice body, struct keeper *keeper);

/* The same with a body that nobody keeps. */
static inline void exchange_respond(struct exchange *x, struct slice body)
{
    exchange_respond_kept(x, body, NULL);
}

/* A 1xx response (103 …) before the final one. Nothing on HTTP/1.0 or once started. */
void exchange_inform(struct exchange *x, int status, const struct header_list *headers);

/* Is more output queued than the watermark? Then a producer should wait. */
bool exchange_is_congested(const struct exchange *x);

/* on_drained will be called once, from the loop, when output is below the watermark, or empty. */
void exchange_wait_drained(struct exchange *x, bool to_empty);

/* Gives up: the peer sees a truncated message (before the head, answer an error instead). on_done
 * runs, on_cancel does not. Ignored after the end. */
void exchange_abort(struct exchange *x, const struct err *why);

/* --- the request's body (app) --- */

/* Takes the next piece if one is there. The first call sends 100 Continue where that is awaited. */
enum body_result exchange_read_body(struct exchange *x, struct slice *data);

/* Can all of it be taken now? False where nobody knows before it is read. */
bool exchange_has_whole_body(const struct exchange *x);

/* After BODY_WAIT: on_body is called once when there is news. */
void exchange_wait_body(struct exchange *x);

/* Is a body of `size` bytes larger than the settings allow? Says so in the log. */
bool exchange_refuses_size(struct exchange *x, int64_t size);

/* What the request is answered when its body could not be read: 413, 408, 415 or 400; or kept:
 * 500. */
int exchange_body_status(const struct exchange *x);

/* Hands the connection (or stream) over: the exchange ends as DETACHED, on_done runs, what is
 * written from now on is ignored. Unread input goes to `in`, unsent output to `out`, where the new
 * owner goes on. NULL, and nothing has happened: this transport cannot, or it has ended. */
struct stream *exchange_detach(struct exchange *x, struct buf *in, struct outq *out);

#endif
