/* Names of visits that Lua may keep for as long as it likes: a number that stops meaning anything
 * once the visit is over.
 *
 * The low 20 bits are a slot, the rest counts the uses of slots, so that a number is never used
 * twice. */
#ifndef APP_LUA_LUA_HANDLE_H
#define APP_LUA_LUA_HANDLE_H

struct visit;

/* A new name for `v`. */
double lua_handle_new(struct visit *v);

/* The visit of a name; NULL when it is over, or the number is none. */
struct visit *lua_handle_get(double handle);

/* The name means nothing from now on. */
void lua_handle_free(double handle);

#endif
