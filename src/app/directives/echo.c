/* echo and its kin: reading their words. A row's `id` is the enum echo_kind. */
#include "app/directives/directives.h"

#include "app/directives/tables.h"
#include "app/echo.h"
#include "proto/method.h"

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

static bool read_words(struct apply *a, const struct config_node *node, struct echo_line *line,
                       size_t first, struct config_error *e)
{
    line->n = (unsigned)(node->n_args - first);
    line->words = pool_alloc(&a->conf->pool, (line->n + 1) * sizeof(*line->words));
    for (unsigned i = 0; i < line->n; i++)
        if (!directives_script(a, node, node->args[first + i], &line->words[i], e))
            return false;
    return true;
}

static bool append(struct echo_line **at, struct echo_line *line)
{
    while (*at)
        at = &(*at)->next;
    *at = line;
    return true;
}

/* What stands before the words: any `-n`, then `--` where a word begins like an option. */
static bool read_text(struct apply *a, const struct config_node *node, struct echo_line *line,
                      struct config_error *e)
{
    size_t first = 0;

    line->kind = ECHO_TEXT;
    while (first < node->n_args && slice_eq(node->args[first], SLICE("-n")))
        first++;
    line->has_newline = first == 0;
    if (first < node->n_args && slice_eq(node->args[first], SLICE("--")))
        first++;
    return read_words(a, node, line, first, e);
}

static bool apply_echo(void *ctx, const struct config_node *node, struct config_error *e)
{
    struct apply *a = ctx;
    struct echo_line *line = pool_new(&a->conf->pool, struct echo_line), **at = list_of(a, node);

    line->kind = (enum echo_kind)node->schema->id;
    line->is_async = node->schema->extra != NULL;
    if (line->kind != ECHO_TEXT)
        return read_words(a, node, line, 0, e) && append(at, line);
    return read_text(a, node, line, e) && append(at, line);
}

/* echo_before_body, echo_after_body: the first of a block takes the place of those inherited. */
static bool add_around(void *ctx, const struct config_node *node, struct config_error *e)
{
    struct apply *a = ctx;
    size_t offset = (size_t)node->schema->id;
    struct echo_line *line = pool_new(&a->conf->pool, struct echo_line),
                     **list = (struct echo_line **)(void *)((char *)a->loc + offset);
    const struct location *parent = a->loc->parent;

    if (parent &&
        *list == *(struct echo_line *const *)(const void *)((const char *)parent + offset))
        *list = NULL;
    return read_text(a, node, line, e) && append(list, line);
}

static bool read_option(struct slice word, enum echo_option *out)
{
    static const char *const words[] = {
        [ECHO_QUERY] = "-q", [ECHO_BODY] = "-b", [ECHO_FILE] = "-f"};

    for (unsigned i = 0; i < ARRAY_LEN(words); i++) {
        if (slice_eq(word, slice_str(words[i]))) {
            *out = (enum echo_option)i;
            return true;
        }
    }
    return false;
}

/* echo_subrequest method path [-q query] [-b body | -f file] */
static bool apply_subrequest(void *ctx, const struct config_node *node, struct config_error *e)
{
    struct apply *a = ctx;
    struct echo_line *line = pool_new(&a->conf->pool, struct echo_line), **at = list_of(a, node);

    line->kind = ECHO_SUBREQUEST;
    line->is_async = node->schema->extra != NULL;
    if (node->n_args % 2)
        return config_node_error(node, e, "invalid number of arguments in \"%s\" directive",
                                 node->name.p);
    if (method_parse(node->args[0]) == METHOD_OTHER)
        return config_node_error(node, e, "invalid method \"%.200s\"", node->args[0].p);
    for (size_t i = 2; i < node->n_args; i += 2) {
        if (!read_option(node->args[i], &line->options[i / 2 - 1]))
            return config_node_error(node, e, "invalid option \"%.200s\"", node->args[i].p);
    }
    return read_words(a, node, line, 0, e) && append(at, line);
}

/* Nothing can be said before or after it. */
static bool apply_exec(void *ctx, const struct config_node *node, struct config_error *e)
{
    struct apply *a = ctx;
    struct echo_line **at = list_of(a, node);

    if (*at)
        return config_node_error(node, e, "\"echo_exec\" must be the first of its block");
    return apply_echo(ctx, node, e);
}

static const char async[] = "async"; /* extra of those that do not wait */

#define ROW(text, kind, least, most, args, mark, about, fn)                                        \
    {                                                                                              \
        .name = (text), .contexts = CTX_LOCATION | CTX_IF_LOCATION, .flags = DIRECTIVE_REPEATS,    \
        .min_args = (least), .max_args = (most), .group = "Answers", .syntax = text args ";",      \
        .doc = (about), .id = (kind), .extra = (mark), .apply = (fn)                               \
    }

#define KIN(text, kind, least, most, args, about)                                                  \
    ROW(text, kind, least, most, args, NULL, about, apply_echo)

#define AROUND(text, member, about)                                                                \
    {                                                                                              \
        .name = (text), .contexts = CTX_LOCATION | CTX_IF_LOCATION, .flags = DIRECTIVE_REPEATS,    \
        .max_args = ARGS_MANY, .group = "Answers", .syntax = text " [-n] [text …];",               \
        .doc = (about), .id = (int)offsetof(struct location, member), .apply = add_around          \
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
    AROUND("echo_before_body", echo_before,
           "Sends the words before the body of the answer, whatever makes it. Inherited when the "
           "block has none of its own."),
    AROUND("echo_after_body", echo_after, "Sends the words behind the body of the answer."),
    KIN("echo_duplicate", ECHO_DUPLICATE, 2, 2, " number text",
        "In a list of `echo`: the text that many times, without a newline."),
    KIN("echo_sleep", ECHO_SLEEP, 1, 1, " time", "In a list of `echo`: waits."),
    KIN("echo_blocking_sleep", ECHO_SLEEP, 1, 1, " time",
        "As `echo_sleep`: others are served meanwhile here, too."),
    KIN("echo_flush", ECHO_FLUSH, 0, 0, "", "In a list of `echo`: what came so far is sent now."),
    KIN("echo_read_request_body", ECHO_READ_BODY, 0, 0, "",
        "In a list of `echo`: waits for the whole body of the request."),
    KIN("echo_request_body", ECHO_REQUEST_BODY, 0, 0, "",
        "In a list of `echo`: the body of the request, when it has been read."),
    KIN("echo_location", ECHO_LOCATION, 1, 2, " path [query]",
        "In a list of `echo`: what a GET of that location of this server answers."),
    ROW("echo_location_async", ECHO_LOCATION, 1, 2, " path [query]", async,
        "As `echo_location`, beside the requests and `echo_sleep` that follow. The answers keep "
        "their order.",
        apply_echo),
    KIN("echo_status", ECHO_STATUS, 1, 1, " status",
        "In a list of `echo`: the status of the answer, 200 to 599."),
    ROW("echo_subrequest", ECHO_SUBREQUEST, 2, 6, " method path [-q query] [-b body | -f file]",
        NULL,
        "In a list of `echo`: what such a request to that location of this server answers. `-f`: "
        "its body is that of a file, of 16 MiB at most, whose path begins at the prefix. Without "
        "`-b` and `-f` a method other than `GET` and `HEAD` has the body of the client's request, "
        "if that was read whole before (`echo_read_request_body`).",
        apply_subrequest),
    ROW("echo_subrequest_async", ECHO_SUBREQUEST, 2, 6,
        " method path [-q query] [-b body | -f file]", async,
        "As `echo_subrequest`, beside the requests and `echo_sleep` that follow. The answers keep "
        "their order.",
        apply_subrequest),
    {.name = "echo_exec",
     .contexts = CTX_LOCATION | CTX_IF_LOCATION,
     .flags = DIRECTIVE_REPEATS,
     .min_args = 1,
     .max_args = 2,
     .group = "Answers",
     .syntax = "echo_exec path [query];",
     .doc = "Goes to that location, or `@name`, instead. The first `echo` directive of its block.",
     .id = ECHO_EXEC,
     .apply = apply_exec},
};

void directives_echo_register(void)
{
    schema_register(table, ARRAY_LEN(table));
}
