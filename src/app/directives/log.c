/* error_log, access_log, log_format. Files are opened later, by conf_open_logs. */
#include "app/directives/directives.h"

#include "app/access_log.h"
#include "app/directives/tables.h"
#include "base/log_syslog.h"
#include "base/mem.h"
#include "base/num.h"
#include "proto/compress.h"

#define GROUP         "Logs"
#define CTX_LEVELS    CTX_HTTP_ALL
#define CTX_LEVELS_IF (CTX_HTTP_ALL | CTX_IF_LOCATION)

/* Sinks of access logs have a level because all have; nothing depends on it. */
#define ACCESS_LEVEL LOG_INFO

static bool refuse_path(const struct config_node *node, struct config_error *e)
{
    struct slice path = node->args[0];

    if (path.n == 0)
        return config_node_error(node, e, "invalid value \"\"");
    if (slice_has_prefix(path, SLICE("syslog:"))) {
        struct log_syslog s;
        const char *why = log_syslog_parse(slice_from(path, strlen("syslog:")), &s);

        return !why || config_node_error(node, e, "%s in \"%.200s\"", why, path.p);
    }
    if (slice_has_prefix(path, SLICE("memory:"))) {
        config_arg_refuse(node, path, e);
        return config_error_hint(e, "\"%s\" takes the name of a file", node->name.p);
    }
    return true;
}

/* --- error_log --- */

static void set_main_sink(struct app_conf *conf, struct slice path, enum log_level level)
{
    bool is_file = path.n > 0 && !slice_has_prefix(path, SLICE("syslog:"));

    mem_free(conf->error_log.path);
    conf->error_log.path = NULL;
    if (path.n > 0)
        conf->error_log.path = mem_strdup(is_file ? slice_str(conf_path(conf, path)) : path);
    conf->error_log.level = level;
    conf->error_log_place = conf->place;
    conf_log_set_syslog(&conf->error_log);
}

static bool set_error_log(void *ctx, const struct config_node *node, struct config_error *e)
{
    struct apply *a = ctx;
    struct slice path = node->args[0];
    enum log_level level = LOG_ERROR;

    if (!refuse_path(node, e))
        return false;
    if (node->n_args > 1 && !log_level_parse(node->args[1], &level)) {
        config_node_error(node, e, "invalid log level \"%.200s\"", node->args[1].p);
        return config_error_hint(e,
                                 "levels are debug, info, notice, warn, error, crit, alert, emerg");
    }
    if (slice_eq(path, SLICE("stderr")))
        path = SLICE_EMPTY;
    if (a->loc)
        a->loc->error_log = conf_log_sink(a->conf, path, level);
    else
        set_main_sink(a->conf, path, level);
    return true;
}

/* --- log_format --- */

static struct map *formats_of(const struct apply *a)
{
    return directives_is_stream(a) ? &a->conf->stream_log_formats : &a->conf->log_formats;
}

static bool add_format(void *ctx, const struct config_node *node, struct config_error *e)
{
    struct apply *a = ctx;
    struct slice name = node->args[0], why;
    const struct log_format *format;

    struct map *formats = formats_of(a);

    if (slice_eq(name, SLICE("combined")) || map_get(formats, name))
        return config_node_error(node, e, "duplicate \"log_format\" name \"%.200s\"", name.p);
    format = access_log_compile(a->loc->variables, node->args + 1, node->n_args - 1, &why);
    if (!format)
        return config_node_error(node, e, SLICE_FMT, SLICE_ARG(why));
    map_set(formats, name, (void *)(uintptr_t)format);
    return true;
}

static const struct log_format *find_format(struct app_conf *conf, struct slice name)
{
    const struct log_format *format = map_get(&conf->log_formats, name);

    if (format || !slice_eq(name, SLICE("combined")))
        return format;
    format = access_log_combined(&conf->variables);
    map_set(&conf->log_formats, name, (void *)(uintptr_t)format);
    return format;
}

/* --- access_log --- */

enum { BUFFER_OF_GZIP = 65536, GZIP_LEVEL = 1 };

static bool take_buffer_size(const struct config_node *node, struct slice word, struct slice value,
                             struct access_log_buffering *how, struct config_error *e)
{
    int64_t size;

    if (!num_parse_size(value, &size) || size <= 0)
        return config_node_error(node, e, "invalid buffer size \"%.200s\"", word.p);
    how->size = (size_t)size;
    return true;
}

static bool take_flush_time(const struct config_node *node, struct slice word, struct slice value,
                            struct access_log_buffering *how, struct config_error *e)
{
    int64_t ms;

    if (!num_parse_msec(value, &ms) || ms <= 0)
        return config_node_error(node, e, "invalid flush time \"%.200s\"", word.p);
    how->flush_ms = (uint64_t)ms;
    return true;
}

/* gzip, gzip=level */
static bool take_gzip(const struct config_node *node, struct slice word, struct slice value,
                      struct access_log_buffering *how, struct config_error *e)
{
    int64_t level = GZIP_LEVEL;

    if (value.p && (!num_parse_u63(value, &level) || level < coding_level_least(CODING_GZIP) ||
                    level > coding_level_most(CODING_GZIP)))
        return config_node_error(node, e, "invalid compression level \"%.200s\"", word.p);
    how->gzip_level = (int)level;
    return true;
}

/* buffer=, flush=, gzip, if= */
static bool take_word(const struct apply *a, const struct config_node *node, struct slice word,
                      struct access_log *log, struct access_log_buffering *how,
                      struct config_error *e)
{
    struct slice value = word, name = slice_cut(&value, '=');

    if (slice_eq(name, SLICE("gzip")))
        return take_gzip(node, word, value, how, e);
    if (value.p && slice_eq(name, SLICE("if")))
        return directives_script(a, node, value, &log->condition, e);
    if (value.p && slice_eq(name, SLICE("buffer")))
        return take_buffer_size(node, word, value, how, e);
    if (value.p && slice_eq(name, SLICE("flush")))
        return take_flush_time(node, word, value, how, e);
    config_arg_refuse(node, word, e);
    return config_error_hint(e, "parameters are buffer=, flush=, gzip=, if=");
}

/* All that write to one file share its buffer. */
static bool set_buffer(struct app_conf *conf, const struct config_node *node,
                       struct access_log *log, struct access_log_buffering *how,
                       struct config_error *e)
{
    struct slice key;

    if (how->gzip_level && how->size == 0)
        how->size = BUFFER_OF_GZIP;
    if (how->flush_ms > 0 && how->size == 0)
        return config_node_error(node, e, "no buffer is defined for access_log \"%.200s\"",
                                 node->args[0].p);
    if (how->size == 0)
        return true;
    if (!log->sink)
        return config_node_error(node, e, "buffered logs cannot have variables in name");
    if (log->sink->syslog)
        return config_node_error(node, e, "logs to syslog cannot be buffered");
    key = slice_str(log->sink->path);
    log->buffer = map_get(&conf->log_buffers, key);
    if (!log->buffer) {
        log->buffer = access_log_buffer_new(&conf->pool, log->sink, how);
        map_set(&conf->log_buffers, key, log->buffer);
    }
    return access_log_buffer_is(log->buffer, how) ||
           config_node_error(node, e,
                             "access_log \"%.200s\" already defined with conflicting parameters",
                             node->args[0].p);
}

static void append_log(struct location *l, struct access_log *log)
{
    struct access_log **at = &l->access_logs;

    while (*at)
        at = &(*at)->next;
    *at = log;
}

static bool set_path(struct apply *a, const struct config_node *node, struct access_log *log,
                     struct config_error *e)
{
    struct slice path = node->args[0];

    if (slice_find(path, '$') < 0 || slice_has_prefix(path, SLICE("syslog:"))) {
        log->sink = conf_log_sink(a->conf, path, ACCESS_LEVEL);
        return true;
    }
    if (path.p[0] != '$')
        path = slice_str(conf_path(a->conf, path));
    return directives_script(a, node, path, &log->path, e);
}

static bool read_log(struct apply *a, const struct config_node *node, struct access_log *log,
                     struct config_error *e)
{
    struct slice name = node->n_args > 1 ? node->args[1] : SLICE("combined");
    struct access_log_buffering how = {.size = 0};
    bool is_stream = directives_is_stream(a);

    if (!refuse_path(node, e))
        return false;
    if (is_stream && node->n_args < 2)
        return config_node_error(node, e, "log format is not specified");
    log->format =
        is_stream ? map_get(&a->conf->stream_log_formats, name) : find_format(a->conf, name);
    if (!log->format)
        return config_node_error(node, e, "unknown log format \"%.200s\"", name.p);
    if (!set_path(a, node, log, e))
        return false;
    a->loc->http.logs_connection |= !is_stream && access_log_names_connection(log->format);
    for (size_t i = 2; i < node->n_args; i++)
        if (!take_word(a, node, node->args[i], log, &how, e))
            return false;
    return set_buffer(a->conf, node, log, &how, e);
}

static bool add_access_log(void *ctx, const struct config_node *node, struct config_error *e)
{
    struct apply *a = ctx;
    struct location *l = a->loc;
    struct access_log *log = pool_new(&a->conf->pool, struct access_log);

    if (l->is_access_log_inherited)
        l->access_logs = NULL;
    l->is_access_log_inherited = false;
    if (slice_eq(node->args[0], SLICE("off"))) {
        if (node->n_args > 1)
            return config_arg_refuse(node, node->args[1], e);
        l->access_logs = NULL;
        return true;
    }
    if (!read_log(a, node, log, e))
        return false;
    append_log(l, log);
    return true;
}

void directives_access_log_default(struct app_conf *conf, struct location *loc)
{
    struct access_log *log = pool_new(&conf->pool, struct access_log);

    log->format = find_format(conf, SLICE("combined"));
    log->sink = conf_log_sink(conf, SLICE("logs/access.log"), ACCESS_LEVEL);
    loc->access_logs = log;
    loc->is_access_log_inherited = true;
}

static const struct directive table[] = {
    {.name = "error_log",
     .contexts = CTX_MAIN | CTX_LEVELS | CTX_STREAM_ALL,
     .flags = DIRECTIVE_REPEATS,
     .min_args = 1,
     .max_args = 2,
     .group = GROUP,
     .syntax = "error_log file [level];",
     .default_text = "error_log logs/error.log error;",
     .doc = "Where failures are written about, and from which level on: debug, info, notice, warn, "
            "error, crit, alert, emerg. `stderr` is the standard error output; "
            "`syslog:server=address[:port]|unix:/path[,facility=local7][,tag=nginx][,nohostname]` "
            "a server of that "
            "protocol. The file is "
            "relative to the prefix. When a block names several, the last one holds.",
     .apply = set_error_log},
    {.name = "access_log",
     .contexts = CTX_LEVELS_IF | CTX_LIMIT_EXCEPT | CTX_STREAM_ALL,
     .flags = DIRECTIVE_REPEATS,
     .min_args = 1,
     .max_args = ARGS_MANY,
     .group = GROUP,
     .syntax = "access_log file [format [buffer=size] [flush=time] [gzip[=level]] [if=condition]]; "
               "| off;",
     .default_text = "access_log logs/access.log combined;",
     .doc =
         "Writes a line for each request, or for each session of `stream`, where a format "
         "must be named and none is the default. With `buffer=` lines are collected and written "
         "when it is full, after `flush=` at the latest. With `gzip` (level 1) they are compressed "
         "then, "
         "each write of a buffer (64k) by itself, so that `zcat` reads the file. With `if=` only "
         "requests are logged for which "
         "the string is neither empty nor `0`. A path with variables is opened for each line; one "
         "that leads upward (`..`) is not written to. Inherited when the block has none of its "
         "own. `syslog:server=…` is a server of that protocol, as for `error_log`; `severity=info` "
         "tells how its lines are marked.",
     .apply = add_access_log},
    {.name = "log_format",
     .contexts = CTX_HTTP | CTX_STREAM,
     .flags = DIRECTIVE_REPEATS,
     .min_args = 2,
     .max_args = ARGS_MANY,
     .group = GROUP,
     .syntax = "log_format name [escape=default|json|none] string …;",
     .doc = "A format of access logs, made of text and variables; the strings are joined. Values "
            "are escaped as `\\xXX` (`default`), as in JSON strings (`json`), or not at all "
            "(`none`). `combined` is predefined.",
     .apply = add_format},
};

void directives_log_register(void)
{
    schema_register(table, ARRAY_LEN(table));
}
