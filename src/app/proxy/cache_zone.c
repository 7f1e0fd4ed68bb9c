/* The zones of a configuration by name. */
#include "app/proxy/cache_zone.h"

struct cache_zone *cache_zone_refer(struct app_conf *conf, struct slice name)
{
    struct cache_zone **at = &conf->cache_zones;

    while (*at && !slice_eq((*at)->name, name))
        at = &(*at)->next;
    if (!*at) {
        *at = pool_new(&conf->pool, struct cache_zone);
        (*at)->name = name;
    }
    return *at;
}

const struct cache_zone *cache_zone_find(const struct app_conf *conf, struct slice name)
{
    const struct cache_zone *z = conf->cache_zones;

    while (z && !slice_eq(z->name, name))
        z = z->next;
    return z;
}

bool cache_zones_check(const struct app_conf *conf, struct config_error *e)
{
    for (const struct cache_zone *z = conf->cache_zones; z; z = z->next)
        if (!z->node)
            return config_error_set(e, NULL, 0, "\"proxy_cache\" zone \"" SLICE_FMT "\" is unknown",
                                    SLICE_ARG(z->name));
    return true;
}

struct cache_index cache_zone_index(const struct cache_zone *z)
{
    return (struct cache_index){z->notes->dict, z->sums->dict};
}
