/* Userdata of the C modules: their types, and those that live in the registry until a function has
 * been called. */
#ifndef BIND_HANDLE_H
#define BIND_HANDLE_H

#include <lua.h>

/* Makes type `type` known to luaL_checkudata: Lua calls it `name`, and `gc` when it is collected.
 */
void handle_type(lua_State *L, const char *type, const char *name, lua_CFunction gc);

/* Registry references of a userdata that is held, and of the function that it is held for;
 * LUA_NOREF: none. */
struct handle_call {
    int self, fn;
};

/* Holds the userdata on top of the stack, and the function at `fn`. */
void handle_hold(lua_State *L, struct handle_call *c, int fn);

/* Lets go of both. Harmless when that has happened. */
void handle_drop(lua_State *L, struct handle_call *c);

/* Pushes the function, and lets go of both. */
void handle_take(lua_State *L, struct handle_call *c);

#endif
