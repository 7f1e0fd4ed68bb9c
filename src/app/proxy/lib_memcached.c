/* The server of a group is chosen as for proxy_pass, and told how it did. */
#include "app/proxy/lib_memcached.h"

#include <lauxlib.h>

#include "app/conf.h"
#include "app/lua/lua_step.h"
#include "app/proxy/memcached.h"
#include "app/script.h"
#include "app/proxy/upstream.h"
#include "bind/lib.h"
#include "bind/vm.h"

static void set_ms(lua_State *L, const char *name, uint64_t ms)
{
    lua_pushnumber(L, (lua_Number)ms);
    lua_setfield(L, -2, name);
}

/* conf() → {allowed, connect_timeout, send_timeout, read_timeout, is_any} of the running request */
static int l_conf(lua_State *L)
{
    const struct memcached_conf *c = lua_current_visit()->loc->memcached;

    lua_createtable(L, 0, 5);
    lua_pushlstring(L, c->allowed.p ? c->allowed.p : "", c->allowed.n);
    lua_setfield(L, -2, "allowed");
    lua_pushboolean(L, c->kind == MEMCACHED_ANY);
    lua_setfield(L, -2, "is_any");
    set_ms(L, "connect_timeout", c->connect_timeout);
    set_ms(L, "send_timeout", c->send_timeout);
    set_ms(L, "read_timeout", c->read_timeout);
    return 1;
}

/* choose() → the name of a server ("host:port", "unix:/path"), its group and itself for settle;
 * nil: there is none */
static int l_choose(lua_State *L)
{
    struct visit *v = lua_current_visit();
    struct slice name = script_eval(v->loc->memcached->target, v);
    struct upstream *u = upstream_find((struct app_conf *)(uintptr_t)v->conf, name, 11211);
    upstream_tried tried = {0};
    struct upstream_peer *peer = u ? upstream_next(u, v, &tried) : NULL;

    if (!peer)
        return 0;
    lua_pushlstring(L, peer->name.p, peer->name.n);
    lua_pushlightuserdata(L, u);
    lua_pushlightuserdata(L, peer);
    return 3;
}

/* settle(group, server, has_failed): it is not in use any more */
static int l_settle(lua_State *L)
{
    upstream_done(lua_touserdata(L, 1), lua_touserdata(L, 2), lua_toboolean(L, 3));
    return 0;
}

static int open_module(lua_State *L)
{
    static const luaL_Reg functions[] = {
        {"conf", l_conf},
        {"choose", l_choose},
        {"settle", l_settle},
        {NULL, NULL},
    };

    lua_newtable(L);
    luaL_register(L, NULL, functions);
    return 1;
}

void lib_memcached_open(void)
{
    lib_preload(vm_main(), "perilune.core.memcached", open_module);
}
