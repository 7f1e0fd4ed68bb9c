/* fastcgi_*, uwsgi_*, scgi_*: passing requests on to servers that programs stand behind. What means
 * the same as for proxy_pass is in proxy_twins. */
#include "app/directives/directives.h"

#include "app/directives/proxy.h"
#include "app/directives/proxy_levels.h"
#include "app/directives/tables.h"
#include "app/proxy/proxy.h"
#include "app/variables/regex.h"
#include "base/num.h"
#include "config/schema.h"

#define GROUP "FastCGI"
#define UWSGI "uwsgi"
#define SCGI  "SCGI"

#define PARAM(kind, the_group, text)                                                               \
    {                                                                                              \
        .name = kind "_param", .contexts = CTX_HTTP_ALL, .flags = DIRECTIVE_REPEATS,               \
        .min_args = 2, .max_args = 3, .group = (the_group),                                        \
        .syntax = kind "_param name value [if_not_empty];", .doc = (text), .apply = add_param      \
    }

#define PASS(kind, the_group, text)                                                                \
    {                                                                                              \
        .name = kind "_pass", .contexts = CTX_LOCATION | CTX_IF_LOCATION, .min_args = 1,           \
        .max_args = 1, .group = (the_group), .syntax = kind "_pass address;", .doc = (text),       \
        .apply = directives_proxy_pass                                                             \
    }

#define MODIFIER(word, field, text)                                                                \
    DIRECTIVE_SETTING(word, CTX_HTTP_ALL, ARG_NUMBER, "number", "0",                               \
                      offsetof(struct proxy_conf, field), text, set_modifier)

static bool add_param(void *ctx, const struct config_node *node, struct config_error *e)
{
    struct apply *a = ctx;
    struct proxy_field *f;

    if (node->n_args == 3 && !slice_eq(node->args[2], SLICE("if_not_empty")))
        return config_arg_refuse(node, node->args[2], e);
    f = directives_proxy_add(a, node, offsetof(struct proxy_conf, set), node->args[0]);
    f->needs_value = node->n_args == 3;
    return directives_script(a, node, node->args[1], &f->value, e);
}

static bool set_modifier(void *ctx, const struct config_node *node, struct config_error *e)
{
    uint8_t *at = (uint8_t *)directives_proxy_own(ctx, node) + node->schema->id;
    int64_t n;

    if (!num_parse_u63(node->args[0], &n) || n > UINT8_MAX)
        return config_node_error(node, e, "invalid value \"%.200s\"", node->args[0].p);
    *at = (uint8_t)n;
    return true;
}

static bool set_split(void *ctx, const struct config_node *node, struct config_error *e)
{
    struct apply *a = ctx;
    struct slice problem;
    struct regex *re = regex_compile(&a->conf->pool, node->args[0], false, &problem);

    if (!re)
        return config_node_error(node, e, SLICE_FMT, SLICE_ARG(problem));
    if (regex_groups(re) != 2)
        return config_node_error(node, e, "pattern \"" SLICE_FMT "\" must have 2 captures",
                                 SLICE_ARG(node->args[0]));
    directives_proxy_own(a, node)->split = re;
    return true;
}

static bool set_index(void *ctx, const struct config_node *node, struct config_error *e)
{
    UNUSED(e);
    directives_proxy_own(ctx, node)->index = node->args[0];
    return true;
}

static const struct directive table[] = {
    PASS("fastcgi", GROUP,
         "Passes requests on to a FastCGI server (PHP-FPM, for example): `host:port`, "
         "`unix:/path`, a group of `upstream`; variables are allowed. What the server is told "
         "is what `fastcgi_param` says, and the fields of the request as `HTTP_…`, but `Proxy`. "
         "A body is read before the server is asked (`fastcgi_request_buffering`). The answer "
         "is its output: fields, of which `Status` is the status (200 without it, 302 with "
         "`Location`), an empty line, the body. What it says on its standard error goes to "
         "the error log. All that the proxy knows (other servers, caches, buffers, "
         "`X-Accel-…`) holds for it, by the directives that begin with `fastcgi_`."),
    PARAM("fastcgi", GROUP,
          "A parameter of requests to the server; with `if_not_empty` it is left out when its "
          "value is empty. Inherited when the block has no `fastcgi_param` of its own. "
          "conf/fastcgi_params and conf/fastcgi.conf hold the usual ones; the second has "
          "`SCRIPT_FILENAME`."),
    DIRECTIVE_TEXT("fastcgi_index", CTX_HTTP_ALL, "name", 0,
                   "What stands behind a path that ends with a slash in `$fastcgi_script_name`.",
                   set_index),
    DIRECTIVE_TEXT(
        "fastcgi_split_path_info", CTX_HTTP_ALL, "regex", 0,
        "A regular expression with two captures, of the path: `$fastcgi_script_name` and "
        "`$fastcgi_path_info`. Where it does not match, the first is the path and the second "
        "empty. `$1` and the others stay as they are.",
        set_split),
    DIRECTIVE_FLAG("fastcgi_keep_conn", CTX_HTTP_ALL, "off", PROXY_KEEPS,
                   "Connections to the servers of a group with `keepalive` are kept.",
                   directives_proxy_flag),
    {.name = "fastcgi_catch_stderr",
     .contexts = CTX_HTTP_ALL,
     .flags = DIRECTIVE_REPEATS,
     .min_args = 1,
     .max_args = 1,
     .group = GROUP,
     .syntax = "fastcgi_catch_stderr string;",
     .doc = "What the server must not say on its standard error before the head of its answer: "
            "an answer with that in it counts as malformed (502, or another server by "
            "`fastcgi_next_upstream invalid_header`).",
     .id = offsetof(struct proxy_conf, caught),
     .apply = directives_proxy_name},
    PASS("uwsgi", UWSGI,
         "Passes requests on to a server that speaks the uwsgi protocol: `[uwsgi://]host:port`, "
         "`suwsgi://host:port` (over TLS, see `uwsgi_ssl_…`), `unix:/path`, a group of "
         "`upstream`; variables are allowed. As `fastcgi_pass` in all else; the answer may begin "
         "with a status line of HTTP. Connections are not kept. More than 64 KiB of parameters "
         "are answered 500."),
    PARAM("uwsgi", UWSGI,
          "A parameter of requests to the server, as `fastcgi_param`; conf/uwsgi_params holds the "
          "usual ones."),
    MODIFIER("uwsgi_modifier1", modifier1,
             "The first modifier of packets: which kind of request it is."),
    MODIFIER("uwsgi_modifier2", modifier2, "The second modifier of packets."),
    PASS("scgi", SCGI,
         "Passes requests on to a server that speaks SCGI: `host:port`, `unix:/path`, a group of "
         "`upstream`; variables are allowed. As `fastcgi_pass` in all else; the answer may begin "
         "with a status line of HTTP. Connections are not kept. `CONTENT_LENGTH` is told by "
         "itself, and `SCGI` where no `scgi_param` does."),
    PARAM("scgi", SCGI,
          "A parameter of requests to the server, as `fastcgi_param`; conf/scgi_params holds the "
          "usual ones."),
};

void directives_gateways_register(void)
{
    schema_register(table, ARRAY_LEN(table));
}
