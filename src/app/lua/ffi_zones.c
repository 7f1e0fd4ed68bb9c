/* The directives lua_shared_dict of the current configuration, counted. */
#include "app/lua/ffi_zones.h"

#include "app/app.h"
#include "app/zones.h"

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
    return NULL;
}
