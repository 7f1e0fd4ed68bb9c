/* Pieces go to the client as fast as it takes them. When it does not, they are kept (proxy_ahead)
 * for as long as there is room, so the server may be through long before the client is: then
 * has_left is set, and what is kept is still to be sent, with the end, or the failure, behind it.
 *
 * Whoever has news calls proxy_pump: the server (a piece has come), the client (it takes more), the
 * timer (proxy_pace). */
#include "app/proxy/proxy_pump.h"

#include "app/proxy/proxy_abandon.h"
#include "app/proxy/proxy_ahead.h"
#include "app/proxy/proxy_cache.h"
#include "app/proxy/proxy_leave.h"
#include "app/proxy/proxy_log.h"
#include "app/proxy/proxy_pace.h"
#include "app/proxy/proxy_range.h"
#include "app/proxy/proxy_slices.h"
#include "app/proxy/proxy_store.h"

/* All of the server's answer has been given out. */
static void end(struct proxy *p)
{
    if (proxy_slices_is_first(p->v))
        proxy_slices_go_on(p);
    else
        exchange_end(p->v->x);
}

static void finish(struct proxy *p)
{
    proxy_response_take_trailers(p);
    if (p->cache)
        proxy_cache_add(p, SLICE_EMPTY, true);
    proxy_store_add(p, SLICE_EMPTY, true);
    proxy_leave(p, false);
    if (!proxy_ahead_has_some(p))
        end(p);
}

void proxy_pump_fail(struct proxy *p, const struct err *why)
{
    proxy_log_failure(p, why);
    proxy_leave(p, true);
    p->late = why;
    if (!proxy_ahead_has_some(p))
        exchange_abort(p->v->x, why);
}

/* What was kept has been sent, and no more comes. */
static void finish_late(struct proxy *p)
{
    if (p->late)
        exchange_abort(p->v->x, p->late);
    else
        end(p);
}

void proxy_pump_give_up(struct proxy *p, const struct err *why)
{
    proxy_leave(p, false);
    exchange_abort(p->v->x, why);
}

static void pass_on(struct proxy *p, struct slice bytes)
{
    struct exchange *x = p->v->x;
    struct chunk c = CHUNK_BYTES(bytes);
    bool has_more = proxy_slices_is_first(p->v); /* parts */

    c.is_flush = p->is_flushing;
    c.is_last = p->up->state == CLIENT_DONE && !p->up->res.trailers.n && !has_more;
    if (p->cache)
        proxy_cache_add(p, c.bytes, c.is_last);
    proxy_store_add(p, c.bytes, c.is_last);
    if ((p->part || has_more) && proxy_range_cut(p, &c.bytes) && !has_more)
        c.is_last = c.is_last || !proxy_abandon_is_useful(p);
    if (c.is_last)
        proxy_leave(p, false);
    else if (!c.bytes.n)
        return;
    if (exchange_is_congested(x))
        proxy_ahead_keep(p, c.bytes);
    else
        exchange_write(x, &c);
}

/* Takes the next piece of the answer. False: there is none now, or that was the last. */
static bool take_piece(struct proxy *p)
{
    struct slice bytes;

    switch (client_exchange_read(p->up, &bytes)) {
    case BODY_DATA:
        pass_on(p, bytes);
        return !p->has_left;
    case BODY_WAIT:
        client_exchange_wait(p->up);
        return false;
    case BODY_END:
        finish(p);
        return false;
    case BODY_FAILED:
        proxy_pump_fail(p, p->up->err);
        return false;
    }
    return false;
}

/* The client having got what it takes: true as long as there is a next piece to be taken now. */
static bool take_next(struct proxy *p, int pieces)
{
    if (exchange_is_congested(p->v->x)) {
        exchange_wait_drained(p->v->x, false);
        if (p->has_left || !proxy_ahead_has_room(p))
            return false;
    } else if (p->has_left) {
        finish_late(p);
        return false;
    }
    return !proxy_pace_holds(p) && !proxy_pace_yields(p, pieces) && take_piece(p);
}

static void pump(struct proxy *p)
{
    struct exchange *x = p->v->x;
    const struct err *e;

    for (int pieces = 0;; pieces++) {
        e = proxy_ahead_send(p);
        if (x->state >= EXCHANGE_DONE)
            break;
        if (e) {
            proxy_pump_give_up(p, e);
            return;
        }
        if (!take_next(p, pieces))
            return;
    }
    if (!p->is_abandoned)
        proxy_leave(p, false);
}

void proxy_pump(struct proxy *p)
{
    struct exchange *x = p->v->x;

    if (p->is_abandoned) {
        proxy_abandon_drain(p->up);
        return;
    }
    exchange_hold(x); /* a filter may give it up inside of any write */
    pump(p);
    exchange_release(x);
}

static void on_drained(struct exchange *x)
{
    proxy_pump(proxy_of(visit_of(x)));
}

static void on_paced(struct timer *t)
{
    proxy_pump(CONTAINER_OF(t, struct proxy, pace));
}

void proxy_pump_init(struct proxy *p)
{
    timer_init(&p->pace, on_paced);
}

void proxy_pump_begin(struct proxy *p)
{
    struct exchange *x = p->v->x;

    p->is_flushing = proxy_response_is_flushed(p);
    p->has_begun = true;
    x->user.on_drained = on_drained;
    exchange_hold(x);
    exchange_start(x);
    proxy_pump(p);
    exchange_release(x);
}
