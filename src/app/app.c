/* One configuration at work in this process. What happens to a request stands in port.c and
 * phases.c. */
#include "app/app.h"

#include "app/lib_http.h"
#include "app/lib_ngx.h"
#include "app/listeners.h"
#include "app/lua_step.h"
#include "app/port.h"
#include "base/mem.h"
#include "bind/machine.h"
#include "bind/vm.h"
#include "loop/loop.h"

static struct {
    struct app_conf *conf;
    struct port *ports;
    unsigned n_ports;
    int worker_id, worker_count;
    bool is_exiting;
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

bool app_open_listeners(struct app_conf *conf, struct app_conf *old, struct config_error *e)
{
    return listeners_open(conf, old, e);
}

void app_close_listeners(struct app_conf *conf)
{
    listeners_close(conf);
}

bool app_open_lua(struct app_conf *conf)
{
    struct machine_options o = {conf->lua_package_path, conf->lua_package_cpath};

    app.conf = conf;
    if (!machine_open(&o))
        return false;
    if (!lib_http_open() || !lib_ngx_open())
        return false;
    return lua_step_run_plain((struct lua_code *)conf->init_by_lua, LUA_CONTEXT_INIT);
}

static void on_all_idle(struct loop_call *call)
{
    UNUSED(call);
    if (app.on_idle)
        app.on_idle();
}

static void check_idle(struct port *p)
{
    UNUSED(p);
    for (unsigned i = 0; i < app.n_ports; i++)
        if (app.ports[i].server.n_conns > 0)
            return;
    loop_next(&app.idle_call);
}

/* With one worker it may as well take all that is there; several share more evenly one by one. */
static void open_port(struct port *p, const struct listen_conf *l)
{
    bool takes_all = app.conf->has_multi_accept || app.worker_count == 1;

    p->on_idle = check_idle;
    port_open(p, app.conf, l, l->fds[l->n_fds > 1 ? app.worker_id % l->n_fds : 0], takes_all ? 64 : 4);
}

void app_start(struct app_conf *conf, int id, int n)
{
    app.conf = conf;
    app.worker_id = id;
    app.worker_count = n;
    app.is_exiting = false;
    loop_call_init(&app.idle_call, on_all_idle);
    lua_step_run_plain((struct lua_code *)conf->init_worker_by_lua, LUA_CONTEXT_INIT_WORKER);
    app.ports = mem_zalloc((conf->n_listens + 1) * sizeof *app.ports);
    app.n_ports = conf->n_listens;
    for (unsigned i = 0; i < conf->n_listens; i++)
        open_port(&app.ports[i], conf->listens[i]);
}

void app_drain(void (*on_idle)(void))
{
    app.is_exiting = true;
    app.on_idle = on_idle;
    lib_ngx_drain();
    for (unsigned i = 0; i < app.n_ports; i++)
        port_drain(&app.ports[i]);
    check_idle(NULL);
}

void app_stop(void)
{
    app.on_idle = NULL;
    for (unsigned i = 0; i < app.n_ports; i++)
        port_close(&app.ports[i]);
    loop_cancel(&app.idle_call);
    if (app.conf && vm_main())
        lua_step_run_plain((struct lua_code *)app.conf->exit_worker_by_lua, LUA_CONTEXT_EXIT_WORKER);
    machine_close();
    mem_free(app.ports);
    app.ports = NULL;
    app.n_ports = 0;
}
