/* Caches of proxy_cache_path: a folder, what the workers know of it together, and its limits. */
#ifndef APP_PROXY_CACHE_ZONE_H
#define APP_PROXY_CACHE_ZONE_H

#include "app/zones.h"
#include "shm/cache_index.h"

enum { CACHE_LEVELS_MOST = 3 };

struct cache_zone {
    struct slice name;
    const struct config_node *node;               /* proxy_cache_path; NULL: not declared (yet) */
    struct slice path;                            /* terminated, without a slash at the end */
    unsigned levels[CACHE_LEVELS_MOST], n_levels; /* characters of folders' names */
    struct zone_conf *notes, *sums;
    uint64_t max_size, min_free;          /* bytes; 0: no limit */
    uint64_t inactive;                    /* ms */
    unsigned manager_files, loader_files; /* in one go */
    uint64_t manager_sleep, loader_sleep; /* ms */
    struct cache_zone *next;
};

/* The zone of that name; one that is not declared is made. */
struct cache_zone *cache_zone_refer(struct app_conf *conf, struct slice name);

/* The declared zone of that name; NULL: there is none. */
const struct cache_zone *cache_zone_find(const struct app_conf *conf, struct slice name);

/* Is every zone that is referred to declared? Otherwise false, with `e` filled. */
bool cache_zones_check(const struct app_conf *conf, struct config_error *e);

/* Its index; after zones_open. */
struct cache_index cache_zone_index(const struct cache_zone *z);

#endif
