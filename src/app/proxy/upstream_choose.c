/* To add a way: a value of enum upstream_balance, a function, a line in by_balance(), a directive
 * in directives/upstream.c. Each looks only at servers that may be chosen now. */
#include "app/proxy/upstream_choose.h"

#include <stdlib.h>

#include "app/proxy/upstream_state.h"
#include "base/check.h"
#include "base/crc32.h"
#include "base/mem.h"
#include "base/num.h"
#include "base/rand.h"

enum { POINTS_PER_WEIGHT = 160, HASH_TRIES = 20, ADDRESS_SUM = 89 };

/* How busy are they, by weight? < 0: `a` is less so. */
static int compare(const struct upstream *u, const struct upstream_peer *a,
                   const struct upstream_peer *b)
{
    uint64_t x = (uint64_t)upstream_state_of(u, a)->active * b->weight,
             y = (uint64_t)upstream_state_of(u, b)->active * a->weight;

    return x < y ? -1 : x > y;
}

/* Of smooth weighted round robin over those that are as busy as `least` (NULL: over all): each is
 * nearer to its turn by its weight; `best_out` is whose turn it is, NULL: there is none. Returns
 * what the one that is chosen gives up. */
static int raise_all(struct upstream *u, upstream_tried tried, bool backups,
                     const struct upstream_peer *least, struct upstream_peer **best_out)
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
    *best_out = best;
    return total;
}

static struct upstream_peer *round_robin(struct upstream *u, upstream_tried tried, bool backups,
                                         const struct upstream_peer *least)
{
    struct upstream_peer *best;
    int total = raise_all(u, tried, backups, least, &best);

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

/* What stands at the places that `next` names, the first that may be chosen. */
static struct upstream_peer *first_usable(struct upstream *u, upstream_tried tried,
                                          unsigned (*next)(void *state), void *state)
{
    unsigned total = total_weight(u);

    for (unsigned i = 0; total && i < HASH_TRIES; i++) {
        struct upstream_peer *p = at_weight(u, next(state) % total);

        if (p && upstream_state_is_usable(u, p, tried, false))
            return p;
    }
    return NULL;
}

struct hashing {
    struct slice key;
    unsigned sum, tries;
};

/* As nginx and Cache::Memcached have it: 15 bits of a CRC-32, behind the number of the try from the
 * second one on; of several tries the sum. */
static unsigned next_hash(void *state)
{
    struct hashing *h = state;
    char number[21];
    uint32_t crc = 0;

    if (h->tries > 0)
        crc = crc32_add(0, slice_of(number, num_format(number, h->tries)));
    h->tries++;
    h->sum += crc32_add(crc, h->key) >> 16 & 0x7fff;
    return h->sum;
}

/* nginx's ip_hash over the bytes of an address, each try goes on from the last one. */
static unsigned next_address_hash(void *state)
{
    struct hashing *h = state;

    for (size_t i = 0; i < h->key.n; i++)
        h->sum = (h->sum * 113 + (unsigned char)h->key.p[i]) % 6271;
    return h->sum;
}

static int by_hash(const void *a, const void *b)
{
    const struct upstream_point *x = a, *y = b;

    return x->hash < y->hash ? -1 : x->hash > y->hash;
}

/* The sum of host, NUL and port, as they are written: where the points of a server begin. */
static uint32_t name_sum(struct slice written)
{
    struct slice host = written, port = SLICE_EMPTY;

    if (slice_has_prefix(host, SLICE("unix:"))) {
        host = slice_from(host, 5);
    } else {
        for (size_t i = written.n; i-- > 0;) {
            if (written.p[i] != ':')
                continue;
            host = slice_of(written.p, i);
            port = slice_from(written, i + 1);
            break;
        }
    }
    return crc32_add(crc32_add(crc32_add(0, host), slice_of("", 1)), port);
}

/* Each point of a server is the sum of its name and the point before, so that the ring is that of
 * nginx and of ketama: servers keep their keys when one comes from there. The servers that a name
 * stands for go by their addresses. */
static void add_points(struct upstream *u, unsigned i)
{
    const struct upstream_peer *p = &u->peers[i];
    uint32_t base = name_sum(p->line ? p->name : p->written), hash = 0;

    for (unsigned k = 0; k < p->weight * POINTS_PER_WEIGHT; k++) {
        unsigned char before[4] = {(unsigned char)hash, (unsigned char)(hash >> 8),
                                   (unsigned char)(hash >> 16), (unsigned char)(hash >> 24)};

        hash = crc32_add(base, slice_of((const char *)before, sizeof(before)));
        u->ring[u->n_ring++] = (struct upstream_point){hash, i};
    }
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
        if (!u->peers[i].is_backup)
            add_points(u, i);
    }
    qsort(u->ring, u->n_ring, sizeof(*u->ring), by_hash);
}

static struct upstream_peer *on_ring(struct upstream *u, struct slice key, upstream_tried tried)
{
    uint32_t hash = crc32_add(0, key);
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

static unsigned next_random(void *state)
{
    UNUSED(state);
    return (unsigned)rand_u64();
}

static struct upstream_peer *at_random(struct upstream *u, upstream_tried tried)
{
    return first_usable(u, tried, next_random, NULL);
}

/* The less busy of two, which are not the same. */
static struct upstream_peer *of_two(struct upstream *u, upstream_tried tried)
{
    struct upstream_peer *a = at_random(u, tried),
                         *b = a ? at_random(u, tried | upstream_state_bit(u, a)) : NULL;

    return b && compare(u, b, a) <= 0 ? b : a;
}

/* Without a key there is nothing to tell requests apart by. */
static bool is_keyless(const struct upstream *u, struct slice key)
{
    return !key.n && (u->balance == UPSTREAM_HASH || u->balance == UPSTREAM_CONSISTENT);
}

/* By the way that the configuration names; NULL: in turn. */
static struct upstream_peer *by_balance(struct upstream *u, struct slice key, upstream_tried tried)
{
    struct hashing hashing = {.key = key}, of_address = {.key = key, .sum = ADDRESS_SUM};

    if (is_keyless(u, key))
        return NULL;
    switch (u->balance) {
    case UPSTREAM_LEAST_CONN:
        return least_conn(u, tried, false);
    case UPSTREAM_IP_HASH:
        return first_usable(u, tried, next_address_hash, &of_address);
    case UPSTREAM_HASH:
        return first_usable(u, tried, next_hash, &hashing);
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

struct upstream_peer *upstream_choose(struct upstream *u, struct slice key, upstream_tried tried)
{
    struct upstream_peer *p;

    CHECK(u->peers || u->n == 0);
    p = by_balance(u, key, tried);
    if (!p)
        p = round_robin(u, tried, false, NULL);
    return p ? p : round_robin(u, tried, true, NULL);
}

/* Those that are bound to a server count as its turns, so that it gets fewer of the others: one
 * round of them at most, else it would get none for as long as it has been busy. */
struct upstream_peer *upstream_choose_bound(struct upstream *u, struct upstream_peer *p,
                                            upstream_tried tried)
{
    struct upstream_state *st = upstream_state_of(u, p);
    int round = (int)total_weight(u) - (int)p->weight;
    struct upstream_peer *next;

    if (!upstream_state_is_open(u, p, tried))
        return NULL;
    if (!p->is_draining && st->current > -round)
        st->current -= raise_all(u, tried, p->is_backup, NULL, &next);
    return p;
}
