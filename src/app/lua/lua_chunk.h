/* Chunks of the configuration as functions without arguments. */
#ifndef APP_LUA_LUA_CHUNK_H
#define APP_LUA_LUA_CHUNK_H

#include <lua.h>

#include "base/slice.h"

/* The main chunk on top, which was loaded from `text`, is replaced by the same chunk taking no
 * arguments: LuaJIT compiles no function from its beginning that takes any number of them. The
 * chunk stays as it is when it uses `...`. */
void lua_chunk_fix_arguments(lua_State *L, struct slice text);

#endif
