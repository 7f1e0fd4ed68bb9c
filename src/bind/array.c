/* What OpenResty takes for an array: a table whose keys are positive integers, with or without
 * holes. */
#include "bind/array.h"

#include <math.h>

#include "base/base.h"

enum { LONGEST = 100000000 };

int array_length(lua_State *L, int t)
{
    int most = 0;

    lua_pushnil(L);
    while (lua_next(L, t)) {
        double key = lua_type(L, -2) == LUA_TNUMBER ? lua_tonumber(L, -2) : 0;

        if (key < 1 || key > LONGEST || key != floor(key)) {
            lua_pop(L, 2);
            return ARRAY_NONE;
        }
        most = MAX(most, (int)key);
        lua_pop(L, 1);
    }
    return most;
}
