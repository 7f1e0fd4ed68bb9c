/* To add a way: a value of enum upstream_balance, a function, a line in by_balance(), a directive
 * in directives/upstream.c. Each looks only at servers that may be chosen now. */
#include "app/proxy/upstream_choose.h"

#include <stdlib.h>

#include "app/proxy/upstream_state.h"
#include "base/check.h"
#include "base/mem.h"
#include "base/rand.h"

enum { POINTS_PER_WEIGHT = 160, HASH_TRIES = 20 };

/* How busy are they, by weight? < 0: `a` is less so. */
static int compare(const struct upstream *u, const struct upstream_peer *a,
                   const struct upstream_peer *b)
{
    uint64_t x = (uint64_t)upstream_state_of(u, a)->active * b->weight,
             y = (uint64_t)upstream_state_of(u, b)->active * a->weight;

    return x < y ? -1 : x > y;
}

/* Smooth weighted round robin over those that are as busy as `least` (NULL: over all). */
static struct upstream_peer *round_robin(struct upstream *u, upstream_tried tried, bool backups,
                                         const struct upstream_peer *least)
{
    struct upstream_peer *best = NULL;
    int total = 0;

    for (unsigned i = 0; i < u->n; i++) {
        struct upstream_peer *p = &u->peers[i];
        struct upstream_state *st = upstream_state_of(u, p);

        if (!upstream_state_is_usable(u, p, tried, backups) || (least && compare(u, p, least) != 0))
            continue;
        if (!st->effective && !st->fails)
            st->effective = (int)p->weight;
        st->current += st->effective;
        total += st->effective;
        if (st->effective < (int)p->weight)
            st->effective++;
        if (!best || st->current > upstream_state_of(u, best)->current)
            best = p;
    }
    if (best)
        upstream_state_of(u, best)->current -= total;
    return best;
}

static struct upstream_peer *least_conn(struct upstream *u, upstream_tried tried, bool backups)
{
    const struct upstream_peer *least = NULL;

    for (unsigned i = 0; i < u->n; i++) {
        const struct upstream_peer *p = &u->peers[i];

        if (upstream_state_is_usable(u, p, tried, backups) && (!least || compare(u, p, least) < 0))
            least = p;
    }
    return least ? round_robin(u, tried, backups, least) : NULL;
}

static uint32_t hash_of(struct slice key, uint32_t seed)
{
    uint32_t h = 2166136261u ^ seed;

    for (size_t i = 0; i < key.n; i++)
        h = (h ^ (unsigned char)key.p[i]) * 16777619u;
    h ^= h >> 16;
    h *= 0x7feb352du;
    h ^= h >> 15;
    h *= 0x846ca68bu;
    return h ^ h >> 16;
}

static unsigned total_weight(const struct upstream *u)
{
    unsigned total = 0;

    for (unsigned i = 0; i < u->n; i++)
        total += u->peers[i].is_backup ? 0 : u->peers[i].weight;
    return total;
}

/* The server at a place on the line of weights. */
static struct upstream_peer *at_weight(struct upstream *u, unsigned place)
{
    for (unsigned i = 0; i < u->n; i++) {
        struct upstream_peer *p = &u->peers[i];

        if (p->is_backup)
            continue;
        if (place < p->weight)
            return p;
        place -= p->weight;
    }
    return NULL;
}

/* A server that may not be chosen sends its share on by another hash. */
static struct upstream_peer *hashed(struct upstream *u, struct slice key, upstream_tried tried)
{
    unsigned total = total_weight(u);

    for (uint32_t i = 0; total && i < HASH_TRIES; i++) {
        struct upstream_peer *p = at_weight(u, hash_of(key, i) % total);

        if (p && upstream_state_is_usable(u, p, tried, false))
            return p;
    }
    return NULL;
}

static int by_hash(const void *a, const void *b)
{
    const struct upstream_point *x = a, *y = b;

    return x->hash < y->hash ? -1 : x->hash > y->hash;
}

static void free_ring(void *arg)
{
    struct upstream *u = arg;

    mem_free(u->ring);
}

static void make_ring(struct upstream *u)
{
    if (!u->ring)
        pool_on_reset(u->memory, free_ring, u);
    u->ring = mem_realloc(u->ring, (total_weight(u) * POINTS_PER_WEIGHT + 1) * sizeof(*u->ring));
    for (unsigned i = 0; i < u->n; i++) {
        const struct upstream_peer *p = &u->peers[i];

        for (unsigned k = 0; !p->is_backup && k < p->weight * POINTS_PER_WEIGHT; k++)
            u->ring[u->n_ring++] = (struct upstream_point){hash_of(p->name, k + 1), i};
    }
    qsort(u->ring, u->n_ring, sizeof(*u->ring), by_hash);
}

static struct upstream_peer *on_ring(struct upstream *u, struct slice key, upstream_tried tried)
{
    uint32_t hash = hash_of(key, 0);
    unsigned low = 0, high;

    if (!u->n_ring)
        make_ring(u);
    for (high = u->n_ring; low < high;) {
        unsigned middle = (low + high) / 2;

        if (u->ring[middle].hash < hash)
            low = middle + 1;
        else
            high = middle;
    }
    for (unsigned i = 0; i < u->n_ring; i++) {
        struct upstream_peer *p = &u->peers[u->ring[(low + i) % u->n_ring].peer];

        if (upstream_state_is_usable(u, p, tried, false))
            return p;
    }
    return NULL;
}

static struct upstream_peer *at_random(struct upstream *u, upstream_tried tried)
{
    unsigned total = total_weight(u);

    for (unsigned i = 0; total && i < HASH_TRIES; i++) {
        struct upstream_peer *p = at_weight(u, (unsigned)(rand_u64() % total));

        if (p && upstream_state_is_usable(u, p, tried, false))
            return p;
    }
    return NULL;
}

/* The less busy of two. */
static struct upstream_peer *of_two(struct upstream *u, upstream_tried tried)
{
    struct upstream_peer *a = at_random(u, tried), *b = at_random(u, tried);

    if (!a || !b)
        return a ? a : b;
    return compare(u, a, b) <= 0 ? a : b;
}

/* By the way that the configuration names; NULL: in turn. */
static struct upstream_peer *by_balance(struct upstream *u, struct slice key, upstream_tried tried)
{
    switch (u->balance) {
    case UPSTREAM_LEAST_CONN:
        return least_conn(u, tried, false);
    case UPSTREAM_IP_HASH:
    case UPSTREAM_HASH:
        return hashed(u, key, tried);
    case UPSTREAM_CONSISTENT:
        return on_ring(u, key, tried);
    case UPSTREAM_RANDOM:
        return at_random(u, tried);
    case UPSTREAM_RANDOM_TWO:
        return of_two(u, tried);
    case UPSTREAM_ROUND_ROBIN:
        break;
    }
    return NULL;
}

/* All rest: better one of them than nobody. */
static void wake_all(struct upstream *u)
{
    for (unsigned i = 0; i < u->n; i++)
        upstream_state_of(u, &u->peers[i])->fails = 0;
}

struct upstream_peer *upstream_choose(struct upstream *u, struct slice key, upstream_tried tried)
{
    struct upstream_peer *p;

    CHECK(u->peers || u->n == 0);
    p = by_balance(u, key, tried);
    if (!p)
        p = round_robin(u, tried, false, NULL);
    if (!p)
        p = round_robin(u, tried, true, NULL);
    if (!p && !tried) {
        wake_all(u);
        p = round_robin(u, 0, false, NULL);
    }
    return p;
}
