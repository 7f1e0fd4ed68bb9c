/* JSON Web Tokens and keys, read by Lua. */
#include "lua_target.h"

LUA_TARGET("jwt")
