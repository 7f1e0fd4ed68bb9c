/* The map block: its statements become the entries of a map_block. */
#include "app/directives/directives.h"

#include "app/directives/tables.h"
#include "app/variables/map_block.h"

#define GROUP "Variables"

/* `hostnames;` and `volatile;`. False: it is none of them. */
static bool take_word(struct map_block *m, const struct config_node *node)
{
    if (slice_eq(node->name, SLICE("hostnames")))
        map_block_take_hostnames(m);
    else if (slice_eq(node->name, SLICE("volatile")))
        map_block_set_volatile(m);
    else
        return false;
    return true;
}

static bool add_entry(struct apply *a, struct map_block *m, const struct config_node *node,
                      struct config_error *e)
{
    struct script *value;
    struct slice why;

    if (node->n_args == 0 && take_word(m, node))
        return true;
    if (node->n_args != 1)
        return config_node_error(node, e, "invalid number of the map parameters");
    if (!directives_script(a, node, node->args[0], &value, e))
        return false;
    return map_block_add(m, node->name, value, &why) ||
           config_node_error(node, e, SLICE_FMT, SLICE_ARG(why));
}

static bool apply_map(void *ctx, const struct config_node *node, struct config_error *e)
{
    struct apply *a = ctx;
    struct script *source;
    struct map_block *m;

    if (!directives_script(a, node, node->args[0], &source, e))
        return false;
    m = map_block_new(a->conf, a->loc->variables, source);
    if (!directives_define(a, node, node->args[1], map_block_get, m, e))
        return false;
    for (const struct config_node *entry = node->children; entry; entry = entry->next)
        if (!add_entry(a, m, entry, e))
            return false;
    return true;
}

static const struct directive table[] = {
    {.name = "map",
     .contexts = CTX_HTTP | CTX_STREAM,
     .flags = DIRECTIVE_FREE | DIRECTIVE_REPEATS,
     .min_args = 2,
     .max_args = 2,
     .group = GROUP,
     .syntax = "map string $variable { key value; … }",
     .doc = "Defines a variable whose value depends on another: the value of the key that equals "
            "the string (without case), else of the first regular expression that matches "
            "(`~regex`, without case `~*regex`), else of `default`, else empty. Values may hold "
            "variables. `hostnames;` allows `*.example.org`, `.example.org` and `www.*` as keys; "
            "`volatile;` works the value out each time it is asked for; a `\\` before a key takes "
            "its special meaning away.",
     .apply = apply_map},
};

void directives_map_register(void)
{
    schema_register(table, ARRAY_LEN(table));
}
