/* Options in a Lua table, which Lua code has checked: a field is there with its type, or not at
 * all. */
#ifndef BIND_OPTS_H
#define BIND_OPTS_H

#include <lua.h>

#include "base/slice.h"

/* The text of field `name` of the table at `t` (absolute), NULL when there is none. It is left on
 * the stack so that it lives. */
const char *opts_text(lua_State *L, int t, const char *name);

/* The same with its length; SLICE_EMPTY when there is none. */
struct slice opts_slice(lua_State *L, int t, const char *name);

/* A number, `otherwise` when there is none. Leaves nothing on the stack, nor do those below. */
double opts_number(lua_State *L, int t, const char *name, double otherwise);

/* Stores `scale` times a number, rounded up, in *out; nothing when there is none. */
void opts_amount(lua_State *L, int t, const char *name, double scale, uint64_t *out);

/* Is it there, and true? */
bool opts_flag(lua_State *L, int t, const char *name);

#endif
