/* Request bodies on HTTP/1.1.
 *
 * A body is pulled: as long as nobody asks, its bytes stay in the kernel (but for what came with
 * the head). A reader that has used up the input reads from the socket at once, into the
 * connection's shared buffer, and gets slices of that. So that one fast upload does not keep the
 * worker, READS_MOST reads are made between two events; then the reader waits for readiness like
 * everybody else.
 *
 * x->body_err is the one place where a failure is kept; c->body == NULL says that the body is
 * complete. */
#include "http/server/server_h1_body.h"

#include "http/server/server_conn_input.h"

enum { READS_MOST = 16 };

void server_h1_body_begin(struct server_conn *c, const struct request *r)
{
    if (r->has_unsized_body)
        http1_body_init(server_conn_add_body(c), HTTP1_BODY_CHUNKED, 0);
    else if (r->content_length > 0)
        http1_body_init(server_conn_add_body(c), HTTP1_BODY_LENGTH, r->content_length);
}

static enum body_result fail(struct exchange *x, const struct err *why)
{
    x->body_err = why;
    return BODY_FAILED;
}

/* The input cannot be followed any further. */
static enum body_result fail_for_good(struct exchange *x, const struct err *why, const char *text)
{
    struct server_conn *c = x->conn;

    c->must_close = true;
    log_write(&x->log, LOG_INFO, "%s while reading client request body", text);
    return fail(x, why);
}

/* With the rest of the chunk that has been announced? */
static bool will_be_too_large(const struct exchange *x)
{
    const struct server_conn *c = x->conn;
    int64_t size = x->body_received;

    if (c->body && __builtin_add_overflow(size, http1_body_announced(c->body), &size))
        size = INT64_MAX;
    return exchange_is_too_large(x, size);
}

/* One step of the decoder on input that is there. BODY_WAIT: it was all framing. */
static enum body_result decode(struct exchange *x, struct slice in, struct slice *data)
{
    struct server_conn *c = x->conn;
    struct slice rest = in;
    enum http1_result r = http1_body_decode(c->body, &rest, data, &x->req.trailers, &x->pool);

    x->request_length += in.n - rest.n;
    c->has_progress = true;
    if (r == HTTP1_BAD)
        return fail_for_good(x, &err_protocol, c->body->reason);
    server_conn_consume(c, in.n - rest.n);
    if (r == HTTP1_DONE)
        server_conn_drop_body(c);
    x->body_received += (int64_t)data->n;
    if (will_be_too_large(x)) {
        *data = SLICE_EMPTY;
        log_write(&x->log, LOG_ERROR, "client intended to send too large chunked body");
        return fail(x, &err_too_large);
    }
    if (data->n)
        return BODY_DATA;
    return r == HTTP1_DONE ? BODY_END : BODY_WAIT;
}

/* Gets more input. BODY_DATA: there is some. */
static enum body_result receive(struct exchange *x)
{
    struct server_conn *c = x->conn;
    ssize_t n;

    if (c->has_eof)
        return fail_for_good(x, &err_truncated, "client prematurely closed connection");
    if (c->stream->err)
        return fail_for_good(x, c->stream->err, c->stream->err->message);
    if (c->reads >= READS_MOST)
        return BODY_WAIT;
    c->reads++;
    n = server_conn_read(c, CONN_INPUT_BUFFER);
    if (n > 0)
        return BODY_DATA;
    if (n == STREAM_AGAIN)
        return BODY_WAIT;
    server_conn_work_soon(c); /* the end of the peer is acted upon, too */
    if (n == 0)
        return fail_for_good(x, &err_truncated, "client prematurely closed connection");
    return fail_for_good(x, c->stream->err, c->stream->err->message);
}

/* The client that asks is told to go on, also when its body is here already, as nginx does. */
static void send_continue(struct exchange *x)
{
    struct server_conn *c = x->conn;
    struct slice s = SLICE("HTTP/1.1 100 Continue\r\n\r\n");

    x->req.expects_continue = false;
    if (x->body_received || x->state >= EXCHANGE_HEAD_OUT || x->req.version_minor == 0)
        return;
    outq_add(&c->out, s.p, s.n);
    x->bytes_sent += s.n;
    server_conn_work_late(c);
}

enum body_result server_h1_body_read(struct exchange *x, struct slice *data)
{
    struct server_conn *c = x->conn;

    if (!c->body)
        return BODY_END;
    if (exchange_refuses_size(x, x->req.content_length))
        return fail(x, &err_too_large);
    if (x->req.expects_continue)
        send_continue(x);
    for (;;) {
        struct slice in = server_conn_input(c);
        enum body_result r;

        if (in.n) {
            r = decode(x, in, data);
            if (r != BODY_WAIT)
                return r;
        } else {
            r = receive(x);
            if (r != BODY_DATA)
                return r;
        }
    }
}

bool server_h1_body_is_here(const struct exchange *x)
{
    const struct server_conn *c = x->conn;

    return c->body && c->body->kind == HTTP1_BODY_LENGTH &&
           (int64_t)server_conn_input(c).n >= (int64_t)c->body->left;
}

bool server_h1_body_has_news(const struct server_conn *c)
{
    return !c->body || c->has_eof || c->x->body_err || c->stream->err || server_conn_input(c).n;
}

void server_h1_body_wait(struct exchange *x)
{
    struct server_conn *c = x->conn;

    c->has_progress = true; /* the time between reads counts from here */
    if (server_h1_body_has_news(c))
        server_conn_call(c);
    else if (!c->is_running)
        server_conn_update(c);
}

bool server_h1_body_is_small(const struct server_conn *c)
{
    return !c->body || c->body->kind != HTTP1_BODY_LENGTH || c->body->left <= SERVER_H1_DRAIN_MOST;
}

enum http1_result server_h1_body_drain(struct server_conn *c)
{
    enum http1_result r = HTTP1_MORE;
    struct slice in = server_conn_input(c);

    while (in.n && r == HTTP1_MORE) {
        struct slice rest = in, data = SLICE_EMPTY;

        r = http1_body_decode(c->body, &rest, &data, NULL, NULL);
        c->dropped += (uint32_t)(in.n - rest.n);
        server_conn_consume(c, in.n - rest.n);
        in = rest;
        if (c->dropped > SERVER_H1_DRAIN_MOST && r == HTTP1_MORE)
            r = HTTP1_BAD;
    }
    if (r == HTTP1_DONE)
        server_conn_drop_body(c);
    return r;
}
