/* What a request looks like on the wire: framing by what is known of the body's length. */
#include "http/client/client_h1_out.h"

#include "proto/http1_request.h"
#include "proto/http1_write.h"

enum { EXPECT_MS = 1000 }; /* how long 100 Continue is waited for, RFC 9110 section 10.1.1 */

static bool is_chunked(const struct client_request *r)
{
    return r->source == CLIENT_PUSHED && r->length < 0;
}

static struct slice connection_value(const struct client_request *r)
{
    if (r->connection.n || r->omits_connection)
        return r->connection;
    if (r->minor)
        return r->keeps ? SLICE_EMPTY : SLICE("close");
    return r->keeps ? SLICE("keep-alive") : SLICE_EMPTY;
}

static void queue_head(struct client_conn *c)
{
    struct client_request *r = &c->x->req;
    struct http1_request_head h = {
        .method = r->method_token,
        .target = r->target,
        .host = r->authority,
        .minor = r->minor,
        .content_length = client_request_length(r),
        .is_chunked = is_chunked(r),
        .connection = connection_value(r),
        .headers = &r->headers,
    };
    char *room = outq_reserve(&c->out, http1_request_size(&h));

    outq_commit(&c->out, http1_write_request(room, &h));
}

void client_h1_out_body(struct client_conn *c)
{
    struct client_request *r = &c->x->req;

    c->is_body_held = false;
    timer_stop(&c->timer);
    if (r->source == CLIENT_BYTES)
        client_conn_write(c, r->bytes);
    else if (r->source == CLIENT_FILE && r->length > 0)
        outq_add_file(&c->out, r->fd, r->offset, (size_t)r->length, false);
    if (r->source != CLIENT_PUSHED)
        client_exchange_sent(c->x);
}

void client_h1_out_begin(struct client_conn *c)
{
    struct client_request *r = &c->x->req;

    queue_head(c);
    if (r->expects_continue && r->source != CLIENT_NO_BODY) {
        c->is_body_held = true;
        timer_start(&c->timer, EXPECT_MS);
    } else {
        client_h1_out_body(c);
    }
}

static void queue_piece(struct client_conn *c, const struct chunk *piece, size_t n)
{
    if (piece->fd >= 0)
        outq_add_file(&c->out, piece->fd, piece->offset, n, piece->owns_fd);
    else
        client_conn_write(c, piece->bytes);
}

/* The last chunk and the trailers. */
static void queue_end(struct client_conn *c)
{
    struct buf end = BUF_EMPTY;

    http1_write_last_chunk(&end, &c->x->req.trailers);
    outq_add(&c->out, end.p, end.n);
    buf_free(&end);
}

void client_h1_out_write(struct client_exchange *x, const struct chunk *piece)
{
    struct client_conn *c = x->conn;
    size_t n = piece->fd >= 0 ? piece->size : piece->bytes.n;
    bool chunked = is_chunked(&x->req);
    struct buf line = BUF_EMPTY;

    if (n && chunked) {
        http1_write_chunk_size(&line, n);
        outq_add(&c->out, line.p, line.n);
        buf_free(&line);
    }
    if (n)
        queue_piece(c, piece, n);
    if (n && chunked)
        outq_add(&c->out, "\r\n", 2);
    if (piece->is_last && chunked)
        queue_end(c);
    if (piece->is_last)
        client_exchange_sent(x);
    client_conn_work_late(c);
}
