/* A location begins with what its parent says and the usual timeouts. */
#include "app/proxy/memcached.h"

#include "app/conf.h"

enum { TIMEOUT_MS = 60000 };

struct memcached_conf *memcached_conf_own(struct location *l)
{
    struct memcached_conf *c = l->memcached;

    if (c && c->owner == l)
        return c;
    c = pool_new(&l->conf->pool, struct memcached_conf);
    c->connect_timeout = c->send_timeout = c->read_timeout = TIMEOUT_MS;
    c->next = SLICE(" error timeout ");
    if (l->memcached)
        *c = *l->memcached;
    c->owner = l;
    return l->memcached = c;
}
