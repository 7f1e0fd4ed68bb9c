/* One request that we make and its response, on any transport: the client's half of the street.
 *
 *   user, client_exchange_new --> a pool's queue --> a connection --> on_head, on_body --> user
 *
 * A request whose connection turned out to be dead goes from WAITING back to QUEUED. Requests may
 * still be sending when the response has begun. Callbacks come from the loop only, none after
 * client_exchange_cancel or on_failed. The user owns one hold. */
#ifndef HTTP_CLIENT_EXCHANGE_H
#define HTTP_CLIENT_EXCHANGE_H

#include "base/err.h"
#include "base/list.h"
#include "base/pool.h"
#include "http/client/client_gauge.h"
#include "http/client/client_request.h"
#include "http/exchange.h"
#include "loop/timer.h"
#include "net/outq.h"
#include "net/stream.h"
#include "proto/header.h"
#include "proto/method.h"

enum client_state {
    CLIENT_NEW,
    CLIENT_QUEUED,  /* for a connection */
    CLIENT_WAITING, /* sent, no head yet */
    CLIENT_BODY,
    CLIENT_DONE,
    CLIENT_DETACHED,
    CLIENT_FAILED,
};

struct client_response {
    int status;
    struct slice phrase, text; /* text: the head as received, of HTTP/1 */
    struct header_list headers, trailers;
    int64_t content_length; /* -1: none given */
    uint8_t major, minor;
};

struct client_timeouts { /* milliseconds, 0: none */
    uint64_t pool;       /* waiting for a connection */
    uint64_t connect;    /* name, connection, handshake */
    uint64_t request;    /* from sending to the head of the response */
    uint64_t read;       /* between two pieces of the response */
    uint64_t send; /* between two pieces of the request; then `request` counts from the last */
    uint64_t total;
};

struct client_exchange;

/* What carries an exchange: a queue, HTTP/1.1, HTTP/2. */
struct client_transport {
    enum body_result (*read)(struct client_exchange *x, struct slice *data);
    void (*wait)(struct client_exchange *x);
    void (*write)(struct client_exchange *x, const struct chunk *c);
    size_t (*queued)(const struct client_exchange *x); /* bytes of the request not yet sent */
    void (*wait_drained)(struct client_exchange *x);   /* client_exchange_notify_drained is worth a
                                                          try later; may be NULL */
    void (*forget)(struct client_exchange *x);         /* nobody wants it any more: let go of it */
    void (*abort)(struct client_exchange *x);          /* stop at once */
    struct stream *(*detach)(struct client_exchange *x, struct buf *in, struct outq *out);
};

struct client_user {
    void (*on_informational)(struct client_exchange *x, int status,
                             const struct header_list *headers); /* 1xx; may be NULL */
    void (*on_head)(struct client_exchange *x); /* state is BODY, or DONE when there is no body */
    void (*on_body)(struct client_exchange *x); /* one-shot, see client_exchange_wait */
    void (*on_drained)(struct client_exchange *x); /* one-shot, see client_exchange_wait_drained */
    void (*on_complaint)(struct client_exchange *x, struct slice text); /* FastCGI; may be NULL */
    void (*on_failed)(struct client_exchange *x); /* before the head: x->err, x->detail */
};

struct client_exchange {
    const struct client_transport *transport; /* NULL: nothing carries it */
    void *conn;
    struct list node; /* in a queue or among the streams of a connection */
    enum client_state state;
    unsigned holds;
    const struct client_user *user;
    void *app;
    struct client_request req;
    struct client_response res;
    struct client_timeouts timeouts;
    struct timer timer;
    const struct err *err;
    struct slice detail; /* of err: what failed in which way; may be empty */
    struct client_times times;
    uint64_t started_ms, since_ms, active_ms, connected_ms, head_ms;
    uint64_t bytes_sent, bytes_received, body_received;
    unsigned tries, unseen; /* unseen: those of them that say nothing against another one */
    int proxy_status;       /* of a proxy that refused a tunnel; 0: none did */
    bool is_out_done;       /* the request has gone out, or will not any more */
    bool is_waiting_body, is_waiting_drained, is_reused;
    bool is_dialled;   /* a connection is being made for it */
    bool is_body_used; /* of CLIENT_PUSHED: a piece was taken, which nobody has any more */
    struct pool pool;
    char room[1024];
};

extern const struct err client_err_pool_timeout, client_err_pool_full, client_err_no_protocol;
extern const struct err client_err_request_timeout, client_err_read_timeout,
    client_err_send_timeout, client_err_total_timeout, client_err_wants_http1,
    client_err_stream_reset; /* its code is that of err_reset, but the connection goes on */

/* A fresh exchange with one hold. `user` is not copied. */
struct client_exchange *client_exchange_new(const struct client_user *user, void *app);

/* Another hold; giving one up, the last one frees. */
void client_exchange_hold(struct client_exchange *x);
void client_exchange_release(struct client_exchange **x); /* clears the pointer */

/* "QUEUED" … */
const char *client_exchange_state_name(enum client_state s);

/* Stops at whatever stage it is, with `why` as its error. No callback follows. */
void client_exchange_cancel(struct client_exchange *x, const struct err *why);

/* What is left of the response is not wanted: dropped in the background when it is little, else the
 * connection is closed. No callback follows. */
void client_exchange_forget(struct client_exchange *x);

/* Takes the next piece of the body, valid as that of exchange_read_body. BODY_FAILED: x->err. */
enum body_result client_exchange_read(struct client_exchange *x, struct slice *data);

/* After BODY_WAIT: on_body is called once when there is news. */
void client_exchange_wait(struct client_exchange *x);

/* A piece of a CLIENT_PUSHED body; with is_last the end. Ignored when nobody wants it. */
void client_exchange_write(struct client_exchange *x, const struct chunk *c);

/* Is more of the request queued than a producer should go on with? */
bool client_exchange_is_congested(const struct client_exchange *x);

/* on_drained is called once when that is over. */
void client_exchange_wait_drained(struct client_exchange *x);

/* Takes the connection over after 101 or a 2xx to CONNECT: unread input goes to `in`, unsent output
 * to `out`. NULL: this transport cannot. */
struct stream *client_exchange_detach(struct client_exchange *x, struct buf *in, struct outq *out);

/* The one setter of the state. */
void client_exchange_set_state(struct client_exchange *x, enum client_state to);

/* The request has gone out: another thing is waited for now. */
void client_exchange_sent(struct client_exchange *x);

/* A byte has moved. */
void client_exchange_progress(struct client_exchange *x);

/* The head has come: state BODY. The transport then calls on_head. */
void client_exchange_got_head(struct client_exchange *x);

/* The response is complete: DONE. */
void client_exchange_complete(struct client_exchange *x);

/* FAILED; tells the user, for the last time. */
void client_exchange_fail(struct client_exchange *x, const struct err *why);

/* The same from inside a call of the user: he is told by what that call returns. */
void client_exchange_fail_quietly(struct client_exchange *x, const struct err *why);

/* News for a reader. */
void client_exchange_notify_body(struct client_exchange *x);

/* Output was taken. */
void client_exchange_notify_drained(struct client_exchange *x);

/* Can the request be sent once more without harm, if the server has not answered a byte? */
bool client_exchange_is_replayable(const struct client_exchange *x);

#endif
