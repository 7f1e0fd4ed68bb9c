/* Connections to the servers of a group: one pool for what the group keeps, one more for each way
 * in which balancer_by_lua wants connections kept. */
#include "app/proxy/upstream.h"

#include "http/client/client_reach.h"

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
        .http2 = client_pool_defaults.http2,
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

/* Is the server reached as the group says, and no more is to be said? */
static bool is_plain(const struct upstream_peer *p, const struct client_way *how)
{
    return !how->tls && !how->knows_h2 && !how->speech && (!how->resolver || p->is_address) &&
           !how->keeps_alive && !p->way.local && !how->local;
}

struct client_origin *upstream_origin(struct upstream *u, struct upstream_peer *p,
                                      const struct client_way *how,
                                      const struct upstream_keep *keep)
{
    struct client_pool *pool = keep ? pool_kept(u, keep) : pool_of(u);
    struct client_way way = p->way;
    struct buf key = BUF_EMPTY;
    struct client_origin *o;

    if (is_plain(p, how))
        return client_pool_origin(pool, p->name, &p->way);
    way.tls = how->tls;
    way.tls_user = how->tls_user;
    way.alpn = how->alpn;
    way.knows_h2 = how->knows_h2;
    way.speech = how->speech;
    way.server_name = how->server_name;
    way.skips_verify = how->skips_verify;
    way.hides_name = how->hides_name;
    way.keeps_sessions = how->keeps_sessions;
    way.keeps_alive = how->keeps_alive;
    way.resolver = how->resolver;
    if (!way.local) {
        way.local = how->local;
        way.is_transparent = how->is_transparent;
    }
    buf_printf(&key, SLICE_FMT " %p " SLICE_FMT " %d%d%d %p", SLICE_ARG(p->name), (void *)how->tls,
               SLICE_ARG(how->server_name), how->knows_h2, how->speech, how->keeps_alive,
               (void *)how->resolver);
    if (how->tls_user) /* whose handshakes are nobody else's */
        buf_printf(&key, " %p", how->tls_user);
    if (way.local) {
        buf_printf(&key, way.is_transparent ? " as " : " ");
        addr_format(way.local, &key);
    }
    o = client_pool_origin(pool, buf_slice(&key), &way);
    buf_free(&key);
    return o;
}
