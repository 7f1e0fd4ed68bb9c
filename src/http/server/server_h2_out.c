/* Responses on HTTP/2.
 *
 * Two queues: each stream's `out` holds body that its handler has written, up to the watermark; the
 * connection's holds frames. The session moves data from one to the other in the order of
 * priorities, whenever it is allowed to (on_pull): at the end of each event, and at once for an
 * answer that is complete and small, so that its exchange ends within the handler's call. Bytes of
 * the last piece that can go at once are copied from the handler's own memory (`direct`). A head
 * waits for the end of the body, but not beyond the event, so that both go in one step.
 *
 * The session may not be entered from within its events, so these only note what happened; the
 * consequences are drawn in server_h2_out_settle, which the connection's on_work calls.
 *
 * The exchange is over when END_STREAM is with the connection (end); with `ends_when_sent` when the
 * connection's queue is past it: until then its stream is in `held`. */
#include "http/server/server_h2_out.h"

#include "base/clock.h"
#include "base/num.h"
#include "http/h2_tunnel.h"
#include "proto/status.h"

/* FRAME_MOST fills a piece of the connection's queue. */
enum { FRAME_MOST = 16384 - 96, SMALL = 16384, TYPE_HEADERS = 1 };

/* --- events --- */

static size_t waiting_bytes(const struct server_h2_stream *st)
{
    return st->s.out.bytes + st->s.direct.n;
}

enum h2_pull server_h2_out_on_pull(void *user, void *stream, size_t most, size_t *n)
{
    struct server_h2 *h2 = user;
    struct server_h2_stream *st = stream;
    struct server_conn *c = h2->conn;
    size_t all = waiting_bytes(st);
    bool is_last = st->s.out_state >= H2_OUT_LAST;
    size_t allowed = all ? server_h2_stream_allowance(st) : 0;

    if (all && !allowed)
        return H2_PULL_AGAIN;
    if (!all && !is_last) {
        st->s.is_asleep = true;
        return H2_PULL_AGAIN;
    }
    if (!h2->may_send_data || c->out.bytes >= c->server->settings->send_watermark)
        return H2_PULL_FULL;
    *n = MIN(MIN(MIN(all, allowed), most), (size_t)FRAME_MOST);
    if (!is_last || *n < all)
        return H2_PULL_SOME;
    if (st->x && st->x->res.trailers.n)
        h2_session_trailers(h2->link.session, &st->x->res.trailers);
    return H2_PULL_LAST;
}

bool server_h2_out_on_output_data(void *user, void *stream, struct slice head, size_t n)
{
    struct server_h2 *h2 = user;
    struct server_h2_stream *st = stream;
    const struct err *e = h2_stream_send(&st->s, &h2->conn->out, head, n);

    if (e && st->x)
        log_write(&st->x->log, LOG_CRIT, BODY_UNREAD, e->message);
    if (e)
        return false;
    h2->put += H2_FRAME_HEAD + n;
    st->moved_at = clock_ms();
    st->sent += n;
    if (st->s.owner)
        h2_stream_note(&st->s);
    if (!st->x)
        return true;
    st->x->bytes_sent += H2_FRAME_HEAD + n;
    if (st->x->is_waiting_drained && st->s.out.bytes <= st->x->drain_goal)
        h2_stream_note(&st->s);
    return true;
}

void server_h2_out_on_output(void *user, struct slice bytes)
{
    struct server_h2 *h2 = user;

    if (h2->sending && bytes.p[3] == TYPE_HEADERS)
        h2->sending->bytes_sent += bytes.n;
    h2->put += bytes.n;
    outq_add(&h2->conn->out, bytes.p, bytes.n);
}

void server_h2_out_on_end_sent(void *user, void *stream)
{
    struct server_h2_stream *st = stream;

    UNUSED(user);
    st->s.out_state = H2_OUT_SENT;
    h2_stream_note(&st->s);
}

void server_h2_out_on_head_unsent(void *user, void *stream)
{
    struct server_h2_stream *st = stream;

    UNUSED(user);
    if (st->x)
        log_write(&st->x->log, LOG_ERROR, "the response has header fields too large for HTTP/2");
}

void server_h2_out_on_close(void *user, void *stream, uint32_t code, bool is_by_peer)
{
    struct server_h2_stream *st = stream;

    UNUSED(user);
    st->is_by_peer = is_by_peer;
    st->s.is_closed = true;
    st->s.code = code;
    h2_stream_note(&st->s);
}

/* --- heads --- */

static void add(struct header_list *l, enum header_id id, struct slice value)
{
    l->fields[l->n++] = (struct header){header_name(id), value, id, 0};
}

/* Ours, and taken back: by an empty value. */
static bool is_taken_back(const struct header *h)
{
    return (h->id == HEADER_SERVER || h->id == HEADER_DATE) && h->value.n == 0;
}

/* The fields on the wire: the app's and ours. */
static struct header_list wire_fields(struct exchange *x, bool has_length)
{
    const struct header_list *own = &x->res.headers;
    struct header_list l = {pool_alloc(&x->pool, (own->n + 3) * sizeof(struct header)), 0, 0};

    if (x->settings->server_name && !header_find_id(own, HEADER_SERVER))
        add(&l, HEADER_SERVER, slice_str(x->settings->server_name));
    if (!header_find_id(own, HEADER_DATE))
        add(&l, HEADER_DATE, clock_http_date());
    for (unsigned i = 0; i < own->n; i++)
        if (!is_taken_back(&own->fields[i]))
            l.fields[l.n++] = own->fields[i];
    if (has_length && x->res.content_length >= 0) {
        char *digits = pool_alloc(&x->pool, 24);

        add(&l, HEADER_CONTENT_LENGTH, slice_of(digits, num_format(digits, x->res.content_length)));
    }
    return l;
}

/* Sends the head, and what else can go. */
static void put_head(struct server_h2_stream *st)
{
    struct exchange *x = st->x;
    struct server_h2 *h2 = st->h2;
    bool has_length = st->has_body || (x->is_head && status_can_have_body(x->res.status));
    bool is_empty = st->s.out_state >= H2_OUT_LAST && !waiting_bytes(st);
    struct header_list l = wire_fields(x, has_length);

    if (st->s.out_state < H2_OUT_BODY)
        st->s.out_state = st->has_body ? H2_OUT_BODY : H2_OUT_LAST;
    h2->sending = x;
    h2_session_respond(h2->link.session, st->s.id, x->res.status, &l,
                       st->has_body && (!is_empty || x->res.trailers.n));
    h2->sending = NULL;
}

/* To a client that has asked for another protocol by an extended CONNECT any 2xx says that it
 * begins (RFC 8441 section 4): who answers as if it were a GET must not say so. */
static void refuse_protocol(struct exchange *x)
{
    log_write(&x->log, LOG_INFO, "\"" SLICE_FMT "\" is asked for, and not spoken here",
              SLICE_ARG(x->req.protocol));
    x->res.status = 400;
}

static void send_head(struct exchange *x, bool has_body)
{
    struct server_h2_stream *st = x->conn;

    if (UNLIKELY(x->req.protocol.n && !x->res.is_tunnel) && x->res.status / 100 == 2)
        refuse_protocol(x);
    st->has_body = has_body;
    st->s.out_state = H2_OUT_HEAD;
    h2_stream_note(&st->s);
    server_conn_work_late(st->h2->conn);
}

static void send_informational(struct exchange *x, int status, const struct header_list *headers)
{
    struct server_h2_stream *st = x->conn;
    struct header_list valid = {NULL, 0, 0};

    for (unsigned i = 0; headers && i < headers->n; i++) {
        const struct header *f = &headers->fields[i];

        if (header_is_name(f->name) && header_is_value(f->value))
            header_add(&valid, &x->pool, f->name, f->value);
    }
    st->h2->sending = x;
    h2_session_inform(st->h2->link.session, st->s.id, status, &valid);
    st->h2->sending = NULL;
    server_conn_work_late(st->h2->conn);
}

/* --- bodies --- */

/* The response is with the connection, or out where that counts. */
static void end(struct server_h2_stream *st)
{
    struct exchange *x = server_h2_stream_let_go(st);

    if (st->s.in != H2_IN_ENDED && !st->s.is_closed)
        server_h2_stream_drain(st, x->settings->lingering_timeout);
    h2_stream_note(&st->s);
    exchange_finished(x);
}

/* Is the exchange over only when the bytes have gone out? Not beyond as many as a peer may have
 * open: of one that does not read no more are kept. */
static bool is_held(const struct server_h2_stream *st)
{
    const struct http_settings *s = st->x->settings;

    return UNLIKELY(s->ends_when_sent) && st->h2->n_streams <= s->http2.max_streams;
}

/* An answer that is complete and small, and there is room for it: it goes now. */
static bool can_go_now(const struct server_h2_stream *st)
{
    const struct server_conn *c = st->h2->conn;

    return st->s.out_state == H2_OUT_LAST && waiting_bytes(st) <= SMALL &&
           c->out.bytes < c->server->settings->send_watermark;
}

/* The last piece has been given: what can go goes. */
static void push(struct server_h2_stream *st, struct keeper *keeper)
{
    struct server_h2 *h2 = st->h2;
    bool has_head = st->s.out_state > H2_OUT_HEAD;

    if (st->s.out_state < H2_OUT_LAST)
        st->s.out_state = H2_OUT_LAST;
    h2->may_send_data = can_go_now(st);
    if (!has_head)
        put_head(st);
    else
        h2_stream_wake(&st->s);
    if (has_head && h2->may_send_data)
        h2_session_send(h2->link.session);
    h2->may_send_data = false;
    if (st->s.direct.n)
        outq_add_kept(&st->s.out, st->s.direct.p, st->s.direct.n, keeper);
    st->s.direct = SLICE_EMPTY;
}

static void take_chunk(struct server_h2_stream *st, const struct chunk *p, size_t size)
{
    if (p->fd >= 0)
        outq_add_file(&st->s.out, p->fd, p->offset, size, p->owns_fd);
    else if (p->is_last)
        st->s.direct = p->bytes;
    else
        outq_add_kept(&st->s.out, p->bytes.p, size, p->keeper);
}

static void send_body(struct exchange *x, const struct chunk *p)
{
    struct server_h2_stream *st = x->conn;
    size_t size = p->fd >= 0 ? p->size : p->bytes.n;

    if (size && st->has_body)
        take_chunk(st, p, size);
    if (p->is_last)
        push(st, p->keeper);
    else if (size)
        h2_stream_wake(&st->s);
    server_conn_work_late(st->h2->conn);
    if (st->s.out_state != H2_OUT_SENT || !p->is_last)
        server_h2_stream_watch_time(st);
    else if (!is_held(st))
        end(st);
}

static size_t queued(const struct exchange *x)
{
    const struct server_h2_stream *st = x->conn;

    return st->s.out.bytes;
}

static void wait_drained(struct exchange *x)
{
    struct server_h2_stream *st = x->conn;

    if (st->s.out.bytes > x->drain_goal)
        return;
    h2_stream_note(&st->s);
    server_conn_call(st->h2->conn);
}

static int descriptor(const struct exchange *x)
{
    const struct server_h2_stream *st = x->conn;

    return stream_fd(st->h2->conn->stream);
}

static void give_up(struct exchange *x, const struct err *why)
{
    struct server_h2_stream *st = x->conn;

    UNUSED(why);
    if (st->s.out_state == H2_OUT_HEAD) /* what was said counts; behind a reset it would not go */
        put_head(st);
    (void)server_h2_stream_let_go(st);
    if (st->s.out_state != H2_OUT_SENT)
        h2_session_reset(st->h2->link.session, st->s.id, H2_INTERNAL_ERROR);
    server_conn_work_late(st->h2->conn);
}

/* A head has to be there before the stream can be anything else. */
static struct stream *detach(struct exchange *x, struct buf *in, struct outq *out)
{
    struct server_h2_stream *st = x->conn;

    UNUSED(out); /* what is queued is on its way already */
    if (st->s.is_closed)
        return NULL;
    if (x->state == EXCHANGE_HANDLING)
        exchange_start(x);
    if (!st->has_body)
        return NULL;
    if (st->s.out_state == H2_OUT_HEAD)
        put_head(st);
    st->x = NULL;
    timer_stop(&st->timer);
    h2_stream_take(&st->s, in);
    server_conn_work_late(st->h2->conn);
    return h2_tunnel_open(&st->s);
}

const struct exchange_transport server_h2_out_transport = {
    .send_head = send_head,
    .send_body = send_body,
    .send_informational = send_informational,
    .queued = queued,
    .read_body = server_h2_stream_read_body,
    .has_whole_body = server_h2_stream_has_whole_body,
    .wait_body = server_h2_stream_wait_body,
    .wait_drained = wait_drained,
    .fd = descriptor,
    .abort = give_up,
    .detach = detach,
};

/* --- consequences --- */

static void lose(struct server_h2_stream *st)
{
    struct exchange *x = server_h2_stream_let_go(st);

    if (x->app && !x->has_ended && st->is_by_peer)
        log_write(&x->log, LOG_INFO, "client reset the stream while the request was handled");
    else if (x->app && !x->has_ended && st->s.code != H2_INTERNAL_ERROR)
        log_write(&x->log, LOG_INFO,
                  "client broke the rules of HTTP/2 while the request was handled: %s",
                  h2_session_code_name(st->s.code));
    exchange_lost(x, &err_closed);
}

/* Tells those who wait; false: there is nobody any more. */
static bool tell(struct server_h2_stream *st)
{
    if (st->s.owner)
        st->s.on_news(&st->s);
    if (st->x)
        exchange_notify_drained(st->x);
    if (!st->h2->is_dead && st->x && st->x->is_waiting_body && server_h2_stream_has_body_news(st))
        exchange_notify_body(st->x);
    return !st->h2->is_dead;
}

static bool is_answered(const struct server_h2_stream *st)
{
    return st->x && st->s.out_state == H2_OUT_SENT && st->x->is_complete;
}

static void settle_one(struct server_h2_stream *st)
{
    if (st->x && st->s.out_state == H2_OUT_HEAD)
        put_head(st);
    if (is_answered(st) && is_held(st)) {
        st->put = st->h2->put;
        list_append(&st->h2->held, &st->s.news);
        return;
    }
    if (is_answered(st))
        end(st);
    else if (st->x && st->s.is_closed && st->s.out_state != H2_OUT_SENT)
        lose(st);
    if (st->h2->is_dead || !tell(st) || !st->s.is_closed || st->x)
        return;
    server_h2_stream_remove(st);
    server_h2_stream_free(st);
}

void server_h2_out_settle(struct server_h2 *h2)
{
    struct list *node;

    while (!h2->is_dead && (node = list_pop(&h2->link.news)))
        settle_one(CONTAINER_OF(node, struct server_h2_stream, s.news));
}

bool server_h2_out_release(struct server_h2 *h2)
{
    while (!h2->is_dead && !list_is_empty(&h2->held)) {
        struct server_h2_stream *st = CONTAINER_OF(h2->held.next, struct server_h2_stream, s.news);

        if (st->put + h2->conn->out.bytes > h2->put)
            break;
        list_remove(&st->s.news);
        if (st->x)
            end(st);
        else
            h2_stream_note(&st->s);
    }
    server_h2_out_settle(h2);
    return !h2->is_dead;
}
