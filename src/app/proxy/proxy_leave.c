/* The response stays, for the variables; the client exchange goes with `p`. */
#include "app/proxy/proxy_leave.h"

#include "app/proxy/balancer.h"
#include "app/proxy/proxy_cache.h"
#include "app/proxy/proxy_log.h"
#include "app/proxy/proxy_store.h"
#include "app/proxy/proxy_try.h"

void proxy_leave_learn(struct proxy *p, bool is_head)
{
    const struct sticky *s = p->peer && !p->balancer ? p->upstream->sticky : NULL;

    if (s && s->learns_from_head == is_head && p->up && p->up->head_ms)
        sticky_learn(s, p->v, upstream_id(p->peer));
}

void proxy_leave_server(struct proxy *p, bool has_failed)
{
    if (p->has_left)
        return;
    p->has_left = true;
    timer_stop(&p->pace);
    proxy_try_finish(p);
    balancer_note_end(p);
    if (!has_failed)
        proxy_leave_learn(p, false);
    if (p->peer && upstream_done(p->upstream, p->peer, has_failed))
        proxy_log_disabled(p);
    if (p->up)
        client_exchange_forget(p->up);
}

void proxy_leave(struct proxy *p, bool has_failed)
{
    if (p->cache)
        proxy_cache_end(p);
    proxy_store_end(p);
    proxy_leave_server(p, has_failed);
}
