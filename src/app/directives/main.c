/* Directives of the main level and of `events`: processes, limits, files of the process. */
#include "app/directives/directives.h"

#include <unistd.h>

#include "app/directives/tables.h"
#include "app/lua/lua_code.h"
#include "base/num.h"

#define GROUP "Processes"

enum { THREADS_MOST = 1 << 20, PRIORITY_MOST = 20, PROCESSORS_MOST = 1024 };

static const char *const auto_word[] = {"auto", NULL};

static bool set_workers(void *ctx, const struct config_node *node, struct config_error *e)
{
    struct app_conf *conf = ((struct apply *)ctx)->conf;
    int64_t n = 0;

    if (!slice_eq(node->args[0], SLICE("auto")) && !config_arg_int(node, 0, &n, e))
        return false;
    if (n > 1024)
        return config_node_error(node, e, "more than 1024 worker processes");
    conf->worker_processes = (int)n;
    return true;
}

/* An int, a bool or milliseconds in struct app_conf, `id` bytes from its start. */
static void *field(void *ctx, const struct config_node *node)
{
    return (char *)((struct apply *)ctx)->conf + node->schema->id;
}

static bool set_int(void *ctx, const struct config_node *node, struct config_error *e)
{
    int64_t value;

    if (!config_arg_int(node, 0, &value, e))
        return false;
    if (value > INT32_MAX)
        return config_node_error(node, e, "\"%s\" directive invalid number", node->name.p);
    *(int *)field(ctx, node) = (int)value;
    return true;
}

static bool set_connections(void *ctx, const struct config_node *node, struct config_error *e)
{
    struct apply *a = ctx;

    return set_int(ctx, node, e) &&
           (a->conf->worker_connections > 0 ||
            config_node_error(node, e, "0 worker_connections are not enough"));
}

static bool set_flag(void *ctx, const struct config_node *node, struct config_error *e)
{
    return config_arg_flag(node, 0, field(ctx, node), e);
}

static bool set_time(void *ctx, const struct config_node *node, struct config_error *e)
{
    int64_t value;

    if (!config_arg_time(node, 0, &value, e))
        return false;
    *(uint64_t *)field(ctx, node) = (uint64_t)value;
    return true;
}

static bool set_core_limit(void *ctx, const struct config_node *node, struct config_error *e)
{
    return config_arg_size(node, 0, &((struct apply *)ctx)->conf->worker_rlimit_core, e);
}

static bool set_priority(void *ctx, const struct config_node *node, struct config_error *e)
{
    struct slice digits = node->args[0];
    bool is_negative = slice_has_prefix(digits, SLICE("-"));
    int64_t n;

    if (!num_parse_u63(slice_from(digits, is_negative), &n) || n > PRIORITY_MOST)
        return config_node_error(node, e, "invalid priority \"%.200s\"", node->args[0].p);
    ((struct apply *)ctx)->conf->worker_priority = is_negative ? (int)-n : (int)n;
    return true;
}

static bool is_mask(struct slice s)
{
    return s.n > 0 && s.n <= PROCESSORS_MOST && strspn(s.p, "01") >= s.n;
}

static bool set_affinity(void *ctx, const struct config_node *node, struct config_error *e)
{
    struct app_conf *conf = ((struct apply *)ctx)->conf;
    unsigned first = slice_eq(node->args[0], SLICE("auto")) ? 1 : 0;

    if (first && node->n_args > 2)
        return config_node_error(node, e, "\"auto\" takes one mask at most");
    for (unsigned i = first; i < node->n_args; i++)
        if (!is_mask(node->args[i]) || (first && slice_find(node->args[i], '1') < 0))
            return config_node_error(node, e, "invalid mask \"%.200s\": digits 0 and 1, %d at most",
                                     node->args[i].p, PROCESSORS_MOST);
    conf->has_auto_affinity = first;
    conf->n_cpu_masks = (unsigned)node->n_args - first;
    conf->cpu_masks = node->args + first;
    return true;
}

static bool set_directory(void *ctx, const struct config_node *node, struct config_error *e)
{
    UNUSED(e);
    ((struct apply *)ctx)->conf->working_directory = node->args[0].p;
    return true;
}

/* worker_watchdog takes `off` besides a time. */
static bool set_watchdog(void *ctx, const struct config_node *node, struct config_error *e)
{
    struct app_conf *conf = ((struct apply *)ctx)->conf;

    if (!slice_eq(node->args[0], SLICE("off")))
        return set_time(ctx, node, e);
    conf->worker_watchdog = 0;
    return true;
}

static bool set_pid(void *ctx, const struct config_node *node, struct config_error *e)
{
    struct app_conf *conf = ((struct apply *)ctx)->conf;

    UNUSED(e);
    conf->pid_path = slice_str(conf_path(conf, node->args[0]));
    return true;
}

static bool set_user(void *ctx, const struct config_node *node, struct config_error *e)
{
    struct app_conf *conf = ((struct apply *)ctx)->conf;

    UNUSED(e);
    conf->user_place = node;
    conf->user = node->args[0];
    conf->group = node->n_args > 1 ? node->args[1] : SLICE_EMPTY;
    if (geteuid() != 0)
        conf_remark(conf, LOG_WARN,
                    "the \"user\" directive makes sense only if the master process runs with "
                    "super-user privileges, ignored",
                    node);
    return true;
}

static bool add_env(void *ctx, const struct config_node *node, struct config_error *e)
{
    struct app_conf *conf = ((struct apply *)ctx)->conf;

    UNUSED(e);
    conf->env = pool_grow(&conf->pool, conf->env, conf->n_env, &conf->env_size, sizeof(*conf->env));
    conf->env[conf->n_env++] = node->args[0];
    return true;
}

/* "name=number" with that name. */
static bool read_setting(struct slice arg, struct slice name, unsigned *out)
{
    struct slice rest = arg;
    int64_t n;

    if (!slice_eq(slice_cut(&rest, '='), name) || !num_parse_u63(rest, &n) || n < 1 ||
        n > THREADS_MOST)
        return false;
    *out = (unsigned)n;
    return true;
}

static bool add_thread_pool(void *ctx, const struct config_node *node, struct config_error *e)
{
    struct app_conf *conf = ((struct apply *)ctx)->conf;
    struct worker_thread_options *all = &conf->threads;
    struct worker_thread_pool p = {.name = node->args[0], .most_waiting = 65536};
    struct worker_thread_pool *pools;

    for (unsigned i = 0; i < all->n_pools; i++)
        if (slice_eq(all->pools[i].name, p.name))
            return config_node_error(node, e, "duplicate thread pool \"%.200s\"", p.name.p);
    for (unsigned i = 1; i < node->n_args; i++)
        if (!read_setting(node->args[i], SLICE("threads"), &p.threads) &&
            !read_setting(node->args[i], SLICE("max_queue"), &p.most_waiting))
            return config_arg_refuse(node, node->args[i], e);
    if (!p.threads)
        return config_node_error(node, e, "invalid thread pool \"%.200s\": no threads=", p.name.p);
    pools = pool_alloc(&conf->pool, (all->n_pools + 1) * sizeof(*pools));
    if (all->n_pools > 0)
        memcpy(pools, all->pools, all->n_pools * sizeof(*pools));
    pools[all->n_pools++] = p;
    all->pools = pools;
    return true;
}

static bool set_backend(void *ctx, const struct config_node *node, struct config_error *e)
{
    static const struct {
        const char *name;
        enum loop_backend backend;
    } known[] = {{"epoll", LOOP_EPOLL}, {"poll", LOOP_POLL}, {"select", LOOP_SELECT}};
    struct app_conf *conf = ((struct apply *)ctx)->conf;

    for (size_t i = 0; i < ARRAY_LEN(known); i++) {
        if (slice_eq(node->args[0], slice_str(known[i].name))) {
            conf->backend = known[i].backend;
            return true;
        }
    }
    config_node_error(node, e, "invalid event type \"%.200s\"", node->args[0].p);
    return config_error_hint(e, "\"use\" takes epoll, poll, select");
}

static bool apply_events(void *ctx, const struct config_node *node, struct config_error *e)
{
    struct apply a = *(struct apply *)ctx;

    return directives_apply_block(&a, node, e);
}

#define FIELD(member) (int)offsetof(struct app_conf, member)

#define MAIN(text, where, n, kind, args)                                                           \
    .name = (text), .contexts = (where), .min_args = (n), .max_args = (n), .kinds = {(kind)},      \
    .group = GROUP, .syntax = text args

static const char *const debug_words[] = {"abort", "stop", NULL};

static const struct directive table[] = {
    {MAIN("worker_processes", CTX_MAIN, 1, ARG_NUMBER, " number | auto;"), .choices = auto_word,
     .default_text = "worker_processes 1;",
     .doc = "How many worker processes serve; `auto` is one for each processor.",
     .apply = set_workers},
    {MAIN("worker_rlimit_nofile", CTX_MAIN, 1, ARG_NUMBER, " number;"),
     .doc =
         "Limit of open files (RLIMIT_NOFILE) of each worker; without it the limit is left alone.",
     .id = FIELD(worker_rlimit_nofile), .apply = set_int},
    {MAIN("worker_shutdown_timeout", CTX_MAIN, 1, ARG_TIME, " time;"),
     .doc = "Longest time of a graceful end, which waits for connections and for functions of "
            "`ngx.timer` that run; connections still open then are closed. Without it there is no "
            "limit.",
     .id = FIELD(worker_shutdown_timeout), .apply = set_time},
    {MAIN("worker_watchdog", CTX_MAIN, 1, ARG_TIME, " time | off;"),
     .choices = (const char *const[]){"off", NULL}, .default_text = "worker_watchdog off;",
     .doc = "A worker whose loop has not turned for that long, because Lua does not return, is "
            "written about in the error log with a Lua traceback and replaced.",
     .id = FIELD(worker_watchdog), .apply = set_watchdog},
    {MAIN("daemon", CTX_MAIN, 1, ARG_FLAG, " on | off;"), .default_text = "daemon on;",
     .doc = "Go to the background once all listeners are open.", .id = FIELD(is_daemon),
     .apply = set_flag},
    {MAIN("master_process", CTX_MAIN, 1, ARG_FLAG, " on | off;"),
     .default_text = "master_process on;",
     .doc = "With `off` a single process does everything; it has no reload. For development.",
     .id = FIELD(has_master), .apply = set_flag},
    {MAIN("pid", CTX_MAIN, 1, ARG_WORD, " file;"), .default_text = "pid logs/perilune.pid;",
     .doc = "File that holds the number of the main process; relative to the prefix. Started under "
            "the name of nginx, "
            "it is logs/nginx.pid.",
     .apply = set_pid},
    {.name = "user",
     .contexts = CTX_MAIN,
     .min_args = 1,
     .max_args = 2,
     .group = GROUP,
     .syntax = "user user [group];",
     .doc = "Whom workers run as when the server is started by root. The group is the user's own "
            "unless given.",
     .apply = set_user},
    {MAIN("env", CTX_MAIN, 1, ARG_WORD, " name[=value];"), .flags = DIRECTIVE_REPEATS,
     .doc = "An environment variable that workers keep, or are given with this value. May repeat. "
            "`TZ`, "
            "`LUA_PATH` and `LUA_CPATH` are kept unasked.",
     .apply = add_env},
    {.name = "events",
     .contexts = CTX_MAIN,
     .flags = DIRECTIVE_BLOCK,
     .opens = CTX_EVENTS,
     .group = GROUP,
     .syntax = "events { … }",
     .doc = "Settings of the event loop.",
     .apply = apply_events},
    {MAIN("worker_connections", CTX_EVENTS, 1, ARG_NUMBER, " number;"),
     .default_text = "worker_connections 1024;",
     .doc = "The most connections from clients that a worker holds at once. When somebody comes "
            "who is too many, idle connections are closed, or he waits until one ends.",
     .id = FIELD(worker_connections), .apply = set_connections},
    {MAIN("multi_accept", CTX_EVENTS, 1, ARG_FLAG, " on | off;"),
     .default_text = "multi_accept off;",
     .doc = "Accept many waiting connections in one turn of the loop instead of few.",
     .id = FIELD(has_multi_accept), .apply = set_flag},
    {MAIN("use", CTX_EVENTS, 1, ARG_WORD, " epoll | poll | select;"),
     .doc = "How the loop waits for events; the best that the system has unless given.",
     .apply = set_backend},
    {MAIN("io_uring", CTX_EVENTS, 1, ARG_FLAG, " on | off;"), .default_text = "io_uring on;",
     .doc =
         "Receive from, and send to, the connections of one turn of the loop in one system call, "
         "through the kernel's io_uring (Linux 5.6 and later). Where the kernel has none, or a "
         "filter of system calls forbids it, workers say so at the level `notice` when they start, "
         "and make plain calls.",
     .id = FIELD(has_io_uring), .apply = set_flag},
    {MAIN("accept_mutex", CTX_EVENTS, 1, ARG_FLAG, " on | off;"),
     .doc = "Accepted for compatibility: the kernel distributes connections."},
    {MAIN("accept_mutex_delay", CTX_EVENTS, 1, ARG_TIME, " time;"),
     .doc = "Accepted for compatibility: there is no mutex to wait for."},
    {MAIN("debug_connection", CTX_EVENTS, 1, ARG_WORD, " address | CIDR | unix:;"),
     .flags = DIRECTIVE_REPEATS,
     .doc = "Accepted for compatibility: a level of `error_log` is that of all clients."},
    {MAIN("load_module", CTX_MAIN, 1, ARG_WORD, " file;"), .flags = DIRECTIVE_REPEATS,
     .doc = "Accepted for compatibility and ignored: there are no loadable modules."},
    {MAIN("debug_points", CTX_MAIN, 1, ARG_ENUM, " abort | stop;"), .choices = debug_words,
     .doc = "Accepted for compatibility: a process that finds itself in disorder always aborts."},
    {MAIN("pcre_jit", CTX_MAIN, 1, ARG_FLAG, " on | off;"),
     .doc = "Accepted for compatibility: regular expressions are always compiled to machine code."},
    {.name = "thread_pool",
     .contexts = CTX_MAIN,
     .flags = DIRECTIVE_REPEATS,
     .min_args = 2,
     .max_args = 3,
     .group = GROUP,
     .syntax = "thread_pool name threads=number [max_queue=number];",
     .default_text = "thread_pool default threads=32 max_queue=65536;",
     .doc = "A pool of threads in each worker, for `ngx.run_worker_thread` and "
            "`perilune.worker_thread`. They are started when they are needed; `max_queue` jobs may "
            "wait for one.",
     .apply = add_thread_pool},
    {MAIN("timer_resolution", CTX_MAIN, 1, ARG_TIME, " interval;"),
     .doc = "Accepted for compatibility: time is read once in a turn of the loop."},
    {MAIN("working_directory", CTX_MAIN, 1, ARG_WORD, " directory;"),
     .doc = "The current directory of workers, where core files go; paths of the configuration "
            "start from the prefix in any case. Workers must be able to enter it.",
     .apply = set_directory},
    {MAIN("lock_file", CTX_MAIN, 1, ARG_WORD, " file;"),
     .doc = "Accepted for compatibility: there is no such file."},
    {.name = "worker_cpu_affinity",
     .contexts = CTX_MAIN,
     .min_args = 1,
     .max_args = ARGS_MANY,
     .group = GROUP,
     .syntax = "worker_cpu_affinity mask … | auto [mask];",
     .doc = "The processors that each worker keeps to: a mask for each, whose last digit is the "
            "first processor (`0001 0010`); the last mask holds for all workers that have none. "
            "`auto` gives each one processor, of those in the mask. Without it the system chooses.",
     .apply = set_affinity},
    {MAIN("worker_priority", CTX_MAIN, 1, ARG_WORD, " number;"),
     .doc = "Niceness of workers, -20 (first) to 20. Without it that of the master.",
     .apply = set_priority},
    {MAIN("worker_rlimit_core", CTX_MAIN, 1, ARG_SIZE, " size;"),
     .doc = "Largest core file of a worker (RLIMIT_CORE); without it the limit is left alone.",
     .apply = set_core_limit},
};

void directives_main_register(void)
{
    schema_register(table, ARRAY_LEN(table));
}
