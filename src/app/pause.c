/* A client that leaves meanwhile ends its request, as nothing is done for it yet. */
#include "app/pause.h"

#include "loop/timer.h"

/* In the visit's pool. */
struct pause {
    struct visit *v;
    struct timer timer;
    enum exchange_end ends_with_client; /* what the exchange said before */
    void (*then)(struct visit *v);
};

static void on_time(struct timer *t)
{
    struct pause *p = CONTAINER_OF(t, struct pause, timer);

    p->v->x->ends_with_client = p->ends_with_client;
    p->then(p->v);
}

static void call_off(void *arg)
{
    timer_stop(&((struct pause *)arg)->timer);
}

enum step_result pause_visit(struct visit *v, uint64_t ms, void (*then)(struct visit *v))
{
    struct pause *p = pool_new(visit_pool(v), struct pause);

    p->v = v;
    p->then = then;
    p->ends_with_client = v->x->ends_with_client;
    v->x->ends_with_client = EXCHANGE_ENDS_UNANSWERED;
    timer_init(&p->timer, on_time);
    pool_on_reset(visit_pool(v), call_off, p);
    timer_start(&p->timer, ms);
    return STEP_WAIT;
}
