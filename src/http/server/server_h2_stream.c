/* Records of streams, and the bodies of requests.
 *
 * A body is pulled, as on HTTP/1.1, but its bytes cannot stay in the kernel: h2_stream keeps them.
 *
 * One timer a stream guards two waits: a reader's for the peer's bytes, and ours for a peer that
 * does not open the window for the rest of an answer. It is armed once and looks at `moved_at`. It
 * also wakes an answer that goes at a pace (send_rate), which does no harm to the others. */
#include "http/server/server_h2_stream.h"

#include "base/check.h"
#include "base/clock.h"
#include "base/mem.h"

enum { STREAMS_KEPT = 256, DRAIN_MOST = 262144 };

static struct mem_cache records =
    MEM_CACHE(struct server_h2_stream, STREAMS_KEPT); /* process-wide: shared by connections */

static void refuse_rest(struct server_h2_stream *st);

/* --- time --- */

static bool is_waiting_body(const struct server_h2_stream *st)
{
    return st->x && st->x->is_waiting_body && st->s.in != H2_IN_ENDED;
}

/* The timeout that runs; 0: none does. */
static uint64_t current_timeout(const struct server_h2_stream *st)
{
    const struct exchange *x = st->x;

    if (!x)
        return 0;
    if (is_waiting_body(st))
        return x->settings->body_timeout;
    return outq_is_empty(&st->s.out) ? 0 : x->settings->send_timeout;
}

/* Is it the peer that lets us wait? A stream whose turn has not come is the connection's business.
 */
static bool is_peers_fault(const struct server_h2_stream *st)
{
    return is_waiting_body(st) || h2_session_is_stopped(st->h2->link.session, st->s.id);
}

static void expire(struct server_h2_stream *st)
{
    struct exchange *x = st->x;

    if (is_waiting_body(st)) {
        log_write(&x->log, LOG_INFO, "client timed out while reading client request body");
        x->body_err = &err_timeout;
    } else {
        log_write(&x->log, LOG_INFO, SEND_TIMED_OUT);
        h2_session_reset(st->h2->link.session, st->s.id, H2_CANCEL);
    }
    h2_stream_note(&st->s);
    server_conn_call(st->h2->conn);
}

static void on_timer(struct timer *t)
{
    struct server_h2_stream *st = CONTAINER_OF(t, struct server_h2_stream, timer);
    uint64_t ms = current_timeout(st);

    if (st->is_paced)
        h2_stream_wake(&st->s);
    st->is_paced = false;
    if (!st->x && !st->s.owner)
        refuse_rest(st);
    if (!ms)
        return;
    if (clock_ms() - st->moved_at < ms)
        timer_start(t, st->moved_at + ms - clock_ms());
    else if (is_peers_fault(st))
        expire(st);
    else
        timer_start(t, ms);
}

void server_h2_stream_watch_time(struct server_h2_stream *st)
{
    uint64_t ms = current_timeout(st);

    if (is_waiting_body(st) || !timer_is_active(&st->timer))
        st->moved_at = clock_ms();
    if (ms && (!timer_is_active(&st->timer) || st->timer.deadline > clock_ms() + ms))
        timer_start(&st->timer, ms);
}

/* --- life --- */

struct server_h2_stream *server_h2_stream_new(struct server_h2 *h2, int32_t id, struct exchange *x)
{
    struct server_h2_stream *st = mem_cache_take(&records);

    memset(st, 0, sizeof(*st));
    st->h2 = h2;
    h2_stream_init(&st->s, &h2->link, id);
    list_append(&h2->streams, &st->node);
    timer_init(&st->timer, on_timer);
    st->x = x;
    x->conn = st;
    h2->n_streams++;
    return st;
}

void server_h2_stream_remove(struct server_h2_stream *st)
{
    CHECK(!st->x);
    st->h2->n_streams--;
    if (st->h2->fresh == st)
        st->h2->fresh = NULL;
    list_remove(&st->node);
    timer_stop(&st->timer);
    h2_stream_deinit(&st->s);
}

void server_h2_stream_free(void *st)
{
    mem_cache_give(&records, st);
}

/* --- request bodies --- */

struct exchange *server_h2_stream_let_go(struct server_h2_stream *st)
{
    struct exchange *x = st->x;

    st->x = NULL;
    h2_stream_clear(&st->s);
    timer_stop(&st->timer);
    return x;
}

/* Refuses the rest of the body. */
static void refuse_rest(struct server_h2_stream *st)
{
    if (st->s.in == H2_IN_ENDED || st->s.is_closed)
        return;
    h2_session_reset(st->h2->link.session, st->s.id, H2_NO_ERROR);
    server_conn_work_late(st->h2->conn);
}

void server_h2_stream_drain(struct server_h2_stream *st, uint64_t ms)
{
    if (ms)
        timer_start(&st->timer, ms);
    else
        refuse_rest(st);
}

static void drop(struct server_h2_stream *st, size_t n)
{
    h2_stream_drop(&st->s, n);
    st->dropped += n;
    if (st->dropped > DRAIN_MOST)
        refuse_rest(st);
}

static void note_reader(struct server_h2_stream *st)
{
    if (st->s.owner || (st->x && st->x->is_waiting_body))
        h2_stream_note(&st->s);
}

void server_h2_stream_on_data(void *user, void *stream, struct slice data)
{
    struct server_h2_stream *st = stream;

    UNUSED(user);
    if (!st->x && !st->s.owner) {
        drop(st, data.n);
        return;
    }
    st->moved_at = clock_ms();
    if (st->x)
        st->x->request_length += data.n;
    h2_stream_receive(&st->s, data);
    note_reader(st);
}

void server_h2_stream_on_end(void *user, void *stream)
{
    struct server_h2_stream *st = stream;

    UNUSED(user);
    st->s.in = H2_IN_ENDED;
    note_reader(st);
}

size_t server_h2_stream_allowance(struct server_h2_stream *st)
{
    const struct exchange *x = st->x;
    uint64_t allowed;

    if (LIKELY(!x || x->send_rate <= 0))
        return SIZE_MAX;
    allowed = exchange_allowance(x, st->sent);
    if (allowed)
        return allowed;
    st->s.is_asleep = st->is_paced = true;
    if (!timer_is_active(&st->timer) || st->timer.deadline > clock_ms() + EXCHANGE_PACE_MS)
        timer_start(&st->timer, EXCHANGE_PACE_MS);
    return 0;
}

static enum body_result fail_too_large(struct exchange *x)
{
    x->body_err = &err_too_large;
    return BODY_FAILED;
}

/* The client that waits for it is told to go on, unless it has gone on already. */
static void send_continue(struct server_h2_stream *st)
{
    struct exchange *x = st->x;

    x->req.expects_continue = false;
    if (!st->s.body.n && x->state < EXCHANGE_HEAD_OUT && !st->s.is_closed)
        h2_session_inform(st->h2->link.session, st->s.id, 100, NULL);
    server_conn_work_late(st->h2->conn);
}

enum body_result server_h2_stream_read_body(struct exchange *x, struct slice *data)
{
    struct server_h2_stream *st = x->conn;

    if (exchange_refuses_size(x, x->req.content_length))
        return fail_too_large(x);
    *data = h2_stream_read(&st->s);
    if (!data->n) {
        if (st->s.in == H2_IN_ENDED)
            return BODY_END;
        if (x->req.expects_continue)
            send_continue(st);
        return BODY_WAIT;
    }
    x->body_received += (int64_t)data->n;
    if (!exchange_refuses_size(x, x->body_received))
        return BODY_DATA;
    *data = SLICE_EMPTY;
    return fail_too_large(x);
}

bool server_h2_stream_has_whole_body(const struct exchange *x)
{
    const struct server_h2_stream *st = x->conn;

    return st->s.in == H2_IN_ENDED;
}

bool server_h2_stream_has_body_news(const struct server_h2_stream *st)
{
    return h2_stream_has_data(&st->s) || st->s.in == H2_IN_ENDED || st->x->body_err;
}

void server_h2_stream_wait_body(struct exchange *x)
{
    struct server_h2_stream *st = x->conn;

    server_h2_stream_watch_time(st);
    if (!server_h2_stream_has_body_news(st))
        return;
    h2_stream_note(&st->s);
    server_conn_call(st->h2->conn);
}
