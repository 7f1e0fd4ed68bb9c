/* What a request looks like on the wire: a body is cut into records. */
#include "http/client_fcgi_out.h"

#include "proto/fastcgi.h"

static void queue_record(struct client_conn *c, const struct chunk *piece, size_t at, size_t n)
{
    struct buf head = BUF_EMPTY;

    fastcgi_write_body_head(&head, n);
    client_conn_write(c, buf_slice(&head));
    buf_free(&head);
    if (n && piece->fd >= 0)
        outq_add_file(&c->out, piece->fd, piece->offset + (off_t)at, n,
                      piece->owns_fd && at + n == piece->size);
    else
        client_conn_write(c, slice_of(piece->bytes.p + at, n));
}

static void queue_body(struct client_conn *c, const struct chunk *piece)
{
    size_t size = piece->fd >= 0 ? piece->size : piece->bytes.n;

    for (size_t at = 0; at < size;) {
        size_t n = MIN(size - at, (size_t)FASTCGI_CONTENT_MOST);

        queue_record(c, piece, at, n);
        at += n;
    }
}

static void queue_end(struct client_conn *c)
{
    queue_record(c, &CHUNK_BYTES(SLICE_EMPTY), 0, 0);
    client_sent(c->x);
}

void client_fcgi_out_begin(struct client_conn *c)
{
    const struct client_request *r = &c->x->req;
    struct chunk body = CHUNK_BYTES(r->bytes);
    struct buf begin = BUF_EMPTY;

    fastcgi_write_begin(&begin, r->params, r->keeps);
    client_conn_write(c, buf_slice(&begin));
    buf_free(&begin);
    if (r->source == CLIENT_PUSHED)
        return;
    if (r->source == CLIENT_FILE) {
        body.fd = r->fd;
        body.offset = r->offset;
        body.size = (size_t)r->length;
    }
    if (r->source != CLIENT_NO_BODY)
        queue_body(c, &body);
    queue_end(c);
}

void client_fcgi_out_write(struct client_exchange *x, const struct chunk *piece)
{
    struct client_conn *c = x->conn;

    queue_body(c, piece);
    if (piece->is_last)
        queue_end(c);
    client_conn_schedule(c, false);
}
