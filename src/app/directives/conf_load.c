/* From a file to a configuration: read and check the tree, apply it, build the routers.
 *
 * What directives mean is in the other files of this folder. The tree stays as long as the
 * configuration: names and values are borrowed from it. */
#include "app/conf.h"

#include "app/access/limit.h"
#include "app/directives/directives.h"
#include "app/directives/proxy.h"
#include "app/proxy/cache_zone.h"
#include "app/proxy/health.h"
#include "app/router.h"
#include "app/tls/tls_vhosts.h"
#include "base/mem.h"
#include "config/schema_check.h"

/* What was read as an argument, and begins a line as a directive would, no further in than the one
 * before: nginx takes it without a word. */
static void remark_unended(struct app_conf *conf, const struct config_node *parent)
{
    for (const struct config_node *n = parent->children; n; n = n->next) {
        size_t i = n->schema ? schema_find_unended(n) : n->n_args;

        if (i + 1 < n->n_args && n->places[i].column <= n->column) {
            struct slice text =
                pool_printf(&conf->pool,
                            "line %u begins with \"%s\", which is taken for an argument of \"%s\": "
                            "a \";\" may be missing before it,",
                            n->places[i].line, n->args[i].p, n->name.p);
            conf_remark(conf, LOG_WARN, text.p, n);
        }
        if (n->content == CONFIG_BLOCK)
            remark_unended(conf, n);
    }
}

static bool fill(struct app_conf *conf, const struct config_source *src, struct config_error *e)
{
    struct apply a = {.conf = conf};

    return schema_check_load(conf->tree, src, e) &&
           directives_apply_block(&a, &conf->tree->root, e) && directives_proxy_resolve(conf, e) &&
           health_resolve(conf, e) && limit_zones_check(conf, e) && cache_zones_check(conf, e) &&
           router_build(conf, e) && tls_vhosts_build(conf, e);
}

struct app_conf *conf_load(struct slice prefix, struct slice path, struct slice extra,
                           struct config_error *e)
{
    struct app_conf *conf = conf_new(prefix, path);
    struct config_source src = {
        .path = conf->path.p,
        .directives = extra.n > 0 ? pool_strdup(&conf->pool, extra) : NULL,
    };

    *e = (struct config_error){.line = 0};
    if (fill(conf, &src, e))
        remark_unended(conf, &conf->tree->root);
    else
        conf_free(&conf);
    return conf;
}

struct app_conf *conf_load_text(struct slice text, struct config_error *e)
{
    struct app_conf *conf = conf_new(SLICE("./"), SLICE("code"));
    struct config_source src = {.path = "code", .text = pool_dup(&conf->pool, text)};

    *e = (struct config_error){.line = 0};
    mem_free(conf->error_log.path);
    conf->error_log.path = NULL;
    if (!fill(conf, &src, e))
        conf_free(&conf);
    return conf;
}
