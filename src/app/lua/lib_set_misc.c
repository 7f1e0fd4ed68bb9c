/* The functions of app/set_misc.c for Lua. */
#include "app/lua/lib_set_misc.h"

#include <lauxlib.h>

#include "app/set_misc.h"

int lib_set_misc(lua_State *L)
{
    struct slice name = {NULL, 0}, text = {NULL, 0};
    struct buf out = BUF_EMPTY;
    const struct set_misc *m;

    name.p = luaL_checklstring(L, 1, &name.n);
    m = set_misc_find(name);
    if (m && (m->n > 1 || m->form == SET_MISC_OWN))
        m = NULL;
    if (lua_gettop(L) < 2) {
        lua_pushboolean(L, m != NULL);
        return 1;
    }
    text.p = luaL_checklstring(L, 2, &text.n);
    if (m && m->make(&text, &out))
        lua_pushlstring(L, out.p ? out.p : "", out.n);
    else
        lua_pushnil(L);
    buf_free(&out);
    return 1;
}
