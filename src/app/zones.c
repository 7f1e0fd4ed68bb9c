/* Zones are found anew by kind and name; there are few. What the old configuration's workers still
 * write to a zone that changed its size is lost to the new one. */
#include "app/zones.h"

#include "base/log.h"
#include "bind/lib_bus.h"
#include "shm/dict_walk.h"

enum { SEATS_MORE = 8 };

static struct bus *bus; /* process-wide: of this process's workers */

struct zone_conf *zones_find(const struct app_conf *conf, const char *kind, struct slice name)
{
    for (unsigned i = 0; i < conf->n_zones; i++)
        if (strcmp(conf->zones[i]->kind, kind) == 0 && slice_eq(conf->zones[i]->name, name))
            return conf->zones[i];
    return NULL;
}

static const struct zone_conf *find_other(const struct app_conf *conf, const char *kind,
                                          struct slice name)
{
    for (unsigned i = 0; i < conf->n_zones; i++)
        if (strcmp(conf->zones[i]->kind, kind) != 0 && slice_eq(conf->zones[i]->name, name))
            return conf->zones[i];
    return NULL;
}

struct zone_conf *zones_declare(struct app_conf *conf, const char *kind, struct slice name,
                                size_t size, const struct config_node *node, struct config_error *e)
{
    struct zone_conf *z = zones_find(conf, kind, name);
    const struct zone_conf *other = find_other(conf, kind, name);

    if (other) {
        config_node_error(node, e,
                          "the shared memory zone \"" SLICE_FMT
                          "\" is already declared for a different use",
                          SLICE_ARG(name));
        config_error_hint(e, "%s in %s:%u", other->kind, other->node->file, other->node->line);
        return NULL;
    }
    if (size < DICT_ZONE_LEAST || size > DICT_ZONE_MOST) {
        config_node_error(node, e, "zone \"" SLICE_FMT "\" is too %s", SLICE_ARG(name),
                          size > DICT_ZONE_MOST ? "large" : "small");
        return NULL;
    }
    if (z && z->size != size) {
        config_node_error(node, e, "zone \"" SLICE_FMT "\" has another size", SLICE_ARG(name));
        config_error_hint(e, "see %s:%u", z->node->file, z->node->line);
        return NULL;
    }
    if (z)
        return z;
    z = pool_new(&conf->pool, struct zone_conf);
    *z = (struct zone_conf){.kind = kind, .name = name, .size = size, .node = node};
    conf->zones =
        pool_grow(&conf->pool, conf->zones, conf->n_zones, &conf->zones_size, sizeof *conf->zones);
    conf->zones[conf->n_zones++] = z;
    return z;
}

static void close_zone(void *z)
{
    dict_close(&((struct zone_conf *)z)->dict);
}

static void open_zone(struct app_conf *conf, struct zone_conf *z, const struct app_conf *old)
{
    const struct zone_conf *before = old ? zones_find(old, z->kind, z->name) : NULL;
    struct zone *memory;

    pool_on_reset(&conf->pool, close_zone, z);
    if (before && before->dict && before->size == z->size) {
        z->dict = dict_reopen(before->dict);
        return;
    }
    memory = zone_new(z->name, z->size);
    z->dict = dict_open(memory);
    zone_release(&memory);
    if (before && before->dict) {
        log_write(NULL, LOG_NOTICE, "shared zone \"" SLICE_FMT "\" changes from %zu to %zu bytes",
                  SLICE_ARG(z->name), before->size, z->size);
        dict_walk_copy(before->dict, z->dict);
    }
}

void zones_open(struct app_conf *conf, const struct app_conf *old)
{
    for (unsigned i = 0; i < conf->n_zones; i++)
        if (!conf->zones[i]->dict)
            open_zone(conf, conf->zones[i], old);
    if (!bus)
        zones_fit_bus(conf);
}

/* While a reload goes on there are twice as many workers. */
void zones_fit_bus(const struct app_conf *conf)
{
    unsigned seats = 2 * (unsigned)conf_count_workers(conf) + SEATS_MORE;

    if (!bus || bus_seats(bus) < seats || bus_size(bus) != conf->bus_size) {
        bus_free(&bus);
        bus = bus_new(seats, conf->bus_size);
    }
    lib_bus_use(bus);
}
