/* The client's exchange: its states, its holds, its deadlines, and its calls passed on to whatever
 * carries it.
 *
 * One timer serves all timeouts. It is armed for the nearest of them; activity only notes the time,
 * and the timer looks when it fires. To add a timeout: limit_of. To add a state: `edges` and
 * `names`. */
#include "http/client/client_exchange.h"

#include "base/check.h"
#include "base/clock.h"
#include "base/mem.h"

enum { EXCHANGES_KEPT = 256, WATERMARK = 65536 };

const struct err client_err_pool_timeout = {"pool_timeout", "no connection became free in time"};
const struct err client_err_pool_full = {"pool_full", "too many requests wait for a connection"};
const struct err client_err_request_timeout = {"request_timeout", "no response in time"};
const struct err client_err_read_timeout = {"read_timeout", "the response came to a halt"};
const struct err client_err_send_timeout = {"send_timeout", "the request came to a halt"};
const struct err client_err_total_timeout = {"total_timeout", "not complete in time"};
const struct err client_err_stream_reset = {"reset", "the server has reset the stream"};
const struct err client_err_no_protocol = {
    "no_protocol", "the server does not speak HTTP/2, or takes no extended CONNECT"};

const struct err client_err_wants_http1 = {"http_1_1_required",
                                           "the server wants this over HTTP/1.1"};

static struct mem_cache cache =
    MEM_CACHE(struct client_exchange, EXCHANGES_KEPT); /* process-wide: shared by all pools */

#define TO(state) (1u << CLIENT_##state)

static const uint8_t edges[] = {
    [CLIENT_NEW] = TO(QUEUED) | TO(WAITING) | TO(FAILED),
    [CLIENT_QUEUED] = TO(WAITING) | TO(FAILED),
    [CLIENT_WAITING] = TO(QUEUED) | TO(BODY) | TO(FAILED),
    [CLIENT_BODY] = TO(DONE) | TO(DETACHED) | TO(FAILED),
    [CLIENT_DONE] = 0,
    [CLIENT_DETACHED] = 0,
    [CLIENT_FAILED] = 0,
};

static const char *const names[] = {"NEW",  "QUEUED",   "WAITING", "BODY",
                                    "DONE", "DETACHED", "FAILED"};

const char *client_exchange_state_name(enum client_state s)
{
    return (unsigned)s < ARRAY_LEN(names) ? names[s] : "?";
}

/* --- deadlines --- */

/* What is waited for now: its limit and error, from when on it counts. 0: nothing. */
static uint64_t limit_of(const struct client_exchange *x, uint64_t *from, const struct err **err)
{
    const struct client_timeouts *t = &x->timeouts;

    *from = x->since_ms;
    switch (x->state) {
    case CLIENT_QUEUED:
        *err = &client_err_pool_timeout;
        return x->is_dialled ? 0 : t->pool; /* a connection that is being made has its own limit */
    case CLIENT_WAITING:
        if (t->send)
            *from = x->active_ms;
        *err = x->is_out_done || !t->send ? &client_err_request_timeout : &client_err_send_timeout;
        return x->is_out_done || !t->send ? t->request : t->send;
    case CLIENT_BODY:
        *from = x->active_ms;
        *err = &client_err_read_timeout;
        return x->is_waiting_body ? t->read : 0;
    default:
        return 0;
    }
}

/* The nearest deadline, 0: none. */
static uint64_t next_deadline(const struct client_exchange *x, const struct err **err)
{
    uint64_t from, limit = limit_of(x, &from, err), at = limit ? from + limit : 0;
    uint64_t end = x->timeouts.total ? x->started_ms + x->timeouts.total : 0;

    if (!end || (at && at <= end))
        return at;
    *err = &client_err_total_timeout;
    return end;
}

static void arm(struct client_exchange *x)
{
    const struct err *err;
    uint64_t at, now = clock_ms();

    if (x->state >= CLIENT_DONE || x->state == CLIENT_NEW)
        return;
    at = next_deadline(x, &err);
    if (at && (!timer_is_active(&x->timer) || x->timer.deadline > at))
        timer_start(&x->timer, at > now ? at - now : 0);
}

static void on_timer(struct timer *timer)
{
    struct client_exchange *x = CONTAINER_OF(timer, struct client_exchange, timer);
    const struct err *err;
    uint64_t at = next_deadline(x, &err);

    if (!at || at > clock_ms()) {
        arm(x);
        return;
    }
    client_exchange_hold(x);
    if (x->transport)
        x->transport->abort(x);
    client_exchange_fail(x, err);
    client_exchange_release(&x);
}

/* --- life --- */

void client_exchange_set_state(struct client_exchange *x, enum client_state to)
{
    if (UNLIKELY(!(edges[x->state] & (1u << to))))
        PANIC("client exchange: no edge from %s to %s", client_exchange_state_name(x->state),
              client_exchange_state_name(to));
    x->state = to;
    x->since_ms = x->active_ms = clock_ms();
    if (to < CLIENT_DONE) {
        arm(x);
        return;
    }
    timer_stop(&x->timer);
    if (x->times.gauge)
        client_gauge_end(&x->times);
}

struct client_exchange *client_exchange_new(const struct client_user *user, void *app)
{
    struct client_exchange *x = mem_cache_take(&cache);

    memset(x, 0, offsetof(struct client_exchange, pool));
    pool_init(&x->pool, x->room, sizeof(x->room));
    list_init(&x->node);
    timer_init(&x->timer, on_timer);
    x->holds = 1;
    x->user = user;
    x->app = app;
    x->req.fd = -1;
    x->req.length = -1;
    x->req.minor = 1;
    x->req.keeps = true;
    x->res.content_length = -1;
    x->started_ms = clock_ms();
    return x;
}

void client_exchange_hold(struct client_exchange *x)
{
    CHECK(x->holds > 0);
    x->holds++;
}

void client_exchange_release(struct client_exchange **at)
{
    struct client_exchange *x = *at;

    *at = NULL;
    if (!x)
        return;
    CHECK(x->holds > 0);
    if (--x->holds)
        return;
    CHECK(!x->transport);
    timer_stop(&x->timer);
    pool_reset(&x->pool);
    mem_cache_give(&cache, x);
}

/* Whatever carried it has let go. */
static void leave(struct client_exchange *x, enum client_state to)
{
    client_exchange_set_state(x, to);
    x->transport = NULL;
    x->conn = NULL;
    x->is_out_done = true;
}

void client_exchange_cancel(struct client_exchange *x, const struct err *why)
{
    static const struct client_user nobody; /* process-wide: constant */

    x->user = &nobody;
    if (x->state >= CLIENT_DONE)
        return;
    if (x->transport)
        x->transport->abort(x);
    x->err = why;
    leave(x, CLIENT_FAILED);
}

void client_exchange_forget(struct client_exchange *x)
{
    if (x->state == CLIENT_BODY && x->transport && x->transport->forget) {
        x->transport->forget(x);
        x->err = &err_cancelled;
        leave(x, CLIENT_FAILED);
    }
    client_exchange_cancel(x, &err_cancelled);
}

void client_exchange_complete(struct client_exchange *x)
{
    leave(x, CLIENT_DONE);
}

void client_exchange_fail_quietly(struct client_exchange *x, const struct err *why)
{
    x->err = why;
    leave(x, CLIENT_FAILED);
}

void client_exchange_fail(struct client_exchange *x, const struct err *why)
{
    bool had_head = x->state == CLIENT_BODY;

    client_exchange_fail_quietly(x, why);
    if (had_head)
        client_exchange_notify_body(x);
    else if (x->user->on_failed)
        x->user->on_failed(x);
}

/* --- the user's calls --- */

enum body_result client_exchange_read(struct client_exchange *x, struct slice *data)
{
    *data = SLICE_EMPTY;
    if (x->state == CLIENT_DONE)
        return BODY_END;
    if (x->state != CLIENT_BODY)
        return BODY_FAILED;
    return x->transport->read(x, data);
}

void client_exchange_wait(struct client_exchange *x)
{
    x->is_waiting_body = true;
    if (x->state != CLIENT_BODY)
        return;
    x->active_ms = clock_ms();
    arm(x);
    x->transport->wait(x);
}

void client_exchange_write(struct client_exchange *x, const struct chunk *c)
{
    struct chunk empty = CHUNK_BYTES(SLICE_EMPTY);

    CHECK(x->state > CLIENT_QUEUED); /* who is congested does not write */
    if (x->state >= CLIENT_DONE || x->is_out_done) {
        chunk_drop(c);
        return;
    }
    x->is_body_used = true;
    if (c->fd >= 0 && !c->size) { /* no queue would take it, and close it */
        chunk_drop(c);
        empty.is_last = c->is_last;
        c = &empty;
    }
    x->transport->write(x, c);
}

bool client_exchange_is_congested(const struct client_exchange *x)
{
    if (x->state <= CLIENT_QUEUED)
        return true;
    return x->transport && x->transport->queued(x) >= WATERMARK;
}

void client_exchange_wait_drained(struct client_exchange *x)
{
    x->is_waiting_drained = true;
    if (x->transport && x->transport->wait_drained)
        x->transport->wait_drained(x);
}

struct stream *client_exchange_detach(struct client_exchange *x, struct buf *in, struct outq *out)
{
    struct stream *s;

    if (x->state != CLIENT_BODY || !x->transport || !x->transport->detach)
        return NULL;
    s = x->transport->detach(x, in, out);
    leave(x, CLIENT_DETACHED);
    return s;
}

/* --- what transports tell --- */

void client_exchange_sent(struct client_exchange *x)
{
    x->is_out_done = true;
    x->active_ms = clock_ms();
    arm(x);
}

void client_exchange_progress(struct client_exchange *x)
{
    x->active_ms = clock_ms();
}

void client_exchange_got_head(struct client_exchange *x)
{
    client_exchange_set_state(x, CLIENT_BODY);
    x->head_ms = clock_ms();
}

void client_exchange_notify_body(struct client_exchange *x)
{
    if (!x->is_waiting_body)
        return;
    x->is_waiting_body = false;
    if (x->user->on_body)
        x->user->on_body(x);
}

void client_exchange_notify_drained(struct client_exchange *x)
{
    if (!x->is_waiting_drained || client_exchange_is_congested(x))
        return;
    x->is_waiting_drained = false;
    if (x->user->on_drained)
        x->user->on_drained(x);
}

bool client_exchange_is_replayable(const struct client_exchange *x)
{
    if (x->bytes_received || x->is_body_used)
        return false;
    return x->bytes_sent == 0 || client_request_is_idempotent(&x->req);
}
