/* "perilune.core.socket": what ngx.socket needs of the request it works for. */
#ifndef APP_LUA_LIB_SOCKET_H
#define APP_LUA_LIB_SOCKET_H

#include <lua.h>

struct location;

/* The module. */
int lib_socket(lua_State *L);

/* The level of http (NULL: there is none), whose timeouts hold where there is no request. */
void lib_socket_use(const struct location *http);

#endif
