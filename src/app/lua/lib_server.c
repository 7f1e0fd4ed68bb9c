/* The Lua side translates its options into directives and hands the text over, so that limits,
 * units and error texts are those of the configuration. The userdata keeps itself alive until the
 * last connection has gone. */
#include "app/lua/lib_server.h"

#include <errno.h>
#include <fcntl.h>
#include <lauxlib.h>
#include <sys/socket.h>

#include "app/conf.h"
#include "app/listeners.h"
#include "app/lua/lua_code.h"
#include "app/port.h"
#include "base/mem.h"
#include "bind/arg.h"
#include "bind/lerr.h"
#include "bind/lib_addr.h"
#include "bind/lib_tls.h"
#include "bind/vm.h"
#include "http/ws/ws_conn.h"
#include "net/tls/tls_ctx.h"

struct code_server {
    struct app_conf *conf;
    struct port *ports;
    struct ws_set sockets;
    struct loop_call end_call;
    int self, on_closed;
    bool is_ending, is_closed;
};

static struct lua_code *code_of(const struct app_conf *conf, unsigned vhost)
{
    const struct location *l = conf->vhosts[vhost]->base->children[0];

    return (struct lua_code *)l->steps[PHASE_CONTENT].steps[0].arg;
}

static struct code_server *check_server(lua_State *L)
{
    return luaL_checkudata(L, 1, "perilune.server");
}

/* The configuration outlives the connections: handlers of theirs may still run. */
static void free_parts(void *p)
{
    struct code_server *s = p;
    lua_State *L = vm_main();

    mem_free(s->ports);
    s->ports = NULL;
    for (unsigned i = 0; L && i < s->conf->n_vhosts; i++)
        luaL_unref(L, LUA_REGISTRYINDEX, code_of(s->conf, i)->ref);
    conf_free(&s->conf);
    if (L)
        luaL_unref(L, LUA_REGISTRYINDEX, s->self);
}

static void on_unused(void *p)
{
    loop_free_later(p, free_parts);
}

static void end_server(struct code_server *s)
{
    lua_State *L = vm_main();
    struct conf_users *users = s->conf->users;

    if (s->is_closed)
        return;
    s->is_closed = true;
    loop_cancel(&s->end_call);
    for (unsigned i = 0; i < s->conf->n_listens; i++)
        port_close(&s->ports[i]);
    listeners_close(s->conf, true);
    ws_conn_dissolve(&s->sockets);
    users->sockets = NULL;
    users->on_none = on_unused;
    users->arg = s;
    if (users->n == 0)
        on_unused(s);
    loop_release();
    lua_rawgeti(L, LUA_REGISTRYINDEX, s->on_closed);
    luaL_unref(L, LUA_REGISTRYINDEX, s->on_closed);
    vm_call(0, 0, "server closed");
}

static void on_end(struct loop_call *call)
{
    end_server(CONTAINER_OF(call, struct code_server, end_call));
}

static void end_when_idle(struct code_server *s)
{
    for (unsigned i = 0; i < s->conf->n_listens; i++)
        if (s->ports[i].server.n_conns > 0)
            return;
    if (s->is_ending && s->sockets.n == 0)
        loop_next(&s->end_call);
}

static void on_port_idle(struct port *p)
{
    end_when_idle(p->user);
}

static void on_sockets_gone(struct ws_set *sockets)
{
    end_when_idle(CONTAINER_OF(sockets, struct code_server, sockets));
}

static void set_handler(struct app_conf *conf, lua_State *L, int index)
{
    for (unsigned i = 0; i < conf->n_vhosts; i++) {
        struct lua_code *code = code_of(conf, i);

        lua_pushvalue(L, index);
        code->ref = luaL_ref(L, LUA_REGISTRYINDEX);
        code->machine = vm_generation();
        conf->vhosts[i]->base->children[0]->lua_code_cache = true;
    }
}

static void start_ports(struct code_server *s)
{
    s->ports = mem_zalloc(s->conf->n_listens * sizeof *s->ports);
    for (unsigned i = 0; i < s->conf->n_listens; i++) {
        struct listen_conf *l = s->conf->listens[i];

        s->ports[i].on_idle = on_port_idle;
        s->ports[i].user = s;
        port_open(&s->ports[i], s->conf, l, l->fds[0], 16);
    }
}

static int refuse(lua_State *L, struct app_conf *conf, const struct err *why, const char *what)
{
    int n = lerr_return(L, why, what);

    conf_free(&conf);
    return n;
}

/* A descriptor that is no listening socket has no address. */
static int refuse_listener(lua_State *L, struct app_conf *conf, const struct err *why)
{
    const struct addr *a = &conf->listens[0]->addr;
    int n = a->len > 0 ? lib_addr_refuse(L, why, a) : lerr_return(L, why, "listen_fd");

    listeners_close(conf, true);
    conf_free(&conf);
    return n;
}

/* A listening socket that somebody else has made. */
static const struct err *adopt_descriptor(struct listen_conf *l, int fd)
{
    int is_listening = 0, flags = fcntl(fd, F_GETFL);
    socklen_t n = sizeof(is_listening);

    if (flags < 0 || getsockopt(fd, SOL_SOCKET, SO_ACCEPTCONN, &is_listening, &n) < 0 ||
        !is_listening)
        return &err_invalid;
    l->fds[0] = fcntl(fd, F_DUPFD_CLOEXEC, 0);
    if (l->fds[0] < 0)
        return err_from_errno(errno);
    (void)fcntl(l->fds[0], F_SETFL, flags | O_NONBLOCK);
    return addr_of_fd(l->fds[0], false, &l->addr);
}

/* Opens the one listener: descriptor `fd` when it is >= 0, any port of `host` when there is one. */
static const struct err *open_listener(struct app_conf *conf, int fd, const char *host)
{
    struct listen_conf *l = conf->listens[0];
    const struct err *e = NULL;

    l->fds = pool_alloc(&conf->pool, sizeof(int));
    l->fds[0] = -1;
    l->n_fds = 1;
    if (fd >= 0) {
        l->addr = (struct addr){0}; /* the configuration's own is not meant */
        return adopt_descriptor(l, fd);
    }
    if (host)
        e = addr_parse(slice_str(host), 0, &l->addr);
    return e ? e : listen_open(&l->addr, &l->options, &l->fds[0]);
}

static void push_server(lua_State *L, struct app_conf *conf)
{
    struct code_server *s = lua_newuserdata(L, sizeof *s);

    *s = (struct code_server){.conf = conf, .sockets.on_empty = on_sockets_gone};
    conf->users->sockets = &s->sockets;
    loop_call_init(&s->end_call, on_end);
    luaL_getmetatable(L, "perilune.server");
    lua_setmetatable(L, -2);
    lua_pushvalue(L, -1);
    s->self = luaL_ref(L, LUA_REGISTRYINDEX);
    lua_pushvalue(L, 3);
    s->on_closed = luaL_ref(L, LUA_REGISTRYINDEX);
    set_handler(conf, L, 2);
    loop_hold();
    start_ports(s);
}

int lib_server_listen(lua_State *L)
{
    struct slice text = arg_slice(L, 1);
    struct config_error e;
    struct app_conf *conf;
    const struct err *why;

    luaL_checktype(L, 2, LUA_TFUNCTION);
    luaL_checktype(L, 3, LUA_TFUNCTION);
    conf = conf_load_text(text, &e);
    if (!conf)
        return refuse(L, NULL, &err_invalid, e.message);
    if (!conf_open_logs(conf, &e))
        return refuse(L, conf, &err_invalid, e.message);
    why = open_listener(conf, (int)luaL_optinteger(L, 4, -1), luaL_optstring(L, 5, NULL));
    if (why)
        return refuse_listener(L, conf, why);
    if (lib_tls_is(L, 6)) {
        conf->listens[0]->is_tls = true;
        conf->vhosts[0]->tls = tls_ctx_ref(lib_tls_check(L, 6));
    }
    push_server(L, conf);
    return 1;
}

/* server:port() → number of the first listener; 0 for a Unix socket, nil when it does not listen
 * any more */
static int l_port(lua_State *L)
{
    struct code_server *s = check_server(L);
    struct addr a;

    if (s->is_ending || s->is_closed || addr_of_fd(s->conf->listens[0]->fds[0], false, &a)) {
        lua_pushnil(L);
        return 1;
    }
    lua_pushinteger(L, addr_port(&a));
    return 1;
}

/* server:drain(): no more accepting, WebSockets are closed as going away; on_closed follows when
 * the last connection has gone */
static int l_drain(lua_State *L)
{
    struct code_server *s = check_server(L);

    if (s->is_closed || s->is_ending)
        return 0;
    s->is_ending = true;
    for (unsigned i = 0; i < s->conf->n_listens; i++)
        port_drain(&s->ports[i]);
    listeners_close(s->conf, true); /* who connects now shall be refused, not kept waiting */
    ws_conn_drain(&s->sockets);
    end_when_idle(s);
    return 0;
}

/* server:kill(): every connection is closed now */
static int l_kill(lua_State *L)
{
    struct code_server *s = check_server(L);

    if (s->is_closed)
        return 0;
    loop_next(&s->end_call);
    if (!s->is_ending)
        l_drain(L);
    return 0;
}

void lib_server_open(lua_State *L)
{
    static const luaL_Reg methods[] = {
        {"port", l_port}, {"drain", l_drain}, {"kill", l_kill}, {NULL, NULL}};

    luaL_newmetatable(L, "perilune.server");
    lua_newtable(L);
    luaL_register(L, NULL, methods);
    lua_setfield(L, -2, "__index");
    lua_pop(L, 1);
}
