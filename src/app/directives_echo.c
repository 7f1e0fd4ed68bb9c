/* echo: reading its words. */
#include "app/directives.h"

#include "app/echo.h"

/* The list that the block's echo directives fill: made by the first of them, which makes it the
 * block's content. */
static struct echo_line **list_of(struct apply *a, const struct config_node *node)
{
    struct step_list *content = &a->loc->steps[PHASE_CONTENT];
    struct echo_line **list;

    if (a->own[SLOT_CONTENT] && content->n == 1 && content->steps[0].run == echo_step)
        return (struct echo_line **)(uintptr_t)content->steps[0].arg;
    list = pool_new(&a->conf->pool, struct echo_line *);
    a->own[SLOT_CONTENT] = node;
    *content = (struct step_list){0};
    location_add_step(a->loc, PHASE_CONTENT, echo_step, list, node->line);
    return list;
}

static bool apply_echo(void *ctx, const struct config_node *node, struct config_error *e)
{
    struct apply *a = ctx;
    struct echo_line *line = pool_new(&a->conf->pool, struct echo_line), **at = list_of(a, node);
    size_t first = 0;

    line->has_newline = node->n_args == 0 || !slice_eq(node->args[0], SLICE("-n"));
    if (!line->has_newline || (node->n_args > 0 && slice_eq(node->args[0], SLICE("--"))))
        first = 1;
    line->n = (unsigned)(node->n_args - first);
    line->words = pool_alloc(&a->conf->pool, (line->n + 1) * sizeof(*line->words));
    for (unsigned i = 0; i < line->n; i++)
        if (!directives_script(a, node, node->args[first + i], &line->words[i], e))
            return false;
    while (*at)
        at = &(*at)->next;
    *at = line;
    return true;
}

static const struct directive table[] = {
    {.name = "echo",
     .contexts = CTX_LOCATION | CTX_IF_LOCATION,
     .flags = DIRECTIVE_REPEATS,
     .min_args = 0,
     .max_args = ARGS_MANY,
     .group = "Answers",
     .syntax = "echo [-n] [text …];",
     .doc = "Answers with the words, joined by spaces, and a newline (`-n`: without). Several make "
            "several lines.",
     .apply = apply_echo},
};

void directives_echo_register(void)
{
    schema_register(table, ARRAY_LEN(table));
}
