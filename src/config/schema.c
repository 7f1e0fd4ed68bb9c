/* The registry of directives: filled once at start, then only read.
 *
 * Entries are kept in order of registration (that is the order of the reference) and chained by
 * name under a map, since a name may mean different things in different contexts. Tables are
 * checked when they are registered: whoever adds a directive wrongly learns it from the first start
 * of the program. */
#include "config/schema.h"

#include "base/check.h"
#include "base/map.h"
#include "base/mem.h"
#include "base/nearest.h"

struct entry {
    const struct directive *d;
    struct entry *next;      /* in order of registration */
    struct entry *same_name; /* next one of this name */
};

static struct {
    struct map by_name; /* name → first entry */
    struct entry *first, *last;
} registry; /* process-wide: the directives that this program knows */

static const struct {
    uint32_t context;
    const char *name;
} context_names[] = {
    {CTX_MAIN, "main"},
    {CTX_EVENTS, "events"},
    {CTX_HTTP, "http"},
    {CTX_SERVER, "server"},
    {CTX_LOCATION, "location"},
    {CTX_IF_SERVER, "if in server"},
    {CTX_IF_LOCATION, "if in location"},
    {CTX_LIMIT_EXCEPT, "limit_except"},
    {CTX_UPSTREAM, "upstream"},
    {CTX_STREAM, "stream"},
    {CTX_STREAM_SERVER, "server in stream"},
    {CTX_STREAM_UPSTREAM, "upstream in stream"},
};

static bool is_power_of_two(uint32_t v)
{
    return v != 0 && (v & (v - 1)) == 0;
}

/* A directive that contradicts itself is a bug of its table. */
static void check_entry(const struct directive *d)
{
    uint32_t shape = d->flags & (DIRECTIVE_BLOCK | DIRECTIVE_FREE | DIRECTIVE_LUA);

    CHECK(d->name && d->name[0]);
    if (d->contexts == 0 || (d->contexts & ~CTX_ANY) != 0 || d->min_args > d->max_args ||
        (shape && !is_power_of_two(shape)) ||
        (shape == DIRECTIVE_BLOCK ? !is_power_of_two(d->opens) : d->opens != 0))
        PANIC("directive \"%s\": contexts, arguments or block do not fit together", d->name);
    for (size_t i = 0; i < ARRAY_LEN(d->kinds); i++)
        if (d->kinds[i] > ARG_ENUM || (d->kinds[i] == ARG_ENUM && !d->choices))
            PANIC("directive \"%s\": argument %zu has no such kind", d->name, i);
}

static void add_entry(const struct directive *d)
{
    struct entry *entry = mem_new(struct entry);
    struct entry *same = map_get(&registry.by_name, slice_str(d->name));

    check_entry(d);
    entry->d = d;
    if (registry.last)
        registry.last->next = entry;
    else
        registry.first = entry;
    registry.last = entry;
    if (!same) {
        map_set(&registry.by_name, slice_str(d->name), entry);
        return;
    }
    for (;; same = same->same_name) {
        if (same->d->contexts & d->contexts)
            PANIC("directive \"%s\" is registered twice for one context", d->name);
        if (!same->same_name)
            break;
    }
    same->same_name = entry;
}

void schema_register(const struct directive *table, size_t n)
{
    for (size_t i = 0; i < n; i++)
        add_entry(&table[i]);
}

void schema_reset(void)
{
    struct entry *next;

    for (struct entry *it = registry.first; it; it = next) {
        next = it->next;
        mem_free(it);
    }
    map_deinit(&registry.by_name);
    map_init(&registry.by_name, false);
    registry.first = registry.last = NULL;
}

const struct directive *schema_find(struct slice name, uint32_t contexts)
{
    for (struct entry *it = map_get(&registry.by_name, name); it; it = it->same_name)
        if (it->d->contexts & contexts)
            return it->d;
    return NULL;
}

const char *schema_suggest(struct slice name, uint32_t context)
{
    struct nearest n = nearest_to(name);

    for (struct entry *it = registry.first; it; it = it->next)
        nearest_try(&n, slice_str(it->d->name), (it->d->contexts & context) != 0);
    return n.found.p;
}

uint32_t schema_context_in(const struct config_node *parent)
{
    return parent->schema ? parent->schema->opens : CTX_MAIN;
}

size_t schema_find_unended(const struct config_node *node)
{
    uint32_t context = schema_context_in(node->parent);
    unsigned line = node->line;
    size_t i = 0;

    while (i < node->n_args && (node->places[i].line == line || node->quoted[i] ||
                                !schema_find(node->args[i], context)))
        line = node->places[i++].line;
    return i;
}

bool schema_hint_unended(const struct config_node *node, struct config_error *e)
{
    size_t i = schema_find_unended(node);

    if (i == node->n_args || e->line != node->line || strcmp(e->file, node->file) != 0)
        return false;
    return config_error_hint(e,
                             "\"%s\" of line %u is a directive: a \";\" may be missing before it",
                             node->args[i].p, node->places[i].line);
}

void schema_context_names(uint32_t contexts, struct buf *out)
{
    const char *gap = "";

    for (size_t i = 0; i < ARRAY_LEN(context_names); i++) {
        if (!(contexts & context_names[i].context))
            continue;
        buf_printf(out, "%s%s", gap, context_names[i].name);
        gap = ", ";
    }
}

/* Contexts of `it` and of those later entries of its name that leave the description to it. */
static uint32_t described_contexts(const struct entry *it)
{
    uint32_t contexts = it->d->contexts;

    for (const struct entry *more = it->same_name; more && !more->d->doc; more = more->same_name)
        contexts |= more->d->contexts;
    return contexts;
}

static void print_directive(const struct entry *it, struct buf *out)
{
    const struct directive *d = it->d;

    buf_printf(out, "### %s\n\n", d->name);
    if (d->syntax)
        buf_printf(out, "- Syntax: `%s`\n", d->syntax);
    if (d->default_text)
        buf_printf(out, "- Default: `%s`\n", d->default_text);
    buf_add_lit(out, "- Context: ");
    schema_context_names(described_contexts(it), out);
    buf_printf(out, "\n\n%s\n\n", d->doc);
}

static const char *group_of(const struct directive *d)
{
    return d->group ? d->group : "Other directives";
}

static bool is_of_group(const struct entry *it, const char *group)
{
    return it->d->doc && strcmp(group_of(it->d), group) == 0;
}

/* The first entry of a group prints the whole of it. */
static bool is_first_of_group(const struct entry *it)
{
    for (const struct entry *e = registry.first; e != it; e = e->next)
        if (is_of_group(e, group_of(it->d)))
            return false;
    return true;
}

static void print_group(const char *group, struct buf *out)
{
    bool has_heading = false;

    for (const struct entry *it = registry.first; it; it = it->next) {
        if (!is_of_group(it, group))
            continue;
        if (!has_heading)
            buf_printf(out, "## %s\n\n", group);
        has_heading = true;
        print_directive(it, out);
    }
}

void schema_print_reference(struct buf *out)
{
    buf_add_lit(out, "# Directives\n\n");
    for (const struct entry *it = registry.first; it; it = it->next)
        if (it->d->doc && is_first_of_group(it) && !is_of_group(it, SCHEMA_GROUP_ACCEPTED))
            print_group(group_of(it->d), out);
    print_group(SCHEMA_GROUP_ACCEPTED, out);
}

bool config_apply(const struct config_node *parent, void *ctx, struct config_error *e)
{
    for (const struct config_node *node = parent->children; node; node = node->next)
        if (node->schema && node->schema->apply && !node->schema->apply(ctx, node, e))
            return schema_hint_unended(node, e);
    return true;
}
