/* Streams of a client: from the head of a request to the end of its response, and the transport
 * that exchanges see.
 *
 * What the events of the session have noted (client_h2_head, client_h2_in) has its consequences,
 * calls of the user among them, in client_h2_stream_settle. finish() is where every response ends
 * well, close_early() and lose() where it does not, let_go() where the exchange leaves the record.
 */
#include "http/client/client_h2_stream.h"

#include "base/check.h"
#include "base/clock.h"
#include "base/mem.h"
#include "http/h2_tunnel.h"

enum { STREAMS_KEPT = 256, EXPECT_MS = 1000 };

static struct mem_cache records =
    MEM_CACHE(struct client_h2_stream, STREAMS_KEPT); /* process-wide: shared by connections */

static const struct client_transport transport;

/* --- life --- */

static void free_record(void *p)
{
    struct client_h2_stream *st = p;

    buf_free(&st->s.body);
    mem_cache_give(&records, st);
}

static void on_timer(struct timer *t)
{
    client_h2_out_release(CONTAINER_OF(t, struct client_h2_stream, timer));
}

static struct client_h2_stream *new_record(struct client_h2 *h2, struct client_exchange *x)
{
    struct client_h2_stream *st = mem_cache_take(&records);

    memset(st, 0, sizeof(*st));
    h2_stream_init(&st->s, &h2->link, 0);
    list_append(&h2->streams, &st->node);
    timer_init(&st->timer, on_timer);
    st->h2 = h2;
    st->x = x;
    h2->n_streams++;
    return st;
}

/* Is there somebody who waits for it to go on? */
static void count_activity(struct client_h2_stream *st)
{
    const struct client_exchange *x = st->x;
    bool is_active = st->s.owner || (x && (x->state == CLIENT_WAITING || x->is_waiting_body ||
                                           x->is_waiting_drained || !x->is_out_done));

    if (!st->h2 || is_active == st->is_active)
        return;
    st->is_active = is_active;
    st->h2->n_active += is_active ? 1 : -1u;
}

/* The record leaves the connection. */
static void part(struct client_h2_stream *st)
{
    st->h2->n_active -= st->is_active;
    st->is_active = false;
    st->h2->n_streams--;
    st->h2->has_room_news = true;
    list_remove(&st->node);
    h2_stream_leave(&st->s);
    st->h2 = NULL;
}

/* A piece that a reader has may be of its body: what was read stays until the turn is over. */
static void remove_record(struct client_h2_stream *st)
{
    timer_stop(&st->timer);
    outq_clear(&st->s.out);
    if (h2_stream_has_data(&st->s))
        h2_stream_clear(&st->s);
    part(st);
    loop_free_later(st, free_record);
}

/* A connection that is gone has no more work. */
static void work_soon(struct client_h2_stream *st)
{
    if (st->h2)
        client_conn_work_soon(st->h2->conn);
}

/* The exchange is not this stream's any more. The caller has a hold. */
static void let_go(struct client_h2_stream *st)
{
    struct client_exchange *x = st->x;

    st->x = NULL;
    st->s.direct = SLICE_EMPTY;
    st->is_body_held = false;
    timer_stop(&st->timer);
    outq_clear(&st->s.out);
    x->conn = NULL;
    x->transport = NULL;
    client_exchange_release(&x);
    h2_stream_note(&st->s);
    if (st->h2)
        client_conn_work_late(st->h2->conn);
}

/* What the server still sends, or is to be sent, is in vain. */
static void cancel(struct client_h2_stream *st)
{
    if (st->h2 && !st->s.is_closed && st->s.id)
        h2_session_reset(st->h2->link.session, st->s.id, H2_CANCEL);
    if (st->h2 && !st->s.id)
        st->s.is_closed = true;
}

/* An exchange that was let go outside of settle; a record without a connection goes with it. */
static void drop(struct client_h2_stream *st)
{
    bool is_alone = !st->h2;

    cancel(st);
    let_go(st);
    if (is_alone)
        loop_free_later(st, free_record);
    else
        h2_stream_clear(&st->s);
}

/* --- the end of a response --- */

/* It is complete. The user hears of it by the state, or by what his read returns. */
static void finish(struct client_h2_stream *st)
{
    struct client_exchange *x = st->x;
    bool is_alone = !st->h2;

    client_exchange_hold(x);
    if (st->s.out_state < H2_OUT_SENT)
        cancel(st);
    let_go(st);
    if (is_alone)
        loop_free_later(st, free_record);
    client_exchange_complete(x);
    client_exchange_release(&x);
}

/* Why a stream that the session has closed is no good end; `detail` for people. */
static const struct err *fault_of(struct client_h2_stream *st)
{
    struct client_exchange *x = st->x;

    if (st->err)
        return st->err;
    if (!st->is_by_peer)
        return st->length_err ? st->length_err : &err_protocol;
    x->detail = pool_printf(&x->pool, "the server has reset the stream: error %u", st->s.code);
    return &client_err_stream_reset;
}

static void lose(struct client_h2 *h2, struct client_h2_stream *st, const struct err *why,
                 bool is_unseen)
{
    struct client_conn *c = h2->conn;
    struct client_exchange *x = st->x;

    client_exchange_hold(x);
    let_go(st);
    c->owner->on_lost(c, x, why, is_unseen);
    client_exchange_release(&x);
}

/* The session has closed the stream before the response was complete. */
static void close_early(struct client_h2_stream *st)
{
    bool is_untouched = st->is_by_peer && !st->err && st->s.in == H2_IN_HEAD;
    bool is_refused = st->s.code == H2_REFUSED_STREAM;
    bool wants_http1 = st->s.code == H2_HTTP_1_1_REQUIRED || (is_refused && st->h2->wants_http1);
    bool is_unseen = is_untouched && (is_refused || wants_http1);

    st->err = is_untouched && wants_http1 ? &client_err_wants_http1 : fault_of(st);
    if (st->x->state == CLIENT_WAITING)
        lose(st->h2, st, st->err, is_unseen);
    else
        client_exchange_notify_body(st->x);
}

/* --- upcalls --- */

static bool is_tunnel(const struct client_exchange *x)
{
    return x->req.method == METHOD_CONNECT && x->res.status >= 200 && x->res.status < 300;
}

static void tell_informational(struct client_h2_stream *st)
{
    struct client_exchange *x = st->x;
    int status = st->informational_status;

    st->informational_status = 0;
    if (status == 100 && st->is_body_held)
        client_h2_out_release(st);
    if (x->user->on_informational)
        x->user->on_informational(x, status, &st->informational);
}

static void tell_head(struct client_h2_stream *st)
{
    struct client_exchange *x = st->x;

    st->has_new_head = false;
    st->h2->conn->has_answered = true;
    if (st->is_body_held) { /* it was not wanted, or the server did not wait for it */
        timer_stop(&st->timer);
        x->is_out_done = true;
    }
    client_exchange_hold(x);
    client_exchange_got_head(x);
    if (st->s.in == H2_IN_ENDED && !st->s.body.n && !is_tunnel(x))
        finish(st);
    if (x->user->on_head)
        x->user->on_head(x);
    if (is_tunnel(x) && x->transport == &transport) { /* nobody took it over */
        drop(st);
        client_exchange_fail(x, &err_protocol);
    }
    client_exchange_release(&x);
}

static bool has_body_news(const struct client_h2_stream *st)
{
    return h2_stream_has_data(&st->s) || st->s.in == H2_IN_ENDED || st->err;
}

/* Has the end come by itself, behind a head without a body (HEAD) or behind all that was read? Then
 * nobody may ask for it, and the stream would be kept. */
static bool is_over_unasked(const struct client_h2_stream *st)
{
    return st->x->state == CLIENT_BODY && st->s.in == H2_IN_ENDED && !st->err &&
           !h2_stream_has_data(&st->s);
}

/* The record lives until this is through, whatever its users do. */
static void settle_one(struct client_h2_stream *st)
{
    if (st->x && st->s.out_state == H2_OUT_NONE && h2_session_has_settings(st->h2->link.session)) {
        if (h2_session_allows_protocols(st->h2->link.session))
            client_h2_out_head(st);
        else
            lose(st->h2, st, &client_err_no_protocol, false);
    }
    if (st->x && st->informational_status)
        tell_informational(st);
    if (st->x && st->has_new_head)
        tell_head(st);
    if (st->x && (st->err || (st->s.is_closed && st->s.in != H2_IN_ENDED)))
        close_early(st);
    if (st->x && st->x->state == CLIENT_BODY && st->x->is_waiting_body && has_body_news(st))
        client_exchange_notify_body(st->x);
    if (st->x)
        client_exchange_notify_drained(st->x);
    if (st->x && is_over_unasked(st))
        finish(st);
    if (st->s.owner)
        st->s.on_news(&st->s);
    if (st->is_unwanted && st->s.out_state == H2_OUT_SENT && st->h2 && !st->s.is_closed)
        cancel(st);
    count_activity(st);
    if (st->s.is_closed && !st->x && !st->s.owner && st->h2)
        remove_record(st);
}

void client_h2_stream_settle(struct client_h2 *h2)
{
    struct list *node;

    h2->is_urgent = false;
    while (!h2->is_dead && (node = list_pop(&h2->link.news)))
        settle_one(CONTAINER_OF(node, struct client_h2_stream, s.news));
}

void client_h2_stream_note_settings(struct client_h2 *h2)
{
    LIST_FOR (node, &h2->streams) {
        struct client_h2_stream *st = CONTAINER_OF(node, struct client_h2_stream, node);

        if (st->s.out_state == H2_OUT_NONE)
            h2_stream_note(&st->s);
    }
}

static void lose_one(struct client_h2 *h2, struct client_h2_stream *st, const struct err *why)
{
    struct client_exchange *x = st->x;

    st->s.is_closed = true;
    st->s.code = H2_CANCEL;
    if (x && h2->reason[0])
        x->detail = pool_dup(&x->pool, slice_str(h2->reason));
    if (st->s.owner)
        st->s.on_news(&st->s);
    if (x && x->state == CLIENT_WAITING) {
        lose(h2, st, x->bytes_received && why == &err_closed ? &err_truncated : why, false);
        x = NULL;
    }
    if (!x) {
        remove_record(st);
        return;
    }
    if (st->s.in != H2_IN_ENDED)
        st->err = why == &err_closed ? &err_truncated : why;
    outq_clear(&st->s.out);
    timer_stop(&st->timer);
    part(st);
    client_exchange_notify_body(x);
}

void client_h2_stream_part_whole(struct client_h2 *h2)
{
    LIST_FOR_SAFE (node, &h2->streams) {
        struct client_h2_stream *st = CONTAINER_OF(node, struct client_h2_stream, node);

        if (st->x && st->x->state == CLIENT_BODY && st->s.is_closed && st->s.in == H2_IN_ENDED)
            part(st);
    }
}

void client_h2_stream_lose_all(struct client_h2 *h2, const struct err *why)
{
    while (!list_is_empty(&h2->streams))
        lose_one(h2, CONTAINER_OF(h2->streams.next, struct client_h2_stream, node), why);
}

/* --- the transport --- */

static enum body_result read_body(struct client_exchange *x, struct slice *data)
{
    struct client_h2_stream *st = x->conn;

    *data = h2_stream_read(&st->s);
    x->body_received += data->n;
    if (st->s.in == H2_IN_ENDED && !st->err) {
        finish(st);
        return data->n ? BODY_DATA : BODY_END;
    }
    if (data->n || !st->err)
        return data->n ? BODY_DATA : BODY_WAIT;
    client_exchange_hold(x);
    x->err = st->err;
    drop(st);
    client_exchange_fail_quietly(x, x->err);
    client_exchange_release(&x);
    return BODY_FAILED;
}

static void wait_body(struct client_exchange *x)
{
    struct client_h2_stream *st = x->conn;

    count_activity(st);
    h2_stream_note(&st->s);
    work_soon(st);
}

/* While the body is held back a producer is to wait. */
static size_t queued(const struct client_exchange *x)
{
    const struct client_h2_stream *st = x->conn;

    return st->is_body_held ? SIZE_MAX : st->s.out.bytes;
}

static void wait_drained(struct client_exchange *x)
{
    struct client_h2_stream *st = x->conn;

    h2_stream_note(&st->s);
    work_soon(st);
}

static void abort_now(struct client_exchange *x)
{
    drop(x->conn);
}

static struct stream *detach(struct client_exchange *x, struct buf *in, struct outq *out)
{
    struct client_h2_stream *st = x->conn;

    *in = BUF_EMPTY;
    outq_init(out); /* what is queued is on its way already */
    if (!st->h2 || st->s.is_closed || st->s.out_state != H2_OUT_BODY) {
        drop(st);
        return NULL;
    }
    client_exchange_hold(x);
    let_go(st);
    client_exchange_release(&x);
    h2_stream_take(&st->s, in);
    return h2_tunnel_open(&st->s);
}

static const struct client_transport transport = {
    .read = read_body,
    .wait = wait_body,
    .write = client_h2_out_write,
    .queued = queued,
    .wait_drained = wait_drained,
    .forget = abort_now,
    .abort = abort_now,
    .detach = detach,
};

void client_h2_stream_start(struct client_h2 *h2, struct client_exchange *x)
{
    struct client_h2_stream *st = new_record(h2, x);

    client_exchange_hold(x);
    x->conn = st;
    x->transport = &transport;
    x->is_reused = h2->conn->served++ > 0;
    x->is_out_done = false;
    x->bytes_sent = 0;
    x->tries++;
    x->connected_ms = clock_ms();
    client_exchange_set_state(x, CLIENT_WAITING);
    if (x->req.expects_continue && x->req.source != CLIENT_NO_BODY) {
        st->is_body_held = true;
        timer_start(&st->timer, EXPECT_MS);
    }
    if (!x->req.protocol.n || h2_session_has_settings(h2->link.session))
        h2_stream_note(&st->s);
    if (!x->req.protocol.n)
        client_h2_out_head(st);
    if (x->is_waiting_drained)
        h2_stream_note(&st->s);
    count_activity(st);
    if (list_is_empty(&st->s.news))
        client_conn_work_late(h2->conn);
    else
        client_conn_work_soon(h2->conn);
}
