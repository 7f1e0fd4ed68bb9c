/* Who is let in: satisfy, allow, deny, auth_basic, auth_request, limit_except. */
#include "app/directives/directives.h"

#include "app/access/access.h"
#include "app/directives/tables.h"
#include "proto/method.h"

#define GROUP      "Access"
#define CTX_LEVELS (CTX_HTTP_ALL | CTX_LIMIT_EXCEPT)

static bool set_satisfy(void *ctx, const struct config_node *node, struct config_error *e)
{
    struct apply *a = ctx;

    UNUSED(e);
    access_conf_own(a->loc)->satisfies_any = slice_eq(node->args[0], SLICE("any"));
    return true;
}

/* allow, deny: a row's id tells which. */
static bool add_rule(void *ctx, const struct config_node *node, struct config_error *e)
{
    struct apply *a = ctx;
    struct access_conf *c = access_conf_own(a->loc);
    struct access_rule *rule = pool_new(&a->conf->pool, struct access_rule), **at;

    if (!directives_range(node, node->args[0], &rule->range))
        return config_arg_refuse(node, node->args[0], e);
    rule->allows = node->schema->id;
    if (!c->are_rules_own)
        c->rules = NULL;
    c->are_rules_own = true;
    for (at = &c->rules; *at; at = &(*at)->next)
        ;
    *at = rule;
    return true;
}

static bool set_realm(void *ctx, const struct config_node *node, struct config_error *e)
{
    struct apply *a = ctx;
    struct access_conf *c = access_conf_own(a->loc);

    c->realm = NULL;
    return slice_eq(node->args[0], SLICE("off")) ||
           directives_script(a, node, node->args[0], &c->realm, e);
}

/* Relative paths start beside the configuration. */
static bool set_user_file(void *ctx, const struct config_node *node, struct config_error *e)
{
    struct apply *a = ctx;
    struct slice path = node->args[0];

    if (slice_find(path, '$') < 0)
        path = slice_str(conf_material(a->conf, path));
    else if (path.p[0] != '/' && path.p[0] != '$' && a->conf->tree->dir)
        path = pool_printf(&a->conf->pool, "%s" SLICE_FMT, a->conf->tree->dir, SLICE_ARG(path));
    return directives_script(a, node, path, &access_conf_own(a->loc)->user_file, e);
}

static bool set_auth_request(void *ctx, const struct config_node *node, struct config_error *e)
{
    struct apply *a = ctx;
    struct slice path = node->args[0];

    UNUSED(e);
    access_conf_own(a->loc)->auth_path =
        slice_eq(path, SLICE("off")) ? SLICE_EMPTY : pool_dup(&a->conf->pool, path);
    return true;
}

static bool set_delay(void *ctx, const struct config_node *node, struct config_error *e)
{
    return directives_put_time(access_conf_own(((struct apply *)ctx)->loc), node, e);
}

static bool add_variable(void *ctx, const struct config_node *node, struct config_error *e)
{
    struct apply *a = ctx;
    struct access_conf *c = access_conf_own(a->loc);
    struct access_variable *v = pool_new(&a->conf->pool, struct access_variable), **at;

    v->var = directives_variable(a, node, node->args[0], e);
    if (!v->var || !directives_script(a, node, node->args[1], &v->value, e))
        return false;
    if (!c->are_variables_own)
        c->variables = NULL;
    c->are_variables_own = true;
    for (at = &c->variables; *at; at = &(*at)->next)
        ;
    *at = v;
    return true;
}

static bool apply_except(void *ctx, const struct config_node *node, struct config_error *e)
{
    struct apply *a = ctx;
    struct location *l = directives_new_location(a, LOCATION_IF, a->loc->name);
    uint64_t methods = 0;

    for (size_t i = 0; i < node->n_args; i++) {
        enum method m = method_parse(node->args[i]);

        if (m == METHOD_OTHER)
            return config_node_error(node, e, "invalid method \"%.200s\"", node->args[i].p);
        methods |= UINT64_C(1) << m;
        if (m == METHOD_GET)
            methods |= UINT64_C(1) << METHOD_HEAD;
    }
    l->file = node->file;
    l->line = node->line;
    a->loc->excepted_methods = methods;
    a->loc->except = l;
    return directives_apply_location(a, node, l, a->vhost, e);
}

#define RULE(text, is_allow, about)                                                                \
    {                                                                                              \
        .name = (text), .contexts = CTX_LEVELS | CTX_STREAM_ALL, .flags = DIRECTIVE_REPEATS,       \
        .min_args = 1, .max_args = 1, .group = GROUP,                                              \
        .syntax = text " address | address/bits | unix: | all;", .doc = (about), .id = (is_allow), \
        .apply = add_rule                                                                          \
    }

static const char *const satisfy_words[] = {"all", "any", NULL};

static const struct directive table[] = {
    DIRECTIVE_CHOICE(
        "satisfy", CTX_HTTP_ALL, satisfy_words, "all | any", "all", 0,
        "Who is let in: those whom `allow` and `deny`, `auth_basic`, `auth_request` and "
        "`access_by_lua` all let in, or those whom at least one of them does. They are asked in "
        "this order. Subrequests are not asked again.",
        set_satisfy),
    RULE(
        "allow", true,
        "Lets clients with such an address in (`unix:`: those of Unix sockets). Of all `allow` and "
        "`deny` of a block the first that fits holds. Inherited when the block has none of its "
        "own. Sessions of `stream` are refused before `preread_by_lua`."),
    RULE("deny", false, "Refuses clients with such an address with 403; see `allow`."),
    {.name = "auth_basic",
     .contexts = CTX_LEVELS,
     .min_args = 1,
     .max_args = 1,
     .group = GROUP,
     .syntax = "auth_basic string | off;",
     .default_text = "auth_basic off;",
     .doc =
         "Asks for a name and a password (RFC 7617) that `auth_basic_user_file` knows; the string "
         "is the realm, which clients show.",
     .apply = set_realm},
    {.name = "auth_basic_user_file",
     .contexts = CTX_LEVELS,
     .min_args = 1,
     .max_args = 1,
     .group = GROUP,
     .syntax = "auth_basic_user_file file;",
     .doc =
         "Lines of `name:password`, read for each request; what follows a second colon is a "
         "remark, and so is a line with `#` in front. Passwords are as crypt(3) makes them "
         "(`$6$…`, `$2y$…`, whose work stops the worker meanwhile: mind their cost), as Apache's "
         "htpasswd does (`$apr1$…`), or `{SHA}`, `{SSHA}` or `{PLAIN}` and the rest. A relative "
         "path starts beside the main configuration file.",
     .apply = set_user_file},
    {.name = "auth_request",
     .contexts = CTX_HTTP_ALL,
     .min_args = 1,
     .max_args = 1,
     .group = GROUP,
     .syntax = "auth_request path | off;",
     .default_text = "auth_request off;",
     .doc =
         "Makes a subrequest (GET, without the body) and lets in on a status of 2xx; 401, with its "
         "`WWW-Authenticate`, and 403 are handed on, anything else is 500.",
     .apply = set_auth_request},
    DIRECTIVE_SETTING(
        "auth_delay", CTX_HTTP_ALL, ARG_TIME, "time", "0s", offsetof(struct access_conf, delay_ms),
        "How long an answer of 401 waits, whoever gave it: `auth_basic`, "
        "`auth_request`, `access_by_lua`. Right and wrong passwords then can't be told "
        "apart by time, and guessing takes longer.",
        set_delay),
    {.name = "auth_request_set",
     .contexts = CTX_HTTP_ALL,
     .flags = DIRECTIVE_REPEATS,
     .min_args = 2,
     .max_args = 2,
     .group = GROUP,
     .syntax = "auth_request_set $variable value;",
     .doc =
         "Sets a variable of the request when `auth_request` has its answer; the variables in the "
         "value (`$upstream_http_…`, `$sent_http_…`) are those of the subrequest.",
     .apply = add_variable},
    {.name = "limit_except",
     .contexts = CTX_LOCATION,
     .flags = DIRECTIVE_BLOCK,
     .opens = CTX_LIMIT_EXCEPT,
     .min_args = 1,
     .max_args = ARGS_MANY,
     .group = GROUP,
     .syntax = "limit_except method … { … }",
     .doc =
         "Settings for requests with any other method than these (`GET` means `HEAD` too), in "
         "place of the location's: its `return`, `rewrite`, `set` and `if` are not for them. The "
         "extended CONNECT by which HTTP/2 asks for a WebSocket counts as `GET`.",
     .apply = apply_except},
};

void directives_access_register(void)
{
    schema_register(table, ARRAY_LEN(table));
}
