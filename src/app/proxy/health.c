/* When servers are asked, and what follows from their answers.
 *
 *   timer -> ask (health_http, health_stream) -> judge -> timer
 *
 * The verdict of a check is its bit in what all workers know of the server. The worker that asks
 * is the first one: when it dies, the one in its place goes on. */
#include "app/proxy/health.h"

#include <time.h>

#include "app/location_resolver.h"
#include "app/proxy/health_probe.h"
#include "app/proxy/proxy.h"
#include "app/proxy/upstream_state.h"
#include "app/stream/relay.h"
#include "base/mem.h"
#include "base/rand.h"

static struct list probes = LIST_INIT(probes); /* process-wide: of the worker that asks */
static struct health_check *checks;            /* process-wide: those that it makes */

/* --- after a configuration is read --- */

/* The target of the location's content: its group, name and whether TLS is spoken. */
static bool find_target(struct health_check *c)
{
    const struct step_list *l = &c->loc->steps[PHASE_CONTENT];
    const struct step *s = l->n == 1 ? &l->steps[0] : NULL;

    if (s && s->run == relay_step) {
        const struct relay_pass *pass = s->arg;

        c->upstream = pass->upstream;
        c->authority = c->upstream ? c->upstream->name : SLICE_EMPTY;
        c->has_tls = c->loc->relay && c->loc->relay->has_tls;
    } else if (s && s->run == proxy_step) {
        const struct proxy_pass *pass = s->arg;

        if (proxy_conf_has_params(pass->kind))
            return false;
        c->upstream = pass->upstream;
        c->authority = slice_has_prefix(pass->authority, SLICE("unix:")) ? SLICE("localhost")
                                                                         : pass->authority;
        c->has_tls = pass->is_tls;
        c->kind = pass->kind;
    }
    return c->upstream != NULL;
}

static bool find_match(const struct app_conf *conf, struct health_check *c, struct config_error *e)
{
    if (c->match_name.n == 0)
        return true;
    c->match = health_match_find(conf->matches, c->match_name, c->is_stream);
    return c->match || config_node_error(c->node, e, "\"match\" \"" SLICE_FMT "\" is not defined",
                                         SLICE_ARG(c->match_name));
}

/* Servers wait for their first verdict where the check is mandatory. */
static void enrol(struct health_check *c)
{
    struct upstream *u = c->upstream;

    if (!u->shared)
        upstream_state_share(u);
    c->bit = 1u << u->n_checks++;
    u->mandatory |= c->is_mandatory ? c->bit : 0;
    for (unsigned i = 0; c->is_mandatory && i < u->n; i++) {
        upstream_state_of(u, &u->peers[i])->unhealthy |= c->bit;
        upstream_state_of(u, &u->peers[i])->checking |= c->bit;
    }
}

bool health_resolve(struct app_conf *conf, struct config_error *e)
{
    for (struct health_check *c = conf->health_checks; c; c = c->next) {
        if (!find_target(c))
            return config_node_error(
                c->node, e, "\"health_check\" needs a \"proxy_pass\" without variables beside it");
        if (c->upstream->n_checks == HEALTH_CHECKS_MOST ||
            (c->upstream->n == 0 && !c->upstream->slots))
            return config_node_error(c->node, e,
                                     "no servers, or too many health checks, in \"" SLICE_FMT "\"",
                                     SLICE_ARG(c->upstream->name));
        if (!find_match(conf, c, e))
            return false;
        enrol(c);
    }
    return true;
}

static struct upstream_peer *peer_of_name(const struct upstream *u, struct slice name)
{
    for (unsigned i = 0; i < u->n; i++)
        if (slice_eq(u->peers[i].name, name))
            return &u->peers[i];
    return NULL;
}

static void inherit(struct health_check *c, const struct upstream *old)
{
    for (unsigned i = 0; i < c->upstream->n; i++) {
        const struct upstream_peer *p = &c->upstream->peers[i], *was = peer_of_name(old, p->name);
        struct upstream_state *st = upstream_state_of(c->upstream, p);

        if (!was || upstream_state_of(old, was)->unhealthy)
            continue;
        st->unhealthy &= ~c->bit;
        st->checking &= ~c->bit;
    }
}

void health_inherit(const struct app_conf *conf, const struct app_conf *old)
{
    for (struct health_check *c = conf->health_checks; old && c; c = c->next) {
        const struct map *all = c->is_stream ? &old->stream_upstreams : &old->upstreams;
        const struct upstream *was = map_get(all, c->upstream->name);

        if (c->is_persistent && was && was->n_checks)
            inherit(c, was);
    }
}

/* --- the verdict --- */

static void log_verdict(const struct health_probe *p, const char *why)
{
    const struct health_check *c = p->check;
    struct slice name = c->match ? c->match->name : SLICE("default");

    if (why)
        log_write(NULL, LOG_ERROR,
                  "peer is unhealthy while %s, health check \"" SLICE_FMT "\" of peer " SLICE_FMT
                  " in upstream \"" SLICE_FMT "\"",
                  why, SLICE_ARG(name), SLICE_ARG(p->peer->name), SLICE_ARG(c->upstream->name));
    else
        log_write(NULL, LOG_NOTICE,
                  "peer is healthy, health check \"" SLICE_FMT "\" of peer " SLICE_FMT
                  " in upstream \"" SLICE_FMT "\"",
                  SLICE_ARG(name), SLICE_ARG(p->peer->name), SLICE_ARG(c->upstream->name));
}

/* It failed once more. Is that the verdict, and news? */
static bool condemn(const struct health_probe *p, struct upstream_state *st)
{
    bool is_news = !(st->unhealthy & p->check->bit) || (st->checking & p->check->bit);

    st->checks_failed++;
    if (p->fails < p->check->fails)
        return false;
    st->unhealthy |= p->check->bit;
    st->checking &= ~p->check->bit;
    return is_news;
}

/* It passed once more. A server that has been checked for the first time needs no more. */
static bool acquit(const struct health_probe *p, struct upstream_state *st)
{
    bool is_first = st->checking & p->check->bit;

    if (!(st->unhealthy & p->check->bit) || (!is_first && p->passes < p->check->passes))
        return false;
    st->unhealthy &= ~p->check->bit;
    st->checking &= ~p->check->bit;
    st->fails = 0;
    st->effective = (int)p->peer->weight;
    return true;
}

static void judge(struct health_probe *p, const char *why)
{
    const struct upstream *u = p->check->upstream;
    struct upstream_state *st;
    bool is_news;

    p->fails = why ? p->fails + 1 : 0;
    p->passes = why ? 0 : p->passes + 1;
    upstream_state_enter(u);
    st = upstream_state_of(u, p->peer);
    st->checks++;
    st->checked_at = (uint64_t)time(NULL);
    is_news = why ? condemn(p, st) : acquit(p, st);
    upstream_state_leave(u);
    if (is_news)
        log_verdict(p, why);
}

/* --- asking --- */

static void ask(struct timer *t)
{
    struct health_probe *p = CONTAINER_OF(t, struct health_probe, timer);

    if (p->check->is_stream)
        health_stream_ask(p);
    else
        health_http_ask(p);
}

static void wait(struct health_probe *p, uint64_t ms)
{
    uint64_t jitter = p->check->jitter;

    timer_start(&p->timer, ms + (jitter ? rand_u64() % (jitter + 1) : 0));
}

static void on_done(struct health_probe *p, const char *why)
{
    judge(p, why);
    p->timer.fn = ask;
    wait(p, p->check->interval);
}

static void begin(struct health_check *c, struct upstream_peer *peer)
{
    struct health_probe *p = mem_zalloc(sizeof(*p));

    p->check = c;
    p->peer = peer;
    p->way = peer->way;
    if (c->port)
        p->way.port = c->port;
    p->way.resolver = location_resolver_of(c->loc);
    p->on_done = on_done;
    outq_init(&p->out);
    list_append(&probes, &p->node);
    timer_init(&p->timer, ask);
    timer_set_background(&p->timer);
    wait(p, 0);
}

static bool is_asked(const struct upstream_peer *peer)
{
    return peer->weight && !peer->is_down;
}

void health_start(const struct app_conf *conf)
{
    checks = conf->health_checks;
    for (struct health_check *c = checks; c; c = c->next)
        for (unsigned i = 0; i < c->upstream->n; i++)
            if (is_asked(&c->upstream->peers[i]))
                begin(c, &c->upstream->peers[i]);
}

static void end(struct health_probe *p)
{
    list_remove(&p->node);
    timer_stop(&p->timer);
    if (p->check->is_stream)
        health_stream_stop(p);
    else
        health_http_stop(p);
    buf_free(&p->in);
    mem_free(p);
}

void health_renew(struct upstream *u, unsigned i)
{
    struct upstream_peer *peer = &u->peers[i];

    LIST_FOR_SAFE (node, &probes) {
        struct health_probe *p = CONTAINER_OF(node, struct health_probe, node);

        if (p->peer == peer)
            end(p);
    }
    for (struct health_check *c = checks; c; c = c->next)
        if (c->upstream == u && is_asked(peer))
            begin(c, peer);
}

void health_stop(void)
{
    checks = NULL;
    while (!list_is_empty(&probes))
        end(CONTAINER_OF(probes.next, struct health_probe, node));
}
