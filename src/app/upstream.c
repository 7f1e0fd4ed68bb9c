/* The ways to choose: each looks only at servers that may be chosen now (is_usable). To add one: a
 * value of enum upstream_balance, a function, a line in choose(), a directive in
 * directives_upstream.c. */
#include "app/upstream.h"

#include <stdlib.h>
#include <sys/mman.h>

#include "app/conf.h"
#include "app/script.h"
#include "base/check.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/num.h"
#include "base/rand.h"
#include "http/client_reach.h"
#include "proto/url.h"
#include "shm/lock.h"

enum { IMPLICIT_KEEPALIVE = 32 }; /* where a location allows connections to be kept */

enum { POINTS_PER_WEIGHT = 160, HASH_TRIES = 20 };

/* --- making --- */

struct upstream *upstream_new(struct pool *memory, struct slice name)
{
    struct upstream *u = pool_new(memory, struct upstream);

    u->name = pool_dup(memory, name);
    u->memory = memory;
    u->balancer_keepalive = 30;
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
        more = pool_zalloc(u->memory, u->size * sizeof(*more));
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
    p->name = pool_dup(u->memory, name);
    if (slice_has_prefix(name, SLICE("unix:"))) {
        p->way.unix_path = slice_cut(&(struct slice){p->name.p + 5, p->name.n - 5}, ':');
        p->way.host = SLICE("localhost");
    } else {
        if (!url_parse_host(p->name, &host, &port) || host.n == 0)
            return NULL;
        p->way.host = host;
        p->way.port = port ? (uint16_t)port : default_port;
        if (!port)
            p->name =
                pool_printf(u->memory, SLICE_FMT ":%u", SLICE_ARG(p->name), (unsigned)default_port);
    }
    if (!p->way.unix_path.n && !p->way.port)
        return NULL;
    u->n++;
    return p;
}

struct upstream *upstream_of_one(struct pool *memory, struct slice name, uint16_t default_port)
{
    struct upstream *u = upstream_new(memory, name);

    return upstream_add(u, name, default_port) ? u : NULL;
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
    u = upstream_of_one(&conf->pool, name, default_port);
    if (!u)
        return NULL;
    u->keepalive = IMPLICIT_KEEPALIVE;
    (void)map_set(&conf->upstreams, key, u);
    return u;
}

/* --- what is known of servers --- */

struct upstream_shared {
    struct lock lock;
    struct upstream_state states[];
};

static size_t shared_size(const struct upstream *u)
{
    return sizeof(*u->shared) + u->n * sizeof(u->shared->states[0]);
}

static void unmap(void *arg)
{
    struct upstream *u = arg;

    munmap(u->shared, shared_size(u));
}

void upstream_share(struct upstream *u)
{
    void *p = mmap(NULL, shared_size(u), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);

    if (p == MAP_FAILED)
        PANIC("no memory for what is known of an upstream");
    u->shared = p;
    lock_init(&u->shared->lock);
    pool_on_reset(u->memory, unmap, u);
}

/* A server that Lua has chosen by its address is none of the group's: it knows for itself. */
static inline struct upstream_state *state_of(const struct upstream *u,
                                              const struct upstream_peer *p)
{
    bool is_shared = u->shared && p >= u->peers && p < u->peers + u->n;

    return is_shared ? &u->shared->states[p - u->peers] : (struct upstream_state *)&p->own;
}

/* A worker that died inside has left counts that are each good by themselves. */
static void enter(const struct upstream *u)
{
    if (u->shared && !lock_take(&u->shared->lock))
        log_write(NULL, LOG_WARN, "a worker has died while it chose a server of \"" SLICE_FMT "\"",
                  SLICE_ARG(u->name));
}

static void leave(const struct upstream *u)
{
    if (u->shared)
        lock_give(&u->shared->lock);
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
    const struct upstream_state *st = state_of(u, p);

    return u->n > 1 && p->max_fails && st->fails >= p->max_fails &&
           clock_ms() - st->checked_ms <= p->fail_timeout;
}

static bool is_usable(const struct upstream *u, const struct upstream_peer *p, upstream_tried tried,
                      bool backups)
{
    return !p->is_down && p->is_backup == backups && !has_been_tried(u, p, tried) &&
           !is_resting(u, p) && !(p->max_conns && state_of(u, p)->active >= p->max_conns);
}

/* How busy are they, by weight? < 0: `a` is less so. */
static int compare(const struct upstream *u, const struct upstream_peer *a,
                   const struct upstream_peer *b)
{
    uint64_t x = (uint64_t)state_of(u, a)->active * b->weight,
             y = (uint64_t)state_of(u, b)->active * a->weight;

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
        struct upstream_state *st = state_of(u, p);

        if (!is_usable(u, p, tried, backups) || (least && compare(u, p, least) != 0))
            continue;
        if (!st->effective && !st->fails)
            st->effective = (int)p->weight;
        st->current += st->effective;
        total += st->effective;
        if (st->effective < (int)p->weight)
            st->effective++;
        if (!best || st->current > state_of(u, best)->current)
            best = p;
    }
    if (best)
        state_of(u, best)->current -= total;
    return best;
}

static struct upstream_peer *least_conn(struct upstream *u, upstream_tried tried, bool backups)
{
    const struct upstream_peer *least = NULL;

    for (unsigned i = 0; i < u->n; i++) {
        const struct upstream_peer *p = &u->peers[i];

        if (is_usable(u, p, tried, backups) && (!least || compare(u, p, least) < 0))
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
    u->ring =
        pool_alloc(u->memory, ((size_t)total_weight(u) * POINTS_PER_WEIGHT + 1) * sizeof(*u->ring));
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
    return compare(u, a, b) <= 0 ? a : b;
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

/* What hashes are made of, in the visit's pool. */
static struct slice key_of(const struct upstream *u, struct visit *v)
{
    if (u->balance == UPSTREAM_IP_HASH)
        return client_key(v);
    return u->key ? script_eval(u->key, v) : SLICE_EMPTY;
}

static struct upstream_peer *choose(struct upstream *u, struct slice key, upstream_tried tried)
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
        state_of(u, &u->peers[i])->fails = 0;
}

static struct upstream_peer *next(struct upstream *u, struct slice key, upstream_tried tried)
{
    struct upstream_peer *p = choose(u, key, tried);

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

struct upstream_peer *upstream_next(struct upstream *u, struct visit *v, upstream_tried *tried)
{
    struct slice key = key_of(u, v);
    struct upstream_peer *p;

    enter(u);
    p = next(u, key, *tried);
    if (p) {
        struct upstream_state *st = state_of(u, p);

        *tried |= (upstream_tried)1 << ((size_t)(p - u->peers) % 64);
        st->active++;
        if (clock_ms() - st->checked_ms > p->fail_timeout)
            st->checked_ms = clock_ms();
    }
    leave(u);
    return p;
}

static void note_failure(const struct upstream_peer *p, struct upstream_state *st)
{
    st->fails++;
    st->failed_ms = st->checked_ms = clock_ms();
    if (p->max_fails)
        st->effective -= (int)p->weight / (int)p->max_fails;
    st->effective = MAX(st->effective, 0);
}

void upstream_done(struct upstream *u, struct upstream_peer *p, bool has_failed)
{
    struct upstream_state *st = state_of(u, p);

    enter(u);
    st->active--;
    if (has_failed)
        note_failure(p, st);
    else if (st->failed_ms < st->checked_ms)
        st->fails = 0;
    leave(u);
}

/* --- connections --- */

struct upstream_pool {
    struct upstream_keep keep;
    struct client_pool *pool;
    struct upstream_pool *next;
};

static void close_pool(void *arg)
{
    struct client_pool **pool = arg;

    client_pool_close(pool);
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
        pool_on_reset(u->memory, close_pool, &u->pool);
    }
    return u->pool;
}

/* Lua names few ways to keep connections, each of which has a pool. */
static struct client_pool *pool_kept(struct upstream *u, const struct upstream_keep *keep)
{
    struct client_pool_options o = {
        .max_queue_size = UINT32_MAX,
        .max_idle = keep->most,
        .max_requests = keep->requests,
        .idle_timeout = keep->idle_timeout,
    };
    struct upstream_pool *it;

    for (it = u->kept; it; it = it->next)
        if (it->keep.idle_timeout == keep->idle_timeout && it->keep.requests == keep->requests)
            return it->pool;
    it = pool_new(u->memory, struct upstream_pool);
    it->keep = *keep;
    it->pool = client_pool_new(&o, &client_reach);
    it->next = u->kept;
    u->kept = it;
    pool_on_reset(u->memory, close_pool, &it->pool);
    return it->pool;
}

struct client_origin *upstream_origin(struct upstream *u, struct upstream_peer *p,
                                      const struct client_way *how,
                                      const struct upstream_keep *keep)
{
    struct client_pool *pool = keep ? pool_kept(u, keep) : pool_of(u);
    struct client_way way = p->way;
    struct buf key = BUF_EMPTY;
    struct client_origin *o;

    if (!how->tls && !how->knows_h2 && !way.local)
        return client_pool_origin(pool, p->name, &p->way);
    way.tls = how->tls;
    way.tls_user = how->tls_user;
    way.alpn = how->alpn;
    way.knows_h2 = how->knows_h2;
    way.server_name = how->server_name;
    way.skips_verify = how->skips_verify;
    buf_printf(&key, SLICE_FMT " %p " SLICE_FMT " %d", SLICE_ARG(p->name), (void *)how->tls,
               SLICE_ARG(how->server_name), how->knows_h2);
    if (how->tls_user) /* whose handshakes are nobody else's */
        buf_printf(&key, " %p", how->tls_user);
    if (way.local) {
        buf_add_char(&key, ' ');
        addr_format(way.local, &key);
    }
    o = client_pool_origin(pool, buf_slice(&key), &way);
    buf_free(&key);
    return o;
}
