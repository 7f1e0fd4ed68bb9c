/* "perilune.core.socket": what ngx.socket needs of the request it works for. */
#ifndef APP_LUA_LIB_SOCKET_H
#define APP_LUA_LIB_SOCKET_H

#include <lua.h>

struct location;

/* The module. */
int lib_socket(lua_State *L);

/* The levels of http and stream (NULL: there is none), which hold where there is no request. */
void lib_socket_use(const struct location *http, const struct location *stream);

#endif
