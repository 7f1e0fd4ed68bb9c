/* location, and what a location answers when it has no content: error pages, redirects, tokens.
 * Files are in directives/files.c. */
#include "app/directives/directives.h"

#include "app/directives/tables.h"
#include "app/variables/regex.h"
#include "base/num.h"
#include "base/product.h"

#define GROUP         "Locations"
#define CTX_LEVELS    CTX_HTTP_ALL
#define CTX_LEVELS_IF (CTX_HTTP_ALL | CTX_IF_LOCATION)

static const struct {
    struct slice modifier;
    enum location_kind kind;
    bool ignore_case;
} modifiers[] = {
    /* The longer ones first: a modifier may touch what follows it. */
    {{"~*", 2}, LOCATION_REGEX, true},
    {{"^~", 2}, LOCATION_PREFIX_FINAL, false},
    {{"=", 1}, LOCATION_EXACT, false},
    {{"~", 1}, LOCATION_REGEX, false},
};

/* What stands between `location` and `{`. */
struct location_head {
    enum location_kind kind;
    struct slice name;
    bool ignore_case;
};

static void read_touching(struct slice word, struct location_head *h)
{
    *h = (struct location_head){.kind = LOCATION_PREFIX, .name = word};
    if (word.n > 0 && word.p[0] == '@')
        h->kind = LOCATION_NAMED;
    for (size_t i = 0; i < ARRAY_LEN(modifiers); i++) {
        if (!slice_has_prefix(word, modifiers[i].modifier))
            continue;
        h->kind = modifiers[i].kind;
        h->ignore_case = modifiers[i].ignore_case;
        h->name = slice_from(word, modifiers[i].modifier.n);
        return;
    }
}

static bool read_head(const struct config_node *node, struct location_head *h,
                      struct config_error *e)
{
    if (node->n_args == 1) {
        read_touching(node->args[0], h);
        return true;
    }
    for (size_t i = 0; i < ARRAY_LEN(modifiers); i++) {
        if (!slice_eq(node->args[0], modifiers[i].modifier))
            continue;
        *h = (struct location_head){modifiers[i].kind, node->args[1], modifiers[i].ignore_case};
        return true;
    }
    config_node_error(node, e, "invalid location modifier \"%.200s\"", node->args[0].p);
    return config_error_hint(e, "modifiers are =, ~, ~*, ^~");
}

static bool apply_location(void *ctx, const struct config_node *node, struct config_error *e)
{
    struct apply *a = ctx;
    struct location_head h = {.kind = LOCATION_PREFIX};
    struct location *l;
    struct slice why;

    if (!read_head(node, &h, e))
        return false;
    l = directives_new_location(a, h.kind, h.name);
    l->file = node->file;
    l->line = node->line;
    l->regex = NULL;
    if (h.kind == LOCATION_REGEX) {
        l->regex = regex_compile(&a->conf->pool, h.name, h.ignore_case, &why);
        if (!l->regex)
            return config_node_error(node, e, SLICE_FMT, SLICE_ARG(why));
    }
    location_add_child(a->loc, l);
    return directives_apply_location(a, node, l, a->vhost, e);
}

static bool set_internal(void *ctx, const struct config_node *node, struct config_error *e)
{
    UNUSED(node);
    UNUSED(e);
    ((struct apply *)ctx)->loc->is_internal = true;
    return true;
}

static bool set_tokens(void *ctx, const struct config_node *node, struct config_error *e)
{
    struct location *l = ((struct apply *)ctx)->loc;

    UNUSED(e);
    l->has_server_tokens = !slice_eq(node->args[0], SLICE("off"));
    l->http.server_name = l->has_server_tokens ? product_token() : product_name();
    return true;
}

/* `=`, `=200`; *answer is untouched when the argument is neither. */
static bool read_answer(const struct config_node *node, size_t index, int *answer,
                        struct config_error *e)
{
    struct slice word = node->args[index];
    int64_t code;

    if (word.n == 0 || word.p[0] != '=')
        return true;
    if (word.n == 1) {
        *answer = -1;
        return true;
    }
    if (!num_parse_u63(slice_from(word, 1), &code) || code > 999)
        return config_node_error(node, e, "invalid value \"%.200s\"", word.p);
    *answer = (int)code;
    return true;
}

static bool read_status(const struct config_node *node, size_t index, int *out,
                        struct config_error *e)
{
    int64_t code;

    if (!num_parse_u63(node->args[index], &code) || code == 499)
        return config_node_error(node, e, "invalid value \"%.200s\"", node->args[index].p);
    if (code < 300 || code > 599)
        return config_node_error(node, e, "value \"%.200s\" must be between 300 and 599",
                                 node->args[index].p);
    *out = (int)code;
    return true;
}

/* What holds for all statuses of one error_page. */
static bool read_target(const struct apply *a, const struct config_node *node,
                        struct error_page *page, struct config_error *e)
{
    struct slice target = node->args[node->n_args - 1], query = SLICE_EMPTY;

    if (target.n == 0)
        return config_node_error(node, e, "invalid value \"\"");
    page->is_named = target.p[0] == '@';
    page->is_url = target.p[0] != '/' && !page->is_named &&
                   (target.p[0] != '$' || slice_has_prefix(target, SLICE("$scheme")));
    page->query = (struct slice){NULL, 0};
    if (target.p[0] == '/' && slice_find(target, '$') < 0 && slice_find(target, '?') >= 0) {
        query = target;
        target = slice_cut(&query, '?');
        page->query = query;
    }
    return directives_script(a, node, target, &page->target, e);
}

static void append_page(struct location *l, struct error_page *page)
{
    struct error_page **at = &l->error_pages;

    while (*at)
        at = &(*at)->next;
    *at = page;
}

static bool add_error_page(void *ctx, const struct config_node *node, struct config_error *e)
{
    struct apply *a = ctx;
    struct error_page model = {.answer = 0};
    size_t n = node->n_args - 1; /* statuses, and perhaps an answer */

    if (!read_answer(node, n - 1, &model.answer, e) || !read_target(a, node, &model, e))
        return false;
    if (model.answer != 0 && --n == 0)
        return config_node_error(node, e, "invalid value \"%.200s\"", node->args[0].p);
    if (a->loc->are_error_pages_inherited)
        a->loc->error_pages = NULL;
    a->loc->are_error_pages_inherited = false;
    for (size_t i = 0; i < n; i++) {
        struct error_page *page = pool_new(&a->conf->pool, struct error_page);

        *page = model;
        if (!read_status(node, i, &page->status, e))
            return false;
        append_page(a->loc, page);
    }
    return true;
}

#define FLAG(text, where, member, value, about)                                                    \
    DIRECTIVE_FLAG(text, where, value, offsetof(struct location, member), about,                   \
                   directives_set_flag)

#define ACCEPTED_FLAG(text, where)                                                                 \
    DIRECTIVE_ACCEPTED(text, where, ARG_FLAG, "on | off",                                          \
                       "the browser it is for, Internet Explorer, is gone.")

static const char *const token_words[] = {"on", "off", "build", NULL};

static const struct directive table[] = {
    {.name = "location",
     .contexts = CTX_SERVER | CTX_LOCATION,
     .flags = DIRECTIVE_BLOCK | DIRECTIVE_REPEATS,
     .opens = CTX_LOCATION,
     .min_args = 1,
     .max_args = 2,
     .group = GROUP,
     .syntax = "location [= | ~ | ~* | ^~] uri { … } | location @name { … }",
     .doc = "Settings for requests by their decoded, normalised path. `= /x` is that path alone. "
            "Of the prefixes that match the longest is taken; then regular expressions (`~`, "
            "without case `~*`) are tried in file order and the first that matches is preferred, "
            "unless the longest prefix has `^~`. Locations nest; a nested one inherits, except "
            "content, `try_files` and rewrite directives. `@name` is reached by internal "
            "redirects only.",
     .apply = apply_location},
    {.name = "internal",
     .contexts = CTX_LOCATION,
     .group = GROUP,
     .syntax = "internal;",
     .doc = "The location, with those nested in it, is for internal redirects and subrequests "
            "only; other requests get 404.",
     .apply = set_internal},
    {.name = "error_page",
     .contexts = CTX_LEVELS_IF,
     .flags = DIRECTIVE_REPEATS,
     .min_args = 2,
     .max_args = ARGS_MANY,
     .group = GROUP,
     .syntax = "error_page code … [=[response]] uri;",
     .doc = "What is shown for these statuses (300 to 599): a path that is fetched by an internal "
            "redirect, a named location, or a URL that the client is redirected to (302). "
            "`=200` answers with another status, `=` with the one that the target gives. "
            "Inherited when the block has none of its own.",
     .apply = add_error_page},
    DIRECTIVE_CHOICE(
        "server_tokens", CTX_LEVELS, token_words, "on | off | build", "on", 0,
        "Whether `Server` and error pages tell the version. `build` is the same as `on`.",
        set_tokens),
    FLAG("port_in_redirect", CTX_LEVELS, is_port_in_redirect, "on",
         "Whether redirects that the server makes name the port."),
    FLAG("server_name_in_redirect", CTX_LEVELS, is_name_in_redirect, "off",
         "Redirects that the server makes use the first `server_name` instead of the host of the "
         "request."),
    FLAG("absolute_redirect", CTX_LEVELS, is_redirect_absolute, "on",
         "Whether redirects that the server makes are absolute."),
    FLAG("log_not_found", CTX_LEVELS, does_log_not_found, "on",
         "Whether files that are not there are written to the error log."),
    FLAG("log_subrequest", CTX_LEVELS, does_log_subrequest, "off",
         "Whether subrequests are written to the access log."),
    FLAG("recursive_error_pages", CTX_LEVELS_IF, has_recursive_error_pages, "off",
         "Whether an error on the way of an `error_page` is answered by an `error_page` again."),
    FLAG("merge_slashes", CTX_HTTP | CTX_SERVER, merges_slashes, "on",
         "Whether two or more slashes in a row count as one when the location is chosen."),
    ACCEPTED_FLAG("msie_padding", CTX_LEVELS),
    ACCEPTED_FLAG("msie_refresh", CTX_LEVELS),
};

void directives_location_register(void)
{
    schema_register(table, ARRAY_LEN(table));
}
