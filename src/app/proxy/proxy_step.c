/* The course of a request that is passed on.
 *
 *   body of the client (whole, or streamed) -> a server is chosen -> its head -> its body, piece by
 *   piece -> the end
 *
 * attempt() begins with each server; failed() decides between the next server and an answer of our
 * own: 502 where the server cannot be talked to, or there is none, 504 where it is slow. The
 * log says why; the client is not told. Once the answer has begun it is proxy_pump's. */
#include "app/proxy/proxy.h"

#include "app/error_page.h"
#include "app/files/file_send.h"
#include "app/location_path.h"
#include "app/lua/lua_visit.h"
#include "app/phases.h"
#include "app/proxy/balancer.h"
#include "app/proxy/cache_rules.h"
#include "app/proxy/cache_send.h"
#include "app/proxy/proxy_abandon.h"
#include "app/proxy/proxy_cache.h"
#include "app/proxy/proxy_leave.h"
#include "app/proxy/proxy_log.h"
#include "app/proxy/proxy_pace.h"
#include "app/proxy/proxy_pump.h"
#include "app/proxy/proxy_range.h"
#include "app/proxy/proxy_request.h"
#include "app/proxy/proxy_slices.h"
#include "app/proxy/proxy_store.h"
#include "app/proxy/proxy_switch.h"
#include "app/proxy/proxy_target.h"
#include "app/proxy/proxy_try.h"
#include "base/clock.h"

enum { STATUS_NOT_ALLOWED = 405 };

static void attempt(struct proxy *p);

/* --- the end --- */

static void on_reset(void *arg)
{
    struct proxy *p = arg;

    proxy_leave(p, false);
    if (p->cache)
        proxy_cache_free(p);
    client_exchange_release(&p->up);
    upstream_release(&p->upstream);
}

static void answer(struct proxy *p, int status)
{
    proxy_leave(p, false);
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

    if (p->has_begun) {
        proxy_pump_fail(p, why);
        return;
    }
    proxy_log_failure(p, why);
    proxy_try_note(p, status);
    if (p->up && !p->up->head_ms)
        balancer_note_head(p);
    if (proxy_try_goes_on(p, bits)) {
        proxy_leave_server(p, true);
        attempt(p);
        return;
    }
    if (p->cache && proxy_cache_covers(p, bits)) {
        proxy_leave(p, true);
        proxy_cache_serve(p);
        return;
    }
    proxy_leave(p, true);
    answer(p, status);
}

/* --- the head --- */

/* X-Accel-Redirect: the answer comes from another location. */
static bool goes_elsewhere(struct proxy *p)
{
    struct slice to, query;

    if (!proxy_response_elsewhere(p, &to, &query))
        return false;
    if (to.p[0] != '@' && !location_path_read(p->v, to, &to)) {
        answer(p, 404);
        return true;
    }
    proxy_response_take_for_elsewhere(p);
    proxy_leave(p, false);
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

    proxy_leave(p, false);
    if (is_taken && proxy_switch_join(x, &server, idle))
        return;
    x->res.headers.n = 0;
    answer(p, 502);
}

/* The client gets nothing of what the server sends, which may be kept all the same. */
static void do_without(struct proxy *p)
{
    p->has_begun = true;
    if (!proxy_abandon(p))
        proxy_leave(p, false);
}

/* An answer without that body; false: there is none. */
static bool answers_shortly(struct proxy *p)
{
    int condition = p->cache ? cache_send_condition(p->v) : 0;

    if (condition) {
        do_without(p);
        cache_send_status(p->v, condition);
        return true;
    }
    if (proxy_range_begin(p, p->cache && proxy_abandon_is_useful(p)))
        return false;
    do_without(p);
    (void)file_send_refuse_range(p->v, p->v->x->res.content_length);
    return true;
}

static void on_up_head(struct client_exchange *up)
{
    struct proxy *p = up->app;
    int status = up->res.status;

    proxy_try_note(p, status);
    balancer_note_head(p);
    if (status >= 300 && proxy_try_goes_on(p, proxy_try_bit_of_status(status))) {
        proxy_leave_server(p, status != 403 && status != 404);
        attempt(p);
        return;
    }
    proxy_leave_learn(p, true);
    if (p->cache && proxy_cache_takes_head(p)) {
        proxy_leave(p, status >= 500);
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
    if (!proxy_slices_accepts(p, &up->res, up->res.content_length)) {
        answer(p, 502);
        return;
    }
    if (p->cache)
        proxy_cache_keep(p);
    proxy_response_take(p, &p->up->res);
    if (proxy_slices_is_first(p->v))
        proxy_slices_take_head(p);
    if (answers_shortly(p))
        return;
    proxy_store_begin(p);
    proxy_pump_begin(p);
}

static void on_up_body(struct client_exchange *up)
{
    proxy_pump(up->app);
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
    if (p->has_begun)
        proxy_pump_give_up(p, p->v->x->body_err);
    else
        answer(p, exchange_body_status(p->v->x));
}

static void on_client_body(struct exchange *x)
{
    push_body(proxy_of(visit_of(x)));
}

/* fastcgi_catch_stderr: is it none that comes with a good answer? */
static bool is_caught(const struct proxy *p, struct slice text)
{
    for (const struct proxy_field *f = p->conf->caught; f; f = f->next)
        if (memmem(text.p, text.n, f->name.p, f->name.n))
            return true;
    return false;
}

static void on_up_complaint(struct client_exchange *up, struct slice text)
{
    struct proxy *p = up->app;

    proxy_log_complaint(p, text);
    if (!p->has_begun && !up->head_ms && is_caught(p, text))
        failed(p, &err_protocol);
}

static void on_up_drained(struct client_exchange *up)
{
    push_body(up->app);
}

static const struct client_user user = {
    .on_head = on_up_head,
    .on_body = on_up_body,
    .on_failed = on_up_failed,
    .on_complaint = on_up_complaint,
    .on_drained = on_up_drained,
};

/* --- the beginning --- */

/* The client is told, unless it has its answer already. */
static void choose_of_group(struct proxy *p)
{
    struct upstream *u = p->upstream;

    p->peer = upstream_next(u, p->v, &p->tried);
    if (p->peer && u->sticky && !p->is_abandoned)
        p->bound = sticky_tell(u->sticky, p->v, upstream_id(p->peer), p->bound);
}

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
    if (!p->peer)
        choose_of_group(p);
    return true;
}

/* No server may be tried. The group itself is told of, as an attempt with the status 502. */
static void lack_server(struct proxy *p)
{
    p->has_left = true;
    client_exchange_release(&p->up);
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
    int status;

    p->attempt_ms = clock_ms();
    if (!choose(p))
        return;
    if (!p->peer) {
        lack_server(p);
        return;
    }
    p->tries++;
    p->has_left = false;
    client_exchange_release(&p->up);
    p->up = client_exchange_new(&user, p);
    status = proxy_request_make(p);
    if (status) {
        answer(p, status);
        return;
    }
    if (p->balancer)
        balancer_apply(p);
    if (p->is_streaming_body) {
        v->x->user.on_body = on_client_body;
        client_exchange_wait_drained(p->up);
    }
    proxy_request_submit(p);
}

/* The client is gone. */
static void on_cancel(struct visit *v)
{
    struct proxy *p = proxy_of(v);

    if (!proxy_abandon(p))
        proxy_leave(p, false);
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
        proxy_abandon_follow(p);
}

static void take_turn(struct proxy *p, enum proxy_cache_turn turn)
{
    switch (turn) {
    case PROXY_CACHE_ASK:
        attempt(p);
        break;
    case PROXY_CACHE_SERVE:
        proxy_leave(p, false);
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

/* The answer to a request that goes no further; 0: none. */
static int status_at_once(struct proxy *p)
{
    /* The answer would show what is added for the server behind us (RFC 9110 section 9.3.8). */
    if (p->v->x->req.method == METHOD_TRACE && !p->v->parent)
        return STATUS_NOT_ALLOWED;
    if (!proxy_switch_prepare(p))
        return STATUS_NOT_ALLOWED;
    return proxy_request_is_for_us(p) ? 204 : 0;
}

void proxy_start(struct visit *v, const struct proxy_conf *conf, const struct proxy_pass *pass)
{
    struct proxy *p = pool_new(visit_pool(v), struct proxy);
    int status;

    v->proxy = p;
    p->v = v;
    p->conf = conf;
    p->started_ms = clock_ms();
    proxy_pump_init(p);
    pool_on_reset(visit_pool(v), on_reset, p);
    status = status_at_once(p);
    if (!status)
        status = proxy_target_find(p, pass);
    if (!status && !(conf->flags & PROXY_STORE))
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
    const struct proxy_pass *pass = s->arg;

    proxy_start(v, proxy_conf_of(v->loc, pass->kind), pass);
    return STEP_DONE;
}
