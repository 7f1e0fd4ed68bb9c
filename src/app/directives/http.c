/* http, server, server_name. What a server listens on is in directives/listen.c. */
#include "app/directives/directives.h"

#include <unistd.h>

#include "app/directives/listen.h"
#include "app/directives/tables.h"
#include "app/rewrite.h"
#include "base/product.h"

#define GROUP "HTTP servers"

struct location *directives_new_top(struct app_conf *conf, const struct config_node *node,
                                    struct variable_table *variables)
{
    struct location *l = pool_new(&conf->pool, struct location);

    l->kind = LOCATION_LEVEL;
    l->name = SLICE_EMPTY;
    l->file = node->file;
    l->line = node->line;
    l->conf = conf;
    l->variables = variables;
    l->http = http_settings_default;
    l->http.server_name = product_token();
    l->has_server_tokens = true;
    l->default_type = SLICE("text/plain");
    l->if_modified_since = MODIFIED_EXACT;
    l->has_etag = l->merges_slashes = l->does_log_not_found = l->warns_of_unset = true;
    l->max_ranges = 32;
    l->is_autoindex_exact_size = true;
    l->is_port_in_redirect = l->is_redirect_absolute = true;
    l->error_log = &conf->error_log;
    l->lua_code_cache = l->lua_use_default_type = true;
    l->sockets = SOCKET_CONF_DEFAULT;
    l->resolver_timeout = 30000;
    l->lua_http10_buffering = l->does_lua_change_underscores = true;
    return l;
}

static bool apply_http(void *ctx, const struct config_node *node, struct config_error *e)
{
    struct apply *a = ctx;

    a->conf->http = directives_new_top(a->conf, node, &a->conf->variables);
    directives_http_defaults(a->conf, a->conf->http);
    if (!config_child(node, "access_log"))
        directives_access_log_default(a->conf, a->conf->http);
    return directives_apply_location(a, node, a->conf->http, NULL, e);
}

struct vhost *directives_new_vhost(struct app_conf *conf, const struct config_node *node)
{
    struct vhost *vh = pool_new(&conf->pool, struct vhost);

    vh->place = node;
    conf->vhosts = pool_grow(&conf->pool, conf->vhosts, conf->n_vhosts, &conf->vhosts_size,
                             sizeof(struct vhost *));
    conf->vhosts[conf->n_vhosts++] = vh;
    return vh;
}

static bool apply_server(void *ctx, const struct config_node *node, struct config_error *e)
{
    struct apply *a = ctx;
    struct vhost *vh = directives_new_vhost(a->conf, node);

    vh->base = directives_new_location(a, LOCATION_LEVEL, SLICE_EMPTY);
    vh->base->vhost = vh;
    vh->base->file = node->file;
    vh->base->line = node->line;
    return directives_apply_location(a, node, vh->base, vh, e) &&
           directives_listen_default(a->conf, vh, node, e);
}

/* The name of this machine, for the word $hostname. */
static struct slice host_name(struct app_conf *conf)
{
    char name[256] = "";

    if (gethostname(name, sizeof(name) - 1) != 0)
        return SLICE_EMPTY;
    return pool_dup(&conf->pool, slice_str(name));
}

static bool set_names(void *ctx, const struct config_node *node, struct config_error *e)
{
    struct apply *a = ctx;
    struct vhost *vh = a->vhost;

    UNUSED(e);
    for (size_t i = 0; i < node->n_args; i++) {
        struct slice name = node->args[i];

        if (slice_eq(name, SLICE("$hostname")))
            name = host_name(a->conf);
        vh->names =
            pool_grow(&a->conf->pool, vh->names, vh->n_names, &vh->names_size, sizeof(*vh->names));
        vh->names[vh->n_names++] = name;
    }
    return true;
}

static const struct directive table[] = {
    {.name = "http",
     .contexts = CTX_MAIN,
     .flags = DIRECTIVE_BLOCK,
     .opens = CTX_HTTP,
     .group = GROUP,
     .syntax = "http { … }",
     .doc = "The HTTP server and what holds for all of its servers.",
     .apply = apply_http},
    {.name = "server",
     .contexts = CTX_HTTP,
     .flags = DIRECTIVE_BLOCK | DIRECTIVE_REPEATS,
     .opens = CTX_SERVER,
     .group = GROUP,
     .syntax = "server { … }",
     .doc = "A virtual server: the addresses it listens on, its names, its locations.",
     .apply = apply_server},
    {.name = "server_name",
     .contexts = CTX_SERVER | CTX_STREAM_SERVER,
     .flags = DIRECTIVE_REPEATS,
     .min_args = 1,
     .max_args = ARGS_MANY,
     .group = GROUP,
     .syntax = "server_name name …;",
     .default_text = "server_name \"\";",
     .doc = "Names that requests for this server carry in `Host`: exact (`example.org`), with a "
            "wildcard at the start or the end (`*.example.org`, `www.*`), `.example.org` for both "
            "the name and all below it, or a regular expression (`~^www\\d+\\.example\\.org$`), "
            "whose named groups become variables. They are tried in this order; the longest "
            "wildcard wins, of regular expressions the first. `\"\"` stands for requests without "
            "a name. What matches nothing goes to the default server of the address. In `stream` "
            "the name is that of the TLS handshake, where `listen` says `ssl`.",
     .apply = set_names},
};

void directives_http_register(void)
{
    schema_register(table, ARRAY_LEN(table));
    directives_listen_register();
}
