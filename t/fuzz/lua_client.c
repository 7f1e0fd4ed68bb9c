/* What servers send, as far as Lua reads it. */
#include "lua_target.h"

LUA_TARGET("client")
