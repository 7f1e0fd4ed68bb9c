/* Tables are walked in depth, with both stacks growing alongside; what stands above the first value
 * when something cannot be copied is dropped at the end, in one place. A table that is met twice
 * becomes two. */
#include "bind/copy_value.h"

#include <lauxlib.h>
#include <stdio.h>

enum { SLOTS = 4 }; /* that one level needs on either stack */

static const char *copy(lua_State *from, int at, lua_State *to, int depth);

static const char *refuse_type(int type)
{
    static const char *const names[] = {"LUA_TNIL",      "LUA_TBOOLEAN",  "LUA_TLIGHTUSERDATA",
                                        "LUA_TNUMBER",   "LUA_TSTRING",   "LUA_TTABLE",
                                        "LUA_TFUNCTION", "LUA_TUSERDATA", "LUA_TTHREAD",
                                        "LUA_TPROTO",    "LUA_TCDATA"};
    static char text[64]; /* process-wide: valid until the next call */

    (void)snprintf(text, sizeof(text), "unsupported Lua type: %s",
                   type >= 0 && type < (int)(sizeof(names) / sizeof(names[0])) ? names[type]
                                                                               : "unknown");
    return text;
}

static const char *copy_table(lua_State *from, int at, lua_State *to, int depth)
{
    const char *bad = NULL;

    if (depth == COPY_VALUE_DEPTH)
        return "suspicious circular references, table depth exceed max depth: 100";
    lua_createtable(to, (int)lua_objlen(from, at), 0);
    lua_pushnil(from);
    while (!bad && lua_next(from, at)) {
        bad = copy(from, lua_gettop(from) - 1, to, depth + 1);
        if (!bad)
            bad = copy(from, lua_gettop(from), to, depth + 1);
        if (!bad)
            lua_rawset(to, -3);
        lua_pop(from, 1);
    }
    return bad;
}

static const char *copy(lua_State *from, int at, lua_State *to, int depth)
{
    size_t n;
    const char *p;

    if (!lua_checkstack(from, SLOTS) || !lua_checkstack(to, SLOTS))
        return "not enough memory";
    switch (lua_type(from, at)) {
    case LUA_TNIL:
        lua_pushnil(to);
        return NULL;
    case LUA_TBOOLEAN:
        lua_pushboolean(to, lua_toboolean(from, at));
        return NULL;
    case LUA_TNUMBER:
        lua_pushnumber(to, lua_tonumber(from, at));
        return NULL;
    case LUA_TSTRING:
        p = lua_tolstring(from, at, &n);
        lua_pushlstring(to, p, n);
        return NULL;
    case LUA_TTABLE:
        return copy_table(from, at, to, depth);
    case LUA_TLIGHTUSERDATA:
        if (!lua_touserdata(from, at)) {
            lua_pushlightuserdata(to, NULL);
            return NULL;
        }
        break;
    default:
        break;
    }
    return refuse_type(lua_type(from, at));
}

const char *copy_value(lua_State *from, int at, lua_State *to)
{
    int from_top = lua_gettop(from), to_top = lua_gettop(to);
    const char *bad = copy(from, at, to, 0);

    if (bad) {
        lua_settop(from, from_top);
        lua_settop(to, to_top);
    }
    return bad;
}
