/* What OpenResty takes for an array: a table whose keys are positive integers, with or without
 * holes. */
#include "bind/array.h"

#include <limits.h>

#include "base/base.h"

int array_length(lua_State *L, int t, int *count_out)
{
    int most = 0, count = 0;

    lua_pushnil(L);
    while (lua_next(L, t)) {
        double key = lua_type(L, -2) == LUA_TNUMBER ? lua_tonumber(L, -2) : 0;

        if (key < 1 || key > INT_MAX || key != (int)key) {
            lua_pop(L, 2);
            return ARRAY_NONE;
        }
        most = MAX(most, (int)key);
        count++;
        lua_pop(L, 1);
    }
    *count_out = count;
    return most;
}
