/* Checks one directive at a time, in the order in which they are read.
 *
 * The order of the checks within a directive is nginx's as well, so that a line with two faults is
 * reported for the same one. Everything a directive means beyond its shape (can this address be
 * bound, is that regex valid) is found later, when it is applied. To add a kind of argument see
 * config_arg.c. */
#include "config/schema_check.h"

#include "config/absent.h"
#include "config/config_arg.h"

#define CTX_OF_STREAM (CTX_STREAM_ALL | CTX_STREAM_UPSTREAM)

/* Every context in which some directive of this name may stand. */
static uint32_t contexts_of(struct slice name)
{
    uint32_t found = 0;
    const struct directive *d;

    while ((d = schema_find(name, CTX_ANY & ~found)) != NULL)
        found |= d->contexts;
    return found;
}

static bool refuse_name(const struct config_node *node, uint32_t context, struct config_error *e)
{
    uint32_t elsewhere = contexts_of(node->name);
    struct buf where = BUF_EMPTY;
    const char *advice = absent_advice(node->name), *near;

    if (elsewhere) {
        config_node_error(node, e, "\"%s\" directive is not allowed here", node->name.p);
        schema_context_names(elsewhere, &where);
        config_error_hint(e, "it belongs in %s%s", buf_cstr(&where),
                          context & CTX_OF_STREAM && !(elsewhere & (CTX_OF_STREAM | CTX_HTTP))
                              ? " of \"http\""
                              : "");
        buf_free(&where);
        return false;
    }
    config_node_error(node, e, "unknown directive \"%s\"", node->name.p);
    if (advice)
        return config_error_hint(e, "%s", advice);
    near = schema_suggest(node->name, context);
    return near ? config_error_hint(e, "did you mean \"%s\"?", near) : false;
}

static bool check_terminator(struct config_node *node, struct config_error *e)
{
    uint32_t flags = node->schema->flags;

    if (node->content == CONFIG_SIMPLE) {
        if (flags & (DIRECTIVE_BLOCK | DIRECTIVE_FREE | DIRECTIVE_LUA))
            return config_node_error(node, e, "directive \"%s\" has no opening \"{\"",
                                     node->name.p);
        return true;
    }
    if (flags & DIRECTIVE_LUA)
        node->content = CONFIG_LUA;
    else if (flags & DIRECTIVE_FREE)
        node->content = CONFIG_FREE;
    else if (flags & DIRECTIVE_BLOCK)
        node->content = CONFIG_BLOCK;
    else
        return config_node_error(node, e, "directive \"%s\" is not terminated by \";\"",
                                 node->name.p);
    return true;
}

static bool check_count(const struct config_node *node, struct config_error *e)
{
    const struct directive *d = node->schema;

    if (node->n_args >= d->min_args && (d->max_args == ARGS_MANY || node->n_args <= d->max_args))
        return true;
    config_node_error(node, e, "invalid number of arguments in \"%s\" directive", node->name.p);
    return d->syntax ? config_error_hint(e, "syntax: %s", d->syntax) : false;
}

static bool check_duplicate(const struct config_node *node, struct config_error *e)
{
    const struct config_node *other = node->parent->children;

    if (node->schema->flags & DIRECTIVE_REPEATS)
        return true;
    while (other != node && other->schema != node->schema)
        other = other->next;
    if (other == node)
        return true;
    config_node_error(node, e, "\"%s\" directive is duplicate", node->name.p);
    if (other->line == 0)
        return config_error_hint(e, "the first one is in the %s", other->file);
    return config_error_hint(e, "the first one is in %s:%u", other->file, other->line);
}

static bool is_choice(const struct directive *d, struct slice value)
{
    for (size_t i = 0; d->choices && d->choices[i]; i++)
        if (slice_eq(value, slice_str(d->choices[i])))
            return true;
    return false;
}

static bool check_value(const struct config_node *node, size_t index, enum schema_kind kind,
                        struct config_error *e)
{
    bool flag;
    int64_t number;
    int choice;

    switch (kind) {
    case ARG_WORD:
        return true;
    case ARG_FLAG:
        return config_arg_flag(node, index, &flag, e);
    case ARG_NUMBER:
        return config_arg_int(node, index, &number, e);
    case ARG_SIZE:
        return config_arg_size(node, index, &number, e);
    case ARG_TIME:
        return config_arg_time(node, index, &number, e);
    case ARG_ENUM:
        return config_arg_enum(node, index, node->schema->choices, &choice, e);
    }
    return true;
}

static bool check_values(const struct config_node *node, struct config_error *e)
{
    const struct directive *d = node->schema;
    bool is_same = d->flags & DIRECTIVE_SAME;

    for (size_t i = 0; i < node->n_args && (is_same || i < ARRAY_LEN(d->kinds)); i++) {
        if ((d->flags & DIRECTIVE_VARS) && slice_find(node->args[i], '$') >= 0)
            continue;
        if (!is_choice(d, node->args[i]) && !check_value(node, i, d->kinds[is_same ? 0 : i], e))
            return false;
    }
    return true;
}

bool schema_check_node(struct config_node *node, struct config_error *e)
{
    uint32_t context = schema_context_in(node->parent);

    if (node->parent->content == CONFIG_FREE) {
        if (node->content != CONFIG_SIMPLE)
            return config_error_set(e, node->file, node->end_line, "unexpected \"{\"");
        return true;
    }
    node->schema = schema_find(node->name, context);
    if (!node->schema)
        return refuse_name(node, context, e);
    return (check_terminator(node, e) && check_count(node, e) && check_duplicate(node, e) &&
            check_values(node, e)) ||
           schema_hint_unended(node, e);
}

bool schema_check_load(struct config_tree *tree, const struct config_source *src,
                       struct config_error *e)
{
    struct config_source checked = *src;

    checked.on_node = schema_check_node;
    return config_load(tree, &checked, e);
}
