/* Requests through the middleware, which Lua reads. */
#include "lua_target.h"

LUA_TARGET("middleware")
