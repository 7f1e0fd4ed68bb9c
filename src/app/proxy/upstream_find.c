/* Groups of addresses that no `upstream` block names: what a proxy_pass says, or its variables
 * yield.
 *
 * Each is kept with its connections for the next request to the same address. Variables may yield
 * any number of addresses, so those that nobody uses go when there are too many, the longest
 * unused first. */
#include "app/proxy/upstream.h"

#include "app/conf.h"
#include "base/mem.h"

enum { FOUND_MOST = 256, FOUND_ROOM = 1024 };

struct upstream_cache {
    struct map by_address; /* "name port" → struct upstream_found * */
    struct list recent;    /* used last, last */
};

struct upstream_found {
    struct upstream_cache *cache;
    struct list node;
    struct slice key;
    struct upstream *u;
    unsigned holds;
    struct pool pool; /* of all of it */
    char room[FOUND_ROOM];
};

static struct upstream_found *found_of(struct list *node)
{
    return CONTAINER_OF(node, struct upstream_found, node);
}

static void drop(struct upstream_found *f)
{
    list_remove(&f->node);
    (void)map_remove(&f->cache->by_address, f->key);
    pool_reset(&f->pool);
    mem_free(f);
}

static void drop_cache(void *arg)
{
    struct upstream_cache *c = arg;

    while (!list_is_empty(&c->recent))
        drop(found_of(c->recent.next));
    map_deinit(&c->by_address);
}

static struct upstream_cache *cache_of(struct app_conf *conf)
{
    struct upstream_cache *c = conf->found_upstreams;

    if (!c) {
        c = conf->found_upstreams = pool_new(&conf->pool, struct upstream_cache);
        map_init(&c->by_address, false);
        list_init(&c->recent);
        pool_on_reset(&conf->pool, drop_cache, c);
    }
    return c;
}

static void make_room(struct upstream_cache *c)
{
    LIST_FOR_SAFE (it, &c->recent) {
        if (c->by_address.used < FOUND_MOST)
            return;
        if (found_of(it)->holds == 0)
            drop(found_of(it));
    }
}

static struct upstream_found *make(struct upstream_cache *c, struct slice key, struct slice name,
                                   uint16_t default_port)
{
    struct upstream_found *f = mem_zalloc(sizeof(*f));

    pool_init(&f->pool, f->room, sizeof(f->room));
    f->u = upstream_of_one(&f->pool, name, default_port);
    if (!f->u) {
        pool_reset(&f->pool);
        mem_free(f);
        return NULL;
    }
    make_room(c);
    f->u->found = f;
    f->u->keepalive = UPSTREAM_IMPLICIT_KEEPALIVE;
    f->key = pool_dup(&f->pool, key);
    f->cache = c;
    list_init(&f->node);
    (void)map_set(&c->by_address, f->key, f);
    return f;
}

struct upstream *upstream_find(struct app_conf *conf, struct slice name, uint16_t default_port)
{
    struct upstream *u = map_get(&conf->upstreams, name);
    struct upstream_found *f;
    struct upstream_cache *c;
    struct buf key = BUF_EMPTY;

    if (u)
        return u;
    c = cache_of(conf);
    buf_printf(&key, SLICE_FMT " %u", SLICE_ARG(name), (unsigned)default_port);
    f = map_get(&c->by_address, buf_slice(&key));
    if (!f)
        f = make(c, buf_slice(&key), name, default_port);
    buf_free(&key);
    if (!f)
        return NULL;
    f->holds++;
    list_remove(&f->node);
    list_append(&c->recent, &f->node);
    return f->u;
}

void upstream_release(struct upstream **u)
{
    struct upstream *gone = *u;

    *u = NULL;
    if (gone && gone->found)
        gone->found->holds--;
}
