/* Health checks: `health_check` beside a proxy_pass, and the `match` blocks that it names. */
#include "app/directives/directives.h"

#include "app/directives/tables.h"
#include "app/proxy/health.h"
#include "app/stream/relay.h"
#include "base/num.h"

#define GROUP "Health checks"

static bool take_time(struct slice word, const char *name, uint64_t *out)
{
    struct slice text;
    int64_t ms;

    if (!directives_named(word, name, &text) || !num_parse_msec(text, &ms))
        return false;
    *out = (uint64_t)ms;
    return true;
}

static bool take_count(struct slice word, const char *name, unsigned most, unsigned *out)
{
    struct slice text;
    int64_t n;

    if (!directives_named(word, name, &text) || !num_parse_u63(text, &n) || n < 1 ||
        n > (int64_t)most)
        return false;
    *out = (unsigned)n;
    return true;
}

static bool take_text(struct slice word, const char *name, struct slice *out)
{
    struct slice text;

    if (!directives_named(word, name, &text) || !text.n)
        return false;
    *out = text;
    return true;
}

static bool take_word(struct health_check *c, struct slice word)
{
    unsigned port;

    if (take_count(word, "port=", UINT16_MAX, &port)) {
        c->port = (uint16_t)port;
        return true;
    }
    if (slice_eq(word, SLICE("mandatory")))
        return c->is_mandatory = true;
    if (slice_eq(word, SLICE("persistent")))
        return c->is_persistent = true;
    return (take_time(word, "interval=", &c->interval) && c->interval > 0) ||
           take_time(word, "jitter=", &c->jitter) ||
           take_count(word, "fails=", 1000000, &c->fails) ||
           take_count(word, "passes=", 1000000, &c->passes) ||
           take_text(word, "match=", &c->match_name) ||
           (!c->is_stream && take_text(word, "uri=", &c->uri) && c->uri.p[0] == '/');
}

static bool add_check(void *ctx, const struct config_node *node, struct config_error *e)
{
    struct apply *a = ctx;
    struct health_check *c = pool_new(&a->conf->pool, struct health_check);

    *c = (struct health_check){
        .node = node,
        .loc = a->loc,
        .uri = SLICE("/"),
        .interval = 5000,
        .fails = 1,
        .passes = 1,
        .is_stream = directives_is_stream(a),
        .next = a->conf->health_checks,
    };
    a->conf->health_checks = c;
    for (size_t i = 0; i < node->n_args; i++)
        if (!take_word(c, node->args[i]))
            return config_arg_refuse(node, node->args[i], e);
    return !c->is_persistent || c->is_mandatory ||
           config_node_error(node, e, "\"persistent\" takes \"mandatory\"");
}

static bool apply_match(void *ctx, const struct config_node *node, struct config_error *e)
{
    struct apply *a = ctx;
    struct pool *pool = &a->conf->pool;
    bool is_stream = directives_is_stream(a);
    struct health_match *m;
    struct slice why;

    if (health_match_find(a->conf->matches, node->args[0], is_stream))
        return config_node_error(node, e, "duplicate match \"%.200s\"", node->args[0].p);
    m = pool_new(pool, struct health_match);
    m->name = node->args[0];
    m->is_stream = is_stream;
    m->next = a->conf->matches;
    a->conf->matches = m;
    for (const struct config_node *line = node->children; line; line = line->next)
        if (!(is_stream ? health_match_add_stream : health_match_add_http)(
                pool, m, line->name, line->args, line->n_args, &why))
            return config_node_error(line, e, SLICE_FMT, SLICE_ARG(why));
    return true;
}

static bool set_timeout(void *ctx, const struct config_node *node, struct config_error *e)
{
    struct apply *a = ctx;

    return directives_put_time(relay_conf_own(a->conf, a->loc), node, e);
}

static const struct directive table[] = {
    {.name = "health_check",
     .contexts = CTX_LOCATION | CTX_STREAM_SERVER,
     .flags = DIRECTIVE_REPEATS,
     .min_args = 0,
     .max_args = ARGS_MANY,
     .group = GROUP,
     .syntax = "health_check [parameters];",
     .doc = "One worker asks each server of the group that `proxy_pass` (or `grpc_pass`) beside it "
            "names, on a connection of "
            "its own, whether it is well; all workers then go by the answers, and a reload begins "
            "anew. `interval=5s` between two questions, `jitter=0` at most added at random; "
            "`fails=1` failures in a row make a server unhealthy: nothing is passed on to it until "
            "`passes=1` answers in a row are as they must be. `match=name` says how; without it "
            "the status must be 2xx "
            "or 3xx (`http`), or a connection be made (`stream`). `port=` asks another port. "
            "`mandatory`: a server gets nothing before its first answer; with `persistent` those "
            "that were well before a reload do not wait. In `http`: `uri=/` is what is asked for "
            "by GET; TLS, timeouts "
            "and those fields of `proxy_set_header` that hold no variables are the location's, "
            "Host is "
            "the group's name by default. `ngx.upstream` shows what is known. Several checks of "
            "one group must all pass.",
     .apply = add_check},
    {.name = "match",
     .contexts = CTX_HTTP | CTX_STREAM,
     .flags = DIRECTIVE_FREE | DIRECTIVE_REPEATS,
     .min_args = 1,
     .max_args = 1,
     .group = GROUP,
     .syntax = "match name { conditions }",
     .doc = "What an answer to a health check must be like; all conditions must hold. In `http`: "
            "`status 200 300-399;`, "
            "`status ! 500-599;`, `header Name;` (is there), `header ! Name;`, `header Name = "
            "text;`, `!=`, "
            "`~ regex`, `!~ regex`; `body ~ regex;`, `!~` (of the first 256 KiB). In `stream`: "
            "`send text;`, then "
            "`expect text;` or `expect ~ regex;` in what comes back; `\\xHH` is a byte.",
     .apply = apply_match},
    {.name = "health_check_timeout",
     .contexts = CTX_STREAM_ALL,
     .min_args = 1,
     .max_args = 1,
     .kinds = {ARG_TIME},
     .group = GROUP,
     .syntax = "health_check_timeout time;",
     .default_text = "health_check_timeout 5s;",
     .doc = "How long the expected answer to a health check of `stream` may take once it is "
            "connected.",
     .id = (int)offsetof(struct relay_conf, health_timeout),
     .apply = set_timeout},
};

void directives_health_register(void)
{
    schema_register(table, ARRAY_LEN(table));
}
