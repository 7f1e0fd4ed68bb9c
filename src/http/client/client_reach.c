/* One attempt, a chain of steps that share one time:
 *
 *   resolve the target        when a SOCKS proxy is to be told an address
 *   connect                   to the proxy when there is one, else to the target
 *   handshake with the proxy  when it speaks TLS itself
 *   tunnel                    the proxy is asked for the target
 *   handshake                 when the target speaks TLS
 *
 * Each step starts the next one when it is through; only one is on at a time. */
#include "http/client/client_reach.h"

#include "base/clock.h"
#include "base/mem.h"
#include "http/client/client_tls.h"
#include "http/client/client_tunnel.h"
#include "loop/timer.h"
#include "net/connect.h"
#include "net/tcp.h"

const struct err client_err_resolve_timeout = {"resolve_timeout", "no address in time"};
const struct err client_err_connect_timeout = {"connect_timeout", "no connection in time"};

struct reach {
    struct dns_query *query;
    struct timer timer; /* of the query; the other steps have their own */
    struct connect *connect;
    struct client_tls *tls;
    struct client_tunnel *tunnel;
    const struct client_way *way; /* the origin's, which lives as long as the attempt */
    struct addr target;           /* looked up for a proxy; len 0: not */
    client_dial_fn fn;
    void *user;
    uint64_t deadline; /* clock_ms; 0: none */
};

static void finish(struct reach *r, struct stream *s, const struct client_dial_failure *f)
{
    client_dial_fn fn = r->fn;
    void *user = r->user;

    mem_free(r);
    fn(user, s, f);
}

static void fail(struct reach *r, const struct err *err, const char *text)
{
    struct client_dial_failure f = {.err = err, .text = text};

    finish(r, NULL, &f);
}

/* Milliseconds that are left; 0: any time. */
static uint64_t left(const struct reach *r)
{
    if (!r->deadline)
        return 0;
    return r->deadline > clock_ms() ? r->deadline - clock_ms() : 1;
}

static bool is_socks(const struct client_way *w)
{
    return w->via.kind == CLIENT_VIA_SOCKS4 || w->via.kind == CLIENT_VIA_SOCKS5;
}

/* Fails with what befell the way to the proxy. */
static void fail_at_proxy(struct reach *r, const struct err *err, const char *text)
{
    struct buf all = BUF_EMPTY;

    buf_printf(&all, "proxy %s", text && *text ? text : "");
    fail(r, err, buf_cstr(&all));
    buf_free(&all);
}

/* --- the handshake with the target --- */

static void on_handshake(void *user, struct stream *s, const struct err *err, const char *text)
{
    struct reach *r = user;

    r->tls = NULL;
    if (s)
        finish(r, s, NULL);
    else
        fail(r, err, text);
}

static void start_handshake(struct reach *r, struct stream *s)
{
    if (r->way->tls)
        r->tls = client_tls_start(s, r->way, left(r), on_handshake, r);
    else
        finish(r, s, NULL);
}

/* --- the proxy --- */

static void on_tunnel(void *user, struct stream *s, const struct client_dial_failure *f)
{
    struct reach *r = user;

    r->tunnel = NULL;
    if (s)
        start_handshake(r, s);
    else
        finish(r, NULL, f);
}

static void start_tunnel(struct reach *r, struct stream *s)
{
    const struct addr *target = r->target.len ? &r->target : NULL;

    r->tunnel = client_tunnel_start(s, r->way, target, left(r), on_tunnel, r);
}

static void on_proxy_handshake(void *user, struct stream *s, const struct err *err,
                               const char *text)
{
    struct reach *r = user;

    r->tls = NULL;
    if (s)
        start_tunnel(r, s);
    else
        fail_at_proxy(r, err, text);
}

static void start_proxy_handshake(struct reach *r, struct stream *s)
{
    const struct client_via *v = &r->way->via;
    struct client_way way = {
        .tls = v->tls, .server_name = v->server_name, .skips_verify = v->skips_verify};

    r->tls = client_tls_start(s, &way, left(r), on_proxy_handshake, r);
}

/* --- the connection --- */

static const struct err *timeout_in(enum connect_stage stage)
{
    return stage == CONNECT_RESOLVE ? &client_err_resolve_timeout : &client_err_connect_timeout;
}

static void on_connected(void *user, struct stream *s, const struct connect_failure *failure)
{
    struct reach *r = user;

    r->connect = NULL;
    if (s && r->way->keeps_alive)
        tcp_set_keepalive(s, true, 0, 0, 0);
    if (!s) {
        bool is_late = failure->err == &err_timeout;
        const struct err *err = is_late ? timeout_in(failure->stage) : failure->err;

        if (r->way->via.kind)
            fail_at_proxy(r, err, failure->text);
        else
            fail(r, err, failure->text);
    } else if (!r->way->via.kind) {
        start_handshake(r, s);
    } else if (r->way->via.tls) {
        start_proxy_handshake(r, s);
    } else {
        start_tunnel(r, s);
    }
}

static void start_connect(struct reach *r)
{
    const struct client_way *w = r->way;
    bool is_direct = !w->via.kind;
    struct connect_options o = {
        .host = is_direct ? w->host : w->via.host,
        .port = is_direct ? w->port : w->via.port,
        .unix_path = is_direct ? w->unix_path : SLICE_EMPTY,
        .addr = is_direct ? w->addr : NULL,
        .local = w->local,
        .is_transparent = w->is_transparent,
        .resolver = w->resolver,
        .family = w->family,
        .total_timeout = (unsigned)left(r),
    };

    r->connect = connect_start(&o, on_connected, r);
}

/* --- the address of the target --- */

static void fail_to_resolve(struct reach *r, const struct err *e)
{
    struct buf text = BUF_EMPTY;

    buf_add_slice(&text, r->way->host);
    fail(r, e == &err_timeout ? &client_err_resolve_timeout : e, buf_cstr(&text));
    buf_free(&text);
}

static void on_resolved(void *user, const struct dns_result *result)
{
    struct reach *r = user;

    r->query = NULL;
    timer_stop(&r->timer);
    if (result->err) {
        fail_to_resolve(r, result->err);
        return;
    }
    r->target = result->addrs->items[0];
    start_connect(r);
}

static void on_timer(struct timer *t)
{
    struct reach *r = CONTAINER_OF(t, struct reach, timer);

    dns_cancel(&r->query);
    fail_to_resolve(r, &err_timeout);
}

/* SOCKS4 knows no addresses of IPv6. */
static enum dns_family family_for_proxy(const struct client_way *w)
{
    return w->via.kind == CLIENT_VIA_SOCKS4 ? DNS_ONLY_V4 : w->family;
}

static void start_resolve(struct reach *r)
{
    const struct client_way *w = r->way;

    if (r->deadline)
        timer_start(&r->timer, left(r));
    r->query = dns_lookup(w->resolver, w->host, family_for_proxy(w), on_resolved, r);
}

static void *start(const struct client_way *way, uint64_t timeout, client_dial_fn fn, void *user)
{
    struct reach *r = mem_new(struct reach);
    bool is_known = is_socks(way) && addr_literal(way->host, &r->target);

    r->way = way;
    r->fn = fn;
    r->user = user;
    timer_init(&r->timer, on_timer);
    r->deadline = timeout ? clock_ms() + timeout : 0;
    if (!is_known)
        r->target.len = 0;
    if (is_socks(way) && !is_known && way->via.gets_address)
        start_resolve(r);
    else
        start_connect(r);
    return r;
}

static void cancel(void *dial)
{
    struct reach *r = dial;

    dns_cancel(&r->query);
    timer_stop(&r->timer);
    connect_cancel(&r->connect);
    client_tls_cancel(&r->tls);
    client_tunnel_cancel(&r->tunnel);
    mem_free(r);
}

const struct client_dialer client_reach = {start, cancel};
