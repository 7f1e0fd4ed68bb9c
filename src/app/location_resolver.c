/* Resolvers of the configuration. They belong to the process that uses them: a worker makes its own
 * after the fork, when the first name is to be looked up. */
#include "app/location_resolver.h"

#include "app/conf.h"
#include "base/check.h"

struct location_resolver_made {
    struct location_resolver_made *next;
    uint64_t timeout;
    struct resolver *resolver;
};

static void free_made(void *arg)
{
    struct location_resolver *r = arg;

    for (struct location_resolver_made *m = r->made; m; m = m->next)
        resolver_unref(&m->resolver);
}

struct location_resolver *location_resolver_new(struct app_conf *conf)
{
    struct location_resolver *r = pool_new(&conf->pool, struct location_resolver);

    r->has_ipv6 = true;
    pool_on_reset(&conf->pool, free_made, r);
    return r;
}

static struct resolver *make(const struct location_resolver *r, uint64_t timeout)
{
    struct resolver_options o = resolver_defaults();
    struct resolver *made;

    o.servers = r->servers;
    o.resolv_conf = r->resolv_conf;
    o.has_ipv6 = r->has_ipv6;
    o.search = ""; /* a server's configuration means whole names */
    o.total_timeout = (unsigned)timeout;
    if (r->valid) {
        o.min_ttl = o.max_ttl = (uint32_t)r->valid;
        o.negative_ttl = MIN(o.negative_ttl, o.max_ttl);
    }
    CHECK(!resolver_new(&o, &made)); /* the directive has read the addresses */
    return made;
}

struct resolver *location_resolver_of(const struct location *l)
{
    struct location_resolver *r = l->resolver;
    struct location_resolver_made *m;

    if (!r)
        return resolver_default();
    for (m = r->made; m; m = m->next) {
        if (m->timeout == l->resolver_timeout)
            return m->resolver;
    }
    m = pool_new(&l->conf->pool, struct location_resolver_made);
    m->timeout = l->resolver_timeout;
    m->resolver = make(r, m->timeout);
    m->next = r->made;
    r->made = m;
    return m->resolver;
}
