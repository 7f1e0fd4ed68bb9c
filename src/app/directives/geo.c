/* The blocks geo and split_clients. */
#include "app/directives/directives.h"
#include "app/directives/tables.h"
#include "app/variables/geo_block.h"
#include "app/variables/split_clients.h"
#include "base/num.h"

#define GROUP "Variables"

/* The block while it is read: networks that were said, by their bytes. */
struct reader {
    struct apply *a;
    struct geo_block *g;
    struct map networks; /* → struct network * */
    bool has_ranges, has_entries, has_default;
};

struct network {
    struct addr_range range;
    struct slice *value; /* NULL: deleted */
};

static struct slice *keep(const struct reader *r, struct slice value)
{
    struct slice *kept = pool_new(&r->a->conf->pool, struct slice);

    *kept = value;
    return kept;
}

/* --- spans: 10.0.0.0-10.0.0.255 value --- */

static bool add_span(struct reader *r, const struct config_node *node, struct slice text,
                     struct slice *value, struct config_error *e)
{
    struct slice rest = text, begin = slice_cut(&rest, '-');
    struct addr first, last;

    if (rest.p && addr_literal(begin, &first) && addr_literal(rest, &last) &&
        addr_table_add_span(r->g->table, &first, &last, value))
        return true;
    return config_node_error(node, e, "invalid range \"%.200s\"", text.p);
}

/* --- networks --- */

static void warn(const struct config_node *node, const char *what, struct slice network,
                 struct slice value, struct slice old)
{
    log_write(NULL, LOG_WARN,
              "%s \"" SLICE_FMT "\", value: \"" SLICE_FMT "\", old value: \"" SLICE_FMT
              "\" in %s:%u",
              what, SLICE_ARG(network), SLICE_ARG(value), SLICE_ARG(old), node->file, node->line);
}

static struct network *network_of(struct reader *r, const struct addr_range *range)
{
    struct slice key = slice_of((const char *)range, sizeof(*range));
    struct network *n = map_get(&r->networks, key);

    if (!n) {
        n = pool_new(&r->a->conf->pool, struct network);
        n->range = *range;
        map_set(&r->networks, slice_of((const char *)&n->range, sizeof(n->range)), n);
    }
    return n;
}

static bool read_network(const struct config_node *node, struct slice text, struct addr_range *out,
                         struct config_error *e)
{
    if (!directives_range(node, text, out) || out->kind < ADDR_RANGE_V4)
        return config_node_error(node, e, "invalid network \"%.200s\"", text.p);
    return true;
}

static bool add_network(struct reader *r, const struct config_node *node, struct slice text,
                        struct slice *value, struct config_error *e)
{
    struct addr_range range;
    struct network *n;

    if (!read_network(node, text, &range, e))
        return false;
    n = network_of(r, &range);
    if (n->value && value)
        warn(node, "duplicate network", text, *value, *n->value);
    if (!n->value && !value)
        log_write(NULL, LOG_WARN, "no network \"" SLICE_FMT "\" to delete in %s:%u",
                  SLICE_ARG(text), node->file, node->line);
    n->value = value;
    return true;
}

/* --- entries --- */

static bool add_proxy(struct reader *r, const struct config_node *node, struct config_error *e)
{
    struct geo_block *g = r->g;
    struct addr_range range;

    if (!read_network(node, node->args[0], &range, e))
        return false;
    g->proxies.ranges = pool_grow(&r->a->conf->pool, g->proxies.ranges, g->proxies.n,
                                  &g->proxies_room, sizeof(range));
    g->proxies.ranges[g->proxies.n++] = range;
    return true;
}

static bool set_default(struct reader *r, const struct config_node *node)
{
    if (r->has_default)
        warn(node, "duplicate default geo value", node->name, node->args[0], r->g->fallback);
    r->g->fallback = node->args[0];
    r->has_default = true;
    return true;
}

/* `ranges;`, `proxy_recursive;`, `volatile;`. */
static bool take_word(struct reader *r, const struct config_node *node, struct config_error *e)
{
    if (slice_eq(node->name, SLICE("ranges"))) {
        if (r->has_entries)
            return config_node_error(node, e,
                                     "the \"ranges\" directive must be the first "
                                     "directive inside \"geo\" block");
        r->has_ranges = true;
    } else if (slice_eq(node->name, SLICE("proxy_recursive"))) {
        r->g->is_recursive = true;
    } else if (slice_eq(node->name, SLICE("volatile"))) {
        r->g->is_volatile = true;
    } else {
        return config_node_error(node, e, "invalid number of the geo parameters");
    }
    return true;
}

static bool add_entry(struct reader *r, const struct config_node *node, struct config_error *e)
{
    struct slice text = node->name, *value;

    if (node->n_args == 0)
        return take_word(r, node, e);
    if (node->n_args != 1)
        return config_node_error(node, e, "invalid number of the geo parameters");
    if (slice_eq(text, SLICE("proxy")))
        return add_proxy(r, node, e);
    if (slice_eq(text, SLICE("default")))
        return set_default(r, node);
    r->has_entries = true;
    if (slice_eq(text, SLICE("delete"))) {
        text = node->args[0];
        value = NULL;
    } else {
        value = keep(r, node->args[0]);
    }
    return r->has_ranges ? add_span(r, node, text, value, e) : add_network(r, node, text, value, e);
}

static bool read_block(struct reader *r, const struct config_node *node, struct config_error *e)
{
    const struct map_entry *found;
    size_t at = 0;

    for (const struct config_node *entry = node->children; entry; entry = entry->next)
        if (!add_entry(r, entry, e))
            return false;
    while ((found = map_next(&r->networks, &at)) != NULL) {
        const struct network *n = found->value;

        if (n->value)
            addr_table_add_network(r->g->table, &n->range, n->value);
    }
    addr_table_finish(r->g->table);
    return true;
}

/* geo [$address] $variable */
static bool apply_geo(void *ctx, const struct config_node *node, struct config_error *e)
{
    struct apply *a = ctx;
    struct geo_block *g = pool_new(&a->conf->pool, struct geo_block);
    struct reader r = {.a = a, .g = g};
    bool is_right;

    g->table = addr_table_new(&a->conf->pool);
    g->fallback = SLICE_EMPTY;
    if (node->n_args > 1) {
        if (node->args[0].n < 2 || node->args[0].p[0] != '$')
            return config_node_error(node, e, "invalid variable name \"%.200s\"", node->args[0].p);
        g->source = variable_refer(a->loc->variables, slice_from(node->args[0], 1));
    }
    if (!directives_define(a, node, node->args[node->n_args - 1], geo_block_get, g, e))
        return false;
    map_init(&r.networks, false);
    is_right = read_block(&r, node, e);
    map_deinit(&r.networks);
    return is_right;
}

/* "12.5%", in hundredths; 0 of `*`. */
static bool read_share(struct slice text, uint32_t *out)
{
    struct slice whole, part = text;
    int64_t n, hundredths = 0;

    *out = 0;
    if (slice_eq(text, SLICE("*")))
        return true;
    if (part.n == 0 || part.p[--part.n] != '%')
        return false;
    whole = slice_cut(&part, '.');
    if (!num_parse_u63(whole, &n) || n > 100)
        return false;
    if (part.p && (part.n > 2 || (part.n > 0 && !num_parse_u63(part, &hundredths))))
        return false;
    if (part.p && part.n == 1)
        hundredths *= 10;
    *out = (uint32_t)(n * 100 + hundredths);
    return *out > 0 && *out <= SPLIT_ALL;
}

static bool apply_split(void *ctx, const struct config_node *node, struct config_error *e)
{
    struct apply *a = ctx;
    struct split_clients *s = pool_new(&a->conf->pool, struct split_clients);
    unsigned room = 0;

    if (!directives_script(a, node, node->args[0], &s->source, e) ||
        !directives_define(a, node, node->args[1], split_clients_get, s, e))
        return false;
    for (const struct config_node *entry = node->children; entry; entry = entry->next) {
        struct split_part part;

        if (entry->n_args != 1)
            return config_node_error(entry, e, "invalid number of the split_clients parameters");
        if (!read_share(entry->name, &part.share))
            return config_node_error(entry, e, "invalid percent value \"%.200s\"", entry->name.p);
        part.value = entry->args[0];
        s->parts = pool_grow(&a->conf->pool, s->parts, s->n, &room, sizeof(part));
        s->parts[s->n++] = part;
    }
    return split_clients_divide(s) ||
           config_node_error(node, e, "percent total is greater than 100%%");
}

static const struct directive table[] = {
    {.name = "geo",
     .contexts = CTX_HTTP | CTX_STREAM,
     .flags = DIRECTIVE_FREE | DIRECTIVE_REPEATS,
     .min_args = 1,
     .max_args = 2,
     .group = GROUP,
     .syntax = "geo [$address] $variable { network value; … }",
     .doc =
         "Defines a variable whose value depends on the client's address, or on the one that "
         "another variable holds: the value of the most specific network (`10.0.0.0/8`, "
         "`2001:db8::/32`) that has it, else of `default`, else empty. After `ranges;` entries are "
         "spans, `10.0.0.0-10.0.0.255`, of which the last one counts. `delete network;` takes an "
         "entry away; `proxy network;` names proxies whose X-Forwarded-For is believed, "
         "`proxy_recursive;` as `real_ip_recursive` does; `include file;` reads more entries; "
         "`volatile;` looks the address up each time.",
     .apply = apply_geo},
    {.name = "split_clients",
     .contexts = CTX_HTTP | CTX_STREAM,
     .flags = DIRECTIVE_FREE | DIRECTIVE_REPEATS,
     .min_args = 2,
     .max_args = 2,
     .group = GROUP,
     .syntax = "split_clients string $variable { share% value; … * value; }",
     .doc = "Defines a variable that has one of the values, each for its share of all strings "
            "(`0.5%`; `*` is what is left): the same string always has the same, and the one that "
            "it has in nginx.",
     .apply = apply_split},
};

void directives_geo_register(void)
{
    schema_register(table, ARRAY_LEN(table));
}
