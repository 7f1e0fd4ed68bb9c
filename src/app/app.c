/* One configuration at work in this process. What happens to a request stands in port.c and
 * phases.c.
 *
 * worker_connections: a process that holds that many accepts nobody (others may, or the kernel's
 * queue holds them), closes what is idle and keeps nothing alive until a connection has gone. It
 * finds out when somebody knocks, so that idle connections are only closed for somebody's sake.
 *
 * A worker that holds more than its share lets the others go first, for a millisecond. */
#include "app/app.h"

#include <sys/resource.h>

#include "app/fair_share.h"
#include "app/listeners.h"
#include "app/location_resolver.h"
#include "app/lua/ffi_errlog.h"
#include "app/lua/ffi_regex.h"
#include "app/lua/lib_http.h"
#include "app/lua/lib_ngx.h"
#include "app/lua/lib_socket.h"
#include "app/lua/lua_fresh.h"
#include "app/lua/lua_step.h"
#include "app/lua/lua_timer.h"
#include "app/port.h"
#include "app/proxy/cache_manager.h"
#include "app/proxy/health.h"
#include "app/proxy/upstream_names.h"
#include "app/server_counts.h"
#include "app/stream/session.h"
#include "app/tls/lib_stapling.h"
#include "app/visit.h"
#include "app/zones.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "bind/co_cache.h"
#include "bind/lib_bus.h"
#include "bind/lib_dns.h"
#include "bind/machine.h"
#include "bind/vm.h"
#include "http/detached.h"
#include "http/ws/ws_conn.h"
#include "loop/loop.h"

enum { COMPLAIN_EVERY_MS = 10000, YIELD_MS = 1 };

static struct {
    struct app_conf *conf;
    struct port *ports;
    unsigned n_ports;
    struct ws_set sockets;
    int worker_id, worker_count;
    bool is_exiting;
    bool is_full;
    bool is_exhausted; /* no descriptor was left when accepting was tried last */
    bool has_yielded;  /* to other workers; now it is our turn whatever we hold */
    struct timer yield;
    uint64_t complained_at[2]; /* about being full; 0: never */
    struct loop_call idle_call;
    void (*on_idle)(void);
} app; /* process-wide: what this process serves */

struct app_conf *app_conf_current(void)
{
    return app.conf;
}

int app_worker_id(void)
{
    return app.worker_id;
}

int app_worker_count(void)
{
    return app.worker_count;
}

bool app_is_exiting(void)
{
    return app.is_exiting;
}

void app_open_zones(struct app_conf *conf, const struct app_conf *old)
{
    zones_open(conf, old);
    upstream_names_inherit(conf, old);
    health_inherit(conf, old);
}

/* What http says, then what stream says. */
static bool run_plain(struct lua_code *const code[CONF_SIDES], enum lua_context context)
{
    bool ok = lua_step_run_plain(code[CONF_HTTP], context, false);

    return lua_step_run_plain(code[CONF_STREAM], context, true) && ok;
}

static void init_again(void)
{
    (void)run_plain(app.conf->init_by_lua, LUA_CONTEXT_INIT);
}

bool app_open_lua(struct app_conf *conf)
{
    struct machine_options o = {conf->lua_package_path, conf->lua_package_cpath};

    app.conf = conf;
    ffi_errlog_open(conf->capture_size);
    ffi_regex_limit(conf->regex_match_limit);
    co_cache_set_most(conf->most_idle_coroutines);
    lib_worker_thread_configure(&conf->threads);
    lib_socket_use(conf->http, conf->stream);
    if (!machine_open(&o))
        return false;
    if (!lib_http_open() || !lib_ngx_open())
        return false;
    if (conf->has_uncached_lua && !lua_fresh_remember(init_again))
        return false;
    return run_plain(conf->init_by_lua, LUA_CONTEXT_INIT);
}

bool app_check_lua(const struct app_conf *conf, struct config_error *e)
{
    return lua_code_check(conf->inlines, e);
}

bool app_load_handlers(struct app_conf *conf, struct config_error *e)
{
    for (struct lua_code *code = conf->handlers; code; code = code->next)
        if (!lua_code_load_handler(code, e))
            return false;
    return true;
}

/* Before the first request wants them. One worker tells for all what is wrong; the request for it
 * is answered 500. */
static void load_handlers(const struct app_conf *conf)
{
    struct config_error e = {0};

    if (conf->has_uncached_lua)
        return;
    for (struct lua_code *code = conf->handlers; code; code = code->next)
        if (!lua_code_load_handler(code, &e) && app.worker_id == 0)
            log_write(NULL, LOG_ERROR, "%s in %s:%u", e.message, e.file, e.line);
}

static unsigned most_connections(void)
{
    return (unsigned)app.conf->worker_connections;
}

static unsigned count_connections(void)
{
    unsigned n = 0;

    for (unsigned i = 0; i < app.n_ports; i++)
        n += app.ports[i].server.n_conns;
    return n + ws_conn_count() + session_count() + detached_count();
}

/* A function of ngx.timer that runs may have to send what is left: it is not cut short. */
static bool is_idle(void)
{
    return count_connections() == 0 && lua_timer_count() == 0;
}

/* What the listening sockets still held may have been accepted since this was called for. */
static void on_all_idle(struct loop_call *call)
{
    UNUSED(call);
    if (app.on_idle && is_idle())
        app.on_idle();
}

static void check_idle(struct port *p)
{
    UNUSED(p);
    if (is_idle())
        loop_next(&app.idle_call);
}

static void on_timer_gone(void)
{
    if (app.is_exiting)
        check_idle(NULL);
}

static void complain(bool is_hopeful)
{
    uint64_t *at = &app.complained_at[is_hopeful];

    if (*at && clock_ms() - *at < COMPLAIN_EVERY_MS)
        return;
    *at = clock_ms();
    log_write(NULL, is_hopeful ? LOG_WARN : LOG_ALERT, "%d worker_connections are not enough, %s",
              app.conf->worker_connections, is_hopeful ? "closing idle ones" : "new ones wait");
}

/* How many idle connections go. */
static unsigned set_crowded(bool is_crowded)
{
    unsigned n_shed = 0;

    for (unsigned i = 0; i < app.n_ports; i++)
        n_shed += server_set_crowded(&app.ports[i].server, is_crowded);
    return n_shed;
}

static void set_full(bool is_full)
{
    unsigned n_shed = set_crowded(is_full);

    app.is_full = is_full;
    if (is_full)
        complain(n_shed > 0);
}

/* Whatever worker_connections says: idle connections give their descriptors, until accepting is
 * tried again. */
static void on_exhausted(struct port *p)
{
    UNUSED(p);
    app.is_exhausted = true;
    (void)set_crowded(true);
}

static unsigned room(struct port *p)
{
    unsigned most = most_connections(), n = count_connections();

    UNUSED(p);
    if (app.is_exhausted) {
        app.is_exhausted = false;
        (void)set_crowded(app.is_full);
    }
    if (n >= most) {
        if (!app.is_full)
            set_full(true);
        return 0;
    }
    if (!fair_share_note(n) || app.has_yielded) {
        app.has_yielded = false;
        return most - n;
    }
    if (!timer_is_active(&app.yield))
        timer_start(&app.yield, YIELD_MS);
    return 0;
}

/* Datagrams do not wait in a queue for another worker: there is room, or they are lost. */
static bool may_open(struct port *p)
{
    UNUSED(p);
    if (count_connections() < most_connections())
        return true;
    complain(false);
    return false;
}

static void resume_all(void)
{
    for (unsigned i = 0; !app.is_exiting && !app.is_full && i < app.n_ports; i++)
        port_resume(&app.ports[i]);
}

static void on_yielded(struct timer *t)
{
    UNUSED(t);
    app.has_yielded = true;
    resume_all();
}

static void on_connection_gone(void)
{
    unsigned n = count_connections();

    if (app.is_exiting)
        check_idle(NULL);
    (void)fair_share_note(n);
    if (!app.is_full || n >= most_connections())
        return;
    set_full(false);
    resume_all();
}

static void on_closed(struct port *p)
{
    UNUSED(p);
    on_connection_gone();
}

/* With one worker it may as well take all that is there; several share more evenly one by one. */
static void open_port(struct port *p, struct listen_conf *l, int fd)
{
    bool takes_all = app.conf->has_multi_accept || app.worker_count == 1;

    p->on_idle = check_idle;
    p->room = room;
    p->on_exhausted = on_exhausted;
    p->may_open = may_open;
    p->on_closed = on_closed;
    port_open(p, app.conf, l, fd, takes_all ? 64 : 4);
}

static void open_ports(const struct app_conf *conf)
{
    unsigned n = 0, at = 0;

    for (unsigned i = 0; i < conf->n_listens; i++)
        n += listeners_choose(conf->listens[i], app.worker_id, app.worker_count);
    app.ports = mem_zalloc((n + 1) * sizeof *app.ports);
    app.n_ports = n;
    for (unsigned i = 0; i < conf->n_listens; i++)
        for (int k = 0; k < conf->listens[i]->n_fds; k++)
            if (conf->listens[i]->fds[k] >= 0)
                open_port(&app.ports[at++], conf->listens[i], conf->listens[i]->fds[k]);
}

static void check_limits(const struct app_conf *conf)
{
    struct rlimit limit;

    if (getrlimit(RLIMIT_NOFILE, &limit) == 0 && (rlim_t)conf->worker_connections > limit.rlim_cur)
        log_write(NULL, LOG_WARN, "%d worker_connections exceed open file resource limit: %llu",
                  conf->worker_connections, (unsigned long long)limit.rlim_cur);
}

/* For names that the running task looks up: what its request's location says, else the http level.
 */
static struct resolver *choose_resolver(void)
{
    struct visit *v = lua_current_visit();
    const struct location *l = v && v->loc ? v->loc : app.conf ? app.conf->http : NULL;

    return l ? location_resolver_of(l) : resolver_default();
}

/* What a request is the first to ask for is read by the worker itself, as who it is. */
static void check_library(void)
{
    if (!vm_has_library())
        log_write(NULL, LOG_ERROR,
                  "the user of workers cannot read the Lua library in \"%s\": requests will fail "
                  "that need more of it than is loaded; see the \"user\" directive",
                  vm_lua_dir());
}

void app_start(struct app_conf *conf, int id, int n)
{
    lib_dns_set_chooser(choose_resolver);
    app.conf = conf;
    app.worker_id = id;
    app.worker_count = n;
    app.is_exiting = app.sockets.is_draining = false;
    conf->users->sockets = &app.sockets;
    app.is_full = app.is_exhausted = app.has_yielded = false;
    timer_init(&app.yield, on_yielded);
    ws_conn_on_gone(on_connection_gone);
    session_on_gone(on_connection_gone);
    detached_on_gone(on_connection_gone);
    lua_timer_on_gone(on_timer_gone);
    if (id == APP_AGENT) {
        listeners_leave(conf);
    } else {
        fair_share_join(id);
        server_counts_join(id);
    }
    lib_bus_start();
    if (id == 0) {
        check_limits(conf);
        check_library();
    }
    loop_call_init(&app.idle_call, on_all_idle);
    (void)run_plain(conf->init_worker_by_lua, LUA_CONTEXT_INIT_WORKER);
    if (id == APP_AGENT)
        return;
    load_handlers(conf);
    lib_stapling_start(conf);
    open_ports(conf);
    if (id == 0) {
        health_start(conf);
        upstream_names_start(conf);
        cache_manager_start(conf);
    }
}

void app_drain(void (*on_idle)(void))
{
    app.is_exiting = true;
    app.on_idle = on_idle;
    upstream_names_stop();
    health_stop();
    cache_manager_stop();
    lib_ngx_drain();
    for (unsigned i = 0; i < app.n_ports; i++)
        port_drain(&app.ports[i]);
    ws_conn_drain(&app.sockets);
    ws_conn_drain(NULL); /* our own to others, too */
    if (app.conf->has_master)
        listeners_leave(app.conf);
    else
        listeners_close(app.conf, true);
    check_idle(NULL);
}

void app_stop(void)
{
    app.on_idle = NULL;
    timer_stop(&app.yield);
    upstream_names_stop();
    health_stop();
    cache_manager_stop();
    session_on_gone(NULL);
    detached_on_gone(NULL);
    lua_timer_on_gone(NULL);
    session_close_all();
    for (unsigned i = 0; i < app.n_ports; i++)
        port_close(&app.ports[i]);
    loop_cancel(&app.idle_call);
    if (app.conf && vm_main())
        (void)run_plain(app.conf->exit_worker_by_lua, LUA_CONTEXT_EXIT_WORKER);
    machine_close();
    conf_flush_logs(app.conf);
    mem_free(app.ports);
    app.ports = NULL;
    app.n_ports = 0;
}
