/* The configuration as a thing: made with the defaults of the main level, freed, and the paths that
 * start from its prefix. directives/conf_load.c fills it; log files are in conf_logs.c. */
#include "app/conf.h"

#include <sched.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/product.h"
#include "bind/co_cache.h"
#include "net/tls/tls_ctx.h"

static void set_defaults(struct app_conf *conf)
{
    struct buf pid = BUF_EMPTY;

    conf->worker_processes = 1;
    conf->worker_connections = 1024;
    conf->worker_rlimit_core = -1;
    conf->is_daemon = conf->has_master = true;
    conf->backend = LOOP_BEST;
    conf->has_io_uring = true;
    buf_printf(&pid, "logs/%s.pid", product_family());
    conf->pid_path = slice_str(conf_path(conf, buf_slice(&pid)));
    buf_free(&pid);
    conf->error_log.path = mem_strdup(slice_str(conf_path(conf, SLICE("logs/error.log"))));
    conf->error_log.fd = -1;
    conf->error_log.level = LOG_ERROR;
    conf->max_pending_timers = 1024;
    conf->max_running_timers = 256;
    conf->most_idle_coroutines = CO_CACHE_DEFAULT;
    conf->threads.most_machines = 10;
    conf->bus_size = 4 << 20;
}

struct app_conf *conf_new(struct slice prefix, struct slice path)
{
    struct app_conf *conf = mem_new(struct app_conf);
    const char *gap = prefix.n == 0 || prefix.p[prefix.n - 1] == '/' ? "" : "/";

    pool_init(&conf->pool, NULL, 0);
    map_init(&conf->upstreams, false);
    map_init(&conf->stream_upstreams, false);
    map_init(&conf->log_formats, false);
    map_init(&conf->stream_log_formats, false);
    map_init(&conf->log_sinks, false);
    map_init(&conf->log_buffers, false);
    conf->prefix = pool_printf(&conf->pool, SLICE_FMT "%s", SLICE_ARG(prefix), gap);
    conf->path = slice_str(conf_path(conf, path));
    conf->users = pool_new(&conf->pool, struct conf_users);
    conf->tree = mem_new(struct config_tree);
    variable_table_init(&conf->variables, &conf->pool, VARIABLES_HTTP, &conf->place);
    variable_table_init(&conf->stream_variables, &conf->pool, VARIABLES_STREAM, &conf->place);
    set_defaults(conf);
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
    for (unsigned i = 0; i < conf->n_vhosts; i++)
        tls_ctx_unref(&conf->vhosts[i]->tls);
    pool_reset(&conf->pool);
    while ((it = map_next(&conf->log_sinks, &at)) != NULL) {
        struct conf_sink *log = it->value;

        log_close(&log->sink);
        mem_free(log);
    }
    log_close(&conf->error_log);
    map_deinit(&conf->upstreams);
    map_deinit(&conf->stream_upstreams);
    map_deinit(&conf->log_sinks);
    map_deinit(&conf->log_formats);
    map_deinit(&conf->stream_log_formats);
    map_deinit(&conf->log_buffers);
    config_free(conf->tree);
    mem_free(conf->tree);
    mem_free(conf);
}

int conf_count_workers(const struct app_conf *conf)
{
    cpu_set_t set;

    if (!conf->has_master)
        return 1;
    if (conf->worker_processes > 0)
        return conf->worker_processes;
    CPU_ZERO(&set);
    return sched_getaffinity(0, sizeof(set), &set) < 0 ? 1 : MAX(CPU_COUNT(&set), 1);
}

char *conf_path_in(const struct app_conf *conf, struct slice path, struct pool *pool)
{
    struct slice prefix = path.n > 0 && path.p[0] == '/' ? SLICE_EMPTY : conf->prefix;
    char *full = pool_alloc(pool, prefix.n + path.n + 1);

    memcpy(full, prefix.p, prefix.n);
    memcpy(full + prefix.n, path.p, path.n);
    full[prefix.n + path.n] = '\0';
    return full;
}

char *conf_path(struct app_conf *conf, struct slice path)
{
    return conf_path_in(conf, path, &conf->pool);
}

char *conf_material_in(const struct app_conf *conf, struct slice path, struct pool *pool)
{
    struct slice beside;

    if (path.n > 0 && path.p[0] != '/' && conf->tree->dir) {
        beside = pool_printf(pool, "%s" SLICE_FMT, conf->tree->dir, SLICE_ARG(path));
        if (access(beside.p, F_OK) == 0)
            return (char *)(uintptr_t)beside.p;
    }
    return conf_path_in(conf, path, pool);
}

char *conf_material(struct app_conf *conf, struct slice path)
{
    return conf_material_in(conf, path, &conf->pool);
}
