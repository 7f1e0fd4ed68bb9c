/* A worker that has died is followed by one with the same number, which goes on from its totals;
 * the connections died with it. */
#include "app/server_counts.h"

#include "app/variables/variables.h"
#include "base/mem.h"

/* Each in cache lines of its own: workers count several times a request. */
struct place {
    _Alignas(64) struct server_counts counts;
};

static struct {
    struct place *places; /* one for each worker; NULL: there are no others */
    int n;
    uint64_t accepted, requests; /* of those before */
} page;                          /* process-wide: shared with the other workers */

void server_counts_open(int n)
{
    for (int i = 0; i < page.n; i++) {
        page.accepted += page.places[i].counts.accepted;
        page.requests += page.places[i].counts.requests;
    }
    mem_unshare(page.places, (size_t)page.n * sizeof(*page.places));
    page.places = mem_share((size_t)n * sizeof(*page.places));
    page.n = n;
}

void server_counts_join(int id)
{
    struct server_counts *own;

    if (!page.places)
        return;
    own = &page.places[id].counts;
    memset(own->phases, 0, sizeof(own->phases));
    server_stats_count_in(own);
}

void server_counts_get(struct server_stats *out)
{
    struct server_stats one;

    if (!page.places) {
        server_stats_get(out);
        return;
    }
    *out = (struct server_stats){.accepted = page.accepted, .requests = page.requests};
    for (int i = 0; i < page.n; i++) {
        server_stats_of(&page.places[i].counts, &one);
        out->accepted += one.accepted;
        out->requests += one.requests;
        out->active += one.active;
        out->reading += one.reading;
        out->writing += one.writing;
        out->waiting += one.waiting;
    }
}

#define GETTER(name, field)                                                                        \
    static struct slice name(struct visit *v, const struct variable *var)                          \
    {                                                                                              \
        struct server_stats all;                                                                   \
                                                                                                   \
        UNUSED(var);                                                                               \
        server_counts_get(&all);                                                                   \
        return variables_number(v, all.field);                                                     \
    }

GETTER(get_active, active)
GETTER(get_reading, reading)
GETTER(get_writing, writing)
GETTER(get_waiting, waiting)

const struct variable variables_counts[] = {
    VARIABLE("connections_active", get_active),
    VARIABLE("connections_reading", get_reading),
    VARIABLE("connections_writing", get_writing),
    VARIABLE("connections_waiting", get_waiting),
    VARIABLE_END,
};
