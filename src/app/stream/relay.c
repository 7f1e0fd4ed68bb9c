/* The course of a session that is passed on.
 *
 *   a server is chosen -> connected to -> the client's connection and that one are joined -> the
 * end
 *
 * attempt() begins with each server, failed() decides between the next one and the end of the
 * session. The client is not read while a server is looked for: what it has sent in preread, and
 * whatever waits in the kernel, goes to the server that answers. */
#include "app/stream/relay.h"

#include <stdio.h>

#include "app/conf.h"
#include "app/location_resolver.h"
#include "app/phases.h"
#include "app/proxy/balancer.h"
#include "app/proxy/proxy_log.h"
#include "app/stream/relay_udp.h"
#include "app/variables/script.h"
#include "base/clock.h"
#include "base/num.h"
#include "http/client/client_reach.h"
#include "net/tcp.h"
#include "net/tunnel.h"
#include "proto/proxy_proto.h"

static void attempt(struct relay *r);

enum { STATUS_OK = 200, STATUS_ERROR = 500, STATUS_BAD_GATEWAY = 502 };

const struct relay_conf relay_defaults = {
    .timeout = 600000,
    .connect_timeout = 60000,
    .health_timeout = 5000,
    .buffer_size = 16384,
    .responses = UINT32_MAX,
    .tries_next = true,
};

struct relay_conf *relay_conf_own(struct app_conf *conf, struct location *l)
{
    struct relay_conf *copy;

    if (l->relay && l->relay->owner == l)
        return l->relay;
    copy = pool_new(&conf->pool, struct relay_conf);
    *copy = l->relay ? *l->relay : relay_defaults;
    copy->owner = l;
    l->relay = copy;
    return copy;
}

static const struct log_ctx *log_of(const struct relay *r)
{
    return &r->s->v->x->log;
}

/* --- attempts --- */

/* With the server; without one the group itself is told of. */
static void begin_try(struct relay *r)
{
    struct slice name = r->peer ? r->peer->name : r->upstream->name;
    struct upstream_try *t = pool_new(visit_pool(r->s->v), struct upstream_try);

    t->addr = pool_dup(visit_pool(r->s->v), name); /* others may take its place */
    t->connect_ms = t->first_ms = t->over_ms = UINT64_MAX;
    t->next = r->history;
    r->history = t;
    r->attempt_ms = clock_ms();
}

/* `words` of nginx's about a server, or a group. */
static void log_connecting(const struct relay *r, enum log_level level, const char *words,
                           struct slice name)
{
    log_write(log_of(r), level, "%s while connecting to upstream, upstream: \"" SLICE_FMT "\"",
              words, SLICE_ARG(name));
}

/* The server is let go; before the first one there is nothing to do. */
static void end_try(struct relay *r, bool has_failed)
{
    struct upstream_peer *p = r->peer;
    struct upstream_try *t = r->history;

    if (!t)
        return;
    if (t->over_ms == UINT64_MAX)
        t->over_ms = clock_ms() - r->attempt_ms;
    r->peer = NULL;
    if (p && upstream_done(r->upstream, p, has_failed))
        log_connecting(r, LOG_WARN, PROXY_LOG_DISABLED, t->addr);
}

static void finish(struct relay *r, int status)
{
    end_try(r, false);
    log_write(log_of(r), LOG_DEBUG, "finalize stream proxy: %d", status);
    phases_finish_status(r->s->v, status);
}

static bool may_try_next(const struct relay *r)
{
    const struct relay_conf *c = r->conf;
    const struct balancer *b = r->s->balancer;

    if (!c->tries_next)
        return false;
    if (b ? !balancer_goes_on(b, r->tries)
          : r->tries >= upstream_tries(r->upstream) || (c->next_tries && r->tries >= c->next_tries))
        return false;
    return !c->next_timeout || clock_ms() - r->started_ms < c->next_timeout;
}

/* `err` NULL: nothing but `why` is known. */
static void log_failure(const struct relay *r, const struct err *err, const char *why)
{
    enum log_level level = LOG_ERROR;
    const char *told = err ? proxy_log_connect_words(err, &level) : NULL;
    const char *words = err ? proxy_log_words(err) : NULL;
    struct slice name = r->peer->name;

    if (told)
        log_write(log_of(r), level,
                  "connect() to " SLICE_FMT " failed (%s) while connecting to upstream, "
                  "upstream: \"" SLICE_FMT "\"",
                  SLICE_ARG(name), told, SLICE_ARG(name));
    else if (err && proxy_log_is_of_handshake(err))
        log_write(log_of(r), LOG_CRIT,
                  PROXY_LOG_HANDSHAKE " while SSL handshaking to upstream, upstream: \"" SLICE_FMT
                                      "\"",
                  why, SLICE_ARG(name));
    else
        log_connecting(r, level, words ? words : why, name);
}

static void failed(struct relay *r, const struct err *err, const char *why)
{
    bool goes_on;

    log_failure(r, err, why);
    end_try(r, true);
    goes_on = may_try_next(r);
    log_write(log_of(r), LOG_DEBUG, "stream proxy next upstream: %s",
              goes_on ? "another attempt" : "no more attempts");
    if (goes_on)
        attempt(r);
    else
        finish(r, STATUS_BAD_GATEWAY);
}

/* --- joined --- */

static void take_counts(struct relay *r, const struct tunnel_counts *c)
{
    struct upstream_try *t = r->history;

    r->s->received += c->received[0];
    r->s->sent = c->sent[0];
    t->bytes_sent = c->sent[1];
    t->bytes_received = c->received[1];
    if (c->first_ms[1])
        t->first_ms = c->first_ms[1] - r->attempt_ms;
}

static void on_over(void *user, const struct tunnel_counts *counts, const struct err *why)
{
    struct relay *r = user;

    r->tunnel = NULL;
    take_counts(r, counts);
    if (why == &err_timeout)
        log_write(log_of(r), LOG_INFO, "connection timed out while proxying connection");
    else if (why)
        log_write(log_of(r), LOG_INFO, "%s while proxying connection", why->message);
    finish(r, STATUS_OK);
}

static void fill_end(const struct addr *a, char host[108], uint16_t *port)
{
    struct buf text = BUF_EMPTY;

    addr_format_host(a, &text);
    snprintf(host, 108, "%s", buf_cstr(&text));
    buf_free(&text);
    *port = addr_is_unix(a) ? 0 : (uint16_t)addr_port(a);
}

/* What the client's connection itself says, as nginx does. */
static void add_proxy_header(struct relay *r, struct outq *out)
{
    struct exchange *x = r->s->v->x;
    const struct addr *peer = x->peer, *local = exchange_local(x);
    struct buf text = BUF_EMPTY;
    struct proxy_proto p;

    memset(&p, 0, sizeof(p));
    if (local && local->sa.sa_family == peer->sa.sa_family && !addr_is_unix(peer)) {
        fill_end(peer, p.source, &p.source_port);
        fill_end(local, p.destination, &p.destination_port);
        p.kind = peer->sa.sa_family == AF_INET ? PROXY_PROTO_TCP4 : PROXY_PROTO_TCP6;
    }
    proxy_proto_write(&p, 1, &text);
    outq_add(out, text.p, text.n);
    buf_free(&text);
}

static void set_options(const struct relay *r, struct stream *client, struct stream *server)
{
    if (r->s->v->loc->http.is_nodelay) {
        tcp_set_nodelay(client, true);
        tcp_set_nodelay(server, true);
    }
    if (r->conf->has_keepalive)
        tcp_set_keepalive(server, true, 0, 0, 0);
}

/* What cannot be read limits nothing. */
static uint64_t rate_of(const struct relay *r, const struct script *text)
{
    int64_t rate;

    if (!text || !num_parse_size(script_eval(text, r->s->v), &rate))
        return 0;
    return (uint64_t)rate;
}

static void join(struct relay *r, struct stream *server_stream)
{
    struct tunnel_side client = {.in = BUF_EMPTY}, server = {.in = BUF_EMPTY};
    struct tunnel_options o = {
        .idle = r->timeout,
        .buffer = r->conf->buffer_size,
        .rate = {rate_of(r, r->conf->upload), rate_of(r, r->conf->download)},
        .ends_together = !r->conf->has_half_close,
        .on_over = on_over,
        .user = r,
    };

    outq_init(&client.out);
    outq_init(&server.out);
    if (r->conf->sends_proxy_protocol)
        add_proxy_header(r, &server.out);
    server.stream = server_stream;
    client.stream = session_take(r->s, &client.in, &client.out);
    if (!client.stream) { /* Lua has closed it in preread */
        outq_clear(&server.out);
        stream_close(&server.stream, true);
        finish(r, STATUS_OK);
        return;
    }
    set_options(r, client.stream, server_stream);
    r->tunnel = tunnel_start(&client, &server, &o);
}

static void name_peer(struct relay *r, const struct stream *s)
{
    struct buf text = BUF_EMPTY;
    struct addr a;

    if (stream_fd(s) < 0 || addr_of_fd(stream_fd(s), true, &a))
        return;
    addr_format(&a, &text);
    r->history->addr = pool_dup(visit_pool(r->s->v), buf_slice(&text));
    buf_free(&text);
}

static void on_connected(void *user, struct stream *s, const struct client_dial_failure *f)
{
    struct relay *r = user;

    r->dial = NULL;
    if (!s) {
        failed(r, f->err, f->text ? f->text : f->err->message);
        return;
    }
    r->history->connect_ms = clock_ms() - r->attempt_ms;
    name_peer(r, s);
    join(r, s);
}

static void on_udp_over(struct relay *r, bool is_usable, const char *why)
{
    if (is_usable) {
        if (why)
            log_write(log_of(r), LOG_INFO, "%s while proxying and reading from upstream", why);
        finish(r, STATUS_OK);
    } else if (r->s->wire->stream) {
        failed(r, NULL, why);
    } else {
        log_write(log_of(r), LOG_ERROR,
                  "%s while reading from upstream, upstream: \"" SLICE_FMT "\"", why,
                  SLICE_ARG(r->peer->name));
        end_try(r, true);
        finish(r, STATUS_BAD_GATEWAY);
    }
}

/* How the chosen server is reached. What Lua says of this attempt goes before the configuration. */
static bool fill_way(struct relay *r)
{
    struct visit *v = r->s->v;
    const struct balancer *b = r->s->balancer;

    r->way = r->peer->way;
    r->way.resolver = location_resolver_of(v->loc);
    if (r->local.len && !r->way.local)
        r->way.local = &r->local;
    r->connect_timeout = b && b->connect ? b->connect : r->conf->connect_timeout;
    r->timeout = b && (b->send || b->read) ? MAX(b->send, b->read) : r->conf->timeout;
    return r->s->is_udp || !r->conf->has_tls ||
           proxy_tls_way(v, &v->loc->proxy->tls, r->upstream->name, &r->way);
}

/* balancer_by_lua; the status to answer with, 0: it goes on. */
static int balance(struct relay *r)
{
    struct session *s = r->s;
    int status;

    if (!s->balancer)
        s->balancer = balancer_new(s->v, r->upstream, r->conf->next_tries);
    status = balancer_run(s->balancer, r->upstream, r->history ? STATUS_BAD_GATEWAY : 0);
    if (!status && s->balancer->is_set)
        r->peer = &s->balancer->peer;
    return status;
}

static void attempt(struct relay *r)
{
    int status = r->upstream->balancer ? balance(r) : 0;

    if (status) {
        log_write(log_of(r), LOG_DEBUG, "proxy connect: %d", status);
        finish(r, status);
        return;
    }
    if (!r->peer)
        r->peer = upstream_next(r->upstream, r->s->v, &r->tried);
    r->tries++;
    begin_try(r);
    if (!r->peer) {
        log_connecting(r, LOG_ERROR, PROXY_LOG_NO_PEER, r->upstream->name);
        finish(r, STATUS_BAD_GATEWAY);
        return;
    }
    if (!fill_way(r))
        finish(r, STATUS_ERROR);
    else if (r->s->is_udp)
        relay_udp_start(r, on_udp_over);
    else
        r->dial = client_reach.start(&r->way, r->connect_timeout, on_connected, r);
}

/* --- the beginning, and an end that came from elsewhere --- */

static void on_answered(struct visit *v)
{
    struct relay *r = v->session->relay;
    struct tunnel_counts counts;

    if (r->dial)
        client_reach.cancel(r->dial);
    r->dial = NULL;
    if (r->tunnel) {
        counts = tunnel_counts(r->tunnel);
        take_counts(r, &counts);
        tunnel_close(&r->tunnel);
    }
    relay_udp_close(r);
    end_try(r, false);
}

static bool set_local(struct relay *r)
{
    struct slice text = script_eval(r->conf->bind, r->s->v);

    if (text.n == 0 || slice_eq(text, SLICE("off")))
        return true;
    if (!addr_parse(text, 0, &r->local) && !addr_is_unix(&r->local))
        return true;
    log_write(log_of(r), LOG_ERROR, "invalid address \"" SLICE_FMT "\" in \"proxy_bind\"",
              SLICE_ARG(text));
    return false;
}

static struct upstream *find_upstream(struct relay *r, const struct relay_pass *pass)
{
    struct visit *v = r->s->v;
    struct slice target;
    struct upstream *u;

    if (pass->upstream)
        return pass->upstream;
    target = script_eval(pass->target, v);
    u = map_get(&v->conf->stream_upstreams, target);
    if (!u && target.n)
        u = upstream_of_one(visit_pool(v), target, 0);
    if (!u)
        log_write(log_of(r), LOG_ERROR, "invalid host or no port in upstream \"" SLICE_FMT "\"",
                  SLICE_ARG(exchange_shown(v->x, target)));
    return u;
}

enum step_result relay_step(struct visit *v, const struct step *step)
{
    struct relay *r = pool_new(visit_pool(v), struct relay);

    r->s = v->session;
    r->conf = v->loc->relay ? v->loc->relay : &relay_defaults;
    v->session->relay = r;
    v->on_answered = on_answered;
    r->upstream = find_upstream(r, step->arg);
    r->started_ms = clock_ms();
    if (!r->upstream || !set_local(r))
        return phases_finish_status(v, STATUS_ERROR);
    attempt(r);
    return STEP_WAIT;
}
