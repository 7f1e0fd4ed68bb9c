/* Responses on HTTP/1.x, and the transport that exchanges see.
 *
 * A connection is FREE, BUSY with c->x, or in DRAIN. Input goes three ways: while free any byte is
 * one too many; while busy it is first heads (read_heads), then a body that client_read pulls
 * through the decoder; while draining a body that is dropped. finish() is where every response ends
 * and where it is decided whether the connection lives on. */
#include "http/client_h1.h"

#include "base/check.h"
#include "base/clock.h"
#include "http/client_h1_out.h"
#include "loop/io.h"
#include "proto/http1_response.h"

enum {
    READS_MOST = 16,    /* direct reads of a body between two events */
    DRAIN_MOST = 65536, /* of an unwanted body */
    DRAIN_MS = 1000,
    INFORMATIONAL_MOST = 16, /* 1xx heads before the final one */
};

static const struct http1_limits limits = {32768, CONN_INPUT_BUFFER - 1, HTTP1_HEADERS_MOST};

static struct http1_response parsed; /* process-wide: too large for the stack, used within a call */

/* --- the end of a response --- */

/* May another request follow on this connection? */
static bool can_go_on(const struct client_conn *c)
{
    return !c->must_close && !c->has_eof && !c->stream->err && !client_conn_input(c).n &&
           outq_is_empty(&c->out);
}

static void become_free(struct client_conn *c)
{
    timer_stop(&c->timer);
    if (!can_go_on(c)) {
        client_conn_end(c, NULL);
        return;
    }
    c->phase = CLIENT_CONN_FREE;
    c->free_since_ms = clock_ms();
    if (!(c->watched & IO_READ)) { /* it was paused, and read to the end outside of an event */
        c->watched = IO_READ;
        stream_watch(c->stream, IO_READ);
    }
    c->owner->on_free(c);
}

/* The response is complete. The user hears of it by the state, or by what his read returns. */
static void finish(struct client_conn *c)
{
    struct client_exchange *x = c->x;

    client_hold(x);
    if (!x->is_out_done)
        c->must_close = true;
    client_conn_let_go(c);
    client_complete(x);
    client_release(&x);
    become_free(c);
}

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
    client_got_head(x);
    c->has_body = kind != HTTP1_BODY_NONE;
    http1_body_init(&c->body, kind, parsed.head.content_length);
    client_hold(x);
    if (!c->has_body && !is_tunnel)
        finish(c);
    if (x->user->on_head)
        x->user->on_head(x);
    if (is_tunnel && x->transport)
        client_conn_end(c, &err_protocol); /* nobody took it over */
    client_release(&x);
}

static const struct err *fault_of(const struct client_conn *c)
{
    if (c->stream->err)
        return c->stream->err;
    return c->x && (c->x->bytes_received || c->x->state == CLIENT_BODY) ? &err_truncated
                                                                        : &err_closed;
}

/* The reason stays with the exchange for logs. */
static void end_malformed(struct client_conn *c, const char *reason)
{
    if (c->x)
        c->x->detail = slice_str(reason);
    client_conn_end(c, &err_protocol);
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
        end_malformed(c, parsed.head.reason);
        return false;
    }
    if (parsed.status >= 200 || (parsed.status == 101 && c->x->req.is_upgrade)) {
        take_final(c, in.p);
        return false;
    }
    if (parsed.status == 101 || ++c->dropped > INFORMATIONAL_MOST) {
        end_malformed(c, "unexpected 1xx response");
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
        client_conn_end(c, fault_of(c));
}

/* --- bodies --- */

static enum body_result fail(struct client_conn *c, const struct err *why, const char *reason)
{
    struct client_exchange *x = c->x;

    client_hold(x);
    client_conn_let_go(c);
    if (reason)
        x->detail = slice_str(reason);
    client_fail_quietly(x, why);
    client_release(&x);
    client_conn_end(c, why);
    return BODY_FAILED;
}

/* One step of the decoder on input that is there. BODY_WAIT: it was all framing. */
static enum body_result decode(struct client_conn *c, struct slice in, struct slice *data)
{
    struct client_exchange *x = c->x;
    struct slice rest = in;
    enum http1_result r = http1_body_decode(&c->body, &rest, data, &x->res.trailers, &x->pool);

    if (r == HTTP1_BAD)
        return fail(c, &err_protocol, c->body.reason);
    client_conn_consume(c, in.n - rest.n);
    x->body_received += data->n;
    if (r == HTTP1_DONE)
        finish(c);
    if (data->n)
        return BODY_DATA;
    return r == HTTP1_DONE ? BODY_END : BODY_WAIT;
}

/* Gets more input. BODY_DATA: there is some. */
static enum body_result receive(struct client_conn *c)
{
    ssize_t n;

    if (c->reads >= READS_MOST)
        return BODY_WAIT;
    c->reads++;
    n = client_conn_read(c);
    if (n > 0)
        return BODY_DATA;
    if (n == STREAM_AGAIN)
        return BODY_WAIT;
    if (n < 0)
        return fail(c, c->stream->err, NULL);
    if (c->body.kind != HTTP1_BODY_EOF)
        return fail(c, &err_truncated, NULL);
    finish(c);
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
        become_free(c);
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
            client_notify_body(c->x);
        break;
    }
}

static void on_work(struct client_conn *c)
{
    if (c->phase == CLIENT_CONN_DRAIN)
        drain(c);
    else if (c->x && c->x->state == CLIENT_BODY && c->x->is_waiting_body && client_conn_input(c).n)
        client_notify_body(c->x);
    if (c->stream)
        client_conn_flush(c);
    if (c->stream && c->x && !c->is_blocked) {
        client_notify_drained(c->x);
        if (c->stream)
            client_conn_flush(c);
        if (c->stream && c->x && c->x->is_waiting_drained && !client_is_congested(c->x))
            client_conn_call(c); /* the producer filled the queue, and the stream has emptied it */
    }
    if (c->stream && c->stream->err)
        client_conn_end(c, c->stream->err);
}

static void on_expired(struct client_conn *c)
{
    if (c->phase == CLIENT_CONN_DRAIN)
        client_conn_end(c, NULL);
    else if (c->is_body_held)
        client_h1_out_body(c);
}

static int wants(const struct client_conn *c)
{
    bool is_paused =
        c->phase == CLIENT_CONN_BUSY && c->x->state == CLIENT_BODY && !c->x->is_waiting_body;

    return is_paused ? 0 : IO_READ;
}

static unsigned room(const struct client_conn *c)
{
    return client_conn_is_free(c);
}

static const struct client_conn_protocol protocol = {
    .on_readable = on_readable,
    .on_work = on_work,
    .on_expired = on_expired,
    .wants = wants,
    .start = client_h1_start,
    .room = room,
};

/* --- the transport --- */

static void wait_body(struct client_exchange *x)
{
    client_conn_schedule(x->conn, true);
}

/* While the body is held back a producer is to wait. */
static size_t queued(const struct client_exchange *x)
{
    const struct client_conn *c = x->conn;

    return c->is_body_held ? SIZE_MAX : c->out.bytes;
}

static void wait_drained(struct client_exchange *x)
{
    client_conn_schedule(x->conn, true);
}

static void abort_now(struct client_exchange *x)
{
    struct client_conn *c = x->conn;

    client_conn_let_go(c);
    client_conn_end(c, &err_cancelled);
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
        abort_now(x);
        return;
    }
    client_conn_let_go(c);
    c->phase = CLIENT_CONN_DRAIN;
    c->dropped = 0;
    timer_start(&c->timer, DRAIN_MS);
    client_conn_schedule(c, true);
}

static struct stream *detach(struct client_exchange *x, struct buf *in, struct outq *out)
{
    struct client_conn *c = x->conn;

    client_conn_let_go(c);
    return client_conn_take_stream(c, in, out);
}

static const struct client_transport transport = {
    .read = read_body,
    .wait = wait_body,
    .write = client_h1_out_write,
    .queued = queued,
    .wait_drained = wait_drained,
    .forget = forget,
    .abort = abort_now,
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
    CHECK(client_conn_is_free(c));
    client_hold(x);
    c->phase = CLIENT_CONN_BUSY;
    c->x = x;
    c->must_close = !x->req.keeps;
    c->has_body = false;
    c->dropped = 0;
    x->conn = c;
    x->transport = &transport;
    x->is_reused = c->served++ > 0;
    x->is_out_done = false;
    x->bytes_sent = 0;
    x->tries++;
    x->connected_ms = clock_ms();
    client_set_state(x, CLIENT_WAITING);
    if (x->req.source == CLIENT_PUSHED)
        client_conn_set_prompt(c);
    client_h1_out_begin(c);
    client_conn_flush(c);
    if (c->is_blocked || c->stream->err || x->is_waiting_drained)
        client_conn_schedule(c, true);
}
