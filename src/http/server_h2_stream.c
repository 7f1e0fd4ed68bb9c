/* Records of streams, and the bodies of requests.
 *
 * A body is pulled, as on HTTP/1.1, but its bytes cannot stay in the kernel: what has come is kept
 * in `body`, never more than the window of the stream, which opens again only by what was read. So
 * a reader that is slow stops its own stream. The window that all streams share opens at once, so
 * that the others go on, unless so much is kept that memory would not be bounded: then what is
 * kept is withheld from it, and given back by reading.
 *
 * One timer a stream guards two waits: a reader's for the peer's bytes, and ours for a peer that
 * does not open the window for the rest of an answer. It is armed once and looks at `moved_at`. It
 * also wakes an answer that goes at a pace (send_rate), which does no harm to the others. */
#include "http/server_h2_stream.h"

#include "base/check.h"
#include "base/clock.h"
#include "base/mem.h"

enum { STREAMS_KEPT = 256, DRAIN_MOST = 262144, PACE_MS = 250 };

static struct mem_cache records =
    MEM_CACHE(struct server_h2_stream, STREAMS_KEPT); /* process-wide: shared by connections */

static void refuse_rest(struct server_h2_stream *st);

/* --- time --- */

static bool is_waiting_body(const struct server_h2_stream *st)
{
    return st->x->is_waiting_body && st->in != SERVER_H2_IN_ENDED;
}

/* The timeout that runs; 0: none does. */
static uint64_t current_timeout(const struct server_h2_stream *st)
{
    const struct exchange *x = st->x;

    if (!x)
        return 0;
    if (is_waiting_body(st))
        return x->settings->body_timeout;
    return outq_is_empty(&st->out) ? 0 : x->settings->send_timeout;
}

/* Is it the peer that lets us wait? A stream whose turn has not come is the connection's business.
 */
static bool is_peers_fault(const struct server_h2_stream *st)
{
    return is_waiting_body(st) || h2_session_is_stopped(st->h2->session, st->id);
}

static void expire(struct server_h2_stream *st)
{
    struct exchange *x = st->x;

    if (is_waiting_body(st)) {
        log_write(&x->log, LOG_INFO, "client timed out while reading client request body");
        x->body_err = &err_timeout;
    } else {
        log_write(&x->log, LOG_INFO, "client timed out while sending to client");
        h2_session_reset(st->h2->session, st->id, H2_CANCEL);
    }
    server_h2_stream_note(st);
    server_conn_call(st->h2->conn);
}

static void on_timer(struct timer *t)
{
    struct server_h2_stream *st = CONTAINER_OF(t, struct server_h2_stream, timer);
    uint64_t ms = current_timeout(st);

    if (st->is_paced)
        server_h2_stream_wake(st);
    if (!st->x && !st->owner)
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
    st->id = id;
    list_append(&h2->streams, &st->node);
    list_init(&st->news);
    outq_init(&st->out);
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
    list_remove(&st->news);
    timer_stop(&st->timer);
    outq_clear(&st->out);
    buf_free(&st->body);
}

void server_h2_stream_free(void *st)
{
    mem_cache_give(&records, st);
}

void server_h2_stream_note(struct server_h2_stream *st)
{
    if (list_is_empty(&st->news))
        list_append(&st->h2->news, &st->news);
}

/* --- request bodies --- */

/* The peer may send `n` more bytes of the stream; what was withheld of the shared window goes
 * first. */
static void give_back(struct server_h2_stream *st, size_t n)
{
    struct server_h2 *h2 = st->h2;
    size_t shared = MIN(n, h2->withheld);

    h2->held -= n;
    h2->withheld -= shared;
    if (shared)
        h2_session_consume_shared(h2->session, shared);
    if (!st->is_closed)
        h2_session_consume(h2->session, st->id, n);
    server_conn_schedule(h2->conn, false);
}

/* Bytes that were read already go. */
static void drop_read(struct server_h2_stream *st)
{
    if (st->body_at == st->body.n)
        st->body.n = 0;
    else
        buf_drop(&st->body, st->body_at);
    st->body_at = 0;
}

struct exchange *server_h2_stream_let_go(struct server_h2_stream *st)
{
    struct exchange *x = st->x;

    st->x = NULL;
    outq_clear(&st->out);
    timer_stop(&st->timer);
    if (st->body.n > st->body_at)
        give_back(st, st->body.n - st->body_at);
    buf_free(&st->body);
    st->body_at = 0;
    return x;
}

/* Refuses the rest of the body. */
static void refuse_rest(struct server_h2_stream *st)
{
    if (st->in == SERVER_H2_IN_ENDED || st->is_closed)
        return;
    h2_session_reset(st->h2->session, st->id, H2_NO_ERROR);
    server_conn_schedule(st->h2->conn, false);
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
    struct h2_session *session = st->h2->session;

    h2_session_consume(session, st->id, n);
    h2_session_consume_shared(session, n);
    st->dropped += n;
    if (st->dropped > DRAIN_MOST)
        refuse_rest(st);
}

static void note_reader(struct server_h2_stream *st)
{
    if (st->owner || (st->x && st->x->is_waiting_body))
        server_h2_stream_note(st);
}

void server_h2_stream_on_data(void *user, void *stream, struct slice data)
{
    struct server_h2 *h2 = user;
    struct server_h2_stream *st = stream;

    if (!st->x && !st->owner) {
        drop(st, data.n);
        return;
    }
    st->moved_at = clock_ms();
    if (st->x)
        st->x->request_length += data.n;
    drop_read(st);
    buf_add_slice(&st->body, data);
    h2->held += data.n;
    if (h2->held <= h2->conn->server->settings->http2.connection_window)
        h2_session_consume_shared(h2->session, data.n);
    else
        h2->withheld += data.n;
    note_reader(st);
}

void server_h2_stream_on_end(void *user, void *stream)
{
    struct server_h2_stream *st = stream;

    UNUSED(user);
    st->in = SERVER_H2_IN_ENDED;
    note_reader(st);
}

void server_h2_stream_take(struct server_h2_stream *st, struct buf *to)
{
    size_t n = st->body.n - st->body_at;

    buf_add(to, st->body.p + st->body_at, n);
    st->body.n = st->body_at = 0;
    if (n)
        give_back(st, n);
}

void server_h2_stream_wake(struct server_h2_stream *st)
{
    if (st->is_asleep)
        h2_session_resume(st->h2->session, st->id);
    st->is_asleep = st->is_paced = false;
    server_conn_schedule(st->h2->conn, false);
}

size_t server_h2_stream_allowance(struct server_h2_stream *st)
{
    const struct exchange *x = st->x;
    uint64_t most;

    if (LIKELY(!x || x->send_rate <= 0))
        return SIZE_MAX;
    most = x->settings->send_rate_after +
           (uint64_t)x->send_rate * (clock_ms() - x->send_since + PACE_MS) / 1000;
    if (most > st->sent)
        return most - st->sent;
    st->is_asleep = st->is_paced = true;
    if (!timer_is_active(&st->timer) || st->timer.deadline > clock_ms() + PACE_MS)
        timer_start(&st->timer, PACE_MS);
    return 0;
}

static enum body_result fail_too_large(struct exchange *x, int64_t size)
{
    log_write(&x->log, LOG_ERROR, "client intended to send too large body: %lld bytes",
              (long long)size);
    x->body_err = &err_too_large;
    return BODY_FAILED;
}

static bool is_too_large(const struct exchange *x, int64_t size)
{
    return x->settings->max_body_size > 0 && size > x->settings->max_body_size;
}

/* The client that waits for it is told to go on, unless it has gone on already. */
static void send_continue(struct server_h2_stream *st)
{
    struct exchange *x = st->x;

    x->req.expects_continue = false;
    if (!st->body.n && x->state < EXCHANGE_HEAD_OUT && !st->is_closed)
        h2_session_inform(st->h2->session, st->id, 100, NULL);
    server_conn_schedule(st->h2->conn, false);
}

enum body_result server_h2_stream_read_body(struct exchange *x, struct slice *data)
{
    struct server_h2_stream *st = x->conn;

    if (is_too_large(x, x->req.content_length))
        return fail_too_large(x, x->req.content_length);
    drop_read(st);
    if (!st->body.n) {
        if (st->in == SERVER_H2_IN_ENDED)
            return BODY_END;
        if (x->req.expects_continue)
            send_continue(st);
        return BODY_WAIT;
    }
    *data = buf_slice(&st->body);
    st->body_at = data->n;
    give_back(st, data->n);
    x->body_received += (int64_t)data->n;
    if (!is_too_large(x, x->body_received))
        return BODY_DATA;
    *data = SLICE_EMPTY;
    return fail_too_large(x, x->body_received);
}

bool server_h2_stream_has_body_news(const struct server_h2_stream *st)
{
    return st->body.n > st->body_at || st->in == SERVER_H2_IN_ENDED || st->x->body_err;
}

void server_h2_stream_wait_body(struct exchange *x)
{
    struct server_h2_stream *st = x->conn;

    server_h2_stream_watch_time(st);
    if (!server_h2_stream_has_body_news(st))
        return;
    server_h2_stream_note(st);
    server_conn_call(st->h2->conn);
}
