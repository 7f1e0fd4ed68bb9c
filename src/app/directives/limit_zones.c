/* limit_req and limit_conn: how much a client may ask for. A row's `id` says which of the two it is
 * about, or the field of struct limit_conf. */
#include "app/access/limit.h"
#include "app/directives/directives.h"
#include "app/directives/tables.h"
#include "base/num.h"
#include "shm/bucket.h"

#define GROUP "Limits by key"

enum { ZONE_LEAST = 32768, CONNECTIONS_MOST = 65535, RATE_MOST = 1000000000 };

static const char *const zone_kinds[] = {
    [LIMIT_REQ] = "limit_req_zone",
    [LIMIT_CONN] = "limit_conn_zone",
    [LIMIT_CONN_STREAM] = "limit_conn_zone of stream",
};

static const char *const log_levels[] = {"info", "notice", "warn", "error", NULL};

static struct limit_conf *own(struct apply *a, bool is_conn)
{
    size_t offset =
        is_conn ? offsetof(struct location, limit_conn) : offsetof(struct location, limit_req);

    return location_own(a->loc, offset, sizeof(struct limit_conf), &limit_defaults);
}

static bool bad_word(const struct config_node *node, const char *what, struct slice word,
                     struct config_error *e)
{
    return config_node_error(node, e, "invalid %s \"" SLICE_FMT "\"", what, SLICE_ARG(word));
}

static enum limit_kind kind_of(const struct apply *a, const struct config_node *node)
{
    enum limit_kind kind = (enum limit_kind)node->schema->id;

    return kind == LIMIT_CONN && directives_is_stream(a) ? LIMIT_CONN_STREAM : kind;
}

/* --- zones --- */

/* zone=name:size */
static bool read_zone(const struct config_node *node, struct slice word, struct slice *name,
                      int64_t *size, struct config_error *e)
{
    struct slice rest = slice_from(word, sizeof("zone=") - 1);

    *name = slice_cut(&rest, ':');
    if (!rest.p || !num_parse_size(rest, size))
        return bad_word(node, "zone size", word, e);
    return *size >= ZONE_LEAST ||
           config_node_error(node, e, "zone \"" SLICE_FMT "\" is too small", SLICE_ARG(*name));
}

/* rate=10r/s, rate=30r/m */
static bool read_rate(const struct config_node *node, struct slice word, uint64_t *rate,
                      struct config_error *e)
{
    struct slice number = slice_from(word, sizeof("rate=") - 1);
    int64_t n, scale = 1;

    if (slice_has_suffix(number, SLICE("r/m")))
        scale = 60;
    if (scale > 1 || slice_has_suffix(number, SLICE("r/s")))
        number.n -= 3;
    if (!num_parse_u63(number, &n) || n == 0 || n > RATE_MOST)
        return bad_word(node, "rate", word, e);
    *rate = (uint64_t)(n * BUCKET_DROP / scale);
    return true;
}

static bool declare(struct apply *a, const struct config_node *node, struct slice name, size_t size,
                    struct config_error *e)
{
    enum limit_kind kind = kind_of(a, node);
    struct limit_zone *z = limit_zone_refer(a->conf, kind, name);

    if (z->zone)
        return config_node_error(node, e,
                                 "%s \"" SLICE_FMT "\" is already bound to key \"" SLICE_FMT "\"",
                                 node->name.p, SLICE_ARG(name), SLICE_ARG(z->key_text));
    z->key_text = node->args[0];
    z->zone = zones_declare(a->conf, zone_kinds[kind], name, size, node, e);
    return z->zone && directives_script(a, node, node->args[0], &z->key, e);
}

static bool add_zone(void *ctx, const struct config_node *node, struct config_error *e)
{
    struct apply *a = ctx;
    struct slice name = SLICE_EMPTY;
    uint64_t rate = BUCKET_DROP;
    int64_t size = 0;

    for (size_t i = 1; i < node->n_args; i++) {
        struct slice word = node->args[i], rest;

        if (directives_named(word, "zone=", &rest)) {
            if (!read_zone(node, word, &name, &size, e))
                return false;
        } else if (node->schema->id == LIMIT_REQ && directives_named(word, "rate=", &rest)) {
            if (!read_rate(node, word, &rate, e))
                return false;
        } else {
            return bad_word(node, "parameter", word, e);
        }
    }
    if (name.n == 0)
        return config_node_error(node, e, "\"%s\" must have \"zone\" parameter", node->name.p);
    if (!declare(a, node, name, (size_t)size, e))
        return false;
    limit_zone_refer(a->conf, kind_of(a, node), name)->rate = rate;
    return true;
}

/* --- rules --- */

/* The first rule of a block takes the place of those inherited. */
static bool add_rule(struct apply *a, const struct config_node *node, const struct limit_rule *rule,
                     struct config_error *e)
{
    bool is_conn = node->schema->id == LIMIT_CONN;
    const struct location *parent = a->loc->parent;
    const struct limit_conf *above = NULL;
    struct limit_conf *c = own(a, is_conn);
    struct limit_rule **at;

    if (parent)
        above = is_conn ? parent->limit_conn : parent->limit_req;
    if (above && c->rules == above->rules)
        c->rules = NULL;
    for (at = &c->rules; *at; at = &(*at)->next)
        if ((*at)->zone == rule->zone)
            return config_node_error(node, e, "\"%s\" directive is duplicate", node->name.p);
    *at = pool_new(&a->conf->pool, struct limit_rule);
    **at = *rule;
    return true;
}

/* burst=, delay= and nodelay. */
static bool read_req(const struct config_node *node, struct slice word, struct limit_rule *rule,
                     struct config_error *e)
{
    struct slice rest;
    int64_t n;

    if (slice_eq(word, SLICE("nodelay"))) {
        rule->prompt = UINT64_MAX;
        return true;
    }
    if (directives_named(word, "burst=", &rest)) {
        if (!num_parse_u63(rest, &n) || n == 0 || n > RATE_MOST)
            return bad_word(node, "burst value", word, e);
        rule->most = (uint64_t)n * BUCKET_DROP;
        return true;
    }
    if (!directives_named(word, "delay=", &rest))
        return bad_word(node, "parameter", word, e);
    if (!num_parse_u63(rest, &n) || n == 0 || n > RATE_MOST)
        return bad_word(node, "delay value", word, e);
    rule->prompt = (uint64_t)n * BUCKET_DROP;
    return true;
}

static bool add_req(void *ctx, const struct config_node *node, struct config_error *e)
{
    struct apply *a = ctx;
    struct limit_rule rule = {.zone = NULL};

    for (size_t i = 0; i < node->n_args; i++) {
        struct slice name;

        if (directives_named(node->args[i], "zone=", &name))
            rule.zone = limit_zone_refer(a->conf, LIMIT_REQ, name);
        else if (!read_req(node, node->args[i], &rule, e))
            return false;
    }
    if (!rule.zone)
        return config_node_error(node, e, "\"%s\" must have \"zone\" parameter", node->name.p);
    return add_rule(a, node, &rule, e);
}

static bool add_conn(void *ctx, const struct config_node *node, struct config_error *e)
{
    struct apply *a = ctx;
    struct limit_rule rule = {.zone = limit_zone_refer(a->conf, kind_of(a, node), node->args[0])};
    int64_t n;

    if (!num_parse_u63(node->args[1], &n) || n == 0)
        return bad_word(node, "number of connections", node->args[1], e);
    if (n > CONNECTIONS_MOST)
        return config_node_error(node, e, "connection limit must be less 65536");
    rule.most = (uint64_t)n;
    return add_rule(a, node, &rule, e);
}

/* --- what happens then --- */

static bool set_status(void *ctx, const struct config_node *node, struct config_error *e)
{
    struct limit_conf *c = own(ctx, node->schema->id == LIMIT_CONN);
    int64_t n;

    if (!config_arg_int(node, 0, &n, e))
        return false;
    if (n < 400 || n > 599)
        return config_node_error(node, e, "value must be between 400 and 599");
    c->status = (int)n;
    return true;
}

static bool set_level(void *ctx, const struct config_node *node, struct config_error *e)
{
    struct limit_conf *c = own(ctx, node->schema->id == LIMIT_CONN);

    UNUSED(e);
    return log_level_parse(node->args[0], &c->level);
}

static bool set_dry_run(void *ctx, const struct config_node *node, struct config_error *e)
{
    return config_arg_flag(node, 0, &own(ctx, node->schema->id == LIMIT_CONN)->is_dry_run, e);
}

#define CTX_CONN (CTX_HTTP_ALL | CTX_STREAM_ALL)

#define LEVEL(text, where, kind, about)                                                            \
    DIRECTIVE_CHOICE(text, where, log_levels, "info | notice | warn | error", "error", kind,       \
                     about, set_level)

static const struct directive table[] = {
    {.name = "limit_req_zone",
     .contexts = CTX_HTTP,
     .flags = DIRECTIVE_REPEATS,
     .min_args = 2,
     .max_args = 3,
     .group = GROUP,
     .syntax = "limit_req_zone key zone=name:size [rate=number r/s | r/m];",
     .doc = "Memory of all workers (32k or more) for requests at this rate (`rate=10r/s`, "
            "`rate=30r/m`; 1r/s) for each value of the key, which may hold variables; an empty one "
            "does not count. It is kept over reloads; without room the keys used the longest time "
            "ago give way.",
     .id = LIMIT_REQ,
     .apply = add_zone},
    {.name = "limit_req",
     .contexts = CTX_HTTP_ALL,
     .flags = DIRECTIVE_REPEATS,
     .min_args = 1,
     .max_args = 3,
     .group = GROUP,
     .syntax = "limit_req zone=name [burst=number] [nodelay | delay=number];",
     .doc = "Requests beyond the zone's rate wait for their turn, `burst` of them at most (0); "
            "those beyond are refused. The first `delay` of them, or all (`nodelay`), do not wait. "
            "Several limits hold together. Inherited when the block has none of its own.",
     .id = LIMIT_REQ,
     .apply = add_req},
    DIRECTIVE_SETTING("limit_req_status", CTX_HTTP_ALL, ARG_NUMBER, "code", "503", LIMIT_REQ,
                      "The answer of what is refused, 400 to 599.", set_status),
    LEVEL("limit_req_log_level", CTX_HTTP_ALL, LIMIT_REQ,
          "The level of the line about what is refused; what is delayed is told one below."),
    DIRECTIVE_FLAG("limit_req_dry_run", CTX_HTTP_ALL, "off", LIMIT_REQ,
                   "Counts and logs, and refuses and delays nothing: `$limit_req_status` tells "
                   "what would be (`PASSED`, `DELAYED`, `REJECTED`, `DELAYED_DRY_RUN`, "
                   "`REJECTED_DRY_RUN`).",
                   set_dry_run),
    {.name = "limit_conn_zone",
     .contexts = CTX_HTTP | CTX_STREAM,
     .flags = DIRECTIVE_REPEATS,
     .min_args = 2,
     .max_args = 2,
     .group = GROUP,
     .syntax = "limit_conn_zone key zone=name:size;",
     .doc = "Memory of all workers (32k or more) for how many requests, or sessions of `stream`, "
            "are being answered for each value of the key. What a worker held that has died is "
            "given back.",
     .id = LIMIT_CONN,
     .apply = add_zone},
    {.name = "limit_conn",
     .contexts = CTX_CONN,
     .flags = DIRECTIVE_REPEATS,
     .min_args = 2,
     .max_args = 2,
     .group = GROUP,
     .syntax = "limit_conn zone number;",
     .doc = "So many requests (of HTTP/2 each counts) or sessions for a value of the zone's key "
            "are answered at a time; more are refused, and so is what the zone has no room for. "
            "Several limits hold together. Inherited when the block has none of its own.",
     .id = LIMIT_CONN,
     .apply = add_conn},
    DIRECTIVE_SETTING("limit_conn_status", CTX_HTTP_ALL, ARG_NUMBER, "code", "503", LIMIT_CONN,
                      "The answer of what is refused, 400 to 599.", set_status),
    LEVEL("limit_conn_log_level", CTX_CONN, LIMIT_CONN,
          "The level of the line about what is refused."),
    DIRECTIVE_FLAG("limit_conn_dry_run", CTX_CONN, "off", LIMIT_CONN,
                   "Counts and logs, and refuses nothing; see `$limit_conn_status`.", set_dry_run),
};

void directives_limit_zones_register(void)
{
    schema_register(table, ARRAY_LEN(table));
}
