/* Fields of a table, each with what stands for one that is absent. */
#include "bind/opts.h"

#include <math.h>

const char *opts_text(lua_State *L, int t, const char *name)
{
    lua_getfield(L, t, name);
    return lua_tostring(L, -1);
}

struct slice opts_slice(lua_State *L, int t, const char *name)
{
    size_t n;
    const char *p;

    lua_getfield(L, t, name);
    p = lua_tolstring(L, -1, &n);
    return p ? slice_of(p, n) : SLICE_EMPTY;
}

double opts_number(lua_State *L, int t, const char *name, double otherwise)
{
    double v = otherwise;

    lua_getfield(L, t, name);
    if (lua_isnumber(L, -1))
        v = lua_tonumber(L, -1);
    lua_pop(L, 1);
    return v;
}

void opts_amount(lua_State *L, int t, const char *name, double scale, uint64_t *out)
{
    double v = opts_number(L, t, name, NAN);

    if (!isnan(v))
        *out = (uint64_t)ceil(v * scale);
}

bool opts_flag(lua_State *L, int t, const char *name)
{
    bool is_set;

    lua_getfield(L, t, name);
    is_set = lua_toboolean(L, -1);
    lua_pop(L, 1);
    return is_set;
}
