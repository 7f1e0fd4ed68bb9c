/* more_set_headers, more_clear_headers, more_set_input_headers, more_clear_input_headers. A row's
 * `id` tells which of the four it is. */
#include "app/filters/more_headers.h"

#include <string.h>

#include "app/directives/directives.h"
#include "app/directives/tables.h"
#include "base/num.h"
#include "proto/header.h"

#define GROUP         "Response headers"
#define CTX_LEVELS_IF (CTX_HTTP_ALL | CTX_IF_LOCATION)

enum { MORE_IS_INPUT = 1, MORE_IS_CLEAR = 2 };

/* What stands before a field. */
struct options {
    struct more_when *when;
    bool is_added, only_there;
};

static struct more_header **list_of(const struct location *l, bool is_input)
{
    struct location *own = (struct location *)(uintptr_t)l;

    return is_input ? &own->more_input_headers : &own->more_headers;
}

/* Where the next one goes: behind those that the block inherits, of which it gets its own copies.
 */
static struct more_header **end_of(struct apply *a, bool is_input)
{
    struct more_header **at = list_of(a->loc, is_input);
    const struct more_header *inherited =
        a->loc->parent ? *list_of(a->loc->parent, is_input) : NULL;

    if (inherited && *at == inherited) {
        for (const struct more_header *m = inherited; m; m = m->next) {
            *at = pool_new(&a->conf->pool, struct more_header);
            **at = *m;
            at = &(*at)->next;
        }
        *at = NULL;
    }
    while (*at)
        at = &(*at)->next;
    return at;
}

/* Takes the name off `*field` and leaves the value. As OpenResty reads them: a name ends with a
 * colon or a blank, and between it and the value may be any number of both. */
static struct slice take_name(struct slice *field)
{
    static const char ends[] = ": \t\r\n";
    struct slice rest = slice_trim(*field), name;
    size_t n = 0;

    while (n < rest.n && !memchr(ends, rest.p[n], sizeof(ends) - 1))
        n++;
    name = slice_of(rest.p, n);
    while (n < rest.n && memchr(ends, rest.p[n], sizeof(ends) - 1))
        n++;
    *field = slice_from(rest, n);
    return name;
}

static bool add_field(struct apply *a, const struct config_node *node, struct slice word,
                      const struct options *o, struct config_error *e)
{
    bool is_clear = node->schema->id & MORE_IS_CLEAR;
    struct more_header *m = pool_new(&a->conf->pool, struct more_header);
    struct slice value = word, bare;

    m->name = bare = take_name(&value);
    if (is_clear && bare.n > 1 && bare.p[bare.n - 1] == '*')
        bare.n--;
    if (!header_is_name(bare))
        return config_node_error(node, e, "invalid header name \"" SLICE_FMT "\"",
                                 SLICE_ARG(m->name));
    if (!is_clear && value.n && !directives_script(a, node, value, &m->value, e))
        return false;
    m->when = o->when;
    m->is_added = o->is_added;
    m->only_there = o->only_there;
    *end_of(a, node->schema->id & MORE_IS_INPUT) = m;
    return true;
}

/* --- options --- */

/* The next word of a list whose separators are blanks; n == 0: the end. */
static struct slice next_word(struct slice *list)
{
    struct slice word = SLICE_EMPTY;

    while (list->p && word.n == 0)
        word = slice_cut(list, ' ');
    return word;
}

static bool add_statuses(struct apply *a, const struct config_node *node, struct more_when *w,
                         struct slice list, struct config_error *e)
{
    struct slice word;
    int64_t n;

    while ((word = next_word(&list)).n > 0) {
        unsigned room = w->n_statuses; /* few: one at a time */

        if (!num_parse_u63(word, &n) || n < 100 || n > 999)
            return config_node_error(node, e, "invalid status \"" SLICE_FMT "\"", SLICE_ARG(word));
        w->statuses =
            pool_grow(&a->conf->pool, w->statuses, w->n_statuses, &room, sizeof(*w->statuses));
        w->statuses[w->n_statuses++] = (int)n;
    }
    return true;
}

/* What follows a `;` are parameters of a type, which do not matter. */
static void add_types(struct apply *a, struct more_when *w, struct slice list)
{
    struct slice word;

    while ((word = next_word(&list)).n > 0) {
        unsigned room = w->n_types;

        w->types = pool_grow(&a->conf->pool, w->types, w->n_types, &room, sizeof(*w->types));
        w->types[w->n_types++] = slice_cut(&word, ';');
    }
}

static bool needs_list(char option)
{
    return option == 's' || option == 't';
}

/* The option at `*i`, which moves to the last word that belongs to it. */
static bool read_option(struct apply *a, const struct config_node *node, size_t *i,
                        struct options *o, struct config_error *e)
{
    struct slice word = node->args[*i];
    bool is_input = node->schema->id & MORE_IS_INPUT, is_clear = node->schema->id & MORE_IS_CLEAR;
    char option = word.n == 2 ? word.p[1] : '\0';

    if (needs_list(option) && !(is_input && option == 's')) {
        if (++*i == node->n_args)
            return config_node_error(node, e, "%s: option -%c takes an argument.", node->name.p,
                                     option);
        if (option == 's')
            return add_statuses(a, node, o->when, node->args[*i], e);
        add_types(a, o->when, node->args[*i]);
    } else if (option == 'a' && !is_clear) {
        o->is_added = true;
    } else if (option == 'r' && is_input && !is_clear) {
        o->only_there = true;
    } else {
        return config_node_error(node, e, "%s: invalid option name: \"%.200s\"", node->name.p,
                                 word.p);
    }
    return true;
}

/* Options hold for all fields of the directive, wherever they stand. */
static bool apply_more(void *ctx, const struct config_node *node, struct config_error *e)
{
    struct apply *a = ctx;
    struct options o = {.when = pool_new(&a->conf->pool, struct more_when)};

    for (size_t i = 0; i < node->n_args; i++)
        if (node->args[i].n > 0 && node->args[i].p[0] == '-' && !read_option(a, node, &i, &o, e))
            return false;
    for (size_t i = 0; i < node->n_args; i++) {
        struct slice word = node->args[i];

        if (word.n > 0 && word.p[0] == '-')
            i += word.n == 2 && needs_list(word.p[1]);
        else if (word.n > 0 && !add_field(a, node, word, &o, e))
            return false;
    }
    return true;
}

#define ROW(text, which, args, about)                                                              \
    {                                                                                              \
        .name = (text), .contexts = CTX_LEVELS_IF, .flags = DIRECTIVE_REPEATS, .min_args = 1,      \
        .max_args = ARGS_MANY, .group = GROUP, .syntax = text " " args ";", .doc = (about),        \
        .id = (which), .apply = apply_more                                                         \
    }

static const struct directive table[] = {
    ROW("more_set_headers", 0, "[-a] [-s 'status …'] [-t 'type …'] 'name: value' …",
        "Sets fields of answers of any status, in the place of those that are there (`-a`: beside "
        "them); without a value, or with one that turns out empty, they are taken away. `-s` and "
        "`-t`: only of answers with such a status and such a type. What outer levels say is done "
        "before; all of it before `header_filter_by_lua` and `add_header`."),
    ROW("more_clear_headers", MORE_IS_CLEAR, "[-s 'status …'] [-t 'type …'] name …",
        "Takes fields off answers, `Date` and `Server` too; `name*`: all that begin so. See "
        "`more_set_headers`."),
    ROW("more_set_input_headers", MORE_IS_INPUT, "[-a] [-r] [-t 'type …'] 'name: value' …",
        "The same with fields of the request, at the end of the rewrite phase; `-t` is about the "
        "type of its body, with `-r` only fields that are there are set."),
    ROW("more_clear_input_headers", MORE_IS_INPUT | MORE_IS_CLEAR, "[-t 'type …'] name …",
        "Takes fields off the request; `name*`: all that begin so. See `more_set_input_headers`."),
};

void directives_more_headers_register(void)
{
    schema_register(table, ARRAY_LEN(table));
}
