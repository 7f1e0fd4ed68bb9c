/* The server of a group is chosen as for proxy_pass, and told how it did. */
#include "app/proxy/lib_memcached.h"

#include <lauxlib.h>

#include "app/conf.h"
#include "app/lua/lua_step.h"
#include "app/proxy/memcached.h"
#include "app/proxy/upstream.h"
#include "app/variables/script.h"
#include "bind/lib.h"
#include "bind/vm.h"

/* Of one request, from server to server; in the visit's pool. */
struct turn {
    struct upstream *upstream;
    struct upstream_peer *peer; /* in use; NULL: none */
    upstream_tried tried;
};

static void set_number(lua_State *L, const char *name, uint64_t number)
{
    lua_pushnumber(L, (lua_Number)number);
    lua_setfield(L, -2, name);
}

static void set_text(lua_State *L, const char *name, struct slice text)
{
    lua_pushlstring(L, text.p ? text.p : "", text.n);
    lua_setfield(L, -2, name);
}

static void set_flag(lua_State *L, const char *name, bool value)
{
    lua_pushboolean(L, value);
    lua_setfield(L, -2, name);
}

/* conf() → what the location of the running request says: {allowed, next_upstream, bind, is_any,
 * has_keepalive, connect_timeout, send_timeout, read_timeout, next_timeout, next_tries, gzip_flag}
 */
static int l_conf(lua_State *L)
{
    struct visit *v = lua_current_visit();
    const struct memcached_conf *c = v->loc->memcached;

    lua_createtable(L, 0, 11);
    set_text(L, "allowed", c->allowed);
    set_text(L, "next_upstream", c->next);
    set_text(L, "bind", c->bind ? script_eval(c->bind, v) : SLICE_EMPTY);
    set_flag(L, "is_any", c->kind == MEMCACHED_ANY);
    set_flag(L, "has_keepalive", c->has_keepalive);
    set_number(L, "connect_timeout", c->connect_timeout);
    set_number(L, "send_timeout", c->send_timeout);
    set_number(L, "read_timeout", c->read_timeout);
    set_number(L, "next_timeout", c->next_timeout);
    set_number(L, "next_tries", c->next_tries);
    set_number(L, "gzip_flag", c->gzip_flag);
    return 1;
}

/* The group may be one that nobody else knows. A request that was called off has told nobody how
 * its server did. */
static void leave(void *arg)
{
    struct turn *t = arg;

    if (t->peer)
        upstream_done(t->upstream, t->peer, false);
    upstream_release(&t->upstream);
}

/* turn() → for next and settle; nil: no such group, or no address */
static int l_turn(lua_State *L)
{
    struct visit *v = lua_current_visit();
    struct slice name = script_eval(v->loc->memcached->target, v);
    struct upstream *u = upstream_find((struct app_conf *)(uintptr_t)v->conf, name, 11211);
    struct turn *t;

    if (!u)
        return 0;
    t = pool_new(visit_pool(v), struct turn);
    t->upstream = u;
    pool_on_reset(visit_pool(v), leave, t);
    lua_pushlightuserdata(L, t);
    return 1;
}

/* next(turn) → the name of the next server ("host:port", "unix:/path"), which is in use until
 * settle; nil: none is left */
static int l_next(lua_State *L)
{
    struct turn *t = lua_touserdata(L, 1);

    t->peer = upstream_next(t->upstream, lua_current_visit(), &t->tried);
    if (!t->peer)
        return 0;
    lua_pushlstring(L, t->peer->name.p, t->peer->name.n);
    return 1;
}

/* settle(turn, has_failed): its server is not in use any more */
static int l_settle(lua_State *L)
{
    struct turn *t = lua_touserdata(L, 1);

    upstream_done(t->upstream, t->peer, lua_toboolean(L, 2));
    t->peer = NULL;
    return 0;
}

static int open_module(lua_State *L)
{
    static const luaL_Reg functions[] = {
        {"conf", l_conf}, {"turn", l_turn}, {"next", l_next}, {"settle", l_settle}, {NULL, NULL},
    };

    lua_newtable(L);
    luaL_register(L, NULL, functions);
    return 1;
}

void lib_memcached_open(void)
{
    lib_preload(vm_main(), "perilune.core.memcached", open_module);
}
