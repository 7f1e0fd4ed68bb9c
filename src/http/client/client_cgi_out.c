/* What a request looks like on the wire: in records a body is cut, bare it follows as it is. */
#include "http/client/client_cgi_out.h"

#include "proto/fastcgi.h"

static void queue_bytes(struct client_conn *c, const struct chunk *piece, size_t at, size_t n)
{
    if (piece->fd >= 0 && n)
        outq_add_file(&c->out, piece->fd, piece->offset + (off_t)at, n,
                      piece->owns_fd && at + n == piece->size);
    else if (n)
        client_conn_write(c, slice_of(piece->bytes.p + at, n));
}

static void queue_record(struct client_conn *c, const struct chunk *piece, size_t at, size_t n)
{
    struct buf head = BUF_EMPTY;

    fastcgi_write_body_head(&head, n);
    client_conn_write(c, buf_slice(&head));
    buf_free(&head);
    queue_bytes(c, piece, at, n);
}

static void queue_body(struct client_conn *c, bool is_bare, const struct chunk *piece)
{
    size_t size = piece->fd >= 0 ? piece->size : piece->bytes.n;

    if (is_bare) {
        queue_bytes(c, piece, 0, size);
        return;
    }
    for (size_t at = 0; at < size;) {
        size_t n = MIN(size - at, (size_t)FASTCGI_CONTENT_MOST);

        queue_record(c, piece, at, n);
        at += n;
    }
}

static void queue_end(struct client_conn *c, bool is_bare)
{
    if (!is_bare)
        queue_record(c, &CHUNK_BYTES(SLICE_EMPTY), 0, 0);
    client_exchange_sent(c->x);
}

static void queue_params(struct client_conn *c, bool is_bare)
{
    const struct client_request *r = &c->x->req;
    struct buf begin = BUF_EMPTY;

    if (is_bare) {
        client_conn_write(c, r->params);
        return;
    }
    fastcgi_write_begin(&begin, r->params, r->keeps);
    client_conn_write(c, buf_slice(&begin));
    buf_free(&begin);
}

void client_cgi_out_begin(struct client_conn *c, bool is_bare)
{
    const struct client_request *r = &c->x->req;
    struct chunk body = CHUNK_BYTES(r->bytes);

    queue_params(c, is_bare);
    if (r->source == CLIENT_PUSHED)
        return;
    if (r->source == CLIENT_FILE) {
        body.fd = r->fd;
        body.offset = r->offset;
        body.size = (size_t)r->length;
    }
    if (r->source != CLIENT_NO_BODY)
        queue_body(c, is_bare, &body);
    queue_end(c, is_bare);
}

void client_cgi_out_add(struct client_conn *c, bool is_bare, const struct chunk *piece)
{
    queue_body(c, is_bare, piece);
    if (piece->is_last)
        queue_end(c, is_bare);
    client_conn_work_late(c);
}
