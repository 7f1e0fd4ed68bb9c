/* What a connection waits for: which events of its stream, and for how long.
 *
 * `deadline` is a plain number that moves with the state; the timer is armed only when it would
 * otherwise fire too late, and looks at the number when it fires. Nothing is re-armed per request.
 */
#include "http/server/server_conn.h"
#include "http/server/server_conn_input.h"

#include "base/clock.h"
#include "loop/io.h"

enum { LAST_CALL_MS = 5000, LOOK_MS = 1000, LATE_MS = 1000 };

static int wanted_events(const struct server_conn *c)
{
    int events = c->is_blocked ? IO_WRITE : 0;

    if (c->has_eof)
        return events;
    switch ((enum server_conn_phase)c->phase) {
    case CONN_IDLE:
    case CONN_HEAD:
        /* a peer that does not take answers gets no further request read */
        return c->out.bytes > c->server->settings->send_watermark ? events : events | IO_READ;
    case CONN_BUSY:
        /* only to notice that the peer has gone: what comes meanwhile is kept up to a limit */
        if (c->x->is_waiting_body || server_conn_input(c).n < CONN_INPUT_BUFFER)
            events |= IO_READ;
        return events;
    case CONN_DRAIN:
    case CONN_LINGER:
        return events | IO_READ;
    default:
        return events;
    }
}

static enum server_conn_wait wanted_wait(const struct server_conn *c)
{
    if (c->phase == CONN_LINGER)
        return CONN_WAIT_LINGER;
    if (c->is_paced)
        return CONN_WAIT_PACE;
    if (!outq_is_empty(&c->out) || c->phase == CONN_FLUSH)
        return CONN_WAIT_SEND;
    if (c->phase == CONN_IDLE && c->requests)
        return c->server->is_draining ? CONN_WAIT_CROSSING : CONN_WAIT_KEEPALIVE;
    if (c->phase == CONN_IDLE || c->phase == CONN_HEAD)
        return CONN_WAIT_HEAD;
    if (c->phase == CONN_DRAIN || (c->x && c->x->is_waiting_body))
        return CONN_WAIT_BODY;
    if (c->phase == CONN_BUSY && !(c->watched & IO_READ) && !c->has_eof)
        return CONN_WAIT_PEER;
    return CONN_WAIT_NONE;
}

/* Who has connected but not asked yet is not kept waiting for by a server that ends. */
static uint64_t first_timeout(const struct server_conn *c, uint64_t ms)
{
    if (c->phase != CONN_IDLE || !c->server->is_draining)
        return ms;
    return ms ? MIN(ms, LAST_CALL_MS) : LAST_CALL_MS;
}

/* How long one that was just answered is kept while the server ends: no longer than otherwise. */
static uint64_t crossing_time(const struct server_conn *c)
{
    const struct http_settings *s = c->server->settings;

    return MIN(s->keepalive_min_timeout, s->keepalive_timeout);
}

static uint64_t timeout_of(const struct server_conn *c, enum server_conn_wait wait)
{
    const struct http_settings *own = c->server->settings;
    const struct http_settings *s = c->x ? c->x->settings : own;

    switch (wait) {
    case CONN_WAIT_PROXIED:
        return first_timeout(c, own->proxied_timeout ? own->proxied_timeout : own->header_timeout);
    case CONN_WAIT_HEAD:
        return first_timeout(c, own->header_timeout);
    case CONN_WAIT_KEEPALIVE:
        return own->keepalive_timeout;
    case CONN_WAIT_CROSSING:
        return MAX(1, crossing_time(c));
    case CONN_WAIT_BODY:
        return s->body_timeout;
    case CONN_WAIT_SEND:
        return s->send_timeout;
    case CONN_WAIT_PACE:
        return EXCHANGE_PACE_MS;
    case CONN_WAIT_PEER:
        return LOOK_MS;
    case CONN_WAIT_LINGER:
    case CONN_WAIT_LAST_CALL:
        return own->lingering_timeout;
    default:
        return 0;
    }
}

/* Since when it idles: the timeout of keep-alive runs from then. */
static uint64_t idle_since(const struct server_conn *c)
{
    return c->waits == CONN_WAIT_KEEPALIVE && c->deadline
               ? c->deadline - c->server->settings->keepalive_timeout
               : clock_ms();
}

/* For as long as a server that ends lets a client that was just answered go on? */
static bool has_idled(const struct server_conn *c)
{
    if (c->waits == CONN_WAIT_CROSSING)
        return clock_ms() >= c->deadline;
    return clock_ms() >= idle_since(c) + crossing_time(c);
}

/* The first request of a connection is always waited for: whoever has been let in was promised an
 * answer. */
bool server_conn_is_dispensable(const struct server_conn *c)
{
    return c->phase == CONN_IDLE && c->requests > 0 &&
           (c->server->is_crowded || (c->server->is_draining && has_idled(c)));
}

/* A peer that was too slow already is given the time that its answer takes to arrive (RFC 9112
 * section 9.6), or it would hold the connection by being slow once more. */
static uint64_t lingering_time(const struct server_conn *c)
{
    uint64_t ms = c->server->settings->lingering_time;

    return c->is_late ? MIN(ms, LATE_MS) : ms;
}

static uint64_t deadline_of(const struct server_conn *c, enum server_conn_wait wait, uint64_t ms)
{
    if (wait == CONN_WAIT_HEAD)
        return c->since + ms;
    if (wait == CONN_WAIT_CROSSING)
        return idle_since(c) + ms;
    if (wait == CONN_WAIT_LINGER)
        return MIN(clock_ms() + ms, c->since + lingering_time(c));
    return clock_ms() + ms;
}

static void set_deadline(struct server_conn *c)
{
    enum server_conn_wait wait = c->protocol->waits ? c->protocol->waits(c) : wanted_wait(c);
    bool restarts = c->waits != wait || (c->has_progress && wait != CONN_WAIT_LAST_CALL);
    uint64_t ms = timeout_of(c, wait);

    c->has_progress = false;
    if (!restarts && wait != CONN_WAIT_HEAD)
        return;
    c->deadline = ms ? deadline_of(c, wait, ms) : 0;
    c->waits = (uint8_t)wait;
    /* one that is due is let alone: who sends in every turn would put it off for ever */
    if (c->deadline &&
        (!timer_is_active(&c->timer) || c->timer.deadline > MAX(c->deadline, clock_ms())))
        timer_start(&c->timer, c->deadline > clock_ms() ? c->deadline - clock_ms() : 0);
}

void server_conn_update(struct server_conn *c)
{
    int events = c->protocol->events ? c->protocol->events(c) : wanted_events(c);

    if (events != c->watched) {
        c->watched = (uint8_t)events;
        stream_watch(c->stream, events);
    }
    set_deadline(c);
}
