/* Answers in records or bare, and the transport that exchanges see.
 *
 * Pieces of output are collected until the head is whole; what came behind it with the last of them
 * is the beginning of the body (take_early). From then on client_exchange_read pulls pieces out of
 * the records as they come. The record that ends the answer ends the exchange; where there are none
 * the input is the output, and the end of the connection, or of a body whose length was told, does.
 */
#include "http/client/client_cgi.h"

#include "base/mem.h"
#include "http/client/client_cgi_out.h"
#include "http/client/client_serial.h"
#include "proto/cgi_head.h"
#include "proto/fastcgi.h"

struct cgi {
    bool is_bare;
    struct fastcgi_reader reader;
    struct buf early;  /* output up to the end of the head, and what came with it */
    size_t seen;       /* of the head, whole lines */
    size_t early_from; /* of the body: where it goes on */
    int64_t left;      /* of a body whose length was told; -1: it was not */
    bool has_no_body;
    struct buf errors; /* of a record of what is said beside the answer: what has come */
};

static struct cgi *cgi_of(const struct client_conn *c)
{
    return c->state;
}

/* A piece of a record, which is told as a whole. The user may end the exchange. */
static void take_errors(struct client_conn *c, struct slice piece)
{
    struct client_exchange *x = c->x;
    struct cgi *f = cgi_of(c);
    struct buf text;

    buf_add_slice(&f->errors, piece);
    if (f->reader.left)
        return;
    text = f->errors;
    f->errors = BUF_EMPTY;
    client_exchange_hold(x);
    if (x->user->on_complaint)
        x->user->on_complaint(x, buf_slice(&text));
    client_exchange_release(&x);
    buf_free(&text);
}

/* The next record, or a part of it. */
static enum fastcgi_result next_piece(struct cgi *f, struct slice *in, struct slice *piece)
{
    if (!f->is_bare)
        return fastcgi_read(&f->reader, in, piece);
    *piece = *in;
    *in = slice_from(*in, in->n);
    return piece->n ? FASTCGI_OUTPUT : FASTCGI_MORE;
}

/* --- heads --- */

static bool lacks_body(const struct client_exchange *x)
{
    return x->req.method == METHOD_HEAD || x->res.status == 204 || x->res.status == 304;
}

static void take_head(struct client_conn *c, struct slice text)
{
    struct client_exchange *x = c->x;
    struct client_response *r = &x->res;
    struct cgi *f = cgi_of(c);
    struct cgi_head h;
    const char *wrong;

    r->text = pool_dup(&x->pool, text);
    wrong = cgi_head_read(r->text, &x->pool, &r->headers, &h);
    if (wrong) {
        client_serial_end_malformed(c, wrong);
        return;
    }
    r->status = h.status;
    r->phrase = h.phrase;
    r->content_length = h.content_length;
    r->major = 1;
    f->has_no_body = lacks_body(x);
    f->left = h.content_length;
    f->early_from = text.n;
    client_exchange_got_head(x);
    client_exchange_hold(x);
    if (x->user->on_head)
        x->user->on_head(x);
    client_exchange_release(&x);
}

static void take_output(struct client_conn *c, struct slice piece)
{
    struct cgi *f = cgi_of(c);
    size_t n;

    buf_add_slice(&f->early, piece);
    n = cgi_head_size(buf_slice(&f->early), &f->seen);
    if (n)
        take_head(c, slice_of(f->early.p, n));
    else if (f->early.n > CGI_HEAD_MOST)
        client_serial_end_malformed(c, "too large header");
}

/* The next record, or a part of it, of the input that is there. */
static void read_head(struct client_conn *c)
{
    struct slice in = client_conn_input(c), rest = in, piece;
    enum fastcgi_result r = next_piece(cgi_of(c), &rest, &piece);

    client_conn_consume(c, in.n - rest.n);
    switch (r) {
    case FASTCGI_MORE:
        break;
    case FASTCGI_OUTPUT:
        take_output(c, piece);
        break;
    case FASTCGI_ERRORS:
        take_errors(c, piece);
        break;
    case FASTCGI_END:
        client_serial_end_malformed(c, "no header before the end of FastCGI output");
        break;
    case FASTCGI_BAD:
        client_serial_end_malformed(c, cgi_of(c)->reader.reason);
        break;
    }
}

static bool waits_for_head(const struct client_conn *c)
{
    return c->stream && c->x && c->x->state == CLIENT_WAITING;
}

static void read_heads(struct client_conn *c)
{
    ssize_t n = client_conn_read(c);

    while (waits_for_head(c) && client_conn_input(c).n)
        read_head(c);
    if ((n == 0 || n == STREAM_FAILED) && waits_for_head(c))
        client_conn_end(c, client_serial_fault(c));
}

/* --- bodies --- */

/* What of a piece is body. BODY_WAIT: nothing. */
static enum body_result take_body(struct client_conn *c, struct slice piece, struct slice *data)
{
    struct cgi *f = cgi_of(c);
    size_t n = f->has_no_body ? 0 : piece.n;

    if (f->left >= 0 && (size_t)f->left < n)
        n = (size_t)f->left;
    if (f->left >= 0)
        f->left -= (int64_t)n;
    c->x->body_received += n;
    *data = slice_of(piece.p, n);
    return n ? BODY_DATA : BODY_WAIT;
}

static bool has_early(const struct cgi *f)
{
    return f->early_from < f->early.n;
}

static enum body_result take_early(struct client_conn *c, struct slice *data)
{
    struct cgi *f = cgi_of(c);
    struct slice piece = slice_from(buf_slice(&f->early), f->early_from);

    f->early_from = f->early.n;
    return take_body(c, piece, data);
}

static enum body_result finish(struct client_conn *c)
{
    struct cgi *f = cgi_of(c);

    if (f->left > 0 && !f->has_no_body)
        return client_serial_fail(c, &err_truncated, NULL);
    client_serial_finish(c);
    return BODY_END;
}

/* There is more than Content-Length told. Who sends it may never end. */
static bool is_too_much(const struct cgi *f, struct slice piece)
{
    return f->left == 0 && piece.n && !f->has_no_body;
}

/* BODY_WAIT: nothing of the body was in it. */
static enum body_result read_piece(struct client_conn *c, struct slice in, struct slice *data)
{
    struct slice rest = in, piece;
    enum fastcgi_result r = next_piece(cgi_of(c), &rest, &piece);

    client_conn_consume(c, in.n - rest.n);
    switch (r) {
    case FASTCGI_MORE:
        break;
    case FASTCGI_OUTPUT:
        if (is_too_much(cgi_of(c), piece)) {
            c->must_close = true;
            client_serial_finish(c);
            return BODY_END;
        }
        return take_body(c, piece, data);
    case FASTCGI_ERRORS:
        take_errors(c, piece);
        break;
    case FASTCGI_END:
        return finish(c);
    case FASTCGI_BAD:
        return client_serial_fail(c, &err_protocol, cgi_of(c)->reader.reason);
    }
    return BODY_WAIT;
}

static enum body_result receive(struct client_conn *c)
{
    enum body_result r = client_serial_receive(c);

    if (r != BODY_END)
        return r;
    return cgi_of(c)->is_bare ? finish(c) : client_serial_fail(c, &err_truncated, NULL);
}

/* Nobody says so in the case of records: their end is read. */
static bool is_known_to_end(const struct cgi *f)
{
    return f->is_bare && (f->left == 0 || f->has_no_body);
}

static enum body_result read_body(struct client_exchange *x, struct slice *data)
{
    struct client_conn *c = x->conn;

    for (;;) {
        if (is_known_to_end(cgi_of(c)))
            return finish(c);

        struct slice in = client_conn_input(c);
        bool is_there = in.n || has_early(cgi_of(c));
        enum body_result r = has_early(cgi_of(c)) ? take_early(c, data)
                             : in.n               ? read_piece(c, in, data)
                                                  : receive(c);

        if (r != (is_there ? BODY_WAIT : BODY_DATA))
            return r;
    }
}

/* --- events --- */

static void on_readable(struct client_conn *c)
{
    if (c->phase == CLIENT_CONN_FREE) /* the end of the peer, or bytes that nobody asked for */
        client_conn_end(c, NULL);
    else if (c->x->state == CLIENT_WAITING)
        read_heads(c);
    else
        client_exchange_notify_body(c->x);
}

static void on_work(struct client_conn *c)
{
    bool is_there = client_conn_input(c).n || has_early(cgi_of(c));

    if (c->x && c->x->state == CLIENT_BODY && c->x->is_waiting_body && is_there)
        client_exchange_notify_body(c->x);
    client_serial_work(c);
}

static void free_state(void *p)
{
    struct cgi *f = p;

    buf_free(&f->errors);
    buf_free(&f->early);
    mem_free(f);
}

/* A piece of a body may still be in use. */
static void on_end(struct client_conn *c, const struct err *why)
{
    UNUSED(why);
    loop_free_later(c->state, free_state);
}

/* --- the transport --- */

static size_t queued(const struct client_exchange *x)
{
    return ((const struct client_conn *)x->conn)->out.bytes;
}

static void write_body(struct client_exchange *x, const struct chunk *piece)
{
    client_cgi_out_add(x->conn, cgi_of(x->conn)->is_bare, piece);
}

static const struct client_transport transport = {
    .read = read_body,
    .wait = client_serial_wait,
    .write = write_body,
    .queued = queued,
    .wait_drained = client_serial_wait,
    .abort = client_serial_abort,
};

static void start(struct client_conn *c, struct client_exchange *x)
{
    struct cgi *f = cgi_of(c);

    buf_free(&f->errors);
    buf_free(&f->early);
    *f = (struct cgi){.is_bare = f->is_bare, .left = -1};
    client_serial_begin(c, x, &transport);
    client_cgi_out_begin(c, f->is_bare);
    client_serial_send(c);
}

static const struct client_conn_protocol protocol = {
    .on_readable = on_readable,
    .on_work = on_work,
    .wants = client_serial_wants,
    .start = start,
    .room = client_serial_room,
    .on_end = on_end,
};

struct client_conn *client_cgi_open(struct stream *s, enum client_speech speech,
                                    const struct client_conn_owner *owner, void *user)
{
    struct client_conn *c = client_conn_open(s, &protocol, owner, user);
    struct cgi *f = mem_new(struct cgi);

    f->is_bare = speech == CLIENT_SPEAKS_BARE;
    c->state = f;
    return c;
}
