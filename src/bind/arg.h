/* Strings among the arguments of a C function; they live as long as Lua keeps them. Numbers count
 * as strings, as everywhere in Lua. */
#ifndef BIND_ARG_H
#define BIND_ARG_H

#include <lauxlib.h>
#include <lua.h>

#include "base/slice.h"

/* The string at `index`. Raises when it is another thing. */
static inline struct slice arg_slice(lua_State *L, int index)
{
    struct slice s;

    s.p = luaL_checklstring(L, index, &s.n);
    return s;
}

/* The same; SLICE_EMPTY where nil or nothing was given. */
static inline struct slice arg_slice_if_given(lua_State *L, int index)
{
    return lua_isnoneornil(L, index) ? SLICE_EMPTY : arg_slice(L, index);
}

/* The string at `index`, SLICE_EMPTY when it is another thing. Never raises. */
static inline struct slice arg_slice_or_empty(lua_State *L, int index)
{
    struct slice s = SLICE_EMPTY;

    s.p = lua_tolstring(L, index, &s.n);
    return s.p ? s : SLICE_EMPTY;
}

#endif
