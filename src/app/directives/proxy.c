/* proxy_*, grpc_pass: what a location passes on, and how. */
#include "app/directives/proxy.h"

#include "app/directives/directives.h"
#include "app/directives/proxy_levels.h"
#include "app/directives/tables.h"
#include "app/proxy/proxy.h"

#define GROUP         "Proxying"
#define CTX_LEVELS    CTX_HTTP_ALL
#define CTX_LEVELS_IF (CTX_HTTP_ALL | CTX_IF_LOCATION)

/* --- proxy_pass --- */

static bool may_have_uri(const struct location *l)
{
    return l->kind != LOCATION_REGEX && l->kind != LOCATION_NAMED && l->kind != LOCATION_IF;
}

bool directives_proxy_check(struct apply *a, const struct config_node *node, struct config_error *e)
{
    const struct step_list *content = &a->loc->steps[PHASE_CONTENT];
    const struct proxy_tls *own = &a->loc->proxy->tls;
    const struct proxy_conf *outer = a->loc->parent ? a->loc->parent->proxy : NULL;
    const struct proxy_pass *pass =
        content->n && content->steps[0].run == proxy_step ? content->steps[0].arg : NULL;
    bool has_certificate = own->certificate_by_lua &&
                           !(outer && outer->tls.certificate_by_lua == own->certificate_by_lua);
    bool has_verify =
        own->verify_by_lua && !(outer && outer->tls.verify_by_lua == own->verify_by_lua);

    if (!pass || pass->kind != PROXY_HTTP || pass->target || pass->is_tls ||
        !(has_certificate || has_verify))
        return true;
    return config_node_error(node, e,
                             "proxy_ssl_%s_by_lua* should be used with proxy_pass https url",
                             has_certificate ? "certificate" : "verify");
}

static bool resolve_tls(struct app_conf *conf, const struct proxy_pass *p, struct config_error *e)
{
    return !proxy_conf_may_have_tls(p->kind) || !(p->is_tls || p->target) ||
           directives_proxy_tls(conf, proxy_conf_own(conf, p->level, p->kind), p->node, e);
}

bool directives_proxy_resolve(struct app_conf *conf, struct config_error *e)
{
    for (struct proxy_pass *p = conf->passes; p; p = p->next) {
        if (!resolve_tls(conf, p, e))
            return false;
        if (p->target)
            continue;
        p->upstream = upstream_find(conf, p->authority, p->default_port);
        if (!p->upstream)
            return config_node_error(p->node, e, "%s in upstream \"" SLICE_FMT "\"",
                                     p->default_port ? "invalid host" : "invalid host or no port",
                                     SLICE_ARG(p->authority));
        upstream_settle(conf, p->upstream, p->level, false);
    }
    return true;
}

/* A group may stand behind the location that names it: it is looked for when all is read. */
static void note(struct apply *a, struct proxy_pass *p, const struct config_node *node)
{
    struct proxy_pass **at = &a->conf->passes;

    p->node = node;
    p->level = a->loc;
    while (*at)
        at = &(*at)->next;
    *at = p;
}

static bool refuse_target(const struct proxy_pass *p, const struct config_node *node,
                          struct config_error *e)
{
    static const char *const hints[PROXY_KINDS] = {
        [PROXY_HTTP] = "a URL begins with http:// or https://",
        [PROXY_GRPC] = "as in grpc://host:port, grpcs://host:port or host:port",
        [PROXY_FASTCGI] = "as in host:port, unix:/path or the name of an upstream",
        [PROXY_UWSGI] = "as in host:port, suwsgi://host:port, unix:/path, a name of an upstream",
        [PROXY_SCGI] = "as in host:port, unix:/path or the name of an upstream",
    };

    if (proxy_conf_has_params(p->kind))
        config_node_error(node, e, "invalid address \"%.200s\"", node->args[0].p);
    else if (p->kind == PROXY_GRPC && p->uri.p)
        config_node_error(node, e, "URI part is not allowed in \"grpc_pass\"");
    else
        config_node_error(node, e, "invalid URL prefix");
    return config_error_hint(e, "%s", hints[p->kind]);
}

static bool read_target(struct apply *a, const struct config_node *node, struct proxy_pass *p,
                        struct config_error *e)
{
    struct slice target = node->args[0];

    if (memchr(target.p, '$', target.n))
        return directives_script(a, node, target, &p->target, e);
    if (!proxy_pass_read(&a->conf->pool, p->kind, target, p))
        return refuse_target(p, node, e);
    return !p->uri.p || may_have_uri(a->loc) ||
           config_node_error(node, e,
                             "\"proxy_pass\" cannot have URI part in location given by regular "
                             "expression, or inside named location, or inside \"if\" statement, "
                             "or inside \"limit_except\" block");
}

bool directives_proxy_pass(void *ctx, const struct config_node *node, struct config_error *e)
{
    struct apply *a = ctx;
    struct proxy_pass *p = pool_new(&a->conf->pool, struct proxy_pass);

    p->kind = directives_proxy_kind(node);
    if (!directives_claim(a, SLOT_CONTENT, node, e) || !read_target(a, node, p, e))
        return false;
    (void)directives_proxy_own(a, node); /* where the context of TLS is kept */
    note(a, p, node);
    directives_pass_on(a, node, proxy_step, p);
    return p->kind != PROXY_HTTP || directives_proxy_check(a, node, e);
}

/* --- lists --- */

static bool set_header(void *ctx, const struct config_node *node, struct config_error *e)
{
    struct apply *a = ctx;
    struct proxy_field *f;

    if (!header_is_name(node->args[0]))
        return config_node_error(node, e, "invalid header name \"%.200s\"", node->args[0].p);
    f = directives_proxy_add(a, node, offsetof(struct proxy_conf, set), node->args[0]);
    return directives_script(a, node, node->args[1], &f->value, e);
}

/* --- values --- */

static bool set_time(void *ctx, const struct config_node *node, struct config_error *e)
{
    return directives_put_time(directives_proxy_own(ctx, node), node, e);
}

static bool set_script(void *ctx, const struct config_node *node, struct config_error *e)
{
    struct script **at =
        (struct script **)((char *)directives_proxy_own(ctx, node) + node->schema->id);

    return directives_script(ctx, node, node->args[0], at, e);
}

static bool set_body(void *ctx, const struct config_node *node, struct config_error *e)
{
    struct apply *a = ctx;

    if (node->args[0].n)
        return set_script(ctx, node, e);
    directives_proxy_own(a, node)->body = script_literal(&a->conf->pool, SLICE_EMPTY);
    return true;
}

static bool set_version(void *ctx, const struct config_node *node, struct config_error *e)
{
    UNUSED(e);
    directives_proxy_own(ctx, node)->minor = !slice_eq(node->args[0], SLICE("1.0"));
    directives_proxy_own(ctx, node)->is_h2 = slice_eq(node->args[0], SLICE("2"));
    return true;
}

const struct directives_proxy_bit directives_proxy_next_bits[] = {
    {"updating", PROXY_STALE_UPDATING},
    {"error", PROXY_NEXT_ERROR},
    {"timeout", PROXY_NEXT_TIMEOUT},
    {"invalid_header", PROXY_NEXT_INVALID_HEADER},
    {"http_500", PROXY_NEXT_500},
    {"http_502", PROXY_NEXT_502},
    {"http_503", PROXY_NEXT_503},
    {"http_504", PROXY_NEXT_504},
    {"http_403", PROXY_NEXT_403},
    {"http_404", PROXY_NEXT_404},
    {"http_429", PROXY_NEXT_429},
    {"non_idempotent", PROXY_NEXT_NON_IDEMPOTENT},
    {"off", PROXY_NEXT_OFF},
    {NULL, 0},
};

static const struct directives_proxy_bit ignore_bits[] = {
    {"X-Accel-Redirect", PROXY_IGNORE_REDIRECT},
    {"X-Accel-Buffering", PROXY_IGNORE_BUFFERING},
    {"X-Accel-Expires", PROXY_IGNORE_ACCEL_EXPIRES},
    {"X-Accel-Limit-Rate", PROXY_IGNORE_LIMIT_RATE},
    {"X-Accel-Charset", 0},
    {"Expires", PROXY_IGNORE_EXPIRES},
    {"Cache-Control", PROXY_IGNORE_CACHE_CONTROL},
    {"Set-Cookie", PROXY_IGNORE_SET_COOKIE},
    {"Vary", PROXY_IGNORE_VARY},
    {NULL, 0},
};

bool directives_proxy_bits(const struct config_node *node, unsigned *out, struct config_error *e)
{
    unsigned bits = 0;

    for (size_t i = 0; i < node->n_args; i++) {
        const struct directives_proxy_bit *b = node->schema->extra;

        while (b->word && !slice_ieq(node->args[i], slice_str(b->word)))
            b++;
        if (!b->word)
            return config_node_error(node, e, "invalid value \"%.200s\"", node->args[i].p);
        bits |= b->bit;
    }
    *out = bits & PROXY_NEXT_OFF ? 0 : bits;
    return true;
}

static bool set_bits(void *ctx, const struct config_node *node, struct config_error *e)
{
    unsigned *at = (unsigned *)((char *)directives_proxy_own(ctx, node) + node->schema->id);

    return directives_proxy_bits(node, at, e);
}

static bool set_number(void *ctx, const struct config_node *node, struct config_error *e)
{
    return directives_put_number(directives_proxy_own(ctx, node), node, e);
}

#define FIELD(name) offsetof(struct proxy_conf, name)

#define TIME(word, field, default_value, text)                                                     \
    DIRECTIVE_SETTING(word, CTX_LEVELS, ARG_TIME, "time", default_value, FIELD(field), text,       \
                      set_time)

#define FLAG(word, bit, default_value, text)                                                       \
    DIRECTIVE_FLAG(word, CTX_LEVELS, default_value, bit, text, directives_proxy_flag)

#define REPEATS(word, least, most, what, text, field, setter)                                      \
    {                                                                                              \
        .name = (word), .contexts = CTX_LEVELS, .flags = DIRECTIVE_REPEATS, .min_args = (least),   \
        .max_args = (most), .group = GROUP, .syntax = (what), .doc = (text), .id = FIELD(field),   \
        .apply = (setter)                                                                          \
    }

static const char *const versions[] = {"1.0", "1.1", "2", NULL};

static const struct directive table[] = {
    {.name = "proxy_pass",
     .contexts = CTX_LOCATION | CTX_IF_LOCATION | CTX_LIMIT_EXCEPT,
     .min_args = 1,
     .max_args = 1,
     .group = GROUP,
     .syntax = "proxy_pass URL;",
     .doc =
         "Passes requests on to `http://host[:port][/uri]`, a group of `upstream`, or "
         "`http://unix:/path:[/uri]`. Without a URI the request's is passed on as it was sent (or "
         "as a rewrite has changed it); a URI takes the place of what the location's prefix "
         "matched. Variables are allowed; a URI in them is used as it is. A server that cannot "
         "be talked to is answered 502, one that is slow 504; the reason stands in the error "
         "log. TRACE is not passed on: 405. OPTIONS is with its `Max-Forwards` less one; at 0 it "
         "is answered here: 204.",
     .apply = directives_proxy_pass},
    REPEATS("proxy_set_header", 2, 2, "proxy_set_header name value;",
            "Sets a field of the request to the server; an empty value leaves it out. By default "
            "`Host` is `$proxy_host` and `Connection` is `close`. Inherited when the block has no "
            "`proxy_set_header` of its own.",
            set, set_header),
    REPEATS(
        "proxy_hide_header", 1, 1, "proxy_hide_header name;",
        "Does not pass that field of an answer on. `Date`, `Server`, `X-Pad` and what nginx reads "
        "itself, `X-Accel-Expires`, `-Redirect`, `-Limit-Rate`, `-Buffering` and `-Charset`, "
        "are never passed on unless `proxy_pass_header` says so.",
        hide, directives_proxy_name),
    REPEATS("proxy_pass_header", 1, 1, "proxy_pass_header name;",
            "Passes a field on that is otherwise hidden.", pass, directives_proxy_name),
    DIRECTIVE_TEXT("proxy_method", CTX_LEVELS, "method", FIELD(method),
                   "The method of requests to the server instead of the client's.", set_script),
    DIRECTIVE_TEXT(
        "proxy_set_body", CTX_LEVELS, "value", FIELD(body),
        "The body of requests to the server instead of the client's; an empty one is a body, "
        "too.",
        set_body),
    TIME("proxy_connect_timeout", connect_timeout, "60s", "For name, connection and handshake."),
    TIME("proxy_read_timeout", read_timeout, "60s", "Between two reads from the server."),
    TIME("proxy_send_timeout", send_timeout, "60s", "Between two writes to the server."),
    TIME("proxy_next_upstream_timeout", next_timeout, "0",
         "How long other servers are tried; 0: no limit."),
    FLAG("proxy_buffering", PROXY_BUFFERING, "on",
         "An answer is read as fast as the server sends it, however slow the client: see "
         "`proxy_buffers`, `proxy_max_temp_file_size`. With `off` each piece goes to the client at "
         "once, and no more is read than it takes. An `X-Accel-Buffering: yes | no` of the server "
         "goes before it."),
    FLAG("proxy_request_buffering", PROXY_REQUEST_BUFFERING, "on",
         "With `off` the body of a request is passed on as it comes; then no other server can be "
         "tried once a part of it has been sent, unless a little body had come with the head."),
    FLAG("proxy_pass_request_headers", PROXY_PASS_HEADERS, "on",
         "Whether the client's header fields are passed on."),
    FLAG("proxy_pass_request_body", PROXY_PASS_BODY, "on",
         "Whether the client's body is passed on."),
    FLAG("proxy_ignore_client_abort", PROXY_IGNORE_ABORT, "off",
         "Whether a server that has the request is left to answer it when the client is gone; else "
         "its connection is closed. Not for subrequests. A client that has ended its side of a "
         "connection which it wanted to keep is gone; one whose last request this was (HTTP/1.0, "
         "`Connection: close`) still gets its answer, unless `lua_check_client_abort` is on."),
    FLAG("proxy_intercept_errors", PROXY_INTERCEPT_ERRORS, "off",
         "Whether answers with status 300 and above go through `error_page`."),
    FLAG("proxy_force_ranges", PROXY_FORCE_RANGES, "off",
         "A client that asks for a range of an answer of 200 gets it, though the server has sent "
         "the whole; several ranges count as none. Answers that `proxy_cache` keeps are "
         "always given so."),
    {.name = "proxy_http_version",
     .contexts = CTX_LEVELS,
     .min_args = 1,
     .max_args = 1,
     .kinds = {ARG_ENUM},
     .choices = versions,
     .group = GROUP,
     .syntax = "proxy_http_version 1.0 | 1.1 | 2;",
     .default_text = "proxy_http_version 1.0;",
     .doc =
         "The version of HTTP that is spoken with the server. `2` is spoken from the first byte in "
         "cleartext, and offered over TLS; its requests share connections.",
     .apply = set_version},
    {.name = "proxy_next_upstream",
     .contexts = CTX_LEVELS,
     .min_args = 1,
     .max_args = ARGS_MANY,
     .group = GROUP,
     .syntax = "proxy_next_upstream error | timeout | invalid_header | http_500 | http_502 | "
               "http_503 | http_504 | http_403 | http_404 | http_429 | non_idempotent | off …;",
     .default_text = "proxy_next_upstream error timeout;",
     .doc = "On what another server is tried. A request with a method that is not idempotent "
            "(`POST`, `LOCK`, `PATCH`) that has been sent is not sent again without "
            "`non_idempotent`.",
     .id = FIELD(next),
     .extra = directives_proxy_next_bits + 1,
     .apply = set_bits},
    {.name = "proxy_next_upstream_tries",
     .contexts = CTX_LEVELS,
     .min_args = 1,
     .max_args = 1,
     .kinds = {ARG_NUMBER},
     .group = GROUP,
     .syntax = "proxy_next_upstream_tries number;",
     .default_text = "proxy_next_upstream_tries 0;",
     .doc = "How many servers are tried, the first counted; 0: all.",
     .id = FIELD(next_tries),
     .apply = set_number},
    {.name = "proxy_ignore_headers",
     .contexts = CTX_LEVELS,
     .min_args = 1,
     .max_args = ARGS_MANY,
     .group = GROUP,
     .syntax = "proxy_ignore_headers name …;",
     .doc = "Fields of answers that have no effect here: `X-Accel-Redirect` (the answer comes from "
            "that location instead; `Content-Type`, `Content-Disposition`, `Set-Cookie`, "
            "`Cache-Control` and `Expires` stay those of the server), `X-Accel-Buffering`, "
            "`X-Accel-Limit-Rate`; for the cache `X-Accel-Expires`, `Expires`, `Cache-Control`, "
            "`Set-Cookie`, `Vary`. `X-Accel-Charset` is accepted and has no effect here.",
     .id = FIELD(ignore),
     .extra = ignore_bits,
     .apply = set_bits},
    {.name = "grpc_pass",
     .contexts = CTX_LOCATION | CTX_IF_LOCATION | CTX_LIMIT_EXCEPT,
     .min_args = 1,
     .max_args = 1,
     .group = GROUP,
     .syntax = "grpc_pass address;",
     .doc = "Passes calls of gRPC on to `grpc://host[:port]`, `grpcs://…` (over TLS), "
            "`host[:port]`, a group of `upstream`, or `unix:/path`: requests of HTTP/2, streamed "
            "both ways, with trailers. The target is the client's. Variables are allowed. A call "
            "whose body has begun is not sent again (`grpc_next_upstream`). TRACE and "
            "`Max-Forwards`: as with `proxy_pass`.",
     .apply = directives_proxy_pass},
};

void directives_proxy_register(void)
{
    schema_register(table, ARRAY_LEN(table));
}
