/* The side of an exchange that carries it: what a transport (HTTP/1.1, HTTP/2, a subrequest) gives,
 * and what it and the filters call. The app's side is in exchange.h. */
#ifndef HTTP_EXCHANGE_TRANSPORT_H
#define HTTP_EXCHANGE_TRANSPORT_H

#include "http/exchange.h"

/* Called by exchange.c and exchange_response.c only. */
struct exchange_transport {
    void (*send_head)(struct exchange *x, bool has_body);
    void (*send_body)(struct exchange *x, const struct chunk *c);
    void (*send_informational)(struct exchange *x, int status, const struct header_list *headers);
    size_t (*queued)(const struct exchange *x); /* bytes not yet taken by the kernel */
    enum body_result (*read_body)(struct exchange *x, struct slice *data);
    bool (*has_whole_body)(const struct exchange *x); /* exchange_has_whole_body; may be NULL */
    void (*wait_body)(struct exchange *x);            /* exchange_notify_body when there is news */
    void (*wait_drained)(struct exchange *x); /* exchange_notify_drained when output was taken */
    int (*fd)(const struct exchange *x);      /* the socket's descriptor, -1: none; may be NULL */
    struct stream *(*detach)(struct exchange *x, struct buf *in,
                             struct outq *out); /* see exchange_detach; may be NULL */
    /* the peer must see a truncated response */
    void (*abort)(struct exchange *x, const struct err *why);
    void (*release)(struct exchange *x); /* it is over and the app has let go; may be NULL */
    bool is_small; /* its exchanges live long and put little into their pools */
};

enum { EXCHANGE_ROOM = 2048, EXCHANGE_ROOM_SMALL = 1280 }; /* first blocks of the pools */

/* What stands between the transport and who reads the request's body. */
struct body_reader {
    enum body_result (*read)(struct exchange *x, struct slice *data); /* as exchange_read_body */
    /* exchange_wait_body: true when it will call exchange_notify_body, false: the transport will */
    bool (*wait)(struct exchange *x);
};

/* A fresh exchange in IDLE with one hold (the transport's), from a cache. */
struct exchange *exchange_new(const struct exchange_transport *transport, void *conn,
                              const struct http_settings *settings);

/* The one setter: asserts that the edge exists. For exchange.c and transports. */
void exchange_set_state(struct exchange *x, enum exchange_state to);

/* Is a body of `size` bytes larger than the settings allow? */
static inline bool exchange_is_too_large(const struct exchange *x, int64_t size)
{
    return x->settings->max_body_size > 0 && size > x->settings->max_body_size;
}

/* Output that has a send_rate is sent in steps of this time. */
enum { EXCHANGE_PACE_MS = 250 };

/* With a send_rate: how many bytes may go now when `sent` have gone. What the time since the head
 * is worth, and the share of one step in advance. */
uint64_t exchange_allowance(const struct exchange *x, uint64_t sent);

/* Passes the head on to the filter behind `f`, or out. */
void exchange_pass_head(struct exchange *x, struct filter *next);

/* Passes a piece on to the filter behind `f`, or out. */
void exchange_pass_body(struct exchange *x, struct filter *next, const struct chunk *c);

/* The transport has handed the last byte on: state DONE, on_done, release. */
void exchange_finished(struct exchange *x);

/* The peer is gone or broke rules: ABORTED, on_cancel unless the app ended, on_done, release. */
void exchange_lost(struct exchange *x, const struct err *why);

/* The transport has news for a reader or a paused producer. */
void exchange_notify_body(struct exchange *x);

/* Output was taken by the kernel: calls on_drained when it is due. */
void exchange_notify_drained(struct exchange *x);

#endif
