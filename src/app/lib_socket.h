/* "perilune.core.socket": what ngx.socket needs of the request it works for. */
#ifndef APP_LIB_SOCKET_H
#define APP_LIB_SOCKET_H

#include <lua.h>

/* The module. */
int lib_socket(lua_State *L);

#endif
