/* A worker that has died is followed by one with the same number, which goes on from its totals;
 * the connections died with it. */
#include "app/server_counts.h"

#include <sys/mman.h>

#include "app/variables.h"
#include "base/check.h"
#include "http/server_conn.h"

static struct {
    struct server_counts *places; /* one for each worker; NULL: there are no others */
    int n;
    uint64_t accepted, requests; /* of those before */
} page;                          /* process-wide: shared with the other workers */

void server_counts_open(int n)
{
    size_t size = (size_t)n * sizeof(*page.places);

    for (int i = 0; i < page.n; i++) {
        page.accepted += page.places[i].accepted;
        page.requests += page.places[i].requests;
    }
    if (page.places)
        munmap(page.places, (size_t)page.n * sizeof(*page.places));
    page.places = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (page.places == MAP_FAILED)
        PANIC("no memory for a shared page");
    page.n = n;
}

void server_counts_join(int id)
{
    if (!page.places)
        return;
    memset(page.places[id].phases, 0, sizeof(page.places[id].phases));
    server_count_in(&page.places[id]);
}

void server_counts_get(struct server_stats *out)
{
    struct server_stats one;

    if (!page.places) {
        server_get_stats(out);
        return;
    }
    *out = (struct server_stats){.accepted = page.accepted, .requests = page.requests};
    for (int i = 0; i < page.n; i++) {
        server_stats_of(&page.places[i], &one);
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
