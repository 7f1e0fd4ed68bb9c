/* The name is the last part of the path that started the program; a stand-in shows the version of
 * nginx, because that is what those who look compare. To stand in for another, add it to `others`.
 */
#include "base/product.h"

#include <string.h>

struct product {
    const char *name, *token;
};

static const struct product own = {"perilune", "perilune/" PERILUNE_VERSION};
static const struct product others[] = {
    {"nginx", "nginx/" NGINX_VERSION},
    {"openresty", "openresty/" NGINX_VERSION},
};

static const struct product *product = &own; /* process-wide: the name of the process */

void product_init(const char *path)
{
    const char *slash = strrchr(path, '/');
    const char *base = slash ? slash + 1 : path;

    product = &own;
    for (size_t i = 0; i < ARRAY_LEN(others); i++)
        if (strcmp(base, others[i].name) == 0)
            product = &others[i];
}

const char *product_name(void)
{
    return product->name;
}

const char *product_family(void)
{
    return product == &own ? own.name : others[0].name;
}

bool product_is_stand_in(void)
{
    return product != &own;
}

const char *product_token(void)
{
    return product->token;
}
