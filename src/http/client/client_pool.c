/* Pools. pump() is the one place that brings waiters and connections together: it is called
 * whenever one of them has come or gone. Everything else only changes lists and counts, then calls
 * it.
 *
 * An origin with waiters that only the pool's total keeps from a connection stands in `starved`;
 * when a connection goes, the first of them is pumped. */
#include "http/client/client_pool.h"

#include "base/check.h"
#include "base/clock.h"
#include "base/mem.h"
#include "http/client/client_cgi.h"
#include "http/client/client_h1.h"
#include "http/client/client_idle.h"
#include "http/client/client_origin.h"
#include "http/client/client_queue.h"
#include "loop/batch.h"

enum {
    ORIGINS_MOST = 1024, /* more than that: those that are empty are dropped */
    UNSEEN_TRIES = 4,    /* of a request that servers refuse to look at */
};

struct dial {
    struct list node;
    struct client_origin *origin;
    void *attempt;
};

const struct client_pool_options client_pool_defaults = {
    .connections_per_host = 8,
    .total_connections = 1024,
    .max_queue_size = 65536,
    .idle_timeout = 60000,
    .http2 = {.session = {.max_streams = 100,
                          .stream_window = 1 << 20,
                          .connection_window = 8 << 20,
                          .header_list = 65536,
                          .flood = CLIENT_H2_FLOOD},
              .ping_timeout = 10000},
};

static void pump(struct client_origin *o);

static void feed_starved(struct client_pool *p)
{
    struct list *n = list_pop(&p->starved);

    if (n)
        pump(CONTAINER_OF(n, struct client_origin, starved_node));
}

static void free_pool_if_over(struct client_pool *p);

/* A connection, or an attempt at one, is gone: there is room for another one, first of all for its
 * own origin. Until then it counts, and the pool is there whatever its users do. */
static void fill_room(struct client_origin *o)
{
    struct client_pool *p = o->pool;

    p->n_open--;
    if (!p->is_closed) {
        pump(o);
        feed_starved(p);
    }
    free_pool_if_over(p);
}

/* --- making connections --- */

static void on_free(struct client_conn *c);
static void on_lost(struct client_conn *c, struct client_exchange *x, const struct err *why,
                    bool is_unseen);
static void on_closed(struct client_conn *c, struct client_exchange *lost, const struct err *why);

static const struct client_conn_owner owner = {on_free, on_lost, on_closed};

/* The failure of an attempt is that of the first who waits. */
static void fail_waiter(struct client_origin *o, const struct client_dial_failure *f)
{
    struct client_exchange *x = client_queue_pop(o);

    if (!x)
        return;
    o->stats.failed++;
    if (f->text)
        x->detail = pool_dup(&x->pool, slice_str(f->text));
    x->proxy_status = f->proxy_status;
    client_exchange_fail(x, f->err);
    client_exchange_release(&x);
}

static struct client_conn *open_conn(struct client_origin *o, struct stream *s)
{
    if (client_h2_is_agreed(&o->way.way, s)) {
        o->protocol = ORIGIN_HTTP2;
        return client_h2_open(s, &o->pool->o.http2, &owner, o);
    }
    o->protocol = ORIGIN_HTTP1;
    return o->way.way.speech ? client_cgi_open(s, o->way.way.speech, &owner, o)
                             : client_h1_open(s, &owner, o);
}

static void on_dialled(void *user, struct stream *s, const struct client_dial_failure *f)
{
    struct dial *d = user;
    struct client_origin *o = d->origin;
    struct client_conn *c;

    list_remove(&d->node);
    o->n_dials--;
    mem_free(d);
    if (!s) {
        fail_waiter(o, f);
        fill_room(o);
        return;
    }
    o->stats.opened++;
    client_origin_count(o);
    o->n_conns++;
    c = open_conn(o, s);
    list_append(&o->busy, &c->node);
    on_free(c);
}

static void start_dial(struct client_origin *o, struct client_exchange *x)
{
    struct dial *d = mem_new(struct dial);

    d->origin = o;
    list_append(&o->dials, &d->node);
    o->n_dials++;
    o->pool->n_open++;
    x->is_dialled = true;
    d->attempt = o->pool->dialer->start(&o->way.way, x->timeouts.connect, on_dialled, d);
}

static void cancel_dial(struct client_origin *o, struct dial *d)
{
    list_remove(&d->node);
    o->n_dials--;
    o->pool->dialer->cancel(d->attempt);
    mem_free(d);
    o->pool->n_open--;
    if (!o->pool->is_closed)
        feed_starved(o->pool);
}

/* Is there a connection that may soon have room for more? */
static bool has_unsettled(const struct client_origin *o)
{
    LIST_FOR (n, &o->busy) {
        const struct client_conn *c = CONTAINER_OF(n, struct client_conn, node);

        if (c->protocol->is_settled && !c->protocol->is_settled(c))
            return true;
    }
    return false;
}

static bool may_dial(struct client_origin *o)
{
    struct client_pool *p = o->pool;
    unsigned most = p->o.connections_per_host;

    if (o->n_dials >= o->n_queue || (most && o->n_conns + o->n_dials >= most))
        return false;
    if (o->protocol != ORIGIN_HTTP1 && (o->n_dials || has_unsettled(o)))
        return false;
    if (client_idle_make_room(p))
        return true;
    if (list_is_empty(&o->starved_node))
        list_append(&p->starved, &o->starved_node);
    return false;
}

/* A connection with room, the one that was used last first; NULL: there is none. */
static struct client_conn *find_room(const struct client_origin *o)
{
    for (struct list *n = o->shared.prev; n != &o->shared; n = n->prev) {
        struct client_conn *c = CONTAINER_OF(n, struct client_conn, node);

        if (c->protocol->room(c))
            return c;
    }
    return o->n_idle ? CONTAINER_OF(o->idle.prev, struct client_conn, node) : NULL;
}

/* One that is at work stands where it can be found while there is room. */
static void place(struct client_origin *o, struct client_conn *c)
{
    list_append(c->protocol->room(c) ? &o->shared : &o->busy, &c->node);
}

static void begin(struct client_origin *o, struct client_conn *c, struct client_exchange *x)
{
    if (o->gauge)
        client_gauge_begin(o->gauge, &x->times);
    if (c->phase == CLIENT_CONN_FREE)
        client_idle_take(o, c);
    else
        list_remove(&c->node);
    o->stats.reused += c->served > 0;
    list_append(&o->busy, &c->node);
    c->protocol->start(c, x);
    list_remove(&c->node);
    place(o, c);
}

/* HTTP/1 is all that the origin speaks, and an extended CONNECT, or nothing but HTTP/2, is wanted?
 */
static bool lacks_protocol(const struct client_origin *o, const struct client_exchange *x)
{
    bool wants_h2 = x->req.protocol.n || slice_eq(o->way.way.alpn, SLICE("h2"));

    return wants_h2 && o->protocol == ORIGIN_HTTP1;
}

static void pump(struct client_origin *o)
{
    struct client_conn *c;

    while (o->n_queue && (c = find_room(o))) {
        struct client_exchange *x = client_queue_pop(o);

        if (lacks_protocol(o, x)) {
            client_queue_refuse(o, x, &client_err_no_protocol);
            continue;
        }
        begin(o, c, x);
        client_exchange_release(&x);
    }
    while (may_dial(o))
        start_dial(o, client_queue_first_undialled(o));
    while (o->n_dials > o->n_queue)
        cancel_dial(o, CONTAINER_OF(o->dials.prev, struct dial, node));
}

/* --- what connections tell --- */

static bool is_worn(const struct client_origin *o, const struct client_conn *c)
{
    const struct client_pool_options *p = &o->pool->o;

    return o->pool->is_closed || (p->max_requests && c->served >= p->max_requests) ||
           (p->max_age && clock_ms() - c->opened_ms >= p->max_age);
}

static void on_free(struct client_conn *c)
{
    struct client_origin *o = c->user;

    list_remove(&c->node);
    if (is_worn(o, c))
        c->must_close = true;
    if (c->phase != CLIENT_CONN_FREE) {
        place(o, c);
        pump(o);
        return;
    }
    if (is_worn(o, c) || !c->protocol->room(c)) {
        client_origin_count(o);
        o->n_conns--;
        client_conn_close(&c);
        fill_room(o);
        return;
    }
    if (o->n_queue == 0) {
        client_idle_keep(o, c);
        if (!list_is_empty(&o->pool->starved))
            feed_starved(o->pool);
    } else {
        client_idle_put(o, c);
    }
    pump(o);
}

static void retry(struct client_origin *o, struct client_exchange *x)
{
    o->stats.retried++;
    client_queue_add_again(o, x);
}

/* A body that somebody produces is used up piece by piece, seen by the server or not. */
static bool may_retry(const struct client_origin *o, const struct client_exchange *x,
                      bool is_unseen)
{
    if (o->pool->is_closed)
        return false;
    if (is_unseen)
        return x->tries - x->unseen < UNSEEN_TRIES && !x->is_body_used;
    return x->is_reused && x->tries - x->unseen < 2 && client_exchange_is_replayable(x);
}

/* Does it say of the server only that the connection is gone, or that it has not looked? */
static bool is_retried(const struct err *why, bool is_unseen)
{
    if (why == &client_err_stream_reset)
        return is_unseen;
    return why != &client_err_no_protocol && why != &err_protocol && why != &err_timeout &&
           why != &err_too_large;
}

/* Is there another protocol to try? */
static bool can_go_on(const struct client_origin *o, const struct err *why)
{
    return why != &client_err_wants_http1 || o->protocol == ORIGIN_HTTP1;
}

/* A server that ends each connection after so many requests refuses those that are on their way by
 * then, many where the way is long. Each of its connections brings some to their end, and who was
 * tried most often goes first (client_queue_add_again): so all come to theirs. */
static bool has_done_its_share(const struct client_conn *c)
{
    return c->has_answered && !c->protocol->room(c);
}

static void on_lost(struct client_conn *c, struct client_exchange *x, const struct err *why,
                    bool is_unseen)
{
    struct client_origin *o = c->user;

    if (why == &client_err_wants_http1)
        client_origin_fall_back(o);
    if (is_unseen && has_done_its_share(c))
        x->unseen++;
    if (is_retried(why, is_unseen) && can_go_on(o, why) && may_retry(o, x, is_unseen)) {
        retry(o, x);
        return;
    }
    o->stats.failed++;
    client_exchange_fail(x, why);
}

/* What failed on a connection that had been free has likely befallen the others, too. */
static void on_closed(struct client_conn *c, struct client_exchange *lost, const struct err *why)
{
    struct client_origin *o = c->user;

    if (c->phase == CLIENT_CONN_FREE)
        client_idle_take(o, c);
    else
        list_remove(&c->node);
    client_origin_count(o);
    o->n_conns--;
    if (lost && may_retry(o, lost, false)) {
        client_idle_drop_all(o);
        retry(o, lost);
    } else if (lost) {
        o->stats.failed++;
        client_exchange_fail(lost, why ? why : &err_closed);
    }
    client_idle_arm(o);
    fill_room(o);
}

/* --- submitting --- */

/* Why it may not even wait; NULL: it may. */
static const struct err *refusal(const struct client_origin *o, const struct client_exchange *x)
{
    unsigned waiting = o->n_queue > o->n_dials ? o->n_queue - o->n_dials : 0;

    if (o->pool->is_closed)
        return &err_closed;
    if (lacks_protocol(o, x))
        return &client_err_no_protocol;
    return waiting >= o->pool->o.max_queue_size ? &client_err_pool_full : NULL;
}

/* What cannot be sent twice would fail on an idle connection that is gone. Others see that by
 * themselves: where requests leave at the turn's end (client_conn_flush_late) also from what comes
 * before. */
static struct client_conn *find_room_for(struct client_origin *o, const struct client_exchange *x)
{
    struct client_conn *c = find_room(o);

    if (!c || c->phase != CLIENT_CONN_FREE ||
        (client_request_is_repeatable(&x->req) && batch_is_joint()))
        return c;
    client_idle_drop_ended(o);
    return find_room(o);
}

void client_pool_submit(struct client_origin *o, struct client_exchange *x)
{
    struct client_conn *c;
    const struct err *why;

    o->stats.requests++;
    c = o->n_queue || lacks_protocol(o, x) ? NULL : find_room_for(o, x);
    if (!x->req.scheme.n)
        x->req.scheme = o->way.way.tls ? SLICE("https") : SLICE("http");
    if (c) {
        begin(o, c, x);
        return;
    }
    why = refusal(o, x);
    if (why) {
        client_exchange_hold(x);
        client_exchange_set_state(x, CLIENT_QUEUED);
        client_queue_refuse(o, x, why);
        return;
    }
    client_queue_add(o, x);
    pump(o);
}

/* --- origins and pools --- */

/* Origins that nothing goes on with are forgotten when there are many. */
static void sweep(struct client_pool *p)
{
    struct map kept;
    struct map_entry *e;
    size_t at = 0;

    map_init(&kept, false);
    while ((e = map_next(&p->origins, &at))) {
        if (client_origin_is_empty(e->value))
            client_origin_free(e->value);
        else
            (void)map_set(&kept, e->key, e->value);
    }
    map_deinit(&p->origins);
    p->origins = kept;
}

static const struct client_pool_steps steps = {.pump = pump, .told = free_pool_if_over};

struct client_pool *client_pool_new(const struct client_pool_options *o,
                                    const struct client_dialer *dialer)
{
    struct client_pool *p = mem_new(struct client_pool);

    p->o = *o;
    p->dialer = dialer;
    p->steps = &steps;
    map_init(&p->origins, false);
    list_init(&p->starved);
    return p;
}

struct client_origin *client_pool_find(struct client_pool *p, struct slice key)
{
    return map_get(&p->origins, key);
}

struct client_origin *client_pool_origin(struct client_pool *p, struct slice key,
                                         const struct client_way *way)
{
    struct client_origin *o = map_get(&p->origins, key);

    if (o)
        return o;
    if (p->origins.used >= ORIGINS_MOST)
        sweep(p);
    o = client_origin_new(p, key, way);
    (void)map_set(&p->origins, key, o);
    return o;
}

static void free_pool_if_over(struct client_pool *p)
{
    if (!p->is_closed || p->n_open)
        return;
    sweep(p);
    if (p->origins.used)
        return; /* those who were refused are told first */
    map_deinit(&p->origins);
    mem_free(p);
}

static void close_origin(struct client_origin *o)
{
    struct client_exchange *x;

    while ((x = client_queue_pop(o)))
        client_queue_refuse(o, x, &err_closed);
    while (o->n_dials)
        cancel_dial(o, CONTAINER_OF(o->dials.prev, struct dial, node));
    client_idle_drop_all(o);
}

void client_pool_close(struct client_pool **at)
{
    struct client_pool *p = *at;
    struct map_entry *e;
    size_t i = 0;

    *at = NULL;
    if (!p)
        return;
    p->is_closed = true;
    while ((e = map_next(&p->origins, &i)))
        close_origin(e->value);
    free_pool_if_over(p);
}

void client_pool_each(struct client_pool *p, void (*fn)(void *user, struct client_origin *o),
                      void *user)
{
    struct map_entry *e;
    size_t at = 0;

    while ((e = map_next(&p->origins, &at)))
        fn(user, e->value);
}

void client_pool_fit(struct client_pool *p, double target)
{
    struct map_entry *e;
    size_t at = 0;

    while ((e = map_next(&p->origins, &at)))
        client_idle_fit(e->value, target);
}
