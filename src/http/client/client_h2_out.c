/* Requests on HTTP/2. The body lies in the stream's queue, or is borrowed from the request
 * (`direct`), until the session asks for a frame's worth. */
#include "http/client/client_h2_stream.h"

/* FRAME_MOST fills a piece of the connection's queue. */
enum { FRAME_MOST = 16384 - 96, WATERMARK = 65536, TYPE_HEADERS = 1 };

/* --- events --- */

enum h2_pull client_h2_out_on_pull(void *user, void *stream, size_t most, size_t *n)
{
    struct client_h2 *h2 = user;
    struct client_h2_stream *st = stream;
    size_t all = st->s.out.bytes + st->s.direct.n;
    bool is_last = st->s.out_state >= H2_OUT_LAST;

    if (st->is_body_held || (!all && !is_last)) {
        st->s.is_asleep = true;
        return H2_PULL_AGAIN;
    }
    if (h2->conn->out.bytes >= WATERMARK)
        return H2_PULL_FULL;
    *n = MIN(MIN(all, most), (size_t)FRAME_MOST);
    if (!is_last || *n < all)
        return H2_PULL_SOME;
    if (st->x && st->x->req.trailers.n)
        h2_session_trailers(h2->link.session, &st->x->req.trailers);
    return H2_PULL_LAST;
}

bool client_h2_out_on_output_data(void *user, void *stream, struct slice head, size_t n)
{
    struct client_h2 *h2 = user;
    struct client_h2_stream *st = stream;

    if (!st->err)
        st->err = h2_stream_send(&st->s, &h2->conn->out, head, n);
    if (st->s.owner || st->err)
        h2_stream_note(&st->s);
    if (st->err)
        return false;
    if (!st->x)
        return true;
    st->x->bytes_sent += H2_FRAME_HEAD + n;
    client_exchange_progress(st->x);
    if (st->x->is_waiting_drained)
        h2_stream_note(&st->s);
    return true;
}

void client_h2_out_on_output(void *user, struct slice bytes)
{
    struct client_h2 *h2 = user;

    if (h2->sending && bytes.n > 3 && bytes.p[3] == TYPE_HEADERS)
        h2->sending->bytes_sent += bytes.n;
    outq_add(&h2->conn->out, bytes.p, bytes.n);
}

void client_h2_out_on_end_sent(void *user, void *stream)
{
    struct client_h2_stream *st = stream;

    UNUSED(user);
    st->s.out_state = H2_OUT_SENT;
    if (st->is_unwanted)
        h2_stream_note(&st->s);
}

/* --- heads --- */

/* The app's fields, and the length of the body where it is known. A Host of the app's own is the
 * authority. */
static struct header_list wire_fields(struct client_exchange *x, struct slice *authority)
{
    const struct header_list *own = &x->req.headers;
    struct header_list l = {pool_alloc(&x->pool, (own->n + 1) * sizeof(struct header)), 0, 0};
    int64_t length = client_request_length(&x->req);

    *authority = x->req.authority;
    for (unsigned i = 0; i < own->n; i++) {
        if (own->fields[i].id != HEADER_HOST)
            l.fields[l.n++] = own->fields[i];
        else if (!authority->n)
            *authority = own->fields[i].value;
    }
    if (length >= 0)
        l.fields[l.n++] = (struct header){header_name(HEADER_CONTENT_LENGTH),
                                          pool_printf(&x->pool, "%lld", (long long)length),
                                          HEADER_CONTENT_LENGTH, 0};
    return l;
}

/* The body as far as it is there: pushed ones come later, that of a tunnel is the tunnel's. */
static bool queue_body(struct client_h2_stream *st)
{
    const struct client_request *r = &st->x->req;

    st->s.out_state =
        r->source == CLIENT_PUSHED || r->method == METHOD_CONNECT ? H2_OUT_BODY : H2_OUT_LAST;
    if (r->source == CLIENT_BYTES)
        st->s.direct = r->bytes;
    else if (r->source == CLIENT_FILE && r->length > 0)
        outq_add_file(&st->s.out, r->fd, r->offset, (size_t)r->length, false);
    if (r->source != CLIENT_PUSHED)
        client_exchange_sent(st->x);
    return st->s.out_state == H2_OUT_BODY || st->s.direct.n || st->s.out.bytes || r->trailers.n;
}

void client_h2_out_head(struct client_h2_stream *st)
{
    struct client_exchange *x = st->x;
    struct client_h2 *h2 = st->h2;
    bool has_body = queue_body(st);
    struct h2_request r = {.method = x->req.method_token,
                           .scheme = x->req.scheme,
                           .path = x->req.target,
                           .protocol = x->req.protocol};
    struct header_list l = wire_fields(x, &r.authority);

    if (x->req.method == METHOD_CONNECT && !x->req.protocol.n)
        r.authority = x->req.target;
    r.headers = &l;
    h2->sending = x;
    st->s.id = h2_session_request(h2->link.session, &r, has_body, st);
    h2->sending = NULL;
    if (st->s.id) {
        h2->n_open++;
        return;
    }
    st->s.is_closed = st->is_by_peer = true;
    st->s.code = H2_REFUSED_STREAM;
    h2_stream_note(&st->s);
}

/* --- bodies --- */

void client_h2_out_release(struct client_h2_stream *st)
{
    st->is_body_held = false;
    timer_stop(&st->timer);
    h2_stream_wake(&st->s);
    h2_stream_note(&st->s); /* a producer may have waited */
}

void client_h2_out_write(struct client_exchange *x, const struct chunk *c)
{
    struct client_h2_stream *st = x->conn;

    if (c->fd >= 0 && c->size)
        outq_add_file(&st->s.out, c->fd, c->offset, c->size, c->owns_fd);
    else if (c->fd < 0 && c->bytes.n)
        outq_add(&st->s.out, c->bytes.p, c->bytes.n);
    if (c->is_last) {
        st->s.out_state = MAX(st->s.out_state, H2_OUT_LAST);
        client_exchange_sent(x);
    }
    h2_stream_wake(&st->s);
}
