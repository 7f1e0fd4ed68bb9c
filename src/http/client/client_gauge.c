/* A request holds the gauge of its origin while it is measured: the origin may go before it. */
#include "http/client/client_gauge.h"

#include "base/clock.h"
#include "base/mem.h"

struct client_gauge *client_gauge_new(void)
{
    struct client_gauge *g = mem_new(struct client_gauge);

    g->holds = 1;
    usage_reset(&g->usage, clock_us_now());
    return g;
}

void client_gauge_release(struct client_gauge **at)
{
    struct client_gauge *g = *at;

    *at = NULL;
    if (g && --g->holds == 0)
        mem_free(g);
}

void client_gauge_wait(struct client_gauge *g, struct client_times *t, unsigned n_before)
{
    usage_add(&g->usage.queue_length, n_before);
    t->queued_us = clock_us_now();
}

void client_gauge_begin(struct client_gauge *g, struct client_times *t)
{
    t->begun_us = clock_us_now();
    if (!t->queued_us)
        usage_add(&g->usage.queue_length, 0);
    usage_add(&g->usage.queue_us, t->queued_us ? t->begun_us - t->queued_us : 0);
    if (!t->gauge)
        g->holds++;
    t->gauge = g;
}

void client_gauge_end(struct client_times *t)
{
    usage_add(&t->gauge->usage.hold_us, clock_us_now() - t->begun_us);
    client_gauge_release(&t->gauge);
}
