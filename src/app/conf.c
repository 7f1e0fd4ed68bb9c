/* From a file to a configuration: read and check the tree, apply it, build the routers.
 *
 * What directives mean is in directives_*.c; here are the defaults of the main level. The tree
 * stays as long as the configuration: names and values are borrowed from it. */
#include "app/conf.h"

#include "app/directives.h"
#include "app/router.h"
#include "base/mem.h"
#include "config/schema_check.h"

static void set_defaults(struct app_conf *conf)
{
    conf->worker_processes = 1;
    conf->worker_connections = 1024;
    conf->is_daemon = conf->has_master = true;
    conf->backend = LOOP_BEST;
    conf->pid_path = slice_str(conf_path(conf, SLICE("logs/perilune.pid")));
    conf->error_log.path = mem_strdup(slice_str(conf_path(conf, SLICE("logs/error.log"))));
    conf->error_log.fd = -1;
    conf->error_log.level = LOG_ERROR;
    conf->max_pending_timers = 1024;
    conf->max_running_timers = 256;
}

static struct app_conf *conf_new(struct slice prefix, struct slice path)
{
    struct app_conf *conf = mem_new(struct app_conf);
    const char *gap = prefix.n == 0 || prefix.p[prefix.n - 1] == '/' ? "" : "/";

    pool_init(&conf->pool, NULL, 0);
    map_init(&conf->log_formats, false);
    map_init(&conf->log_sinks, false);
    map_init(&conf->log_buffers, false);
    conf->prefix = pool_printf(&conf->pool, SLICE_FMT "%s", SLICE_ARG(prefix), gap);
    conf->path = slice_str(conf_path(conf, path));
    conf->tree = mem_new(struct config_tree);
    variable_table_init(&conf->variables, &conf->pool);
    set_defaults(conf);
    return conf;
}

static bool fill(struct app_conf *conf, const struct config_source *src, struct config_error *e)
{
    struct apply a = {.conf = conf};

    return schema_check_load(conf->tree, src, e) &&
           directives_apply_block(&a, &conf->tree->root, e) && router_build(conf, e);
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
    if (!fill(conf, &src, e))
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

/* The pool goes first: buffers of access logs in it write out what they hold. */
void conf_free(struct app_conf **confp)
{
    struct app_conf *conf = *confp;
    struct map_entry *it;
    size_t at = 0;

    if (!conf)
        return;
    *confp = NULL;
    pool_reset(&conf->pool);
    while ((it = map_next(&conf->log_sinks, &at)) != NULL) {
        log_close(it->value);
        mem_free(it->value);
    }
    log_close(&conf->error_log);
    map_deinit(&conf->log_sinks);
    map_deinit(&conf->log_formats);
    map_deinit(&conf->log_buffers);
    config_free(conf->tree);
    mem_free(conf->tree);
    mem_free(conf);
}

char *conf_path(struct app_conf *conf, struct slice path)
{
    struct slice prefix = path.n > 0 && path.p[0] == '/' ? SLICE_EMPTY : conf->prefix;
    char *full = pool_alloc(&conf->pool, prefix.n + path.n + 1);

    memcpy(full, prefix.p, prefix.n);
    memcpy(full + prefix.n, path.p, path.n);
    full[prefix.n + path.n] = '\0';
    return full;
}
