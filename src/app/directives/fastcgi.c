/* fastcgi_*: passing requests on to FastCGI servers. What means the same as for proxy_pass is in
 * proxy_twins. */
#include "app/directives/directives.h"

#include "app/directives/proxy.h"
#include "app/directives/proxy_levels.h"
#include "app/directives/tables.h"
#include "app/proxy/proxy.h"
#include "app/regex.h"
#include "config/schema.h"

#define GROUP "FastCGI"

static bool add_param(void *ctx, const struct config_node *node, struct config_error *e)
{
    struct apply *a = ctx;
    struct proxy_field **at, *f = pool_new(&a->conf->pool, struct proxy_field);

    if (node->n_args == 3 && !slice_eq(node->args[2], SLICE("if_not_empty")))
        return config_arg_refuse(node, node->args[2], e);
    directives_proxy_forget_inherited(a, node, offsetof(struct proxy_conf, set));
    for (at = &directives_proxy_own(a, node)->set; *at;)
        at = &(*at)->next;
    f->name = node->args[0];
    f->needs_value = node->n_args == 3;
    *at = f;
    return directives_script(a, node, node->args[1], &f->value, e);
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
    {.name = "fastcgi_pass",
     .contexts = CTX_LOCATION | CTX_IF_LOCATION,
     .min_args = 1,
     .max_args = 1,
     .group = GROUP,
     .syntax = "fastcgi_pass address;",
     .doc = "Passes requests on to a FastCGI server (PHP-FPM, for example): `host:port`, "
            "`unix:/path`, a group of `upstream`; variables are allowed. What the server is told "
            "is what `fastcgi_param` says, and the fields of the request as `HTTP_…`, but `Proxy`. "
            "A body is read before the server is asked (`fastcgi_request_buffering`). The answer "
            "is its output: fields, of which `Status` is the status (200 without it, 302 with "
            "`Location`), an empty line, the body. What it says on its standard error goes to "
            "the error log. All that the proxy knows (other servers, caches, buffers, "
            "`X-Accel-…`) holds for it, by the directives that begin with `fastcgi_`.",
     .apply = directives_proxy_pass},
    {.name = "fastcgi_param",
     .contexts = CTX_HTTP_ALL,
     .flags = DIRECTIVE_REPEATS,
     .min_args = 2,
     .max_args = 3,
     .group = GROUP,
     .syntax = "fastcgi_param name value [if_not_empty];",
     .doc = "A parameter of requests to the server; with `if_not_empty` it is left out when its "
            "value is empty. Inherited when the block has no `fastcgi_param` of its own. "
            "conf/fastcgi_params and conf/fastcgi.conf hold the usual ones; the second has "
            "`SCRIPT_FILENAME`.",
     .apply = add_param},
    {.name = "fastcgi_index",
     .contexts = CTX_HTTP_ALL,
     .min_args = 1,
     .max_args = 1,
     .group = GROUP,
     .syntax = "fastcgi_index name;",
     .doc = "What stands behind a path that ends with a slash in `$fastcgi_script_name`.",
     .apply = set_index},
    {.name = "fastcgi_split_path_info",
     .contexts = CTX_HTTP_ALL,
     .min_args = 1,
     .max_args = 1,
     .group = GROUP,
     .syntax = "fastcgi_split_path_info regex;",
     .doc = "A regular expression with two captures, of the path: `$fastcgi_script_name` and "
            "`$fastcgi_path_info`. Where it does not match, the first is the path and the second "
            "empty. `$1` and the others stay as they are.",
     .apply = set_split},
    DIRECTIVE_FLAG("fastcgi_keep_conn", CTX_HTTP_ALL, "off", PROXY_KEEPS,
                   "Connections to the servers of a group with `keepalive` are kept.",
                   directives_proxy_flag),
};

void directives_fastcgi_register(void)
{
    schema_register(table, ARRAY_LEN(table));
}
