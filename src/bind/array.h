/* Tables of Lua that are arrays. */
#ifndef BIND_ARRAY_H
#define BIND_ARRAY_H

#include <lua.h>

enum { ARRAY_NONE = -1 };

/* The highest key of the table at `t`, an absolute index, and how many elements it has: others up
 * to that key are nil. ARRAY_NONE: it has keys that are no positive integers. */
int array_length(lua_State *L, int t, int *count_out);

#endif
