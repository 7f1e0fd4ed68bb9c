/* What holds for one attempt only (the server, whether its connection is kept, TLS and its name) is
 * cleared before each run; timeouts and the number of attempts stay. */
#include "app/proxy/balancer.h"

#include <inttypes.h>

#include "app/lua/lua_filter.h"
#include "app/proxy/upstream_slots.h"
#include "app/stream/session.h"
#include "base/log.h"

/* --- of whatever is passed on --- */

struct balancer *balancer_new(struct visit *v, struct upstream *u, unsigned most)
{
    struct balancer *b = pool_new(visit_pool(v), struct balancer);

    upstream_slots_sync(u);
    b->v = v;
    b->most = most;
    b->allowed = MAX(1, upstream_tries(u));
    b->keep.most = u->balancer_keepalive;
    return b;
}

int balancer_run(struct balancer *b, struct upstream *u, int last_status)
{
    int status;

    upstream_slots_sync(u); /* a script that sets no server leaves the choice to the group */
    b->is_set = b->is_kept = false;
    b->is_tls = b->has_tls;
    b->server_name = SLICE_EMPTY;
    b->peer = (struct upstream_peer){.weight = 1};
    b->last_status = last_status;
    log_set_doing("connecting to upstream");
    status = lua_filter_balance(b->v, u->balancer);
    log_set_doing(NULL);
    b->tries++;
    if (status)
        return status;
    if (b->is_set)
        b->peer.own.active++;
    if (b->is_set || u->n > 0)
        return 0;
    log_write(&b->v->x->log, LOG_ERROR, "lua balancer: no peer set");
    return 500;
}

bool balancer_goes_on(const struct balancer *b, unsigned tries)
{
    return tries < b->allowed && (!b->most || tries < b->most);
}

struct balancer *balancer_of(const struct visit *v)
{
    if (v->proxy)
        return proxy_of(v)->balancer;
    return v->session ? v->session->balancer : NULL;
}

/* --- of a request --- */

int balancer_choose(struct proxy *p)
{
    struct balancer *b = p->balancer;
    int status;

    if (!b) {
        b = p->balancer = balancer_new(p->v, p->upstream, p->conf->next_tries);
        b->has_tls = p->pass.is_tls;
        b->tls = p->how.tls;
        b->location_name = p->how.server_name;
    }
    status = balancer_run(b, p->upstream, p->history ? p->history->status : 0);
    p->pass.is_tls = b->is_tls;
    p->how.tls = b->is_tls ? b->tls : NULL;
    p->peer = !status && b->is_set ? &b->peer : NULL;
    return status;
}

void balancer_apply(struct proxy *p)
{
    const struct balancer *b = p->balancer;
    struct client_timeouts *t = &p->up->timeouts;

    p->how.server_name = b->server_name.n ? b->server_name : b->location_name;
    if (b->connect)
        t->connect = b->connect;
    if (b->send)
        t->send = b->send;
    if (b->read)
        t->request = t->read = b->read;
}

static bool is_noted(const struct proxy *p)
{
    return p->up && p->peer && p->up->req.keeps && log_is_on(&p->v->x->log, LOG_DEBUG);
}

/* `what` with the request's name in it, for connections that Lua keeps; else `plain`. */
static void note(const struct proxy *p, struct slice what, const char *plain)
{
    const struct balancer *b = p->balancer;

    if (b && b->is_kept)
        log_write(&p->v->x->log, LOG_DEBUG,
                  "lua balancer: keepalive " SLICE_FMT ", host: " SLICE_FMT ", name: " SLICE_FMT,
                  SLICE_ARG(what), SLICE_ARG(p->peer->name), SLICE_ARG(p->how.server_name));
    else if (plain)
        log_write(&p->v->x->log, LOG_DEBUG, "%s", plain);
}

static struct slice named(const struct proxy *p, const char *what)
{
    return pool_printf(visit_pool(p->v), "%s connection %" PRIXPTR, what, (uintptr_t)p->up);
}

void balancer_note_head(const struct proxy *p)
{
    if (!is_noted(p))
        return;
    if (p->up->is_reused)
        note(p, named(p, "reusing"), "get keepalive peer: using connection");
    else
        note(p, SLICE("no free connection"), NULL);
}

static bool is_saved(const struct proxy *p)
{
    const struct header *h = header_find_id(&p->up->res.headers, HEADER_CONNECTION);

    return p->up->state == CLIENT_DONE && !(h && header_has_token(h->value, SLICE("close")));
}

void balancer_note_end(const struct proxy *p)
{
    if (!is_noted(p))
        return;
    if (is_saved(p))
        note(p, named(p, "saving"), "free keepalive peer: saving connection");
    else if (p->balancer && p->balancer->is_kept)
        log_write(&p->v->x->log, LOG_DEBUG, "lua balancer: keepalive " SLICE_FMT,
                  SLICE_ARG(named(p, "not saving")));
}
