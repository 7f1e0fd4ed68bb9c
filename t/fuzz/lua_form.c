/* Forms and multipart bodies, read by Lua. */
#include "lua_target.h"

LUA_TARGET("form")
