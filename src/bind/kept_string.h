/* Strings of Lua that outlive the call they were given to: C keeps the string itself alive instead
 * of copying it. */
#ifndef BIND_KEPT_STRING_H
#define BIND_KEPT_STRING_H

#include <lua.h>

#include "base/keeper.h"

enum { KEPT_STRING_LEAST = 16384 }; /* bytes from which keeping is cheaper than copying */

/* A keeper, with one hold, of the string at `index`. Its bytes are valid until the last hold is
 * released or the machine is closed. */
struct keeper *kept_string_new(lua_State *L, int index);

/* The same for a value that is `n` bytes as a string; NULL when that is not worth it. */
static inline struct keeper *kept_string(lua_State *L, int index, size_t n)
{
    return LIKELY(n < KEPT_STRING_LEAST) ? NULL : kept_string_new(L, index);
}

#endif
