/* One table of the machine holds them, so a new machine has none. */
#include "app/lua/lua_ctx.h"

#include <lauxlib.h>

#include "base/log.h"
#include "bind/vm.h"

void lua_ctx_push_all(lua_State *L)
{
    static const char key; /* its address */

    vm_push_table(L, &key);
}

void lua_ctx_set(lua_State *L, int *ref)
{
    lua_ctx_push_all(L);
    lua_insert(L, -2);
    if (*ref == LUA_NOREF)
        *ref = luaL_ref(L, -2);
    else
        lua_rawseti(L, -2, *ref);
    lua_pop(L, 1);
}

void lua_ctx_push(lua_State *L, int ref)
{
    lua_ctx_push_all(L);
    lua_rawgeti(L, -1, ref);
    lua_remove(L, -2);
}

void lua_ctx_release(lua_State *L, int *ref, const struct log_ctx *log)
{
    if (*ref == LUA_NOREF)
        return;
    log_write(log, LOG_DEBUG, "lua release ngx.ctx at ref %d", *ref);
    lua_ctx_push_all(L);
    luaL_unref(L, -1, *ref);
    lua_pop(L, 1);
    *ref = LUA_NOREF;
}
