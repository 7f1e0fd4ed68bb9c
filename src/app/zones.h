/* Memory that the workers of a configuration share, by name. A directive declares a zone while the
 * configuration is read; zones_open maps them all before the workers are forked.
 *
 * Over a reload a zone of the same kind, name and size is the same memory; one that changed its
 * size begins with a copy of what the old one holds. */
#ifndef APP_ZONES_H
#define APP_ZONES_H

#include "app/conf.h"
#include "shm/dict.h"

/* A kind of its own for each directive that has names of its own; compared by content. */
struct zone_conf {
    const char *kind; /* "lua_shared_dict" */
    struct slice name;
    size_t size;
    const struct config_node *node; /* where it was declared first */
    struct dict *dict;              /* what it holds; NULL until zones_open */
};

/* Declares a zone; the same one when it was declared with this kind, name and size. NULL with `e`
 * filled: it has another size, or one below DICT_ZONE_LEAST or above DICT_ZONE_MOST, or the name is
 * one of another kind: as in nginx, so that nobody takes two zones for one. */
struct zone_conf *zones_declare(struct app_conf *conf, const char *kind, struct slice name,
                                size_t size, const struct config_node *node,
                                struct config_error *e);

/* The zone of that kind and name, or NULL. */
struct zone_conf *zones_find(const struct app_conf *conf, const char *kind, struct slice name);

/* Maps every zone of `conf`, or holds that of `old` (may be NULL). conf_free lets go of them. The
 * first time, makes the bus, too. */
void zones_open(struct app_conf *conf, const struct app_conf *old);

/* The bus of the workers that are forked from now on, for `conf`: the one there is, when it has
 * room and the size asked for. Workers of an older one keep that, so `conf` must be in force. */
void zones_fit_bus(const struct app_conf *conf);

#endif
