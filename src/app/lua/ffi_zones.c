/* The directives lua_shared_dict of the current configuration, counted; without a configuration,
 * what the script has declared in their place. */
#include "app/lua/ffi_zones.h"

#include "app/app.h"
#include "app/zones.h"
#include "base/mem.h"

struct declared {
    struct dict *dict;
    struct declared *next;
};

static struct declared *declared; /* process-wide: a script's dictionaries, the latest first */

struct dict *ffi_zones_dict(int i, const char **name, size_t *name_n)
{
    const struct app_conf *conf = app_conf_current();

    for (unsigned k = 0; conf && k < conf->n_zones; k++) {
        const struct zone_conf *z = conf->zones[k];

        if (strcmp(z->kind, "lua_shared_dict") != 0 || i-- > 0)
            continue;
        *name = z->name.p;
        *name_n = z->name.n;
        return z->dict;
    }
    for (struct declared *d = declared; d; d = d->next) {
        if (i-- > 0)
            continue;
        *name = dict_name(d->dict);
        *name_n = strlen(*name);
        return d->dict;
    }
    return NULL;
}

int ffi_zones_are_configured(void)
{
    return app_conf_current() != NULL;
}

struct dict *ffi_zones_declare(const char *name, size_t name_n, double bytes)
{
    struct declared *d;
    struct zone *memory;

    if (app_conf_current() || bytes < DICT_ZONE_LEAST || bytes > (double)DICT_ZONE_MOST)
        return NULL;
    memory = zone_new(slice_of(name, name_n), (size_t)bytes);
    d = mem_new(struct declared);
    d->dict = dict_open(memory);
    d->next = declared;
    declared = d;
    zone_release(&memory);
    return d->dict;
}
