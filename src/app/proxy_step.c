/* The course of a request that is passed on.
 *
 *   body of the client (whole, or streamed) -> a server is chosen -> its head -> its body, piece by
 *   piece, as fast as the client takes it -> the end
 *
 * attempt() begins with each server; failed() decides between the next server and an answer of our
 * own: 502 where the server cannot be talked to, 504 where it is slow, 503 where there is none. The
 * log says why; the client is not told. Whatever ends a request comes through leave(), which lets
 * go of the server's connection. */
#include "app/proxy.h"

#include "app/balancer.h"
#include "app/conf.h"
#include "app/error_page.h"
#include "app/lua_visit.h"
#include "app/phases.h"
#include "app/proxy_log.h"
#include "app/script.h"
#include "base/clock.h"
#include "http/body_spool.h"
#include "http/client_reach.h"
#include "http/client_tls.h"
#include "net/tunnel.h"
#include "proto/http1_write.h"

static void attempt(struct proxy *p);

/* --- what the variables tell --- */

static void note_try(struct proxy *p, int status)
{
    struct client_exchange *up = p->up;
    struct proxy_try *t = pool_new(visit_pool(p->v), struct proxy_try);
    uint64_t now = clock_ms();

    t->addr = p->peer ? p->peer->name : p->upstream->name;
    t->status = status;
    t->connect_ms = up && up->connected_ms ? up->connected_ms - p->attempt_ms : UINT64_MAX;
    t->header_ms = up && up->head_ms ? up->head_ms - p->attempt_ms : UINT64_MAX;
    t->response_ms = now - p->attempt_ms;
    t->next = p->history;
    p->history = t;
}

static void finish_try(struct proxy *p)
{
    struct proxy_try *t = p->history;

    if (!t || !p->up)
        return;
    t->response_ms = clock_ms() - p->attempt_ms;
    t->bytes_received = p->up->bytes_received;
    t->bytes_sent = p->up->bytes_sent;
    t->response_length = p->up->body_received;
}

/* --- the end --- */

/* Lets go of the server; `has_failed` counts against it. */
static void leave(struct proxy *p, bool has_failed)
{
    if (p->has_left)
        return;
    p->has_left = true;
    finish_try(p);
    balancer_note_end(p);
    if (p->peer)
        upstream_done(p->upstream, p->peer, has_failed);
    if (p->up)
        client_forget(p->up);
}

static void on_reset(void *arg)
{
    struct proxy *p = arg;

    leave(p, false);
    client_release(&p->up);
    upstream_release(&p->upstream);
}

static unsigned next_bit(const struct err *why)
{
    if (proxy_log_is_timeout(why))
        return PROXY_NEXT_TIMEOUT;
    return why == &err_protocol ? PROXY_NEXT_INVALID_HEADER | PROXY_NEXT_ERROR : PROXY_NEXT_ERROR;
}

/* May what was sent be sent again to another server? */
static bool is_repeatable(const struct proxy *p)
{
    enum method m = p->up ? p->up->req.method : METHOD_GET;
    bool is_idempotent = m != METHOD_POST && m != METHOD_LOCK && m != METHOD_PATCH;

    if (p->is_streaming_body && p->v->x->body_received)
        return false;
    return is_idempotent || !p->up || !p->up->bytes_sent ||
           (p->conf->next & PROXY_NEXT_NON_IDEMPOTENT);
}

/* Is another server to be tried after a failure of this kind? */
static bool tries_next(const struct proxy *p, unsigned bits)
{
    const struct proxy_conf *c = p->conf;

    if (!(c->next & bits) || !is_repeatable(p) || p->has_begun)
        return false;
    if (p->tries >= (p->balancer ? p->balancer->allowed : p->upstream->n) ||
        (c->next_tries && p->tries >= c->next_tries))
        return false;
    return !c->next_timeout || clock_ms() - p->started_ms < c->next_timeout;
}

static void answer(struct proxy *p, int status)
{
    leave(p, false);
    if (lua_visit_is_running(p->v)) /* of a handler: its error pages are its own business */
        error_page_answer(p->v, status);
    else
        (void)phases_finish_status(p->v, status);
}

static void failed(struct proxy *p, const struct err *why)
{
    unsigned bits = next_bit(why);
    int status = proxy_log_is_timeout(why) ? 504 : 502;

    proxy_log_failure(p, why);
    if (p->has_begun) {
        leave(p, true);
        exchange_abort(p->v->x, why);
        return;
    }
    note_try(p, status);
    if (p->up && !p->up->head_ms)
        balancer_note_head(p);
    if (tries_next(p, bits)) {
        leave(p, true);
        attempt(p);
        return;
    }
    leave(p, true);
    answer(p, status);
}

/* --- the answer's body --- */

static void finish(struct proxy *p)
{
    struct exchange *x = p->v->x;
    const struct header_list *trailers = &p->up->res.trailers;

    for (unsigned i = 0; i < trailers->n; i++)
        header_add(&x->res.trailers, &x->pool, pool_dup(&x->pool, trailers->fields[i].name),
                   pool_dup(&x->pool, trailers->fields[i].value));
    leave(p, false);
    exchange_end(x);
}

static void pump_some(struct proxy *p)
{
    struct exchange *x = p->v->x;

    while (x->state < EXCHANGE_DONE) {
        struct chunk c = CHUNK_BYTES(SLICE_EMPTY);

        if (exchange_is_congested(x)) {
            exchange_wait_drained(x, false);
            return;
        }
        switch (client_read(p->up, &c.bytes)) {
        case BODY_DATA:
            c.is_flush = p->is_flushing;
            c.is_last = p->up->state == CLIENT_DONE && !p->up->res.trailers.n;
            if (c.is_last)
                leave(p, false);
            exchange_write(x, &c);
            if (c.is_last)
                return;
            break;
        case BODY_WAIT:
            client_wait(p->up);
            return;
        case BODY_END:
            finish(p);
            return;
        case BODY_FAILED:
            failed(p, p->up->err);
            return;
        }
    }
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
    struct proxy *p = proxy_of(visit_of(x));

    if (!p->has_left)
        pump(p);
}

static void on_up_body(struct client_exchange *up)
{
    pump(up->app);
}

/* --- the head --- */

static unsigned next_bit_of_status(int status)
{
    static const struct {
        int status;
        unsigned bit;
    } rows[] = {{500, PROXY_NEXT_500}, {502, PROXY_NEXT_502}, {503, PROXY_NEXT_503},
                {504, PROXY_NEXT_504}, {403, PROXY_NEXT_403}, {404, PROXY_NEXT_404},
                {429, PROXY_NEXT_429}};

    for (size_t i = 0; i < ARRAY_LEN(rows); i++)
        if (rows[i].status == status)
            return rows[i].bit;
    return 0;
}

static struct slice head_field(const struct proxy *p, struct slice name)
{
    const struct header *h = header_find(&p->up->res.headers, name);

    return h ? h->value : slice_of(NULL, 0);
}

/* X-Accel-Redirect: the answer comes from another location. */
static bool goes_elsewhere(struct proxy *p)
{
    struct slice to = head_field(p, SLICE("X-Accel-Redirect")), query;
    struct visit *v = p->v;

    if (!to.p || !to.n || (p->conf->ignore & PROXY_IGNORE_REDIRECT))
        return false;
    query = to = pool_dup(visit_pool(v), to);
    if (to.p[0] != '@')
        to = slice_cut(&query, '?');
    else
        query = slice_of(NULL, 0);
    v->x->res.headers.n = 0;
    leave(p, false);
    (void)phases_redirect(v, to, query);
    return true;
}

static bool has_error_page(const struct visit *v, int status)
{
    for (const struct error_page *e = v->loc->error_pages; e; e = e->next)
        if (e->status == status)
            return true;
    return false;
}

/* The head of a 101 as the client gets it. */
static void add_switching_head(struct proxy *p, struct outq *out)
{
    struct exchange *x = p->v->x;
    struct http1_response_head h = {.status = 101, .content_length = -1, .is_upgrade = true};
    const struct header *upgrade = header_find_id(&p->up->res.headers, HEADER_UPGRADE);
    struct buf head = BUF_EMPTY;

    proxy_response_take(p);
    if (upgrade)
        header_add(&x->res.headers, &x->pool, upgrade->name, upgrade->value);
    h.reason = x->res.reason;
    h.headers = &x->res.headers;
    http1_write_head(&head, &h);
    outq_add(out, head.p, head.n);
    buf_free(&head);
}

/* 101: both connections become one tunnel. The exchange ends, and with it `p`. */
static void switch_protocols(struct proxy *p)
{
    struct tunnel_side client = {.in = BUF_EMPTY}, server = {.in = BUF_EMPTY};
    struct exchange *x = p->v->x;
    uint64_t idle = p->conf->read_timeout;
    struct outq head;

    outq_init(&head);
    outq_init(&client.out);
    add_switching_head(p, &head);
    server.stream = client_detach(p->up, &server.in, &server.out);
    leave(p, false);
    client.stream = server.stream ? exchange_detach(x, &client.in, &client.out) : NULL;
    if (client.stream) {
        outq_append(&client.out, &head);
        (void)tunnel_start(&client, &server, &(struct tunnel_options){.idle = idle});
        return;
    }
    outq_clear(&head);
    if (server.stream) {
        stream_close(&server.stream, true);
        buf_free(&server.in);
        outq_clear(&server.out);
    }
    x->res.headers.n = 0;
    answer(p, 502);
}

static void on_up_head(struct client_exchange *up)
{
    struct proxy *p = up->app;
    struct exchange *x = p->v->x;
    int status = up->res.status;
    struct slice buffering;

    note_try(p, status);
    balancer_note_head(p);
    if (status >= 300 && tries_next(p, next_bit_of_status(status))) {
        leave(p, status != 403 && status != 404);
        attempt(p);
        return;
    }
    if (status == 101) {
        switch_protocols(p);
        return;
    }
    if (goes_elsewhere(p))
        return;
    if (status >= 300 && (p->conf->flags & PROXY_INTERCEPT_ERRORS) &&
        has_error_page(p->v, status)) {
        answer(p, status);
        return;
    }
    proxy_response_take(p);
    buffering = head_field(p, SLICE("X-Accel-Buffering"));
    if (buffering.p && !(p->conf->ignore & PROXY_IGNORE_BUFFERING))
        p->is_flushing = slice_ieq(buffering, SLICE("no"));
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
    struct exchange *x = p->v->x;

    while (!p->has_left && !p->up->is_out_done && x->state < EXCHANGE_DONE) {
        struct chunk c = CHUNK_BYTES(SLICE_EMPTY);

        if (client_is_congested(p->up)) {
            client_wait_drained(p->up);
            return;
        }
        switch (exchange_read_body(x, &c.bytes)) {
        case BODY_DATA:
            client_write(p->up, &c);
            break;
        case BODY_WAIT:
            exchange_wait_body(x);
            return;
        case BODY_END:
            c.is_last = true;
            proxy_request_add_trailers(p);
            client_write(p->up, &c);
            return;
        case BODY_FAILED:
            leave(p, false);
            if (!p->has_begun)
                answer(p, exchange_body_status(x));
            return;
        }
    }
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

static void attempt(struct proxy *p)
{
    const struct upstream_keep *keep;
    struct visit *v = p->v;

    p->attempt_ms = clock_ms();
    if (!choose(p))
        return;
    if (!p->peer) {
        p->has_left = true;
        log_write(&v->x->log, LOG_ERROR,
                  "no live upstreams while connecting to upstream, "
                  "upstream: \"" SLICE_FMT "\"",
                  SLICE_ARG(p->upstream->name));
        if (!p->history)
            note_try(p, 502);
        answer(p, p->history->status ? p->history->status : 502);
        return;
    }
    p->tries++;
    p->has_left = false;
    client_release(&p->up);
    p->up = client_new(&user, p);
    proxy_request_make(p);
    if (p->balancer)
        balancer_apply(p);
    if (p->is_streaming_body) {
        v->x->user.on_body = on_client_body;
        client_wait_drained(p->up);
    }
    keep = p->balancer && p->balancer->is_kept ? &p->balancer->keep : NULL;
    client_pool_submit(upstream_origin(p->upstream, p->peer, &p->how, keep), p->up);
}

static void on_spool(struct exchange *x, struct body_spool *s)
{
    struct proxy *p = proxy_of(visit_of(x));

    if (s->state == BODY_END)
        attempt(p);
    else
        answer(p, exchange_body_status(x));
}

/* The body of the request first, where it is to be read whole. */
static void begin(struct proxy *p)
{
    struct exchange *x = p->v->x;
    bool has_body = x->req.content_length > 0 || x->req.has_unsized_body;

    if (!has_body || p->conf->body || !(p->conf->flags & PROXY_PASS_BODY)) {
        attempt(p);
        return;
    }
    if (!(p->conf->flags & PROXY_REQUEST_BUFFERING) && !x->spool &&
        (p->conf->minor > 0 || x->req.content_length >= 0)) {
        p->is_streaming_body = true;
        attempt(p);
        return;
    }
    p->spool = body_spool_start(x, on_spool, NULL);
    if (p->spool->state == BODY_END)
        attempt(p);
    else if (p->spool->state == BODY_FAILED)
        answer(p, exchange_body_status(x));
}

/* The client is gone. */
static void on_cancel(struct visit *v)
{
    leave(proxy_of(v), false);
}

/* Works the target out; false: it is none, which is logged. */
static bool resolve(struct proxy *p, const struct proxy_pass *pass)
{
    struct visit *v = p->v;

    p->pass = *pass;
    if (pass->target) {
        struct slice url = script_eval(pass->target, v);

        if (p->conf->is_grpc)
            url = proxy_pass_of_grpc(visit_pool(v), url);
        if (!proxy_pass_parse(url, &p->pass)) {
            log_write(&v->x->log, LOG_ERROR, "invalid URL prefix in \"" SLICE_FMT "\"",
                      SLICE_ARG(exchange_shown(v->x, url)));
            return false;
        }
    }
    p->upstream = pass->upstream;
    if (p->upstream)
        return true;
    p->upstream = upstream_find((struct app_conf *)(uintptr_t)v->conf, p->pass.authority,
                                p->pass.default_port);
    if (!p->upstream)
        log_write(&v->x->log, LOG_ERROR, "invalid host in upstream \"" SLICE_FMT "\"",
                  SLICE_ARG(exchange_shown(v->x, p->pass.authority)));
    return p->upstream != NULL;
}

/* The context belongs to the settings of the location, whoever asks. */
static bool resolve_tls(struct proxy *p)
{
    struct proxy_conf *c = p->conf->is_grpc ? p->v->loc->grpc : p->v->loc->proxy;

    if (!c) {
        log_write(&p->v->x->log, LOG_ERROR,
                  "no proxy_ssl directive in a location that asks for https");
        return false;
    }
    p->how.alpn = p->conf->is_h2 ? SLICE("h2") : SLICE_EMPTY;
    return proxy_tls_way(p->v, &c->tls, p->authority, &p->how);
}

void proxy_start(struct visit *v, const struct proxy_conf *conf, const struct proxy_pass *pass)
{
    struct proxy *p = pool_new(visit_pool(v), struct proxy);
    bool is_unix;

    v->proxy = p;
    p->v = v;
    p->conf = conf;
    p->started_ms = clock_ms();
    p->is_flushing = !(conf->flags & PROXY_BUFFERING);
    if (!resolve(p, pass)) {
        answer(p, 500);
        return;
    }
    pool_on_reset(visit_pool(v), on_reset, p);
    is_unix = slice_has_prefix(p->pass.authority, SLICE("unix:"));
    p->how.knows_h2 = conf->is_h2;
    p->authority = is_unix ? SLICE("localhost") : p->pass.authority;
    if (p->pass.is_tls && !resolve_tls(p)) {
        answer(p, 502);
        return;
    }
    v->on_cancel = on_cancel;
    begin(p);
}

enum step_result proxy_step(struct visit *v, const struct step *s)
{
    static const struct proxy_conf *defaults = &proxy_defaults;
    const struct proxy_conf *conf = v->loc->proxy ? v->loc->proxy : defaults;

    proxy_start(v, conf, s->arg);
    return STEP_DONE;
}

enum step_result proxy_grpc_step(struct visit *v, const struct step *s)
{
    proxy_start(v, v->loc->grpc, s->arg);
    return STEP_DONE;
}
