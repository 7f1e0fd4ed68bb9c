/* From now on the server's answer has another user, who only counts its end. */
#include "app/proxy/proxy_abandon.h"

#include "app/phases.h"

static void end(struct proxy *p, bool has_failed)
{
    p->on_abandoned_end(p, has_failed);
    phases_let_go(p->v);
}

void proxy_abandon_drain(struct client_exchange *up)
{
    enum body_result r = BODY_DATA;
    struct slice bytes;

    while (r == BODY_DATA)
        r = client_read(up, &bytes);
    if (r == BODY_WAIT)
        client_wait(up);
    else
        end(up->app, r == BODY_FAILED);
}

static void on_failed(struct client_exchange *up)
{
    end(up->app, true);
}

bool proxy_abandon(struct proxy *p, void (*on_end)(struct proxy *p, bool has_failed))
{
    static const struct client_user nobody = {
        .on_head = proxy_abandon_drain,
        .on_body = proxy_abandon_drain,
        .on_failed = on_failed,
    };

    if (!(p->conf->flags & PROXY_IGNORE_ABORT) || p->v->parent || !p->up || p->has_left ||
        (p->is_streaming_body && !p->up->is_out_done))
        return false;
    p->is_abandoned = true;
    p->on_abandoned_end = on_end;
    p->up->user = &nobody;
    phases_hold(p->v);
    if (p->has_begun)
        timer_start(&p->pace, 0); /* this may be inside a read of the server's answer */
    return true;
}
