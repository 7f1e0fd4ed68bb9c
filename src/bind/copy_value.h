/* Values that go from one Lua machine to another. */
#ifndef BIND_COPY_VALUE_H
#define BIND_COPY_VALUE_H

#include <lua.h>

enum { COPY_VALUE_DEPTH = 100 };

/* Pushes onto `to` a copy of the value at `at` of `from`: nil, booleans, numbers, strings, null (a
 * light userdata of 0), and tables of these without metatables, at most COPY_VALUE_DEPTH deep.
 * Otherwise NULL is not the answer but what is wrong, and nothing is pushed; the text is valid
 * until the next call. */
const char *copy_value(lua_State *from, int at, lua_State *to);

#endif
