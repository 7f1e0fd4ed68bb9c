/* Making and freeing origins, and what they tell about themselves. */
#include "http/client/client_origin.h"

#include "base/mem.h"
#include "http/client/client_idle.h"
#include "http/client/client_queue.h"

struct client_origin *client_origin_new(struct client_pool *p, struct slice key,
                                        const struct client_way *way)
{
    struct client_origin *o = mem_new(struct client_origin);

    pool_init(&o->memory, NULL, 0);
    o->pool = p;
    o->key = pool_dup(&o->memory, key);
    client_way_copy(&o->way, way, &o->memory);
    list_init(&o->idle);
    list_init(&o->shared);
    list_init(&o->busy);
    list_init(&o->dials);
    list_init(&o->starved_node);
    client_idle_init(o);
    client_queue_init(o);
    if (p->o.measures)
        o->gauge = client_gauge_new();
    if (!way->knows_h2 && slice_find(way->alpn, '2') < 0)
        o->protocol = ORIGIN_HTTP1;
    return o;
}

void client_origin_free(struct client_origin *o)
{
    timer_stop(&o->timer);
    loop_cancel(&o->later);
    list_remove(&o->starved_node);
    client_way_copy_free(&o->way);
    client_gauge_release(&o->gauge);
    pool_reset(&o->memory);
    mem_free(o);
}

bool client_origin_is_empty(const struct client_origin *o)
{
    return !o->n_conns && !o->n_dials && !o->n_queue && list_is_empty(&o->refused);
}

void client_origin_fall_back(struct client_origin *o)
{
    if (slice_find(o->way.way.alpn, ',') < 0)
        return;
    o->way.way.alpn = SLICE("http/1.1");
    o->protocol = ORIGIN_HTTP1;
    LIST_FOR (n, &o->busy)
        CONTAINER_OF(n, struct client_conn, node)->must_close = true;
    LIST_FOR (n, &o->shared)
        CONTAINER_OF(n, struct client_conn, node)->must_close = true;
    client_idle_drop_all(o);
}

struct slice client_origin_key(const struct client_origin *o)
{
    return o->key;
}

struct client_pool_stats client_origin_stats(const struct client_origin *o)
{
    struct client_pool_stats s = o->stats;

    s.connections = o->n_conns;
    s.idle = o->n_idle;
    s.dialling = o->n_dials;
    s.queue = o->n_queue;
    return s;
}

const struct usage *client_origin_usage(struct client_origin *o)
{
    client_origin_count(o);
    return o->gauge ? &o->gauge->usage : NULL;
}
