/* add_header, add_trailer and expires: what header_filter.c adds to answers. */
#include "app/directives/directives.h"

#include "app/directives/tables.h"
#include "app/variables/script.h"
#include "proto/header.h"

#define GROUP         "Response headers"
#define CTX_LEVELS_IF (CTX_HTTP_ALL | CTX_IF_LOCATION)

/* Adds a rule at the end of `rules`; the first of a block takes the place of those inherited. */
static bool add_rule(struct apply *a, const struct config_node *node, struct header_rule **rules,
                     bool *are_inherited, struct config_error *e)
{
    struct header_rule *rule = pool_new(&a->conf->pool, struct header_rule);

    if (node->n_args > 2 && !slice_eq(node->args[2], SLICE("always")))
        return config_arg_refuse(node, node->args[2], e);
    if (!header_is_name(node->args[0]))
        return config_node_error(node, e, "invalid header name \"%.200s\"", node->args[0].p);
    rule->name = node->args[0];
    rule->always = node->n_args > 2;
    if (!directives_script(a, node, node->args[1], &rule->value, e))
        return false;
    if (*are_inherited)
        *rules = NULL;
    *are_inherited = false;
    while (*rules)
        rules = &(*rules)->next;
    *rules = rule;
    return true;
}

static bool add_header(void *ctx, const struct config_node *node, struct config_error *e)
{
    struct location *l = ((struct apply *)ctx)->loc;

    return add_rule(ctx, node, &l->headers, &l->are_headers_inherited, e);
}

static bool add_trailer(void *ctx, const struct config_node *node, struct config_error *e)
{
    struct location *l = ((struct apply *)ctx)->loc;

    return add_rule(ctx, node, &l->trailers, &l->are_trailers_inherited, e);
}

/* In the order of enum header_inherit. */
static const char *const inherit_words[] = {"on", "off", "merge", NULL};

static bool set_expires(void *ctx, const struct config_node *node, struct config_error *e)
{
    struct apply *a = ctx;
    struct expires *x = &a->loc->expires;
    struct slice word = node->args[node->n_args - 1];
    struct script *value;

    x->is_modified = node->n_args == 2;
    if (x->is_modified && !slice_eq(node->args[0], SLICE("modified")))
        return config_node_error(node, e, "invalid value \"%.200s\"", node->args[0].p);
    if (!directives_script(a, node, word, &value, e))
        return false;
    x->value = script_is_constant(value) ? NULL : value;
    return x->value || expires_parse(x, word) ||
           config_node_error(node, e, "\"expires\" directive invalid value");
}

#define INHERIT(text, member, about)                                                               \
    DIRECTIVE_CHOICE(text, CTX_LEVELS_IF, inherit_words, "on | off | merge", "on",                 \
                     offsetof(struct location, member), about, directives_set_choice)

static const struct directive table[] = {
    {.name = "add_header",
     .contexts = CTX_LEVELS_IF,
     .flags = DIRECTIVE_REPEATS,
     .min_args = 2,
     .max_args = 3,
     .group = GROUP,
     .syntax = "add_header name value [always];",
     .doc = "Adds a field to answers with status 200, 201, 204, 206, 301, 302, 303, 304, 307 and "
            "308, with `always` to all. A value that turns out empty adds none. Inherited when the "
            "block has no `add_header` of its own.",
     .apply = add_header},
    {.name = "add_trailer",
     .contexts = CTX_LEVELS_IF,
     .flags = DIRECTIVE_REPEATS,
     .min_args = 2,
     .max_args = 3,
     .group = GROUP,
     .syntax = "add_trailer name value [always];",
     .doc = "The same for a field behind the body, whose value is made when the body has ended. "
            "Over HTTP/1.1 such a body is chunked; HTTP/1.0 has no such fields.",
     .apply = add_trailer},
    INHERIT("add_header_inherit", header_inherit,
            "What a block does with the `add_header` of the one above it: they hold unless it has "
            "its own (`on`), never (`off`), or besides its own (`merge`)."),
    INHERIT("add_trailer_inherit", trailer_inherit, "The same for `add_trailer`."),
    {.name = "expires",
     .contexts = CTX_LEVELS_IF,
     .min_args = 1,
     .max_args = 2,
     .group = GROUP,
     .syntax = "expires [modified] time; | expires epoch | max | off;",
     .default_text = "expires off;",
     .doc = "Sets `Expires` and `Cache-Control: max-age` of the same answers: a time from now (or "
            "from the file's modification), which may be negative; `@15h30m` is a time of day; "
            "`epoch` is long past, `max` ten years ahead. With variables the value is read "
            "for each answer; one that is none of these is `off`.",
     .apply = set_expires},
};

void directives_headers_register(void)
{
    schema_register(table, ARRAY_LEN(table));
}
