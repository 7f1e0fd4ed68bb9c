/* From now on the server's answer has another user, who only counts its end. */
#include "app/proxy/proxy_abandon.h"

#include "app/phases.h"
#include "app/proxy/proxy_cache.h"
#include "app/proxy/proxy_leave.h"

static void end(struct proxy *p, bool has_failed)
{
    proxy_leave(p, has_failed);
    phases_let_go(p->v);
}

static bool is_wanted(const struct proxy *p)
{
    return (p->conf->flags & PROXY_IGNORE_ABORT) || proxy_cache_wants_rest(p);
}

void proxy_abandon_drain(struct client_exchange *up)
{
    struct proxy *p = up->app;
    enum body_result r;
    struct slice bytes;

    do {
        r = client_read(up, &bytes);
        if (r == BODY_DATA && p->cache)
            proxy_cache_add(p, bytes, false);
    } while (r == BODY_DATA && is_wanted(p));
    if (r == BODY_WAIT && is_wanted(p)) {
        client_wait(up);
        return;
    }
    if (p->cache && r == BODY_END)
        proxy_cache_add(p, SLICE_EMPTY, true);
    end(p, r == BODY_FAILED);
}

static void on_head(struct client_exchange *up)
{
    struct proxy *p = up->app;

    if (p->cache && !proxy_cache_takes_head(p))
        proxy_cache_keep(p);
    proxy_abandon_drain(up);
}

static void on_failed(struct client_exchange *up)
{
    end(up->app, true);
}

void proxy_abandon_follow(struct proxy *p)
{
    static const struct client_user nobody = {
        .on_head = on_head,
        .on_body = proxy_abandon_drain,
        .on_failed = on_failed,
    };

    p->is_abandoned = true;
    p->up->user = &nobody;
}

bool proxy_abandon(struct proxy *p)
{
    if (p->is_abandoned)
        return true;
    if (!is_wanted(p) || p->v->parent || !p->up || p->has_left ||
        (p->is_streaming_body && !p->up->is_out_done))
        return false;
    proxy_abandon_follow(p);
    phases_hold(p->v);
    if (p->has_begun)
        timer_start(&p->pace, 0); /* this may be inside a read of the server's answer */
    return true;
}
