/* From now on the server's answer has another user, who only counts its end. */
#include "app/proxy/proxy_abandon.h"

#include "app/phases.h"
#include "app/proxy/proxy_cache.h"
#include "app/proxy/proxy_leave.h"
#include "app/proxy/proxy_store.h"

static void end(struct proxy *p, bool has_failed)
{
    proxy_leave(p, has_failed);
    phases_let_go(p->v);
}

bool proxy_abandon_is_useful(const struct proxy *p)
{
    return (p->conf->flags & PROXY_IGNORE_ABORT) || proxy_cache_wants_rest(p) ||
           proxy_store_wants_rest(p);
}

static void keep(struct proxy *p, struct slice bytes, bool is_last)
{
    if (p->cache)
        proxy_cache_add(p, bytes, is_last);
    proxy_store_add(p, bytes, is_last);
}

void proxy_abandon_drain(struct client_exchange *up)
{
    struct proxy *p = up->app;
    enum body_result r;
    struct slice bytes;

    do {
        r = client_exchange_read(up, &bytes);
        if (r == BODY_DATA)
            keep(p, bytes, false);
    } while (r == BODY_DATA && proxy_abandon_is_useful(p));
    if (r == BODY_WAIT && proxy_abandon_is_useful(p)) {
        client_exchange_wait(up);
        return;
    }
    if (r == BODY_END)
        keep(p, SLICE_EMPTY, true);
    end(p, r == BODY_FAILED);
}

static void on_head(struct client_exchange *up)
{
    struct proxy *p = up->app;

    if (p->cache && !proxy_cache_takes_head(p))
        proxy_cache_keep(p);
    proxy_store_begin(p);
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
    if (!proxy_abandon_is_useful(p) || p->v->parent || !p->up || p->has_left ||
        (p->is_streaming_body && !p->up->is_out_done))
        return false;
    proxy_abandon_follow(p);
    phases_hold(p->v);
    if (p->has_begun)
        timer_start(&p->pace, 0); /* this may be inside a read of the server's answer */
    return true;
}
