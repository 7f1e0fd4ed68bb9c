/* upstream { }: groups of servers. */
#include "app/directives/upstream.h"

#include "app/directives/tables.h"
#include "base/num.h"

#define GROUP "Upstreams"

enum { ZONE_LEAST = 32768 };

static struct apply_upstream *of(void *ctx)
{
    return ctx;
}

static bool apply_upstream(void *ctx, const struct config_node *node, struct config_error *e)
{
    struct apply *a = ctx;
    struct upstream *u = upstream_new(&a->conf->pool, node->args[0]);
    struct apply_upstream f = {a, u, NULL};
    bool is_stream = directives_is_stream(a);

    u->level = a->loc;
    upstream_list(a->conf, u, is_stream);
    if (map_set(is_stream ? &a->conf->stream_upstreams : &a->conf->upstreams, u->name, u))
        return config_node_error(node, e, "duplicate upstream \"%.200s\"", node->args[0].p);
    if (!config_apply(node, &f, e))
        return false;
    if (u->n == 0 && !u->balancer)
        return config_node_error(node, e, "no servers are inside upstream");
    if (u->n > 0)
        upstream_share(u);
    return true;
}

static bool take_number(struct slice word, const char *name, int64_t *out)
{
    struct slice text;

    return directives_named(word, name, &text) && num_parse_u63(text, out);
}

static bool take_parameter(struct upstream_peer *p, struct slice word)
{
    struct slice text;
    int64_t n;

    if (slice_eq(word, SLICE("backup")))
        p->is_backup = true;
    else if (slice_eq(word, SLICE("down")))
        p->is_down = true;
    else if (take_number(word, "weight=", &n) && n > 0 && n < 65536)
        p->weight = (unsigned)n;
    else if (take_number(word, "max_fails=", &n))
        p->max_fails = (unsigned)MIN(n, 1000000);
    else if (take_number(word, "max_conns=", &n))
        p->max_conns = (unsigned)MIN(n, 1000000);
    else if (directives_named(word, "fail_timeout=", &text) && num_parse_msec(text, &n))
        p->fail_timeout = (uint64_t)n;
    else
        return false;
    return true;
}

/* How its name is looked up. */
struct lookup {
    struct slice service;
    bool resolves;
};

static bool take_lookup(struct lookup *l, struct slice word)
{
    struct slice text;

    if (slice_eq(word, SLICE("resolve")))
        l->resolves = true;
    else if (directives_named(word, "service=", &text) && text.n)
        l->service = text;
    else
        return false;
    return true;
}

static bool read_lookup(struct lookup *l, const struct config_node *node, struct config_error *e)
{
    for (size_t i = 1; i < node->n_args; i++)
        (void)take_lookup(l, node->args[i]);
    if (!l->service.n)
        return true;
    if (!l->resolves)
        return config_node_error(
            node, e, "service upstream \"%.200s\" requires \"resolve\" parameter", node->args[0].p);
    return slice_find(node->args[0], ':') < 0 ||
           config_node_error(node, e, "service upstream \"%.200s\" may not have port",
                             node->args[0].p);
}

static bool refuse(const struct config_node *node, struct slice word, struct config_error *e)
{
    struct slice text;

    if (directives_named(word, "slow_start=", &text))
        return config_node_error(
            node, e,
            "there is no \"slow_start\": a server that is back has its share at "
            "once, as in nginx without a subscription; remove it");
    return config_arg_refuse(node, word, e);
}

/* What a server is to those that stay with it. */
static bool take_binding(struct upstream_peer *p, const struct config_node *node, struct slice word,
                         struct config_error *e)
{
    if (slice_eq(word, SLICE("drain"))) {
        p->is_draining = true;
        return true;
    }
    if (!directives_named(word, "route=", &p->route))
        return refuse(node, word, e);
    if (!p->route.n)
        return config_node_error(node, e, "route is empty");
    return p->route.n <= STICKY_ID_MOST ||
           config_node_error(node, e, "route is longer than %d", (int)STICKY_ID_MOST);
}

/* Asked of servers that stand behind the method, as in nginx. */
static bool has_no_backups(const struct upstream *u)
{
    return u->balance != UPSTREAM_ROUND_ROBIN && u->balance != UPSTREAM_LEAST_CONN;
}

static bool add_server(void *ctx, const struct config_node *node, struct config_error *e)
{
    bool is_stream = directives_is_stream(of(ctx)->apply);
    struct upstream *u = of(ctx)->u;
    struct lookup l = {SLICE_EMPTY, false};
    struct upstream_peer *p;

    if (!read_lookup(&l, node, e))
        return false;
    p = upstream_add(u, node->args[0], is_stream && !l.service.n ? 0 : 80);
    if (!p)
        return config_node_error(node, e, "%s in upstream \"%.200s\"",
                                 is_stream ? "invalid host or no port" : "invalid host",
                                 node->args[0].p);
    for (size_t i = 1; i < node->n_args; i++)
        if (!take_parameter(p, node->args[i]) && !take_lookup(&l, node->args[i]) &&
            !(is_stream ? refuse(node, node->args[i], e) : take_binding(p, node, node->args[i], e)))
            return false;
    if (p->is_backup && has_no_backups(u))
        return config_node_error(node, e, "balancing method does not support parameter \"backup\"");
    upstream_look_up(u, l.service, l.resolves);
    return true;
}

/* Of this group alone: a copy of the level around it says so. */
static struct apply within(struct apply_upstream *f)
{
    struct apply a = *f->apply;

    if (!f->level) {
        f->level = pool_new(&a.conf->pool, struct location);
        *f->level = *a.loc;
        f->u->level = f->level;
    }
    a.loc = f->level;
    return a;
}

static bool set_resolver(void *ctx, const struct config_node *node, struct config_error *e)
{
    struct apply a = within(of(ctx));

    return directives_set_resolver(&a, node, e);
}

static bool set_resolver_timeout(void *ctx, const struct config_node *node, struct config_error *e)
{
    struct apply a = within(of(ctx));

    return directives_set_time(&a, node, e);
}

static bool set_balance(void *ctx, const struct config_node *node, struct config_error *e)
{
    of(ctx)->u->balance = (enum upstream_balance)node->schema->id;
    if (node->schema->id != UPSTREAM_RANDOM || node->n_args == 0)
        return true;
    if (!slice_eq(node->args[0], SLICE("two")))
        return config_arg_refuse(node, node->args[0], e);
    if (node->n_args > 1 && !slice_eq(node->args[1], SLICE("least_conn")))
        return config_arg_refuse(node, node->args[1], e);
    of(ctx)->u->balance = UPSTREAM_RANDOM_TWO;
    return true;
}

static bool set_hash(void *ctx, const struct config_node *node, struct config_error *e)
{
    struct apply_upstream *f = ctx;

    f->u->balance = UPSTREAM_HASH;
    if (node->n_args > 1 && !slice_eq(node->args[1], SLICE("consistent")))
        return config_arg_refuse(node, node->args[1], e);
    if (node->n_args > 1)
        f->u->balance = UPSTREAM_CONSISTENT;
    return directives_script(f->apply, node, node->args[0], &f->u->key, e);
}

static bool set_keepalive(void *ctx, const struct config_node *node, struct config_error *e)
{
    int64_t n;

    if (!config_arg_int(node, 0, &n, e))
        return false;
    if (n == 0)
        return config_node_error(node, e, "invalid value \"0\" in \"keepalive\" directive");
    of(ctx)->u->keepalive = (unsigned)MIN(n, 1000000);
    return true;
}

static bool set_number(void *ctx, const struct config_node *node, struct config_error *e)
{
    return directives_put_number(of(ctx)->u, node, e);
}

static bool set_time(void *ctx, const struct config_node *node, struct config_error *e)
{
    return directives_put_time(of(ctx)->u, node, e);
}

/* Does the same zone have a size in a group beside this one? */
static bool has_size_elsewhere(const struct config_node *zone)
{
    for (const struct config_node *g = zone->parent->parent->children; g; g = g->next)
        for (const struct config_node *z = g->children; z; z = z->next)
            if (z->n_args > 1 && slice_eq(z->name, zone->name) &&
                slice_eq(z->args[0], zone->args[0]))
                return true;
    return false;
}

/* The memory is as large as it has to be. */
static bool set_zone(void *ctx, const struct config_node *node, struct config_error *e)
{
    int64_t size;

    if (node->n_args > 1 && (!num_parse_size(node->args[1], &size) || size < ZONE_LEAST))
        return config_node_error(node, e, "invalid zone size \"%.200s\"", node->args[1].p);
    if (node->n_args == 1 && !has_size_elsewhere(node))
        return config_node_error(node, e, "zero size shared memory zone \"%.200s\"",
                                 node->args[0].p);
    of(ctx)->u->has_zone = true;
    return true;
}

#define CTX_BOTH (CTX_UPSTREAM | CTX_STREAM_UPSTREAM)

#define BALANCE(word, where, args, what, kind, text)                                               \
    {                                                                                              \
        .name = (word), .contexts = (where), .min_args = 0, .max_args = (args), .group = GROUP,    \
        .syntax = (what), .doc = (text), .id = (kind), .apply = set_balance                        \
    }

static const struct directive table[] = {
    {.name = "upstream",
     .contexts = CTX_HTTP,
     .flags = DIRECTIVE_BLOCK | DIRECTIVE_REPEATS,
     .opens = CTX_UPSTREAM,
     .min_args = 1,
     .max_args = 1,
     .group = GROUP,
     .syntax = "upstream name { … }",
     .doc =
         "A group of servers that `proxy_pass` names; those of `http` and of `stream` are apart. "
         "They are chosen in turn, by weight, unless "
         "another way is named.",
     .apply = apply_upstream},
    {.name = "upstream",
     .contexts = CTX_STREAM,
     .flags = DIRECTIVE_BLOCK | DIRECTIVE_REPEATS,
     .opens = CTX_STREAM_UPSTREAM,
     .min_args = 1,
     .max_args = 1,
     .group = GROUP,
     .syntax = "upstream name { … }",
     .apply = apply_upstream},
    {.name = "server",
     .contexts = CTX_BOTH,
     .flags = DIRECTIVE_REPEATS,
     .min_args = 1,
     .max_args = ARGS_MANY,
     .group = GROUP,
     .syntax = "server address [parameters];",
     .doc =
         "A server: `name[:port]`, an address, or `unix:/path`; the port is 80 in `http`, and must "
         "be given in `stream`. `weight=1`; `max_fails=1` "
         "failures within `fail_timeout=10s` leave it out for that long (0: never), unless it is "
         "the only one, and while all are out the answer is 502; `max_conns` "
         "requests at once in a worker; `backup`: only when the others are out (not behind "
         "`hash`, `ip_hash`, `random`); `down`; in `http` "
         "`route=text` (up to 32 bytes), its id for `sticky`, and `drain`: only requests that "
         "`sticky` binds to it.\n\n"
         "A name is looked up by one worker when it starts, and again when what the name servers "
         "said expires. Each of its addresses is a server with these parameters; those that stay "
         "keep what is known of them, others come and go. `localhost` is one server. With "
         "`resolve` a name that is no more has no servers; without, it then stands for itself, "
         "as it does until the first answer, and is looked up for each connection. Name servers "
         "that fail change nothing, nor does a reload. `service=http` (with `resolve`, without a "
         "port) asks for the "
         "SRV records of `_http._tcp.name` (a service with dots stands before the name as it is): "
         "ports are theirs, weights too unless `weight` says another; targets of the best priority "
         "are servers, the others backups.",
     .apply = add_server},
    BALANCE("least_conn", CTX_BOTH, 0, "least_conn;", UPSTREAM_LEAST_CONN,
            "Chooses the server with the fewest requests, by weight."),
    BALANCE("ip_hash", CTX_UPSTREAM, 0, "ip_hash;", UPSTREAM_IP_HASH,
            "Chooses by the client's address (the first three octets of IPv4)."),
    BALANCE("random", CTX_BOTH, 2, "random [two [least_conn]];", UPSTREAM_RANDOM,
            "Chooses at random; with `two` the less busy of two that are not the same."),
    {.name = "hash",
     .contexts = CTX_BOTH,
     .min_args = 1,
     .max_args = 2,
     .group = GROUP,
     .syntax = "hash key [consistent];",
     .doc = "Chooses by a text with variables. With `consistent` few keys change their server when "
            "one comes or goes. `hash`, `consistent` and `ip_hash` lead to the servers that nginx "
            "would choose. Where the text is empty they take turns.",
     .apply = set_hash},
    {.name = "keepalive",
     .contexts = CTX_UPSTREAM,
     .min_args = 1,
     .max_args = 1,
     .kinds = {ARG_NUMBER},
     .group = GROUP,
     .syntax = "keepalive number;",
     .doc = "How many free connections each worker keeps for a server. Takes `proxy_http_version "
            "1.1;` and `proxy_set_header Connection \"\";` in the location.",
     .apply = set_keepalive},
    {.name = "balancer_keepalive",
     .contexts = CTX_UPSTREAM,
     .min_args = 1,
     .max_args = 1,
     .kinds = {ARG_NUMBER},
     .group = GROUP,
     .syntax = "balancer_keepalive number;",
     .default_text = "balancer_keepalive 30;",
     .doc = "How many free connections each worker keeps for a server that `balancer_by_lua` chose "
            "and whose connections `enable_keepalive` keeps.",
     .id = offsetof(struct upstream, balancer_keepalive),
     .apply = set_number},
    {.name = "keepalive_requests",
     .contexts = CTX_UPSTREAM,
     .min_args = 1,
     .max_args = 1,
     .kinds = {ARG_NUMBER},
     .group = GROUP,
     .syntax = "keepalive_requests number;",
     .default_text = "keepalive_requests 1000;",
     .doc = "Requests on one connection to a server.",
     .id = offsetof(struct upstream, keepalive_requests),
     .apply = set_number},
    {.name = "keepalive_timeout",
     .contexts = CTX_UPSTREAM,
     .min_args = 1,
     .max_args = 1,
     .kinds = {ARG_TIME},
     .group = GROUP,
     .syntax = "keepalive_timeout time;",
     .default_text = "keepalive_timeout 60s;",
     .doc = "How long a free connection to a server is kept.",
     .id = offsetof(struct upstream, keepalive_timeout),
     .apply = set_time},
    {.name = "keepalive_time",
     .contexts = CTX_UPSTREAM,
     .min_args = 1,
     .max_args = 1,
     .kinds = {ARG_TIME},
     .group = GROUP,
     .syntax = "keepalive_time time;",
     .default_text = "keepalive_time 1h;",
     .doc = "How old a connection to a server may become.",
     .id = offsetof(struct upstream, keepalive_time),
     .apply = set_time},
    {.name = "resolver",
     .contexts = CTX_BOTH,
     .min_args = 1,
     .max_args = ARGS_MANY,
     .kinds = {ARG_WORD},
     .group = GROUP,
     .syntax = "resolver address[:port] … [valid=time] [ipv6=on|off];",
     .doc = "Name servers that are asked for the names of this group, instead of those of the "
            "level around it.",
     .apply = set_resolver},
    {.name = "resolver_timeout",
     .contexts = CTX_BOTH,
     .min_args = 1,
     .max_args = 1,
     .kinds = {ARG_TIME},
     .id = offsetof(struct location, resolver_timeout),
     .group = GROUP,
     .syntax = "resolver_timeout time;",
     .default_text = "resolver_timeout 30s;",
     .doc = "How long looking up the names of this group may take.",
     .apply = set_resolver_timeout},
    {.name = "zone",
     .contexts = CTX_BOTH,
     .min_args = 1,
     .max_args = 2,
     .group = GROUP,
     .syntax = "zone name [size];",
     .doc = "All workers know together which servers have failed, how busy each is and whose turn "
            "it is; without it each worker knows for itself. The size is checked (32k at least) "
            "and otherwise the server's own affair. A reload begins anew.",
     .apply = set_zone},
};

void directives_upstream_register(void)
{
    schema_register(table, ARRAY_LEN(table));
}
