/* The Lua side translates its options into directives and hands the text over, so that limits,
 * units and error texts are those of the configuration. The userdata keeps itself alive until the
 * last connection has gone. */
#include "app/lib_server.h"

#include <lauxlib.h>
#include <unistd.h>

#include "app/conf.h"
#include "app/listeners.h"
#include "app/lua_code.h"
#include "app/port.h"
#include "base/mem.h"
#include "bind/lerr.h"
#include "bind/vm.h"

struct code_server {
    struct app_conf *conf; /* NULL: closed */
    struct port *ports;
    struct loop_call end_call;
    int self, on_closed;
    bool is_ending;
};

static struct code_server *check_server(lua_State *L)
{
    return luaL_checkudata(L, 1, "perilune.server");
}

static void end_server(struct code_server *s)
{
    lua_State *L = vm_main();

    if (!s->conf)
        return;
    loop_cancel(&s->end_call);
    for (unsigned i = 0; i < s->conf->n_listens; i++)
        port_close(&s->ports[i]);
    listeners_close(s->conf);
    conf_free(&s->conf);
    loop_free_later(s->ports, mem_free);
    s->ports = NULL;
    loop_release();
    lua_rawgeti(L, LUA_REGISTRYINDEX, s->on_closed);
    luaL_unref(L, LUA_REGISTRYINDEX, s->on_closed);
    luaL_unref(L, LUA_REGISTRYINDEX, s->self);
    vm_call(0, 0, "server closed");
}

static void on_end(struct loop_call *call)
{
    end_server(CONTAINER_OF(call, struct code_server, end_call));
}

static void on_port_idle(struct port *p)
{
    struct code_server *s = p->user;

    for (unsigned i = 0; i < s->conf->n_listens; i++)
        if (s->ports[i].server.n_conns > 0)
            return;
    loop_next(&s->end_call);
}

static void set_handler(struct app_conf *conf, lua_State *L, int index)
{
    for (unsigned i = 0; i < conf->n_vhosts; i++) {
        struct location *l = conf->vhosts[i]->base->children[0];
        struct lua_code *code = (struct lua_code *)l->steps[PHASE_CONTENT].steps[0].arg;

        lua_pushvalue(L, index);
        code->ref = luaL_ref(L, LUA_REGISTRYINDEX);
        code->machine = vm_generation();
        l->lua_code_cache = true;
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

static int refuse(lua_State *L, struct app_conf *conf, const struct config_error *e)
{
    lerr_push(L, &err_address_in_use, e->message);
    if (conf)
        conf_free(&conf);
    lua_pushnil(L);
    lua_insert(L, -2);
    return 2;
}

static void adopt_descriptor(struct app_conf *conf, int fd)
{
    struct listen_conf *l = conf->listens[0];

    l->fds = pool_alloc(&conf->pool, sizeof(int));
    l->fds[0] = dup(fd);
    l->n_fds = 1;
    if (addr_of_fd(l->fds[0], false, &l->addr))
        l->fds[0] = -1;
}

int lib_server_listen(lua_State *L)
{
    struct slice text;
    struct config_error e;
    struct app_conf *conf;
    struct code_server *s;

    text.p = luaL_checklstring(L, 1, &text.n);
    luaL_checktype(L, 2, LUA_TFUNCTION);
    luaL_checktype(L, 4, LUA_TFUNCTION);
    conf = conf_load_text(text, &e);
    if (!conf)
        return luaL_error(L, "http.start_server: %s", e.message);
    if (lua_isnumber(L, 3))
        adopt_descriptor(conf, (int)lua_tointeger(L, 3));
    else if (!listeners_open(conf, NULL, &e))
        return refuse(L, conf, &e);
    s = lua_newuserdata(L, sizeof *s);
    *s = (struct code_server){.conf = conf};
    loop_call_init(&s->end_call, on_end);
    luaL_getmetatable(L, "perilune.server");
    lua_setmetatable(L, -2);
    lua_pushvalue(L, -1);
    s->self = luaL_ref(L, LUA_REGISTRYINDEX);
    lua_pushvalue(L, 4);
    s->on_closed = luaL_ref(L, LUA_REGISTRYINDEX);
    set_handler(conf, L, 2);
    loop_hold();
    start_ports(s);
    return 1;
}

/* server:port() → number of the first listener; 0 for a Unix socket */
static int l_port(lua_State *L)
{
    struct code_server *s = check_server(L);
    struct addr a;

    if (!s->conf || addr_of_fd(s->conf->listens[0]->fds[0], false, &a))
        return 0;
    lua_pushinteger(L, addr_port(&a));
    return 1;
}

/* server:drain(): no more accepting; on_closed follows when the last connection has gone */
static int l_drain(lua_State *L)
{
    struct code_server *s = check_server(L);

    if (!s->conf || s->is_ending)
        return 0;
    s->is_ending = true;
    for (unsigned i = 0; i < s->conf->n_listens; i++)
        port_drain(&s->ports[i]);
    on_port_idle(&s->ports[0]);
    return 0;
}

/* server:kill(): every connection is closed now */
static int l_kill(lua_State *L)
{
    struct code_server *s = check_server(L);

    if (s->conf)
        loop_next(&s->end_call);
    if (s->conf && !s->is_ending)
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
