/* What a userdata needs besides its own functions: a type that Lua knows, and a place in the
 * registry while C code is to call back. */
#include "bind/handle.h"

#include <lauxlib.h>

void handle_type(lua_State *L, const char *type, const char *name, lua_CFunction gc)
{
    luaL_newmetatable(L, type);
    lua_pushcfunction(L, gc);
    lua_setfield(L, -2, "__gc");
    lua_pushstring(L, name);
    lua_setfield(L, -2, "__name");
    lua_pop(L, 1);
}

void handle_hold(lua_State *L, struct handle_call *c, int fn)
{
    lua_pushvalue(L, -1);
    c->self = luaL_ref(L, LUA_REGISTRYINDEX);
    lua_pushvalue(L, fn);
    c->fn = luaL_ref(L, LUA_REGISTRYINDEX);
}

void handle_drop(lua_State *L, struct handle_call *c)
{
    luaL_unref(L, LUA_REGISTRYINDEX, c->fn);
    luaL_unref(L, LUA_REGISTRYINDEX, c->self);
    c->fn = c->self = LUA_NOREF;
}

void handle_take(lua_State *L, struct handle_call *c)
{
    lua_rawgeti(L, LUA_REGISTRYINDEX, c->fn);
    handle_drop(L, c);
}
