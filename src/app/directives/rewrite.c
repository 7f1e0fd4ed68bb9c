/* set, if, break, return, rewrite: compiling what rewrite.c runs. They belong to the second pass,
 * in file order. */
#include "app/directives/directives.h"

#include "app/directives/tables.h"
#include "app/rewrite.h"
#include "base/num.h"
#include "proto/status.h"

#define GROUP       "Rewriting"
#define CTX_REWRITE (CTX_SERVER | CTX_LOCATION | CTX_IF_SERVER | CTX_IF_LOCATION)

static bool apply_set(void *ctx, const struct config_node *node, struct config_error *e)
{
    struct apply *a = ctx;
    struct rewrite_set_step *set = pool_new(&a->conf->pool, struct rewrite_set_step);

    set->variable = directives_variable(a, node, node->args[0], e);
    if (!set->variable || !directives_script(a, node, node->args[1], &set->value, e))
        return false;
    rewrite_block_add(a->rewrite, rewrite_step_set, set, node->line);
    return true;
}

static bool apply_break(void *ctx, const struct config_node *node, struct config_error *e)
{
    struct apply *a = ctx;

    UNUSED(e);
    rewrite_block_add(a->rewrite, rewrite_step_break, rewrite_block_break(a->rewrite), node->line);
    return true;
}

/* --- return --- */

static bool is_url(struct slice s)
{
    return slice_has_prefix(s, SLICE("http://")) || slice_has_prefix(s, SLICE("https://")) ||
           slice_has_prefix(s, SLICE("$scheme"));
}

static bool read_return(const struct apply *a, const struct config_node *node,
                        struct rewrite_return_step *r, struct config_error *e)
{
    int64_t code = 302;
    struct slice text = SLICE_EMPTY;

    if (num_parse_u63(node->args[0], &code)) {
        if (node->n_args > 1)
            text = node->args[1];
    } else if (node->n_args == 1 && is_url(node->args[0])) {
        text = node->args[0];
        code = 302;
    } else {
        code = -1;
    }
    if (code < 100 || code > 999) {
        config_node_error(node, e, "invalid return code \"%.200s\"", node->args[0].p);
        return config_error_hint(e, "a status from 100 to 999, or a URL alone");
    }
    r->status = (int)code;
    r->has_text = text.n > 0;
    r->is_redirect =
        status_is_redirect(r->status) && node->n_args + (code == 302) > 1 && text.n > 0;
    return directives_script(a, node, text, &r->text, e);
}

static bool apply_return(void *ctx, const struct config_node *node, struct config_error *e)
{
    struct apply *a = ctx;
    struct rewrite_return_step *r = pool_new(&a->conf->pool, struct rewrite_return_step);

    if (!read_return(a, node, r, e))
        return false;
    rewrite_block_add(a->rewrite, rewrite_step_return, r, node->line);
    return true;
}

/* --- rewrite --- */

static bool compile_regex(const struct apply *a, const struct config_node *node, struct slice text,
                          bool ignore_case, struct rewrite_pattern *out, struct config_error *e)
{
    struct slice why;

    out->text = text;
    out->regex = regex_compile(&a->conf->pool, text, ignore_case, &why);
    if (out->regex && captures_bind(a->loc->variables, out->regex, &out->names, &why))
        return true;
    return config_node_error(node, e, SLICE_FMT, SLICE_ARG(why));
}

static bool add_piece(const struct apply *a, const struct config_node *node, struct slice text,
                      struct slice name, struct rewrite_piece *piece, struct config_error *e)
{
    if (!name.p) {
        piece->script = script_literal(&a->conf->pool, text);
        return true;
    }
    piece->is_capture = name.p[0] >= '0' && name.p[0] <= '9';
    text = pool_printf(&a->conf->pool, "${" SLICE_FMT "}", SLICE_ARG(name));
    if (piece->is_capture)
        text = pool_printf(&a->conf->pool, "$" SLICE_FMT, SLICE_ARG(name));
    return directives_script(a, node, text, &piece->script, e);
}

static bool read_text(const struct apply *a, const struct config_node *node, struct slice text,
                      struct rewrite_text *out, struct config_error *e)
{
    struct pool *pool = &a->conf->pool;
    struct slice rest = text, plain, name, why;
    size_t most = 1;
    int result;

    for (size_t i = 0; i < text.n; i++)
        most += text.p[i] == '$' ? 2 : 0;
    out->pieces = pool_zalloc(pool, most * sizeof(*out->pieces));
    while ((result = script_next_part(pool, &rest, &plain, &name, &why)) > 0)
        if (!add_piece(a, node, plain, name, &out->pieces[out->n++], e))
            return false;
    return result == 0 || config_node_error(node, e, SLICE_FMT, SLICE_ARG(why));
}

static bool read_flag(const struct apply *a, const struct config_node *node, struct rewrite_rule *r,
                      struct config_error *e)
{
    struct slice word = node->n_args > 2 ? node->args[2] : SLICE_EMPTY;

    if (is_url(node->args[1])) {
        r->flag = REWRITE_REDIRECT;
        r->status = 302;
    }
    if (slice_eq(word, SLICE("redirect")) || slice_eq(word, SLICE("permanent"))) {
        r->flag = REWRITE_REDIRECT;
        r->status = word.p[0] == 'p' ? 301 : 302;
    } else if (slice_eq(word, SLICE("last")) || slice_eq(word, SLICE("break"))) {
        if (r->flag != REWRITE_REDIRECT)
            r->flag = word.p[0] == 'l' ? REWRITE_LAST : REWRITE_BREAK;
    } else if (node->n_args > 2) {
        config_arg_refuse(node, word, e);
        return config_error_hint(e, "flags are last, break, redirect, permanent");
    }
    if (r->flag == REWRITE_BREAK)
        r->end = rewrite_block_break(a->rewrite);
    return true;
}

static bool read_replacement(const struct apply *a, const struct config_node *node,
                             struct rewrite_rule *r, struct config_error *e)
{
    struct slice query = node->args[1], path;

    if (query.n == 0)
        return config_node_error(node, e, "empty replacement");
    r->keeps_args = query.p[query.n - 1] != '?';
    if (!r->keeps_args)
        query.n--;
    path = slice_cut(&query, '?');
    r->has_query = query.p != NULL;
    if (r->has_query && !read_text(a, node, query, &r->query, e))
        return false;
    return read_text(a, node, path, &r->path, e);
}

static bool apply_rewrite(void *ctx, const struct config_node *node, struct config_error *e)
{
    struct apply *a = ctx;
    struct rewrite_rule *r = pool_new(&a->conf->pool, struct rewrite_rule);

    if (!compile_regex(a, node, node->args[0], false, &r->pattern, e))
        return false;
    if (!read_flag(a, node, r, e) || !read_replacement(a, node, r, e))
        return false;
    a->rewrite->has_rewrite = true;
    rewrite_block_add(a->rewrite, rewrite_step_rewrite, r, node->line);
    return true;
}

/* --- if --- */

static bool tell_forms(struct config_error *e)
{
    return config_error_hint(e, "forms are ($v), ($v = x), ($v != x), ($v ~ regex), (-f path)");
}

static bool bad_condition(const struct config_node *node, struct slice word, struct config_error *e)
{
    config_node_error(node, e, "invalid condition \"" SLICE_FMT "\"", SLICE_ARG(word));
    return tell_forms(e);
}

/* Takes the parentheses off; words[] has room for all arguments. False when they are not there. */
static bool strip_parentheses(const struct config_node *node, struct slice *words, size_t *n,
                              struct config_error *e)
{
    struct slice first = node->args[0], last = node->args[node->n_args - 1];
    size_t from = 0, to = node->n_args;

    if (first.n == 0 || first.p[0] != '(')
        return bad_condition(node, first, e);
    if (last.n == 0 || last.p[last.n - 1] != ')' || (to == 1 && last.n == 1))
        return bad_condition(node, last, e);
    memcpy(words, node->args, to * sizeof(*words));
    words[0] = slice_from(words[0], 1);
    words[to - 1].n--;
    if (words[to - 1].n == 0 && to > 1)
        to--;
    if (words[0].n == 0 && to > 1)
        from++;
    *n = to - from;
    memmove(words, words + from, *n * sizeof(*words));
    return words[0].n > 0 || bad_condition(node, first, e);
}

static bool read_comparison(const struct apply *a, const struct config_node *node,
                            const struct slice *words, struct rewrite_condition *c,
                            struct config_error *e)
{
    static const struct {
        struct slice word;
        enum rewrite_test test;
        bool ignore_case;
    } operators[] = {
        {{"=", 1}, REWRITE_EQUAL, false},     {{"!=", 2}, REWRITE_NOT_EQUAL, false},
        {{"~", 1}, REWRITE_MATCH, false},     {{"~*", 2}, REWRITE_MATCH, true},
        {{"!~", 2}, REWRITE_NO_MATCH, false}, {{"!~*", 3}, REWRITE_NO_MATCH, true},
    };

    for (size_t i = 0; i < ARRAY_LEN(operators); i++) {
        if (!slice_eq(words[1], operators[i].word))
            continue;
        c->test = operators[i].test;
        if (c->test == REWRITE_EQUAL || c->test == REWRITE_NOT_EQUAL)
            return directives_script(a, node, words[2], &c->right, e);
        return compile_regex(a, node, words[2], operators[i].ignore_case, &c->pattern, e);
    }
    config_node_error(node, e, "unexpected \"" SLICE_FMT "\" in condition", SLICE_ARG(words[1]));
    return tell_forms(e);
}

static bool read_file_test(const struct apply *a, const struct config_node *node,
                           const struct slice *words, struct rewrite_condition *c,
                           struct config_error *e)
{
    static const char letters[] = "fdex";
    static const enum rewrite_test tests[] = {REWRITE_FILE, REWRITE_DIR, REWRITE_EXISTS,
                                              REWRITE_EXECUTABLE};
    const char *at = strchr(letters, words[0].p[words[0].n - 1]);
    struct slice path = words[1];

    if (!at || !*at)
        return bad_condition(node, words[0], e);
    c->test = tests[at - letters];
    c->is_negated = words[0].p[0] == '!';
    if (path.n == 0 || path.p[0] != '$')
        path = slice_str(conf_path(a->conf, path));
    return directives_script(a, node, path, &c->left, e);
}

static bool read_condition(const struct apply *a, const struct config_node *node,
                           struct rewrite_condition *c, struct config_error *e)
{
    struct slice *words = pool_alloc(&a->conf->pool, node->n_args * sizeof(*words));
    size_t n = 0;

    if (!strip_parentheses(node, words, &n, e))
        return false;
    if (words[0].n > 1 && words[0].p[0] == '$') {
        if (n != 1 && n != 3)
            return bad_condition(node, words[0], e);
        if (!directives_script(a, node, words[0], &c->left, e))
            return false;
        return n == 1 || read_comparison(a, node, words, c, e);
    }
    if (n == 2 && ((words[0].n == 2 && words[0].p[0] == '-') ||
                   (words[0].n == 3 && slice_has_prefix(words[0], SLICE("!-")))))
        return read_file_test(a, node, words, c, e);
    return bad_condition(node, words[0], e);
}

/* Does the body say anything that needs a location of its own? */
static bool has_settings(const struct config_node *block)
{
    for (const struct config_node *node = block->children; node; node = node->next)
        if (node->schema && node->schema->apply && node->schema->extra != directives_ordered)
            return true;
    return false;
}

static struct rewrite_if *new_location(struct apply *a, const struct config_node *node)
{
    struct rewrite_if *own = pool_new(&a->conf->pool, struct rewrite_if);

    own->loc = directives_new_location(a, LOCATION_IF, a->loc->name);
    own->loc->file = node->file;
    own->loc->line = node->line;
    own->next = a->rewrite->ifs;
    a->rewrite->ifs = own;
    return own;
}

static bool apply_if(void *ctx, const struct config_node *node, struct config_error *e)
{
    struct apply *a = ctx, inner = *a;
    struct rewrite_if_step *step = pool_new(&a->conf->pool, struct rewrite_if_step);
    struct rewrite_if *own = has_settings(node) ? new_location(a, node) : NULL;
    const struct step_list *list = &a->rewrite->loc->steps[a->rewrite->phase];
    unsigned begin;

    if (!read_condition(a, node, &step->condition, e))
        return false;
    rewrite_block_add(a->rewrite, rewrite_step_if, step, node->line);
    begin = list->n;
    memset(inner.own, 0, sizeof(inner.own));
    inner.handler = NULL;
    inner.has_own_middleware = false;
    if (own)
        inner.loc = own->loc;
    if (!directives_apply_block(&inner, node, e))
        return false;
    step->skip = list->n - begin;
    if (own) {
        step->loc = own->loc;
        own->rewrite_by_lua = inner.rewrite_by_lua;
        inner.rewrite_by_lua = NULL;
        directives_end_lua(&inner);
        return directives_end_sockets(&inner, node, e);
    }
    return true;
}

#define IF(where, inside)                                                                          \
    .name = "if", .contexts = (where), .flags = DIRECTIVE_BLOCK | DIRECTIVE_REPEATS,               \
    .opens = (inside), .min_args = 1, .max_args = ARGS_MANY, .extra = directives_ordered,          \
    .apply = apply_if

static const struct directive table[] = {
    {.name = "set",
     .contexts = CTX_REWRITE,
     .flags = DIRECTIVE_REPEATS,
     .min_args = 2,
     .max_args = 2,
     .group = GROUP,
     .syntax = "set $variable value;",
     .doc = "Sets a variable, which is defined thereby. Rewrite directives of a server run before "
            "the location is chosen, those of a location in file order once it is; they are not "
            "inherited.",
     .extra = directives_ordered,
     .apply = apply_set},
    {IF(CTX_SERVER | CTX_IF_SERVER, CTX_IF_SERVER), .group = GROUP,
     .syntax = "if (condition) { … }",
     .doc =
         "Runs the rewrite directives inside when the condition holds: `$v` (not empty and not "
         "`0`), `$v = text`, `$v != text`, a regular expression (`~`, without case `~*`, negated "
         "`!~`, `!~*`), or a test of a file: `-f` is a file, `-d` a directory, `-e` exists, `-x` "
         "can be executed, negated `!-f` and so on. In a location the body may also hold "
         "settings and content, which then take the place of the location's for the rest of "
         "the request; of several such bodies the last one holds."},
    {IF(CTX_LOCATION | CTX_IF_LOCATION, CTX_IF_LOCATION)},
    {.name = "break",
     .contexts = CTX_REWRITE,
     .flags = DIRECTIVE_REPEATS,
     .group = GROUP,
     .syntax = "break;",
     .doc = "Ends the rewrite directives of this server or location; a changed URI stays in this "
            "location.",
     .extra = directives_ordered,
     .apply = apply_break},
    {.name = "return",
     .contexts = CTX_REWRITE,
     .flags = DIRECTIVE_REPEATS,
     .min_args = 1,
     .max_args = 2,
     .group = GROUP,
     .syntax = "return code [text | URL]; | return URL;",
     .doc = "Answers with that status: a text, with the type of the URI's extension; for 301, 302, "
            "303, 307 and 308 a redirect to the URL (302 when it stands alone); for 300 and above "
            "without text the error page. 444 and 499 close the connection without an answer.",
     .extra = directives_ordered,
     .apply = apply_return},
    {.name = "rewrite",
     .contexts = CTX_REWRITE,
     .flags = DIRECTIVE_REPEATS,
     .min_args = 2,
     .max_args = 3,
     .group = GROUP,
     .syntax = "rewrite regex replacement [last | break | redirect | permanent];",
     .doc =
         "Replaces the path when it matches. Arguments of the request are appended unless the "
         "replacement ends in `?`. `last` looks for the location of the new path at once, "
         "`break` stays here, without a flag the next directive goes on first. `redirect` (302), "
         "`permanent` (301) and replacements with a scheme redirect the client. After ten "
         "changes of location the answer is 500.",
     .extra = directives_ordered,
     .apply = apply_rewrite},
    DIRECTIVE_FLAG("rewrite_log", CTX_HTTP | CTX_REWRITE, "off",
                   offsetof(struct location, logs_rewrites),
                   "Writes to the error log, as [notice], which regular expressions of `rewrite` "
                   "and `if` match and what comes of it.",
                   directives_set_flag),
    DIRECTIVE_FLAG("uninitialized_variable_warn", CTX_HTTP | CTX_REWRITE, "on",
                   offsetof(struct location, warns_of_unset),
                   "Writes to the error log, as [warn], that a variable is read which nothing has "
                   "set.",
                   directives_set_flag),
};

void directives_rewrite_register(void)
{
    schema_register(table, ARRAY_LEN(table));
}
