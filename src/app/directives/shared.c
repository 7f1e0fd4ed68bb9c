/* Memory that workers share: dictionaries, the bus. */
#include "app/directives/directives.h"

#include "app/directives/tables.h"
#include "app/zones.h"

#define GROUP "Shared memory"

enum { BUS_LEAST = 64 << 10, BUS_MOST = 1 << 30 };

static bool apply_shared_dict(void *ctx, const struct config_node *node, struct config_error *e)
{
    struct app_conf *conf = ((struct apply *)ctx)->conf;
    struct slice name = node->args[0];
    int64_t size;

    if (!config_arg_size(node, 1, &size, e))
        return false;
    if (name.n == 0)
        return config_node_error(node, e, "invalid lua shared dict name \"\"");
    if (size < DICT_ZONE_LEAST)
        return config_node_error(node, e, "invalid lua shared dict size \"%s\"", node->args[1].p);
    if (zones_find(conf, "lua_shared_dict", name))
        return config_node_error(node, e, "lua_shared_dict \"%s\" is already defined as \"%s\"",
                                 name.p, name.p);
    return zones_declare(conf, "lua_shared_dict", name, (size_t)size, node, e) != NULL;
}

static bool apply_bus_size(void *ctx, const struct config_node *node, struct config_error *e)
{
    struct app_conf *conf = ((struct apply *)ctx)->conf;
    int64_t size;

    if (!config_arg_size(node, 0, &size, e))
        return false;
    if (size < BUS_LEAST || size > BUS_MOST)
        return config_node_error(node, e, "bus_size is from 64k to 1g");
    conf->bus_size = ((size_t)size + 7) & ~(size_t)7;
    return true;
}

static const struct directive table[] = {
    {.name = "lua_shared_dict",
     .contexts = CTX_HTTP | CTX_STREAM,
     .flags = DIRECTIVE_REPEATS,
     .min_args = 2,
     .max_args = 2,
     .kinds = {ARG_WORD, ARG_SIZE},
     .group = GROUP,
     .syntax = "lua_shared_dict name size;",
     .doc = "A dictionary that all workers share: `ngx.shared.name` and `perilune.shared.name`, of "
            "requests and of sessions, wherever it is declared. 8k "
            "or more. What it holds outlives workers and reloads; when a reload changes the size, "
            "the most recently used entries move along.",
     .apply = apply_shared_dict},
    {.name = "bus_size",
     .contexts = CTX_MAIN,
     .min_args = 1,
     .max_args = 1,
     .kinds = {ARG_SIZE},
     .group = GROUP,
     .syntax = "bus_size size;",
     .default_text = "bus_size 4m;",
     .doc =
         "How much the messages between workers may take. A worker that lags behind by more loses "
         "the oldest of them; a message may have a quarter of it.",
     .apply = apply_bus_size},
};

void directives_shared_register(void)
{
    schema_register(table, ARRAY_LEN(table));
}
