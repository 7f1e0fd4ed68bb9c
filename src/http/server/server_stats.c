/* Counters of this process, or its place among those that workers share. */
#include "http/server/server_stats.h"

static struct server_counts own;            /* process-wide: statistics */
static struct server_counts *counts = &own; /* process-wide: where they are */

struct server_counts *server_stats_counts(void)
{
    return counts;
}

void server_stats_count_in(struct server_counts *where)
{
    where->accepted += counts->accepted;
    where->requests += counts->requests;
    for (int i = 0; i < CONN_PHASE_COUNT; i++)
        where->phases[i] += counts->phases[i];
    *counts = (struct server_counts){0};
    counts = where;
}

void server_stats_of(const struct server_counts *c, struct server_stats *out)
{
    const uint32_t *n = c->phases;

    *out = (struct server_stats){
        .accepted = c->accepted,
        .requests = c->requests,
        .reading = n[CONN_HEAD],
        .writing = n[CONN_BUSY] + n[CONN_DRAIN] + n[CONN_FLUSH] + n[CONN_LINGER],
        .waiting = n[CONN_IDLE],
    };
    out->active = out->reading + out->writing + out->waiting;
}

void server_stats_get(struct server_stats *out)
{
    server_stats_of(counts, out);
}
