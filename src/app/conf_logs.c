/* The log files of a configuration. Each path and level is one sink, however many places name it;
 * all are opened together once the configuration is known to be good, and again after rotation. */
#include "app/conf.h"

#include <errno.h>
#include <pwd.h>
#include <stdio.h>
#include <unistd.h>

#include "app/access_log.h"
#include "base/file.h"
#include "base/log_syslog.h"
#include "base/mem.h"
#include "base/product.h"
#include "config/config_error.h"

enum { TEMP_MODE = 0700 };

void conf_log_set_syslog(struct log_sink *sink)
{
    struct slice path = sink->path ? slice_str(sink->path) : SLICE_EMPTY;

    mem_free(sink->syslog);
    sink->syslog = NULL;
    if (!slice_has_prefix(path, SLICE("syslog:")))
        return;
    sink->syslog = mem_new(struct log_syslog);
    (void)log_syslog_parse(slice_from(path, strlen("syslog:")), sink->syslog);
}

struct log_sink *conf_log_sink(struct app_conf *conf, struct slice path, enum log_level level)
{
    struct log_sink *sink = &conf->error_log;
    bool is_file = path.n > 0 && !slice_has_prefix(path, SLICE("syslog:"));
    struct slice full = is_file ? slice_str(conf_path(conf, path)) : path;
    struct conf_sink *log;
    struct slice key;

    if (sink->level == level && sink->path && slice_eq(slice_str(sink->path), full))
        return sink;
    key = pool_printf(&conf->pool, "%s " SLICE_FMT, log_level_name(level), SLICE_ARG(full));
    log = map_get(&conf->log_sinks, key);
    if (log)
        return &log->sink;
    log = mem_new(struct conf_sink);
    log->place = conf->place;
    sink = &log->sink;
    sink->path = full.n > 0 ? mem_strdup(full) : NULL;
    sink->fd = -1;
    sink->level = level;
    conf_log_set_syslog(sink);
    map_set(&conf->log_sinks, key, log);
    return sink;
}

struct log_sink *conf_key_log(struct app_conf *conf, struct slice path)
{
    struct log_sink *sink;

    if (path.p[0] != '/')
        path = pool_printf(&conf->pool, "%s" SLICE_FMT, conf->tree->dir, SLICE_ARG(path));
    sink = conf_log_sink(conf, path, LOG_STDERR);
    sink->is_secret = true;
    return sink;
}

static bool open_sink(struct log_sink *sink, const struct config_node *place,
                      struct config_error *e)
{
    int why;

    if (!log_open(sink))
        return true;
    why = errno;
    config_node_error(place, e, "open() \"%s\" failed (%d: %s)", sink->path, why, strerror(why));
    return why == ENOENT && config_error_hint(e, "its folder is not there");
}

static bool open_log(struct conf_sink *log, struct config_error *e)
{
    return open_sink(&log->sink, log->place, e);
}

/* Workers write there as another user when the master is root's. */
static bool make_temp_dir(const struct app_conf *conf, const struct temp_path *temp,
                          struct config_error *e)
{
    const char *path = temp->path.p;
    const struct err *err = file_mkdirs(path, TEMP_MODE);
    const struct passwd *user;

    if (err)
        return config_node_error(temp->place, e, "mkdir() \"%s\" failed (%s)", path, err->message);
    if (geteuid() != 0 || !conf->has_master)
        return true;
    user = getpwnam(conf->user.n ? conf->user.p : "nobody");
    if (user && chown(path, user->pw_uid, (gid_t)-1) != 0)
        return config_node_error(temp->place, e, "chown(\"%s\", %d) failed (%d: %s)", path,
                                 (int)user->pw_uid, errno, strerror(errno));
    return true;
}

struct conf_remark {
    const struct conf_remark *older;
    enum log_level level;
    const char *text;
    const struct config_node *node;
};

void conf_remark(struct app_conf *conf, enum log_level level, const char *text,
                 const struct config_node *node)
{
    struct conf_remark *r = pool_new(&conf->pool, struct conf_remark);

    *r = (struct conf_remark){conf->remarks, level, text, node};
    conf->remarks = r;
}

static void log_remarks(const struct app_conf *conf)
{
    const struct log_ctx to_main = {.sink = &conf->error_log};

    for (const struct conf_remark *r = conf->remarks; r; r = r->older)
        log_write(&to_main, r->level, "%s in %s:%u", r->text, r->node->file, r->node->line);
}

void conf_print_remarks(const struct app_conf *conf)
{
    const struct log_sink *log = &conf->error_log;

    for (const struct conf_remark *r = conf->remarks; r; r = r->older) {
        if (!log->path && r->level <= log->level)
            continue;
        fprintf(stderr, "%s: [%s] %s in %s:%u\n", product_family(), log_level_name(r->level),
                r->text, r->node->file, r->node->line);
    }
}

bool conf_open_logs(struct app_conf *conf, struct config_error *e)
{
    struct map_entry *it;
    size_t at = 0;

    *e = (struct config_error){.line = 0};
    if (!open_sink(&conf->error_log, conf->error_log_place, e))
        return false;
    while ((it = map_next(&conf->log_sinks, &at)) != NULL)
        if (!open_log(it->value, e))
            return false;
    for (unsigned i = 0; i < conf->n_temp_paths; i++)
        if (!make_temp_dir(conf, &conf->temp_paths[i], e))
            return false;
    log_remarks(conf);
    return true;
}

void conf_flush_logs(struct app_conf *conf)
{
    struct map_entry *it;
    size_t at = 0;

    while ((it = map_next(&conf->log_buffers, &at)) != NULL)
        access_log_flush(it->value);
}

static void reopen_sink(struct log_sink *sink)
{
    struct config_error e = {.line = 0};

    if (!open_sink(sink, NULL, &e))
        log_write(NULL, LOG_EMERG, "%s", e.message);
}

void conf_reopen_logs(struct app_conf *conf)
{
    struct map_entry *it;
    size_t at = 0;

    conf_flush_logs(conf);
    reopen_sink(&conf->error_log);
    while ((it = map_next(&conf->log_sinks, &at)) != NULL)
        reopen_sink(&((struct conf_sink *)it->value)->sink);
}
