/* A loaded configuration: what main, events and http say, the servers and their listeners. */
#ifndef APP_CONF_H
#define APP_CONF_H

#include "app/location.h"
#include "app/variables/script.h"
#include "base/map.h"
#include "bind/lib_worker_thread.h"
#include "config/tree.h"
#include "loop/loop.h"
#include "net/addr.h"
#include "net/listen.h"

struct zone_conf;
struct tls_ctx;
struct lua_code; /* a chunk of Lua from the configuration, see app/lua/lua_code.h */

struct vhost {
    struct slice *names; /* server_name, as written */
    unsigned n_names, names_size;
    struct location *base; /* the server's own level */
    struct tls_ctx *tls;   /* see app/tls/tls_vhosts; NULL: none */
    const struct config_node *place;
};

/* One address that is listened on, and the servers that share it. */
struct listen_conf {
    struct addr addr;
    struct listen_options options;
    struct slice text; /* as written */
    struct vhost **vhosts;
    unsigned n_vhosts, vhosts_size;
    struct vhost *default_vhost;
    struct hosts *hosts;             /* name → vhost, compiled by router */
    const struct config_node *place; /* the first `listen` directive; NULL: there is none */
    bool is_default_explicit;
    bool has_http2; /* said by one of its `listen` directives, for all its servers */
    bool is_tls;
    bool is_stream, is_udp; /* of a server in `stream` */
    bool has_proxy_protocol;
    bool has_options; /* `options` were given by one of its `listen` directives */
    int *fds; /* sockets, NULL until opened; one, or one a worker with `reuseport`. Kept over
                 reloads */
    int n_fds;
};

/* A log file, and the directive that named it first; NULL: none did. */
struct conf_sink {
    struct log_sink sink;
    const struct config_node *place;
};

/* A directory for temporary files. */
struct temp_path {
    struct slice path;
    const struct config_node *place;
};

/* Visits that go by a configuration, for those that free one before the process ends. */
struct conf_users {
    unsigned n;
    void (*on_none)(void *arg); /* NULL: nobody waits. Called once, when `n` falls to 0 */
    void *arg;
    struct ws_set *sockets; /* what the WebSockets that visits become join; NULL: nothing */
};

/* What there is once for `http` and once for `stream`. */
enum conf_side { CONF_HTTP, CONF_STREAM, CONF_SIDES };

struct app_conf {
    struct pool pool;
    struct conf_users *users;
    struct config_tree *tree;
    const struct config_node *place; /* the directive that is being applied; NULL: none */
    struct slice prefix, path;       /* prefix ends with '/' */
    struct variable_table variables, stream_variables;

    bool is_transparent;  /* some server is connected to from addresses of others */
    int worker_processes; /* 0: as many as cores */
    int worker_connections;
    int worker_rlimit_nofile;
    int64_t worker_rlimit_core; /* -1: as it is */
    int worker_priority;        /* niceness; 0: as it is */
    struct slice *cpu_masks;    /* of 0 and 1, of worker_cpu_affinity */
    unsigned n_cpu_masks;
    bool has_auto_affinity;           /* each worker has a processor of its own */
    const char *working_directory;    /* of workers; NULL: as it is */
    uint64_t worker_shutdown_timeout; /* ms, 0: none */
    uint64_t worker_watchdog;         /* ms, 0: off */
    bool is_daemon, has_master;
    bool has_agent; /* a process of the master's own rights that serves nobody, of init_by_lua */
    bool has_multi_accept;
    bool has_io_uring; /* where the system has it */
    enum loop_backend backend;
    struct slice pid_path, user, group;
    const struct config_node *user_place; /* NULL: nobody has named one */
    struct log_sink error_log;
    const struct config_node *error_log_place;
    struct slice *env;
    unsigned n_env, env_size;

    struct location *http; /* the http level; NULL when there is no http block */
    struct listen_conf **listens;
    unsigned n_listens, listens_size;
    struct vhost **vhosts;
    unsigned n_vhosts, vhosts_size;
    struct location *stream; /* the stream level; NULL when there is no stream block */
    struct map upstreams, stream_upstreams;      /* name → struct upstream * */
    struct upstream *first_upstream[CONF_SIDES]; /* in their order */
    struct proxy_pass *passes;                   /* of http */
    struct cache_zone *cache_zones;         /* of proxy_cache_path, see app/proxy/cache_zone.h */
    struct upstream_cache *found_upstreams; /* see app/proxy/upstream_find.c; NULL: none yet */
    struct health_match *matches;           /* see app/proxy/health_match.h */
    struct health_check *health_checks;
    struct map log_formats, stream_log_formats; /* name → struct log_format * */
    struct map log_sinks;   /* "level path" → struct conf_sink *: of all logs, each opened once */
    struct map log_buffers; /* path → struct access_log_buffer *: of access logs with buffer= */
    struct temp_path *temp_paths; /* directories that conf_open_logs makes */
    unsigned n_temp_paths, temp_paths_size;
    struct zone_conf **zones; /* shared memory, see app/zones.h */
    unsigned n_zones, zones_size;
    struct limit_zone *limit_zones; /* of limit_req and limit_conn */
    size_t bus_size;

    struct slice lua_package_path, lua_package_cpath;
    const struct conf_remark *remarks; /* the newest first */
    bool has_uncached_lua;             /* lua_code_cache off somewhere */
    struct lua_code *init_by_lua[CONF_SIDES], *init_worker_by_lua[CONF_SIDES];
    struct lua_code *exit_worker_by_lua[CONF_SIDES];
    struct lua_code *handlers; /* all that `handler` names */
    struct lua_code *inlines;  /* all Lua that stands in the configuration, or in files it names */
    unsigned max_pending_timers, max_running_timers;
    unsigned most_idle_coroutines; /* of lua_thread_cache_max_entries */
    struct worker_thread_options threads;
    size_t capture_size;        /* of lua_capture_error_log; 0: none */
    unsigned regex_match_limit; /* of ngx.re; 0: PCRE's own */
    unsigned malloc_trim;       /* of lua_malloc_trim; 0: never */
};

/* Has "text in file:line" logged once the logs are open. `text` lasts as long as `conf`. */
void conf_remark(struct app_conf *conf, enum log_level level, const char *text,
                 const struct config_node *node);

/* Prints on the error output what conf_remark was told, but for what the log will say there. */
void conf_print_remarks(const struct app_conf *conf);

/* An empty configuration with the defaults of the main level. */
struct app_conf *conf_new(struct slice prefix, struct slice path);

/* Reads and checks a configuration file; NULL with `e` filled. `extra` is the text of -g. Opens
 * nothing but the files it reads. */
struct app_conf *conf_load(struct slice prefix, struct slice path, struct slice extra,
                           struct config_error *e);

/* Same, from text in memory; relative paths start from the current directory, errors go to the
 * process's default log. */
struct app_conf *conf_load_text(struct slice text, struct config_error *e);

/* Frees it (NULL inside is fine); the descriptors of its listeners are closed or taken already. */
void conf_free(struct app_conf **conf);

/* How many processes serve it. */
int conf_count_workers(const struct app_conf *conf);

/* `path` under the prefix when it is relative; terminated, in the pool. */
char *conf_path(struct app_conf *conf, struct slice path);

/* The same in another pool. */
char *conf_path_in(const struct app_conf *conf, struct slice path, struct pool *pool);

/* The same for certificates, keys and their kind: one beside the main configuration file comes
 * before one under the prefix. */
char *conf_material(struct app_conf *conf, struct slice path);

/* The same in another pool, while the configuration is used. */
char *conf_material_in(const struct app_conf *conf, struct slice path, struct pool *pool);

/* Makes a sink whose path is "syslog:…", which has been checked, one of datagrams. */
void conf_log_set_syslog(struct log_sink *sink);

/* The sink of that path (empty: stderr) and level, made on first use (closed; opened by
 * conf_open_logs). */
struct log_sink *conf_log_sink(struct app_conf *conf, struct slice path, enum log_level level);

/* Where the secrets of connections of TLS are written; the path is relative to the configuration's
 * folder. */
struct log_sink *conf_key_log(struct app_conf *conf, struct slice path);

/* Opens (or reopens) every log file and makes the directories of temporary files. False with `e`
 * filled at the first that fails. */
bool conf_open_logs(struct app_conf *conf, struct config_error *e);

/* Opens every log file again, after a rotation; what buffers hold goes to the old ones. A file that
 * cannot be opened is logged, and the old one goes on. */
void conf_reopen_logs(struct app_conf *conf);

/* Writes out what the buffers of access logs hold. */
void conf_flush_logs(struct app_conf *conf);

#endif
