/* A bucket's number is the place of the highest bit and the three bits behind it; values below 8
 * are their own. */
#include "http/client_gauge.h"

#include <math.h>
#include <string.h>

#include "base/clock.h"
#include "base/mem.h"

static unsigned bucket_of(uint64_t v)
{
    unsigned high, at;

    if (v < 8)
        return (unsigned)v;
    high = 63 - (unsigned)__builtin_clzll(v);
    at = (high - 2) * 8 + ((unsigned)(v >> (high - 3)) & 7);
    return MIN(at, (unsigned)CLIENT_GAUGE_BUCKETS - 1);
}

/* The largest value in it. */
static double most_of(unsigned bucket)
{
    unsigned high = bucket / 8 + 2;

    if (bucket < 8)
        return bucket;
    return ldexp(8 + bucket % 8 + 1, (int)high - 3) - 1;
}

struct client_gauge *client_gauge_new(void)
{
    struct client_gauge *g = mem_new(struct client_gauge);

    g->holds = 1;
    g->at_us = clock_us_now();
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
    client_gauge_add(&g->queue_length, n_before);
    t->queued_us = clock_us_now();
}

void client_gauge_begin(struct client_gauge *g, struct client_times *t)
{
    t->begun_us = clock_us_now();
    if (!t->queued_us)
        client_gauge_add(&g->queue_length, 0);
    client_gauge_add(&g->queue_us, t->queued_us ? t->begun_us - t->queued_us : 0);
    if (!t->gauge)
        g->holds++;
    t->gauge = g;
}

void client_gauge_end(struct client_times *t)
{
    client_gauge_add(&t->gauge->request_us, clock_us_now() - t->begun_us);
    client_gauge_release(&t->gauge);
}

void client_gauge_reset(struct client_gauge *g, uint64_t now_us)
{
    unsigned holds = g->holds;

    memset(g, 0, sizeof(*g));
    g->holds = holds;
    g->at_us = now_us;
}

void client_gauge_add(struct client_histogram *h, uint64_t value)
{
    h->counts[bucket_of(value)]++;
    h->n++;
}

double client_gauge_quantile(const struct client_histogram *h, double q)
{
    uint64_t seen = 0;

    for (unsigned i = 0; i < CLIENT_GAUGE_BUCKETS; i++) {
        seen += h->counts[i];
        if (seen && (double)seen >= (double)h->n * q)
            return most_of(i);
    }
    return 0;
}

void client_gauge_pass(struct client_gauge *g, uint64_t now_us, unsigned n_busy, unsigned n)
{
    uint64_t passed = now_us - g->at_us;

    g->busy_us += passed * n_busy;
    g->open_us += passed * n;
    g->at_us = now_us;
}

double client_gauge_utilisation(const struct client_gauge *g)
{
    return g->open_us ? (double)g->busy_us / (double)g->open_us : 0;
}
