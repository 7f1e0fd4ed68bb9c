/* Responses on HTTP/1.x, and the transport that exchanges see.
 *
 * A connection is FREE, BUSY with c->x, or in DRAIN. Input goes three ways: while free any byte is
 * one too many; while busy it is first heads (read_heads), then a body that client_exchange_read
 * pulls through the decoder; while draining a body that is dropped. */
#include "http/client/client_h1.h"

#include "http/client/client_h1_out.h"
#include "http/client/client_serial.h"
#include "proto/http1_response.h"

enum {
    DRAIN_MOST = 65536, /* of an unwanted body */
    DRAIN_MS = 1000,
    INFORMATIONAL_MOST = 16, /* 1xx heads before the final one */
};

static const struct http1_limits limits = {32768, CONN_INPUT_BUFFER - 1, HTTP1_HEADERS_MOST};

static struct http1_response parsed; /* process-wide: too large for the stack, used within a call */

/* --- heads --- */

/* The head is copied once, into the exchange's pool. */
static void keep_head(struct client_exchange *x, const char *from)
{
    struct client_response *r = &x->res;
    const struct http1_head *h = &parsed.head;
    const char *text = http1_head_keep(h, from, &x->pool, &r->headers);

    r->status = parsed.status;
    r->phrase = parsed.phrase.n ? http1_moved(parsed.phrase, from, text) : SLICE_EMPTY;
    r->text = slice_of(text, h->size);
    r->content_length = h->is_chunked ? -1 : h->content_length;
    r->major = 1;
    r->minor = h->minor;
}

static void take_informational(struct client_conn *c)
{
    struct client_exchange *x = c->x;

    if (parsed.status == 100 && c->is_body_held)
        client_h1_out_body(c);
    if (x->user->on_informational)
        x->user->on_informational(x, parsed.status, &parsed.head.headers);
}

/* The final head stands at the front of the input. */
static void take_final(struct client_conn *c, const char *from)
{
    struct client_exchange *x = c->x;
    enum http1_body_kind kind = http1_response_body(&parsed, x->req.method);
    bool is_tunnel = parsed.status == 101 ||
                     (x->req.method == METHOD_CONNECT && kind == 0 && parsed.status < 300);

    keep_head(x, from);
    if (!parsed.head.has_keep_alive || kind == HTTP1_BODY_EOF || is_tunnel)
        c->must_close = true;
    if (c->is_body_held) { /* it was not wanted, or the server did not wait for it */
        c->must_close = true;
        x->is_out_done = true;
        timer_stop(&c->timer);
    }
    client_conn_consume(c, parsed.head.size);
    client_exchange_got_head(x);
    http1_body_init(&c->body, kind, parsed.head.content_length);
    client_exchange_hold(x);
    if (kind == HTTP1_BODY_NONE && !is_tunnel)
        client_serial_finish(c);
    if (x->user->on_head)
        x->user->on_head(x);
    if (is_tunnel && x->transport)
        client_conn_end(c, &err_protocol); /* nobody took it over */
    client_exchange_release(&x);
}

/* One head at the front of the input; false: there is none that is whole, or nothing is left to do.
 */
static bool read_head(struct client_conn *c)
{
    struct slice in = client_conn_input(c);
    enum http1_result r = in.n ? http1_parse_response(in.p, in.n, &limits, &parsed) : HTTP1_MORE;

    if (r == HTTP1_MORE)
        return false;
    if (r == HTTP1_BAD) {
        client_serial_end_malformed(c, parsed.head.reason);
        return false;
    }
    if (parsed.status >= 200 || (parsed.status == 101 && c->x->req.is_upgrade)) {
        take_final(c, in.p);
        return false;
    }
    if (parsed.status == 101 || ++c->dropped > INFORMATIONAL_MOST) {
        client_serial_end_malformed(c, "unexpected 1xx response");
        return false;
    }
    take_informational(c);
    if (c->stream && c->x)
        client_conn_consume(c, parsed.head.size);
    return c->stream && c->x;
}

static void read_heads(struct client_conn *c)
{
    ssize_t n = client_conn_read(c);

    while (c->stream && c->x && c->x->state == CLIENT_WAITING && read_head(c))
        ;
    if (n != 0 && n != STREAM_FAILED)
        return;
    if (c->stream && c->x && c->x->state == CLIENT_WAITING)
        client_conn_end(c, client_serial_fault(c));
}

/* --- bodies --- */

/* One step of the decoder on input that is there. BODY_WAIT: it was all framing. */
static enum body_result decode(struct client_conn *c, struct slice in, struct slice *data)
{
    struct client_exchange *x = c->x;
    struct slice rest = in;
    enum http1_result r = http1_body_decode(&c->body, &rest, data, &x->res.trailers, &x->pool);

    if (r == HTTP1_BAD)
        return client_serial_fail(c, &err_protocol, c->body.reason);
    client_conn_consume(c, in.n - rest.n);
    x->body_received += data->n;
    if (r == HTTP1_DONE)
        client_serial_finish(c);
    if (data->n)
        return BODY_DATA;
    return r == HTTP1_DONE ? BODY_END : BODY_WAIT;
}

/* Only the end of the connection ends a body that nothing else ends. */
static enum body_result receive(struct client_conn *c)
{
    enum body_result r = client_serial_receive(c);

    if (r != BODY_END)
        return r;
    if (c->body.kind != HTTP1_BODY_EOF)
        return client_serial_fail(c, &err_truncated, NULL);
    client_serial_finish(c);
    return BODY_END;
}

static enum body_result read_body(struct client_exchange *x, struct slice *data)
{
    struct client_conn *c = x->conn;

    for (;;) {
        struct slice in = client_conn_input(c);
        enum body_result r = in.n ? decode(c, in, data) : receive(c);

        if (r != (in.n ? BODY_WAIT : BODY_DATA))
            return r;
    }
}

/* What an unwanted body has in the input. */
static void drain(struct client_conn *c)
{
    struct slice in = client_conn_input(c), data;
    enum http1_result r = HTTP1_MORE;

    while (in.n && r == HTTP1_MORE) {
        struct slice rest = in;

        r = http1_body_decode(&c->body, &rest, &data, NULL, NULL);
        c->dropped += (uint32_t)(in.n - rest.n);
        client_conn_consume(c, in.n - rest.n);
        in = rest;
    }
    if (r == HTTP1_DONE)
        client_serial_free(c);
    else if (r == HTTP1_BAD || c->dropped > DRAIN_MOST || c->has_eof || c->stream->err)
        client_conn_end(c, NULL);
}

/* --- events --- */

static void on_readable(struct client_conn *c)
{
    switch ((enum client_conn_phase)c->phase) {
    case CLIENT_CONN_FREE: /* the end of the peer, or bytes that nobody asked for */
        client_conn_end(c, NULL);
        break;
    case CLIENT_CONN_DRAIN:
        (void)client_conn_read(c);
        drain(c);
        break;
    case CLIENT_CONN_BUSY:
        if (c->x->state == CLIENT_WAITING)
            read_heads(c);
        else
            client_exchange_notify_body(c->x);
        break;
    }
}

static void on_work(struct client_conn *c)
{
    if (c->phase == CLIENT_CONN_DRAIN)
        drain(c);
    else if (c->x && c->x->state == CLIENT_BODY && c->x->is_waiting_body && client_conn_input(c).n)
        client_exchange_notify_body(c->x);
    client_serial_work(c);
}

static void on_expired(struct client_conn *c)
{
    if (c->phase == CLIENT_CONN_DRAIN)
        client_conn_end(c, NULL);
    else if (c->is_body_held)
        client_h1_out_body(c);
}

static const struct client_conn_protocol protocol = {
    .on_readable = on_readable,
    .on_work = on_work,
    .on_expired = on_expired,
    .wants = client_serial_wants,
    .start = client_h1_start,
    .room = client_serial_room,
};

/* --- the transport --- */

/* While the body is held back a producer is to wait. */
static size_t queued(const struct client_exchange *x)
{
    const struct client_conn *c = x->conn;

    return c->is_body_held ? SIZE_MAX : c->out.bytes;
}

static bool is_small_rest(const struct client_conn *c)
{
    return c->body.kind == HTTP1_BODY_CHUNKED ||
           (c->body.kind == HTTP1_BODY_LENGTH && c->body.left <= DRAIN_MOST);
}

/* A small rest is worth reading, because the connection can be kept then. */
static void forget(struct client_exchange *x)
{
    struct client_conn *c = x->conn;

    if (c->must_close || !x->is_out_done || !outq_is_empty(&c->out) || !is_small_rest(c)) {
        client_serial_abort(x);
        return;
    }
    client_conn_let_go(c);
    c->phase = CLIENT_CONN_DRAIN;
    c->dropped = 0;
    timer_start(&c->timer, DRAIN_MS);
    client_conn_work_soon(c);
}

static struct stream *detach(struct client_exchange *x, struct buf *in, struct outq *out)
{
    struct client_conn *c = x->conn;

    client_conn_let_go(c);
    return client_conn_take_stream(c, in, out);
}

static const struct client_transport transport = {
    .read = read_body,
    .wait = client_serial_wait,
    .write = client_h1_out_write,
    .queued = queued,
    .wait_drained = client_serial_wait,
    .forget = forget,
    .abort = client_serial_abort,
    .detach = detach,
};

struct stream *client_h1_stream(const struct client_exchange *x)
{
    return x->transport == &transport ? ((const struct client_conn *)x->conn)->stream : NULL;
}

struct client_conn *client_h1_open(struct stream *s, const struct client_conn_owner *owner,
                                   void *user)
{
    return client_conn_open(s, &protocol, owner, user);
}

void client_h1_start(struct client_conn *c, struct client_exchange *x)
{
    client_serial_begin(c, x, &transport);
    client_h1_out_begin(c);
    client_serial_send(c);
}
