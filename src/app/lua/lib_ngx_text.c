/* Arrays may be nested; a table with keys that are not positive integers is refused. */
#include "app/lua/lib_ngx_text.h"

#include <lauxlib.h>

#include "bind/array.h"

enum { LONGEST = 100000000 };

static bool add_simple(lua_State *L, int i, struct buf *out)
{
    struct slice s;

    switch (lua_type(L, i)) {
    case LUA_TNUMBER:
    case LUA_TSTRING:
        s.p = lua_tolstring(L, i, &s.n);
        buf_add_slice(out, s);
        return true;
    case LUA_TNIL:
        buf_add_lit(out, "nil");
        return true;
    case LUA_TBOOLEAN:
        if (lua_toboolean(L, i))
            buf_add_lit(out, "true");
        else
            buf_add_lit(out, "false");
        return true;
    case LUA_TLIGHTUSERDATA:
        if (lua_touserdata(L, i))
            return false;
        buf_add_lit(out, "null");
        return true;
    default:
        return false;
    }
}

static void add_array(lua_State *L, int t, int arg, struct buf *out)
{
    int count, n = array_length(L, t, &count);

    if (n == ARRAY_NONE || n > LONGEST)
        luaL_argerror(L, arg, "non-array table found");
    luaL_checkstack(L, 4, "table nested too deeply");
    for (int i = 1; i <= n; i++) {
        lua_rawgeti(L, t, i);
        if (lua_istable(L, -1))
            add_array(L, lua_gettop(L), arg, out);
        else if (!add_simple(L, lua_gettop(L), out))
            luaL_argerror(L, arg,
                          lua_pushfstring(L, "bad data type %s found", luaL_typename(L, -1)));
        lua_pop(L, 1);
    }
}

void lib_ngx_text_add(lua_State *L, int i, struct buf *out)
{
    if (lua_istable(L, i))
        add_array(L, i, i, out);
    else if (!add_simple(L, i, out))
        luaL_argerror(
            L, i,
            lua_pushfstring(
                L, "string, number, boolean, nil, ngx.null, or array table expected, but got %s",
                luaL_typename(L, i)));
}

void lib_ngx_text_add_log(lua_State *L, int i, int arg, struct buf *out)
{
    struct slice s;

    if (add_simple(L, i, out))
        return;
    if (lua_istable(L, i)) {
        if (!luaL_callmeta(L, i, "__tostring"))
            luaL_argerror(L, arg, "expected table to have __tostring metamethod");
        s.p = lua_tolstring(L, -1, &s.n);
        if (s.p)
            buf_add_slice(out, s);
        lua_pop(L, 1);
        return;
    }
    luaL_argerror(L, arg,
                  lua_pushfstring(L, "string, number, boolean, or nil expected, got %s",
                                  luaL_typename(L, i)));
}
