/* The ways to choose: each looks only at servers that may be chosen now (is_usable). To add one: a
 * value of enum upstream_balance, a function, a line in choose(), a directive in
 * directives_upstream.c. */
#include "app/upstream.h"

#include <stdlib.h>

#include "app/conf.h"
#include "app/script.h"
#include "base/clock.h"
#include "base/num.h"
#include "base/rand.h"
#include "http/client_reach.h"
#include "proto/url.h"

enum { IMPLICIT_KEEPALIVE = 32 }; /* where a location allows connections to be kept */

enum { POINTS_PER_WEIGHT = 160, HASH_TRIES = 20 };

/* --- making --- */

struct upstream *upstream_new(struct app_conf *conf, struct slice name)
{
    struct upstream *u = pool_new(&conf->pool, struct upstream);

    u->name = pool_dup(&conf->pool, name);
    u->conf = conf;
    u->keepalive_requests = 1000;
    u->keepalive_timeout = 60000;
    u->keepalive_time = 3600000;
    return u;
}

static struct upstream_peer *grow(struct upstream *u)
{
    if (u->n == u->size) {
        struct upstream_peer *more;

        u->size = u->size ? u->size * 2 : 4;
        more = pool_zalloc(&u->conf->pool, u->size * sizeof(*more));
        if (u->n)
            memcpy(more, u->peers, u->n * sizeof(*more));
        u->peers = more;
    }
    return &u->peers[u->n];
}

struct upstream_peer *upstream_add(struct upstream *u, struct slice name, uint16_t default_port)
{
    struct upstream_peer *p = grow(u);
    struct slice host;
    int port;

    *p = (struct upstream_peer){.weight = 1, .max_fails = 1, .fail_timeout = 10000};
    p->name = pool_dup(&u->conf->pool, name);
    if (slice_has_prefix(name, SLICE("unix:"))) {
        p->way.unix_path = slice_cut(&(struct slice){p->name.p + 5, p->name.n - 5}, ':');
        p->way.host = SLICE("localhost");
    } else {
        if (!url_parse_host(p->name, &host, &port) || host.n == 0)
            return NULL;
        p->way.host = host;
        p->way.port = port ? (uint16_t)port : default_port;
        if (!port)
            p->name = pool_printf(&u->conf->pool, SLICE_FMT ":%u", SLICE_ARG(p->name),
                                  (unsigned)default_port);
    }
    u->n++;
    return p;
}

struct upstream *upstream_find(struct app_conf *conf, struct slice name, uint16_t default_port)
{
    struct upstream *u = map_get(&conf->upstreams, name);
    struct slice key;

    if (u)
        return u;
    key = pool_printf(&conf->pool, SLICE_FMT " %u", SLICE_ARG(name), (unsigned)default_port);
    u = map_get(&conf->upstreams, key);
    if (u)
        return u;
    u = upstream_new(conf, name);
    if (!upstream_add(u, name, default_port))
        return NULL;
    u->keepalive = IMPLICIT_KEEPALIVE;
    (void)map_set(&conf->upstreams, key, u);
    return u;
}

/* --- choosing --- */

static bool has_been_tried(const struct upstream *u, const struct upstream_peer *p,
                           upstream_tried tried)
{
    return (tried >> ((size_t)(p - u->peers) % 64) & 1) != 0;
}

/* Left out for a while, because it has failed? */
static bool is_resting(const struct upstream *u, const struct upstream_peer *p)
{
    return u->n > 1 && p->max_fails && p->fails >= p->max_fails &&
           clock_ms() - p->checked_ms <= p->fail_timeout;
}

static bool is_usable(const struct upstream *u, const struct upstream_peer *p, upstream_tried tried,
                      bool backups)
{
    return !p->is_down && p->is_backup == backups && !has_been_tried(u, p, tried) &&
           !is_resting(u, p) && !(p->max_conns && p->active >= p->max_conns);
}

/* Smooth weighted round robin over those for which `lighter` (may be NULL) does not hold. */
static struct upstream_peer *round_robin(struct upstream *u, upstream_tried tried, bool backups,
                                         const struct upstream_peer *least)
{
    struct upstream_peer *best = NULL;
    int total = 0;

    for (unsigned i = 0; i < u->n; i++) {
        struct upstream_peer *p = &u->peers[i];

        if (!is_usable(u, p, tried, backups))
            continue;
        if (least && (uint64_t)p->active * least->weight != (uint64_t)least->active * p->weight)
            continue;
        if (!p->effective && !p->fails)
            p->effective = (int)p->weight;
        p->current += p->effective;
        total += p->effective;
        if (p->effective < (int)p->weight)
            p->effective++;
        if (!best || p->current > best->current)
            best = p;
    }
    if (best)
        best->current -= total;
    return best;
}

static struct upstream_peer *least_conn(struct upstream *u, upstream_tried tried, bool backups)
{
    const struct upstream_peer *least = NULL;

    for (unsigned i = 0; i < u->n; i++) {
        const struct upstream_peer *p = &u->peers[i];

        if (is_usable(u, p, tried, backups) &&
            (!least || (uint64_t)p->active * least->weight < (uint64_t)least->active * p->weight))
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

        if (p && is_usable(u, p, tried, false))
            return p;
    }
    return NULL;
}

static int by_hash(const void *a, const void *b)
{
    const struct upstream_point *x = a, *y = b;

    return x->hash < y->hash ? -1 : x->hash > y->hash;
}

static void make_ring(struct upstream *u)
{
    u->ring = pool_alloc(&u->conf->pool,
                         ((size_t)total_weight(u) * POINTS_PER_WEIGHT + 1) * sizeof(*u->ring));
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

    if (!u->ring)
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

        if (is_usable(u, p, tried, false))
            return p;
    }
    return NULL;
}

static struct upstream_peer *at_random(struct upstream *u, upstream_tried tried)
{
    unsigned total = total_weight(u);

    for (unsigned i = 0; total && i < HASH_TRIES; i++) {
        struct upstream_peer *p = at_weight(u, (unsigned)(rand_u64() % total));

        if (p && is_usable(u, p, tried, false))
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
    return (uint64_t)a->active * b->weight <= (uint64_t)b->active * a->weight ? a : b;
}

/* The first three octets of an IPv4 address, a whole IPv6 address. */
static struct slice client_key(struct visit *v)
{
    struct buf text = BUF_EMPTY;
    struct slice key;

    addr_format_host(v->x->peer, &text);
    key = pool_dup(visit_pool(v), buf_slice(&text));
    buf_free(&text);
    if (slice_find(key, ':') < 0)
        while (key.n && key.p[key.n - 1] != '.')
            key.n--;
    return key;
}

static struct upstream_peer *choose(struct upstream *u, struct visit *v, upstream_tried tried)
{
    switch (u->balance) {
    case UPSTREAM_LEAST_CONN:
        return least_conn(u, tried, false);
    case UPSTREAM_IP_HASH:
        return hashed(u, client_key(v), tried);
    case UPSTREAM_HASH:
        return hashed(u, script_eval(u->key, v), tried);
    case UPSTREAM_CONSISTENT:
        return on_ring(u, script_eval(u->key, v), tried);
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
        u->peers[i].fails = 0;
}

struct upstream_peer *upstream_next(struct upstream *u, struct visit *v, upstream_tried *tried)
{
    struct upstream_peer *p = choose(u, v, *tried);

    if (!p)
        p = round_robin(u, *tried, false, NULL);
    if (!p)
        p = round_robin(u, *tried, true, NULL);
    if (!p && !*tried) {
        wake_all(u);
        p = round_robin(u, 0, false, NULL);
    }
    if (!p)
        return NULL;
    *tried |= (upstream_tried)1 << ((size_t)(p - u->peers) % 64);
    p->active++;
    if (clock_ms() - p->checked_ms > p->fail_timeout)
        p->checked_ms = clock_ms();
    return p;
}

void upstream_done(struct upstream *u, struct upstream_peer *p, bool has_failed)
{
    UNUSED(u);
    p->active--;
    if (!has_failed) {
        if (p->failed_ms < p->checked_ms)
            p->fails = 0;
        return;
    }
    p->fails++;
    p->failed_ms = p->checked_ms = clock_ms();
    if (p->max_fails)
        p->effective -= (int)p->weight / (int)p->max_fails;
    p->effective = MAX(p->effective, 0);
}

static void close_pool(void *arg)
{
    struct upstream *u = arg;

    client_pool_close(&u->pool);
}

static struct client_pool *pool_of(struct upstream *u)
{
    struct client_pool_options o = {
        .max_queue_size = UINT32_MAX,
        .max_idle = u->keepalive,
        .max_requests = u->keepalive_requests,
        .idle_timeout = u->keepalive_timeout,
        .max_age = u->keepalive_time,
        .http2 = client_pool_defaults.http2,
    };

    if (!u->pool) {
        u->pool = client_pool_new(&o, &client_reach);
        pool_on_reset(&u->conf->pool, close_pool, u);
    }
    return u->pool;
}

struct client_origin *upstream_origin(struct upstream *u, struct upstream_peer *p,
                                      const struct client_way *how)
{
    struct client_way way = p->way;
    struct buf key = BUF_EMPTY;
    struct client_origin *o;

    if (!how->tls && !how->knows_h2)
        return client_pool_origin(pool_of(u), p->name, &p->way);
    way.tls = how->tls;
    way.alpn = how->alpn;
    way.knows_h2 = how->knows_h2;
    way.server_name = how->server_name;
    way.skips_verify = how->skips_verify;
    buf_printf(&key, SLICE_FMT " %p " SLICE_FMT " %d", SLICE_ARG(p->name), (void *)how->tls,
               SLICE_ARG(how->server_name), how->knows_h2);
    o = client_pool_origin(pool_of(u), buf_slice(&key), &way);
    buf_free(&key);
    return o;
}
