/* Heads of responses (RFC 9113 section 8.3.2) as the client has them of HTTP/1: text and slices of
 * it, copied once into the exchange's pool.
 *
 * nghttp2 has refused names in capitals, fields that belong to a connection, pseudo-fields other
 * than one :status, values with control bytes, lengths that are no numbers. */
#include "base/num.h"
#include "http/client/client_h2_stream.h"

enum { INFORMATIONAL_MOST = 16 };

static void take_status(struct client_h2_head *h, struct slice value)
{
    h->status = 0;
    for (size_t i = 0; i < value.n; i++)
        h->status = h->status * 10 + (value.p[i] - '0');
    h->n = 0;
    h->text.n = 0;
    buf_add_lit(&h->text, "HTTP/2 ");
    buf_add_slice(&h->text, value);
    buf_add_lit(&h->text, "\r\n");
}

bool client_h2_head_on_field(void *user, void *stream, struct slice name, struct slice value)
{
    struct client_h2 *h2 = user;
    struct client_h2_stream *st = stream;
    struct client_h2_head *h = &h2->head;
    struct client_exchange *x = st->x;

    if (!x)
        return true;
    if (st->s.in != H2_IN_HEAD) {
        if (header_can_trail(header_id(name), name))
            header_add(&x->res.trailers, &x->pool, pool_dup(&x->pool, name),
                       pool_dup(&x->pool, value));
        return true;
    }
    if (name.p[0] == ':') {
        take_status(h, value);
        return true;
    }
    h->n++;
    buf_add_slice(&h->text, name);
    buf_add_lit(&h->text, ": ");
    buf_add_slice(&h->text, value);
    buf_add_lit(&h->text, "\r\n");
    return true;
}

/* The lines behind the first, as fields. Names have no colon, values no end of a line. */
static struct header_list fields_of(struct pool *pool, struct slice text, unsigned n)
{
    struct header_list l = {pool_alloc(pool, (n + 1) * sizeof(struct header)), 0, n + 1};

    (void)slice_cut(&text, '\n');
    while (l.n < n) {
        struct slice value = slice_cut(&text, '\n'), name;

        value.n--;
        name = slice_cut(&value, ':');
        l.fields[l.n++] = (struct header){name, slice_from(value, 1), header_id(name), 0};
    }
    return l;
}

static void refuse(struct client_h2_stream *st, const struct err *why, const char *detail)
{
    st->err = why;
    st->x->detail = slice_str(detail);
    h2_session_reset(st->h2->link.session, st->s.id, H2_PROTOCOL_ERROR);
    h2_stream_note(&st->s);
}

static void take_informational(struct client_h2_stream *st, struct slice text)
{
    const struct client_h2_head *h = &st->h2->head;

    if (h->status == 101 || ++st->n_informational > INFORMATIONAL_MOST) {
        refuse(st, &err_protocol, "unexpected 1xx response");
        return;
    }
    st->informational_status = h->status;
    st->informational = fields_of(&st->x->pool, text, h->n);
    st->h2->is_urgent = true;
    h2_stream_note(&st->s);
}

void client_h2_head_on_end(void *user, void *stream, bool is_trailers, bool is_too_large,
                           size_t wire)
{
    struct client_h2 *h2 = user;
    struct client_h2_stream *st = stream;
    struct client_exchange *x = st->x;
    const struct header *length;
    struct slice text;

    if (!x)
        return;
    x->bytes_received += wire;
    client_exchange_progress(x);
    if (is_too_large) {
        refuse(st, &err_too_large, "the head is too large");
        return;
    }
    if (is_trailers)
        return;
    if (h2->head.status < 100) { /* of three digits the library takes any */
        refuse(st, &err_protocol, "invalid status");
        return;
    }
    text = pool_dup(&x->pool, buf_slice(&h2->head.text));
    if (h2->head.status < 200) {
        take_informational(st, text);
        return;
    }
    x->res.text = text;
    x->res.status = h2->head.status;
    x->res.headers = fields_of(&x->pool, text, h2->head.n);
    x->res.major = 2;
    length = header_find_id(&x->res.headers, HEADER_CONTENT_LENGTH);
    if (length)
        (void)num_parse_u63(length->value, &x->res.content_length);
    st->s.in = H2_IN_BODY;
    st->has_new_head = true;
    h2_stream_note(&st->s);
}
