/* What is known of a connection before its first request, put where variables look for it. */
#include "app/tls/tls_visit.h"

#include "app/stream/session.h"
#include "app/tls/tls_seat.h"
#include "base/clock.h"
#include "http/exchange_transport.h"
#include "net/tls/tls.h"

static const struct exchange_transport nobody;

/* Variables of sessions ask it; no connection is its own yet. */
static struct session *new_session(struct visit *v)
{
    struct session *s = pool_new(visit_pool(v), struct session);

    s->v = v;
    s->wire = &s->own;
    wire_init(&s->own);
    return s;
}

struct visit *tls_visit_begin(struct stream *s, const struct vhost *vh)
{
    struct tls_owner owner = tls_owner_of(s);
    struct exchange *x = exchange_new(&nobody, NULL, &vh->base->http);
    struct visit *v = pool_new(&x->pool, struct visit);
    struct addr *peer = pool_new(&x->pool, struct addr);

    x->app = v;
    x->log.parent = owner.log;
    x->connection_id = x->log.id = owner.id;
    if (tls_owner_peer(s, peer))
        x->peer = peer;
    x->start_ms = clock_ms();
    x->req.is_tls = true;
    x->req.tls = tls_hold(s);
    v->x = x;
    v->conf = owner.conf;
    v->variables = &owner.conf->variables;
    if (owner.listen->is_stream) {
        v->variables = &owner.conf->stream_variables;
        v->session = new_session(v);
    }
    v->listen = owner.listen;
    v->vhost = vh;
    v->loc = vh->base;
    v->slots = pool_zalloc(&x->pool, v->variables->slots * sizeof(struct slice));
    return v;
}

void tls_visit_end(struct visit **v)
{
    struct exchange *x = (*v)->x;

    *v = NULL;
    exchange_set_state(x, EXCHANGE_ABORTED);
    exchange_release(x);
}
