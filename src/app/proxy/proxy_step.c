/* The course of a request that is passed on.
 *
 *   body of the client (whole, or streamed) -> a server is chosen -> its head -> its body, piece by
 *   piece, as fast as the client takes it -> the end
 *
 * attempt() begins with each server; failed() decides between the next server and an answer of our
 * own: 502 where the server cannot be talked to, 504 where it is slow, 503 where there is none. The
 * log says why; the client is not told. Whatever ends a request comes through leave(), which lets
 * go of the server's connection. */
#include "app/proxy/proxy.h"

#include "app/proxy/balancer.h"
#include "app/error_page.h"
#include "app/lua/lua_visit.h"
#include "app/location_path.h"
#include "app/phases.h"
#include "app/proxy/proxy_abandon.h"
#include "app/proxy/proxy_ahead.h"
#include "app/proxy/cache_rules.h"
#include "app/proxy/cache_send.h"
#include "app/proxy/proxy_cache.h"
#include "app/proxy/proxy_log.h"
#include "app/proxy/proxy_pace.h"
#include "app/proxy/proxy_request.h"
#include "app/proxy/proxy_switch.h"
#include "app/proxy/proxy_target.h"
#include "app/proxy/proxy_try.h"
#include "base/clock.h"

enum { STATUS_NOT_ALLOWED = 405, STATUS_NOT_IMPLEMENTED = 501 };

static void attempt(struct proxy *p);

/* --- the end --- */

/* Lets go of the server; `has_failed` counts against it. */
static void leave_server(struct proxy *p, bool has_failed)
{
    if (p->has_left)
        return;
    p->has_left = true;
    timer_stop(&p->pace);
    proxy_try_finish(p);
    balancer_note_end(p);
    if (p->peer && upstream_done(p->upstream, p->peer, has_failed))
        proxy_log_disabled(p);
    if (p->up)
        client_forget(p->up);
}

/* The same, and no other server follows. */
static void leave(struct proxy *p, bool has_failed)
{
    if (p->cache)
        proxy_cache_end(p);
    leave_server(p, has_failed);
}

static void on_reset(void *arg)
{
    struct proxy *p = arg;

    leave(p, false);
    if (p->cache)
        proxy_cache_free(p);
    client_release(&p->up);
    upstream_release(&p->upstream);
}

static void answer(struct proxy *p, int status)
{
    leave(p, false);
    if (p->is_abandoned)
        return;
    if (lua_visit_is_running(p->v)) /* of a handler: its error pages are its own business */
        error_page_answer(p->v, status);
    else
        (void)phases_finish_status(p->v, status);
}

static void failed(struct proxy *p, const struct err *why)
{
    unsigned bits = proxy_try_bit(why);
    int status = proxy_log_is_timeout(why) ? 504 : 502;

    proxy_log_failure(p, why);
    if (p->has_begun) {
        leave(p, true);
        p->late = why;
        if (!proxy_ahead_has_some(p))
            exchange_abort(p->v->x, why);
        return;
    }
    proxy_try_note(p, status);
    if (p->up && !p->up->head_ms)
        balancer_note_head(p);
    if (proxy_try_goes_on(p, bits)) {
        leave_server(p, true);
        attempt(p);
        return;
    }
    if (p->cache && proxy_cache_covers(p, bits)) {
        leave(p, true);
        proxy_cache_serve(p);
        return;
    }
    leave(p, true);
    answer(p, status);
}

/* --- the answer's body --- */

static void finish(struct proxy *p)
{
    proxy_response_take_trailers(p);
    if (p->cache)
        proxy_cache_add(p, SLICE_EMPTY, true);
    leave(p, false);
    if (!proxy_ahead_has_some(p))
        exchange_end(p->v->x);
}

static void give_up(struct proxy *p, const struct err *why)
{
    leave(p, false);
    exchange_abort(p->v->x, why);
}

/* What was kept has been sent, and no more comes. */
static void finish_late(struct proxy *p)
{
    if (p->late)
        exchange_abort(p->v->x, p->late);
    else
        exchange_end(p->v->x);
}

static void pass_on(struct proxy *p, struct slice bytes)
{
    struct exchange *x = p->v->x;
    struct chunk c = CHUNK_BYTES(bytes);
    const struct err *e;

    c.is_flush = p->is_flushing;
    c.is_last = p->up->state == CLIENT_DONE && !p->up->res.trailers.n;
    if (p->cache)
        proxy_cache_add(p, c.bytes, c.is_last);
    if (c.is_last)
        leave(p, false);
    if (!exchange_is_congested(x)) {
        exchange_write(x, &c);
        return;
    }
    e = proxy_ahead_keep(p, bytes);
    if (e)
        give_up(p, e);
}

/* Takes the next piece of the answer, if there is one now. */
static bool pump_piece(struct proxy *p)
{
    struct slice bytes;

    switch (client_read(p->up, &bytes)) {
    case BODY_DATA:
        pass_on(p, bytes);
        return !p->has_left;
    case BODY_WAIT:
        client_wait(p->up);
        return false;
    case BODY_END:
        finish(p);
        return false;
    case BODY_FAILED:
        failed(p, p->up->err);
        return false;
    }
    return false;
}

static void pump_some(struct proxy *p)
{
    struct exchange *x = p->v->x;
    const struct err *e;

    if (p->is_abandoned) {
        proxy_abandon_drain(p->up);
        return;
    }
    for (int pieces = 0; x->state < EXCHANGE_DONE; pieces++) {
        e = proxy_ahead_send(p);
        if (e) {
            give_up(p, e);
            return;
        }
        if (exchange_is_congested(x)) {
            exchange_wait_drained(x, false);
            if (p->has_left || !proxy_ahead_has_room(p))
                return;
        } else if (p->has_left) {
            finish_late(p);
            return;
        }
        if (proxy_pace_holds(p) || proxy_pace_yields(p, pieces) || !pump_piece(p))
            return;
    }
    if (!p->is_abandoned)
        leave(p, false);
}

/* A filter may give the exchange up inside of any write. */
static void pump(struct proxy *p)
{
    struct exchange *x = p->v->x;

    exchange_hold(x);
    pump_some(p);
    exchange_release(x);
}

static void on_drained(struct exchange *x)
{
    pump(proxy_of(visit_of(x)));
}

static void on_paced(struct timer *t)
{
    pump(CONTAINER_OF(t, struct proxy, pace));
}

static void on_up_body(struct client_exchange *up)
{
    pump(up->app);
}

/* --- the head --- */

/* X-Accel-Redirect: the answer comes from another location. */
static bool goes_elsewhere(struct proxy *p)
{
    struct slice to, query;

    if (!proxy_response_elsewhere(p, &to, &query))
        return false;
    if (to.p[0] != '@' && !location_read_path(p->v, to, &to)) {
        answer(p, 404);
        return true;
    }
    proxy_response_take_for_elsewhere(p);
    leave(p, false);
    (void)phases_redirect_as_get(p->v, to, query);
    return true;
}

/* Both connections become one tunnel. The exchange ends, and with it `p`. */
static void switch_protocols(struct proxy *p)
{
    struct exchange *x = p->v->x;
    uint64_t idle = p->conf->read_timeout;
    struct tunnel_side server;
    bool is_taken = proxy_switch_take(p, &server);

    leave(p, false);
    if (is_taken && proxy_switch_join(x, &server, idle))
        return;
    x->res.headers.n = 0;
    answer(p, 502);
}

/* The client has what the server sends: it may be kept all the same. */
static void send_condition(struct proxy *p, int condition)
{
    p->has_begun = true;
    if (!proxy_abandon(p, leave))
        leave(p, false);
    cache_send_status(p->v, condition);
}

static void on_up_head(struct client_exchange *up)
{
    struct proxy *p = up->app;
    struct exchange *x = p->v->x;
    int status = up->res.status, condition;

    proxy_try_note(p, status);
    balancer_note_head(p);
    if (status >= 300 && proxy_try_goes_on(p, proxy_try_bit_of_status(status))) {
        leave_server(p, status != 403 && status != 404);
        attempt(p);
        return;
    }
    if (p->cache && proxy_cache_takes_head(p)) {
        leave(p, status >= 500);
        proxy_cache_serve(p);
        return;
    }
    if (proxy_switch_is_due(p)) {
        switch_protocols(p);
        return;
    }
    if (goes_elsewhere(p))
        return;
    if (proxy_response_is_replaced(p)) {
        proxy_response_take_for_page(p);
        answer(p, status);
        return;
    }
    if (p->cache)
        proxy_cache_keep(p);
    proxy_response_take(p, &p->up->res);
    condition = p->cache ? cache_send_condition(p->v) : 0;
    if (condition) {
        send_condition(p, condition);
        return;
    }
    p->is_flushing = proxy_response_is_flushed(p);
    p->has_begun = true;
    x->user.on_drained = on_drained;
    exchange_hold(x);
    exchange_start(x);
    pump_some(p);
    exchange_release(x);
}

static void on_up_failed(struct client_exchange *up)
{
    failed(up->app, up->err);
}

/* --- a request body that is passed on as it comes --- */

static void push_body(struct proxy *p)
{
    if (p->has_left || proxy_request_push_body(p))
        return;
    leave(p, false);
    if (!p->has_begun)
        answer(p, exchange_body_status(p->v->x));
}

static void on_client_body(struct exchange *x)
{
    push_body(proxy_of(visit_of(x)));
}

static void on_up_drained(struct client_exchange *up)
{
    push_body(up->app);
}

static const struct client_user user = {
    .on_head = on_up_head,
    .on_body = on_up_body,
    .on_failed = on_up_failed,
    .on_drained = on_up_drained,
};

/* --- the beginning --- */

/* Chooses a server: p->peer, or NULL when there is none. False: answered instead. */
static bool choose(struct proxy *p)
{
    int status = 0;

    p->peer = NULL;
    if (p->upstream->balancer)
        status = balancer_choose(p);
    if (status) {
        p->has_left = true;
        answer(p, status);
        return false;
    }
    if (!p->peer && p->upstream->n)
        p->peer = upstream_next(p->upstream, p->v, &p->tried);
    return true;
}

/* No server may be tried. The group itself is told of, as an attempt with the status 502. */
static void lack_server(struct proxy *p)
{
    p->has_left = true;
    client_release(&p->up);
    proxy_log_no_peer(p);
    proxy_try_note(p, 502);
    if (p->cache && !p->is_abandoned && proxy_cache_covers(p, PROXY_NEXT_ERROR))
        proxy_cache_serve(p);
    else
        answer(p, 502);
}

static void attempt(struct proxy *p)
{
    struct visit *v = p->v;

    p->attempt_ms = clock_ms();
    if (!choose(p))
        return;
    if (!p->peer) {
        lack_server(p);
        return;
    }
    p->tries++;
    p->has_left = false;
    client_release(&p->up);
    p->up = client_new(&user, p);
    if (!proxy_request_make(p)) {
        answer(p, STATUS_NOT_IMPLEMENTED);
        return;
    }
    if (p->balancer)
        balancer_apply(p);
    if (p->is_streaming_body) {
        v->x->user.on_body = on_client_body;
        client_wait_drained(p->up);
    }
    proxy_request_submit(p);
}

/* The client is gone. */
static void on_cancel(struct visit *v)
{
    struct proxy *p = proxy_of(v);

    if (!proxy_abandon(p, leave))
        leave(p, false);
}

/* The client gets what was kept; nobody waits for the server. */
static void serve_and_renew(struct proxy *p)
{
    phases_hold(p->v);
    p->is_abandoned = true;
    attempt(p);
    proxy_cache_serve(p);
    if (p->has_left)
        phases_let_go(p->v);
    else
        proxy_abandon_follow(p, leave);
}

static void take_turn(struct proxy *p, enum proxy_cache_turn turn)
{
    switch (turn) {
    case PROXY_CACHE_ASK:
        attempt(p);
        break;
    case PROXY_CACHE_SERVE:
        leave(p, false);
        proxy_cache_serve(p);
        break;
    case PROXY_CACHE_BEHIND:
        serve_and_renew(p);
        break;
    case PROXY_CACHE_WAIT:
        break;
    }
}

static void go_on(struct proxy *p)
{
    take_turn(p, proxy_cache_go_on(p));
}

static void look(struct proxy *p)
{
    if (p->cache_zone)
        take_turn(p, proxy_cache_begin(p, go_on));
    else
        attempt(p);
}

static void on_request(struct proxy *p, int status)
{
    if (status)
        answer(p, status);
    else
        look(p);
}

void proxy_start(struct visit *v, const struct proxy_conf *conf, const struct proxy_pass *pass)
{
    struct proxy *p = pool_new(visit_pool(v), struct proxy);
    int status;

    v->proxy = p;
    p->v = v;
    p->conf = conf;
    p->started_ms = clock_ms();
    p->is_flushing = !(conf->flags & PROXY_BUFFERING);
    timer_init(&p->pace, on_paced);
    pool_on_reset(visit_pool(v), on_reset, p);
    status = proxy_switch_prepare(p) ? proxy_target_find(p, pass) : STATUS_NOT_ALLOWED;
    if (!status)
        status = cache_rules_zone(conf->cache, v, &p->cache_zone);
    if (status) {
        answer(p, status);
        return;
    }
    p->rate = proxy_pace_rate(p);
    v->on_cancel = on_cancel;
    if (!(conf->flags & PROXY_IGNORE_ABORT))
        v->x->ends_with_client = EXCHANGE_ENDS_MIDWAY;
    proxy_request_read_body(p, on_request);
}

enum step_result proxy_step(struct visit *v, const struct step *s)
{
    /* The answer would show what is added for the server behind us (RFC 9110 section 9.3.8). */
    if (v->x->req.method == METHOD_TRACE && !v->parent)
        return phases_finish_status(v, 405);
    proxy_start(v, v->loc->proxy ? v->loc->proxy : &proxy_defaults, s->arg);
    return STEP_DONE;
}

enum step_result proxy_grpc_step(struct visit *v, const struct step *s)
{
    proxy_start(v, v->loc->grpc, s->arg);
    return STEP_DONE;
}
