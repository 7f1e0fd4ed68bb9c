/* "perilune.core.subrequest": what ngx.location is made of. */
#ifndef APP_LUA_LIB_SUBREQUEST_H
#define APP_LUA_LIB_SUBREQUEST_H

#include <lua.h>

/* The module. */
int lib_subrequest(lua_State *L);

#endif
